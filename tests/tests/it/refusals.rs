//! What the program refuses to start with, in a sentence and with exit code 2: the network that is not
//! for its build, settings that make no sense, a folder that is in use.

use std::{path::PathBuf, process::Output};

use openwa_testkit::{
    client::Client,
    gateway::Setup,
    process::{Call, binary, plain_binary},
};

fn sentence(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

/// Runs it in an empty folder, and expects a refusal that leaves the folder empty.
async fn refused(binary: PathBuf, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let call = Call::new(binary, folder.path(), arguments);
    let output = environment.iter().fold(call, |call, (name, value)| call.with(name, value)).run().await;
    let sentence = sentence(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {sentence}");
    assert_eq!(sentence.lines().count(), 1, "one sentence, not {sentence:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{arguments:?} left {left:?}");
    sentence
}

#[tokio::test]
async fn a_sandbox_build_never_joins_the_real_network() {
    let no_network = refused(binary(), &["serve"], &[]).await;
    assert!(no_network.contains("never joins the real WhatsApp network"), "{no_network}");
    for url in ["https://web.whatsapp.com", "https://g.whatsapp.net:443"] {
        let real = refused(binary(), &["serve", "--sandbox-url", url], &[]).await;
        assert!(real.contains("belongs to the real WhatsApp network"), "{real}");
    }
}

#[tokio::test]
async fn a_build_without_the_sandbox_offers_none() {
    let calls: [&[&str]; 3] =
        [&["serve", "--sandbox"], &["serve", "--sandbox-url", "http://127.0.0.1:9080"], &["sandbox"]];
    for arguments in calls {
        let sentence = refused(plain_binary(), arguments, &[]).await;
        assert!(sentence.contains("This build has no sandbox network"), "{sentence}");
    }
}

#[tokio::test]
async fn a_build_without_the_sandbox_serves_and_stops_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = Call::new(plain_binary(), folder.path(), &["serve", "--port", "0"]).spawn();
    let base = gateway.says("is listening on ").await;
    let client = Client::new(base, None);
    assert_eq!(client.get("/api/health").await.expect(200)["status"], "ok");
    assert_eq!(client.get("/sandbox/phones").await.status, 404);
    assert!(gateway.terminate().await.success());
}

#[tokio::test]
async fn a_setting_that_makes_no_sense_is_named() {
    for (name, value) in [("PORT", "many"), ("LOG_LEVEL", "loud"), ("DATABASE_URL", "redis://localhost")] {
        let sentence = refused(binary(), &["serve", "--sandbox"], &[(name, value)]).await;
        assert!(sentence.contains(name) && sentence.contains(value), "{sentence}");
    }
    let secret = refused(binary(), &["serve", "--sandbox"], &[("VAULT_KEY", "too-short")]).await;
    assert!(secret.contains("VAULT_KEY") && !secret.contains("too-short"), "{secret}");
}

#[tokio::test]
async fn a_folder_has_one_gateway_at_a_time() {
    let first = Setup::with_sandbox_inside().start().await;
    let arguments = ["serve", "--sandbox", "--port", "0"];
    let second = Call::new(binary(), first.folder(), &arguments).run().await;
    assert_eq!(second.status.code(), Some(2));
    assert!(sentence(&second).contains("another process uses data already"), "{}", sentence(&second));
    first.client().get("/api/health").await.expect(200);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = Call::new(binary(), folder.path(), &["serve", "--sandbox"]).with("PORT", &port).run().await;
    assert_eq!(output.status.code(), Some(1));
    assert!(sentence(&output).contains(&format!("cannot listen on 127.0.0.1:{port}")), "{}", sentence(&output));
}
