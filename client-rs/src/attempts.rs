//! One call, made as often as it takes: what is repeated, when, and what every attempt has in common.

use std::{borrow::Cow, future, time::Duration};

use reqwest::{
    Method, Request, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use tracing::{Instrument, Span, field::Empty};
use url::Url;

use crate::{
    Error, ErrorKind,
    answer::{Answer, Download, read_whole},
    backoff,
    call::{Call, CallBody},
    client::Client,
    error::request_id,
    upload::Progress,
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The most of a failure's body that is kept.
const LONGEST_FAILURE: usize = 1024 * 1024;

impl Client {
    /// Makes a call and reads its answer whole.
    ///
    /// # Errors
    ///
    /// When the gateway does not answer with a status from 200 to 299, after the attempts that are allowed.
    pub async fn send(&self, call: Call) -> Result<Answer, Error> {
        let longest = self.longest_answer();
        Attempts::new(self, call)?.make(|response| Answer::read(response, longest)).await
    }

    /// Makes a call whose answer is read as it comes. The timeout is for the head of the answer, and then for silence.
    ///
    /// # Errors
    ///
    /// As [`Client::send`].
    pub async fn download(&self, call: Call) -> Result<Download, Error> {
        let silence = call.timeout.unwrap_or_else(|| self.timeout());
        Ok(Download::new(self.open(call).await?, silence))
    }

    /// Makes a call up to the head of its answer.
    pub(crate) async fn open(&self, call: Call) -> Result<Response, Error> {
        Attempts::new(self, call)?.make(|response| future::ready(Ok(response))).await
    }
}

/// Ends a call that takes too long: in all, or while nothing of its upload moves.
async fn within<T>(
    limit: Duration,
    progress: Option<Progress>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    match progress {
        None => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(Error::timeout(limit))),
        Some(progress) => tokio::select! {
            done = work => done,
            () = progress.stalled(limit) => Err(Error::timeout(limit)),
        },
    }
}

/// The attempts of one call.
struct Attempts<'a> {
    client: &'a Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: CallBody,
    progress: Option<Progress>,
    limit: Duration,
    is_repeatable: bool,
    made: u32,
    most: u32,
    /// What the last attempt was answered: status and id of the request.
    answered: Option<(StatusCode, Option<String>)>,
    /// Spans all attempts; its fields have the names of OpenTelemetry's conventions.
    span: Span,
}

impl<'a> Attempts<'a> {
    fn new(client: &'a Client, call: Call) -> Result<Self, Error> {
        let url = client.url(&call.path, &call.query)?;
        let mut headers = client.headers().clone();
        let is_read = matches!(call.method, Method::GET | Method::HEAD);
        let key = call.idempotency_key.value()?;
        let is_repeatable = is_read || key.is_some();
        if let Some(key) = key {
            headers.insert(IDEMPOTENCY_KEY, header_value("Idempotency-Key", key)?);
        }
        if matches!(call.body, CallBody::Json(_)) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in call.headers {
            let (name, value) = header(&name, value)?;
            headers.insert(name, value);
        }
        let span = tracing::info_span!(
            "openwa.call",
            http.request.method = %call.method,
            url.path = url.path(),
            server.address = url.host_str(),
            http.response.status_code = Empty,
            http.request.resend_count = Empty,
            openwa.request_id = Empty,
            error.type = Empty,
        );
        Ok(Self {
            client,
            method: call.method,
            url,
            headers,
            body: call.body,
            progress: None,
            limit: call.timeout.unwrap_or_else(|| client.timeout()),
            is_repeatable,
            made: 0,
            most: call.retries.unwrap_or_else(|| client.max_retries()),
            answered: None,
            span,
        })
    }

    /// Makes attempts until one succeeds, its answer read, or no other is allowed.
    async fn make<T, R>(mut self, read: impl Fn(Response) -> R) -> Result<T, Error>
    where
        R: Future<Output = Result<T, Error>>,
    {
        let span = self.span.clone();
        let attempts = async move {
            loop {
                let (limit, progress) = (self.limit, self.progress());
                let work = async { read(self.open().await?).await };
                match within(limit, progress, work).await {
                    Ok(answer) => {
                        self.tell();
                        return Ok(answer);
                    }
                    Err(error) => self.wait(error).await?,
                }
            }
        };
        attempts.instrument(span).await
    }

