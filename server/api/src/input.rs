//! Bodies of requests: how large, how many at once, and whether they read as what was declared.

use std::sync::Arc;

use openwa_core::GatewayError;
use openwa_model::{id::SessionId, jid::Jid};
use poem::{
    Request, RequestBody,
    http::{Method, StatusCode, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaMediaType, MetaRequest, Registry},
    types::ParseFromJSON,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::{
    io::AsyncReadExt as _,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::{error::ApiError, once, operations::Matched, rules::Rules, upload::is_raw};

/// What of all bodies together may be in memory: this many of the largest.
const BODIES_AT_ONCE: usize = 4;
/// The budget is counted in pieces of this many bytes.
const PIECE: usize = 1024;

/// How much longer than its file a form may be.
const BESIDE_THE_FILE: usize = 2 * 1024 * 1024;

/// A share of what all bodies together may take up.
pub(crate) type Room = OwnedSemaphorePermit;

/// What every request passes: limits, and the rules its input is checked against.
pub(crate) struct Door {
    pub(crate) body_limit: usize,
    /// The largest file, in bytes.
    file_limit: u64,
    pub(crate) rules: Rules,
    /// Whether callers are told what is wrong with their input.
    tells: bool,
    budget: Arc<Semaphore>,
}

impl Door {
    pub(crate) fn new(body_limit: usize, file_limit: u64, rules: Rules, tells: bool) -> Self {
        let pieces = body_limit.div_ceil(PIECE) * BODIES_AT_ONCE;
        Self {
            body_limit,
            file_limit,
            rules,
            tells,
            budget: Arc::new(Semaphore::new(pieces.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Whether a body that announces this length is too large for what it is. A form needs some room beside its file.
    pub(crate) fn check_length(&self, announced: usize, is_streamed: bool) -> Result<(), ApiError> {
        let form_limit = usize::try_from(self.file_limit).unwrap_or(usize::MAX).saturating_add(BESIDE_THE_FILE);
        if is_streamed && announced > form_limit {
            return Err(GatewayError::MediaTooLarge { max: self.file_limit }.into());
        }
        if !is_streamed && announced > self.body_limit {
            return Err(ApiError::body_too_large(self.body_limit));
        }
        Ok(())
    }

    /// Reads a body. What it takes up is taken from the budget: at once where the length is announced, else as it grows.
    async fn read(&self, request: &Request, body: &mut RequestBody) -> Result<(Vec<u8>, Room), ApiError> {
        let announced = declared_length(request).unwrap_or_default().min(self.body_limit);
        let mut room = self.room(announced)?;
        let unreadable =
            |error: &dyn std::fmt::Display| ApiError::invalid(format!("the body could not be read: {error}"));
        let mut reader = body.take().map_err(|error| unreadable(&error))?.into_async_read();
        let mut bytes = Vec::with_capacity(announced.max(PIECE));
        while reader.read_buf(&mut bytes).await.map_err(|error| unreadable(&error))? > 0 {
            if bytes.len() > self.body_limit {
                return Err(ApiError::body_too_large(self.body_limit));
            }
            self.cover(&mut room, bytes.len())?;
        }
        Ok((bytes, room))
    }

    /// Takes more of the budget when a share does not cover so many bytes.
    pub(crate) fn cover(&self, room: &mut Room, bytes: usize) -> Result<(), ApiError> {
        let covered = room.num_permits() * PIECE;
        if bytes > covered {
            room.merge(self.room(bytes - covered)?);
        }
        Ok(())
    }

    /// A share of the budget for this many bytes.
    pub(crate) fn room(&self, bytes: usize) -> Result<Room, ApiError> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX);
        let room = self.budget.clone().try_acquire_many_owned(pieces);
        room.map_err(|_| ApiError::busy("Too many large requests at once; try again"))
    }

    /// Whether the query is what the operation declares.
    pub(crate) fn check_query(&self, request: &Request) -> Result<(), ApiError> {
        let Some(Matched(operation)) = request.data::<Matched>() else { return Ok(()) };
        if operation.takes_file && is_raw(request) {
            // These are the fields of the body, and checked as such.
            return Ok(());
        }
        let given: Vec<(String, String)> =
            request.params().map_err(|_| ApiError::invalid("the query could not be read"))?;
        let mut faults = Vec::new();
        for (name, text) in &given {
            match operation.query.iter().find(|(known, ..)| known == name) {
                Some((_, schema, _)) => faults.extend(self.rules.parameter(name, schema, text)),
                None => faults.push(format!("property {} should not exist", name.chars().take(64).collect::<String>())),
            }
            if faults.len() > 20 {
                break;
            }
        }
        for (name, ..) in operation
            .query
            .iter()
            .filter(|(name, _, required)| *required && !given.iter().any(|(given, _)| given == name))
        {
            faults.push(format!("{name} should not be empty"));
        }
        self.refuse(&faults)
    }

    /// Refuses input that has faults.
    pub(crate) fn refuse(&self, faults: &[String]) -> Result<(), ApiError> {
        match faults {
            [] => Ok(()),
            _ if self.tells => Err(ApiError::invalid(faults.join("; "))),
            _ => Err(ApiError::invalid_without_detail()),
        }
    }
}

/// The length that the request announces.
pub(crate) fn declared_length(request: &Request) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A JSON body, checked against its schema. An absent body is an empty object.
pub(crate) struct Body<T> {
    pub(crate) value: T,
    /// SHA-256 of operation and body in hexadecimal, where the request carries an `Idempotency-Key`.
    pub(crate) fingerprint: Option<String>,
    // What the value takes up counts until the handler is done with it.
    _room: Room,
}

impl<T> Body<T> {
    pub(crate) fn new(value: T, fingerprint: Option<String>, room: Room) -> Self {
        Self { value, fingerprint, _room: room }
    }
}

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for Body<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let door = door_of(request)?;
        let (bytes, room) = door.read(request, body).await?;
        check_media_type(request, &bytes)?;
        let fingerprint = request.headers().contains_key(IDEMPOTENCY_KEY).then(|| {
            let mut fingerprint = Fingerprint::begin(request);
            fingerprint.update(&bytes);
            fingerprint.finish()
        });
        let value = read_value(&bytes)?;
        drop(bytes);
        let faults = door.rules.body(&T::schema_ref(), &value);
        door.refuse(&faults)?;
        let value = T::parse_from_json(Some(value)).map_err(|error| ApiError::invalid(error.into_message()))?;
        once::claim(request, fingerprint.as_deref()).await?;
        Ok(Self::new(value, fingerprint, room))
    }
}

/// A body may not say what it is; where it does, it is JSON.
pub(crate) fn check_media_type(request: &Request, body: &[u8]) -> Result<(), ApiError> {
    let Some(said) = request.headers().get(header::CONTENT_TYPE).filter(|_| !body.is_empty()) else { return Ok(()) };
    let bare = said.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if is_json(&bare) {
        return Ok(());
    }
    let bare: String = bare.chars().take(64).collect();
    let sentence = format!("'{bare}' is not taken here; send JSON, with the header Content-Type: application/json");
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "MEDIA_TYPE_NOT_TAKEN", sentence))
}

