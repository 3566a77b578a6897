//! Converting files into what WhatsApp plays.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{Stream, stream};
use openwa_core::{
    Gateway,
    gateway::{Conversion, Converted},
    media_source::MediaSource,
};
use poem::{Body, IntoResponse, Response, http::header};
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::Path,
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::Type,
};
use serde::Serialize;
use tokio::{
    fs::File,
    io::{self, AsyncReadExt as _},
};

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Caller, NoChats, Operator, Viewer},
    error::ApiError,
    upload::WithFile,
    wire::SessionPath,
};

pub(crate) struct MediaConversions(pub(crate) Gateway);

/// Whether files can be converted.
#[derive(Object, Serialize)]
pub(crate) struct MediaConversion {
    /// Whether ffmpeg is there and may be used.
    available: bool,
}

/// A file to convert, by `url` or as `base64`.
#[derive(Object)]
pub(crate) struct ConvertMedia {
    /// Where to fetch the file from: `http` or `https`.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// The file itself.
    base64: Option<String>,
}

/// A file that was converted, in the words that sends take.
#[derive(Object)]
pub(crate) struct ConvertedMedia {
    /// The file.
    base64: String,
    /// Its MIME type.
    mimetype: String,
    /// How long it is once it is decoded.
    bytes: u64,
}

/// How much of a file is encoded at a time; three bytes make four characters.
const PIECE: usize = 48 * 1024;

/// The same, written as it is read: the file is never in memory whole.
pub(crate) struct ConvertedAnswer {
    head: String,
    length: u64,
    file: File,
    // Removes the file once it was sent.
    converted: Converted,
}

impl ConvertedAnswer {
    async fn open(converted: Converted) -> Answer<Self> {
        let file = File::open(converted.path()).await.map_err(ApiError::internal)?;
        let bytes = converted.size_bytes();
        let mimetype = serde_json::to_string(converted.mimetype()).map_err(ApiError::internal)?;
        let head = format!(r#"{{"mimetype":{mimetype},"bytes":{bytes},"base64":""#);
        let length = head.len() as u64 + bytes.div_ceil(3) * 4 + TAIL.len() as u64;
        Ok(Self { head, length, file, converted })
    }
}

const TAIL: &str = "\"}";

impl IntoResponse for ConvertedAnswer {
    fn into_response(self) -> Response {
        Response::builder()
            .content_type("application/json; charset=utf-8")
            .header(header::CONTENT_LENGTH, self.length)
            .body(Body::from_bytes_stream(pieces(self)))
    }
}

/// What is still to be written of an answer.
enum Left {
    All(ConvertedAnswer),
    File(File, Converted),
    Nothing,
}

fn pieces(answer: ConvertedAnswer) -> impl Stream<Item = io::Result<Vec<u8>>> {
    stream::try_unfold(Left::All(answer), |left| async move {
        match left {
            Left::All(ConvertedAnswer { head, file, converted, .. }) => {
                Ok(Some((head.into_bytes(), Left::File(file, converted))))
            }
            Left::File(mut file, converted) => {
                let mut piece = Vec::with_capacity(PIECE);
                (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
                let text = BASE64_STANDARD.encode(&piece);
                Ok(Some(match piece.len() {
                    PIECE => (text.into_bytes(), Left::File(file, converted)),
                    _ => ((text + TAIL).into_bytes(), Left::Nothing),
                }))
            }
            Left::Nothing => Ok(None),
        }
    })
}

impl ApiResponse for ConvertedAnswer {
    fn meta() -> MetaResponses {
        let content = vec![MetaMediaType { content_type: "application/json", schema: ConvertedMedia::schema_ref() }];
        let response =
            MetaResponse { description: "", status: Some(200), status_range: None, content, headers: vec![] };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        ConvertedMedia::register(registry);
    }
}

impl MediaConversions {
    async fn convert(
        &self,
        session: Path<SessionPath>,
        WithFile { body, file }: WithFile<ConvertMedia>,
        into: Conversion,
    ) -> Answer<ConvertedAnswer> {
        let source = match (file, body.value.url, body.value.base64) {
            (Some(file), None, _) => MediaSource::Received(file),
            (None, Some(url), None) => MediaSource::Url(url),
            (None, None, Some(data)) => MediaSource::Base64(data),
            _ => return Err(ApiError::invalid("Exactly one of url or base64 must be provided")),
        };
        ConvertedAnswer::open(self.0.convert(session.0.id()?, source, into).await?).await
    }
}

#[OpenApi]
impl MediaConversions {
    /// Say whether files can be converted
    ///
    /// They can where ffmpeg is installed beside the gateway and not switched off (`MEDIA_CONVERSION_ENABLED`).
    #[oai(
        path = "/sessions/:sessionId/media/convert",
        method = "get",
        operation_id = "getMediaConversion",
        tag = "Tag::Media"
    )]
    async fn available(
        &self,
        _caller: Caller<Viewer, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<MediaConversion>> {
        Ok(Shown(MediaConversion { available: self.0.can_convert(session.0.id()?).await? }))
    }

    /// Convert a sound into a voice note
    ///
    /// Ogg with Opus, mono, 48 kHz, of any sound or of the sound of a film. `send-audio` with `ptt` does this by itself.
    /// 503 where ffmpeg is not there.
    #[oai(
        path = "/sessions/:sessionId/media/convert/voice",
        method = "post",
        operation_id = "convertVoice",
        tag = "Tag::Media"
    )]
    async fn voice(
        &self,
        _caller: Caller<Operator, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: WithFile<ConvertMedia>,
    ) -> Answer<ConvertedAnswer> {
        self.convert(session, body, Conversion::Voice).await
    }

    /// Convert a film into one that every client plays
    ///
    /// MP4 with H.264 and AAC, no edge longer than 1280 pixels, playable before it is whole. 503 where ffmpeg is not
    /// there.
    #[oai(
        path = "/sessions/:sessionId/media/convert/video",
        method = "post",
        operation_id = "convertVideo",
        tag = "Tag::Media"
    )]
    async fn video(
        &self,
        _caller: Caller<Operator, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: WithFile<ConvertMedia>,
    ) -> Answer<ConvertedAnswer> {
        self.convert(session, body, Conversion::Video).await
    }
}
