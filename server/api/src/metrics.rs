//! Numbers for Prometheus: what the gateway does, and what it was asked. They stand beside the document, because they
//! are opened by a token of their own and are no JSON.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use openwa_core::{Gateway, gateway::Totals};
use openwa_model::{
    secret::Secret,
    session::Status,
    store::{Page, SessionFilter},
};
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{Method, StatusCode, header},
};
use subtle::ConstantTimeEq;

use crate::{
    auth::peer,
    error::ApiError,
    limits::{Limiter, RateLimit, RateLimits},
};

/// How long counted messages are good for: counting them reads all of them.
const COUNTED_FOR: Duration = Duration::from_secs(30);
/// How often one address may be wrong about the token in a minute.
const MOST_WRONG: u32 = 10;
/// How many rows are read at once.
const BATCH: u32 = 1_000;

/// What was asked of the API, counted.
#[derive(Clone, Default)]
pub(crate) struct Asked(Arc<Mutex<BTreeMap<Kind, Timing>>>);

/// What is counted together: the name of the method, the path of the operation, the status of the answer.
type Kind = (&'static str, Arc<str>, u16);

#[derive(Clone, Copy, Default)]
struct Timing {
    times: u64,
    took: Duration,
}

impl Asked {
    /// Counts one answer.
    pub(crate) fn count(&self, method: &Method, route: &Arc<str>, status: u16, took: Duration) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let timing = counted.entry((named(method), route.clone(), status)).or_default();
        timing.times += 1;
        timing.took += took;
    }
}

fn named(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// Serves the numbers.
pub(crate) struct Metrics {
    gateway: Gateway,
    token: Option<Secret>,
    asked: Asked,
    began: Instant,
    wrong: Limiter,
    counted: tokio::sync::Mutex<Option<(Instant, Totals)>>,
}

impl Metrics {
    pub(crate) fn new(gateway: Gateway, token: Option<Secret>, asked: Asked) -> Self {
        let wrong = RateLimit { requests: MOST_WRONG, window: Duration::from_secs(60) };
        let wrong = Limiter::new(&RateLimits { medium: Some(wrong), ..RateLimits::default() });
        Self { gateway, token, asked, began: Instant::now(), wrong, counted: tokio::sync::Mutex::default() }
    }

    fn admit(&self, request: &Request) -> Result<(), ApiError> {
        let Some(token) = &self.token else {
            return Err(ApiError::no_route(request.method().as_str(), request.uri().path()));
        };
        let given = request.headers().get(header::AUTHORIZATION).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let given = given.split_once(' ').filter(|it| it.0.eq_ignore_ascii_case("bearer")).map_or("", |it| it.1.trim());
        if bool::from(given.as_bytes().ct_eq(token.expose().as_bytes())) {
            return Ok(());
        }
        let standing = self.wrong.count_by(0, peer(request), Instant::now());
        if standing.is_some_and(|it| it.is_refused()) {
            return Err(ApiError::too_many_requests());
        }
        Err(ApiError::unauthenticated("METRICS_TOKEN_INVALID", "Invalid metrics token"))
    }

    async fn totals(&self) -> Option<Totals> {
        let mut counted = self.counted.lock().await;
        if let Some((at, totals)) = *counted
            && at.elapsed() < COUNTED_FOR
        {
            return Some(totals);
        }
        let totals = self.gateway.message_totals(None).await.ok()?;
        *counted = Some((Instant::now(), totals));
        Some(totals)
    }

    async fn text(&self) -> String {
        let mut page = Text::default();
        page.one("openwa_up", "gauge", "Whether the gateway answers.", 1);
        page.one("openwa_process_uptime_seconds", "gauge", "Since the start.", self.began.elapsed().as_secs());
        let memory = memory().await;
        page.one("openwa_process_resident_memory_bytes", "gauge", "All of it in RAM.", memory.0);
        page.one("openwa_process_heap_used_bytes", "gauge", "Its own memory in RAM.", memory.1);
        let (totals, sessions, deliveries) =
            (self.totals().await, self.sessions().await, self.gateway.count_deliveries().await.ok());
        let known = totals.is_some() && sessions.is_some() && deliveries.is_some();
        page.one("openwa_stats_available", "gauge", "Whether the database could be asked.", u64::from(known));
        if let Some((overview, restricted)) = sessions {
            page.one("openwa_sessions_total", "gauge", "Sessions.", overview.total);
            page.one("openwa_sessions_active", "gauge", "Sessions with an engine.", overview.active);
            page.one("openwa_sessions_restricted", "gauge", "Sessions that WhatsApp limits.", restricted);
            page.begin("openwa_sessions", "gauge", "Sessions by status.");
            for status in Status::ALL {
                let count = overview.by_status.get(&status).copied().unwrap_or_default();
                page.row("openwa_sessions", &[("status", status.name())], count);
            }
        }
        if let Some(Totals { ever, .. }) = totals {
            page.begin("openwa_messages_total", "counter", "Messages.");
            page.row("openwa_messages_total", &[("direction", "incoming")], ever.received);
            page.row("openwa_messages_total", &[("direction", "outgoing")], ever.sent);
            page.one("openwa_messages_failed_total", "counter", "Messages that could not be sent.", ever.failed);
        }
        if let Some((waiting, failed)) = deliveries {
            let about = "Deliveries of webhooks that will not be tried again.";
            page.one("openwa_webhook_delivery_failures_total", "gauge", about, failed);
            page.begin("openwa_queue_jobs", "gauge", "Deliveries by state.");
            page.row("openwa_queue_jobs", &[("state", "waiting")], waiting);
            page.row("openwa_queue_jobs", &[("state", "failed")], failed);
        }
        page.asked(&self.asked);
        page.0
    }

    /// Sessions counted, and how many of them WhatsApp limits.
    async fn sessions(&self) -> Option<(openwa_core::gateway::Overview, u64)> {
        let overview = self.gateway.session_overview(None).await.ok()?;
        let (mut restricted, mut offset) = (0, 0);
        loop {
            let page = Page { limit: BATCH, offset };
            let sessions = self.gateway.sessions(&SessionFilter::default(), page).await.ok()?;
            restricted += sessions.iter().filter(|it| it.session.restriction.is_some()).count() as u64;
            if (sessions.len() as u32) < BATCH {
                return Some((overview, restricted));
            }
            offset += BATCH;
        }
    }
}

impl Endpoint for Metrics {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(match self.admit(&request) {
            Ok(()) => Response::builder()
                .content_type("text/plain; version=0.0.4; charset=utf-8")
                .status(StatusCode::OK)
                .body(self.text().await),
            Err(error) => error.into_response(),
        })
    }
}

