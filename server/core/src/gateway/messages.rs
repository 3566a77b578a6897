//! Messages: send, react, edit, delete, list, and their files.

use std::path::PathBuf;

use openwa_model::{
    Timestamp,
    content::{Media, MessageKind},
    id::{MessageId, SessionId},
    jid::Jid,
    message::{Message, Reaction},
    store::{MessageFilter, Page},
};

use super::{Gateway, Result};
use crate::media_source::MediaSource;

/// A message to be sent.
#[derive(Debug)]
pub struct SendRequest {
    /// Where to.
    pub chat: Jid,
    /// What.
    pub content: SendContent,
    /// The message of the same chat that it answers.
    pub quoted: Option<MessageId>,
    /// Who is mentioned in the text or caption.
    pub mentions: Vec<Jid>,
}

/// What a message to be sent carries.
#[derive(Debug)]
pub enum SendContent {
    /// Text.
    Text {
        /// The text.
        body: String,
    },
    /// A file.
    Media {
        /// Image, video, audio, voice or document.
        kind: MessageKind,
        /// Where the file comes from.
        source: MediaSource,
        /// Its MIME type; found out where it is not said.
        mimetype: Option<String>,
        /// Its name.
        filename: Option<String>,
        /// The text below it.
        caption: Option<String>,
    },
}

/// What makes a request take effect once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdempotencyKey {
    /// The key, scoped to the session.
    pub key: String,
    /// SHA-256 of operation and body, in hexadecimal.
    pub fingerprint: String,
}

/// A message WhatsApp has accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SendOutcome {
    /// Its id.
    pub id: MessageId,
    /// When WhatsApp accepted it.
    pub timestamp: Timestamp,
    /// Whether this is the answer to an earlier request with the same key.
    pub replayed: bool,
}

impl Gateway {
    /// Sends a message; returns once WhatsApp has accepted it.
    pub async fn send(
        &self,
        session: SessionId,
        request: SendRequest,
        key: Option<IdempotencyKey>,
    ) -> Result<SendOutcome> {
        todo!()
    }
    /// Reacts to a message; "" takes the reaction back.
    pub async fn react(&self, session: SessionId, chat: &Jid, id: &MessageId, emoji: &str) -> Result<()> {
        todo!()
    }
    /// Takes a message back for everyone.
    pub async fn revoke_message(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<()> {
        todo!()
    }
    /// Deletes a message on this account's devices only.
    pub async fn delete_message_for_me(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<()> {
        todo!()
    }
    /// Replaces the text of a sent message.
    pub async fn edit_message(
        &self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        body: &str,
        mentions: &[Jid],
    ) -> Result<SendOutcome> {
        todo!()
    }
    /// Messages, newest stored first, and how many there are in all.
    pub async fn messages(
        &self,
        session: SessionId,
        filter: &MessageFilter,
        page: Page,
    ) -> Result<(Vec<Message>, u64)> {
        todo!()
    }
    /// One message.
    pub async fn message(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Message> {
        todo!()
    }
    /// The file of a message, as a local file; fetched from WhatsApp when there is no copy yet.
    pub async fn message_media(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<(Media, PathBuf)> {
        todo!()
    }
    /// The bytes of a message's file where our copy is there and not larger than `max_bytes`; never asks WhatsApp.
    pub async fn stored_media(&self, media: &Media, max_bytes: u64) -> Result<Option<Vec<u8>>> {
        todo!()
    }
    /// Who reacted to a message with what.
    pub async fn reactions(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Vec<Reaction>> {
        todo!()
    }
}
