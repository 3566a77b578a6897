//! Calls: told, rejected when asked to and by themselves, invited to by a link.

use openwa_model::{
    Timestamp,
    call::{CallHeard, CallMedia, CallOutcome},
    engine::Signal,
    ops::Command,
};
use serde_json::{Value, json};

use crate::{
    described::check_event,
    house::{ADA, House, Link, soon},
};

impl Link {
    async fn ring(&self, id: &str, outcome: Option<CallOutcome>) {
        self.say(vec![Signal::Call(CallHeard {
            id: id.to_owned(),
            from: ADA.parse().unwrap(),
            is_video: true,
            is_group: false,
            outcome,
            at: Timestamp::from_second(1_700_000_000).unwrap(),
        })])
        .await;
    }
}

impl House {
    async fn calls(&self, session: &str) -> Vec<Value> {
        let types = "types=call.received,call.accepted,call.rejected,call.missed";
        let events = self.get(&format!("/api/sessions/{session}/events?{types}")).await.good(200);
        let events = events["events"].as_array().unwrap().clone();
        events.iter().for_each(|it| check_event(it["event"].as_str().unwrap(), &it["data"]));
        events
    }
}

#[tokio::test]
async fn a_call_and_what_became_of_it_are_told() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    let endings = [CallOutcome::Accepted, CallOutcome::Rejected, CallOutcome::Missed];
    for (number, outcome) in endings.into_iter().enumerate() {
        link.ring(&format!("C{number}"), None).await;
        link.ring(&format!("C{number}"), Some(outcome)).await;
    }
    let told = house.calls(&id).await;
    let kinds: Vec<_> = told.iter().map(|it| it["event"].as_str().unwrap()).collect();
    let rings = "call.received";
    assert_eq!(kinds, [rings, "call.accepted", rings, "call.rejected", rings, "call.missed"]);
    let rings = json!({"callId": "C0", "from": ADA, "isVideo": true, "isGroup": false, "timestamp": 1_700_000_000});
    assert_eq!(told[0]["data"], rings);
    assert_eq!((&told[1]["data"]["outcome"], &told[1]["chatId"]), (&json!("accepted"), &json!(ADA)));
}

#[tokio::test]
async fn a_call_is_rejected_when_asked_to() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.ring("C1", None).await;
    let path = format!("/api/sessions/{id}/calls");
    let done = house.post(&format!("{path}/C1/reject"), json!({})).await.good(200);
    assert_eq!(done, json!({"success": true}));
    let told = house.calls(&id).await;
    assert_eq!((told.len(), &told[1]["event"], &told[1]["data"]["callId"]), (2, &json!("call.rejected"), &json!("C1")));
    let gone = house.post(&format!("{path}/C9/reject"), json!({})).await;
    assert_eq!(gone.failed(404), "Call not found; only a call that still rings can be rejected");
}

#[tokio::test]
async fn calls_are_rejected_by_themselves_where_the_session_is_set_to() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.ring("C0", None).await;
    let config = format!("/api/sessions/{id}/config");
    house.patch(&config, json!({"autoRejectCalls": true})).await.good(200);
    link.ring("C1", None).await;
    let asked = soon("the rejection", link.asked.recv()).await.unwrap();
    assert!(matches!(asked, Command::RejectCall(it) if it.id == "C1"), "the one before was left alone");
    house.patch(&config, json!({"autoRejectCalls": false})).await.good(200);
    link.ring("C2", None).await;
    house.post(&format!("/api/sessions/{id}/calls/C1/reject"), json!({})).await.good(200);
    let asked = soon("the next command", link.asked.recv()).await.unwrap();
    assert!(matches!(asked, Command::RejectCall(it) if it.id == "C1"), "nothing was rejected in between");
}

#[tokio::test]
async fn a_link_invites_to_a_call() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/calls/link");
    for (kind, media) in [("audio", CallMedia::Audio), ("video", CallMedia::Video)] {
        let made = house.post(&path, json!({"type": kind, "startTime": 1_791_021_600_000_i64})).await.good(200);
        assert_eq!(made, json!({"link": format!("https://call.example.org/{media:?}")}));
        let asked = soon("a command", link.asked.recv()).await.unwrap();
        assert!(matches!(asked, Command::CreateCallLink(it) if it.media == media));
    }
    for (body, sentence) in [
        (json!({"startTime": 1}), "type must be one of the following values: audio, video"),
        (json!({"type": "audio"}), "startTime must be an integer number"),
        (json!({"type": "audio", "startTime": i64::MAX}), "startTime is out of range"),
    ] {
        assert_eq!(house.post(&path, body.clone()).await.failed(400), sentence, "{body}");
    }
}
