//! Puts the rooms together and runs them. The one place that names concrete types.

use std::{net::SocketAddr, path::Path, sync::Arc};

use openwa_api::{ApiSettings, ApiState, Installation};
use openwa_core::{Gateway, Ports, Settings, guard::NetworkPolicy, settings::ConversionSettings};
use openwa_files::LocalFiles;
use openwa_model::{
    clock::{SystemClock, SystemMinter},
    engine::EngineFactory,
};
use openwa_store::{SqliteStore, StoreOptions};
use poem::listener::{Acceptor, Listener, TcpListener};
use url::Url;

use crate::{
    config::{Config, ConfigError},
    data_folder::FolderLock,
    ffmpeg, first_key,
    greeting::Greeting,
    lifecycle,
    network::NetworkChoice,
    sandbox::Inside,
    start_error::StartError,
    vault_key,
};

/// Runs a gateway until it is told to stop.
pub(crate) async fn serve(config: Config) -> Result<(), StartError> {
    let _lock = FolderLock::claim(&config.data_dir)?;
    let settings = settings(&config)?;
    let vault_key = match &config.vault_key {
        Some(key) => key.clone(),
        None => vault_key::from_file(&config.data_dir, &config.database, &SystemMinter)?,
    };
    let store = SqliteStore::open(&database_url(&config.database), StoreOptions::new(vault_key.0))
        .await
        .map_err(|source| StartError::Database { file: config.database.clone(), source })?;
    let files = LocalFiles::open(&config.data_dir.join("media")).await?;
    let inside = Inside::start_if_chosen(&config).await?;
    let ports = Ports {
        store: Arc::new(store),
        files: Arc::new(files),
        engines: engines(&config, inside.url())?,
        clock: Arc::new(SystemClock),
        minter: Arc::new(SystemMinter),
    };
    let gateway = Gateway::open(ports, settings).await?;
    let key_file = config.data_dir.join(".api-key");
    let key = first_key::ensure(&gateway, config.master_key.clone(), &key_file, &SystemMinter).await?;

    let unusable = |why| StartError::Listen { address: config.listen, why };
    let acceptor = TcpListener::bind(config.listen).into_acceptor().await.map_err(unusable)?;
    let addresses = acceptor.local_addr();
    let listen = addresses.first().and_then(|it| it.as_socket_addr().copied()).unwrap_or(config.listen);
    let stop = lifecycle::stop_on_signal()?;
    let api = openwa_api::app(ApiState {
        gateway: gateway.clone(),
        settings: ApiSettings {
            body_limit: config.body_size_limit,
            validation_detail: config.traffic.validation_detail,
            cors_origins: config.traffic.cors_origins.clone(),
            trusted_proxies: config.traffic.trusted_proxies.clone(),
            rate_limits: config.traffic.rate_limits.clone(),
            metrics_token: config.traffic.metrics_token.clone(),
            installation: installation(&config, listen),
            stopping: stop.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mounts: inside.mounts(),
        },
    });

    let sandbox = config.network == NetworkChoice::SandboxInside;
    print!("{}", Greeting { listen, key: key.as_ref(), key_file: &key_file, sandbox }.text());
    let ended = lifecycle::run(acceptor, api, gateway, stop).await;
    inside.end().await;
    ended
}

/// What the gateway tells its admins about itself.
fn installation(config: &Config, listen: SocketAddr) -> Installation {
    let (library, web_version) = engine_in_words(config);
    Installation {
        base_url: config.base_url.clone().unwrap_or_else(|| format!("http://{listen}")),
        database: config.database.display().to_string(),
        files: config.data_dir.join("media").display().to_string(),
        readers: StoreOptions::new([0; 32]).readers,
        library,
        web_version,
        debug: config.log.level.is_debug(),
    }
}

/// The library that speaks to WhatsApp, and the version of WhatsApp Web that it claims.
#[cfg(feature = "engine-native")]
fn engine_in_words(config: &Config) -> (Option<(String, String)>, Option<String>) {
    use openwa_engine_native::{LIBRARY, NativeSettings};

    let (name, version) = LIBRARY;
    let (first, second, third) = config.whatsapp_version.unwrap_or(NativeSettings::real().version);
    (Some((name.to_owned(), version.to_owned())), Some(format!("{first}.{second}.{third}")))
}

#[cfg(not(feature = "engine-native"))]
fn engine_in_words(_config: &Config) -> (Option<(String, String)>, Option<String>) {
    (None, None)
}

