//! Batches: many messages asked for at once, sent one after another, looked at and cancelled.

mod answers;

use std::collections::{BTreeMap, HashSet};

use openwa_core::{
    Gateway,
    gateway::{BatchView, NewBatch, NewBatchMessage},
};
use openwa_model::{
    Timestamp,
    batch::{BatchContent, BatchMessage, BatchOptions, BatchRequest, BatchSource},
    content::MessageKind,
    id::SessionId,
    jid::Jid,
};
use poem_openapi::{Enum, Object, OpenApi, param::Path};

use self::answers::{BatchResponse, BatchTaken, CancelledBatch};
use crate::{
    answer::{Answer, Shown, Taken},
    app::Tag,
    auth::{Caller, Least, OneChat, Operator, Viewer},
    error::ApiError,
    input::Body,
    wire::{Moment, SessionPath, chat_of, mentions_everyone, mentions_of},
};

pub(crate) struct Bulk(pub(crate) Gateway);

/// The pause between two messages where nothing is said, in milliseconds.
const USUAL_DELAY_MS: u32 = 3_000;
/// What a random pause adds on average, in milliseconds.
const USUAL_JITTER_MS: u64 = 1_000;
/// The MIME type of a voice note that does not say.
const VOICE_NOTE: &str = "audio/ogg; codecs=opus";

/// Many messages to send, one after another.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendBulk {
    /// What the batch is to be called; no two batches of a session are called the same. One is made up when absent.
    #[oai(validator(max_length = 128, pattern = r"^[A-Za-z0-9._~!$&'()*+,;=:@-]*$"))]
    batch_id: Option<String>,
    /// The messages, in the order of sending. There may be 100 unless the operator permits more (`BULK_MAX_MESSAGES`).
    /// A message that stands here twice, the same in everything, is sent once.
    #[oai(validator(min_items = 1, max_items = 10000))]
    messages: Vec<BulkMessage>,
    /// How they are sent.
    options: Option<BulkOptions>,
}

/// One message of a batch.
#[derive(Object, PartialEq, Eq, Hash)]
#[oai(rename_all = "camelCase")]
pub(crate) struct BulkMessage {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// What it is.
    #[oai(rename = "type")]
    kind: BulkType,
    /// What it carries: the field that is called like its type.
    content: BulkContent,
    /// What to fill in: `{"name": "Ada"}` for `{{name}}` in text, caption, file name and address. A place that is not
    /// given stays as it is written.
    #[oai(validator(max_properties = 256))]
    variables: Option<BTreeMap<String, String>>,
}

/// What a message of a batch can be.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[oai(rename_all = "lowercase")]
pub(crate) enum BulkType {
    /// A text.
    Text,
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A sound, or a voice note.
    Audio,
    /// Any file.
    Document,
}

/// What a message of a batch carries.
#[derive(Object, PartialEq, Eq, Hash)]
#[oai(rename_all = "camelCase")]
pub(crate) struct BulkContent {
    /// The text of a message of the type `text`.
    #[oai(validator(max_length = 4096))]
    text: Option<String>,
    /// The picture of a message of the type `image`.
    image: Option<BulkMedia>,
    /// The film of a message of the type `video`.
    video: Option<BulkMedia>,
    /// The sound of a message of the type `audio`.
    audio: Option<BulkMedia>,
    /// The file of a message of the type `document`.
    document: Option<BulkMedia>,
    /// The text below a file.
    #[oai(validator(max_length = 1024))]
    caption: Option<String>,
    /// Who is mentioned in text or caption. `@all` is everyone in a group.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
}

/// A file of a batch, by `url` or as `base64`.
#[derive(Object, PartialEq, Eq, Hash)]
#[oai(rename_all = "camelCase")]
pub(crate) struct BulkMedia {
    /// Where to fetch the file from: `http` or `https`.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// The file itself.
    base64: Option<String>,
    /// Its MIME type; found out where it is not said.
    #[oai(validator(max_length = 255))]
    mimetype: Option<String>,
    /// Its name.
    #[oai(validator(max_length = 255))]
    filename: Option<String>,
    /// Whether a sound is a voice note.
    ptt: Option<bool>,
}

/// How a batch is sent.
#[derive(Object, Default)]
#[oai(rename_all = "camelCase")]
pub(crate) struct BulkOptions {
    /// The pause after each message, in milliseconds; 3000 when absent.
    #[oai(validator(minimum(value = "1000"), maximum(value = "60000")))]
    delay_between_messages: Option<u32>,
    /// Whether up to two seconds are added to each pause by chance; true when absent.
    randomize_delay: Option<bool>,
    /// Whether the first message that fails ends the batch; false when absent.
    stop_on_error: Option<bool>,
}

