//! The one table of errors: what went wrong inside becomes a status, a sentence and a code.
//!
//! Every failed request is answered with `{statusCode, message, error, code}`. What caused it is
//! logged once, at the edge, and never sent.

use std::{borrow::Cow, sync::Arc};

use openwa_core::GatewayError;
use openwa_model::store::StoreError;
use poem::{
    IntoResponse, Response,
    error::{MethodNotAllowedError, NotFoundError},
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use poem_openapi::{
    ApiResponse, Object,
    payload::{Json, Payload},
    registry::{MetaMediaType, MetaResponse, MetaResponses, Registry},
    types::{ToJSON, Type},
};

/// What every failed request answers.
#[derive(Object)]
#[oai(rename = "Failure", rename_all = "camelCase", skip_serializing_if_is_none)]
pub(crate) struct Failure {
    /// The HTTP status again.
    status_code: u16,
    /// What is wrong, for a person. Several faults of one request are separated by `; `.
    message: String,
    /// The name of the HTTP status; absent when the body was too large.
    error: Option<String>,
    /// A stable word to branch on.
    code: Option<String>,
    /// What could have been chosen instead, where one of a list was meant: the options of a poll.
    valid_options: Option<Vec<String>>,
}

/// The one error a handler returns.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
    valid_options: Option<Vec<String>>,
    cause: Option<Cause>,
}

/// What caused an error, for the log only.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) Arc<dyn std::error::Error + Send + Sync>);

/// What was said to the caller, for the audit log.
#[derive(Clone, Debug)]
pub(crate) struct Sentence(pub(crate) String);

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), header: None, valid_options: None, cause: None }
    }

    /// The request does not read as this operation's.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_INPUT", message)
    }

    /// The same, where the operator wants no more to be said.
    pub(crate) fn invalid_without_detail() -> Self {
        Self::new(StatusCode::BAD_REQUEST, WITHOUT_DETAIL, "Bad Request")
    }

    /// No good key was given.
    pub(crate) fn unauthenticated(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// The key may not do this.
    pub(crate) fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(crate) fn session_not_found(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "SESSION_NOT_FOUND", format!("Session with id '{id}' not found"))
    }

    pub(crate) fn webhook_not_found(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "WEBHOOK_NOT_FOUND", format!("Webhook with id '{id}' not found"))
    }

    pub(crate) fn template_not_found(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "TEMPLATE_NOT_FOUND", format!("Template with id '{id}' not found"))
    }

    pub(crate) fn rule_not_found(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "AUTOMATION_RULE_NOT_FOUND", format!("Automation rule {id} not found"))
    }

    pub(crate) fn key_not_found(id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "API_KEY_NOT_FOUND", format!("API key with id '{id}' not found"))
    }

    /// The body is larger than `limit` bytes.
    pub(crate) fn body_too_large(limit: usize) -> Self {
        let message = format!("request entity too large; at most {limit} bytes are accepted");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, BODY_TOO_LARGE, message)
    }

    /// This address asked this route more often than it may; the headers say when to come back.
    pub(crate) fn too_many_requests() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "ThrottlerException: Too Many Requests")
    }

    /// Come back a little later.
    pub(crate) fn busy(message: &'static str) -> Self {
        let busy = Self::new(StatusCode::SERVICE_UNAVAILABLE, "BUSY", message);
        Self { header: Some(Box::new(RETRY_SOON)), ..busy }
    }

    /// Something broke here; the cause is logged and not sent.
    pub(crate) fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Internal server error").because(cause)
    }

    /// Nothing is served at this address.
    pub(crate) fn no_route(method: &str, path: &str) -> Self {
        let path: String = path.chars().take(256).collect();
        Self::new(StatusCode::NOT_FOUND, "NO_SUCH_ROUTE", format!("Cannot {method} {path}"))
    }

    /// This address takes other methods.
    pub(crate) fn method_not_allowed(method: &str, path: &str, allowed: &str) -> Self {
        let path: String = path.chars().take(256).collect();
        let sentence = format!("Cannot {method} {path}; it takes {allowed}");
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", sentence);
        Self { header: HeaderValue::from_str(allowed).ok().map(|it| Box::new((header::ALLOW, it))), ..error }
    }

    /// Only a WebSocket is served at this address.
    pub(crate) fn upgrade_required() -> Self {
        let sentence = "Only a WebSocket is served here; ask for it with Upgrade: websocket";
        let error = Self::new(StatusCode::UPGRADE_REQUIRED, "UPGRADE_REQUIRED", sentence);
        Self { header: Some(Box::new((header::UPGRADE, HeaderValue::from_static("websocket")))), ..error }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Whether it broke here rather than being asked wrongly.
    pub(crate) fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }

    fn because(self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Cause(Arc::new(cause))), ..self }
    }

    fn body(&self) -> Failure {
        // The contract's answer to a body that is too large says no more than this, nor that to bad input in production.
        let named = ![BODY_TOO_LARGE, WITHOUT_DETAIL].contains(&self.code);
        Failure {
            status_code: self.status.as_u16(),
            message: self.message.clone().into_owned(),
            error: self.status.canonical_reason().filter(|_| named).map(str::to_owned),
            code: named.then(|| self.code.to_owned()),
            valid_options: self.valid_options.clone(),
        }
    }

    /// What the framework itself refused, in our shape.
    pub(crate) fn of_framework(error: &poem::Error, method: &str, path: &str) -> Self {
        if error.is::<NotFoundError>() || error.is::<MethodNotAllowedError>() {
            return Self::no_route(method, path);
        }
        match error.status() {
            status if status.is_client_error() => Self::new(status, "INVALID_INPUT", error.to_string()),
            status => {
                let cause = std::io::Error::other(error.to_string());
                let message = status.canonical_reason().unwrap_or("Internal server error");
                Self::new(status, "INTERNAL", message).because(cause)
            }
        }
    }
}

