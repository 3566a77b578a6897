//! Who is there and who types: asked for, told as events, and read again.

use openwa_model::{
    Timestamp,
    engine::Signal,
    ops::Command,
    presence::{PresenceHeard, PresenceState},
};
use serde_json::{Value, json};

use crate::{
    described::check_event,
    house::{ADA, House, Link, soon},
};

const GROUP: &str = "120363000000000001@g.us";

impl Link {
    async fn hear(&self, chat: &str, participant: &str, state: PresenceState, last_seen: Option<i64>) {
        self.say(vec![Signal::Presence(PresenceHeard {
            chat: chat.parse().unwrap(),
            participant: participant.parse().unwrap(),
            state,
            last_seen: last_seen.map(|it| Timestamp::from_second(it).unwrap()),
        })])
        .await;
    }
}

#[tokio::test]
async fn what_is_heard_is_told_and_can_be_read() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/presence");
    assert_eq!(house.get(&format!("{path}/{ADA}")).await.good(200), Value::Null, "nothing was heard");

    link.hear(ADA, ADA, PresenceState::Unavailable, Some(1_700_000_000)).await;
    link.hear(ADA, ADA, PresenceState::Composing, None).await;
    let told = house.get(&format!("{path}/{ADA}")).await.good(200);
    let ada = json!({"id": ADA, "state": "composing", "lastSeen": 1_700_000_000});
    assert_eq!((&told["chatId"], &told["participants"]), (&json!(ADA), &json!([ada])));
    assert!(told["observedAt"].as_str().unwrap().ends_with('Z'), "{told}");

    link.hear(GROUP, ADA, PresenceState::Recording, None).await;
    link.hear(GROUP, "15550000002@c.us", PresenceState::Paused, None).await;
    // What this account does itself is no news.
    link.hear(GROUP, "15550000009@c.us", PresenceState::Composing, None).await;
    let told = house.get(&format!("{path}/{GROUP}")).await.good(200);
    let people = json!([{"id": ADA, "state": "recording"}, {"id": "15550000002@c.us", "state": "paused"}]);
    assert_eq!(told["participants"], people);

    let events = house.get(&format!("/api/sessions/{id}/events?types=presence.update")).await.good(200);
    let events = events["events"].as_array().unwrap();
    let states: Vec<_> = events.iter().map(|it| it["data"]["participants"][0]["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["unavailable", "composing", "recording", "paused"]);
    for event in events {
        check_event("presence.update", &event["data"]);
        assert_eq!(event["chatId"], event["data"]["chatId"]);
    }
}

#[tokio::test]
async fn whatsapp_is_told_and_asked() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/presence");
    for available in [true, false] {
        let done = house.put(&path, json!({"available": available})).await.good(200);
        assert_eq!(done, json!({"success": true}));
        let asked = soon("a command", link.asked.recv()).await.unwrap();
        assert!(matches!(asked, Command::SetPresence(it) if it.available == available));
    }
    let done = house.post(&format!("{path}/subscribe"), json!({"chatId": ADA})).await.good(200);
    assert_eq!(done, json!({"success": true}));
    let asked = soon("a command", link.asked.recv()).await.unwrap();
    assert!(matches!(asked, Command::SubscribePresence(it) if it.chat.to_string() == ADA));

    assert_eq!(house.put(&path, json!({})).await.failed(400), "available must be a boolean value");
    house.post(&format!("{path}/subscribe"), json!({"chatId": "ada"})).await.failed(400);
    house.get(&format!("{path}/ada")).await.failed(400);
}
