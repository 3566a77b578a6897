//! One person, two ids. The cases are those in which other gateways split conversations, answer twice or lose people.

use openwa_core::gateway::SendRequest;
use openwa_model::{
    contact::ContactSeen,
    engine::{InboundMessage, Signal},
    id::{MessageId, SessionId},
    jid::Jid,
    ops::Command,
    store::{MessageFilter, Page},
};

use crate::house::{House, account, at, inbound, soon, text};

const PAGE: Page = Page { limit: 1_000, offset: 0 };
const PHONE: &str = "15550000001@c.us";
const LID: &str = "100000000000001@lid";

fn jid(text: &str) -> Jid {
    text.parse().unwrap()
}

/// A message in a private chat as it was addressed, and what the envelope says of the other id.
fn private(id: &str, body: &str, chat: &str, alternative: Option<&str>) -> InboundMessage {
    InboundMessage { chat: jid(chat), sender: jid(chat), chat_alternative: alternative.map(jid), ..inbound(id, body) }
}

fn said(message: InboundMessage) -> Signal {
    Signal::Message(Box::new(message))
}

fn both(phone: &str, lid: &str) -> Signal {
    Signal::Contact(ContactSeen { phone: Some(jid(phone)), lid: Some(jid(lid)), ..ContactSeen::default() })
}

async fn chats(house: &House, session: SessionId) -> Vec<(String, u32)> {
    let mut chats: Vec<_> = house.gateway.chats(session, PAGE).await.unwrap();
    chats.sort_by(|a, b| a.id.cmp(&b.id));
    chats.into_iter().map(|it| (it.id.to_string(), it.unread)).collect()
}