/// Every code by its status, for the document.
pub(crate) const CODES: [(u16, &[&str]); 16] = [
    (
        400,
        &[
            "INVALID_INPUT",
            "SESSION_ALREADY_STARTED",
            "SESSION_NOT_STARTED",
            "SESSION_ALREADY_AUTHENTICATED",
            "QR_NOT_AVAILABLE",
            "QUOTED_MESSAGE_NOT_FOUND",
            "MEDIA_UNREACHABLE",
            "MEDIA_NOT_CONVERTIBLE",
            "ADDRESS_REFUSED",
            "NOT_ON_WHATSAPP",
            "POLL_OPTION_NOT_FOUND",
            "TOO_MANY_WEBHOOKS",
            "IDEMPOTENCY_KEY_INVALID",
            "BATCH_ID_TAKEN",
            "BATCH_OVER",
        ],
    ),
    (401, &["API_KEY_REQUIRED", "API_KEY_INVALID", "API_KEY_REVOKED", "API_KEY_EXPIRED", "METRICS_TOKEN_INVALID"]),
    (
        403,
        &[
            "ROLE_TOO_LOW",
            "ADDRESS_NOT_ALLOWED",
            "SESSION_NOT_ALLOWED",
            "CHAT_NOT_ALLOWED",
            "CHAT_SCOPED_KEY_NOT_ALLOWED",
            "SCOPED_KEY_NOT_ALLOWED",
            "REFUSED_BY_WHATSAPP",
        ],
    ),
    (
        404,
        &[
            "SESSION_NOT_FOUND",
            "MESSAGE_NOT_FOUND",
            "STATUS_NOT_FOUND",
            "CHAT_NOT_FOUND",
            "CONTACT_NOT_FOUND",
            "LABEL_NOT_FOUND",
            "CALL_NOT_FOUND",
            "GROUP_NOT_FOUND",
            "BUSINESS_NOT_FOUND",
            "CATALOG_NOT_FOUND",
            "PRODUCT_NOT_FOUND",
            "CHANNEL_NOT_FOUND",
            "MEDIA_NOT_STORED",
            "TEMPLATE_NOT_FOUND",
            "BATCH_NOT_FOUND",
            "AUTOMATION_RULE_NOT_FOUND",
            "WEBHOOK_NOT_FOUND",
            "API_KEY_NOT_FOUND",
            "NO_SUCH_ROUTE",
        ],
    ),
    (405, &["METHOD_NOT_ALLOWED"]),
    (408, &["REQUEST_TIMEOUT"]),
    (
        409,
        &[
            "SESSION_NOT_READY",
            "SESSION_NAME_TAKEN",
            "TEMPLATE_NAME_TAKEN",
            "SESSION_OWNED_ELSEWHERE",
            "PAIRING_NOT_POSSIBLE",
            "LAST_ADMIN_KEY",
            "IDEMPOTENCY_KEY_IN_PROGRESS",
            "IDEMPOTENCY_KEY_OUTCOME_UNKNOWN",
            "CONFLICT",
        ],
    ),
    (413, &["MEDIA_TOO_LARGE"]),
    (415, &["MEDIA_TYPE_NOT_TAKEN", "MEDIA_TYPE_NOT_ALLOWED", "COMPRESSED_BODY"]),
    (422, &["IDEMPOTENCY_KEY_REUSED", "NOT_A_BUSINESS_ACCOUNT"]),
    (426, &["UPGRADE_REQUIRED"]),
    (429, &["RATE_LIMITED", "TOO_MANY_BATCHES"]),
    (500, &["SEND_FAILED", "ENGINE_FAILED", "INTERNAL"]),
    (501, &["ENGINE_CANNOT"]),
    (502, &["SESSION_LOGOUT_INCOMPLETE", "SESSION_STOP_INCOMPLETE"]),
    (503, &["UNCONFIRMED", "DRAINING", "STORE_UNAVAILABLE", "BUSY", "CONVERSION_UNAVAILABLE"]),
];

