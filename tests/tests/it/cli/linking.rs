//! Sessions made, linked by a scan or by a code to type, and ended.

use serde_json::json;

use super::shell::{Shell, failed, succeeded};
use crate::story::{Session, wait_for_status};

#[tokio::test]
async fn a_session_is_made_and_linked_from_the_command_line() {
    let shell = Shell::open().await;
    let own = shell.sandbox().create_phone("Shop").await;
    assert_eq!(shell.says(&["sessions"]).await, "");
    assert_eq!(shell.says(&["sessions", "create", "shop"]).await, "shop is created\n");
    assert_eq!(shell.json(&["sessions", "status"]).await["status"], "created");

    // The command starts the session by itself, shows the code, and ends when the phone is linked.
    let client = shell.client();
    let session = Session { id: shell.json(&["sessions", "status", "shop"]).await["id"].as_str().unwrap().to_owned() };
    let mut events = session.follow(&client).await;
    let linking = tokio::spawn({
        let call = shell.call(&["qr", "shop"]);
        async move { call.run().await }
    });
    let code = session.qr(&client, &mut events).await;
    shell.sandbox().scan_with(&own, &code).await;
    let shown = succeeded(&["qr"], linking.await.unwrap());
    assert!(shown.contains('█') && shown.contains("Linked devices"), "{shown}");
    assert!(shown.ends_with(&format!("shop is linked to {} (Shop)\n", own.number)), "{shown}");

    // Linked already, it says so.
    assert!(shell.says(&["qr"]).await.starts_with("shop is linked to"));
    let table = shell.says(&["sessions", "list"]).await;
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("NAME") && lines[1].starts_with("shop") && lines[1].contains(" ready "), "{table}");
    assert!(shell.says(&["sessions", "status", &session.id]).await.contains(&own.number));

    assert_eq!(shell.says(&["sessions", "stop", "shop"]).await, "shop is disconnected\n");
    shell.says(&["sessions", "start", &session.id]).await;
    wait_for_status(&mut events, "disconnected").await;
    wait_for_status(&mut events, "ready").await;
    assert_eq!(shell.json(&["sessions", "logout"]).await["phone"], json!(null));
    assert_eq!(shell.json(&["sessions", "delete", "shop"]).await["deleted"], true);
    assert_eq!(shell.json(&["sessions"]).await, json!([]));
}

#[tokio::test]
async fn programs_read_the_codes_line_by_line() {
    let shell = Shell::open().await;
    let (scanning, typing) = (shell.sandbox().create_phone("One").await, shell.sandbox().create_phone("Two").await);
    for name in ["scanned", "typed"] {
        shell.says(&["sessions", "create", name]).await;
    }

    let mut linking = shell.start(&["qr", "scanned", "--json"]);
    let rest = linking.says(r#"{"code":""#).await;
    let (code, event) = rest.split_once('"').unwrap();
    assert_eq!(event, r#","event":"qr"}"#);
    shell.sandbox().scan_with(&scanning, code).await;
    assert!(linking.says(r#"{"event":"linked","session":"#).await.contains(&scanning.number));

    let mut linking = shell.start(&["qr", "typed", "--json", "--pairing-code", &format!("+{}", typing.number)]);
    let rest = linking.says(r#"{"code":""#).await;
    let (code, event) = rest.split_once('"').unwrap();
    assert_eq!(event, r#","event":"pairing_code"}"#);
    let path = format!("/sandbox/phones/{}/pairing-code", typing.id);
    shell.sandbox().client().post(&path, &json!({"code": code})).await.expect(200);
    assert!(linking.says(r#"{"event":"linked","session":"#).await.contains(&typing.number));
}

#[tokio::test]
async fn a_login_is_remembered() {
    let shell = Shell::open().await;
    let (base, key) = (shell.gateway.base().to_owned(), shell.key());

    // Without terminal and key there is nobody to ask.
    let arguments = ["login", "--url", &base];
    let refused = shell.bare(&arguments).run().await;
    assert!(failed(&arguments, 2, refused).contains("--key-stdin"));
    let wrong = shell.bare(&arguments).with("OPENWA_API_KEY", "owa_k1_wrong").run().await;
    assert!(failed(&arguments, 1, wrong).contains("does not accept the API key"));
    let file = shell.path("config/openwa/default.json");
    assert!(!file.exists(), "a key that is not accepted is not kept");

    let said = shell.piped(&["login", "--key-stdin"], &format!("{key}\n")).await;
    assert!(said.contains("as admin") && !said.contains(&key), "{said}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let listed = shell.bare(&["sessions", "--json"]).run().await;
    assert_eq!(succeeded(&["sessions"], listed).trim(), "[]");

    // The key of a gateway on this machine is found in its folder.
    let found = shell.bare(&["login", "--url", &base, "--profile", "here"]);
    let found = found.with("DATA_DIR", shell.gateway.data_dir().to_str().unwrap()).run().await;
    assert!(succeeded(&["login"], found).contains("here.json"));
    let listed = shell.bare(&["sessions", "--json", "--profile", "here"]).run().await;
    assert_eq!(succeeded(&["sessions"], listed).trim(), "[]");

    // A key goes to its own gateway only.
    let other = shell.bare(&["sessions", "--url", "https://gateway.invalid"]).run().await;
    assert!(failed(&["sessions"], 2, other).contains("no API key for https://gateway.invalid"));
}
