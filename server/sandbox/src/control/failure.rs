//! The one shape of every error: `{statusCode, message, error}`, as OpenWA writes it.

use poem::IntoResponse as _;
use poem::Response;
use poem::http::StatusCode;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object};

use crate::linking::LinkError;
use crate::media::MediaError;
use crate::network::NetworkError;
use crate::phone::PhoneError;

#[derive(Object, Debug)]
#[oai(rename = "Error", rename_all = "camelCase")]
pub(super) struct ErrorBody {
    /// The HTTP status.
    status_code: u16,
    /// What is wrong and what to do.
    message: String,
    /// The name of the HTTP status.
    error: String,
}

impl ErrorBody {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status_code: status.as_u16(),
            message: message.into(),
            error: status.canonical_reason().unwrap_or_default().to_owned(),
        }
    }
}

/// Why a request was not done.
#[derive(ApiResponse, Debug)]
pub(super) enum Failure {
    /// The request makes no sense.
    #[oai(status = 400)]
    BadRequest(Json<ErrorBody>),
    /// There is no such phone, message, device or fault.
    #[oai(status = 404)]
    NotFound(Json<ErrorBody>),
    /// Not now: the phone is off line, the number is taken, the code was used.
    #[oai(status = 409)]
    Conflict(Json<ErrorBody>),
    /// The file is too large.
    #[oai(status = 413)]
    TooLarge(Json<ErrorBody>),
    /// The network refused it, as a fault told it to.
    #[oai(status = 422)]
    Refused(Json<ErrorBody>),
    /// The sandbox itself failed.
    #[oai(status = 500)]
    Failed(Json<ErrorBody>),
}

impl Failure {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::BadRequest(Json(ErrorBody::new(StatusCode::BAD_REQUEST, message)))
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound(Json(ErrorBody::new(StatusCode::NOT_FOUND, message)))
    }

    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict(Json(ErrorBody::new(StatusCode::CONFLICT, message)))
    }

    fn too_large(message: impl Into<String>) -> Self {
        Self::TooLarge(Json(ErrorBody::new(StatusCode::PAYLOAD_TOO_LARGE, message)))
    }

    fn refused(message: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::Refused(Json(ErrorBody::new(status, message)))
    }

    fn failed(message: impl Into<String>) -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::Failed(Json(ErrorBody::new(status, message)))
    }
}

impl From<PhoneError> for Failure {
    fn from(error: PhoneError) -> Self {
        let message = error.to_string();
        match error {
            PhoneError::NoSuchPhone
            | PhoneError::NotOnNetwork(_)
            | PhoneError::NoSuchMessage(_)
            | PhoneError::NoSuchGroup(_)
            | PhoneError::NoSuchCall(_)
            | PhoneError::Network(
                NetworkError::NoSuchAccount(_) | NetworkError::NoSuchDevice(..) | NetworkError::NoSuchChannel(_),
            )
            | PhoneError::Link(LinkError::NoSuchAccount(_) | LinkError::UnknownCode | LinkError::NoCodeAsked(_)) => {
                Self::not_found(message)
            }
            PhoneError::NotWritable(_)
            | PhoneError::NotTheAuthor
            | PhoneError::Unsuitable(_)
            | PhoneError::Chat(_)
            | PhoneError::Network(NetworkError::NumberInvalid(_) | NetworkError::NameInvalid)
            | PhoneError::Link(LinkError::Malformed | LinkError::WrongKeys | LinkError::MalformedCode) => {
                Self::bad_request(message)
            }
            PhoneError::Offline
            | PhoneError::Network(NetworkError::NumberTaken(_) | NetworkError::TooManyAccounts)
            | PhoneError::Link(_) => Self::conflict(message),
            PhoneError::Media(MediaError::TooLarge(_)) => Self::too_large(message),
            PhoneError::Refused(_) | PhoneError::RequestRefused(_) => Self::refused(message),
            PhoneError::NoAnswer
            | PhoneError::Gone
            | PhoneError::Media(_)
            | PhoneError::Signal(_)
            | PhoneError::AppState(_)
            | PhoneError::MediaEncryption(_) => Self::failed(message),
        }
    }
}

/// What the framework refuses gets the same shape.
pub(super) async fn answer(error: poem::Error) -> Response {
    if error.is_from_response() {
        // A `Failure` has the shape already.
        return error.into_response();
    }
    let status = error.status();
    let message = match status {
        StatusCode::NOT_FOUND => {
            "there is no such operation. GET /sandbox/openapi.json lists those there are.".to_owned()
        }
        StatusCode::LENGTH_REQUIRED => "send the body with a Content-Length".to_owned(),
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large".to_owned(),
        _ => error.to_string(),
    };
    poem::web::Json(serde_json::json!({
        "statusCode": status.as_u16(),
        "message": message,
        "error": status.canonical_reason().unwrap_or_default(),
    }))
    .with_status(status)
    .into_response()
}
