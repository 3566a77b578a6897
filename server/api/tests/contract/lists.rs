//! Messages, chats, contacts and groups, listed.

use openwa_model::engine::Signal;
use serde_json::json;

use crate::house::{ADA, House, text_from};

#[tokio::test]
async fn messages_are_found_by_every_filter() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    for (number, seconds) in [(1, 30), (2, 10), (3, 20)] {
        let mut message = text_from(ADA, &format!("3EB0A{number}"), &format!("text {number}"));
        message.timestamp = openwa_model::Timestamp::from_second(1_700_000_000 + seconds).unwrap();
        link.say(vec![Signal::Message(Box::new(message))]).await;
    }
    link.say(vec![Signal::Message(Box::new(text_from("15550000002@c.us", "3EB0B1", "from Bob")))]).await;
    house
        .post(&format!("/api/sessions/{id}/messages/send-text"), json!({"chatId": ADA, "text": "mine"}))
        .await
        .good(201);

    let found = async |query: &str| {
        let listed = house.get(&format!("/api/sessions/{id}/messages?{query}")).await.good(200);
        let bodies = listed["messages"].as_array().unwrap().iter().map(|it| it["body"].as_str().unwrap().to_owned());
        bodies.collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("", vec!["mine", "from Bob", "text 3", "text 2", "text 1"]),
        ("limit=2", vec!["mine", "from Bob"]),
        ("limit=2&offset=3", vec!["text 2", "text 1"]),
        ("chatId=15550000002@c.us", vec!["from Bob"]),
        ("chatId=15550000002%40c.us", vec!["from Bob"]),
        ("from=15550000001@c.us", vec!["text 3", "text 2", "text 1"]),
        ("messageId=3EB0A2", vec!["text 2"]),
        ("direction=outgoing", vec!["mine"]),
        ("direction=incoming&limit=1", vec!["from Bob"]),
        ("type=image", vec![]),
        ("since=1700000015000&until=1700000030000", vec!["text 3"]),
        ("orderBy=timestamp&from=15550000001@c.us", vec!["text 1", "text 3", "text 2"]),
        ("orderBy=createdAt&limit=1", vec!["mine"]),
    ] {
        assert_eq!(found(query).await, expected, "{query}");
    }
    let listed = house.get(&format!("/api/sessions/{id}/messages?limit=2")).await.good(200);
    assert_eq!(listed["total"], 5, "all that match, not only this page");
    assert_eq!(listed["messages"][1]["chatName"], "Ada", "the name the sender shows");
    let last = listed["messages"][1]["id"].as_str().unwrap();
    assert_eq!(found(&format!("limit=2&after={last}")).await, ["text 3", "text 2"]);
}

#[tokio::test]
async fn chats_count_what_is_unread_until_it_is_read() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "one").await;
    link.receive("3EB0BB", "two").await;
    let path = format!("/api/sessions/{id}/chats");
    let chats = house.get(&path).await.good(200);
    let chat = &chats[0];
    for (field, value) in [
        ("id", json!(ADA)),
        ("isGroup", json!(false)),
        ("kind", json!("individual")),
        ("unreadCount", json!(2)),
        ("lastMessage", json!("two")),
        ("lastMessageType", json!("text")),
        ("timestamp", json!(1_700_000_000)),
        ("muted", json!(false)),
    ] {
        assert_eq!(chat[field], value, "{field}");
    }
    assert_eq!(chat.get("muteExpiration"), None);
    let done = house.post(&format!("{path}/read"), json!({"chatId": ADA})).await.good(200);
    assert_eq!(done, json!({"success": true}));
    assert_eq!(house.get(&path).await.good(200)[0]["unreadCount"], 0);
    house.post(&format!("{path}/read"), json!({"chatId": ADA, "messageIds": []})).await.failed(400);
}

#[tokio::test]
async fn numbers_and_groups_are_asked_of_whatsapp() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let base = format!("/api/sessions/{id}");
    let known = house.get(&format!("{base}/contacts/check/15550000001")).await.good(200);
    assert_eq!(known, json!({"number": "15550000001", "exists": true, "whatsappId": ADA}));
    let unknown = house.get(&format!("{base}/contacts/check/+15550000077")).await.good(200);
    assert_eq!(unknown, json!({"number": "15550000077", "exists": false, "whatsappId": null}));
    house.get(&format!("{base}/contacts/check/ada")).await.failed(400);

    let groups = house.get(&format!("{base}/groups")).await.good(200);
    assert_eq!(groups[0], json!({"id": "120363000000000001@g.us", "name": "Tea", "linkedParentJID": null}));
    assert_eq!(house.get(&format!("{base}/groups?limit=1&offset=1")).await.good(200)[0]["name"], "Cake");
    let group = house.get(&format!("{base}/groups/120363000000000001@g.us")).await.good(200);
    assert_eq!((&group["memberAddMode"], &group["announce"]), (&json!("all"), &json!(false)));
    let member = json!({"id": ADA, "number": "15550000001", "isAdmin": true, "isSuperAdmin": false});
    assert_eq!(group["participants"], json!([member]));
    house.get(&format!("{base}/groups/{ADA}")).await.failed(400);
}