impl BulkMessage {
    /// The message as the gateway takes it; `index` is where it stood.
    fn into_new(self, index: usize) -> Answer<NewBatchMessage> {
        let invalid = |why: &str| ApiError::invalid(format!("messages[{index}].{why}"));
        let BulkContent { text, image, video, audio, document, caption, mut mentions } = self.content;
        let (kind, name, media) = match self.kind {
            BulkType::Text => (MessageKind::Text, "text", None),
            BulkType::Image => (MessageKind::Image, "image", image),
            BulkType::Video => (MessageKind::Video, "video", video),
            BulkType::Audio => (MessageKind::Audio, "audio", audio),
            BulkType::Document => (MessageKind::Document, "document", document),
        };
        let content = match (kind, media) {
            (MessageKind::Text, _) => {
                let body = text.filter(|it| !it.is_empty());
                BatchContent::Text { body: body.ok_or_else(|| invalid("content.text should not be empty"))? }
            }
            (_, None) => return Err(invalid(&format!("content.{name} must be an object"))),
            (kind, Some(media)) => media.into_content(kind, caption).map_err(|why| invalid(&why))?,
        };
        let mentions_everyone = mentions_everyone(&mut mentions);
        let request = BatchRequest { content, mentions: mentions_of(mentions)?, mentions_everyone };
        Ok(NewBatchMessage { chat: chat_of(&self.chat_id)?, request, values: self.variables.unwrap_or_default() })
    }
}

impl BulkMedia {
    fn into_content(self, kind: MessageKind, caption: Option<String>) -> Result<BatchContent, String> {
        let Self { url, base64, mimetype, filename, ptt } = self;
        let is_voice = kind == MessageKind::Audio && ptt == Some(true);
        let mimetype = mimetype.or_else(|| is_voice.then(|| VOICE_NOTE.to_owned()));
        let source = match (url, base64) {
            (Some(url), None) => BatchSource::Url(url),
            (None, Some(text)) => BatchSource::Base64(text),
            _ => return Err("content: exactly one of url or base64 must be provided".to_owned()),
        };
        let kind = if is_voice { MessageKind::Voice } else { kind };
        Ok(BatchContent::Media { kind, source, mimetype, filename, caption })
    }
}

/// Each message once, where the first of its kind stood.
fn once_each(messages: Vec<BulkMessage>) -> Vec<BulkMessage> {
    let mut seen = HashSet::new();
    let is_first: Vec<bool> = messages.iter().map(|it| seen.insert(it)).collect();
    drop(seen);
    messages.into_iter().zip(is_first).filter_map(|(it, is_first)| is_first.then_some(it)).collect()
}

/// When a batch ends if nothing holds it up: there is a pause after each message but the last.
fn estimated_end(from: Timestamp, options: &BatchOptions, total: u32) -> Timestamp {
    let jitter_ms = if options.is_delay_random { USUAL_JITTER_MS } else { 0 };
    let pauses_ms = (options.delay_ms + jitter_ms).saturating_mul(u64::from(total.saturating_sub(1)));
    from.saturating_add(std::time::Duration::from_millis(pauses_ms)).unwrap_or(from)
}

impl Bulk {
    /// Refuses chats that the key may not use.
    async fn check_chats<R: Least>(
        &self,
        caller: &Caller<R, OneChat>,
        session: SessionId,
        chats: &[&Jid],
    ) -> Answer<()> {
        let fence = caller.fence(&self.0, session).await?;
        for chat in chats {
            if !fence.sees(chat) && !fence.sees(&self.0.canonical_chat(session, chat).await?) {
                return Err(ApiError::forbidden("CHAT_NOT_ALLOWED", "API key not authorized for this chat"));
            }
        }
        Ok(())
    }

    async fn seen<R: Least>(
        &self,
        caller: &Caller<R, OneChat>,
        session: SessionId,
        name: &str,
    ) -> Answer<(BatchView, Vec<BatchMessage>)> {
        let view = self.0.batch(session, name).await?;
        let messages = self.0.batch_messages(view.batch.id).await?;
        let chats: Vec<_> = messages.iter().map(|it| &it.chat).collect();
        self.check_chats(caller, session, &chats).await?;
        Ok((view, messages))
    }
}

