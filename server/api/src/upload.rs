//! Bodies that carry a file: as JSON with base64 or an address, or as `multipart/form-data` with the file streamed.
//!
//! Of a form no more is held than its fields and one piece of the file; the file goes to the disk as it comes.

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
use openwa_core::{Gateway, media_source::Received};
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
    input::{Body, IDEMPOTENCY_KEY, door_of, fingerprint, has_nul},
};

/// The media type of forms with files.
pub(crate) const FORM: &str = "multipart/form-data";
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

/// A body that is JSON, or the same fields as a form together with the file.
pub(crate) struct WithFile<T> {
    /// The fields.
    pub(crate) body: Body<T>,
    /// The file, where the body was a form.
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
        Some(MetaRequest { description: None, content: vec![json, form], required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !is_form(request) {
            return Ok(Self { body: Body::from_request(request, body, options).await?, file: None });
        }
        Ok(Self::read(request, body).await?)
    }
}

impl<T: ParseFromJSON> WithFile<T> {
    async fn read(request: &Request, body: &mut RequestBody) -> Result<Self, ApiError> {
        let door = door_of(request)?;
        let room = door.room(WINDOW.min(door.body_limit))?;
        let schema = fields_of::<T>();
        let Form { fields, file, digest } = Form::read(request, body, &schema).await?;
        let value = Value::Object(fields);
        if has_nul(&value) {
            return Err(ApiError::invalid("NUL characters are not allowed"));
        }
        let mut faults = door.rules.body(&MetaSchemaRef::Inline(Box::new(schema)), &value);
        if file.is_none() {
            faults.push(format!("{FILE} is missing: the form needs a part of this name that holds the file"));
        }
        door.refuse(&faults)?;
        let fingerprint = digest.map(|digest| {
            let fields = serde_json::to_vec(&value).unwrap_or_default();
            fingerprint(request, &[&fields[..], &digest.finalize()[..]].concat())
        });
        let value = T::parse_from_json(Some(value)).map_err(|error| ApiError::invalid(error.into_message()))?;
        Ok(Self { body: Body::new(value, fingerprint, room), file })
    }
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
    let said = content_type(request).and_then(|it| it.split(';').next());
    said.is_some_and(|it| it.trim().eq_ignore_ascii_case(FORM))
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
    async fn read(request: &Request, body: &mut RequestBody, schema: &MetaSchema) -> Result<Self, ApiError> {
        let gateway = gateway_of(request)?;
        let digest = request.headers().contains_key(IDEMPOTENCY_KEY).then(Sha256::new);
        let mut form = Self { digest, ..Self::default() };
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
        Err(_) => {
            let sentence = format!("nothing more of the body came for {} seconds", PATIENCE.as_secs());
            Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", sentence))
        }
    }
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
