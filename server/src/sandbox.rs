//! The sandbox network: inside the gateway's process, or by itself.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use openwa_sandbox::{Sandbox, SandboxConfig};
use poem::{EndpointExt, Route, endpoint::BoxEndpoint};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    cli::SandboxFlags, config::Config, data_folder::FolderLock, greeting::reachable, lifecycle, network::NetworkChoice,
    start_error::StartError,
};

/// The network inside this process, if there is one.
pub(crate) struct Inside(Option<Network>);

struct Network {
    sandbox: Sandbox,
    url: Url,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Inside {
    /// Starts it where it was chosen, with its state in a folder of the gateway's.
    pub(crate) async fn start_if_chosen(config: &Config) -> Result<Self, StartError> {
        if config.network != NetworkChoice::SandboxInside {
            return Ok(Self(None));
        }
        let state_dir = Some(config.data_dir.join("sandbox"));
        let sandbox = Sandbox::start(SandboxConfig { state_dir, ..SandboxConfig::default() }).await?;
        // Its own port is for the engine of this process alone.
        let listening = sandbox.bind_wire(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let url = Url::parse(&format!("http://{}", listening.plain_address())).map_err(std::io::Error::other)?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn({
            let stop = stop.clone();
            async move {
                if let Err(error) = listening.serve(stop).await {
                    tracing::error!(error = %error, "the sandbox network stopped");
                }
            }
        });
        Ok(Self(Some(Network { sandbox, url, stop, tasks })))
    }

    /// Where the engine finds it.
    pub(crate) fn url(&self) -> Option<&Url> {
        self.0.as_ref().map(|it| &it.url)
    }

    /// Its control API, for the gateway's own port.
    pub(crate) fn mounts(&self) -> Vec<(String, BoxEndpoint<'static>)> {
        let mount = |it: &Network| {
            let routes = Route::new().nest("/sandbox", it.sandbox.control_routes());
            ("/sandbox".to_owned(), routes.map_to_response().boxed())
        };
        self.0.iter().map(mount).collect()
    }

    /// Ends it, after the sessions that were on it.
    pub(crate) async fn end(self) {
        if let Some(network) = self.0 {
            network.stop.cancel();
            network.tasks.close();
            network.tasks.wait().await;
        }
    }
}

/// Runs a network by itself until told to stop.
pub(crate) async fn run_alone(flags: SandboxFlags) -> Result<(), StartError> {
    let _lock = FolderLock::claim(&flags.state_dir)?;
    let addresses = [Some(flags.listen), flags.listen_tls].into_iter().flatten();
    let addresses = addresses.map(|it| it.ip()).filter(|it| !it.is_loopback() && !it.is_unspecified()).collect();
    let config = SandboxConfig { state_dir: Some(flags.state_dir.clone()), addresses, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await?;
    let stop = lifecycle::stop_on_signal()?;
    let listening = sandbox.bind(flags.listen, flags.listen_tls).await?;
    let plain = reachable(listening.plain_address());
    println!("The sandbox network is listening on http://{plain}");
    if let Some(tls) = listening.tls_address() {
        println!("The sandbox network is listening on https://{}", reachable(tls));
        println!("  certificate authority  {}, also at http://{plain}/sandbox/ca.pem", ca_file(&flags.state_dir));
    }
    println!("  control API            http://{plain}/sandbox/openapi.json");
    println!("  a gateway joins with   openwa serve --sandbox-url http://{plain}");
    listening.serve(stop).await?;
    Ok(())
}

fn ca_file(state_dir: &Path) -> String {
    state_dir.join("ca.pem").display().to_string()
}
