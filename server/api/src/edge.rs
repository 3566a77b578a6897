//! The outermost layer: what every request passes and every answer carries, also those that fail early.

use std::{sync::Arc, time::Instant};

use openwa_core::guard::Network;
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, uri::PathAndQuery},
};
use uuid::Uuid;

use crate::{
    address::ClientAddress,
    auditor::{Asking, Auditor, Identity},
    error::{ApiError, Cause},
    input::{Door, declared_length},
    limits::{Limiter, Standing},
    metrics::Asked,
    operations::{Matched, Operations},
    rest::Rest,
    upload::{is_form, is_raw},
};

/// Nothing here may run scripts or be framed; the page with the documentation says so for itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// What the server reads away by itself when nobody took it.
const SMALL_BODY: usize = 16 * 1024;
/// What pages of other origins may read beside the body.
const EXPOSED: &str = "Idempotent-Replayed, Retry-After, X-Request-ID, \
    X-RateLimit-Limit-short, X-RateLimit-Remaining-short, X-RateLimit-Reset-short, \
    X-RateLimit-Limit-medium, X-RateLimit-Remaining-medium, X-RateLimit-Reset-medium, \
    X-RateLimit-Limit-long, X-RateLimit-Remaining-long, X-RateLimit-Reset-long";
const REQUEST_ID: &str = "X-Request-ID";
/// Longer ids of callers are replaced by our own.
const LONGEST_REQUEST_ID: usize = 128;

/// Wraps everything that is served.
pub(crate) struct Edge<E> {
    pub(crate) inner: E,
    pub(crate) operations: Operations,
    pub(crate) door: Arc<Door>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) limiter: Limiter,
    pub(crate) auditor: Auditor,
    pub(crate) asked: Asked,
}

impl<E: Endpoint<Output = Response>> Endpoint for Edge<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let began = Instant::now();
        let id = request_id(request.headers());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let origin = self.allowed_origin(request.headers());
        let unmeasured = request.headers().contains_key(header::TRANSFER_ENCODING);
        let large = declared_length(&request).is_some_and(|it| it > SMALL_BODY) || unmeasured;
        let rest = large.then(|| Rest::of(&mut request));
        let client = ClientAddress::of(&request, &self.trusted_proxies);
        request.set_data(client);
        let identity = Identity::default();
        request.set_data(identity.clone());
        let mut asking = Asking { matched: None, path: path.clone(), address: client.0, identity };
        let mut standing = None;
        let mut response = match self.admit(request, &mut asking, &mut standing) {
            Ok(Some(request)) => match self.inner.call(request).await {
                Ok(response) => response,
                Err(error) => {
                    let response = match error.is_from_response() {
                        true => error.into_response(),
                        false => ApiError::of_framework(&error, method.as_str(), &path).into_response(),
                    };
                    if large { closing(response) } else { response }
                }
            },
            Ok(None) => preflight(),
            // Nothing of the body was read; where it is small, the server reads it away.
            Err(error) if error.status() == StatusCode::TOO_MANY_REQUESTS && !large => error.into_response(),
            Err(error) => closing(error.into_response()),
        };
        if let Some(standing) = standing {
            standing.tell(&mut response);
        }
        if let Some(rest) = rest.filter(|_| response.status().is_client_error() || response.status().is_server_error())
        {
            rest.discard();
        }
        if let Some(Matched(operation)) = &asking.matched {
            self.asked.count(&method, &operation.route, response.status().as_u16(), began.elapsed());
        }
        self.auditor.note(asking, &mut response).await;
        finish(&mut response, &id, origin);
        log(&response, &method, &path, &id, began);
        Ok(response)
    }
}

