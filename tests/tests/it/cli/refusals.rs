//! What is called wrongly, and what cannot be done: sentences that say what to do, and the code of each.

use openwa_testkit::process::{Call, binary};
use serde_json::json;

use super::shell::{Shell, failed};

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let shell = Shell::open().await;
    for (arguments, code, expected) in [
        (&["send", "15551234567", "Hi"][..], 1, "openwa sessions create"),
        (&["qr", "shop"], 1, "there is no session 'shop'"),
        (&["webhooks", "delete", "no-id"], 1, "openwa webhooks list"),
        (&["send", "Ada", "Hi"], 2, "neither a number with its country code"),
        (&["send", "15551234567"], 2, "nothing to send"),
        (&["send", "15551234567", "--image", "a", "--file", "b"], 2, "cannot be used with"),
        (&["call", "sendTexts"], 2, "sendText"),
        (&["call", "sendText", "-p", "chat=1"], 2, "there is sessionId, chatId, text"),
        (&["call", "listSessions", "--body", "{}"], 2, "takes no body"),
        (&["call", "createSession", "--body", "[1"], 2, "not a JSON object"),
        (&["call", "getSession", "-p", "sessionId=0199a8c5-4e00-7c3a-9d1e-5b6f7a8c9d0e"], 1, "404"),
        (&["listen", "--to", "ftp://localhost/"], 2, "http://localhost:3000/hook"),
        (&["events", "--limit", "0"], 2, "--limit"),
        (&["sessions", "create", "a b"], 1, "400"),
        (&["sessions", "--profile", "../x"], 2, "--profile takes a name"),
        (&["sessions", "--url", "localhost"], 2, "is not an address"),
        (&["completions", "cmd"], 2, "bash"),
    ] {
        let said = shell.fails(arguments, code).await;
        assert!(said.contains(expected), "{arguments:?} said {said:?}");
    }

    // Several sessions: the one that is meant has to be said.
    for name in ["one", "two"] {
        shell.says(&["sessions", "create", name]).await;
    }
    let said = shell.fails(&["events"], 2).await;
    assert!(said.contains("say which session is meant: two, one"), "{said}");
    let chosen = shell.call(&["events", "--json"]).with("OPENWA_SESSION", "one").run().await;
    assert!(chosen.status.success());

    // The gateway does not know the key, the key may not do it, the gateway is not there.
    let wrong = shell.call(&["sessions"]).with("OPENWA_API_KEY", "owa_k1_wrong").run().await;
    let said = failed(&["sessions"], 1, wrong);
    assert!(said.contains("does not accept the API key of OPENWA_API_KEY"), "{said}");
    let viewer =
        shell.client().post("/api/auth/api-keys", &json!({"name": "reader", "role": "viewer"})).await.expect(201);
    let viewer = viewer["apiKey"].as_str().or(viewer["key"].as_str()).expect("a key").to_owned();
    let forbidden = shell.call(&["sessions", "create", "three"]).with("OPENWA_API_KEY", &viewer).run().await;
    let said = failed(&["sessions"], 1, forbidden);
    assert!(said.contains("403") && said.contains("Required: operator"), "{said}");
    let gone = shell.call(&["sessions", "--url", "http://127.0.0.1:9"]).run().await;
    let said = failed(&["sessions"], 1, gone);
    assert!(said.contains("not reachable at http://127.0.0.1:9") && said.contains("openwa serve"), "{said}");
}

#[tokio::test]
async fn completions_need_no_gateway() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, expected) in
        [("bash", "complete -F _openwa"), ("zsh", "#compdef openwa"), ("fish", "complete -c openwa")]
    {
        let output = Call::new(binary(), folder.path(), &["completions", shell]).run().await;
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains(expected), "{shell}: {script:.200}");
        for word in ["sessions", "listen", "redrive", "pairing-code"] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
}
