//! Starts `tests/sdk/faulty_server.py`.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use openwa_client::{
    Client, ClientBuilder,
    raw::{Call, Method},
};
use serde::Deserialize;
use serde_json::Value;

pub(crate) const SESSION: &str = "0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e";
pub(crate) const CHAT: &str = "15550000002@c.us";

pub(crate) struct Faulty {
    process: Child,
    base: String,
}

impl Faulty {
    pub(crate) fn start() -> Self {
        let mut process = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sdk/faulty_server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("it says its port");
        #[derive(Deserialize)]
        struct Started {
            port: u16,
        }
        let Started { port } = serde_json::from_str(&line).expect("it says its port in JSON");
        Self { process, base: format!("http://127.0.0.1:{port}") }
    }

    /// A client for which the server takes these steps.
    pub(crate) fn client(&self, steps: &str) -> Client {
        self.with(steps).build().unwrap()
    }

    pub(crate) fn with(&self, steps: &str) -> ClientBuilder {
        Client::builder().base_url(format!("{}/t/{steps}", self.base)).api_key("owa_secret")
    }

    /// What was asked.
    pub(crate) async fn log(&self) -> Vec<Value> {
        self.log_of("t").await
    }

    pub(crate) async fn log_of(&self, name: &str) -> Vec<Value> {
        let client = Client::new(&self.base, "none").unwrap();
        client.send(Call::new(Method::GET, format!("/log/{name}"))).await.unwrap().json().unwrap()
    }

    /// The values of a header, by request.
    pub(crate) async fn headers(&self, name: &str) -> Vec<Option<String>> {
        self.log().await.iter().map(|it| it["headers"][name].as_str().map(str::to_owned)).collect()
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

/// An address where nobody listens.
pub(crate) fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
