//! Who may do what, for every operation there is: read from the document, asked of the app.

use serde_json::{Value, json};

use crate::{
    house::{House, soon},
    operations::{Operation, all, usual},
};

/// An operation with its path filled in.
struct Asked {
    method: String,
    path: String,
    role: Option<&'static str>,
    scope: &'static str,
    in_session: bool,
}

/// Every operation, about this session.
fn operations(session: &str) -> Vec<Asked> {
    let fill = |name: &str| if name == "sessionId" { session.to_owned() } else { usual(name) };
    let asked = |it: Operation| Asked {
        path: it.path(fill),
        in_session: it.in_session(),
        method: it.method,
        role: it.role,
        scope: it.scope,
    };
    all().into_iter().map(asked).collect()
}

impl House {
    async fn refusal(&self, operation: &Asked, key: Option<&str>) -> Option<(u16, String)> {
        let request = self.bare(&operation.method, &operation.path);
        let request = match key {
            Some(key) => request.header("X-API-Key", key),
            None => request,
        };
        // Only the head: some answers never end.
        let response = soon("an answer", request.send()).await.unwrap();
        let status = response.status().as_u16();
        if status != 401 && status != 403 {
            return None;
        }
        let body: Value = response.json().await.unwrap();
        Some((status, body["message"].as_str().unwrap().to_owned()))
    }
}

#[tokio::test]
async fn without_a_key_only_health_answers() {
    let house = House::open().await;
    let id = house.session("main").await;
    for operation in operations(&id) {
        let refused = house.refusal(&operation, None).await;
        let expected = operation.role.map(|_| (401, "API key is required".to_owned()));
        assert_eq!(refused, expected, "{} {}", operation.method, operation.path);
        if operation.role.is_some() {
            let refused = house.refusal(&operation, Some("owa_k1_nonsense")).await;
            assert_eq!(refused, Some((401, "Invalid API key".to_owned())), "{} {}", operation.method, operation.path);
        }
    }
}

