//! What the gateway runs on, and how it is set. Read only; secrets are never shown.

use std::time::Duration;

use openwa_core::Gateway;
use openwa_model::ops::Op;
use poem_openapi::{Object, OpenApi};
use serde::Serialize;

use crate::{
    answer::{Answer, Shown},
    app::Tag,
    auth::{Admin, Caller, Deployment},
    limits::RateLimits,
    wire::Moment,
};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the program was told about itself at its start.
#[derive(Clone, Debug, Default)]
pub struct Installation {
    /// The address that others reach it at.
    pub base_url: String,
    /// The file of the database.
    pub database: String,
    /// The folder of the files.
    pub files: String,
    /// How many connections read the database at once.
    pub readers: u32,
    /// Name and version of the library that speaks to WhatsApp.
    pub library: Option<(String, String)>,
    /// The version of WhatsApp Web that is claimed.
    pub web_version: Option<String>,
    /// Whether more is logged than in daily use.
    pub debug: bool,
}

pub(crate) struct Infrastructure {
    pub(crate) gateway: Gateway,
    pub(crate) installation: Installation,
    pub(crate) rate_limits: RateLimits,
}

/// The gateway answers.
#[derive(Object, Serialize)]
pub(crate) struct InfrastructureHealth {
    /// Always `ok`.
    status: String,
    /// Now.
    timestamp: Moment,
}

/// What the gateway runs on, and whether it answers.
#[derive(Object, Serialize)]
pub(crate) struct InfrastructureStatus {
    /// The database.
    database: DatabaseStatus,
    /// Not needed here.
    redis: RedisStatus,
    /// What waits to be delivered.
    queue: QueueStatus,
    /// Where files are kept.
    storage: StorageStatus,
    /// What speaks to WhatsApp.
    engine: EngineStatus,
}

/// The database, and whether it answers.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatabaseStatus {
    /// Whether it answers.
    connected: bool,
    /// `sqlite`.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// Its file.
    host: String,
    /// Whether it is part of the gateway.
    built_in: bool,
}

/// Redis, which this gateway does without.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedisStatus {
    /// Always false.
    enabled: bool,
    /// Always false.
    connected: bool,
    /// Empty.
    host: String,
    /// 0.
    port: u16,
    /// Always false.
    built_in: bool,
}

/// The queue of deliveries; part of the database.
#[derive(Object, Serialize)]
pub(crate) struct QueueStatus {
    /// Whether deliveries wait in a queue of their own outside of the gateway.
    enabled: bool,
    /// Deliveries of webhooks.
    webhooks: QueueCounts,
}

/// Deliveries, counted.
#[derive(Object, Serialize)]
pub(crate) struct QueueCounts {
    /// Those that wait or are under way.
    pending: u64,
    /// Always 0: what was delivered is not kept.
    completed: u64,
    /// Those that will not be tried again.
    failed: u64,
}

/// Where files are kept.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageStatus {
    /// `local`.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// The folder.
    path: String,
    /// Whether it is part of the gateway.
    built_in: bool,
}

/// What speaks to WhatsApp.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EngineStatus {
    /// The engine of new sessions.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// Always true: there is no browser.
    headless: bool,
    /// Empty: sessions live in the database.
    session_data_path: String,
    /// Empty: there is no browser.
    browser_args: String,
    /// The version of WhatsApp Web that is claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    web_version: Option<String>,
    /// `pinned`, where a version is claimed.
    #[serde(skip_serializing_if = "Option::is_none")]
    web_version_source: Option<String>,
}

/// One engine.
#[derive(Object, Serialize)]
#[oai(rename = "EngineInfo", skip_serializing_if_is_none)]
pub(crate) struct EngineRecord {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// Whether new sessions get it.
    enabled: bool,
    /// What it can do.
    features: Vec<String>,
    /// The library it is made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    library: Option<EngineLibrary>,
}

/// The library that an engine is made with.
#[derive(Object, Serialize)]
pub(crate) struct EngineLibrary {
    /// Its name.
    name: String,
    /// Its version.
    version: String,
}

/// The engine of new sessions.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct CurrentEngine {
    /// Its id.
    engine_type: String,
}