/// Resident and own memory of this process, in bytes; 0 where the system does not tell.
async fn memory() -> (u64, u64) {
    let status = tokio::fs::read_to_string("/proc/self/status").await.unwrap_or_default();
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|it| it.trim().strip_suffix(" kB")?.parse::<u64>().ok()).map_or(0, |kib| kib * 1024)
    };
    (bytes("VmRSS"), bytes("RssAnon"))
}

/// The text as it grows. Nothing in it is outside text, so nothing is escaped.
#[derive(Default)]
struct Text(String);

impl Text {
    fn begin(&mut self, name: &str, kind: &str, about: &str) {
        // Writing to a string does not fail.
        _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn one(&mut self, name: &str, kind: &str, about: &str, value: u64) {
        self.begin(name, kind, about);
        _ = writeln!(self.0, "{name} {value}");
    }

    fn row(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        _ = writeln!(self.0, "{name}{{{}}} {value}", labels.join(","));
    }

    fn asked(&mut self, asked: &Asked) {
        let counted = asked.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.begin("http_requests_total", "counter", "Requests by route and status.");
        for ((method, route, status), timing) in &counted {
            let status = status.to_string();
            let labels = [("method", *method), ("route", &**route), ("status", &*status)];
            self.row("http_requests_total", &labels, timing.times);
        }
        self.begin("http_request_duration_seconds", "summary", "How long answers took.");
        for ((method, route, status), timing) in &counted {
            let status = status.to_string();
            let labels = [("method", *method), ("route", &**route), ("status", &*status)];
            self.row("http_request_duration_seconds_sum", &labels, timing.took.as_secs_f64());
            self.row("http_request_duration_seconds_count", &labels, timing.times);
        }
    }
}
