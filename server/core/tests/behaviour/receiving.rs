//! What engines say.

use std::time::Duration;

use openwa_model::{
    content::MessageKind,
    engine::{Edited, Gone, Revoked, SendSettled, Signal},
    id::MessageId,
    jid::Jid,
    message::{DeliveryStatus, Reaction},
    session::Restriction,
    store::Page,
};

use crate::house::{House, account, at, inbound, incoming, phone, receipt, soon};

const PAGE: Page = Page { limit: 100, offset: 0 };

fn id(text: &str) -> MessageId {
    MessageId(text.into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_acknowledged_before_it_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    house.store.close_gate();
    let signals = link.signals.clone();
    let acknowledged = tokio::spawn(async move { signals.commit(vec![incoming("A", "hello")]).await });
    house.store.somebody_waits().await;
    assert!(!acknowledged.is_finished());
    assert!(house.message(session, &phone(), &id("A")).await.is_none());
    house.store.open_gate();
    soon("the acknowledgement", acknowledged).await.unwrap().unwrap();
    assert_eq!(house.message(session, &phone(), &id("A")).await.unwrap().body, "hello");
    assert_eq!(house.kinds_from(session, "message.received").await, ["message.received"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_away_holds_the_engine_up_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    house.store.close_gate();
    house.store.refuse(3);
    let said: Vec<_> = (0..400)
        .map(|n| {
            let signals = link.signals.clone();
            tokio::spawn(async move { signals.commit(vec![incoming(&format!("M{n}"), "hello")]).await })
        })
        .collect();
    house.store.somebody_waits().await;
    assert!(said.iter().all(|it| !it.is_finished()));
    house.store.open_gate();
    for it in said {
        soon("an acknowledgement", it).await.unwrap().unwrap();
    }
    let (_, total) = house.gateway.messages(session, &Default::default(), PAGE).await.unwrap();
    assert_eq!(total, 400);
    assert_eq!(house.kinds_from(session, "message.received").await.len(), 400);
    assert_eq!(house.gateway.chats(session, PAGE).await.unwrap()[0].unread, 400);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_twice_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.say(vec![incoming("A", "hello")]).await.unwrap();
    link.say(vec![incoming("A", "hello"), incoming("B", "again")]).await.unwrap();
    assert_eq!(house.kinds_from(session, "message.received").await, ["message.received"; 2]);
    assert_eq!(house.gateway.chats(session, PAGE).await.unwrap()[0].unread, 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let sent = house.send(session, "hello", None);
    link.asked().await.accept(at(5));
    let message = soon("the send", sent).await.unwrap().unwrap().id;
    for status in [DeliveryStatus::Read, DeliveryStatus::Delivered, DeliveryStatus::Read] {
        link.say(vec![receipt(&[&message], status)]).await.unwrap();
    }
    let late = SendSettled { chat: phone(), id: message.clone(), refused: Some(479), timestamp: at(6) };
    link.say(vec![Signal::SendSettled(late)]).await.unwrap();
    assert_eq!(house.message(session, &phone(), &message).await.unwrap().status, DeliveryStatus::Read);
    assert_eq!(house.kinds_from(session, "message.sent").await, ["message.sent", "message.ack"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_may_overtake_the_outcome_of_its_send() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let sent = house.send(session, "hello", None);
    let asked = link.asked().await;
    let message = asked.message_id();
    link.say(vec![receipt(&[&message], DeliveryStatus::Delivered)]).await.unwrap();
    asked.accept(at(5));
    soon("the send", sent).await.unwrap().unwrap();
    assert_eq!(house.message(session, &phone(), &message).await.unwrap().status, DeliveryStatus::Delivered);
    assert_eq!(house.kinds_from(session, "message.sent").await, ["message.sent", "message.ack"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_may_come_before_a_message_from_another_device() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.say(vec![receipt(&[&id("A")], DeliveryStatus::Delivered)]).await.unwrap();
    let mut own = inbound("A", "from my phone");
    (own.from_me, own.sender) = (true, account().phone);
    link.say(vec![Signal::Message(Box::new(own))]).await.unwrap();
    let message = house.message(session, &phone(), &id("A")).await.unwrap();
    assert_eq!((message.status, message.from_me), (DeliveryStatus::Delivered, true));
    assert_eq!(house.kinds_from(session, "message.sent").await, ["message.sent", "message.ack"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_id_becomes_a_number_once_it_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    let lid: Jid = "100000000000001@lid".parse().unwrap();
    let mut hidden = inbound("A", "who am I?");
    (hidden.chat, hidden.sender) = (lid.clone(), lid.clone());
    link.say(vec![Signal::Message(Box::new(hidden.clone()))]).await.unwrap();
    let first = house.events(session).await.pop().unwrap().event;
    assert_eq!(
        (first.data["from"].as_str(), first.data["isLidSender"].as_bool()),
        (Some("100000000000001@lid"), Some(true))
    );
    hidden.id = id("B");
    hidden.chat_alternative = Some(phone());
    link.say(vec![Signal::Message(Box::new(hidden.clone()))]).await.unwrap();
    (hidden.id, hidden.chat_alternative) = (id("C"), None);
    link.say(vec![Signal::Message(Box::new(hidden))]).await.unwrap();
    let last = house.events(session).await.pop().unwrap().event;
    for (name, value) in
        [("from", "15550000001@c.us"), ("senderPhone", "15550000001"), ("senderLid", "100000000000001@lid")]
    {
        assert_eq!(last.data[name].as_str(), Some(value), "{name}");
    }
    let chats = house.gateway.chats(session, PAGE).await.unwrap();
    assert_eq!(chats.iter().map(|it| (it.id.clone(), it.unread)).collect::<Vec<_>>(), [(phone(), 3)]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_reactions_and_revocations_change_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.say(vec![incoming("A", "hello")]).await.unwrap();
    let stranger = Jid::phone("15550000066");
    let edited = |sender: &Jid, body: &str| {
        Signal::Edited(Edited {
            chat: phone(),
            target: id("A"),
            sender: sender.clone(),
            from_me: false,
            body: body.into(),
            mentions: vec![],
            timestamp: at(2),
        })
    };
    let revoked = |by: &Jid| {
        Signal::Revoked(Revoked { chat: phone(), target: id("A"), by: by.clone(), from_me: false, timestamp: at(3) })
    };
    let reaction = Reaction { chat: phone(), target: id("A"), sender: phone(), emoji: "👍".into(), timestamp: at(2) };
    // Nobody but the sender may change or take back what stands in a private chat.
    link.say(vec![edited(&stranger, "forged"), revoked(&stranger)]).await.unwrap();
    link.say(vec![edited(&phone(), "hello!"), Signal::Reaction(reaction.clone()), Signal::Reaction(reaction)])
        .await
        .unwrap();
    assert_eq!(house.message(session, &phone(), &id("A")).await.unwrap().body, "hello!");
    link.say(vec![revoked(&phone())]).await.unwrap();
    let message = house.message(session, &phone(), &id("A")).await.unwrap();
    assert_eq!((message.kind, message.body.as_str()), (MessageKind::Revoked, ""));
    assert_eq!(
        house.kinds_from(session, "message.received").await,
        ["message.received", "message.edited", "message.reaction", "message.revoked"]
    );
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_on_the_phone_counts_here_too() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.say(vec![incoming("A", "one"), incoming("B", "two"), incoming("C", "three")]).await.unwrap();
    let Signal::Receipt(mut read) = receipt(&[&id("A"), &id("B")], DeliveryStatus::Read) else { unreachable!() };
    (read.from_me, read.participant) = (true, account().phone);
    link.say(vec![Signal::Receipt(read)]).await.unwrap();
    assert_eq!(house.gateway.chats(session, PAGE).await.unwrap()[0].unread, 1);
    assert_eq!(house.kinds_from(session, "message.ack").await, [""; 0]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_on_the_account_is_told_once_and_lifted_once() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    let limit = Restriction { kind: "reachout_timelock".into(), code: 463, expires_at: None };
    for restriction in [None, Some(limit.clone()), Some(limit.clone()), None, None] {
        link.say(vec![Signal::Restricted(restriction)]).await.unwrap();
    }
    assert_eq!(house.row(session).await.restriction, None);
    let events = house.events(session).await;
    let told = events.iter().filter(|it| it.event.kind.name() == "session.restriction");
    let told: Vec<_> = told.map(|it| (it.event.data["active"].as_bool(), it.event.data["code"].as_u64())).collect();
    assert_eq!(told, [(Some(true), Some(463)), (Some(false), Some(463))]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_engine_says_last_still_counts_and_after_that_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    house.store.close_gate();
    let last = tokio::spawn({
        let signals = link.signals.clone();
        async move { signals.commit(vec![incoming("A", "wait for me")]).await }
    });
    house.store.somebody_waits().await;
    link.end(openwa_model::engine::Exit::Dropped("eof".into()));
    house.store.open_gate();
    soon("the last word", last).await.unwrap().unwrap();
    house.status(session, openwa_model::session::Status::Disconnected).await;
    assert_eq!(link.say(vec![incoming("B", "too late")]).await, Err(Gone));
    house.clock.advance(Duration::from_secs(10));
    house.next_link().await;
    house.close().await;
}