    /// A new one for each attempt, where there is something to send.
    fn progress(&mut self) -> Option<Progress> {
        self.progress = matches!(self.body, CallBody::Upload { .. }).then(Progress::new);
        self.progress.clone()
    }

    async fn request(&mut self) -> Result<reqwest::RequestBuilder, Error> {
        let mut request = Request::new(self.method.clone(), self.url.clone());
        request.headers_mut().clone_from(&self.headers);
        if let CallBody::Json(body) = &self.body {
            *request.body_mut() = Some(body.clone().into());
        }
        let builder = reqwest::RequestBuilder::from_parts(self.client.http().clone(), request);
        Ok(match &mut self.body {
            CallBody::Empty | CallBody::Json(_) => builder,
            CallBody::Upload { fields, file } => {
                let progress = self.progress.get_or_insert_with(Progress::new);
                builder.multipart(file.form(fields, progress).await?)
            }
        })
    }

    /// Makes one attempt, up to the head of a success.
    async fn open(&mut self) -> Result<Response, Error> {
        self.answered = None;
        let response = self.request().await?.send().await.map_err(Error::of_transport)?;
        let status = response.status();
        self.answered = Some((status, request_id(response.headers())));
        tracing::debug!(method = %self.method, path = self.url.path(), attempt = self.made, status = status.as_u16(), "answered");
        if status.is_success() || status.as_u16() == 101 {
            return Ok(response);
        }
        // What the status says counts more than a body that cannot be read.
        let headers = response.headers().clone();
        let (headers, body) = read_whole(response, LONGEST_FAILURE).await.unwrap_or((headers, bytes::Bytes::new()));
        Err(Error::of_answer(status, headers, body))
    }

    /// Waits before the next attempt, or gives the error back when there is to be none.
    async fn wait(&mut self, error: Error) -> Result<(), Error> {
        let asked = error.retry_after();
        let in_reach = asked.is_none_or(|it| it <= backoff::LONGEST_ASKED);
        if self.made >= self.most || !in_reach || !self.may_repeat(&error) || !self.has_body() {
            self.tell();
            self.span.record("error.type", error.kind().as_str());
            return Err(error.of_request(&self.method, self.url.path()));
        }
        let delay = asked.unwrap_or_else(|| backoff::delay(self.made, rand::random()));
        self.made += 1;
        self.span.record("http.request.resend_count", self.made);
        tracing::debug!(method = %self.method, path = self.url.path(), attempt = self.made, ?delay, %error, "trying again");
        tokio::time::sleep(delay).await;
        Ok(())
    }

    /// Tells the span what the last attempt was answered: an earlier one's answer is not the call's.
    fn tell(&self) {
        let Some((status, id)) = &self.answered else { return };
        self.span.record("http.response.status_code", status.as_u16());
        if let Some(id) = id {
            self.span.record("openwa.request_id", id.as_str());
        }
    }

    fn has_body(&self) -> bool {
        match &self.body {
            CallBody::Upload { file, .. } => file.is_there(),
            CallBody::Empty | CallBody::Json(_) => true,
        }
    }

    fn may_repeat(&self, error: &Error) -> bool {
        if error.is_unsent() {
            return true;
        }
        let may_pass = match (error.kind(), error.status()) {
            (ErrorKind::Connection | ErrorKind::Timeout, None) => true,
            (_, Some(408 | 429 | 500 | 502 | 503 | 504)) => true,
            // An earlier attempt of this very call is still at work.
            (_, Some(409)) => self.made > 0 && error.code() == Some("IDEMPOTENCY_KEY_IN_PROGRESS"),
            _ => false,
        };
        may_pass && self.is_repeatable
    }
}

/// A header of a person's own.
pub(crate) fn header(name: &str, value: String) -> Result<(HeaderName, HeaderValue), Error> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|it| Error::configuration(format!("'{name}' is not the name of a header")).because(it))?;
    Ok((parsed, header_value(name, value)?))
}

pub(crate) fn header_value<'a>(name: impl Into<Cow<'a, str>>, value: String) -> Result<HeaderValue, Error> {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(value)).map_err(|it| {
        let name = name.into();
        Error::configuration(format!("the header {name} must not hold line breaks or control characters")).because(it)
    })
}