impl<E> Edge<E> {
    /// The request as its operation expects it; `None` when a browser only asks whether it may.
    fn admit(
        &self,
        mut request: Request,
        asking: &mut Asking,
        standing: &mut Option<Standing>,
    ) -> Result<Option<Request>, ApiError> {
        let target = request.uri().path_and_query().map_or("", PathAndQuery::as_str);
        if target.contains("%00") {
            return Err(ApiError::invalid("NUL characters are not allowed"));
        }
        let asks = |name| request.headers().contains_key(name);
        if request.method() == Method::OPTIONS && asks(header::ORIGIN) && asks(header::ACCESS_CONTROL_REQUEST_METHOD) {
            return Ok(None);
        }
        let plain = |it: &HeaderValue| it.as_bytes().eq_ignore_ascii_case(b"identity");
        if !request.headers().get_all(header::CONTENT_ENCODING).iter().all(plain) {
            let sentence = "Compressed request bodies are not accepted; send the body without Content-Encoding";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "COMPRESSED_BODY", sentence));
        }
        // Whoever asks for the head only is answered like the others; the server leaves the body out.
        if request.method() == Method::HEAD {
            request.set_method(Method::GET);
        }
        let found = self.operations.find(request.method(), request.uri().path());
        asking.matched = found.as_ref().map(|it| it.0.clone());
        let count = |it: &Matched| self.limiter.count(it, asking.address, Instant::now());
        *standing = asking.matched.as_ref().and_then(count);
        if standing.as_ref().is_some_and(Standing::is_refused) {
            return Err(ApiError::too_many_requests());
        }
        let takes_file = found.as_ref().is_some_and(|(Matched(it), _)| it.takes_file);
        let streamed = takes_file && (is_form(&request) || is_raw(&request));
        self.door.check_length(declared_length(&request).unwrap_or_default(), streamed)?;
        if found.is_none()
            && let Some(allowed) = self.operations.allowed(request.method(), request.uri().path())
        {
            return Err(ApiError::method_not_allowed(request.method().as_str(), request.uri().path(), &allowed));
        }
        if let Some((matched, path)) = found {
            if path != request.uri().path() {
                *request.uri_mut() = with_path(request.uri(), &path)?;
            }
            request.set_data(matched);
        }
        request.set_data(self.door.clone());
        Ok(Some(request))
    }

    /// What to answer to a page of another origin; nothing, when it may not read the answer.
    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let listed = |it: &String| it == "*" || it.as_bytes() == origin.as_bytes();
        self.cors_origins.iter().any(listed).then(|| origin.clone())
    }
}

fn with_path(uri: &Uri, path: &str) -> Result<Uri, ApiError> {
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    text.parse().map_err(ApiError::internal)
}

fn request_id(headers: &HeaderMap) -> HeaderValue {
    let good = |it: &&HeaderValue| {
        (1..=LONGEST_REQUEST_ID).contains(&it.len()) && it.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    let own = || HeaderValue::from_str(&Uuid::new_v4().to_string()).ok();
    headers.get(REQUEST_ID).filter(good).cloned().or_else(own).unwrap_or(HeaderValue::from_static("none"))
}

/// The body may not have been read, so the connection cannot carry another request, and the client has to know.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn preflight() -> Response {
    Response::builder()
        .status(StatusCode::NO_CONTENT)
        .header(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE")
        .header(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-API-Key, X-Request-ID",
        )
        .header(header::ACCESS_CONTROL_MAX_AGE, "600")
        .finish()
}

fn finish(response: &mut Response, id: &HeaderValue, origin: Option<HeaderValue>) {
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}

fn log(response: &Response, method: &Method, path: &str, id: &HeaderValue, began: Instant) {
    let status = response.status().as_u16();
    let id = id.to_str().unwrap_or_default();
    let duration_ms = began.elapsed().as_millis();
    match response.data::<Cause>() {
        Some(Cause(cause)) => {
            let causes = std::iter::successors(Some(&**cause as &dyn std::error::Error), |it| it.source());
            let cause = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
            tracing::error!(
                request.id = id, request.method = %method, request.path = path, response.status = status, duration_ms, error = cause,
                "a request failed here"
            );
        }
        None => tracing::debug!(
            request.id = id, request.method = %method, request.path = path, response.status = status, duration_ms,
            "a request was answered"
        ),
    }
}
