//! Sending: text, files, replies.

use openwa_core::{
    Gateway,
    gateway::{IdempotencyKey, SendContent, SendRequest},
    media_source::{MediaSource, Received},
};
use openwa_model::{content::MessageKind, id::SessionId};
use poem::http::StatusCode;
use poem_openapi::{Object, OpenApi, param::Path};

use crate::{
    answer::{Accepted, Answer, Once},
    app::Tag,
    auth::{Caller, OneChat, Operator},
    error::ApiError,
    input::Body,
    upload::WithFile,
    wire::{SessionPath, chat_of, mentions_of, message_id},
};

pub(crate) struct Sends(pub(crate) Gateway);

/// A text to send.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendText {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The text.
    #[oai(validator(min_length = 1, max_length = 4096))]
    text: String,
    /// Who is mentioned; the text must hold `@` and the number of each.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
    /// Accepted for compatibility; no preview is made.
    link_preview: Option<bool>,
    /// Not implemented by any engine here: answers 501.
    custom_link_preview: Option<CustomLinkPreview>,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// What to show of a page that a text links to.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CustomLinkPreview {
    /// The page.
    #[oai(validator(max_length = 2048))]
    url: String,
    /// Its title.
    #[oai(validator(max_length = 1024))]
    title: String,
    /// What it is about.
    #[oai(validator(max_length = 1024))]
    description: Option<String>,
}

/// A file to send, by `url` or as `base64`.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendMedia {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// Where to fetch the file from: `http` or `https`.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// The file itself; needs `mimetype`.
    base64: Option<String>,
    /// Its MIME type.
    #[oai(validator(max_length = 255))]
    mimetype: Option<String>,
    /// Its name.
    #[oai(validator(max_length = 255))]
    filename: Option<String>,
    /// The text below it.
    #[oai(validator(max_length = 1024))]
    caption: Option<String>,
    /// Who is mentioned in the caption.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// A sound to send, by `url` or as `base64`.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendAudio {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// Where to fetch the file from: `http` or `https`.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// The file itself; needs `mimetype`.
    base64: Option<String>,
    /// Its MIME type; `audio/ogg; codecs=opus` for a voice note that does not say.
    #[oai(validator(max_length = 255))]
    mimetype: Option<String>,
    /// Its name.
    #[oai(validator(max_length = 255))]
    filename: Option<String>,
    /// The text below it.
    #[oai(validator(max_length = 1024))]
    caption: Option<String>,
    /// Whether it is a voice note.
    #[oai(default)]
    ptt: bool,
    /// Who is mentioned in the caption.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// A text that answers a message.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendReply {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The message of this chat that is answered.
    #[oai(validator(min_length = 1))]
    quoted_message_id: String,
    /// The text.
    #[oai(validator(min_length = 1, max_length = 4096))]
    text: String,
    /// Who is mentioned; the text must hold `@` and the number of each.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
}

/// The MIME type of a voice note that does not say.
const VOICE_NOTE: &str = "audio/ogg; codecs=opus";

/// A message as any of the routes asks for it.
struct Draft {
    chat_id: String,
    content: SendContent,
    quoted_message_id: Option<String>,
    mentions: Option<Vec<String>>,
}

impl SendMedia {
    fn draft(self, kind: MessageKind, file: Option<Received>) -> Answer<Draft> {
        let Self { chat_id, url, base64, mimetype, filename, caption, mentions, quoted_message_id } = self;
        let source = source_of(file, url, base64, mimetype.is_some())?;
        let content = SendContent::Media { kind, source, mimetype, filename, caption };
        Ok(Draft { chat_id, content, quoted_message_id, mentions })
    }
}

/// A form brings its file; otherwise the fields name one.
pub(crate) fn source_of(
    file: Option<Received>,
    url: Option<String>,
    base64: Option<String>,
    has_mimetype: bool,
) -> Answer<MediaSource> {
    if let Some(file) = file {
        return Ok(MediaSource::Received(file));
    }
    match (url, base64) {
        (Some(url), None) => Ok(MediaSource::Url(url)),
        (None, Some(data)) if has_mimetype => Ok(MediaSource::Base64(data)),
        (None, Some(_)) => Err(ApiError::invalid("mimetype is required when base64 is provided")),
        _ => Err(ApiError::invalid("Exactly one of url or base64 must be provided")),
    }
}

impl Sends {
    async fn send(
        &self,
        caller: &Caller<Operator, OneChat>,
        session: SessionId,
        draft: Draft,
        key: Option<IdempotencyKey>,
    ) -> Answer<Accepted> {
        let chat = chat_of(&draft.chat_id)?;
        caller.may_use(&self.0, session, &chat).await?;
        let quoted = draft.quoted_message_id.map(|it| message_id("quotedMessageId", &it)).transpose()?;
        let mentions = mentions_of(draft.mentions)?;
        let request = SendRequest { chat, content: draft.content, quoted, mentions, status: None };
        Ok(Accepted(self.0.send(session, request, key).await?))
    }

