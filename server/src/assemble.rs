//! Puts the rooms together and runs them. The one place that names concrete types.

use std::{path::Path, sync::Arc};

use openwa_core::{Gateway, Ports, Settings, guard::NetworkPolicy};
use openwa_files::LocalFiles;
use openwa_model::{
    clock::{SystemClock, SystemMinter},
    engine::EngineFactory,
};
use openwa_store::{SqliteStore, StoreOptions};
use poem::{
    Route,
    listener::{Acceptor, Listener, TcpListener},
};

use crate::{
    config::{Config, ConfigError},
    data_folder::FolderLock,
    first_key,
    greeting::Greeting,
    lifecycle,
    network::NetworkChoice,
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

    #[cfg(feature = "sandbox")]
    let inside = match config.network {
        NetworkChoice::SandboxInside => Some(crate::sandbox::Inside::start(&config.data_dir).await?),
        _ => None,
    };
    #[cfg(feature = "sandbox")]
    let sandbox_url = match &config.network {
        NetworkChoice::SandboxAt(url) => Some(url.clone()),
        _ => inside.as_ref().map(|it| it.url().clone()),
    };
    #[cfg(not(feature = "sandbox"))]
    let sandbox_url = None;

    let ports = Ports {
        store: Arc::new(store),
        files: Arc::new(files),
        engines: engines(&config, sandbox_url)?,
        clock: Arc::new(SystemClock),
        minter: Arc::new(SystemMinter),
    };
    let gateway = Gateway::open(ports, settings).await?;
    let key_file = config.data_dir.join(".api-key");
    let key = first_key::ensure(&gateway, config.master_key.clone(), &key_file, &SystemMinter).await?;

    let unusable = |why| StartError::Listen { address: config.listen, why };
    let acceptor = TcpListener::bind(config.listen).into_acceptor().await.map_err(unusable)?;
    let listen = acceptor.local_addr().first().and_then(|it| it.as_socket_addr().copied()).unwrap_or(config.listen);
    let stop = lifecycle::stop_on_signal()?;
    let routes = Route::new().nest_no_strip("/", openwa_api::routes(gateway.clone(), api_settings(&config)));
    #[cfg(feature = "sandbox")]
    let routes = match &inside {
        Some(inside) => routes.nest("/sandbox", inside.control_routes()),
        None => routes,
    };

    let greeting =
        Greeting { listen, key: key.as_ref(), key_file: &key_file, sandbox: config.network == NetworkChoice::SandboxInside };
    print!("{}", greeting.text());
    let ended = lifecycle::run(acceptor, routes, gateway, stop).await;
    #[cfg(feature = "sandbox")]
    if let Some(inside) = inside {
        inside.end().await;
    }
    ended
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
        media_inline_max_bytes: config.media_inline_max_bytes.unwrap_or(defaults.media_inline_max_bytes),
        webhook_timeout: config.webhook_timeout.unwrap_or(defaults.webhook_timeout),
        webhook_retry_delay: config.webhook_retry_delay.unwrap_or(defaults.webhook_retry_delay),
        webhook_max_payload_bytes: config.webhook_max_payload_bytes.and_then(|it| it.try_into().ok()).unwrap_or(defaults.webhook_max_payload_bytes),
        webhook_max_per_session: config.webhook_max_per_session.unwrap_or(defaults.webhook_max_per_session),
        network,
        api_key_pepper: config.pepper.clone(),
        ..defaults
    })
}
