//! Linking an account: the QR code in four shapes, and the pairing code.

use openwa_core::{Gateway, qr};
use openwa_model::session::Status;
use poem::{IntoResponse, Response};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi, ResponseContent,
    param::{Path, Query},
    payload::{Json, Payload, PlainText},
    registry::{MetaSchema, MetaSchemaRef},
};
use serde::Serialize;

use crate::{
    answer::{Answer, Created},
    app::Tag,
    auth::{AllChats, Caller, Operator},
    error::ApiError,
    input::Body,
    wire::SessionPath,
    words::Word,
};

pub(crate) struct Linking(pub(crate) Gateway);

/// The shape of a QR code.
#[derive(Enum, Clone, Copy, PartialEq, Debug, Default)]
#[oai(rename_all = "lowercase")]
pub(crate) enum QrFormat {
    /// A PNG as a `data:` URL, in JSON.
    #[default]
    Json,
    /// The text inside the code.
    Raw,
    /// A drawing.
    Svg,
    /// Half blocks for a terminal with a dark background.
    Terminal,
}

/// A QR code to be scanned.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct QrCode {
    /// A PNG as a `data:` URL.
    qr_code: String,
    /// What the session is doing.
    status: Word<Status>,
}

/// An SVG document.
pub(crate) struct Svg(String);

impl Payload for Svg {
    const CONTENT_TYPE: &'static str = "image/svg+xml";

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new("string")))
    }
}

impl IntoResponse for Svg {
    fn into_response(self) -> Response {
        Response::builder().content_type(Self::CONTENT_TYPE).body(self.0)
    }
}

#[derive(ResponseContent)]
pub(crate) enum QrContent {
    Json(Json<QrCode>),
    Text(PlainText<String>),
    Svg(Svg),
}

#[derive(ApiResponse)]
pub(crate) enum QrAnswer {
    /// The code that can be scanned now; a new one replaces it within a minute.
    #[oai(status = 200)]
    Shown(QrContent),
}

/// The phone to link.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct RequestPairingCode {
    /// Its number with country code, digits only.
    #[oai(validator(pattern = "^[0-9]{6,15}$"))]
    phone_number: String,
}

/// A code to be typed on the phone.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct PairingCode {
    /// Eight characters.
    pairing_code: String,
    /// What the session is doing.
    status: Word<Status>,
}

#[OpenApi]
impl Linking {
    /// Get the QR code to scan
    ///
    /// There is one while the session's status is `qr_ready`. On the phone: Linked devices, Link a device.
    #[oai(path = "/sessions/:sessionId/qr", method = "get", operation_id = "getSessionQr", tag = "Tag::Sessions")]
    async fn qr(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// In which shape.
        format: Query<Option<QrFormat>>,
    ) -> Answer<QrAnswer> {
        let (code, status) = self.0.qr(session.0.id()?).await?;
        let content = match format.0.unwrap_or_default() {
            QrFormat::Raw => QrContent::Text(PlainText(code)),
            QrFormat::Terminal => QrContent::Text(PlainText(qr::terminal(&code).map_err(ApiError::internal)?)),
            QrFormat::Svg => QrContent::Svg(Svg(qr::svg(&code).map_err(ApiError::internal)?)),
            QrFormat::Json => {
                let qr_code = qr::png_data_url(&code).map_err(ApiError::internal)?;
                QrContent::Json(Json(QrCode { qr_code, status: status.into() }))
            }
        };
        Ok(QrAnswer::Shown(content))
    }

    /// Ask for a pairing code
    ///
    /// Eight characters to type on the phone instead of scanning: Linked devices, Link with phone number.
    #[oai(
        path = "/sessions/:sessionId/pairing-code",
        method = "post",
        operation_id = "requestPairingCode",
        tag = "Tag::Sessions"
    )]
    async fn pairing_code(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<RequestPairingCode>,
    ) -> Answer<Created<PairingCode>> {
        let (pairing_code, status) = self.0.pairing_code(session.0.id()?, &body.value.phone_number).await?;
        Ok(Created(PairingCode { pairing_code, status: status.into() }))
    }
}
