//! Writes that take effect once: which operations take an `Idempotency-Key`, and what is done with it.
//!
//! The key is claimed when it is known who asks, that they may, and what the body says, and before the handler begins;
//! with the handler's answer it is settled. Sends of messages declare the key themselves ([`crate::answer::Once`]) and
//! settle it with their message, which outlives a crash.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use openwa_core::{
    Gateway,
    gateway::{Claim, Claimed, Ending, IdempotencyKey},
};
use openwa_model::{
    idempotency::{KeyOwner, StoredAnswer},
    key::ApiKey,
};
use poem::{
    Endpoint, Request, Response,
    endpoint::BoxEndpoint,
    http::{Method, StatusCode},
};
use poem_openapi::registry::{MetaOperation, MetaParamIn};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    answer::{ABOUT_REPLAYED, LONGEST_KEY, REPLAYED, key_in},
    auth::gateway_of,
    error::{ApiError, Doubt},
    input::{Fingerprint, IDEMPOTENCY_KEY, session_in_path},
    operations::Matched,
};

/// The operations that are no reads and take no key, and why. Every other one takes one.
const WITHOUT_KEY: &[(&str, &str)] = &[
    ("createKey", "its answer holds the API key, which is shown once and kept nowhere"),
    ("validateKey", "it reads"),
    ("convertVideo", "it makes nothing but its answer, which is a file"),
    ("convertVoice", "it makes nothing but its answer, which is a file"),
    ("markChatRead", "what is read stays read when it is done twice"),
    ("requestPairingCode", "its answer is a secret that is good for a moment"),
    ("sendTyping", "it is seen for a moment, and looks the same when it is done twice"),
    ("setPresence", "it is seen for a moment, and looks the same when it is done twice"),
    ("subscribePresence", "it lasts as long as the link, and is the same when it is done twice"),
];

/// The longest answer that is kept, in bytes.
const LONGEST_KEPT: usize = 1024 * 1024;

/// Whether an operation takes a key that is looked after here.
pub(crate) fn takes_key(operation: &MetaOperation) -> bool {
    let is_key = |name: &str| name.eq_ignore_ascii_case(IDEMPOTENCY_KEY);
    let declares = operation.params.iter().any(|it| it.in_type == MetaParamIn::Header && is_key(&it.name));
    let left_out = || WITHOUT_KEY.iter().any(|it| operation.operation_id == Some(it.0));
    operation.method != Method::GET && !declares && !left_out()
}

/// Tells in the document of the key that an operation takes.
pub(crate) fn tell(operation: &MetaOperation, told: &mut Value) {
    if !takes_key(operation) {
        return;
    }
    let parameter = json!({
        "name": IDEMPOTENCY_KEY,
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
        "in": "header",
        "description": "Makes the request take effect once within 24 hours.",
        "required": false,
    });
    match told["parameters"].as_array_mut() {
        Some(parameters) => parameters.push(parameter),
        None => told["parameters"] = json!([parameter]),
    }
    for (status, response) in told["responses"].as_object_mut().into_iter().flatten() {
        if status.starts_with('2') {
            response["headers"][REPLAYED] = json!({"description": ABOUT_REPLAYED, "schema": {"type": "string"}});
        }
    }
}

/// One request with a key, on its way to its answer.
#[derive(Default)]
struct Claiming {
    /// Whose key it is, once it is known who asks.
    admitted: OnceLock<(KeyOwner, String)>,
    /// The claim, until it is settled.
    claimed: Mutex<Option<Claimed>>,
}

impl Claiming {
    fn of(request: &Request) -> Option<&Arc<Self>> {
        request.data()
    }

    fn put(&self, claimed: Claimed) {
        *self.claimed.lock().unwrap_or_else(PoisonError::into_inner) = Some(claimed);
    }

