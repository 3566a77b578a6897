//! What a call leaves in the log of the program that makes it.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{filter::LevelFilter, fmt::format::FmtSpan};

use crate::faulty::{CHAT, Faulty, SESSION};

/// A log in memory, of this thread only.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn keep(&self) -> DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(LevelFilter::INFO)
            .with_span_events(FmtSpan::CLOSE)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The fields of the spans that have ended.
    fn spans(&self) -> Vec<Value> {
        let lines: Vec<Value> = self.text().lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        lines.into_iter().map(|it| it["span"].clone()).filter(|it| it["name"] == "openwa.call").collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_call_is_one_span_whatever_it_takes() {
    let server = Faulty::start();
    let log = Log::default();
    let guard = log.keep();
    server.client("drop+503+ok").messages().send_text(SESSION, CHAT, "Hello").await.unwrap();
    drop(guard);
    let spans = log.spans();
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!(span["http.request.method"], "POST");
    assert!(span["url.path"].as_str().unwrap().ends_with("/messages/send-text"), "{span}");
    assert_eq!(span["http.request.resend_count"], 2);
    assert_eq!(span["http.response.status_code"], 201);
    assert_eq!(span["error.type"], Value::Null);
    for secret in ["Hello", "owa_secret"] {
        assert!(!log.text().contains(secret), "{}", log.text());
    }
}

#[tokio::test]
async fn a_failed_call_says_of_what_kind() {
    let server = Faulty::start();
    let log = Log::default();
    let guard = log.keep();
    server.client("404").messages().list(SESSION).await.unwrap_err();
    drop(guard);
    let spans = log.spans();
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((&span["http.response.status_code"], &span["error.type"]), (&404.into(), &"not_found".into()));
}

#[tokio::test]
async fn a_call_without_an_answer_tells_no_earlier_one() {
    let server = Faulty::start();
    let log = Log::default();
    let guard = log.keep();
    server.client("503+drop").sessions().list().retries(1).await.unwrap_err();
    drop(guard);
    let spans = log.spans();
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((&span["http.response.status_code"], &span["error.type"]), (&Value::Null, &"connection".into()));
}
