//! What comes in another order than it was said, what is refused late, and what many have to confirm.

use std::time::Duration;

use openwa_core::gateway::SendRequest;
use openwa_model::{
    content::MessageKind,
    engine::{Addressed, Edited, ErrorKind, Exit, Receipt, Revoked, SendSettled, Signal},
    id::{MessageId, SessionId},
    jid::Jid,
    message::{
        DeliveryStatus::{self, Delivered, Failed, Read, Sent},
        Reaction,
    },
    session::Restriction,
    store::Page,
};

use crate::house::{House, ScriptedLink, account, at, incoming, phone, receipt, soon, text};

const PAGE: Page = Page { limit: 100, offset: 0 };

fn id(text: &str) -> MessageId {
    MessageId(text.into())
}

fn edited(sender: &Jid, body: &str, second: i64) -> Signal {
    Signal::Edited(Edited {
        chat: phone(),
        target: id("A"),
        sender: sender.clone(),
        from_me: false,
        body: body.into(),
        mentions: vec![],
        timestamp: at(second),
    })
}

fn revoked(second: i64) -> Signal {
    Signal::Revoked(Revoked { chat: phone(), target: id("A"), by: phone(), from_me: false, timestamp: at(second) })
}

fn reaction(emoji: &str) -> Signal {
    Signal::Reaction(Reaction {
        chat: phone(),
        target: id("A"),
        sender: phone(),
        emoji: emoji.into(),
        timestamp: at(3),
    })
}

