//! Statuses: posting them, and what others posted within the last day.

use openwa_core::{
    Gateway,
    gateway::{IdempotencyKey, PostedStatus, PreviewWish, SendContent, SendOutcome, status_ends},
    media_source::MediaSource,
};
use openwa_model::{
    content::{Detail, MessageKind, StatusPost},
    id::{MessageId, SessionId},
    jid::{ChatKind, Jid},
};
use poem_openapi::{Object, OpenApi, param::Path};
use serde::Serialize;

use crate::{
    answer::{AcceptedAs, Answer, Once, Shown},
    app::Tag,
    auth::{AllChats, Caller, Operator, Viewer},
    error::ApiError,
    file_answer::FileAnswer,
    input::Body,
    sends::source_of,
    wire::{Moment, SessionPath, chat_of},
    words::Word,
};

pub(crate) struct Statuses(pub(crate) Gateway);

/// The MIME type of a voice that does not say.
const VOICE_NOTE: &str = "audio/ogg; codecs=opus";
/// The fonts there are.
const FONTS: [i32; 8] = [0, 1, 2, 6, 7, 8, 9, 10];

/// A text to post.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendStatusText {
    /// The text.
    #[oai(validator(min_length = 1, max_length = 4096))]
    text: String,
    /// Whom it is shown to: `<number>@c.us` or `<id>@lid`. Needed: WhatsApp encrypts it for each of them.
    #[oai(validator(min_items = 1, max_items = 256))]
    recipients: Option<Vec<String>>,
    /// The colour behind it: `#RRGGBB`.
    #[oai(validator(pattern = r"^#[0-9A-Fa-f]{6}$"))]
    background_color: Option<String>,
    /// Its font: 0, 1, 2, 6, 7, 8, 9 or 10.
    #[oai(validator(minimum(value = "0"), maximum(value = "10")))]
    font: Option<i32>,
}

/// A file to post, by `url` or as `base64`.
#[derive(Object)]
pub(crate) struct StatusFile {
    /// Where to fetch it from: `http` or `https`.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// The file itself; needs `mimetype`.
    base64: Option<String>,
    /// Its MIME type.
    #[oai(validator(max_length = 255))]
    mimetype: Option<String>,
}

/// A picture to post.
#[derive(Object)]
pub(crate) struct SendStatusImage {
    /// The picture.
    image: StatusFile,
    /// Whom it is shown to: `<number>@c.us` or `<id>@lid`. Needed: WhatsApp encrypts it for each of them.
    #[oai(validator(min_items = 1, max_items = 256))]
    recipients: Option<Vec<String>>,
    /// The text below it.
    #[oai(validator(max_length = 1024))]
    caption: Option<String>,
}

/// A video to post.
#[derive(Object)]
pub(crate) struct SendStatusVideo {
    /// The video.
    video: StatusFile,
    /// Whom it is shown to: `<number>@c.us` or `<id>@lid`. Needed: WhatsApp encrypts it for each of them.
    #[oai(validator(min_items = 1, max_items = 256))]
    recipients: Option<Vec<String>>,
    /// The text below it.
    #[oai(validator(max_length = 1024))]
    caption: Option<String>,
}

/// A voice to post.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SendStatusVoice {
    /// The voice. What is not Ogg with Opus is converted where ffmpeg is there, and refused with 503 where it is not.
    audio: StatusFile,
    /// Whom it is shown to: `<number>@c.us` or `<id>@lid`. Needed: WhatsApp encrypts it for each of them.
    #[oai(validator(min_items = 1, max_items = 256))]
    recipients: Option<Vec<String>>,
    /// The colour behind it: `#RRGGBB`.
    #[oai(validator(pattern = r"^#[0-9A-Fa-f]{6}$"))]
    background_color: Option<String>,
}

/// A status that was posted.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusResult {
    /// Its id.
    status_id: String,
    /// When WhatsApp accepted it.
    timestamp: Moment,
    /// When it is seen no more.
    expires_at: Moment,
}

impl From<SendOutcome> for StatusResult {
    fn from(sent: SendOutcome) -> Self {
        Self {
            status_id: sent.id.to_string(),
            timestamp: Moment(sent.timestamp),
            expires_at: Moment(status_ends(sent.timestamp)),
        }
    }
}

/// The statuses of the last day, newest first.
#[derive(Object, Serialize)]
pub(crate) struct StatusList {
    /// The statuses.
    statuses: Vec<StatusRecord>,
}