/// How the gateway is set up.
#[derive(Object, Serialize)]
pub(crate) struct InfrastructureConfig {
    /// The database.
    database: DatabaseConfig,
    /// Not needed here.
    redis: RedisConfig,
    /// Not needed here.
    queue: QueueConfig,
    /// Where files are kept.
    storage: StorageConfig,
    /// What speaks to WhatsApp.
    engine: EngineConfig,
}

/// How the database is reached.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatabaseConfig {
    /// `sqlite`.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// Whether it is part of the gateway.
    built_in: bool,
    /// Empty for a file.
    host: String,
    /// 0 for a file.
    port: u16,
    /// Empty for a file.
    username: String,
    /// The file.
    database: String,
    /// Empty for a file.
    schema: String,
    /// How many connections read at once.
    pool_size: u32,
    /// Always false for a file.
    ssl_enabled: bool,
    /// Always false for a file.
    ssl_reject_unauthorized: bool,
    /// Always false for a file.
    password_set: bool,
}

/// Redis, which this gateway does without.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedisConfig {
    /// Always false.
    enabled: bool,
    /// Always false.
    built_in: bool,
    /// Empty.
    host: String,
    /// 0.
    port: u16,
    /// Always false.
    password_set: bool,
}

/// A queue outside of the gateway, which it does without.
#[derive(Object, Serialize)]
pub(crate) struct QueueConfig {
    /// Always false.
    enabled: bool,
}

/// Where files are kept.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorageConfig {
    /// `local`.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// Whether it is part of the gateway.
    built_in: bool,
    /// The folder.
    local_path: String,
    /// Empty.
    s3_bucket: String,
    /// Empty.
    s3_region: String,
    /// Empty.
    s3_endpoint: String,
    /// Always false.
    s3_credentials_set: bool,
}

/// What speaks to WhatsApp.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct EngineConfig {
    /// The engine of new sessions.
    #[oai(rename = "type")]
    #[serde(rename = "type")]
    kind: String,
    /// Always true: there is no browser.
    headless: bool,
    /// Empty: sessions live in the database.
    session_data_path: String,
    /// Empty: there is no browser.
    browser_args: String,
}

/// How the gateway behaves.
#[derive(Object, Serialize)]
pub(crate) struct GatewaySettings {
    /// In general.
    general: GeneralSettings,
    /// Towards callers.
    api: ApiBehaviour,
    /// Towards people.
    notifications: NotificationSettings,
}

/// How the gateway behaves in general.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct GeneralSettings {
    /// The address that others reach it at.
    api_base_url: String,
    /// Whether sessions that lost their link connect again by themselves.
    auto_reconnect: bool,
    /// Whether more is logged than in daily use.
    debug_mode: bool,
}

/// How the gateway behaves towards callers.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiBehaviour {
    /// How often one address may ask one route within the window; 0 is without a limit.
    rate_limit: u32,
    /// The window, in seconds.
    rate_limit_window: u64,
    /// Whether the page with the documentation is served.
    enable_docs: bool,
}

/// Who is told of what.
#[derive(Object, Serialize)]
pub(crate) struct NotificationSettings {
    /// Always false: the gateway tells by webhooks and streams, and sends no mail.
    enabled: bool,
}

impl Infrastructure {
    fn engine(&self) -> String {
        self.gateway.default_engine().name().to_owned()
    }
}