/// Whether this media type, in lower case and without parameters, is JSON.
pub(crate) fn is_json(bare: &str) -> bool {
    bare == "application/json" || bare.starts_with("application/") && bare.ends_with("+json")
}

/// The header that makes a request take effect once.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The door of this app.
pub(crate) fn door_of(request: &Request) -> Result<&Arc<Door>, ApiError> {
    request.data::<Arc<Door>>().ok_or_else(|| ApiError::internal(std::io::Error::other("the app has no door")))
}

/// What tells this request from another one: SHA-256 of operation and body.
pub(crate) struct Fingerprint(Sha256);

impl Fingerprint {
    pub(crate) fn begin(request: &Request) -> Self {
        let mut digest = Sha256::new();
        // Left out where it is the usual one, as it was before there were others: keys outlive an update.
        if request.method() != Method::POST {
            digest.update(request.method().as_str());
        }
        Self(digest.chain_update(request.uri().path()).chain_update([0]))
    }

    pub(crate) fn update(&mut self, body: &[u8]) {
        self.0.update(body);
    }

    pub(crate) fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// The body as JSON; nothing is an empty object.
pub(crate) fn read_value(bytes: &[u8]) -> Result<Value, ApiError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    // Also bounds the depth: deeper than 128 levels does not parse.
    let value: Value = serde_json::from_slice(bytes)
        .map_err(|error| ApiError::invalid(format!("the body is not valid JSON: {error}")))?;
    if has_nul(&value) {
        return Err(ApiError::invalid("NUL characters are not allowed"));
    }
    Ok(value)
}

pub(crate) fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The session that a path names, where it reads as one.
pub(crate) fn session_in_path(request: &Request) -> Option<SessionId> {
    let Matched(operation) = request.data::<Matched>()?;
    operation.in_session.then(|| request.raw_path_param("param0"))??.parse().ok()
}

/// The chat that a path names, where it reads as one.
pub(crate) fn chat_in_path(request: &Request) -> Option<Jid> {
    let Matched(operation) = request.data::<Matched>()?;
    request.raw_path_param(&format!("param{}", operation.chat?))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_or_refused_for_a_reason() {
        for (body, good) in [
            ("", true),
            (" \n", true),
            ("{}", true),
            ("{\"a\": \"\\\\u0000\"}", true),
            ("{", false),
            ("{\"a\": \"\\u0000\"}", false),
            ("{\"a\": [{\"b\": \"x\\u0000\"}]}", false),
            ("{\"a\\u0000\": 1}", false),
        ] {
            assert_eq!(read_value(body.as_bytes()).is_ok(), good, "{body}");
        }
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(read_value(deep.as_bytes()).is_err());
    }
}
