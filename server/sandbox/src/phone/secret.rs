//! What is sealed with the secret of another message: votes, answers to events, edits.
//!
//! The key depends on who wrote that message and on who refers to it, as they are named where it
//! happens. A reader who does not know which names were used tries the number and the hidden id of
//! both.

use wacore::message_edit::{MessageEditContext, decrypt_message_edit, encrypt_message_edit};
use wacore::{event, poll};
use waproto::whatsapp as wa;
use waproto::whatsapp::message::event_response_message::EventResponseType;
use waproto::whatsapp::message::secret_encrypted_message::SecretEncType;

use super::compose::milliseconds;
use super::error::PhoneError;
use super::message::{Attendance, Content, Message};

/// By what something is sealed.
pub(crate) struct Sealing<'m> {
    pub(crate) secret: Vec<u8>,
    /// The id of the message it refers to, and who wrote it.
    pub(crate) target: &'m str,
    pub(crate) author: &'m str,
    /// Who refers to it.
    pub(crate) by: String,
}

/// By what something may have been sealed.
pub(crate) struct Opening<'m> {
    pub(crate) original: &'m Message,
    /// The names of who wrote the original, and of who refers to it.
    pub(crate) authors: Vec<String>,
    pub(crate) senders: Vec<String>,
}

/// The secret a message came with.
pub(crate) fn of(message: &Message) -> Option<Vec<u8>> {
    let message = waproto::codec::message_decode(&message.encoded).ok()?;
    message.message_context_info.as_option()?.message_secret.clone()
}

pub(crate) fn seal_vote(
    sealing: &Sealing<'_>,
    key: wa::MessageKey,
    options: &[String],
) -> Result<wa::Message, PhoneError> {
    let hashes: Vec<Vec<u8>> = options.iter().map(|option| poll::compute_option_hash(option).to_vec()).collect();
    let Sealing { secret, target, author, by } = sealing;
    let (payload, iv) = poll::encrypt_poll_vote_with_secret(&hashes, secret, target, author, by).map_err(failed)?;
    Ok(wa::Message {
        poll_update_message: wa::message::PollUpdateMessage {
            poll_creation_message_key: key.into(),
            vote: wa::message::PollEncValue { enc_payload: Some(payload), enc_iv: Some(iv.to_vec()) }.into(),
            sender_timestamp_ms: Some(milliseconds()),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    })
}

pub(crate) fn seal_answer(
    sealing: &Sealing<'_>,
    key: wa::MessageKey,
    answer: Attendance,
    guests: Option<u32>,
) -> Result<wa::Message, PhoneError> {
    let response = wa::message::EventResponseMessage {
        response: Some(match answer {
            Attendance::Going => EventResponseType::GOING,
            Attendance::NotGoing => EventResponseType::NOT_GOING,
            Attendance::Maybe => EventResponseType::MAYBE,
        }),
        timestamp_ms: Some(milliseconds()),
        extra_guest_count: guests.and_then(|guests| i32::try_from(guests).ok()),
    };
    let Sealing { secret, target, author, by } = sealing;
    let (payload, iv) =
        event::encrypt_event_response_with_secret(&response, secret, target, author, by).map_err(failed)?;
    Ok(wa::Message {
        enc_event_response_message: wa::message::EncEventResponseMessage {
            event_creation_message_key: key.into(),
            enc_payload: Some(payload),
            enc_iv: Some(iv.to_vec()),
        }
        .into(),
        ..Default::default()
    })
}

/// Seals the message that would be sent in the clear.
pub(crate) fn seal_edit(
    sealing: &Sealing<'_>,
    key: wa::MessageKey,
    edit: &wa::Message,
) -> Result<wa::Message, PhoneError> {
    let Sealing { secret, target, author, by } = sealing;
    let context = MessageEditContext { original_msg_id: target, original_sender_jid: author, editor_jid: by };
    let (payload, iv) = encrypt_message_edit(edit, secret, &context).map_err(failed)?;
    Ok(wa::Message {
        secret_encrypted_message: wa::message::SecretEncryptedMessage {
            target_message_key: key.into(),
            enc_payload: Some(payload),
            enc_iv: Some(iv.to_vec()),
            secret_enc_type: Some(SecretEncType::MESSAGE_EDIT),
            ..Default::default()
        }
        .into(),
        ..Default::default()
    })
}

fn failed(error: impl std::fmt::Display) -> PhoneError {
    PhoneError::MediaEncryption(error.to_string())
}

impl Opening<'_> {
    /// The texts of the options that were chosen. An option the poll does not have is left out.
    pub(crate) fn vote(&self, vote: &wa::message::PollUpdateMessage) -> Option<Vec<String>> {
        let Content::Poll(asked) = &self.original.content else {
            return None;
        };
        let sealed = vote.vote.as_option()?;
        let ciphertext =
            poll::PollVoteCiphertext { enc_payload: sealed.enc_payload.as_deref()?, enc_iv: sealed.enc_iv.as_deref()? };
        let chosen = self.open(|secret, target, author, by| {
            poll::decrypt_poll_vote_with_secret(ciphertext, secret, target, author, by).ok()
        })?;
        let is_chosen = |option: &&String| {
            let hash = poll::compute_option_hash(option);
            chosen.iter().any(|chosen| chosen[..] == hash)
        };
        Some(asked.options.iter().filter(is_chosen).cloned().collect())
    }

    /// Who will come, and with how many guests.
    pub(crate) fn answer(
        &self,
        answer: &wa::message::EncEventResponseMessage,
    ) -> Option<(Option<Attendance>, Option<u32>)> {
        let (payload, iv) = (answer.enc_payload.as_deref()?, answer.enc_iv.as_deref()?);
        let opened = self.open(|secret, target, author, by| {
            event::decrypt_event_response_with_secret(payload, iv, secret, target, author, by).ok()
        })?;
        let attendance = match opened.response {
            Some(EventResponseType::GOING) => Some(Attendance::Going),
            Some(EventResponseType::NOT_GOING) => Some(Attendance::NotGoing),
            Some(EventResponseType::MAYBE) => Some(Attendance::Maybe),
            Some(EventResponseType::UNKNOWN) | None => None,
        };
        Some((attendance, opened.extra_guest_count.and_then(|guests| u32::try_from(guests).ok())))
    }

    /// The message that would have been sent in the clear.
    pub(crate) fn edit(&self, sealed: &wa::message::SecretEncryptedMessage) -> Option<wa::Message> {
        let (payload, iv) = (sealed.enc_payload.as_deref()?, sealed.enc_iv.as_deref()?);
        self.open(|secret, target, author, by| {
            let context = MessageEditContext { original_msg_id: target, original_sender_jid: author, editor_jid: by };
            decrypt_message_edit(payload, iv, secret, &context).ok()
        })
    }

    fn open<T>(&self, try_names: impl Fn(&[u8], &str, &str, &str) -> Option<T>) -> Option<T> {
        let secret = of(self.original)?;
        let pairs = self.authors.iter().flat_map(|author| self.senders.iter().map(move |sender| (author, sender)));
        pairs.into_iter().find_map(|(author, sender)| try_names(&secret, &self.original.id, author, sender))
    }
}
