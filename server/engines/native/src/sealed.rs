//! What is sealed with the secret of another message: votes in polls, and answers to appointments.
//!
//! The sender of a poll or an appointment puts a secret into it. Whoever votes derives a key from the
//! secret, from the message's id, from who made it and from who votes, so that only those who have the
//! message can read the vote. The library keeps such secrets too, but under ids that differ with the way
//! a chat is addressed, and writes them down later; here they are kept by the message's id, before the
//! message is told.

use openwa_model::{
    content::EventResponse,
    engine::{EngineError, ErrorKind, Responded, Retry, Signal, Voted},
    id::MessageId,
};
use rand::Rng;
use wacore::{
    event::decrypt_event_response_with_secret,
    poll::{PollVoteCiphertext, decrypt_poll_vote_with_secret},
    store::{error::StoreError, traits::MsgSecretEntry},
    types::message::MessageInfo,
};
use whatsapp_rust::{
    Client, Jid as WireJid,
    waproto::whatsapp::{self as wa, message::event_response_message::EventResponseType},
};

use crate::{content, inbound, jid};

/// The length of a secret.
const LENGTH: usize = 32;

/// How long a secret is kept after its message, in seconds: people vote late.
const KEPT_FOR: i64 = 180 * 24 * 60 * 60;

/// Stands where the library writes a chat and a sender, so that its own records are others.
const ANYWHERE: &str = "*";

/// Nobody chooses more answers than a poll can have.
const MOST_CHOSEN: usize = 100;

/// Nobody brings more people along.
const MOST_GUESTS: i32 = 1_000;

/// The secret of a message that came in or was sent.
pub(crate) async fn secret_of(client: &Client, id: &MessageId) -> Result<Option<[u8; LENGTH]>, EngineError> {
    let found = client.persistence_manager().backend().get_msg_secret(ANYWHERE, ANYWHERE, id.as_str()).await;
    Ok(found.map_err(not_stored)?.and_then(|it| it.try_into().ok()))
}

/// The secret of a message that is to be sent: the same at every attempt.
pub(crate) async fn secret_for(client: &Client, id: &MessageId, now_seconds: i64) -> Result<[u8; LENGTH], EngineError> {
    if let Some(known) = secret_of(client, id).await? {
        return Ok(known);
    }
    let mut secret = [0; LENGTH];
    rand::rng().fill_bytes(&mut secret);
    keep(client, id.as_str(), secret, now_seconds).await.map_err(not_stored)?;
    Ok(secret)
}

/// Keeps the secret of an incoming message that people can vote in or answer to.
pub(crate) async fn keep_secret(client: &Client, message: &wa::Message, info: &MessageInfo) {
    let inside = content::unwrapped(message);
    let takes_answers = inside.event_message.is_set() || content::is_poll(inside);
    let contexts = [&inside.message_context_info, &message.message_context_info];
    let secret = contexts.into_iter().find_map(|it| it.as_option()?.message_secret.as_deref()?.try_into().ok());
    let Some(secret) = secret.filter(|_| takes_answers) else { return };
    let id = MessageId(info.id.clone());
    // Whoever uses the id of a message a second time does not get to replace its secret.
    let kept = match secret_of(client, &id).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => keep(client, id.as_str(), secret, info.timestamp.timestamp()).await.map_err(not_stored),
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        tracing::warn!(message.id = %id, %error, "The secret of a poll or an appointment was not kept; votes in it cannot be read");
    }
}

