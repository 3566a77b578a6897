//! A WhatsApp client nobody here wrote, Baileys, in a process of its own. `tests/baileys/peer.mjs`
//! says what it can be told.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Longer than anything here takes; only ever reached by a failing test.
const LIMIT: Duration = Duration::from_secs(60);

/// The client. Its process ends with the value.
#[derive(Debug)]
pub struct Peer {
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Events that came while something else was awaited.
    events: Vec<Value>,
    commands: u64,
}

impl Peer {
    /// Starts the client, which will trust this certificate authority.
    pub fn start(authority: &Path) -> Self {
        let folder = folder();
        let installed = folder.join("node_modules/baileys").is_dir();
        assert!(installed, "Baileys is not installed: run `npm ci --prefix tests/baileys`");
        let mut process = Command::new("node");
        process.arg(folder.join("peer.mjs")).env("NODE_EXTRA_CA_CERTS", authority);
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = process.spawn().expect("Node.js 20 or newer is on the PATH as `node`");
        let input = process.stdin.take().expect("standard input is piped");
        let output = BufReader::new(process.stdout.take().expect("standard output is piped")).lines();
        Self { _process: process, input, output, events: Vec::new(), commands: 0 }
    }

    /// Gives a command and waits for its answer.
    pub async fn call(&mut self, mut command: Value) -> Value {
        self.commands += 1;
        let id = json!(self.commands);
        command["id"] = id.clone();
        self.input.write_all(format!("{command}\n").as_bytes()).await.expect("the client reads");
        loop {
            let line = self.line().await;
            if line["id"] == id && line.get("event").is_none() {
                assert_eq!(line["ok"], true, "{command} failed: {line}");
                return line["result"].clone();
            }
            self.events.push(line);
        }
    }

    /// The first event, of those not taken yet, that is meant.
    pub async fn event(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.events.iter().position(&is_meant) {
            return self.events.remove(index);
        }
        loop {
            let line = self.line().await;
            if is_meant(&line) {
                return line;
            }
            self.events.push(line);
        }
    }

    async fn line(&mut self) -> Value {
        match tokio::time::timeout(LIMIT, self.output.next_line()).await {
            Ok(line) => {
                let line = line.expect("the client writes text").expect("the client goes on");
                serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"))
            }
            Err(_) => panic!("Baileys said nothing for {LIMIT:?}; before that: {:?}", self.events),
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/baileys")
}
