//! Bodies that carry a file: as JSON with base64 or an address, as `multipart/form-data` with the file streamed, or as
//! the file itself with the fields in the query.
//!
//! No more is held than the fields and one piece of the file; the file goes to the disk as it comes. That holds for
//! base64 in JSON too: its text is taken out of the object as the object comes (`scanner`).

mod scanner;

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use multer::{Field, Multipart};
use openwa_core::{
    Gateway, GatewayError,
    media_source::{IncomingText, Received},
};
use poem::{
    Request, RequestBody,
    http::{StatusCode, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::{ParseFromJSON, Type},
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::{
    auth::gateway_of,
    error::ApiError,
    input::{Body, Door, Fingerprint, IDEMPOTENCY_KEY, Room, check_media_type, door_of, has_nul, is_json, read_value},
    once,
    upload::scanner::Scanner,
};

/// The media type of forms with files.
pub(crate) const FORM: &str = "multipart/form-data";
/// The media type under which the document tells of a body that is the file itself. The request says which it is.
const RAW: &str = "application/octet-stream";
/// What `curl --data-binary` says of any file.
const URL_ENCODED: &str = "application/x-www-form-urlencoded";
/// The part that is the file.
const FILE: &str = "file";
/// How the JSON body names a file; a form has the file itself instead.
const INSTEAD: [&str; 2] = ["url", "base64"];
/// How much of a form may be held that was not handed on; the head of a part has to fit in.
pub(crate) const WINDOW: usize = 1024 * 1024;
/// The longest text of a part.
const LONGEST_TEXT: usize = 64 * 1024;
/// How long all texts of a form may be together.
const ALL_TEXT: usize = 1024 * 1024;
/// More parts than any form needs: each mention may be one.
const MOST_PARTS: usize = 300;
/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A body that is JSON, or the same fields as a form together with the file, or the file with the fields in the query.
pub(crate) struct WithFile<T> {
    /// The fields.
    pub(crate) body: Body<T>,
    /// The file, where the body held it.
    pub(crate) file: Option<Received>,
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for WithFile<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let file = MetaSchema {
            format: Some("binary"),
            description: Some(
                "The file itself, streamed. Its own `Content-Type` and file name count where `mimetype` and `filename` \
                 are not given.",
            ),
            ..MetaSchema::new("string")
        };
        let mut form = fields_of::<T>();
        form.description = Some("The same fields as a form, with the file itself.");
        form.properties.push((FILE, MetaSchemaRef::Inline(Box::new(file))));
        form.required.push(FILE);
        let form = MetaMediaType { content_type: FORM, schema: MetaSchemaRef::Inline(Box::new(form)) };
        let json = MetaMediaType { content_type: "application/json", schema: T::schema_ref() };
        let raw = MetaSchema {
            format: Some("binary"),
            description: Some(
                "The file itself, streamed, under its own `Content-Type`. The fields of the form stand in the query: \
                 `?chatId=15550000002@c.us&caption=Hello`.",
            ),
            ..MetaSchema::new("string")
        };
        let raw = MetaMediaType { content_type: RAW, schema: MetaSchemaRef::Inline(Box::new(raw)) };
        Some(MetaRequest { description: None, content: vec![json, form, raw], required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let read = if is_form(request) {
            Self::read(request, body).await?
        } else if is_raw(request) {
            Self::read_raw(request, body).await?
        } else {
            Self::read_json(request, body).await?
        };
        once::claim(request, read.body.fingerprint.as_deref()).await?;
        Ok(read)
    }
}

impl<T: ParseFromJSON> WithFile<T> {
    async fn read(request: &Request, body: &mut RequestBody) -> Result<Self, ApiError> {
        let door = door_of(request)?;
        let room = door.room(WINDOW.min(door.body_limit))?;
        let schema = fields_of::<T>();
        let form = Form::read(request, body, &schema).await?;
        let mut faults = form.faults(door, schema)?;
        if form.file.is_none() {
            faults.push(format!("{FILE} is missing: the form needs a part of this name that holds the file"));
        }
        door.refuse(&faults)?;
        Self::of(form, request, room)
    }

    /// The fields are looked at before any of the file is read.
    async fn read_raw(request: &Request, body: &mut RequestBody) -> Result<Self, ApiError> {
        let door = door_of(request)?;
        let room = door.room(WINDOW.min(door.body_limit))?;
        let schema = fields_of::<T>();
        let mut form = Form::new(request);
        let given: Vec<(String, String)> =
            request.params().map_err(|_| ApiError::invalid("the query could not be read"))?;
        for (name, text) in given.into_iter().take(MOST_PARTS) {
            form.take_text(name, text, &schema)?;
        }
        let faults = form.faults(door, schema)?;
        door.refuse(&faults)?;
        form.take_body(request, body).await?;
        Self::of(form, request, room)
    }

    /// JSON, whose `base64` is decoded as it comes. What is wrong with that is told after what is wrong with the fields.
    async fn read_json(request: &Request, body: &mut RequestBody) -> Result<Self, ApiError> {
        let door = door_of(request)?;
        let mut room = door.room(0)?;
        let mut fingerprint = request.headers().contains_key(IDEMPOTENCY_KEY).then(|| Fingerprint::begin(request));
        let (mut scanner, mut text, mut length) = (Scanner::default(), Vec::new(), 0);
        let mut file = None;
        let mut pieces = body.take().map_err(|error| not_read(&error))?.into_bytes_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| not_read(&error))?;
            length += piece.len();
            if length > door.body_limit {
                return Err(ApiError::body_too_large(door.body_limit));
            }
            if let Some(fingerprint) = &mut fingerprint {
                fingerprint.update(&piece);
            }
            scanner.scan(&piece, &mut text);
            if !text.is_empty() {
                file = Some(match file.take() {
                    None => more(gateway_of(request)?.receive_text().await, &text).await,
                    Some(begun) => more(begun, &text).await,
                });
                text.clear();
            }
            door.cover(&mut room, scanner.held())?;
        }
        let (rest, times) = scanner.into_rest();
        check_media_type(request, &rest)?;
        let value = read_value(&rest)?;
        drop(rest);
        let mut faults = door.rules.body(&T::schema_ref(), &value);
        if times > 1 {
            faults.push("base64 must be given once".to_owned());
        }
        door.refuse(&faults)?;
        let value = T::parse_from_json(Some(value)).map_err(|error| ApiError::invalid(error.into_message()))?;
        let file = match file {
            None => None,
            Some(text) => Some(text?.finish().await?),
        };
        Ok(Self { body: Body::new(value, fingerprint.map(Fingerprint::finish), room), file })
    }

    fn of(Form { fields, file, digest }: Form, request: &Request, room: Room) -> Result<Self, ApiError> {
        let value = Value::Object(fields);
        let fingerprint = digest.map(|digest| {
            let mut fingerprint = Fingerprint::begin(request);
            fingerprint.update(&serde_json::to_vec(&value).unwrap_or_default());
            fingerprint.update(&digest.finalize());
            fingerprint.finish()
        });
        let value = T::parse_from_json(Some(value)).map_err(|error| ApiError::invalid(error.into_message()))?;
        Ok(Self { body: Body::new(value, fingerprint, room), file })
    }
}

/// Goes on with a file unless something is wrong with it already: then the rest is only read away.
async fn more(begun: Result<IncomingText, GatewayError>, text: &[u8]) -> Result<IncomingText, GatewayError> {
    let mut incoming = begun?;
    incoming.write(text).await?;
    Ok(incoming)
}

fn not_read(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::invalid(format!("the body could not be read: {error}"))
}

/// What the fields of a form are checked against.
fn fields_of<T: Type>() -> MetaSchema {
    let mut registry = Registry::new();
    T::register(&mut registry);
    let mut schema = registry.schemas.remove(T::name().as_ref()).unwrap_or(MetaSchema::ANY);
    schema.properties.retain(|(name, _)| !INSTEAD.contains(name));
    schema.example = None;
    schema
}

/// Whether the body says that it is a form.
pub(crate) fn is_form(request: &Request) -> bool {
    bare_type(request) == FORM
}

/// Whether the body is a file by itself: what is to be done with it stands in the query, or it is what only files are.
pub(crate) fn is_raw(request: &Request) -> bool {
    let bare = bare_type(request);
    let has_query = request.uri().query().is_some_and(|it| !it.is_empty());
    let is_media = ["image/", "audio/", "video/"].iter().any(|it| bare.starts_with(it));
    (has_query || is_media) && !bare.is_empty() && bare != FORM && !is_json(&bare)
}

/// What the body says it is, without parameters; "" where it does not say.
fn bare_type(request: &Request) -> String {
    let said = content_type(request).and_then(|it| it.split(';').next());
    said.unwrap_or_default().trim().to_ascii_lowercase()
}

fn content_type(request: &Request) -> Option<&str> {
    request.headers().get(header::CONTENT_TYPE)?.to_str().ok()
}

/// A form that was read.
#[derive(Default)]
struct Form {
    fields: Map<String, Value>,
    file: Option<Received>,
    /// What the file hashes to, where that will be asked for.
    digest: Option<Sha256>,
}

impl Form {
    fn new(request: &Request) -> Self {
        let digest = request.headers().contains_key(IDEMPOTENCY_KEY).then(Sha256::new);
        Self { digest, ..Self::default() }
    }

    /// What is wrong with the fields.
    fn faults(&self, door: &Door, schema: MetaSchema) -> Result<Vec<String>, ApiError> {
        let value = Value::Object(self.fields.clone());
        if has_nul(&value) {
            return Err(ApiError::invalid("NUL characters are not allowed"));
        }
        Ok(door.rules.body(&MetaSchemaRef::Inline(Box::new(schema)), &value))
    }

    async fn read(request: &Request, body: &mut RequestBody, schema: &MetaSchema) -> Result<Self, ApiError> {
        let gateway = gateway_of(request)?;
        let mut form = Self::new(request);
        let mut parts = Parts::new(request, body)?;
        let mut text_left = ALL_TEXT;
        for _ in 0..MOST_PARTS {
            let Some(part) = parts.next().await? else { return Ok(form) };
            match part.name().map(str::to_owned) {
                None => return Err(ApiError::invalid("each part of the form needs a name")),
                Some(name) if name == FILE => form.take_file(gateway, &parts, part).await?,
                Some(name) => {
                    let text = parts.text(&name, part).await?;
                    let too_long = || ApiError::invalid(format!("the fields are longer than {ALL_TEXT} bytes"));
                    text_left = text_left.checked_sub(text.len()).ok_or_else(too_long)?;
                    form.take_text(name, text, schema)?;
                }
            }
        }
        Err(ApiError::invalid(format!("the form has more than {MOST_PARTS} parts")))
    }

    async fn take_file(&mut self, gateway: &Gateway, parts: &Parts, mut part: Field<'static>) -> Result<(), ApiError> {
        if self.file.is_some() {
            return Err(given_once(FILE));
        }
        let mut incoming = gateway.receive_file().await?;
        while let Some(piece) = parts.piece(&mut part).await? {
            if let Some(digest) = &mut self.digest {
                digest.update(&piece);
            }
            incoming.write(&piece).await?;
        }
        let mimetype = part.content_type().map(ToString::to_string);
        self.file = Some(incoming.finish(mimetype, part.file_name()).await?);
        Ok(())
    }

    /// The whole body is the file.
    async fn take_body(&mut self, request: &Request, body: &mut RequestBody) -> Result<(), ApiError> {
        let mut pieces = body.take().map_err(|error| not_read(&error))?.into_bytes_stream();
        let mut incoming = gateway_of(request)?.receive_file().await?;
        loop {
            let next = tokio::time::timeout(PATIENCE, pieces.next()).await.map_err(|_| nothing_came())?;
            let Some(piece) = next else { break };
            let piece = piece.map_err(|error| not_read(&error))?;
            if let Some(digest) = &mut self.digest {
                digest.update(&piece);
            }
            incoming.write(&piece).await?;
        }
        let mimetype = content_type(request).filter(|_| bare_type(request) != URL_ENCODED).map(str::to_owned);
        self.file = Some(incoming.finish(mimetype, None).await?);
        Ok(())
    }

    /// A text is read as what the field is; what does not read stays a text, for the rules to refuse.
    fn take_text(&mut self, name: String, text: String, schema: &MetaSchema) -> Result<(), ApiError> {
        let declared = schema.properties.iter().find(|(known, _)| *known == name).map(|(_, it)| it);
        let kind = match declared {
            Some(MetaSchemaRef::Inline(schema)) => schema.ty,
            Some(MetaSchemaRef::Reference(_)) | None => "",
        };
        if kind == "array" {
            let list = text.trim_start().starts_with('[').then(|| serde_json::from_str(&text).ok()).flatten();
            let more = list.unwrap_or_else(|| vec![Value::String(text)]);
            let all = self.fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(all) = all {
                all.extend(more);
            }
            return Ok(());
        }
        if self.fields.contains_key(&name) {
            return Err(given_once(&name));
        }
        let value = match (kind, text.as_str()) {
            ("boolean", "true") => Value::Bool(true),
            ("boolean", "false") => Value::Bool(false),
            _ => Value::String(text),
        };
        self.fields.insert(name, value);
        Ok(())
    }
}

fn given_once(name: &str) -> ApiError {
    ApiError::invalid(format!("{} must be given once", name.chars().take(64).collect::<String>()))
}

/// The parts of a form, one after the other.
struct Parts {
    reader: Multipart<'static>,
    held: Arc<AtomicUsize>,
}

impl Parts {
    fn new(request: &Request, body: &mut RequestBody) -> Result<Self, ApiError> {
        let boundary = content_type(request).map(multer::parse_boundary);
        let boundary = boundary.and_then(Result::ok).ok_or_else(|| ApiError::invalid("the form has no boundary"))?;
        let body = body.take().map_err(|error| unreadable(&error))?;
        let held = Arc::new(AtomicUsize::new(0));
        let window = Window { body: body.into_bytes_stream().boxed(), held: held.clone(), rests: false };
        Ok(Self { reader: Multipart::new(window, boundary), held })
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>, ApiError> {
        let part = in_time(self.reader.next_field()).await?;
        self.held.store(0, Ordering::Relaxed);
        Ok(part)
    }

    /// What comes next of a part.
    async fn piece(&self, part: &mut Field<'static>) -> Result<Option<Bytes>, ApiError> {
        let piece = in_time(part.chunk()).await?;
        self.held.store(0, Ordering::Relaxed);
        Ok(piece)
    }

    async fn text(&self, name: &str, mut part: Field<'static>) -> Result<String, ApiError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.piece(&mut part).await? {
            if bytes.len() + piece.len() > LONGEST_TEXT {
                return Err(ApiError::invalid(format!("{name} must be no longer than {LONGEST_TEXT} bytes")));
            }
            bytes.extend_from_slice(&piece);
        }
        String::from_utf8(bytes).map_err(|_| ApiError::invalid(format!("{name} must be UTF-8")))
    }
}

async fn in_time<T>(reading: impl Future<Output = multer::Result<T>>) -> Result<T, ApiError> {
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(read) => read.map_err(|error| match error {
            multer::Error::StreamReadFailed(cause) => unreadable(&cause),
            error => unreadable(&error),
        }),
        Err(_) => Err(nothing_came()),
    }
}

fn nothing_came() -> ApiError {
    let sentence = format!("nothing more of the body came for {} seconds", PATIENCE.as_secs());
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", sentence)
}

fn unreadable(error: &dyn std::fmt::Display) -> ApiError {
    ApiError::invalid(format!("the form could not be read: {error}"))
}

/// A body that the reader of the form cannot run ahead of: it takes whatever is ready, without an end. So after each
/// piece there is a rest, and when much was taken and nothing came of it, the body is refused.
struct Window<S> {
    body: S,
    held: Arc<AtomicUsize>,
    rests: bool,
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> Stream for Window<S> {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = std::task::ready!(self.body.poll_next_unpin(context));
        if let Some(Ok(piece)) = &next {
            self.rests = true;
            let held = self.held.fetch_add(piece.len(), Ordering::Relaxed) + piece.len();
            if held > WINDOW {
                return Poll::Ready(Some(Err(io::Error::other("the head of a part is too long"))));
            }
        }
        Poll::Ready(next)
    }
}
