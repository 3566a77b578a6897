//! Sending: text, files, replies. What is neither stands in `kinds` and `choices`.

use std::collections::BTreeMap;

use openwa_core::{
    Gateway,
    gateway::{IdempotencyKey, PreviewWish, SendContent, SendOutcome, SendRequest, TemplateChoice},
    media_source::{MediaSource, Received},
};
use openwa_model::{
    content::{LinkPreview, Marks, MessageKind},
    id::SessionId,
};
use poem_openapi::{Object, OpenApi, param::Path};
use url::Url;

use crate::{
    answer::{Accepted, Answer, Once},
    app::Tag,
    auth::{Caller, OneChat, Operator},
    error::ApiError,
    input::Body,
    upload::WithFile,
    wire::{SessionPath, chat_of, mentions_everyone, mentions_of, message_id},
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
    /// Who is mentioned; the text must hold `@` and the number of each. `@all` is everyone in a group.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
    /// Whether the first link shows what its page says about itself; true when absent. The page has five seconds to
    /// answer, and without an answer the text is sent without a preview.
    link_preview: Option<bool>,
    /// What to show instead of what the page says about itself.
    custom_link_preview: Option<CustomLinkPreview>,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
}

/// What to show of a page that a text links to.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CustomLinkPreview {
    /// The link, as it stands in the text: WhatsApp shows the preview of that link.
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
    /// Who is mentioned in the caption. `@all` is everyone in a group.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
    /// Whether it can be opened once only; pictures and videos.
    #[oai(default)]
    view_once: bool,
    /// Whether the video is shown as a GIF: without sound, again and again.
    #[oai(default)]
    gif: bool,
    /// Whether the video is a round one.
    #[oai(default)]
    as_note: bool,
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
    /// Whether it is a voice note. What is not Ogg with Opus is converted where ffmpeg is there, and refused with 503
    /// where it is not.
    #[oai(default)]
    ptt: bool,
    /// Who is mentioned in the caption. `@all` is everyone in a group.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
    /// The message of the same chat that this answers.
    #[oai(validator(min_length = 1))]
    quoted_message_id: Option<String>,
    /// Whether it can be played once only.
    #[oai(default)]
    view_once: bool,
}

/// A template to send, by `templateId` or `templateName`.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendTemplate {
    /// The chat: `<number>@c.us`, `<id>@lid`, `<id>@g.us` or `<id>@newsletter`.
    #[oai(validator(pattern = r"^[^\s@]+@[^\s@]+$"))]
    chat_id: String,
    /// The template's id; goes before its name.
    template_id: Option<String>,
    /// The template's name.
    #[oai(validator(max_length = 100))]
    template_name: Option<String>,
    /// What to fill in: `{"name": "Ada"}` for `{{name}}`. A place that is not given stays as it is written.
    #[oai(validator(max_properties = 256))]
    vars: Option<BTreeMap<String, String>>,
    /// Who is mentioned; the text must hold `@` and the number of each.
    #[oai(validator(max_items = 256))]
    mentions: Option<Vec<String>>,
    /// Whether the first link shows what its page says about itself; true when absent.
    link_preview: Option<bool>,
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

/// Which card a text is to show of the page it links to.
fn preview_of(wanted: Option<bool>, custom: Option<CustomLinkPreview>) -> Answer<PreviewWish> {
    let Some(CustomLinkPreview { url: link, title, description }) = custom else {
        return Ok(if wanted == Some(false) { PreviewWish::Nothing } else { PreviewWish::FromPage });
    };
    if wanted == Some(false) {
        return Err(ApiError::invalid("linkPreview: false cannot be combined with customLinkPreview"));
    }
    if !Url::parse(&link).is_ok_and(|it| matches!(it.scheme(), "http" | "https")) {
        return Err(ApiError::invalid("customLinkPreview.url must start with http:// or https://"));
    }
    // WhatsApp shows no preview without one.
    if title.is_empty() {
        return Err(ApiError::invalid("customLinkPreview.title should not be empty"));
    }
    Ok(PreviewWish::Given(LinkPreview { link, title, description, thumbnail: None }))
}