const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";
const WITHOUT_DETAIL: &str = "WITHOUT_DETAIL";
/// Come back after a second.
const RETRY_SOON: (HeaderName, HeaderValue) = (header::RETRY_AFTER, HeaderValue::from_static("1"));

/// The table. Closed: a new error of the gateway does not compile until it has its row.
impl From<GatewayError> for ApiError {
    fn from(error: GatewayError) -> Self {
        use GatewayError as E;
        let (status, code) = match &error {
            E::SessionNotFound(_) => (404, "SESSION_NOT_FOUND"),
            E::SessionNameTaken(_) => (409, "SESSION_NAME_TAKEN"),
            E::SessionAlreadyStarted => (400, "SESSION_ALREADY_STARTED"),
            E::SessionNotStarted => (400, "SESSION_NOT_STARTED"),
            E::SessionNotReady(_) => (409, "SESSION_NOT_READY"),
            E::OwnedElsewhere => (409, "SESSION_OWNED_ELSEWHERE"),
            E::QrNotAvailable => (400, "QR_NOT_AVAILABLE"),
            E::AlreadyAuthenticated => (400, "SESSION_ALREADY_AUTHENTICATED"),
            E::PairingNotPossible(_) => (409, "PAIRING_NOT_POSSIBLE"),
            E::LogoutIncomplete(_) => (502, "SESSION_LOGOUT_INCOMPLETE"),
            E::StopIncomplete => (502, "SESSION_STOP_INCOMPLETE"),
            E::MessageNotFound => (404, "MESSAGE_NOT_FOUND"),
            E::QuotedNotFound => (400, "QUOTED_MESSAGE_NOT_FOUND"),
            E::PollOptionNotFound { .. } => (400, "POLL_OPTION_NOT_FOUND"),
            E::StatusNotFound => (404, "STATUS_NOT_FOUND"),
            E::ChatNotFound => (404, "CHAT_NOT_FOUND"),
            E::ContactNotFound => (404, "CONTACT_NOT_FOUND"),
            E::LabelNotFound => (404, "LABEL_NOT_FOUND"),
            E::NotABusiness => (422, "NOT_A_BUSINESS_ACCOUNT"),
            E::CallNotFound => (404, "CALL_NOT_FOUND"),
            E::ChannelNotFound => (404, "CHANNEL_NOT_FOUND"),
            E::BusinessNotFound => (404, "BUSINESS_NOT_FOUND"),
            E::CatalogNotFound => (404, "CATALOG_NOT_FOUND"),
            E::ProductNotFound => (404, "PRODUCT_NOT_FOUND"),
            E::GroupNotFound => (404, "GROUP_NOT_FOUND"),
            E::MediaNotStored => (404, "MEDIA_NOT_STORED"),
            E::MediaTooLarge { .. } => (413, "MEDIA_TOO_LARGE"),
            E::MediaTypeNotAllowed(_) => (415, "MEDIA_TYPE_NOT_ALLOWED"),
            E::MediaUnreachable(_) => (400, "MEDIA_UNREACHABLE"),
            E::NotConvertible(_) => (400, "MEDIA_NOT_CONVERTIBLE"),
            E::ConversionUnavailable(_) => (503, "CONVERSION_UNAVAILABLE"),
            E::ConversionBusy => (503, "BUSY"),
            E::AddressRefused(_) => (400, "ADDRESS_REFUSED"),
            E::InvalidInput(_) => (400, "INVALID_INPUT"),
            E::TemplateNotFound(_) | E::TemplateNameNotFound(_) => (404, "TEMPLATE_NOT_FOUND"),
            E::TemplateNameTaken(_) => (409, "TEMPLATE_NAME_TAKEN"),
            E::BatchNotFound(_) => (404, "BATCH_NOT_FOUND"),
            E::BatchNameTaken(_) => (400, "BATCH_ID_TAKEN"),
            E::BatchOver { .. } => (400, "BATCH_OVER"),
            E::TooManyBatches { .. } => (429, "TOO_MANY_BATCHES"),
            E::RuleNotFound(_) => (404, "AUTOMATION_RULE_NOT_FOUND"),
            E::TooManyRules { .. } => (400, "TOO_MANY_AUTOMATION_RULES"),
            E::WebhookNotFound(_) => (404, "WEBHOOK_NOT_FOUND"),
            E::TooManyWebhooks { .. } => (400, "TOO_MANY_WEBHOOKS"),
            E::KeyNotFound(_) => (404, "API_KEY_NOT_FOUND"),
            E::LastAdminKey => (409, "LAST_ADMIN_KEY"),
            E::EngineCannot { .. } => (501, "ENGINE_CANNOT"),
            E::Refused(_) => (403, "REFUSED_BY_WHATSAPP"),
            E::NotOnWhatsApp(_) => (400, "NOT_ON_WHATSAPP"),
            E::SendFailed(_) => (500, "SEND_FAILED"),
            E::Unconfirmed(_) => (503, "UNCONFIRMED"),
            E::IdempotencyInProgress => (409, "IDEMPOTENCY_KEY_IN_PROGRESS"),
            E::IdempotencyReused => (422, "IDEMPOTENCY_KEY_REUSED"),
            E::IdempotencyOutcomeUnknown => (409, "IDEMPOTENCY_KEY_OUTCOME_UNKNOWN"),
            E::Draining => (503, "DRAINING"),
            E::Engine(_) => (500, "ENGINE_FAILED"),
            E::Store(StoreError::Unavailable(_)) => (503, "STORE_UNAVAILABLE"),
            E::Store(StoreError::Conflict(_)) => (409, "CONFLICT"),
            E::Store(StoreError::LeaseLost) => (409, "SESSION_OWNED_ELSEWHERE"),
            E::Setup(_)
            | E::Files(_)
            | E::Store(StoreError::Corrupt { .. } | StoreError::Driver(_) | StoreError::WrongKey) => {
                return Self::internal(error);
            }
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = Self::new(status, code, error.to_string());
        if let E::PollOptionNotFound { valid, .. } = &error {
            answer.valid_options = Some(valid.clone());
        }
        // What is not installed is not there a second later either.
        let soon = status == StatusCode::SERVICE_UNAVAILABLE && code != "CONVERSION_UNAVAILABLE";
        let answer = Self { header: soon.then(|| Box::new(RETRY_SOON)), ..answer };
        if status.is_server_error() { answer.because(error) } else { answer }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response =
            Response::builder().status(self.status).content_type("application/json").body(self.body().to_json_string());
        if let Some((name, value)) = self.header.map(|it| *it) {
            response.headers_mut().insert(name, value);
        }
        if let Some(cause) = self.cause {
            response.set_data(cause);
        }
        response.set_data(Sentence(self.message.into_owned()));
        response
    }
}

impl From<ApiError> for poem::Error {
    fn from(error: ApiError) -> Self {
        let response = error.into_response();
        let (cause, sentence) = (response.data::<Cause>().cloned(), response.data::<Sentence>().cloned());
        let mut error = Self::from_response(response);
        // The framework puts the error's own data in place of the answer's.
        if let Some(cause) = cause {
            error.set_data(cause);
        }
        if let Some(sentence) = sentence {
            error.set_data(sentence);
        }
        error
    }
}

impl ApiResponse for ApiError {
    fn meta() -> MetaResponses {
        let failure =
            MetaMediaType { content_type: "application/json", schema: <Json<Failure> as Payload>::schema_ref() };
        let response = MetaResponse {
            description: "It failed.",
            status: None,
            status_range: None,
            content: vec![failure],
            headers: vec![],
        };
        MetaResponses { responses: vec![response] }
    }