#[cfg(feature = "engine-native")]
fn engines(config: &Config, inside: Option<&Url>) -> Result<Vec<Arc<dyn EngineFactory>>, StartError> {
    use crate::network::NetworkRefused;
    use openwa_engine_native::{NativeFactory, NativeSettings};

    let sandbox = match &config.network {
        NetworkChoice::SandboxAt(url) => Some(url),
        NetworkChoice::SandboxInside | NetworkChoice::WhatsApp => inside,
    };
    let mut settings = match sandbox {
        None => NativeSettings::real(),
        Some(url) => {
            let media = url.as_str().trim_end_matches('/');
            NativeSettings::sandbox(format!("{}/ws/chat", media.replacen("http", "ws", 1)), media)
        }
    };
    settings.automatic_media_types = config.media_types.clone().unwrap_or(settings.automatic_media_types);
    settings.version = config.whatsapp_version.unwrap_or(settings.version);
    if let Some(most) = config.history_messages {
        settings.history_messages = most as usize;
    }
    if let Some(most) = config.history_messages_per_chat {
        settings.history_messages_per_chat = most as usize;
    }
    if !config.history_on_link {
        settings.history_messages = 0;
    }
    Ok(vec![Arc::new(NativeFactory::new(settings).map_err(NetworkRefused::ByTheEngine)?)])
}

#[cfg(not(feature = "engine-native"))]
fn engines(_config: &Config, _inside: Option<&Url>) -> Result<Vec<Arc<dyn EngineFactory>>, StartError> {
    Ok(Vec::new())
}

/// The store takes an address in which some characters mean something else.
fn database_url(file: &Path) -> String {
    format!("sqlite://{}", file.display().to_string().replace('%', "%25").replace('?', "%3F"))
}

fn settings(config: &Config) -> Result<Settings, ConfigError> {
    let defaults = Settings::default();
    let mut network = if config.guard_addresses { NetworkPolicy::default() } else { NetworkPolicy::anything() };
    if config.network != NetworkChoice::WhatsApp {
        network = network.with_loopback();
    }
    for host in &config.allowed_hosts {
        network = network.with_allowed(host).map_err(|_| ConfigError::host(host))?;
    }
    Ok(Settings {
        node_id: config.node_id.clone().unwrap_or(defaults.node_id),
        media_max_bytes: config.media_max_bytes.unwrap_or(defaults.media_max_bytes),
        media_types: config.media_types.clone().unwrap_or(defaults.media_types),
        media_inline_max_bytes: config.media_inline_max_bytes.unwrap_or(defaults.media_inline_max_bytes),
        webhook_timeout: config.webhook_timeout.unwrap_or(defaults.webhook_timeout),
        webhook_retry_delay: config.webhook_retry_delay.unwrap_or(defaults.webhook_retry_delay),
        webhook_max_payload_bytes: config.webhook_max_payload_bytes.unwrap_or(defaults.webhook_max_payload_bytes),
        webhook_max_per_session: config.webhook_max_per_session.unwrap_or(defaults.webhook_max_per_session),
        deliveries: config.deliveries,
        resend_within: config.resend_within.unwrap_or(defaults.resend_within),
        conversion: ConversionSettings {
            ffmpeg: ffmpeg::find(&config.conversion),
            timeout: config.conversion.timeout.unwrap_or(defaults.conversion.timeout),
            max_output_bytes: config.conversion.max_output_bytes.unwrap_or(defaults.conversion.max_output_bytes),
            at_once: config.conversion.at_once.unwrap_or(defaults.conversion.at_once),
        },
        template_max_chars: config.template_max_chars.unwrap_or(defaults.template_max_chars),
        bulk_max_messages: config.bulk_max_messages.unwrap_or(defaults.bulk_max_messages),
        bulk_max_concurrent: config.bulk_max_concurrent.unwrap_or(defaults.bulk_max_concurrent),
        history_messages: config.history_messages.unwrap_or(defaults.history_messages),
        history_messages_per_chat: config.history_messages_per_chat.unwrap_or(defaults.history_messages_per_chat),
        // No time at all is never.
        history_gap: config.history_gap.or(defaults.history_gap).filter(|it| !it.is_zero()),
        automation_max_per_session: config.automation_max_per_session.unwrap_or(defaults.automation_max_per_session),
        network,
        audit_lasts: config.audit_lasts.unwrap_or(defaults.audit_lasts),
        api_key_pepper: config.pepper.clone(),
        ..defaults
    })
}
