//! The gateway as an MCP server, seen by the official client: `tests/mcp/client.mjs` says what it does.

use std::path::{Path, PathBuf};

use openwa_testkit::{
    gateway::{Gateway, Setup},
    process::{Call, binary},
    sandbox::{Phone, Sandbox},
};
use tokio::process::Command;

use crate::story::{LIMIT, Session, text};

/// So many long messages do not fit into one answer.
const MESSAGES: usize = 40;

/// The program, which lies beside the gateway's.
fn program() -> PathBuf {
    let path = binary().with_file_name("openwa-mcp");
    assert!(path.exists(), "{} is not there: build it first with `cargo b`", path.display());
    path
}

/// A gateway with a session and something to read.
struct House {
    gateway: Gateway,
    sandbox: Sandbox,
    session: Session,
    customer: Phone,
    own: Phone,
    key: String,
}

impl House {
    async fn open() -> Self {
        let gateway = Setup::with_sandbox_inside().start().await;
        let (client, sandbox) = (gateway.client(), gateway.sandbox());
        let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
        let session = Session::link(&client, &sandbox, "shop", &own).await;
        let key = std::fs::read_to_string(gateway.data_dir().join(".api-key")).expect("the first key");
        Self { gateway, sandbox, session, customer, own, key: key.trim().to_owned() }
    }

    /// What the customer wrote before anybody asked.
    async fn fill(&self) {
        let mut events = self.session.follow(&self.gateway.client()).await;
        let mut last = String::new();
        for number in 0..MESSAGES {
            let long = format!("{number} {}", "words ".repeat(500));
            last = self.sandbox.send_text(&self.customer, &self.own.chat(), &long).await;
        }
        events.wait_for("the last message", LIMIT, |it| it.data["data"]["id"] == last.as_str()).await;
    }

    /// Has the official client do one part of its script.
    async fn client_does(&self, part: &str, url: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mcp");
        let installed = folder.join("node_modules/@modelcontextprotocol/sdk").is_dir();
        assert!(installed, "the MCP client is not installed: run `npm ci --prefix tests/mcp`");
        let mut command = Command::new("node");
        command.arg(folder.join("client.mjs")).arg(part).kill_on_drop(true);
        command.env("OPENWA_BASE_URL", self.gateway.base()).env("OPENWA_API_KEY", &self.key);
        command.env("OPENWA_MCP", program()).env("MCP_URL", url).env("MESSAGES", MESSAGES.to_string());
        command.env("SESSION", &self.session.id).env("CHAT", self.customer.chat());
        let ended = tokio::time::timeout(LIMIT, command.output()).await.expect("the client ends by itself");
        let output = ended.expect("Node.js 20 or newer is on the PATH as `node`");
        assert!(
            output.status.success(),
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[tokio::test]
async fn a_model_reads_and_nothing_else() {
    let house = House::open().await;
    house.fill().await;
    house.client_does("reading", "").await;
    assert!(house.session.messages(&house.gateway.client(), "direction=outgoing").await.is_empty());
}

#[tokio::test]
async fn a_model_that_may_write_sends() {
    let house = House::open().await;
    house.client_does("writing", "").await;
    house.sandbox.wait_for_text(&house.customer, "From a model", LIMIT).await;
    let sent = house.session.messages(&house.gateway.client(), "direction=outgoing").await;
    assert_eq!((sent.len(), text(&sent[0]["body"]).as_str()), (1, "From a model"));
}

#[tokio::test]
async fn callers_over_http_bring_their_own_key() {
    let house = House::open().await;
    // A key of the program's own must not stand in for a caller's.
    let call = Call::new(program(), house.gateway.folder(), &["--listen", "127.0.0.1:0"]);
    let mut server = call.with("OPENWA_BASE_URL", house.gateway.base()).with("OPENWA_API_KEY", &house.key).spawn();
    let url = server.says("is listening on ").await;
    house.client_does("http", &url).await;
}

#[tokio::test]
async fn without_a_key_it_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = Call::new(program(), folder.path(), &[]).run().await;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("OPENWA_API_KEY"));
}
