//! The sandbox network: inside the gateway's process, or by itself.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use openwa_sandbox::{Sandbox, SandboxConfig};
use poem::endpoint::BoxEndpoint;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    cli::SandboxFlags, data_folder::FolderLock, greeting::reachable, lifecycle, start_error::StartError,
};

/// A network inside this process.
pub(crate) struct Inside {
    sandbox: Sandbox,
    url: Url,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Inside {
    /// Starts it, with its state in a folder of the gateway's.
    pub(crate) async fn start(data_dir: &Path) -> Result<Self, StartError> {
        let config = SandboxConfig { state_dir: Some(data_dir.join("sandbox")), ..SandboxConfig::default() };
        let sandbox = Sandbox::start(config).await?;
        // Its own port is for the engine of this process alone.
        let listening = sandbox.bind_wire(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let url = url_of("http", listening.plain_address());
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        tasks.spawn({
            let stop = stop.clone();
            async move {
                if let Err(error) = listening.serve(stop).await {
                    tracing::error!(error = %error, "the sandbox network stopped");
                }
            }
        });
        Ok(Self { sandbox, url, stop, tasks })
    }

    /// Where the engine finds it.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The control API, to be mounted under `/sandbox`.
    pub(crate) fn control_routes(&self) -> BoxEndpoint<'static> {
        self.sandbox.control_routes()
    }

    /// Ends it, after the sessions that were on it.
    pub(crate) async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Runs a network by itself until told to stop.
pub(crate) async fn run_alone(flags: SandboxFlags) -> Result<(), StartError> {
    let _lock = FolderLock::claim(&flags.state_dir)?;
    let addresses = [Some(flags.listen), flags.listen_tls].into_iter().flatten();
    let addresses = addresses.map(|it| it.ip()).filter(|it| !it.is_loopback() && !it.is_unspecified()).collect();
    let config =
        SandboxConfig { state_dir: Some(flags.state_dir.clone()), addresses, ..SandboxConfig::default() };
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

fn url_of(scheme: &str, address: SocketAddr) -> Url {
    Url::parse(&format!("{scheme}://{address}")).expect("an address is a host and a port")
}
