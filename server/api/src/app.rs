//! The whole API, put together.

use std::sync::{Arc, LazyLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use openwa_core::{Gateway, guard::Network};
use openwa_model::secret::Secret;
use poem::{
    Endpoint, EndpointExt, IntoEndpoint, IntoResponse, Response, Route,
    endpoint::{BoxEndpoint, make_sync},
    http::{HeaderValue, header},
    middleware::{AddData, CatchPanic},
};
use poem_openapi::{OpenApi, OpenApiService, Tags, registry::Registry};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::{
    audit::Audit,
    auditor::Auditor,
    automation_rules::AutomationRules,
    bulk::Bulk,
    business::Businesses,
    calls::Calls,
    channels::Channels,
    chats::Chats,
    choices::Choosing,
    communities::Communities,
    contacts::Contacts,
    deliveries::Deliveries,
    document::document,
    edge::Edge,
    error::ApiError,
    event_socket::EventSocket,
    events::Events,
    follower::Following,
    groups::{GroupApi, group_api},
    health::Health,
    history::History,
    infrastructure::{Infrastructure, Installation},
    input::Door,
    keys::Keys,
    kinds::Kinds,
    labels::Labels,
    limits::{Limiter, RateLimits},
    linking::Linking,
    marks::Marks,
    media::MediaConversions,
    messages::Messages,
    metrics::{Asked, Metrics},
    once::Keyed,
    operations::Operations,
    presence::Presence,
    privacy::Privacy,
    profile::Profile,
    rules::Rules,
    search::Search,
    sends::Sends,
    session_settings::SessionSettings,
    sessions::Sessions,
    statistics::Statistics,
    statuses::Statuses,
    sync::Syncs,
    templates::Templates,
    webhooks::Webhooks,
};

/// Where all of OpenWA's routes are.
pub(crate) const PREFIX: &str = "/api";
/// Where the document is.
const DOCUMENT: &str = "/api/openapi.json";
/// Where the page that shows it is.
const PAGE: &str = "/api/docs";

/// Where Prometheus reads.
const METRICS: &str = "/api/metrics";

/// Where events are followed, by server-sent events.
const STREAM: &str = "/api/events/stream";
/// Where events are followed, by a WebSocket.
const SOCKET: &str = "/api/events/ws";

/// How the API behaves.
pub struct ApiSettings {
    /// The largest body of a request, in bytes.
    pub body_limit: usize,
    /// Whether callers are told what is wrong with their input, beyond that it is.
    pub validation_detail: bool,
    /// The origins whose pages may read answers; `*` is any. None by default.
    pub cors_origins: Vec<String>,
    /// The proxies whose `X-Forwarded-For` is believed. None by default.
    pub trusted_proxies: Vec<Network>,
    /// How often one address may ask one route. Without limits by default.
    pub rate_limits: RateLimits,
    /// What opens the numbers for Prometheus; they are closed without.
    pub metrics_token: Option<Secret>,
    /// What the program knows about itself.
    pub installation: Installation,
    /// The program's version, told to those with a good key.
    pub version: String,
    /// Cancelled when the program begins to stop: those who follow events are let go.
    pub stopping: CancellationToken,
    /// What else is served on this port, each under its path, which it sees whole.
    pub mounts: Vec<(String, BoxEndpoint<'static, Response>)>,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            body_limit: 25 * 1024 * 1024,
            validation_detail: true,
            cors_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            rate_limits: RateLimits::default(),
            metrics_token: None,
            installation: Installation::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            stopping: CancellationToken::new(),
            mounts: Vec::new(),
        }
    }
}

/// What the API works with.
pub struct ApiState {
    /// The gateway it is the face of.
    pub gateway: Gateway,
    /// How it behaves.
    pub settings: ApiSettings,
}

/// The program's version.
#[derive(Clone)]
pub(crate) struct Version(pub(crate) String);

/// What operations are about.
#[derive(Tags)]
pub(crate) enum Tag {
    /// WhatsApp accounts linked to this gateway.
    Sessions,
    /// Sending, and what was sent and received.
    Messages,
    /// Conversations.
    Chats,
    /// People.
    Contacts,
    /// What an account shows of itself.
    Profile,
    /// Labels of a business account.
    Labels,
    /// Being called.
    Calls,
    /// Groups.
    Groups,
    /// Converting files into what WhatsApp plays.
    Media,
    /// Texts to fill in and send.
    Templates,
    /// Answering by itself.
    AutomationRules,
    /// Groups of groups.
    Communities,
    /// What is written by few and read by many.
    Channels,
    /// What this account sells.
    Catalog,
    /// What people post for a day.
    Status,
    /// Being called back.
    Webhooks,
    /// The log of what happened.
    Events,
    /// Who may do what.
    Keys,
    /// Finding messages.
    Search,
    /// Sessions and messages, counted.
    Statistics,
    /// Who did what to the gateway itself.
    Audit,
    /// What the gateway runs on, and how it is set.
    Infrastructure,
    /// Whether the gateway is well.
    Health,
}

/// All that sends, and what is made to be sent.
type Sending = (Sends, Kinds, Choosing, MediaConversions, Templates, Bulk, AutomationRules);
/// What is done with stored messages. The framework takes up to sixteen resources in one list.
type OfMessages = (Messages, Marks, History, Syncs);
/// What an account shows and sees.
type OfAccount = (Presence, Profile, Privacy, Labels, Calls);

