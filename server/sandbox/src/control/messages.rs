//! What phones send, what they saw and what they have read.

use std::time::Duration;

use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use super::content::{NewMessage, chat};
use super::failure::Failure;
use super::phones::find;
use super::view::{MessageView, StatusName};
use crate::phone::{PhoneError, Phones};

/// The longest a request may wait.
const LONGEST_WAIT_MS: u64 = 60_000;
pub(super) const MOST_AT_ONCE: usize = 1_000;
pub(super) const USUALLY_AT_ONCE: usize = 100;

pub(super) struct MessagesApi {
    pub(super) phones: Phones,
}

#[derive(Object)]
#[oai(deny_unknown_fields, rename_all = "camelCase")]
struct ReadRequest {
    chat: String,
    /// Left out, all of the chat.
    message_ids: Option<Vec<String>>,
    /// Not only read, but played: voice and video messages, by their ids.
    #[oai(default)]
    played: bool,
}

#[derive(Object)]
struct ReadCount {
    /// How many messages were not read before, or not played.
    read: usize,
}

#[derive(ApiResponse)]
enum Sent {
    /// The network has it.
    #[oai(status = 201)]
    Sent(Json<MessageView>),
}

#[OpenApi]
impl MessagesApi {
    /// Send a message from this phone
    #[oai(path = "/phones/:id/messages", method = "post", operation_id = "sendMessage")]
    async fn send(&self, id: Path<Uuid>, new: Json<NewMessage>) -> Result<Sent, Failure> {
        let phone = find(&self.phones, id.0)?;
        let message = phone.send(new.0.draft()?).await?;
        Ok(Sent::Sent(Json(MessageView::of(&phone, message, false).await)))
    }

    /// What this phone sent and received, oldest first
    #[oai(path = "/phones/:id/messages", method = "get", operation_id = "listMessages")]
    async fn list(
        &self,
        id: Path<Uuid>,
        /// Only messages with a higher sequence.
        after: Query<Option<u64>>,
        /// At most so many; 100 if left out.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
        limit: Query<Option<usize>>,
        /// Waits up to so many milliseconds for the first message when there is none yet.
        wait: Query<Option<u64>>,
        /// With the decrypted files.
        media: Query<Option<bool>>,
    ) -> Result<Json<Vec<MessageView>>, Failure> {
        let phone = find(&self.phones, id.0)?;
        let limit = limit.0.unwrap_or(USUALLY_AT_ONCE).min(MOST_AT_ONCE);
        let messages = phone.messages(after.0.unwrap_or(0), limit, longest(wait.0)).await;
        let mut views = Vec::with_capacity(messages.len());
        for message in messages {
            views.push(MessageView::of(&phone, message, media.0 == Some(true)).await);
        }
        Ok(Json(views))
    }

    /// One message of this phone
    #[oai(path = "/phones/:id/messages/:message", method = "get", operation_id = "getMessage")]
    async fn get(
        &self,
        id: Path<Uuid>,
        message: Path<String>,
        /// Waits until the message has come this far.
        status: Query<Option<StatusName>>,
        /// For how many milliseconds at most.
        wait: Query<Option<u64>>,
        /// With the decrypted file.
        media: Query<Option<bool>>,
    ) -> Result<Json<MessageView>, Failure> {
        let phone = find(&self.phones, id.0)?;
        let found = match status.0 {
            Some(status) => phone.message_with_status(&message.0, status.into(), longest(wait.0)).await,
            None => phone.message(&message.0),
        };
        let found = found.ok_or(PhoneError::NoSuchMessage(message.0))?;
        Ok(Json(MessageView::of(&phone, found, media.0 == Some(true)).await))
    }

    /// Mark messages as read or played
    #[oai(path = "/phones/:id/read", method = "post", operation_id = "markRead")]
    async fn read(&self, id: Path<Uuid>, request: Json<ReadRequest>) -> Result<Json<ReadCount>, Failure> {
        let phone = find(&self.phones, id.0)?;
        let ReadRequest { chat: of, message_ids, played } = request.0;
        let of = chat(&of)?;
        let read = match (played, message_ids) {
            (true, None) => return Err(Failure::bad_request("name the messages that were played in messageIds")),
            (true, Some(ids)) => phone.mark_played(of, ids).await?,
            (false, ids) => phone.mark_read(of, ids).await?,
        };
        Ok(Json(ReadCount { read }))
    }
}

/// How long a request waits.
pub(super) fn longest(wait: Option<u64>) -> Duration {
    Duration::from_millis(wait.unwrap_or(0).min(LONGEST_WAIT_MS))
}
