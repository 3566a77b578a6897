//! A whole gateway under test: the real program in a folder of its own.

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::Arc,
};

use tempfile::TempDir;

use crate::{
    client::Client,
    process::{Call, Process, binary},
    sandbox::Sandbox,
};

/// What the program says on standard output once it takes requests.
const LISTENING: &str = "is listening on ";

/// How to start a gateway; every start of it uses the same folder.
#[derive(Clone, Debug)]
pub struct Setup {
    network: Vec<String>,
    environment: Vec<(String, String)>,
    folder: Arc<TempDir>,
}

impl Setup {
    /// With a sandbox network inside the process.
    pub fn with_sandbox_inside() -> Self {
        Self::new(vec!["--sandbox".to_owned()])
    }

    /// Joined to a sandbox network that runs by itself.
    pub fn joined_to(network: &SandboxProcess) -> Self {
        Self::new(vec!["--sandbox-url".to_owned(), network.url().to_owned()])
    }

    fn new(network: Vec<String>) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        Self { network, environment: Vec::new(), folder }
    }

    /// With an environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder with all that it keeps.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts it and waits until it takes requests.
    pub async fn start(self) -> Gateway {
        let (process, base) = self.spawn().await;
        let client = Client::new(base, Some(self.key()));
        Gateway { setup: self, process, client }
    }

    async fn spawn(&self) -> (Process, String) {
        let mut arguments = vec!["serve", "--port", "0"];
        arguments.extend(self.network.iter().map(String::as_str));
        let call = Call::new(binary(), self.folder.path(), &arguments).with("LOG_LEVEL", "debug");
        let call = self.environment.iter().fold(call, |call, (name, value)| call.with(name, value));
        let mut process = call.spawn();
        let base = process.says(LISTENING).await;
        (process, base)
    }

    fn key(&self) -> String {
        let path = self.data_dir().join(".api-key");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.trim().to_owned()
    }
}

/// A running gateway. Dropped, it is killed.
#[derive(Debug)]
pub struct Gateway {
    setup: Setup,
    process: Process,
    client: Client,
}

impl Gateway {
    /// Speaks to it under the first admin key.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The control API of the sandbox network inside it.
    pub fn sandbox(&self) -> Sandbox {
        Sandbox::new(self.client.with_key(None))
    }

    /// Where it listens.
    pub fn base(&self) -> &str {
        self.client.base()
    }

    /// The folder with all that it keeps.
    pub fn data_dir(&self) -> PathBuf {
        self.setup.data_dir()
    }

    /// The folder it was started in.
    pub fn folder(&self) -> &Path {
        self.setup.folder.path()
    }

    /// Its process id.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// SIGKILL, then a new start on the same folder, at a new address.
    pub async fn kill_and_start_again(&mut self) {
        self.process.kill().await;
        self.start_again().await;
    }

    /// SIGKILL.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// SIGTERM, and how it ended.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.process.terminate().await
    }

    /// A new start on the same folder, after a [`kill`](Self::kill) or [`terminate`](Self::terminate).
    pub async fn start_again(&mut self) {
        let (process, base) = self.setup.spawn().await;
        self.process = process;
        self.client = self.client.at(&base);
    }
}

/// A sandbox network that runs by itself.
#[derive(Debug)]
pub struct SandboxProcess {
    _process: Process,
    url: String,
    tls_url: String,
    folder: TempDir,
}

impl SandboxProcess {
    /// Starts it on free ports and waits until it takes connections.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let arguments = ["sandbox", "--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0", "--state-dir", "network"];
        let mut process = Call::new(binary(), folder.path(), &arguments).spawn();
        let url = process.says(&format!("{LISTENING}http:")).await;
        let tls_url = process.says(&format!("{LISTENING}https:")).await;
        Self { _process: process, url: format!("http:{url}"), tls_url: format!("https:{tls_url}"), folder }
    }

    /// `http://host:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `https://host:port`.
    pub fn tls_url(&self) -> &str {
        &self.tls_url
    }

    /// The folder of what it keeps.
    pub fn state_dir(&self) -> PathBuf {
        self.folder.path().join("network")
    }

    /// Its control API.
    pub fn control(&self) -> Sandbox {
        Sandbox::new(Client::new(&*self.url, None))
    }
}
