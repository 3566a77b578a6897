//! Sessions, from made to deleted.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_session_is_linked_by_code_and_unlinked() {
    let house = House::open().await;
    let id = house.session("support").await;
    let path = format!("/api/sessions/{id}");
    let made = house.get(&path).await.good(200);
    let fields: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "connectedAt",
        "createdAt",
        "engineLoaded",
        "id",
        "lastActive",
        "lastError",
        "name",
        "phone",
        "pushName",
        "restriction",
        "status",
        "updatedAt",
    ];
    assert_eq!(fields, expected, "also what is null is there");
    assert_eq!((&made["status"], &made["engineLoaded"]), (&json!("created"), &json!(false)));
    assert_eq!(
        house.post("/api/sessions", json!({"name": "support"})).await.failed(409),
        "Session with name 'support' already exists"
    );
    house.get(&format!("{path}/qr")).await.failed(400);

    let (id, link) = house.started("second").await;
    let path = format!("/api/sessions/{id}");
    house.get(&format!("{path}/qr")).await.failed(400);
    link.show_code("2@abc,def,ghi").await;
    let shown = house.get(&format!("{path}/qr")).await.good(200);
    assert_eq!(shown["status"], "qr_ready");
    assert!(shown["qrCode"].as_str().unwrap().starts_with("data:image/png;base64,iVBOR"));
    for (format, content_type, start) in [
        ("raw", "text/plain; charset=utf-8", "2@abc,def,ghi"),
        ("terminal", "text/plain; charset=utf-8", "█"),
        ("svg", "image/svg+xml", "<?xml"),
        ("json", "application/json; charset=utf-8", "{"),
    ] {
        let answer = house.get(&format!("{path}/qr?format={format}")).await;
        assert_eq!(answer.status, 200, "{format}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{format}");
        assert!(answer.text.starts_with(start), "{format}: {}", answer.text);
    }
    assert_eq!(house.get(&format!("{path}/qr?format=raw")).await.text, "2@abc,def,ghi");
    let code = house.post(&format!("{path}/pairing-code"), json!({"phoneNumber": "15550000009"})).await.good(201);
    assert_eq!(code, json!({"pairingCode": "ABCD1234", "status": "qr_ready"}));
    house.post(&format!("{path}/pairing-code"), json!({"phoneNumber": "+1555"})).await.failed(400);

    link.come_online().await;
    let ready = house.get(&path).await.good(200);
    assert_eq!(
        (&ready["status"], &ready["phone"], &ready["engineLoaded"]),
        (&json!("ready"), &json!("15550000009"), &json!(true))
    );
    let answer = house.get(&format!("{path}/qr")).await;
    assert_eq!(answer.failed(400), "Session is already authenticated");
    house.post(&format!("{path}/pairing-code"), json!({"phoneNumber": "15550000009"})).await.failed(409);
    house.post(&format!("{path}/start"), json!({})).await.failed(400);

    let out = house.post(&format!("{path}/logout"), json!({})).await.good(200);
    assert_eq!((&out["phone"], &out["engineLoaded"]), (&json!(null), &json!(false)));
    house.post(&format!("{path}/logout"), json!({})).await.failed(400);
    house.delete(&path).await.good(204);
    house.get(&path).await.failed(404);
}

#[tokio::test]
async fn sessions_are_listed_newest_first_and_counted() {
    let house = House::open().await;
    for name in ["first", "second", "third"] {
        house.session(name).await;
    }
    let names = async |path: &str| {
        let listed = house.get(path).await.good(200);
        let names = listed.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("/api/sessions").await, ["third", "second", "first"]);
    assert_eq!(names("/api/sessions?limit=1&offset=1").await, ["second"]);
    assert_eq!(names("/api/sessions?name=first").await, ["first"]);
    assert_eq!(names("/api/sessions?name=First").await, Vec::<String>::new());
    let overview = house.get("/api/sessions/stats/overview").await.good(200);
    assert_eq!((&overview["total"], &overview["byStatus"]), (&json!(3), &json!({"created": 3})));
    assert!(overview["memoryUsage"]["rss"].is_u64());
}

#[tokio::test]
async fn a_session_is_set_up() {
    let house = House::open().await;
    let id = house.session("main").await;
    let config = format!("/api/sessions/{id}/config");
    let default = json!({"autoRejectCalls": false, "maxReconnectAttempts": null, "reconnectBaseDelay": 5000});
    assert_eq!(house.get(&config).await.good(200), default);
    let changed = house.patch(&config, json!({"maxReconnectAttempts": 3, "reconnectBaseDelay": 1000})).await.good(200);
    assert_eq!(changed, json!({"autoRejectCalls": false, "maxReconnectAttempts": 3, "reconnectBaseDelay": 1000}));
    let changed = house.patch(&config, json!({"maxReconnectAttempts": null, "autoRejectCalls": true})).await.good(200);
    assert_eq!(changed, json!({"autoRejectCalls": true, "maxReconnectAttempts": null, "reconnectBaseDelay": 1000}));
    house.patch(&config, json!({"reconnectBaseDelay": 999})).await.failed(400);

    let proxy = format!("/api/sessions/{id}/proxy");
    let none = json!({"enabled": false, "proxyType": null, "proxyHost": null, "hasCredentials": false});
    assert_eq!(house.get(&proxy).await.good(200), none);
    let set = json!({"proxyUrl": "socks5://user:secret@proxy.example.org:1080"});
    let shown = house.patch(&proxy, set).await;
    assert!(!shown.text.contains("secret"), "credentials are never shown");
    let expected =
        json!({"enabled": true, "proxyType": "socks5", "proxyHost": "proxy.example.org:1080", "hasCredentials": true});
    assert_eq!(shown.good(200), expected);
    assert_eq!(house.patch(&proxy, json!({"proxyUrl": null})).await.good(200), none);
    house.patch(&proxy, json!({})).await.failed(400);
    house.patch(&proxy, json!({"proxyUrl": "gopher://x"})).await.failed(400);

    let can = house.get(&format!("/api/sessions/{id}/capabilities")).await.good(200);
    assert_eq!((&can["engine"], &can["pairingCode"]), (&json!("native"), &json!(true)));
    assert!(can["operations"].as_array().unwrap().contains(&json!("sendMessage")));
}

#[tokio::test]
async fn a_proxy_for_a_new_session_needs_an_admin() {
    let house = House::open().await;
    let key = house.key(json!({"name": "operator", "role": "operator"})).await;
    let ask = async |body| {
        let request = house.bare("POST", "/api/sessions").header("X-API-Key", &key);
        house.answer(request.json(&body)).await
    };
    let answer = ask(json!({"name": "main", "proxyUrl": "http://proxy.example.org:8080"})).await;
    assert_eq!(answer.failed(403), "Insufficient permissions. Required: admin");
    ask(json!({"name": "main"})).await.good(201);
}

#[tokio::test]
async fn a_running_session_stops_and_is_killed() {
    let house = House::open().await;
    for action in ["stop", "force-kill"] {
        let (id, _link) = house.ready(action).await;
        let stopped = house.post(&format!("/api/sessions/{id}/{action}"), json!({})).await.good(200);
        assert_eq!(stopped["engineLoaded"], false, "{action}");
        assert_eq!(stopped["phone"], "15550000009", "{action}: it stays linked");
    }
    let id = house.session("idle").await;
    house.post(&format!("/api/sessions/{id}/stop"), json!({})).await.good(200);
    house.post(&format!("/api/sessions/{id}/force-kill"), json!({})).await.failed(400);
}