/// The MIME type of a voice note that does not say.
const VOICE_NOTE: &str = "audio/ogg; codecs=opus";
/// The MIME type of a sticker that does not say.
const STICKER: &str = "image/webp";

/// A message as any of the routes asks for it.
pub(crate) struct Draft {
    pub(crate) chat_id: String,
    pub(crate) content: SendContent,
    pub(crate) quoted_message_id: Option<String>,
    pub(crate) mentions: Option<Vec<String>>,
    pub(crate) marks: Marks,
}

impl SendMedia {
    fn draft(self, kind: MessageKind, file: Option<Received>) -> Answer<Draft> {
        let is_video = kind == MessageKind::Video;
        if self.view_once && !is_video && kind != MessageKind::Image {
            return Err(ApiError::invalid("viewOnce is for pictures, videos and sounds"));
        }
        if (self.gif || self.as_note) && !is_video {
            return Err(ApiError::invalid("gif and asNote are for videos"));
        }
        if self.gif && self.as_note {
            return Err(ApiError::invalid("A video is shown as a GIF or as a round one, not both"));
        }
        let marks =
            Marks { is_view_once: self.view_once, is_gif: self.gif, is_video_note: self.as_note, ..Marks::default() };
        let Self { chat_id, url, base64, mimetype, filename, caption, mentions, quoted_message_id, .. } = self;
        let is_sticker = kind == MessageKind::Sticker;
        // Neither stickers nor round videos have a text below them.
        let caption = caption.filter(|_| !is_sticker && !marks.is_video_note);
        let mimetype = mimetype.or_else(|| (is_sticker && base64.is_some()).then(|| STICKER.to_owned()));
        let source = source_of(file, url, base64, mimetype.is_some())?;
        let content = SendContent::Media { kind, source, mimetype, filename, caption };
        Ok(Draft { chat_id, content, quoted_message_id, mentions, marks })
    }
}

/// A form brings its file, and base64 was decoded as it came; otherwise the fields name one.
pub(crate) fn source_of(
    file: Option<Received>,
    url: Option<String>,
    base64: Option<String>,
    has_mimetype: bool,
) -> Answer<MediaSource> {
    match (url, base64, file) {
        (None, None, Some(file)) => Ok(MediaSource::Received(file)),
        (Some(url), None, None) => Ok(MediaSource::Url(url)),
        (None, Some(_), _) if !has_mimetype => Err(ApiError::invalid("mimetype is required when base64 is provided")),
        (None, Some(_), Some(file)) => Ok(MediaSource::Received(file)),
        (None, Some(data), None) => Ok(MediaSource::Base64(data)),
        _ => Err(ApiError::invalid("Exactly one of url or base64 must be provided")),
    }
}

/// Not more of what a caller wrote than a sentence should hold.
fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Sends what a route asks for.
pub(crate) async fn send(
    gateway: &Gateway,
    caller: &Caller<Operator, OneChat>,
    session: SessionId,
    draft: Draft,
    key: Option<IdempotencyKey>,
) -> Answer<SendOutcome> {
    let Draft { chat_id, content, quoted_message_id, mut mentions, mut marks } = draft;
    let chat = chat_of(&chat_id)?;
    caller.may_use(gateway, session, &chat).await?;
    let quoted = quoted_message_id.map(|it| message_id("quotedMessageId", &it)).transpose()?;
    marks.mentions_everyone |= mentions_everyone(&mut mentions);
    let mentions = mentions_of(mentions)?;
    Ok(gateway.send(session, SendRequest { chat, content, quoted, mentions, marks, status: None }, key).await?)
}

