//! `POST /admin/mock-phone/scan-qr` with the text of a code as its body: the door by which test
//! suites written for other networks of this kind have a code scanned. It does what
//! `POST /sandbox/scan` does.

use poem::http::StatusCode;
use poem::web::Data;
use poem::{Body, IntoResponse, Response, handler};

use crate::phone::Phones;

/// No code is longer.
const LONGEST_CODE: usize = 4 << 10;

#[handler]
pub(crate) async fn scan(body: Body, Data(phones): Data<&Phones>) -> Response {
    let refused = |reason: String| reason.with_status(StatusCode::BAD_REQUEST).into_response();
    let code = match body.into_bytes_limit(LONGEST_CODE).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return refused(error.to_string()),
    };
    match phones.scan(code.trim()).await {
        Ok(phone) => phone.info().number.clone().into_response(),
        Err(error) => refused(error.to_string()),
    }
}
