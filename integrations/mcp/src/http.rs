//! Streamable HTTP at `/mcp`, for callers that bring a key of their own.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

use crate::{server::Server, settings::StartError};

/// How many connections are served at a time.
const MOST_CONNECTIONS: usize = 256;
/// How large a request may be, in bytes.
const LARGEST_REQUEST: usize = 4 * 1024 * 1024;
/// How long the head of a request may take.
const HEAD_LIMIT: Duration = Duration::from_secs(30);

type Service = StreamableHttpService<Server, NeverSessionManager>;
type Answer = Response<BoxBody<Bytes, Infallible>>;

/// Serves until told to stop. Requests have no memory of one another.
pub(crate) async fn serve(server: Server, address: SocketAddr, hosts: &[String]) -> Result<(), StartError> {
    let unusable = |why| StartError::Listen { address, why };
    let listener = TcpListener::bind(address).await.map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    let stop = CancellationToken::new();
    let service = service(server, hosts, stop.clone());
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    println!("openwa-mcp is listening on http://{address}/mcp");
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return Ok(()) };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = tokio::signal::ctrl_c() => {
                stop.cancel();
                return Ok(());
            }
        };
        match accepted {
            Ok((stream, _)) => {
                let service = service.clone();
                tokio::spawn(async move {
                    talk(stream, &service).await;
                    drop(place);
                });
            }
            // Out of file handles, most likely: some will be free in a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn service(server: Server, hosts: &[String], stop: CancellationToken) -> Service {
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    // Web pages have no business here: a request that names an origin is refused.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(LARGEST_REQUEST)
        .with_allowed_hosts(own.into_iter().chain(hosts.iter().cloned()))
        .enforce_origin_validation()
        .with_cancellation_token(stop);
    StreamableHttpService::new(move || Ok(server.clone()), Arc::default(), config)
}

async fn talk(stream: TcpStream, service: &Service) {
    let answered = service_fn(|request| async move { Ok::<_, Infallible>(answer(service, request).await) });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), answered);
    // A caller that hung up is nobody's to tell.
    _ = connection.await;
}

async fn answer(service: &Service, request: Request<Incoming>) -> Answer {
    if request.uri().path().trim_end_matches('/') != "/mcp" {
        return refusal(StatusCode::NOT_FOUND, "The MCP server is at /mcp.");
    }
    if key_of(request.headers()).is_none() {
        let sentence = "Send the gateway's key as X-API-Key or as a bearer token.";
        let mut answer = refusal(StatusCode::UNAUTHORIZED, sentence);
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return answer;
    }
    service.handle(request).await
}

/// The key that a request brings.
pub(crate) fn key_of(headers: &HeaderMap) -> Option<&str> {
    let text = |it: &'static str| headers.get(it).and_then(|it| it.to_str().ok());
    let bearer = text(AUTHORIZATION.as_str()).and_then(|it| it.split_once(' '));
    let bearer = bearer.filter(|it| it.0.eq_ignore_ascii_case("bearer")).map(|it| it.1);
    text("x-api-key").or(bearer).map(str::trim).filter(|it| !it.is_empty())
}

fn refusal(status: StatusCode, sentence: &str) -> Answer {
    // In the form of the protocol, for clients that show nothing else.
    let body = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32_000, "message": sentence}}).to_string();
    let mut answer = Response::new(Full::new(Bytes::from(body)).boxed());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_either_header() {
        let key = |name: &'static str, value: &'static str| {
            let headers: HeaderMap = [(name.parse().unwrap(), HeaderValue::from_static(value))].into_iter().collect();
            key_of(&headers).map(str::to_owned)
        };
        assert_eq!(key("x-api-key", " owa ").as_deref(), Some("owa"));
        assert_eq!(key("authorization", "bearer owa").as_deref(), Some("owa"));
        assert_eq!(key("authorization", "Basic owa"), None);
        assert_eq!(key("x-api-key", ""), None);
    }
}