#[OpenApi]
impl Infrastructure {
    /// Ask whether the gateway answers, as dashboards do
    #[oai(
        path = "/infra/health",
        method = "get",
        operation_id = "checkInfrastructureHealth",
        tag = "Tag::Infrastructure"
    )]
    async fn health(&self) -> Shown<InfrastructureHealth> {
        Shown(InfrastructureHealth { status: "ok".to_owned(), timestamp: Moment(self.gateway.now()) })
    }

    /// Ask what the gateway runs on, and whether it answers
    #[oai(
        path = "/infra/status",
        method = "get",
        operation_id = "getInfrastructureStatus",
        tag = "Tag::Infrastructure"
    )]
    async fn status(&self, _caller: Caller<Admin, Deployment>) -> Answer<Shown<InfrastructureStatus>> {
        let connected = matches!(tokio::time::timeout(PATIENCE, self.gateway.ping()).await, Ok(Ok(())));
        let (pending, failed) = if connected { self.gateway.count_deliveries().await? } else { (0, 0) };
        let Installation { database, files, web_version, .. } = self.installation.clone();
        Ok(Shown(InfrastructureStatus {
            database: DatabaseStatus { connected, kind: "sqlite".to_owned(), host: database, built_in: true },
            redis: RedisStatus { enabled: false, connected: false, host: String::new(), port: 0, built_in: false },
            queue: QueueStatus { enabled: false, webhooks: QueueCounts { pending, completed: 0, failed } },
            storage: StorageStatus { kind: "local".to_owned(), path: files, built_in: true },
            engine: EngineStatus {
                kind: self.engine(),
                headless: true,
                session_data_path: String::new(),
                browser_args: String::new(),
                web_version_source: web_version.is_some().then(|| "pinned".to_owned()),
                web_version,
            },
        }))
    }

    /// List the engines
    #[oai(path = "/infra/engines", method = "get", operation_id = "listEngines", tag = "Tag::Infrastructure")]
    async fn engines(&self, _caller: Caller<Admin, Deployment>) -> Answer<Shown<Vec<EngineRecord>>> {
        let kind = self.gateway.default_engine();
        let can = self.gateway.capabilities(kind);
        let library = self.installation.library.clone();
        Ok(Shown(vec![EngineRecord {
            id: kind.name().to_owned(),
            name: "WhatsApp's own protocol".to_owned(),
            enabled: true,
            features: Op::ALL.iter().filter(|it| can.ops.has(**it)).map(|it| it.name().to_owned()).collect(),
            library: library.map(|(name, version)| EngineLibrary { name, version }),
        }]))
    }

    /// Ask which engine new sessions get
    #[oai(
        path = "/infra/engines/current",
        method = "get",
        operation_id = "getCurrentEngine",
        tag = "Tag::Infrastructure"
    )]
    async fn current_engine(&self, _caller: Caller<Admin, Deployment>) -> Answer<Shown<CurrentEngine>> {
        Ok(Shown(CurrentEngine { engine_type: self.engine() }))
    }

    /// Ask how the gateway is set up
    ///
    /// Secrets are never shown. It is set in the environment.
    #[oai(
        path = "/infra/config",
        method = "get",
        operation_id = "getInfrastructureConfig",
        tag = "Tag::Infrastructure"
    )]
    async fn config(&self, _caller: Caller<Admin, Deployment>) -> Answer<Shown<InfrastructureConfig>> {
        let Installation { database, files, readers, .. } = self.installation.clone();
        let nothing = String::new;
        Ok(Shown(InfrastructureConfig {
            database: DatabaseConfig {
                kind: "sqlite".to_owned(),
                built_in: true,
                host: nothing(),
                port: 0,
                username: nothing(),
                database,
                schema: nothing(),
                pool_size: readers,
                ssl_enabled: false,
                ssl_reject_unauthorized: false,
                password_set: false,
            },
            redis: RedisConfig { enabled: false, built_in: false, host: nothing(), port: 0, password_set: false },
            queue: QueueConfig { enabled: false },
            storage: StorageConfig {
                kind: "local".to_owned(),
                built_in: true,
                local_path: files,
                s3_bucket: nothing(),
                s3_region: nothing(),
                s3_endpoint: nothing(),
                s3_credentials_set: false,
            },
            engine: EngineConfig {
                kind: self.engine(),
                headless: true,
                session_data_path: nothing(),
                browser_args: nothing(),
            },
        }))
    }

    /// Ask how the gateway behaves
    #[oai(path = "/settings", method = "get", operation_id = "getSettings", tag = "Tag::Infrastructure")]
    async fn settings(&self, _caller: Caller<Admin, Deployment>) -> Answer<Shown<GatewaySettings>> {
        let limit = self.rate_limits.medium;
        Ok(Shown(GatewaySettings {
            general: GeneralSettings {
                api_base_url: self.installation.base_url.clone(),
                auto_reconnect: true,
                debug_mode: self.installation.debug,
            },
            api: ApiBehaviour {
                rate_limit: limit.map_or(0, |it| it.requests),
                rate_limit_window: limit.map_or(0, |it| it.window.as_secs()),
                enable_docs: true,
            },
            notifications: NotificationSettings { enabled: false },
        }))
    }
}
