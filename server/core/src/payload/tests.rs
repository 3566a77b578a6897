//! What stands in events, field by field.

use openwa_model::{
    content::{Detail, EventResponse, MessageKind, Quoted},
    id::{MessageId, RowId},
    message::DeliveryStatus,
};
use uuid::Uuid;

use super::*;

const SESSION: SessionId = SessionId(Uuid::nil());

fn message(chat: &str, sender: &str, from_me: bool) -> Message {
    Message {
        row: RowId(Uuid::nil()),
        session: SESSION,
        id: MessageId("3EB0AA".into()),
        chat: chat.parse().unwrap(),
        sender: sender.parse().unwrap(),
        sender_phone: None,
        sender_lid: None,
        push_name: None,
        from_me,
        kind: MessageKind::Text,
        body: "hello".into(),
        timestamp: Timestamp::from_second(1_700_000_000).unwrap(),
        status: DeliveryStatus::Delivered,
        error: None,
        quoted: None,
        mentions: vec![],
        media: None,
        detail: None,
        marks: Marks::default(),
        edited_at: None,
        outgoing: None,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn data_of(message: &Message, file: Option<&str>) -> Value {
    let own = Jid::phone("15550000009");
    Events { session: SESSION, own: Some(&own) }.message(message, file).data
}

#[test]
fn a_private_message_names_both_sides() {
    for (from_me, sender, kind, from, to) in [
        (false, "15550000001@c.us", EventKind::MessageReceived, "15550000001@c.us", "15550000009@c.us"),
        (true, "15550000009@c.us", EventKind::MessageSent, "15550000009@c.us", "15550000001@c.us"),
    ] {
        let own = Jid::phone("15550000009");
        let message = message("15550000001@c.us", sender, from_me);
        let event = Events { session: SESSION, own: Some(&own) }.message(&message, None);
        assert_eq!(event.kind, kind);
        assert_eq!(event.idempotency_key, format!("msg_{SESSION}_3EB0AA"));
        let expected = json!({
            "id": "3EB0AA", "from": from, "to": to, "chatId": "15550000001@c.us", "body": "hello",
            "type": "text", "timestamp": 1_700_000_000, "fromMe": from_me, "isGroup": false,
            "kind": "individual",
        });
        assert_eq!(event.data, expected);
    }
}

#[test]
fn a_group_message_names_its_author() {
    let mut message = message("120363000000000001@g.us", "100000000000001@lid", false);
    message.sender_lid = Some(message.sender.clone());
    message.push_name = Some("Ana".into());
    message.mentions = vec![Jid::phone("15550000009")];
    message.quoted =
        Some(Quoted { id: MessageId("3EB0BB".into()), sender: Jid::phone("15550000009"), body: "what?".into() });
    let data = data_of(&message, None);
    for (name, value) in [
        ("from", json!("120363000000000001@g.us")),
        ("author", json!("100000000000001@lid")),
        ("isLidSender", json!(true)),
        ("senderLid", json!("100000000000001@lid")),
        ("contact", json!({ "pushName": "Ana" })),
        ("mentionedIds", json!(["15550000009@c.us"])),
        ("quotedMessage", json!({ "id": "3EB0BB", "body": "what?" })),
        ("isGroup", json!(true)),
        ("kind", json!("group")),
    ] {
        assert_eq!(data[name], value, "{name}");
    }
    assert_eq!(data.get("senderPhone"), None);
}

#[test]
fn a_file_is_carried_or_named() {
    let mut message = message("15550000001@c.us", "15550000001@c.us", false);
    message.media = Some(Media {
        mimetype: "image/png".into(),
        filename: None,
        size_bytes: Some(3),
        file: None,
        remote: Some("secret".into()),
    });
    assert_eq!(
        data_of(&message, Some("AAAA"))["media"],
        json!({ "mimetype": "image/png", "data": "AAAA", "sizeBytes": 3 })
    );
    assert_eq!(data_of(&message, None)["media"], json!({ "mimetype": "image/png", "omitted": true, "sizeBytes": 3 }));
}

#[test]
fn what_the_sender_says_is_told_only_where_it_is_so() {
    let mut message = message("15550000001@c.us", "15550000001@c.us", false);
    message.marks = Marks {
        is_forwarded: true,
        forwarding_score: 4,
        is_view_once: true,
        ephemeral_seconds: Some(86_400),
        ..Marks::default()
    };
    let data = data_of(&message, None);
    for (name, value) in [
        ("isForwarded", json!(true)),
        ("forwardingScore", json!(4)),
        ("isViewOnce", json!(true)),
        ("ephemeralDuration", json!(86_400)),
        ("isGif", Value::Null),
        ("isVideoNote", Value::Null),
        ("mentionsEveryone", Value::Null),
    ] {
        assert_eq!(data[name], value, "{name}");
    }
}

#[test]
fn votes_and_answers_name_who_what_and_when() {
    let poll = message("120363000000000001@g.us", "15550000001@c.us", false);
    let at = Timestamp::from_second(1_700_000_005).unwrap();
    let events = Events { session: SESSION, own: None };
    let vote = Vote { voter: Jid::phone("15550000002"), options: vec!["Now".into()], at };
    let event = events.vote(&poll, &vote, &PersonIds::of(vote.voter.clone()), false);
    assert_eq!(event.idempotency_key, format!("vote_{SESSION}_3EB0AA_15550000002@c.us_1700000005000"));
    let expected = json!({
        "messageId": "3EB0AA", "chatId": "120363000000000001@g.us", "senderId": "15550000002@c.us",
        "fromMe": false, "isGroup": true, "options": ["Now"], "timestamp": 1_700_000_005,
        "senderPhone": "15550000002",
    });
    assert_eq!((event.kind, event.data), (EventKind::PollVote, expected));
    let response = EventResponse::NotGoing;
    let answer = Attendance { person: Jid::phone("15550000002"), response, extra_guests: 2, at };
    let event = events.attendance(&poll, &answer, &PersonIds::of(answer.person.clone()), true);
    assert_eq!(event.data["response"], "not_going");
    assert_eq!((&event.data["extraGuests"], &event.data["fromMe"]), (&json!(2), &json!(true)));
}

#[test]
fn a_place_is_told_without_what_is_missing() {
    let mut message = message("15550000001@c.us", "15550000001@c.us", false);
    message.detail = Some(Detail::Location {
        latitude: 1.5,
        longitude: -2.0,
        description: Some("Here".into()),
        address: None,
        url: None,
    });
    let place = json!({ "latitude": 1.5, "longitude": -2.0, "description": "Here" });
    assert_eq!(data_of(&message, None)["location"], place);
}

#[test]
fn a_group_event_says_who_and_only_what_changed() {
    let (group, ada): (Jid, Jid) = ("120363000000000001@g.us".parse().unwrap(), Jid::phone("15550000001"));
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    let events = Events { session: SESSION, own: None };
    let joined = events.group(&group, None, std::slice::from_ref(&ada), &GroupHappening::Join, at);
    assert_eq!(joined.kind, EventKind::GroupJoin);
    let expected = json!({"groupId": group, "participantIds": [ada], "timestamp": 1_700_000_000});
    assert_eq!(joined.data, expected);
    let update = GroupUpdate { only_admins_add: Some(true), locked: Some(false), ..GroupUpdate::default() };
    let updated = events.group(&group, Some(&ada), &[], &GroupHappening::Update(update), at);
    assert_eq!(updated.data["changes"], json!({"memberAddMode": "admins", "locked": false}));
    assert_eq!(updated.data["actorId"], json!(ada));
    assert!(updated.idempotency_key.starts_with("grp_120363000000000001@g.us_"), "{}", updated.idempotency_key);
    assert!(updated.idempotency_key.ends_with("_update_1700000000000"), "{}", updated.idempotency_key);
    assert_ne!(updated.idempotency_key, joined.idempotency_key);
}

#[test]
fn keys_are_the_contracts() {
    let events = Events { session: SESSION, own: None };
    let at = Timestamp::from_millisecond(1_700_000_000_123).unwrap();
    let mut failed = message("15550000001@c.us", "15550000009@c.us", true);
    failed.error = Some("refused".into());
    let reaction = Reaction {
        chat: failed.chat.clone(),
        target: failed.id.clone(),
        sender: failed.chat.clone(),
        emoji: "👍".into(),
        timestamp: at,
    };
    let sid = SESSION;
    for (event, key) in [
        (events.ack(&failed, at), format!("ack_{sid}_3EB0AA_delivered")),
        (events.failed(&failed, None, at), format!("failed_{sid}_3EB0AA")),
        (events.revoked(&failed, at), format!("rev_{sid}_3EB0AA")),
        (events.edited(&failed, at), format!("edit_{sid}_3EB0AA_1700000000123")),
        (
            events.reaction(&reaction, &PersonIds::default()),
            format!("react_{sid}_3EB0AA_15550000001@c.us_1700000000123"),
        ),
        (events.status(Status::Ready, at), format!("sess_{sid}_ready_1700000000123")),
        (events.qr("2@abc", "data:", at), format!("qr_{sid}_{}", &hex::encode(Sha256::digest("2@abc"))[..12])),
    ] {
        assert_eq!(event.idempotency_key, key);
        assert_eq!(event.session, SESSION);
    }
}

#[test]
fn every_event_of_a_message_carries_both_ids_of_its_sender() {
    let events = Events { session: SESSION, own: None };
    let at = Timestamp::UNIX_EPOCH;
    let (phone, lid) = (Jid::phone("15550000001"), "100000000000001@lid".parse::<Jid>().unwrap());
    let ids = PersonIds { phone: Some(phone.clone()), lid: Some(lid.clone()) };
    let mut sent = message("15550000001@c.us", "15550000001@c.us", false);
    (sent.sender_phone, sent.sender_lid) = (ids.phone.clone(), ids.lid.clone());
    let reaction = Reaction {
        chat: sent.chat.clone(),
        target: sent.id.clone(),
        sender: phone.clone(),
        emoji: "👍".into(),
        timestamp: at,
    };
    let merged = Merged { phone, lid, chat: true, messages: 3 };
    for event in [
        events.message(&sent, None),
        events.ack(&sent, at),
        events.failed(&sent, Some(463), at),
        events.revoked(&sent, at),
        events.edited(&sent, at),
        events.reaction(&reaction, &ids),
        events.merged(&merged, at),
    ] {
        let said = (event.data["senderPhone"].as_str(), event.data["senderLid"].as_str());
        assert_eq!(said, (Some("15550000001"), Some("100000000000001@lid")), "{}", event.kind.name());
        let text = event.data.to_string();
        assert!(!text.contains("s.whatsapp.net") && !text.contains(":3@"), "{text}");
    }
    assert_eq!(events.failed(&sent, Some(463), at).data["code"], 463);
}