async fn count(house: &House, session: SessionId, kind: &str) -> usize {
    house.events(session).await.iter().filter(|it| it.event.kind.name() == kind).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_a_person_is_addressed_there_is_one_chat() {
    let hello = |chat, alternative| said(private("A", "hello", chat, alternative));
    let more = |id: &str, chat, alternative| said(private(id, id, chat, alternative));
    let loops = (0..837).map(|_| hello(PHONE, None)).collect();
    for (what, signals, expected, received, merged) in [
        // The same message twice, once by each id.
        ("the second says who it is", vec![hello(LID, None), hello(PHONE, Some(LID))], vec![(PHONE, 1)], 1, 1),
        ("the first says who it is", vec![hello(LID, Some(PHONE)), hello(PHONE, None)], vec![(PHONE, 1)], 1, 0),
        ("neither says who it is", vec![hello(LID, None), hello(PHONE, None)], vec![(LID, 1)], 1, 0),
        ("nor when the number comes first", vec![hello(PHONE, None), hello(LID, None)], vec![(PHONE, 1)], 1, 0),
        ("it is said later", vec![hello(LID, None), hello(PHONE, None), both(PHONE, LID)], vec![(PHONE, 1)], 1, 1),
        // One device in a loop.
        ("837 copies", loops, vec![(PHONE, 1)], 1, 0),
        // A lead from an advertisement: first hidden, then by number, and only then known to be one person.
        (
            "a conversation in two halves",
            vec![
                more("A", LID, None),
                more("B", LID, None),
                more("C", PHONE, None),
                both(PHONE, LID),
                more("D", LID, None),
            ],
            vec![(PHONE, 4)],
            4,
            1,
        ),
        // A person with a user name: there is no number, and there never will be.
        ("a hidden id for good", vec![more("A", LID, None), more("B", LID, None)], vec![(LID, 2)], 2, 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::open(folder.path()).await;
        let (session, link) = house.ready("one").await;
        let at_once = if signals.len() > 100 { 64 } else { 1 };
        for some in signals.chunks(at_once) {
            link.say(some.to_vec()).await.unwrap();
        }
        let found = chats(&house, session).await;
        let found: Vec<_> = found.iter().map(|(id, unread)| (id.as_str(), *unread)).collect();
        assert_eq!(found, expected, "{what}");
        assert_eq!(count(&house, session, "message.received").await, received, "{what}");
        assert_eq!(count(&house, session, "contact.merged").await, merged, "{what}");
        let (_, kept) = house.gateway.messages(session, &MessageFilter::default(), PAGE).await.unwrap();
        assert_eq!(kept, received as u64, "{what}");
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_stay_two_even_when_one_borrows_the_id_of_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.say(vec![said(private("A", "hello", PHONE, None))]).await.unwrap();
    link.say(vec![said(private("A", "something else", LID, None))]).await.unwrap();
    assert_eq!(chats(&house, session).await, [(LID.to_owned(), 1), (PHONE.to_owned(), 1)]);
    // Nor is anything learned from it about who is who.
    let other = "100000000000002@lid";
    link.say(vec![both(PHONE, other), said(private("B", "really me", other, None))]).await.unwrap();
    link.say(vec![said(private("B", "really me", LID, None))]).await.unwrap();
    assert_eq!(chats(&house, session).await, [(LID.to_owned(), 2), (PHONE.to_owned(), 2)]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_is_told_with_both_ids_and_history_moves() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.say(vec![said(private("A", "who am I?", LID, None)), said(private("B", "well?", LID, None))]).await.unwrap();
    let first = house.events(session).await.pop().unwrap().event;
    let ids = (first.data["senderLid"].as_str(), first.data["senderPhone"].as_str(), first.data["from"].as_str());
    assert_eq!(ids, (Some(LID), None, Some(LID)));
    link.say(vec![both(PHONE, LID)]).await.unwrap();
    let merged = house.events(session).await.pop().unwrap().event;
    assert_eq!((merged.kind.name(), merged.chat), ("contact.merged", Some(jid(PHONE))));
    for (name, value) in [
        ("contactId", serde_json::json!(PHONE)),
        ("formerId", serde_json::json!(LID)),
        ("chatMerged", serde_json::json!(true)),
        ("messagesMoved", serde_json::json!(2)),
        ("senderPhone", serde_json::json!("15550000001")),
        ("senderLid", serde_json::json!(LID)),
    ] {
        assert_eq!(merged.data[name], value, "{name}");
    }
    // Whichever id is asked for, the same is found.
    for id in [PHONE, LID] {
        let filter = MessageFilter { chat: Some(jid(id)), ..MessageFilter::default() };
        let (found, total) = house.gateway.messages(session, &filter, PAGE).await.unwrap();
        assert_eq!(total, 2, "{id}");
        assert!(found.iter().all(|it| it.chat == jid(PHONE) && it.sender_lid == Some(jid(LID))), "{found:#?}");
        assert!(house.message(session, &jid(id), &MessageId("A".into())).await.is_some(), "{id}");
        let people = house.gateway.people(session, [&jid(id)]).await.unwrap();
        let ids = &people[&jid(id)];
        assert_eq!((&ids.phone, &ids.lid), (&Some(jid(PHONE)), &Some(jid(LID))), "{id}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_id_can_be_answered_before_and_after_its_number_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    link.say(vec![said(private("A", "hello", LID, None))]).await.unwrap();
    for (known, to) in [(false, LID), (true, PHONE)] {
        if known {
            link.say(vec![both(PHONE, LID)]).await.unwrap();
        }
        let sending = tokio::spawn({
            let (gateway, request) = (house.gateway.clone(), SendRequest { chat: jid(LID), ..text("yes?") });
            async move { gateway.send(session, request, None).await }
        });
        let asked = link.asked().await;
        let Command::SendMessage(sent) = &asked.command else { panic!("{:?}", asked.command) };
        assert_eq!(sent.0.chat, jid(to));
        asked.accept(at(5));
        soon("the send", sending).await.unwrap().unwrap();
    }
    assert_eq!(chats(&house, session).await, [(PHONE.to_owned(), 1)]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_of_an_own_send_is_recognised_by_either_id() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let sending = house.send(session, "hello", None);
    let asked = link.asked().await;
    let id = asked.message_id();
    asked.accept(at(5));
    soon("the send", sending).await.unwrap().unwrap();
    for chat in [PHONE, LID] {
        let echo = InboundMessage {
            sender: account().lid.unwrap(),
            from_me: true,
            timestamp: at(6),
            ..private(id.as_str(), "hello", chat, None)
        };
        link.say(vec![said(echo)]).await.unwrap();
    }
    assert_eq!(chats(&house, session).await, [(PHONE.to_owned(), 0)]);
    assert_eq!(count(&house, session, "message.sent").await, 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_and_fifty_conversations_are_a_hundred_and_fifty_chats() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    let ids: Vec<_> = (0..150).map(|n| (format!("1555100{n:04}@c.us"), format!("2000000000{n:05}@lid"))).collect();
    let own = |id: &str, chat: &str, alternative: Option<&str>| InboundMessage {
        sender: account().phone,
        from_me: true,
        ..private(id, "ours", chat, alternative)
    };
    let mut expected = 0;
    for round in 0..4 {
        let mut signals = Vec::new();
        for (n, (phone, lid)) in ids.iter().map(|(phone, lid)| (phone.as_str(), lid.as_str())).enumerate() {
            let id = format!("{n}-{round}");
            // Each conversation goes another way through the four rounds; all end with both ids known.
            let signal = match (n % 5, round) {
                (0, 0) | (1, 1) | (2, 2) => said(private(&id, "by number", phone, None)),
                (0, 1) | (1, 0) | (2, 0) | (3, 0) => said(private(&id, "hidden", lid, None)),
                (3, 1) => said(own(&id, phone, None)),
                (3, 2) => said(own(&id, lid, None)),
                (4, 0) => said(private(&id, "both", lid, Some(phone))),
                (4, 1) => said(own(&id, phone, Some(lid))),
                (_, 3) => both(phone, lid),
                _ => said(private(&id, "more", lid, None)),
            };
            expected += usize::from(round < 3);
            signals.push(signal);
        }
        for some in signals.chunks(64) {
            link.say(some.to_vec()).await.unwrap();
        }
    }
    let mut chats = chats(&house, session).await;
    chats.sort();
    let mut numbers: Vec<_> = ids.iter().map(|it| it.0.clone()).collect();
    numbers.sort();
    assert_eq!(chats.into_iter().map(|it| it.0).collect::<Vec<_>>(), numbers);
    let (_, kept) = house.gateway.messages(session, &MessageFilter::default(), PAGE).await.unwrap();
    assert_eq!(kept, expected as u64);
    house.close().await;
}