fn read_on_the_phone() -> Signal {
    let Signal::Receipt(it) = receipt(&[&id("A")], Read) else { unreachable!() };
    Signal::Receipt(Receipt { from_me: true, participant: account().phone, ..it })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_before_its_message_is_applied_when_it_comes() {
    let received = "message.received";
    let stranger = Jid::phone("15550000066");
    for (what, early, told, body, unread) in [
        ("an edit", vec![edited(&phone(), "better", 2)], vec![received, "message.edited"], "better", 1),
        (
            "two edits",
            vec![edited(&phone(), "one", 2), edited(&phone(), "two", 3)],
            vec![received, "message.edited", "message.edited"],
            "two",
            1,
        ),
        (
            "edits in the wrong order",
            vec![edited(&phone(), "two", 3), edited(&phone(), "one", 2)],
            vec![received, "message.edited"],
            "two",
            1,
        ),
        ("an edit by somebody else", vec![edited(&stranger, "forged", 2)], vec![received], "hello", 1),
        ("a reaction", vec![reaction("👍")], vec![received, "message.reaction"], "hello", 1),
        ("a revocation", vec![revoked(2)], vec![received, "message.revoked"], "", 1),
        (
            "a revocation and an older edit",
            vec![revoked(3), edited(&phone(), "late", 2)],
            vec![received, "message.revoked"],
            "",
            1,
        ),
        ("having been read", vec![read_on_the_phone()], vec![received], "hello", 0),
        ("the same twice", vec![reaction("👍"), reaction("👍")], vec![received, "message.reaction"], "hello", 1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::open(folder.path()).await;
        let (session, link) = house.ready("one").await;
        link.say(early).await.unwrap();
        assert_eq!(house.kinds_from(session, received).await, [""; 0], "{what}");
        // Whatever waits survives a restart.
        house.close().await;
        let house = House::open(folder.path()).await;
        let link = house.next_link().await;
        link.come_online().await;
        link.say(vec![incoming("A", "hello")]).await.unwrap();
        assert_eq!(message_events(&house, session).await, told, "{what}");
        let message = house.message(session, &phone(), &id("A")).await.unwrap();
        assert_eq!(message.body, body, "{what}");
        assert_eq!(message.kind == MessageKind::Revoked, body.is_empty(), "{what}");
        assert_eq!(house.gateway.chats(session, PAGE).await.unwrap()[0].unread, unread, "{what}");
        // It is applied once.
        link.say(vec![incoming("A", "hello")]).await.unwrap();
        assert_eq!(message_events(&house, session).await, told, "{what}");
        house.close().await;
    }
}

async fn message_events(house: &House, session: SessionId) -> Vec<&'static str> {
    let events = house.events(session).await;
    events.iter().map(|it| it.event.kind.name()).filter(|it| it.starts_with("message.")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reaction_to_a_message_that_never_comes_is_told_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.say(vec![reaction("👍"), edited(&phone(), "of no use", 2)]).await.unwrap();
    house.clock.advance(Duration::from_secs(61));
    house.until("the reaction", async || !message_events(&house, session).await.is_empty()).await;
    assert_eq!(message_events(&house, session).await, ["message.reaction"]);
    let told = house.events(session).await.pop().unwrap().event;
    assert_eq!((told.data["senderPhone"].as_str(), told.data["reaction"].as_str()), (Some("15550000001"), Some("👍")));
    house.close().await;
}

/// Sends into a chat; the engine's answer is up to the test.
async fn sent_to(house: &House, session: SessionId, link: &mut ScriptedLink, chat: Jid) -> MessageId {
    let sending = tokio::spawn({
        let (gateway, request) = (house.gateway.clone(), SendRequest { chat, ..text("hello") });
        async move { gateway.send(session, request, None).await }
    });
    link.asked().await.accept(at(5));
    soon("the send", sending).await.unwrap().unwrap().id
}

fn refused(message: &MessageId, code: u32) -> Signal {
    Signal::SendSettled(SendSettled { chat: phone(), id: message.clone(), refused: Some(code), timestamp: at(9) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_that_is_refused_late_is_failed_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let message = sent_to(&house, session, &mut link, phone()).await;
    link.say(vec![refused(&message, 463)]).await.unwrap();
    link.say(vec![refused(&message, 463)]).await.unwrap();
    let failed = house.message(session, &phone(), &message).await.unwrap();
    assert_eq!(failed.status, Failed);
    assert!(failed.error.unwrap().contains("463"));
    assert_eq!(message_events(&house, session).await, ["message.sent", "message.failed"]);
    let told = house.events(session).await.pop().unwrap().event;
    assert_eq!((told.data["code"].as_u64(), told.data["ack"].as_i64()), (Some(463), Some(-1)));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_overtakes_the_acceptance_is_the_last_word() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let sending = house.send(session, "hello", None);
    let asked = link.asked().await;
    let message = asked.message_id();
    link.say(vec![refused(&message, 479)]).await.unwrap();
    asked.accept(at(5));
    soon("the send", sending).await.unwrap().unwrap();
    assert_eq!(house.message(session, &phone(), &message).await.unwrap().status, Failed);
    assert_eq!(message_events(&house, session).await, ["message.failed"]);
    // A receipt proves that it arrived all the same.
    link.say(vec![receipt(&[&message], Delivered)]).await.unwrap();
    assert_eq!(house.message(session, &phone(), &message).await.unwrap().status, Delivered);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_group_everybody_has_to_confirm() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let group: Jid = "120363000000000001@g.us".parse().unwrap();
    let (ana, bob) = (phone(), Jid::phone("15550000002"));
    let message = sent_to(&house, session, &mut link, group.clone()).await;
    let confirmed = |by: &Jid, status: DeliveryStatus| {
        Signal::Receipt(Receipt {
            chat: group.clone(),
            ids: vec![message.clone()],
            participant: by.clone(),
            from_me: false,
            status,
            timestamp: at(6),
        })
    };
    let addressed = Signal::Addressed(Addressed { chat: group.clone(), id: message.clone(), recipients: 2 });
    link.say(vec![addressed]).await.unwrap();
    for (by, status, then) in [
        (&ana, Delivered, Sent),
        (&ana, Delivered, Sent),
        (&ana, Read, Sent),
        (&bob, Delivered, Delivered),
        (&bob, Read, Read),
        (&ana, Delivered, Read),
    ] {
        link.say(vec![confirmed(by, status)]).await.unwrap();
        let now = house.message(session, &group, &message).await.unwrap().status;
        assert_eq!(now, then, "{by} {status:?}");
    }
    assert_eq!(message_events(&house, session).await, ["message.sent", "message.ack", "message.ack"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_count_although_it_was_learned_later_how_many_there_have_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    let group: Jid = "120363000000000001@g.us".parse().unwrap();
    let own = openwa_model::engine::InboundMessage {
        chat: group.clone(),
        sender: account().phone,
        from_me: true,
        ..crate::house::inbound("A", "from my phone")
    };
    let receipt = Signal::Receipt(Receipt {
        chat: group.clone(),
        ids: vec![id("A")],
        participant: phone(),
        from_me: false,
        status: Read,
        timestamp: at(6),
    });
    let addressed = Signal::Addressed(Addressed { chat: group.clone(), id: id("A"), recipients: 1 });
    link.say(vec![receipt]).await.unwrap();
    link.say(vec![Signal::Message(Box::new(own)), addressed]).await.unwrap();
    assert_eq!(house.message(session, &group, &id("A")).await.unwrap().status, Read);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_unknown_outcome_is_not_sent_again_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open_with(folder.path(), |it| it.resend_within = Duration::from_secs(45)).await;
    let (session, mut link) = house.ready("one").await;
    let sending = house.send(session, "hello", None);
    let asked = link.asked().await;
    let message = asked.message_id();
    asked.refuse(ErrorKind::Unconfirmed);
    soon("the send", sending).await.unwrap().unwrap_err();
    // The wait may begin a moment after the answer: the clock is wound until it is over.
    let winding = async {
        let mut attempts = 0;
        while message_events(&house, session).await.is_empty() {
            house.clock.advance(Duration::from_secs(31));
            if let Ok(asked) = tokio::time::timeout(Duration::from_millis(50), link.asked()).await {
                attempts += 1;
                asked.refuse(ErrorKind::Unconfirmed);
            }
        }
        attempts
    };
    let attempts = soon("the failure", winding).await;
    assert!(attempts <= 1, "{attempts}");
    assert_eq!(message_events(&house, session).await, ["message.failed"]);
    let failed = house.message(session, &phone(), &message).await.unwrap();
    assert_eq!(failed.status, Failed);
    assert!(failed.error.unwrap().contains("not known"));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_on_writing_to_strangers_outlives_the_link_when_its_end_is_known() {
    for (kind, ends, stays) in [
        ("reachout_timelock", Some(at(86_400)), true),
        ("reachout_timelock", Some(at(5)), false),
        ("reachout_timelock", None, false),
        ("tos_block", Some(at(86_400)), false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let house = House::open(folder.path()).await;
        let (session, link) = house.ready("one").await;
        let limit = Restriction { kind: kind.into(), code: 463, expires_at: ends };
        link.say(vec![Signal::Restricted(Some(limit))]).await.unwrap();
        link.end(Exit::Dropped("eof".into()));
        house.status(session, openwa_model::session::Status::Disconnected).await;
        house.clock.advance(Duration::from_secs(10));
        let link = house.next_link().await;
        link.come_online().await;
        assert_eq!(house.row(session).await.restriction.is_some(), stays, "{kind} {ends:?}");
        let told = house.events(session).await;
        let told = told.iter().filter(|it| it.event.kind.name() == "session.restriction").count();
        assert_eq!(told, if stays { 1 } else { 2 }, "{kind} {ends:?}");
        house.close().await;
    }
}
