//! Fetching what stands at an address that a caller gave. Each address on the way is checked as text here, and each
//! name as it is resolved by the guarded client.

use reqwest::{Client, Response, header::LOCATION};
use url::Url;

use crate::{
    error::GatewayError,
    guard::{AddressRefused, NetworkPolicy},
    http::caused_by,
};

/// How many times an address may send us on to another one; each is checked like the first.
const MOST_REDIRECTS: usize = 5;

/// An answer of success, and the address it came from in the end.
pub(crate) struct Fetched {
    pub(crate) answer: Response,
    pub(crate) url: Url,
}

/// Asks for what stands at an address. The caller bounds how much of it is read and how long that takes.
pub(crate) async fn fetch(client: &Client, network: &NetworkPolicy, address: &str) -> Result<Fetched, GatewayError> {
    let unreachable = |text: &str| GatewayError::MediaUnreachable(text.to_owned());
    let mut url = network.check_url(address)?;
    for _ in 0..=MOST_REDIRECTS {
        let answer = client.get(url.clone()).send().await.map_err(|error| said_plainly(&error))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Fetched { answer, url });
        }
        let next = answer.headers().get(LOCATION).and_then(|it| it.to_str().ok());
        match next.and_then(|it| url.join(it).ok()) {
            Some(next) if status.is_redirection() => url = network.check_url(next.as_str())?,
            _ => return Err(unreachable(&format!("the host answered {}", status.as_u16()))),
        }
    }
    Err(unreachable(&format!("the host redirected more than {MOST_REDIRECTS} times")))
}

/// What went wrong between us and the host, in words for whoever gave the address.
pub(crate) fn said_plainly(error: &reqwest::Error) -> GatewayError {
    if let Some(refused) = caused_by::<AddressRefused>(error) {
        return GatewayError::AddressRefused(refused.to_string());
    }
    GatewayError::MediaUnreachable(
        if caused_by::<rustls::Error>(error).is_some() {
            "the TLS connection failed; check the host's certificate"
        } else if error.is_timeout() {
            "the host did not answer in time"
        } else if error.is_connect() {
            "no connection could be made; check the address"
        } else {
            "the connection broke"
        }
        .to_owned(),
    )
}
