//! Shapes of answers that the framework does not have.

use openwa_core::gateway::{IdempotencyKey, SendOutcome};
use poem::{
    IntoResponse, Request, RequestBody, Response,
    http::{HeaderValue, StatusCode},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ApiResponse, ExtractParamOptions, Object,
    registry::{
        MetaHeader, MetaMediaType, MetaParamIn, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
    },
    types::Type,
};
use serde::Serialize;

use crate::{
    error::ApiError,
    input::{Body, IDEMPOTENCY_KEY},
};

/// What a handler answers.
pub(crate) type Answer<T> = Result<T, ApiError>;

fn json_of(schema: MetaSchemaRef) -> Vec<MetaMediaType> {
    vec![MetaMediaType { content_type: "application/json", schema }]
}

fn one(status: u16, description: &'static str, content: Vec<MetaMediaType>, headers: Vec<MetaHeader>) -> MetaResponses {
    let response = MetaResponse { description, status: Some(status), status_range: None, content, headers };
    MetaResponses { responses: vec![response] }
}

/// Made: 201.
pub(crate) struct Created<T>(pub(crate) T);

impl<T: Serialize + Type> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        written(StatusCode::CREATED, &self.0)
    }
}

impl<T: Serialize + Type> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        one(201, "It was made.", json_of(T::schema_ref()), vec![])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// Gone: 204 without a body.
pub(crate) struct NoContent;

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for NoContent {
    fn meta() -> MetaResponses {
        one(204, "It is gone.", vec![], vec![])
    }

    fn register(_registry: &mut Registry) {}
}

/// Written straight to bytes; the framework's own way leads through a tree of values, which long lists feel.
fn written(status: StatusCode, answer: &impl Serialize) -> Response {
    match serde_json::to_vec(answer) {
        Ok(bytes) => Response::builder().status(status).content_type("application/json; charset=utf-8").body(bytes),
        Err(error) => ApiError::internal(error).into_response(),
    }
}

/// What was asked for: 200.
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Serialize + Type> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        written(StatusCode::OK, &self.0)
    }
}

impl<T: Serialize + Type> ApiResponse for Shown<T> {
    fn meta() -> MetaResponses {
        one(200, "", json_of(T::schema_ref()), vec![])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// Taken in, to be done by and by: 202.
pub(crate) struct Taken<T>(pub(crate) T);

impl<T: Serialize + Type> IntoResponse for Taken<T> {
    fn into_response(self) -> Response {
        written(StatusCode::ACCEPTED, &self.0)
    }
}

impl<T: Serialize + Type> ApiResponse for Taken<T> {
    fn meta() -> MetaResponses {
        one(202, "It was taken in and will be done.", json_of(T::schema_ref()), vec![])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// A message that was accepted.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct SentMessage {
    /// WhatsApp's id of the message.
    pub(crate) message_id: String,
    /// When it was accepted, in seconds.
    pub(crate) timestamp: i64,
}

impl From<&SendOutcome> for SentMessage {
    fn from(outcome: &SendOutcome) -> Self {
        Self { message_id: outcome.id.to_string(), timestamp: outcome.timestamp.as_second() }
    }
}

/// Accepted: 201, and whether this is the answer to an earlier request.
pub(crate) struct Accepted(pub(crate) SendOutcome);

/// The header that tells of the answer to an earlier request.
pub(crate) const REPLAYED: &str = "Idempotent-Replayed";
/// What it says.
pub(crate) const ABOUT_REPLAYED: &str = "`true` when this is the answer to an earlier request with the same key.";

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let body = SentMessage::from(&self.0);
        AcceptedAs { replayed: self.0.replayed, body }.into_response()
    }
}

impl ApiResponse for Accepted {
    fn meta() -> MetaResponses {
        AcceptedAs::<SentMessage>::meta()
    }

    fn register(registry: &mut Registry) {
        SentMessage::register(registry);
    }
}

/// The same with a body of its own.
pub(crate) struct AcceptedAs<T> {
    pub(crate) replayed: bool,
    pub(crate) body: T,
}

impl<T: Serialize + Type> IntoResponse for AcceptedAs<T> {
    fn into_response(self) -> Response {
        let mut response = Created(self.body).into_response();
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

impl<T: Serialize + Type> ApiResponse for AcceptedAs<T> {
    fn meta() -> MetaResponses {
        let replayed = MetaHeader {
            name: REPLAYED.to_owned(),
            description: Some(ABOUT_REPLAYED.to_owned()),
            required: false,
            deprecated: false,
            schema: String::schema_ref(),
        };
        one(201, "WhatsApp accepted the message.", json_of(T::schema_ref()), vec![replayed])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// The longest key, in characters.
pub(crate) const LONGEST_KEY: usize = 255;

/// The `Idempotency-Key` of a request that sends a message, where it has one. Other writes get theirs from `once`.
pub(crate) struct Once(Option<String>);

impl Once {
    /// The key together with what was asked under it.
    pub(crate) fn with<T>(self, body: &Body<T>) -> Option<IdempotencyKey> {
        Some(IdempotencyKey { key: self.0?, fingerprint: body.fingerprint.clone()? })
    }
}

impl<'a> ApiExtractor<'a> for Once {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::Parameter];
    type ParamType = String;
    type ParamRawType = String;

    fn param_in() -> Option<MetaParamIn> {
        Some(MetaParamIn::Header)
    }

    fn param_schema_ref() -> Option<MetaSchemaRef> {
        let schema = MetaSchema { min_length: Some(1), max_length: Some(LONGEST_KEY), ..MetaSchema::new("string") };
        Some(MetaSchemaRef::Inline(Box::new(schema)))
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<String>,
    ) -> poem::Result<Self> {
        Ok(Self(key_in(request)?))
    }
}

/// The `Idempotency-Key` that a request carries.
pub(crate) fn key_in(request: &Request) -> Result<Option<String>, ApiError> {
    let Some(key) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let good = (1..=LONGEST_KEY).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(key) if good => Ok(Some(key.to_owned())),
        _ => {
            let sentence = "Idempotency-Key must be 1 to 255 visible ASCII characters";
            Err(ApiError::new(StatusCode::BAD_REQUEST, "IDEMPOTENCY_KEY_INVALID", sentence))
        }
    }
}
