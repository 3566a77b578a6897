//! Receives OpenWA's webhooks, checks their signature, and prints them.
//!
//! ```sh
//! cargo run --bin webhook_receiver -- 9000 a-secret-of-16-or-more
//! ```
//!
//! Register it with `{"url": "http://127.0.0.1:9000/", "events": ["*"], "secret": "a-secret-of-16-or-more"}`.

use std::error::Error;

use openwa_client::{
    events::Delivery,
    webhook::{Verifier, WebhookError},
};
use poem::{
    Body, EndpointExt as _, Request, Route, Server,
    http::{HeaderMap, StatusCode},
    listener::{Acceptor as _, Listener as _, TcpListener},
    post,
    web::Data,
};

const LARGEST_BODY: usize = 8 * 1024 * 1024;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().unwrap_or_else(|| "9000".to_owned());
    let secret = arguments.next().unwrap_or_else(|| "a-secret-of-16-or-more".to_owned());
    let acceptor = TcpListener::bind(format!("127.0.0.1:{port}")).into_acceptor().await?;
    for address in acceptor.local_addr() {
        println!("listening on {address}/");
    }
    let routes = Route::new().at("/", post(receive).data(Verifier::new(secret)));
    Ok(Server::new_with_acceptor(acceptor).run(routes).await?)
}

#[poem::handler]
async fn receive(Data(verifier): Data<&Verifier>, request: &Request, body: Body) -> StatusCode {
    let Ok(body) = body.into_bytes_limit(LARGEST_BODY).await else { return StatusCode::PAYLOAD_TOO_LARGE };
    // The signature covers the exact bytes: nothing may parse them before.
    match verifier.parse(pairs(request.headers()), &body) {
        Ok(delivery) => {
            print(&delivery);
            // A delivery may come twice with the same idempotency key; whoever acts on it should remember the key.
            StatusCode::OK
        }
        Err(WebhookError::Unreadable(error)) => {
            println!("refused: {error}");
            StatusCode::BAD_REQUEST
        }
        Err(error) => {
            println!("refused: {error}");
            StatusCode::UNAUTHORIZED
        }
    }
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
}

fn print(delivery: &Delivery) {
    match delivery {
        Delivery::MessageReceived(it) => println!("{} {} {}", delivery.kind(), it.data.from, it.data.body),
        Delivery::SessionStatus(it) => println!("{} {}", delivery.kind(), it.data.status),
        other => println!("{}", other.kind()),
    }
}