/// A status.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusRecord {
    /// Its id.
    id: String,
    /// Who posted it.
    contact: StatusContact,
    /// What it is.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: Word<MessageKind>,
    /// The text, or what stands below the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    /// The path below this gateway's address where its file can be fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_url: Option<String>,
    /// The colour behind it: `#RRGGBB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    background_color: Option<String>,
    /// The number of its font.
    #[serde(skip_serializing_if = "Option::is_none")]
    font: Option<i32>,
    /// When it was posted.
    timestamp: Moment,
    /// When it is seen no more.
    expires_at: Moment,
}

/// Who posted a status.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusContact {
    /// By phone number where it is known, else by hidden id.
    id: String,
    /// The name in this account's address book.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The name the person shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    push_name: Option<String>,
}

impl From<PostedStatus> for StatusRecord {
    fn from(PostedStatus { message, name, push_name }: PostedStatus) -> Self {
        let post = match message.detail {
            Some(Detail::Status(post)) => post,
            _ => StatusPost::default(),
        };
        let media_url = message.media.map(|_| format!("/api/sessions/{}/status/{}/media", message.session, message.id));
        Self {
            id: message.id.to_string(),
            contact: StatusContact { id: message.sender.to_string(), name, push_name },
            kind: Word(message.kind),
            caption: Some(message.body).filter(|it| !it.is_empty()),
            media_url,
            background_color: post.colour(),
            font: post.font,
            timestamp: Moment(message.timestamp),
            expires_at: Moment(status_ends(message.timestamp)),
        }
    }
}

/// The answer of an action that says what was done.
#[derive(Object, Serialize)]
pub(crate) struct StatusDeleted {
    /// What was done.
    message: String,
}

fn recipients_of(texts: Option<Vec<String>>) -> Answer<Vec<Jid>> {
    let Some(texts) = texts else {
        return Err(ApiError::invalid(
            "recipients is required: name everybody the status is shown to, as <number>@c.us or <id>@lid",
        ));
    };
    let one = |text: &String| {
        let id = chat_of(text)?;
        match id.kind() {
            ChatKind::Individual => Ok(id),
            _ => Err(ApiError::invalid("each value in recipients must be a person: <number>@c.us or <id>@lid")),
        }
    };
    texts.iter().map(one).collect()
}

fn colour_of(text: Option<&str>) -> Answer<Option<u32>> {
    let read = |it| StatusPost::colour_of(it).ok_or_else(|| ApiError::invalid("backgroundColor must be #RRGGBB"));
    text.map(read).transpose()
}

impl StatusFile {
    fn source(self, usual: Option<&str>) -> Answer<(MediaSource, Option<String>)> {
        let mimetype = self.mimetype.or_else(|| usual.map(str::to_owned));
        Ok((source_of(None, self.url, self.base64, mimetype.is_some())?, mimetype))
    }

    fn content(self, kind: MessageKind, usual: Option<&str>, caption: Option<String>) -> Answer<SendContent> {
        let (source, mimetype) = self.source(usual)?;
        Ok(SendContent::Media { kind, source, mimetype, filename: None, caption })
    }
}

/// The status of this id; what is no id names nothing.
fn status_id(text: &str) -> Answer<MessageId> {
    MessageId::parse(text).ok_or_else(|| openwa_core::GatewayError::StatusNotFound.into())
}

impl Statuses {
    async fn post(
        &self,
        session: SessionId,
        content: SendContent,
        post: StatusPost,
        key: Option<IdempotencyKey>,
    ) -> Answer<AcceptedAs<StatusResult>> {
        let sent = self.0.post_status(session, content, post, key).await?;
        Ok(AcceptedAs { replayed: sent.replayed, body: sent.into() })
    }
}