#[OpenApi]
impl Bulk {
    /// Send many messages
    ///
    /// All of them are checked and stored before this is answered; then they are sent one after another, also if the
    /// gateway is restarted meanwhile, and while the session is not ready they wait. A request that is repeated with
    /// the same `batchId` is refused, so nothing is sent twice.
    #[oai(
        path = "/sessions/:sessionId/messages/send-bulk",
        method = "post",
        operation_id = "sendBulk",
        tag = "Tag::Messages"
    )]
    async fn send_bulk(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<SendBulk>,
    ) -> Answer<Taken<BatchTaken>> {
        let session = session.0.id()?;
        let SendBulk { batch_id, messages, options } = body.value;
        let messages = once_each(messages).into_iter().enumerate().map(|(index, it)| it.into_new(index));
        let messages = messages.collect::<Answer<Vec<_>>>()?;
        let chats: Vec<_> = messages.iter().map(|it| &it.chat).collect();
        self.check_chats(&caller, session, &chats).await?;
        let options = options.unwrap_or_default();
        let options = BatchOptions {
            delay_ms: u64::from(options.delay_between_messages.unwrap_or(USUAL_DELAY_MS)),
            is_delay_random: options.randomize_delay.unwrap_or(true),
            stops_on_error: options.stop_on_error.unwrap_or(false),
        };
        let name = batch_id.filter(|it| !it.is_empty());
        let BatchView { batch, progress, .. } =
            self.0.create_batch(session, NewBatch { name, messages, options }).await?;
        let ends_at = estimated_end(batch.created_at, &batch.options, progress.total);
        Ok(Taken(BatchTaken {
            status: batch.status.into(),
            total_messages: progress.total,
            estimated_completion_time: Moment(ends_at),
            status_url: format!("/api/sessions/{session}/messages/batch/{}", batch.name),
            batch_id: batch.name,
        }))
    }

    /// Get a batch
    ///
    /// How far it is, and what became of each message. It can be asked about for 30 days after it ended.
    #[oai(
        path = "/sessions/:sessionId/messages/batch/:batchId",
        method = "get",
        operation_id = "getBatch",
        tag = "Tag::Messages"
    )]
    async fn get(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// What the batch is called.
        #[oai(name = "batchId")]
        batch: Path<String>,
    ) -> Answer<Shown<BatchResponse>> {
        let (BatchView { batch, progress, waits_for }, messages) =
            self.seen(&caller, session.0.id()?, &batch.0).await?;
        Ok(Shown(BatchResponse {
            batch_id: batch.name,
            status: batch.status.into(),
            progress: progress.into(),
            results: messages.into_iter().map(Into::into).collect(),
            waiting_for: waits_for,
            started_at: batch.started_at.map(Moment),
            completed_at: batch.completed_at.map(Moment),
        }))
    }

    /// Cancel a batch
    ///
    /// What waits for its turn is not sent; a message that is on its way already stays on it.
    #[oai(
        path = "/sessions/:sessionId/messages/batch/:batchId/cancel",
        method = "post",
        operation_id = "cancelBatch",
        tag = "Tag::Messages"
    )]
    async fn cancel(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// What the batch is called.
        #[oai(name = "batchId")]
        batch: Path<String>,
    ) -> Answer<Shown<CancelledBatch>> {
        let session = session.0.id()?;
        self.seen(&caller, session, &batch.0).await?;
        let BatchView { batch, progress, .. } = self.0.cancel_batch(session, &batch.0).await?;
        let (status, progress) = (batch.status.into(), progress.into());
        Ok(Shown(CancelledBatch { batch_id: batch.name, status, progress }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(chat: &str, text: &str) -> BulkMessage {
        let content = BulkContent {
            text: Some(text.to_owned()),
            image: None,
            video: None,
            audio: None,
            document: None,
            caption: None,
            mentions: None,
        };
        BulkMessage { chat_id: chat.to_owned(), kind: BulkType::Text, content, variables: None }
    }

    #[test]
    fn what_stands_there_twice_is_taken_once() {
        let all = vec![text("1@c.us", "a"), text("2@c.us", "a"), text("1@c.us", "a"), text("1@c.us", "b")];
        let left: Vec<_> = once_each(all).into_iter().map(|it| (it.chat_id, it.content.text.unwrap())).collect();
        let expected = [("1@c.us", "a"), ("2@c.us", "a"), ("1@c.us", "b")];
        assert_eq!(left, expected.map(|(chat, text)| (chat.to_owned(), text.to_owned())));
    }

    #[test]
    fn a_batch_ends_after_the_pauses_between_its_messages() {
        let from = Timestamp::UNIX_EPOCH;
        let options = BatchOptions { delay_ms: 3_000, is_delay_random: true, stops_on_error: false };
        assert_eq!(estimated_end(from, &options, 1), from);
        assert_eq!(estimated_end(from, &options, 3).as_second(), 8);
        let exact = BatchOptions { is_delay_random: false, ..options };
        assert_eq!(estimated_end(from, &exact, 3).as_second(), 6);
    }
}
