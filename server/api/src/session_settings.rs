//! What a person may set per session, and what its engine can do.

use openwa_core::Gateway;
use openwa_model::{ops::Op, session::SessionConfig};
use poem_openapi::{Object, OpenApi, param::Path, types::MaybeUndefined};
use serde::Serialize;
use url::Url;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Admin, AllChats, Caller, Deployment, NoChats, Operator, Viewer},
    input::Body,
    wire::{Nullable, SessionPath},
};

/// The first wait before a reconnect where nothing is set, in milliseconds.
const DEFAULT_BASE_DELAY_MS: u32 = 5_000;

pub(crate) struct SessionSettings(pub(crate) Gateway);

/// How a session behaves.
#[derive(Object, Serialize)]
#[oai(rename = "SessionConfig", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfigResponse {
    /// Whether incoming calls are refused.
    auto_reject_calls: bool,
    /// After how many failed attempts to reconnect the session is `failed`; null is never.
    max_reconnect_attempts: Nullable<u32>,
    /// The first wait before a reconnect, in milliseconds.
    reconnect_base_delay: u32,
}

impl From<SessionConfig> for ConfigResponse {
    fn from(config: SessionConfig) -> Self {
        Self {
            auto_reject_calls: config.auto_reject_calls,
            max_reconnect_attempts: Nullable(config.max_reconnect_attempts),
            reconnect_base_delay: config.reconnect_base_delay_ms.unwrap_or(DEFAULT_BASE_DELAY_MS),
        }
    }
}

/// What to change; null sets a field back to its default.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UpdateSessionConfig {
    /// Whether incoming calls are refused.
    #[oai(nullable)]
    auto_reject_calls: MaybeUndefined<bool>,
    /// After how many failed attempts to reconnect the session is `failed`; null is never.
    #[oai(nullable, validator(minimum(value = "0"), maximum(value = "20")))]
    max_reconnect_attempts: MaybeUndefined<u32>,
    /// The first wait before a reconnect, in milliseconds.
    #[oai(nullable, validator(minimum(value = "1000"), maximum(value = "300000")))]
    reconnect_base_delay: MaybeUndefined<u32>,
}

/// The proxy a session connects through. Its credentials are never shown.
#[derive(Object, Serialize)]
#[oai(rename = "SessionProxy", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProxyResponse {
    /// Whether there is one.
    enabled: bool,
    /// `http`, `https` or `socks5`.
    proxy_type: Nullable<String>,
    /// Host and port.
    proxy_host: Nullable<String>,
    /// Whether it carries a user name or password.
    has_credentials: bool,
}

impl ProxyResponse {
    fn of(proxy: Option<&str>) -> Self {
        let Some(url) = proxy.and_then(|it| Url::parse(it).ok()) else {
            let none = Nullable(None);
            return Self { enabled: false, proxy_type: none.clone(), proxy_host: none, has_credentials: false };
        };
        let host = url.host_str().map(|host| match url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        });
        Self {
            enabled: true,
            proxy_type: Nullable(Some(url.scheme().to_owned())),
            proxy_host: Nullable(host),
            has_credentials: !url.username().is_empty() || url.password().is_some(),
        }
    }
}

/// The proxy to use from the next start on.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct UpdateSessionProxy {
    /// `http://`, `https://` or `socks5://`, with or without credentials; null is none.
    #[oai(validator(max_length = 255))]
    proxy_url: Nullable<String>,
}

/// What the engine of a session can do.
#[derive(Object, Serialize)]
#[oai(rename = "SessionCapabilities", rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct CapabilitiesResponse {
    /// The kind of engine.
    engine: String,
    /// The operations it implements; others answer 501.
    operations: Vec<String>,
    /// Whether it links by QR code.
    qr: bool,
    /// Whether it links by pairing code.
    pairing_code: bool,
    /// The largest file it sends, in bytes.
    max_media_bytes: u64,
}