    fn register(registry: &mut Registry) {
        Failure::register(registry);
    }
}

#[cfg(test)]
mod tests {
    use openwa_model::{
        batch::BatchStatus,
        engine::EngineKind,
        files::FileError,
        id::{KeyId, RuleId, SessionId, TemplateId, WebhookId},
        ops::Op,
        session::Status,
    };
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    async fn answer(error: ApiError) -> Value {
        let response = error.into_response();
        let status = response.status().as_u16();
        let body: Value = serde_json::from_str(&response.into_body().into_string().await.unwrap()).unwrap();
        assert_eq!(body["statusCode"], status);
        body
    }

    /// One of each; the compiler reminds of new ones through the table above.
    fn every_error() -> Vec<(GatewayError, u16, &'static str)> {
        use GatewayError as E;
        let secret = || std::io::Error::other("a secret path");
        let id = Uuid::nil();
        let text = || "why".to_owned();
        vec![
            (E::SessionNotFound(SessionId(id)), 404, "SESSION_NOT_FOUND"),
            (E::SessionNameTaken(text()), 409, "SESSION_NAME_TAKEN"),
            (E::SessionAlreadyStarted, 400, "SESSION_ALREADY_STARTED"),
            (E::SessionNotStarted, 400, "SESSION_NOT_STARTED"),
            (E::SessionNotReady(Status::QrReady), 409, "SESSION_NOT_READY"),
            (E::OwnedElsewhere, 409, "SESSION_OWNED_ELSEWHERE"),
            (E::QrNotAvailable, 400, "QR_NOT_AVAILABLE"),
            (E::AlreadyAuthenticated, 400, "SESSION_ALREADY_AUTHENTICATED"),
            (E::PairingNotPossible(Status::Ready), 409, "PAIRING_NOT_POSSIBLE"),
            (E::LogoutIncomplete(text()), 502, "SESSION_LOGOUT_INCOMPLETE"),
            (E::StopIncomplete, 502, "SESSION_STOP_INCOMPLETE"),
            (E::MessageNotFound, 404, "MESSAGE_NOT_FOUND"),
            (E::QuotedNotFound, 400, "QUOTED_MESSAGE_NOT_FOUND"),
            (E::ChatNotFound, 404, "CHAT_NOT_FOUND"),
            (E::ContactNotFound, 404, "CONTACT_NOT_FOUND"),
            (E::LabelNotFound, 404, "LABEL_NOT_FOUND"),
            (E::NotABusiness, 422, "NOT_A_BUSINESS_ACCOUNT"),
            (E::CallNotFound, 404, "CALL_NOT_FOUND"),
            (E::GroupNotFound, 404, "GROUP_NOT_FOUND"),
            (E::MediaNotStored, 404, "MEDIA_NOT_STORED"),
            (E::MediaTooLarge { max: 1 }, 413, "MEDIA_TOO_LARGE"),
            (E::MediaTypeNotAllowed(text()), 415, "MEDIA_TYPE_NOT_ALLOWED"),
            (E::MediaUnreachable(text()), 400, "MEDIA_UNREACHABLE"),
            (E::NotConvertible(text()), 400, "MEDIA_NOT_CONVERTIBLE"),
            (E::ConversionUnavailable(text()), 503, "CONVERSION_UNAVAILABLE"),
            (E::ConversionBusy, 503, "BUSY"),
            (E::AddressRefused(text()), 400, "ADDRESS_REFUSED"),
            (E::InvalidInput(text()), 400, "INVALID_INPUT"),
            (E::TemplateNotFound(TemplateId(id)), 404, "TEMPLATE_NOT_FOUND"),
            (E::TemplateNameNotFound(text()), 404, "TEMPLATE_NOT_FOUND"),
            (E::TemplateNameTaken(text()), 409, "TEMPLATE_NAME_TAKEN"),
            (E::BatchNotFound(text()), 404, "BATCH_NOT_FOUND"),
            (E::BatchNameTaken(text()), 400, "BATCH_ID_TAKEN"),
            (E::BatchOver { name: text(), status: BatchStatus::Completed }, 400, "BATCH_OVER"),
            (E::TooManyBatches { max: 50 }, 429, "TOO_MANY_BATCHES"),
            (E::RuleNotFound(RuleId(id)), 404, "AUTOMATION_RULE_NOT_FOUND"),
            (E::TooManyRules { max: 32 }, 400, "TOO_MANY_AUTOMATION_RULES"),
            (E::WebhookNotFound(WebhookId(id)), 404, "WEBHOOK_NOT_FOUND"),
            (E::TooManyWebhooks { max: 16 }, 400, "TOO_MANY_WEBHOOKS"),
            (E::KeyNotFound(KeyId(id)), 404, "API_KEY_NOT_FOUND"),
            (E::LastAdminKey, 409, "LAST_ADMIN_KEY"),
            (E::EngineCannot { op: Op::React, engine: EngineKind::Native }, 501, "ENGINE_CANNOT"),
            (E::Refused(text()), 403, "REFUSED_BY_WHATSAPP"),
            (E::NotOnWhatsApp(text()), 400, "NOT_ON_WHATSAPP"),
            (E::SendFailed(text()), 500, "SEND_FAILED"),
            (E::Unconfirmed(text()), 503, "UNCONFIRMED"),
            (E::IdempotencyInProgress, 409, "IDEMPOTENCY_KEY_IN_PROGRESS"),
            (E::IdempotencyReused, 422, "IDEMPOTENCY_KEY_REUSED"),
            (E::IdempotencyOutcomeUnknown, 409, "IDEMPOTENCY_KEY_OUTCOME_UNKNOWN"),
            (E::Draining, 503, "DRAINING"),
            (E::Engine(text()), 500, "ENGINE_FAILED"),
            (E::Setup(text()), 500, "INTERNAL"),
            (E::Files(FileError::Io(secret())), 500, "INTERNAL"),
            (E::Store(StoreError::Unavailable(secret().into())), 503, "STORE_UNAVAILABLE"),
            (E::Store(StoreError::Conflict("a name")), 409, "CONFLICT"),
            (E::Store(StoreError::LeaseLost), 409, "SESSION_OWNED_ELSEWHERE"),
            (E::Store(StoreError::Driver(secret().into())), 500, "INTERNAL"),
            (E::Store(StoreError::WrongKey), 500, "INTERNAL"),
            (E::Store(StoreError::Corrupt { table: "t", source: secret().into() }), 500, "INTERNAL"),
        ]
    }

