//! Whether the process lives, and whether it may take traffic.

use std::time::Duration;

use openwa_core::Gateway;
use poem::{Request, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};

use crate::{
    app::{Tag, Version},
    auth::{presented_key, recognise},
    wire::Moment,
};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

pub(crate) struct Health(pub(crate) Gateway);

/// The process answers.
#[derive(Object)]
#[oai(rename = "HealthStatus", skip_serializing_if_is_none)]
pub(crate) struct HealthResponse {
    /// Always `ok`.
    status: String,
    /// Now.
    timestamp: Moment,
    /// The gateway's version; only for those with a good key.
    version: Option<String>,
}

/// The process lives.
#[derive(Object)]
pub(crate) struct Liveness {
    /// Always `ok`.
    status: String,
}

/// Whether it may take traffic.
#[derive(Object)]
pub(crate) struct Readiness {
    /// `ok` or `error`.
    status: String,
    /// What it depends on.
    details: ReadinessDetails,
}

/// What readiness depends on.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(crate) struct ReadinessDetails {
    /// Keys and sessions.
    main_database: ComponentHealth,
    /// Messages and events; the same database here.
    data_database: ComponentHealth,
    /// Only while the gateway is stopping.
    shutdown: Option<ComponentHealth>,
}

/// One thing that readiness depends on.
#[derive(Object, Clone)]
#[oai(rename = "ComponentHealth")]
pub(crate) struct ComponentHealth {
    /// `up`, `down` or `draining`.
    status: String,
}

#[derive(ApiResponse)]
pub(crate) enum ReadinessAnswer {
    /// It may.
    #[oai(status = 200)]
    Ready(Json<Readiness>),
    /// It may not: the database does not answer, or the gateway is stopping.
    #[oai(status = 503)]
    NotReady(Json<Readiness>),
}

#[OpenApi]
impl Health {
    /// Ask whether the gateway answers
    #[oai(path = "/health", method = "get", operation_id = "checkHealth", tag = "Tag::Health")]
    async fn health(&self, request: &Request, version: Data<&Version>) -> Json<HealthResponse> {
        let known = match presented_key(request) {
            Ok(key) => recognise(&self.0, &key).await.is_ok(),
            Err(_) => false,
        };
        let version = known.then(|| version.0.0.clone());
        Json(HealthResponse { status: "ok".to_owned(), timestamp: Moment(self.0.now()), version })
    }

    /// Ask whether the process lives
    #[oai(path = "/health/live", method = "get", operation_id = "checkLiveness", tag = "Tag::Health")]
    async fn live(&self) -> Json<Liveness> {
        Json(Liveness { status: "ok".to_owned() })
    }

    /// Ask whether the gateway may take traffic
    ///
    /// One session that is logged out does not make it unready.
    #[oai(path = "/health/ready", method = "get", operation_id = "checkReadiness", tag = "Tag::Health")]
    async fn ready(&self) -> ReadinessAnswer {
        let pinged = tokio::time::timeout(PATIENCE, self.0.ping()).await;
        let up = matches!(pinged, Ok(Ok(())));
        let draining = self.0.is_draining();
        let word = |status: &str| ComponentHealth { status: status.to_owned() };
        let database = word(if up { "up" } else { "down" });
        let ready = up && !draining;
        let answer = Json(Readiness {
            status: (if ready { "ok" } else { "error" }).to_owned(),
            details: ReadinessDetails {
                main_database: database.clone(),
                data_database: database,
                shutdown: draining.then(|| word("draining")),
            },
        });
        if ready { ReadinessAnswer::Ready(answer) } else { ReadinessAnswer::NotReady(answer) }
    }
}