#[tokio::test]
async fn each_role_may_do_no_more_than_its_own() {
    let house = House::open().await;
    let id = house.session("main").await;
    let roles = ["viewer", "operator", "admin"];
    for (place, role) in roles.iter().enumerate() {
        let key = house.key(json!({"name": format!("a {role}"), "role": role})).await;
        for operation in operations(&id) {
            let Some(required) = operation.role else { continue };
            let needed = roles.iter().position(|it| *it == required).unwrap();
            let name = format!("{role}: {} {}", operation.method, operation.path);
            if place < needed {
                let sentence = format!("Insufficient permissions. Required: {required}");
                assert_eq!(house.refusal(&operation, Some(&key)).await, Some((403, sentence)), "{name}");
            } else if operation.method == "GET" {
                assert_eq!(house.refusal(&operation, Some(&key)).await, None, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_of_one_session_stays_in_it() {
    let house = House::open().await;
    let (mine, other) = (house.session("mine").await, house.session("other").await);
    let wanted = json!({"name": "mine only", "role": "admin", "allowedSessions": [mine]});
    let key = house.key(wanted).await;
    for operation in operations(&other) {
        if operation.role.is_none() {
            continue;
        }
        let name = format!("{} {}", operation.method, operation.path);
        let refused = house.refusal(&operation, Some(&key)).await;
        let expected = if operation.in_session {
            Some("API key not authorized for this session")
        } else if operation.scope == "deployment" {
            Some("Session-scoped API keys are not permitted on this route")
        } else if operation.path.starts_with("/api/webhooks/delivery-failures") {
            Some("API key not authorized for this session")
        } else {
            None
        };
        assert_eq!(refused, expected.map(|it| (403, it.to_owned())), "{name}");
    }
    let request = house.bare("GET", "/api/sessions").header("X-API-Key", &key);
    let seen = house.answer(request).await.good(200);
    assert_eq!(seen.as_array().map(Vec::len), Some(1));
    assert_eq!(seen[0]["id"], json!(mine));
    let request = house.bare("GET", "/api/sessions/stats/overview").header("X-API-Key", &key);
    assert_eq!(house.answer(request).await.good(200)["total"], 1);
    let request = house.bare("POST", "/api/auth/validate").header("X-API-Key", &key);
    let expected = json!({"valid": true, "role": "admin", "engineType": "native", "scoped": true});
    assert_eq!(house.answer(request).await.good(200), expected);
}

#[tokio::test]
async fn a_key_of_one_chat_stays_in_it() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "from Ada").await;
    link.say(vec![openwa_model::engine::Signal::Message(Box::new(crate::house::text_from(
        "15550000002@c.us",
        "3EB0BB",
        "from Bob",
    )))])
    .await;
    let wanted = json!({"name": "bob only", "role": "admin", "allowedChats": ["15550000002@c.us"]});
    let key = house.key(wanted).await;
    for operation in operations(&id) {
        if operation.role.is_none() {
            continue;
        }
        let name = format!("{} {}", operation.method, operation.path);
        let refused = house.refusal(&operation, Some(&key)).await.map(|it| it.1);
        let expected = match operation.scope {
            "deployment" => Some("Session-scoped API keys are not permitted on this route"),
            "allChats" => Some("API key is restricted to selected chats"),
            "oneChat" if operation.path.contains('@') => Some("API key not authorized for this chat"),
            "oneChat" if operation.path.ends_with("/messages") => Some("API key is restricted to selected chats"),
            _ => None,
        };
        assert_eq!(refused.as_deref(), expected, "{name}");
    }
    let ask = async |method: &str, path: &str, body: Value| {
        let request = house.bare(method, &format!("/api/sessions/{id}/{path}")).header("X-API-Key", &key);
        house.answer(request.json(&body)).await
    };
    for (path, mut body) in [
        ("messages/send-text", json!({"text": "hi"})),
        ("messages/send-template", json!({"templateName": "order"})),
        ("messages/send-image", json!({"base64": "AAAA", "mimetype": "image/png"})),
        ("messages/send-video", json!({"base64": "AAAA", "mimetype": "video/mp4"})),
        ("messages/send-audio", json!({"base64": "AAAA", "mimetype": "audio/ogg"})),
        ("messages/send-document", json!({"base64": "AAAA", "mimetype": "text/plain"})),
        ("messages/reply", json!({"text": "hi", "quotedMessageId": "3EB0AA"})),
        ("messages/react", json!({"messageId": "3EB0AA", "emoji": "x"})),
        ("messages/edit", json!({"messageId": "3EB0AA", "body": "x"})),
        ("messages/delete", json!({"messageId": "3EB0AA"})),
        ("chats/read", json!({})),
    ] {
        body["chatId"] = json!("15550000001@c.us");
        let answer = ask("POST", path, body).await;
        assert_eq!(answer.failed(403), "API key not authorized for this chat", "{path}");
    }
    let chats = ask("GET", "chats", json!({})).await.good(200);
    assert_eq!(chats.as_array().map(Vec::len), Some(1), "{chats}");
    let groups = ask("GET", "groups", json!({})).await.good(200);
    assert_eq!(groups, json!([]));
    let messages = ask("GET", "messages?chatId=15550000002@c.us", json!({})).await.good(200);
    assert_eq!(messages["messages"][0]["body"], "from Bob");
    let events = ask("GET", "events?types=message.received", json!({})).await.good(200);
    let told: Vec<_> = events["events"].as_array().unwrap().iter().map(|it| &it["data"]["body"]).collect();
    assert_eq!(told, ["from Bob"]);
}

#[tokio::test]
async fn a_person_has_two_ids_and_one_chat() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    let mut message = crate::house::text_from("100000000000001@lid", "3EB0AA", "from Ada");
    message.chat_alternative = Some("15550000001@c.us".parse().unwrap());
    message.sender_phone = message.chat_alternative.clone();
    link.say(vec![openwa_model::engine::Signal::Message(Box::new(message))]).await;
    for allowed in ["15550000001@c.us", "100000000000001@lid"] {
        let key = house.key(json!({"name": "ada only", "allowedChats": [allowed]})).await;
        let ask = async |path: &str| {
            let request = house.bare("GET", &format!("/api/sessions/{id}/{path}")).header("X-API-Key", &key);
            house.answer(request).await
        };
        for asked in ["15550000001@c.us", "100000000000001@lid"] {
            let listed = ask(&format!("messages?chatId={asked}")).await.good(200);
            assert_eq!(listed["messages"][0]["body"], "from Ada", "{allowed} asks for {asked}");
        }
        assert_eq!(ask("chats").await.good(200).as_array().map(Vec::len), Some(1), "{allowed}");
        let events = ask("events?types=message.received").await.good(200);
        assert_eq!(events["events"][0]["data"]["body"], "from Ada", "{allowed}");
        ask("messages?chatId=15550000002@c.us").await.failed(403);
    }
}

#[tokio::test]
async fn a_key_of_one_network_comes_from_there() {
    let house = House::open().await;
    for (network, good) in [("127.0.0.1", true), ("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        let key = house.key(json!({"name": "from there", "allowedIps": [network]})).await;
        let answer = house.answer(house.bare("GET", "/api/sessions").header("X-API-Key", &key)).await;
        if good {
            answer.good(200);
        } else {
            assert_eq!(answer.failed(403), "IP address not allowed for this API key");
        }
        // A header that anyone can write proves nothing.
        let request =
            house.bare("GET", "/api/sessions").header("X-API-Key", &key).header("X-Forwarded-For", "10.0.0.1");
        assert_eq!(house.answer(request).await.status.is_success(), good);
    }
}
