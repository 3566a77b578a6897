//! Somebody at a command line, with a gateway to talk to.

use std::{
    path::PathBuf,
    process::{Output, Stdio},
};

use openwa_testkit::{
    client::Client,
    gateway::{Gateway, Setup},
    process::{Call, Process, binary},
    sandbox::{Phone, Sandbox},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};

use crate::story::Session;

/// A folder of its own, where logins are kept and no gateway runs, and the address and key of one.
pub(super) struct Shell {
    pub(super) gateway: Gateway,
    folder: TempDir,
}

impl Shell {
    /// Beside a new gateway with a sandbox network inside.
    pub(super) async fn open() -> Self {
        let gateway = Setup::with_sandbox_inside().start().await;
        Self { gateway, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// The same with a session `shop` that is linked to a phone, and the phone of a customer.
    pub(super) async fn with_shop() -> (Self, Session, Phone, Phone) {
        let shell = Self::open().await;
        let sandbox = shell.sandbox();
        let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
        let session = Session::link(&shell.client(), &sandbox, "shop", &own).await;
        (shell, session, own, customer)
    }

    pub(super) fn client(&self) -> Client {
        self.gateway.client()
    }

    pub(super) fn sandbox(&self) -> Sandbox {
        self.gateway.sandbox()
    }

    /// Where it keeps files.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn key(&self) -> String {
        let text = std::fs::read_to_string(self.gateway.data_dir().join(".api-key")).expect("the first key");
        text.trim().to_owned()
    }

    /// The program, told nothing but where logins are kept.
    pub(super) fn bare(&self, arguments: &[&str]) -> Call {
        let configuration = self.path("config");
        Call::new(binary(), self.folder.path(), arguments)
            .with("XDG_CONFIG_HOME", configuration.to_str().expect("a plain path"))
    }

    /// The program, told the address and the key.
    pub(super) fn call(&self, arguments: &[&str]) -> Call {
        self.bare(arguments).with("OPENWA_BASE_URL", self.gateway.base()).with("OPENWA_API_KEY", &self.key())
    }

    /// Starts what goes on until it is ended.
    pub(super) fn start(&self, arguments: &[&str]) -> Process {
        self.call(arguments).spawn()
    }

    /// What it prints when all goes well.
    pub(super) async fn says(&self, arguments: &[&str]) -> String {
        succeeded(arguments, self.call(arguments).run().await)
    }

    /// The JSON it prints when all goes well.
    pub(super) async fn json(&self, arguments: &[&str]) -> Value {
        let text = self.says(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error} in {text:?}"))
    }

    /// What it complains about, when it ends with this code.
    pub(super) async fn fails(&self, arguments: &[&str], code: i32) -> String {
        failed(arguments, code, self.call(arguments).run().await)
    }

    /// What it prints when this is piped into it.
    pub(super) async fn piped(&self, arguments: &[&str], input: &str) -> String {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.folder.path()).kill_on_drop(true);
        command.env("XDG_CONFIG_HOME", self.path("config")).env("OPENWA_BASE_URL", self.gateway.base());
        command.env_remove("OPENWA_API_KEY").env("OPENWA_SESSION", "");
        if !arguments.contains(&"login") {
            command.env("OPENWA_API_KEY", self.key());
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.as_bytes()).await.expect("the program reads");
        drop(stdin);
        succeeded(arguments, child.wait_with_output().await.expect("the program ends"))
    }
}

#[track_caller]
pub(super) fn succeeded(arguments: &[&str], output: Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?} ended with {}: {out}{err}", output.status);
    assert!(!out.contains('\x1b') && !err.contains('\x1b'), "{arguments:?} paints into a pipe: {out:?} {err:?}");
    out.into_owned()
}

#[track_caller]
pub(super) fn failed(arguments: &[&str], code: i32, output: Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{err}");
    assert!(!err.contains('\x1b') && !err.contains("panicked"), "{arguments:?}: {err:?}");
    err.into_owned()
}