/// Every resource.
pub(crate) type Api = (
    Sessions,
    Linking,
    SessionSettings,
    Sending,
    OfMessages,
    Chats,
    Contacts,
    OfAccount,
    // No more than sixteen can stand side by side.
    (GroupApi, Communities, Channels, Statuses, Businesses),
    (Webhooks, Deliveries),
    Events,
    Keys,
    (Search, Statistics, Audit, Infrastructure),
    Health,
);

/// The API as one endpoint.
pub fn app(state: ApiState) -> impl Endpoint<Output = Response> {
    let ApiState { gateway, settings } = state;
    let following = Following::new(gateway.clone(), settings.stopping);
    let api: Api = (
        Sessions(gateway.clone()),
        Linking(gateway.clone()),
        SessionSettings(gateway.clone()),
        (
            Sends(gateway.clone()),
            Kinds(gateway.clone()),
            Choosing(gateway.clone()),
            MediaConversions(gateway.clone()),
            Templates(gateway.clone()),
            Bulk(gateway.clone()),
            AutomationRules(gateway.clone()),
        ),
        (Messages(gateway.clone()), Marks(gateway.clone()), History(gateway.clone()), Syncs(gateway.clone())),
        Chats(gateway.clone()),
        Contacts(gateway.clone()),
        (
            Presence(gateway.clone()),
            Profile(gateway.clone()),
            Privacy(gateway.clone()),
            Labels(gateway.clone()),
            Calls(gateway.clone()),
        ),
        (
            group_api(&gateway),
            Communities(gateway.clone()),
            Channels(gateway.clone()),
            Statuses(gateway.clone()),
            Businesses(gateway.clone()),
        ),
        (Webhooks(gateway.clone()), Deliveries(gateway.clone())),
        Events { gateway: gateway.clone(), following: following.clone() },
        Keys(gateway.clone()),
        (
            Search(gateway.clone()),
            Statistics(gateway.clone()),
            Audit(gateway.clone()),
            Infrastructure {
                gateway: gateway.clone(),
                installation: settings.installation,
                rate_limits: settings.rate_limits.clone(),
            },
        ),
        Health(gateway.clone()),
    );
    let mut schemas = Registry::new();
    Api::register(&mut schemas);
    let operations = Operations::new(PREFIX, Api::meta()).with_page(DOCUMENT).with_page(PAGE).with_page(METRICS);
    let operations = operations.with_twin(SOCKET, STREAM);
    let file_limit = gateway.settings().media_max_bytes;
    let door = Door::new(settings.body_limit, file_limit, Rules::new(schemas), settings.validation_detail);
    let door = Arc::new(door);

    let asked = Asked::default();
    let metrics = Metrics::new(gateway.clone(), settings.metrics_token, asked.clone());
    let auditor = Auditor::new(gateway.clone());
    let service = OpenApiService::new(api, "OpenWA", settings.version.clone());
    let described = Bytes::from(document());
    // Three megabytes that most gateways never show: made when first asked for.
    let page = {
        let described = described.clone();
        LazyLock::new(move || Page::of(&String::from_utf8_lossy(&described)))
    };
    let routes = Route::new()
        .at(DOCUMENT, make_sync(move |_| json_of(described.clone())))
        .at(PAGE, make_sync(move |_| page.show()))
        .at(SOCKET, EventSocket::new(following))
        .at(METRICS, metrics)
        .nest(PREFIX, Keyed::new(service.into_endpoint(), gateway.clone()));
    let mounts = settings.mounts.into_iter();
    let routes = mounts.fold(routes, |routes, (path, endpoint)| routes.nest_no_strip(path, endpoint));
    let inner = routes
        .with(AddData::new(gateway))
        .with(AddData::new(Version(settings.version)))
        .with(CatchPanic::new().with_handler(|_| ApiError::internal(Panicked).into_response()))
        .map_to_response();
    let limiter = Limiter::new(&settings.rate_limits);
    let ApiSettings { cors_origins, trusted_proxies, .. } = settings;
    Edge { inner, operations, door, cors_origins, trusted_proxies, limiter, auditor, asked }
}

/// A handler broke its own rules.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked; the panic itself stands in the log before this line")]
struct Panicked;

/// The page that shows the document, complete without the internet.
struct Page {
    html: Bytes,
    policy: HeaderValue,
}

impl Page {
    /// Only the program that the framework brings along may run in it: the policy names its hash.
    fn of(document: &str) -> Self {
        const BEGIN: &str = "<script charset=\"UTF-8\">";
        let frame = OpenApiService::new((), "OpenWA", "");
        let html = frame.scalar_html().replacen(&frame.spec(), document, 1).replacen(
            "<title>Scalar</title>",
            "<title>OpenWA</title>",
            1,
        );
        let program = html.split_once(BEGIN).and_then(|(_, rest)| rest.split_once("</script>")).map_or("", |it| it.0);
        let hash = BASE64_STANDARD.encode(Sha256::digest(program));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src 'self' data:; \
             font-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Self { html: Bytes::from(html), policy }
    }

    fn show(&self) -> Response {
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, self.policy.clone())
            .body(self.html.clone())
    }
}

fn json_of(document: Bytes) -> Response {
    Response::builder().content_type("application/json; charset=utf-8").body(document)
}