    async fn send_file(
        &self,
        caller: &Caller<Operator, OneChat>,
        session: Path<SessionPath>,
        once: Once,
        WithFile { body, file }: WithFile<SendMedia>,
        kind: MessageKind,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        self.send(caller, session.0.id()?, body.value.draft(kind, file)?, key).await
    }
}

#[OpenApi]
impl Sends {
    /// Send a text
    ///
    /// 201 says that WhatsApp accepted it; `message.ack` events say how far it got.
    #[oai(
        path = "/sessions/:sessionId/messages/send-text",
        method = "post",
        operation_id = "sendText",
        tag = "Tag::Messages"
    )]
    async fn send_text(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendText>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let text = body.value;
        if text.custom_link_preview.is_some() {
            let sentence = "Engine 'native' does not implement 'customLinkPreview'";
            return Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, "ENGINE_CANNOT", sentence));
        }
        let draft = Draft {
            chat_id: text.chat_id,
            content: SendContent::Text { body: text.text },
            quoted_message_id: text.quoted_message_id,
            mentions: text.mentions,
        };
        self.send(&caller, session.0.id()?, draft, key).await
    }

    /// Send a picture
    ///
    /// The file comes by `url`, as `base64`, or as the part `file` of a form, which is streamed and may be as large as
    /// the gateway takes files (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
    #[oai(
        path = "/sessions/:sessionId/messages/send-image",
        method = "post",
        operation_id = "sendImage",
        tag = "Tag::Messages"
    )]
    async fn send_image(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: WithFile<SendMedia>,
    ) -> Answer<Accepted> {
        self.send_file(&caller, session, once, body, MessageKind::Image).await
    }

    /// Send a video
    ///
    /// The file comes by `url`, as `base64`, or as the part `file` of a form, which is streamed and may be as large as
    /// the gateway takes files (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
    #[oai(
        path = "/sessions/:sessionId/messages/send-video",
        method = "post",
        operation_id = "sendVideo",
        tag = "Tag::Messages"
    )]
    async fn send_video(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: WithFile<SendMedia>,
    ) -> Answer<Accepted> {
        self.send_file(&caller, session, once, body, MessageKind::Video).await
    }

    /// Send a document
    ///
    /// The file comes by `url`, as `base64`, or as the part `file` of a form, which is streamed and may be as large as
    /// the gateway takes files (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
    #[oai(
        path = "/sessions/:sessionId/messages/send-document",
        method = "post",
        operation_id = "sendDocument",
        tag = "Tag::Messages"
    )]
    async fn send_document(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: WithFile<SendMedia>,
    ) -> Answer<Accepted> {
        self.send_file(&caller, session, once, body, MessageKind::Document).await
    }

    /// Send a sound or a voice note
    ///
    /// The file comes by `url`, as `base64`, or as the part `file` of a form, which is streamed and may be as large as
    /// the gateway takes files (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
    #[oai(
        path = "/sessions/:sessionId/messages/send-audio",
        method = "post",
        operation_id = "sendAudio",
        tag = "Tag::Messages"
    )]
    async fn send_audio(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: WithFile<SendAudio>,
    ) -> Answer<Accepted> {
        let WithFile { body, file } = body;
        let key = once.with(&body);
        let audio = body.value;
        let voice = audio.ptt;
        let mimetype = audio.mimetype.or_else(|| voice.then(|| VOICE_NOTE.to_owned()));
        let source = source_of(file, audio.url, audio.base64, mimetype.is_some())?;
        let kind = if voice { MessageKind::Voice } else { MessageKind::Audio };
        let draft = Draft {
            chat_id: audio.chat_id,
            content: SendContent::Media { kind, source, mimetype, filename: audio.filename, caption: audio.caption },
            quoted_message_id: audio.quoted_message_id,
            mentions: audio.mentions,
        };
        self.send(&caller, session.0.id()?, draft, key).await
    }

    /// Answer a message
    ///
    /// A text that quotes a message of the same chat.
    #[oai(path = "/sessions/:sessionId/messages/reply", method = "post", operation_id = "reply", tag = "Tag::Messages")]
    async fn reply(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendReply>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let reply = body.value;
        let draft = Draft {
            chat_id: reply.chat_id,
            content: SendContent::Text { body: reply.text },
            quoted_message_id: Some(reply.quoted_message_id),
            mentions: reply.mentions,
        };
        self.send(&caller, session.0.id()?, draft, key).await
    }
}
