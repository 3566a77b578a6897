//! Telling a delivery of your gateway from a forged one.
//!
//! Give the headers and the body **exactly as they came**, before anything parses it:
//!
//! ```
//! use openwa_client::webhook::{Verifier, WebhookError};
//!
//! let verifier = Verifier::new("at least sixteen characters");
//! let headers = [("X-OpenWA-Signature", "sha256=00")];
//! assert!(matches!(verifier.verify(headers, b"{}"), Err(WebhookError::Malformed { .. })));
//! ```
//!
//! Two schemes are known. OpenWA's own signs the body: `X-OpenWA-Signature: sha256=<hex>`. [Standard
//! Webhooks](https://www.standardwebhooks.com) signs id, time and body: `webhook-id`, `webhook-timestamp` and
//! `webhook-signature`, so that an old delivery cannot be sent again. Where a delivery has the latter, they count.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use crate::events::Delivery;

/// How far the time of a delivery may be from now.
const DEFAULT_TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// How many signatures of one delivery are looked at.
const MOST_SIGNATURES: usize = 16;

/// Why a delivery is not to be trusted, or not understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// Nothing is signed.
    #[error("the delivery has no signature; give the webhook a secret, and pass all headers on")]
    Missing,
    /// A header does not read as it should.
    #[error("the header {header} is malformed; pass it on as it came")]
    Malformed {
        /// Its name.
        header: &'static str,
    },
    /// No signature fits.
    #[error("the signature does not fit; check the secret, and that the body is passed on byte by byte")]
    Wrong,
    /// It was signed too long ago.
    #[error("the delivery is too old; it may be a replay, or this machine's clock is wrong")]
    TooOld,
    /// It was signed in the future.
    #[error("the delivery is from the future; check the clocks of both machines")]
    TooNew,
    /// The body is no delivery.
    #[error("the body is not a delivery of OpenWA: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Reads the body of a delivery, which was checked before.
///
/// # Errors
///
/// When it is no delivery.
pub fn parse(body: &[u8]) -> Result<Delivery, WebhookError> {
    Ok(serde_json::from_slice(body)?)
}

/// What a gateway sends as `X-OpenWA-Signature`: `sha256=` and the HMAC-SHA-256 of the body in hexadecimal.
pub fn sign(secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(mac(secret.as_bytes()).chain_update(body).finalize().into_bytes()))
}

/// Checks deliveries.
#[derive(Clone)]
pub struct Verifier {
    secrets: Vec<String>,
    tolerance: Duration,
}

impl Verifier {
    /// Checks with the secret that the webhook was given.
    pub fn new(secret: impl Into<String>) -> Self {
        Self { secrets: vec![secret.into()], tolerance: DEFAULT_TOLERANCE }
    }

    /// Accepts this secret as well, while one is being replaced by the other.
    #[must_use]
    pub fn or(mut self, secret: impl Into<String>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// How far the time of a delivery may be from now; 5 minutes when not said.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks a delivery.
    ///
    /// # Errors
    ///
    /// When it is not to be trusted.
    pub fn verify<'a>(
        &self,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &[u8],
    ) -> Result<(), WebhookError> {
        self.verify_at(headers, body, SystemTime::now())
    }

    /// Checks a delivery and reads it.
    ///
    /// # Errors
    ///
    /// When it is not to be trusted, or no delivery.
    pub fn parse<'a>(
        &self,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &[u8],
    ) -> Result<Delivery, WebhookError> {
        self.verify(headers, body)?;
        parse(body)
    }

    /// Checks a delivery as if it were now that time.
    ///
    /// # Errors
    ///
    /// When it is not to be trusted.
    pub fn verify_at<'a>(
        &self,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), WebhookError> {
        let signed = Signed::of(headers);
        if let Some(signatures) = signed.standard {
            return self.verify_standard(signed.id, signed.timestamp, signatures, body, now);
        }
        let signature = signed.own.ok_or(WebhookError::Missing)?;
        let expected = own_signature(signature)?;
        let fits = |it: &String| mac(it.as_bytes()).chain_update(body).verify_slice(&expected).is_ok();
        any(&self.secrets, fits)
    }

    fn verify_standard(
        &self,
        id: Option<&str>,
        timestamp: Option<&str>,
        signatures: &str,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), WebhookError> {
        let id = id.filter(|it| !it.is_empty()).ok_or(WebhookError::Malformed { header: "webhook-id" })?;
        let malformed_time = || WebhookError::Malformed { header: "webhook-timestamp" };
        let timestamp = timestamp.ok_or_else(malformed_time)?;
        let signed_at: i64 = timestamp.parse().map_err(|_| malformed_time())?;
        let signatures = signatures.split_ascii_whitespace().take(MOST_SIGNATURES);
        let signatures: Vec<_> =
            signatures.filter_map(|it| it.strip_prefix("v1,")).filter_map(|it| STANDARD.decode(it).ok()).collect();
        if signatures.is_empty() {
            return Err(WebhookError::Malformed { header: "webhook-signature" });
        }
        any(&self.secrets, |secret| {
            let key = standard_key(secret);
            let whole = mac(&key).chain_update(id).chain_update(b".").chain_update(timestamp).chain_update(b".");
            let whole = whole.chain_update(body);
            signatures.iter().any(|it| whole.clone().verify_slice(it).is_ok())
        })?;
        // Asked last, so that only what is genuine is called old.
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |it| i64::try_from(it.as_secs()).unwrap_or(i64::MAX));
        let tolerance = i64::try_from(self.tolerance.as_secs()).unwrap_or(i64::MAX);
        match now.saturating_sub(signed_at) {
            age if age > tolerance => Err(WebhookError::TooOld),
            age if age < tolerance.saturating_neg() => Err(WebhookError::TooNew),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Verifier").field("tolerance", &self.tolerance).finish_non_exhaustive()
    }
}

/// The headers that matter.
#[derive(Default)]
struct Signed<'a> {
    own: Option<&'a str>,
    id: Option<&'a str>,
    timestamp: Option<&'a str>,
    standard: Option<&'a str>,
}

impl<'a> Signed<'a> {
    fn of(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut signed = Self::default();
        for (name, value) in headers {
            let is = |it: &str| name.eq_ignore_ascii_case(it);
            let place = match () {
                () if is("x-openwa-signature") => &mut signed.own,
                () if is("webhook-id") => &mut signed.id,
                () if is("webhook-timestamp") => &mut signed.timestamp,
                () if is("webhook-signature") => &mut signed.standard,
                () => continue,
            };
            // Of several, the first: what comes later may have been added on the way.
            place.get_or_insert(value.trim());
        }
        signed
    }
}

/// `sha256=` and 64 hexadecimal digits.
fn own_signature(header: &str) -> Result<[u8; 32], WebhookError> {
    let mut signature = [0; 32];
    let digits = header.strip_prefix("sha256=").ok_or(WebhookError::Malformed { header: "X-OpenWA-Signature" })?;
    hex::decode_to_slice(digits, &mut signature)
        .map_err(|_| WebhookError::Malformed { header: "X-OpenWA-Signature" })?;
    Ok(signature)
}

/// `whsec_` and base64, or the text itself.
fn standard_key(secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix("whsec_").and_then(|it| STANDARD.decode(it).ok());
    encoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"))
}

/// An empty secret fits nothing: it is one that somebody forgot to set.
fn any(secrets: &[String], fits: impl Fn(&String) -> bool) -> Result<(), WebhookError> {
    match secrets.iter().any(|it| !it.is_empty() && fits(it)) {
        true => Ok(()),
        false => Err(WebhookError::Wrong),
    }
}