    fn take(&self) -> Option<Claimed> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The caller may do what is asked. Where there is no body to wait for, the key is claimed.
pub(crate) async fn admit(request: &Request, key: &ApiKey) -> poem::Result<()> {
    let (Some(claiming), Some(Matched(operation))) = (Claiming::of(request), request.data::<Matched>()) else {
        return Ok(());
    };
    let Some(text) = key_in(request)? else { return Ok(()) };
    let owner = match session_in_path(request) {
        // A session that is deleted takes its keys with it; and whoever may use some chats only might be told what was
        // done in another.
        Some(session) if !operation.is_session && key.allowed_chats.is_none() => KeyOwner::Session(session),
        _ => KeyOwner::ApiKey(key.id),
    };
    // A second look at the same request finds the same.
    _ = claiming.admitted.set((owner, text));
    if operation.takes_body {
        return Ok(());
    }
    claim(request, Some(&Fingerprint::begin(request).finish())).await
}

/// Claims the key of a request that can begin now. What was done before is answered again, as an error of this request.
pub(crate) async fn claim(request: &Request, fingerprint: Option<&str>) -> poem::Result<()> {
    let (Some(claiming), Some(fingerprint)) = (Claiming::of(request), fingerprint) else { return Ok(()) };
    let Some((owner, key)) = claiming.admitted.get().cloned() else { return Ok(()) };
    let key = IdempotencyKey { key, fingerprint: with_query(request, fingerprint) };
    match gateway_of(request)?.claim(owner, key).await.map_err(ApiError::from)? {
        Claim::Granted(claimed) => {
            claiming.put(claimed);
            Ok(())
        }
        Claim::Replayed(answer) => Err(poem::Error::from_response(replayed(answer))),
    }
}

fn with_query(request: &Request, fingerprint: &str) -> String {
    match request.uri().query() {
        Some(query) if !query.is_empty() => {
            let digest = Sha256::new().chain_update(fingerprint).chain_update([0]).chain_update(query);
            hex::encode(digest.finalize())
        }
        _ => fingerprint.to_owned(),
    }
}

fn replayed(StoredAnswer { status, body }: StoredAnswer) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let response = Response::builder().status(status).header(REPLAYED, "true");
    if body.is_empty() {
        return response.finish();
    }
    response.content_type("application/json; charset=utf-8").body(body)
}

/// All operations, with their keys looked after.
pub(crate) struct Keyed {
    inner: Arc<BoxEndpoint<'static>>,
    gateway: Gateway,
}

impl Keyed {
    pub(crate) fn new(inner: BoxEndpoint<'static>, gateway: Gateway) -> Self {
        Self { inner: Arc::new(inner), gateway }
    }
}

impl Endpoint for Keyed {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let takes_key = request.data::<Matched>().is_some_and(|Matched(it)| it.takes_key);
        if !takes_key || !request.headers().contains_key(IDEMPOTENCY_KEY) {
            return self.inner.call(request).await;
        }
        let claiming = Arc::new(Claiming::default());
        request.set_data(claiming.clone());
        let (inner, gateway) = (self.inner.clone(), self.gateway.clone());
        // To the end, even when the one who asked goes away: else nobody would know what came of it.
        let work = async move {
            let answer = inner.call(request).await;
            Ok(match claiming.take() {
                Some(claimed) => settled(&gateway, claimed, answer).await,
                None => answer,
            })
        };
        self.gateway.detached(work).await.map_err(ApiError::from)?
    }
}

/// The answer, once it is kept, or its key free again.
async fn settled(gateway: &Gateway, claimed: Claimed, answer: poem::Result<Response>) -> poem::Result<Response> {
    let mut response = match answer {
        Ok(response) => response,
        Err(error) if error.is_from_response() => error.into_response(),
        // The framework refused it before the handler began.
        Err(error) => {
            gateway.settle(claimed, Ending::Nothing).await;
            return Err(error);
        }
    };
    let status = response.status();
    let is_done = status.is_success() || response.data::<Doubt>().map_or(status.is_server_error(), |it| it.0);
    if !is_done {
        gateway.settle(claimed, Ending::Nothing).await;
        return Ok(response);
    }
    let body = response.take_body().into_bytes().await.map_err(ApiError::internal)?;
    if body.len() <= LONGEST_KEPT {
        let kept = StoredAnswer { status: status.as_u16(), body: body.to_vec() };
        gateway.settle(claimed, Ending::Answered(kept)).await;
    } else {
        tracing::warn!(
            bytes = body.len(),
            "an answer was too long to be kept for its key; a repeated request is not told it"
        );
    }
    response.set_body(body);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use poem_openapi::OpenApi;

    use super::*;
    use crate::app::Api;

    #[test]
    fn what_takes_no_key_is_an_operation_that_writes() {
        let operations: Vec<_> = Api::meta().into_iter().flat_map(|it| it.paths).flat_map(|it| it.operations).collect();
        for (id, why) in WITHOUT_KEY {
            let operation = operations.iter().find(|it| it.operation_id == Some(*id));
            let operation = operation.unwrap_or_else(|| panic!("{id} is no operation any more"));
            assert_ne!(operation.method, Method::GET, "{id} needs no line: {why}");
        }
        let keyed = operations.iter().filter(|it| takes_key(it)).count();
        assert!(keyed > 60, "{keyed} operations take a key");
    }
}