    #[tokio::test]
    async fn every_error_has_its_status_and_code_and_tells_no_secret() {
        for (error, status, code) in every_error() {
            let (sentence, name) = (error.to_string(), format!("{error:?}"));
            let codes = CODES.iter().find(|it| it.0 == status).map(|it| it.1);
            assert!(codes.is_some_and(|it| it.contains(&code)), "{code} is not in the document under {status}");
            let error = ApiError::from(error);
            assert_eq!(error.cause.is_some(), status >= 500, "{name}: what fails here is logged");
            let body = answer(error).await;
            assert_eq!(body["statusCode"], status, "{name}");
            assert_eq!(body["code"], code, "{name}");
            assert!(body["error"].is_string(), "{name}");
            assert!(!body.to_string().contains("secret"), "{name}");
            let expected = if code == "INTERNAL" { "Internal server error" } else { &sentence };
            assert_eq!(body["message"], expected, "{name}");
        }
    }

    #[tokio::test]
    async fn a_body_too_large_says_no_more_than_the_contract() {
        let body = answer(ApiError::body_too_large(5)).await;
        assert_eq!(
            body,
            json!({"statusCode": 413, "message": "request entity too large; at most 5 bytes are accepted"})
        );
    }

    #[tokio::test]
    async fn what_the_framework_refuses_has_the_same_shape() {
        let missing = poem::Error::from(NotFoundError);
        let body = answer(ApiError::of_framework(&missing, "GET", "/nope")).await;
        let expected =
            json!({"statusCode": 404, "message": "Cannot GET /nope", "error": "Not Found", "code": "NO_SUCH_ROUTE"});
        assert_eq!(body, expected);
        let broken = poem::Error::from_string("a secret", StatusCode::BAD_GATEWAY);
        let body = answer(ApiError::of_framework(&broken, "GET", "/")).await;
        assert_eq!(body["message"], "Bad Gateway");
    }
}