impl Sends {
    async fn send(
        &self,
        caller: &Caller<Operator, OneChat>,
        session: SessionId,
        draft: Draft,
        key: Option<IdempotencyKey>,
    ) -> Answer<Accepted> {
        Ok(Accepted(send(&self.0, caller, session, draft, key).await?))
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
        let preview = preview_of(text.link_preview, text.custom_link_preview)?;
        let draft = Draft {
            chat_id: text.chat_id,
            content: SendContent::Text { body: text.text, preview },
            quoted_message_id: text.quoted_message_id,
            mentions: text.mentions,
            marks: Marks::default(),
        };
        self.send(&caller, session.0.id()?, draft, key).await
    }

    /// Send a template
    ///
    /// Header, text and footer of the template with the given values filled in, and an empty line between.
    #[oai(
        path = "/sessions/:sessionId/messages/send-template",
        method = "post",
        operation_id = "sendTemplate",
        tag = "Tag::Messages"
    )]
    async fn send_template(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendTemplate>,
    ) -> Answer<Accepted> {
        let key = once.with(&body);
        let SendTemplate { chat_id, template_id, template_name, vars, mentions, link_preview } = body.value;
        let given = |it: &String| !it.is_empty();
        let template = match (template_id.filter(given), template_name.filter(given)) {
            (Some(id), _) => TemplateChoice::Id(id.parse().map_err(|_| ApiError::template_not_found(&shown(&id)))?),
            (None, Some(name)) => TemplateChoice::Name(name),
            (None, None) => return Err(ApiError::invalid("Either templateId or templateName must be provided")),
        };
        let preview = if link_preview == Some(false) { PreviewWish::Nothing } else { PreviewWish::FromPage };
        let content = SendContent::Template { template, values: vars.unwrap_or_default(), preview };
        let draft = Draft { chat_id, content, quoted_message_id: None, mentions, marks: Marks::default() };
        self.send(&caller, session.0.id()?, draft, key).await
    }

    /// Send a picture
    ///
    /// The file comes by `url`, as `base64`, as the part `file` of a form, or as the body itself with the fields in the
    /// query. Forms and bodies are streamed and may be as large as the gateway takes files
    /// (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
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
    /// With `gif` it is shown as a moving picture, with `asNote` as a round video, with `viewOnce` it can be opened once.
    ///
    /// The file comes by `url`, as `base64`, as the part `file` of a form, or as the body itself with the fields in the
    /// query. Forms and bodies are streamed and may be as large as the gateway takes files
    /// (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
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
    /// The file comes by `url`, as `base64`, as the part `file` of a form, or as the body itself with the fields in the
    /// query. Forms and bodies are streamed and may be as large as the gateway takes files
    /// (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
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

    /// Send a sticker
    ///
    /// Any picture becomes one: WebP of 512 by 512 pixels, clear where the picture is not. What moves has to come as an
    /// animated WebP.
    ///
    /// The file comes by `url`, as `base64`, as the part `file` of a form, or as the body itself with the fields in the
    /// query. Forms and bodies are streamed and may be as large as the gateway takes files
    /// (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
    #[oai(
        path = "/sessions/:sessionId/messages/send-sticker",
        method = "post",
        operation_id = "sendSticker",
        tag = "Tag::Messages"
    )]
    async fn send_sticker(
        &self,
        caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: WithFile<SendMedia>,
    ) -> Answer<Accepted> {
        self.send_file(&caller, session, once, body, MessageKind::Sticker).await
    }

    /// Send a sound or a voice note
    ///
    /// The file comes by `url`, as `base64`, as the part `file` of a form, or as the body itself with the fields in the
    /// query. Forms and bodies are streamed and may be as large as the gateway takes files
    /// (`MEDIA_DOWNLOAD_MAX_BYTES`, 50 MiB unless set).
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
            marks: Marks { is_view_once: audio.view_once, ..Marks::default() },
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
            content: SendContent::Text { body: reply.text, preview: PreviewWish::FromPage },
            quoted_message_id: Some(reply.quoted_message_id),
            mentions: reply.mentions,
            marks: Marks::default(),
        };
        self.send(&caller, session.0.id()?, draft, key).await
    }
}