#[OpenApi]
impl Statuses {
    /// List what others posted within the last day
    ///
    /// Newest first. A status is kept here for as long as it is to be seen.
    #[oai(path = "/sessions/:sessionId/status", method = "get", operation_id = "listStatuses", tag = "Tag::Status")]
    async fn list(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<StatusList>> {
        let statuses = self.0.statuses(session.0.id()?, None).await?;
        Ok(Shown(StatusList { statuses: statuses.into_iter().map(Into::into).collect() }))
    }

    /// List what one person posted within the last day
    ///
    /// Newest first; one's own number lists one's own.
    #[oai(
        path = "/sessions/:sessionId/status/:id",
        method = "get",
        operation_id = "listContactStatuses",
        tag = "Tag::Status"
    )]
    async fn of_contact(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The person: `<number>@c.us` or `<id>@lid`.
        id: Path<String>,
    ) -> Answer<Shown<StatusList>> {
        let (session, person) = (session.0.id()?, chat_of(&id.0)?);
        let statuses = self.0.statuses(session, Some(&person)).await?;
        Ok(Shown(StatusList { statuses: statuses.into_iter().map(Into::into).collect() }))
    }

    /// Download the file of a status
    #[oai(
        path = "/sessions/:sessionId/status/:id/media",
        method = "get",
        operation_id = "downloadStatusMedia",
        tag = "Tag::Status"
    )]
    async fn media(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The id of the status.
        id: Path<String>,
    ) -> Answer<FileAnswer> {
        let (media, path) = self.0.status_media(session.0.id()?, &status_id(&id.0)?).await?;
        FileAnswer::open(path, media.mimetype, media.filename).await
    }

    /// Post a text as status
    #[oai(
        path = "/sessions/:sessionId/status/send-text",
        method = "post",
        operation_id = "sendStatusText",
        tag = "Tag::Status"
    )]
    async fn send_text(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendStatusText>,
    ) -> Answer<AcceptedAs<StatusResult>> {
        let key = once.with(&body);
        let SendStatusText { text, recipients, background_color, font } = body.value;
        if font.is_some_and(|it| !FONTS.contains(&it)) {
            return Err(ApiError::invalid("font must be one of the following values: 0, 1, 2, 6, 7, 8, 9, 10"));
        }
        let (session, recipients) = (session.0.id()?, recipients_of(recipients)?);
        let post = StatusPost { recipients, background: colour_of(background_color.as_deref())?, font };
        self.post(session, SendContent::Text { body: text, preview: PreviewWish::Nothing }, post, key).await
    }

    /// Post a picture as status
    #[oai(
        path = "/sessions/:sessionId/status/send-image",
        method = "post",
        operation_id = "sendStatusImage",
        tag = "Tag::Status"
    )]
    async fn send_image(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendStatusImage>,
    ) -> Answer<AcceptedAs<StatusResult>> {
        let key = once.with(&body);
        let SendStatusImage { image, recipients, caption } = body.value;
        let (session, recipients) = (session.0.id()?, recipients_of(recipients)?);
        let post = StatusPost { recipients, ..StatusPost::default() };
        self.post(session, image.content(MessageKind::Image, None, caption)?, post, key).await
    }

    /// Post a video as status
    #[oai(
        path = "/sessions/:sessionId/status/send-video",
        method = "post",
        operation_id = "sendStatusVideo",
        tag = "Tag::Status"
    )]
    async fn send_video(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendStatusVideo>,
    ) -> Answer<AcceptedAs<StatusResult>> {
        let key = once.with(&body);
        let SendStatusVideo { video, recipients, caption } = body.value;
        let (session, recipients) = (session.0.id()?, recipients_of(recipients)?);
        let post = StatusPost { recipients, ..StatusPost::default() };
        self.post(session, video.content(MessageKind::Video, None, caption)?, post, key).await
    }

    /// Post a voice as status
    #[oai(
        path = "/sessions/:sessionId/status/send-voice",
        method = "post",
        operation_id = "sendStatusVoice",
        tag = "Tag::Status"
    )]
    async fn send_voice(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// Makes the request take effect once within 24 hours.
        #[oai(name = "Idempotency-Key")]
        once: Once,
        body: Body<SendStatusVoice>,
    ) -> Answer<AcceptedAs<StatusResult>> {
        let key = once.with(&body);
        let SendStatusVoice { audio, recipients, background_color } = body.value;
        let (session, recipients) = (session.0.id()?, recipients_of(recipients)?);
        let background = colour_of(background_color.as_deref())?;
        let post = StatusPost { recipients, background, font: None };
        self.post(session, audio.content(MessageKind::Voice, Some(VOICE_NOTE), None)?, post, key).await
    }

    /// Delete an own status
    ///
    /// One that was posted from here; it vanishes from the phones of those it was shown to.
    #[oai(
        path = "/sessions/:sessionId/status/:id",
        method = "delete",
        operation_id = "deleteStatus",
        tag = "Tag::Status"
    )]
    async fn delete(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The id of the status.
        id: Path<String>,
    ) -> Answer<Shown<StatusDeleted>> {
        self.0.delete_status(session.0.id()?, &status_id(&id.0)?).await?;
        Ok(Shown(StatusDeleted { message: "Status deleted successfully".to_owned() }))
    }
}