/// What a sealed message says, when it is one and can be opened.
pub(crate) async fn signal(client: &Client, message: &wa::Message, info: &MessageInfo) -> Option<Signal> {
    let inside = content::unwrapped(message);
    if let Some(update) = inside.poll_update_message.as_option() {
        let target = inbound::target(update.poll_creation_message_key.as_option()?)?;
        let vote = update.vote.as_option()?;
        let sealed = (vote.enc_payload.as_deref()?, vote.enc_iv.as_deref()?);
        let key = update.poll_creation_message_key.as_option();
        let chosen = opened(client, &target, key, info, |secret, creator, voter| {
            let ciphertext = PollVoteCiphertext { enc_payload: sealed.0, enc_iv: sealed.1 };
            decrypt_poll_vote_with_secret(ciphertext, secret, target.as_str(), creator, voter).ok()
        });
        let chosen = chosen.await?.into_iter().take(MOST_CHOSEN).filter_map(|it| it.try_into().ok()).collect();
        return Some(Signal::Voted(Voted {
            chat: jid::from_wire(&info.source.chat)?,
            target,
            voter: jid::from_wire(&info.source.sender)?,
            from_me: info.source.is_from_me,
            chosen,
            timestamp: inbound::timestamp(info),
        }));
    }
    let answer = inside.enc_event_response_message.as_option()?;
    let target = inbound::target(answer.event_creation_message_key.as_option()?)?;
    let sealed = (answer.enc_payload.as_deref()?, answer.enc_iv.as_deref()?);
    let key = answer.event_creation_message_key.as_option();
    let answer = opened(client, &target, key, info, |secret, creator, person| {
        decrypt_event_response_with_secret(sealed.0, sealed.1, secret, target.as_str(), creator, person).ok()
    });
    let answer = answer.await?;
    Some(Signal::Responded(Responded {
        chat: jid::from_wire(&info.source.chat)?,
        target,
        person: jid::from_wire(&info.source.sender)?,
        from_me: info.source.is_from_me,
        response: match answer.response? {
            EventResponseType::GOING => EventResponse::Going,
            EventResponseType::NOT_GOING => EventResponse::NotGoing,
            EventResponseType::MAYBE => EventResponse::Maybe,
            EventResponseType::UNKNOWN => return None,
        },
        extra_guests: answer.extra_guest_count.unwrap_or_default().clamp(0, MOST_GUESTS) as u32,
        timestamp: inbound::timestamp(info),
    }))
}

/// The answer as WhatsApp counts them.
pub(crate) fn to_wire(response: EventResponse) -> EventResponseType {
    match response {
        EventResponse::Going => EventResponseType::GOING,
        EventResponse::NotGoing => EventResponseType::NOT_GOING,
        EventResponse::Maybe => EventResponseType::MAYBE,
    }
}

/// Opens a seal. Who made a message and who answers it are part of the key, each by the id that the
/// answering device knew: which of the two that was is found out by trying.
async fn opened<T>(
    client: &Client,
    target: &MessageId,
    key: Option<&wa::MessageKey>,
    info: &MessageInfo,
    open: impl Fn(&[u8], &str, &str) -> Option<T>,
) -> Option<T> {
    let secret = match secret_of(client, target).await {
        Ok(Some(secret)) => secret,
        Ok(None) => {
            tracing::info!(message.id = %target, "A vote or an answer came for a message whose secret is not known");
            return None;
        }
        Err(error) => {
            tracing::warn!(message.id = %target, %error, "A vote or an answer could not be opened");
            return None;
        }
    };
    let source = &info.source;
    let people = [Some(&source.sender), source.sender_alt.as_ref()];
    let people = both_ids(client, people.into_iter().flatten().cloned()).await;
    let named = key.and_then(|it| it.participant.as_deref()).and_then(|it| it.parse::<WireJid>().ok());
    let mut creators: Vec<_> =
        named.into_iter().chain([source.chat.clone()]).chain(client.pn()).chain(client.lid()).collect();
    creators.retain(|it| it.is_pn() || it.is_lid());
    let mut creators = both_ids(client, creators.into_iter()).await;
    creators.extend(people.iter().cloned());
    let found = creators.iter().find_map(|creator| people.iter().find_map(|person| open(&secret, creator, person)));
    if found.is_none() {
        tracing::info!(message.id = %target, "A vote or an answer does not open with the secret of its message");
    }
    found
}

/// Each of these people by both of their ids, as far as they are known.
async fn both_ids(client: &Client, people: impl Iterator<Item = WireJid>) -> Vec<String> {
    let mut ids = Vec::new();
    for person in people {
        ids.push(person.to_non_ad_string());
        if let Ok(Some(entry)) = client.get_lid_pn_entry(&person).await {
            ids.push(WireJid::lid(&*entry.lid).to_string());
            ids.push(WireJid::pn(&*entry.phone_number).to_string());
        }
    }
    ids.sort();
    ids.dedup();
    ids
}

async fn keep(client: &Client, id: &str, secret: [u8; LENGTH], now_seconds: i64) -> Result<(), StoreError> {
    let entry = MsgSecretEntry {
        chat: ANYWHERE.into(),
        sender: ANYWHERE.into(),
        msg_id: id.into(),
        secret,
        expires_at: now_seconds.saturating_add(KEPT_FOR),
        message_ts: now_seconds,
    };
    client.persistence_manager().backend().put_msg_secrets(vec![entry]).await.map(drop)
}

fn not_stored(error: StoreError) -> EngineError {
    EngineError::new(ErrorKind::Store, Retry::Later, "The secret of a message could not be read or written")
        .because(error)
}
