//! A Baileys client in a process of its own, spoken to line by line.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Nothing here takes nearly as long; a test that waits this long has failed.
const DEADLINE: Duration = Duration::from_secs(60);

/// The client. Its process ends with the value.
pub(crate) struct Peer {
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Events that came while an answer was awaited.
    events: Vec<Value>,
    last_command: u64,
}

impl Peer {
    /// Starts the client, which will trust this certificate authority.
    pub(crate) fn start(authority: &Path) -> Self {
        let folder = folder();
        assert!(
            folder.join("node_modules/baileys").is_dir(),
            "Baileys is not installed. Run: npm ci --prefix tests/baileys"
        );
        let mut process = Command::new("node")
            .arg(folder.join("peer.mjs"))
            .env("NODE_EXTRA_CA_CERTS", authority)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node.js 20 or newer is needed on the PATH as `node`");
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { _process: process, input, output, events: Vec::new(), last_command: 0 }
    }

    /// Gives a command and waits for its answer.
    pub(crate) async fn call(&mut self, mut command: Value) -> Value {
        self.last_command += 1;
        let id = self.last_command;
        command["id"] = json!(id);
        self.input.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        loop {
            let line = self.line().await;
            if line["id"] == json!(id) && line.get("event").is_none() {
                assert_eq!(line["ok"], json!(true), "{command} failed: {line}");
                return line["result"].clone();
            }
            self.events.push(line);
        }
    }

    /// The first event, of those not taken yet, that is meant.
    pub(crate) async fn event(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
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
        let line = tokio::time::timeout(DEADLINE, self.output.next_line()).await;
        let Ok(line) = line else {
            panic!("Baileys said nothing for {DEADLINE:?}; before that: {:?}", self.events);
        };
        let line = line.unwrap().expect("Baileys has ended");
        serde_json::from_str(&line).unwrap()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/baileys")
}