#[OpenApi]
impl SessionSettings {
    /// Get a session's configuration
    #[oai(
        path = "/sessions/:sessionId/config",
        method = "get",
        operation_id = "getSessionConfig",
        tag = "Tag::Sessions"
    )]
    async fn config(
        &self,
        _caller: Caller<Viewer, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<ConfigResponse>> {
        Ok(Shown(self.0.session(session.0.id()?).await?.session.config.into()))
    }

    /// Change a session's configuration
    ///
    /// Whether calls are rejected counts at once, the rest from the next attempt to connect.
    #[oai(
        path = "/sessions/:sessionId/config",
        method = "patch",
        operation_id = "updateSessionConfig",
        tag = "Tag::Sessions"
    )]
    async fn update_config(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<UpdateSessionConfig>,
    ) -> Answer<Shown<ConfigResponse>> {
        let id = session.0.id()?;
        let UpdateSessionConfig { auto_reject_calls, max_reconnect_attempts, reconnect_base_delay } = body.value;
        let mut config = self.0.session(id).await?.session.config;
        if !auto_reject_calls.is_undefined() {
            config.auto_reject_calls = auto_reject_calls.take().unwrap_or_default();
        }
        if !max_reconnect_attempts.is_undefined() {
            config.max_reconnect_attempts = max_reconnect_attempts.take();
        }
        if !reconnect_base_delay.is_undefined() {
            config.reconnect_base_delay_ms = reconnect_base_delay.take();
        }
        Ok(Shown(self.0.set_session_config(id, config).await?.config.into()))
    }

    /// Get a session's proxy
    #[oai(path = "/sessions/:sessionId/proxy", method = "get", operation_id = "getSessionProxy", tag = "Tag::Sessions")]
    async fn proxy(
        &self,
        _caller: Caller<Viewer, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<ProxyResponse>> {
        let session = self.0.session(session.0.id()?).await?.session;
        Ok(Shown(ProxyResponse::of(session.proxy.as_deref())))
    }

    /// Change a session's proxy
    ///
    /// It counts from the next start.
    #[oai(
        path = "/sessions/:sessionId/proxy",
        method = "patch",
        operation_id = "updateSessionProxy",
        tag = "Tag::Sessions"
    )]
    async fn update_proxy(
        &self,
        _caller: Caller<Admin, Deployment>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<UpdateSessionProxy>,
    ) -> Answer<Shown<ProxyResponse>> {
        let session = self.0.set_session_proxy(session.0.id()?, body.value.proxy_url.0).await?;
        Ok(Shown(ProxyResponse::of(session.proxy.as_deref())))
    }

    /// Get what a session's engine can do
    ///
    /// An operation that is not in the list answers 501.
    #[oai(
        path = "/sessions/:sessionId/capabilities",
        method = "get",
        operation_id = "getSessionCapabilities",
        tag = "Tag::Sessions"
    )]
    async fn capabilities(
        &self,
        _caller: Caller<Viewer, NoChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<CapabilitiesResponse>> {
        let engine = self.0.session(session.0.id()?).await?.session.engine;
        let can = self.0.capabilities(engine);
        let operations = Op::ALL.iter().filter(|it| can.ops.has(**it)).map(|it| it.name().to_owned()).collect();
        Ok(Shown(CapabilitiesResponse {
            engine: engine.name().to_owned(),
            operations,
            qr: can.qr,
            pairing_code: can.pairing_code,
            max_media_bytes: can.max_media_bytes,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_shown_without_its_credentials() {
        for (proxy, shown) in [
            (None, (false, None, None, false)),
            (Some("http://proxy.example.org"), (true, Some("http"), Some("proxy.example.org:80"), false)),
            (Some("socks5://a:b@10.0.0.1:1080"), (true, Some("socks5"), Some("10.0.0.1:1080"), true)),
        ] {
            let it = ProxyResponse::of(proxy);
            let given = (it.enabled, it.proxy_type.0.as_deref(), it.proxy_host.0.as_deref(), it.has_credentials);
            assert_eq!(given, shown, "{proxy:?}");
        }
    }
}
