//! Answers by rules: which one answers, once, and when none does.

use std::time::Duration;

use openwa_core::gateway::{NewRule, RulePatch};
use openwa_model::{
    automation::AutomationRule,
    engine::{InboundMessage, Signal},
    id::SessionId,
    jid::Jid,
    message::DeliveryStatus,
    webhook::{Condition, ConditionValue, Filters},
};

use crate::{
    batches::body,
    house::{House, ScriptedLink, account, at, inbound, incoming, phone},
};

/// A rule for texts that contain a word; any message fits "".
pub(crate) fn rule(word: &str, reply: &str) -> NewRule {
    let condition = Condition {
        field: "body".to_owned(),
        operator: "contains".to_owned(),
        value: ConditionValue::Text(word.to_owned()),
        case_sensitive: None,
    };
    NewRule {
        name: "rule".to_owned(),
        reply_text: reply.to_owned(),
        conditions: (!word.is_empty()).then(|| Filters { conditions: vec![condition] }),
        cooldown_seconds: None,
        is_enabled: None,
    }
}

async fn make(house: &House, session: SessionId, new: NewRule) -> AutomationRule {
    house.gateway.create_rule(session, new).await.unwrap()
}

/// The next answer; WhatsApp accepts it.
async fn answered(link: &mut ScriptedLink) -> String {
    let asked = link.asked().await;
    let text = body(&asked);
    asked.accept(at(1));
    text
}

fn signal(message: InboundMessage) -> Signal {
    Signal::Message(Box::new(message))
}

/// Says something that the rule for "end" answers, and sees that nothing else was answered before it.
async fn nothing_before_the_end(link: &mut ScriptedLink) {
    let mut last = inbound("END", "the end");
    (last.chat, last.sender) = (Jid::phone("15550000099"), Jid::phone("15550000099"));
    link.say(vec![signal(last)]).await.unwrap();
    assert_eq!(answered(link).await, "end");
    assert!(!link.was_asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_answered_once_however_often_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    make(&house, session, NewRule { cooldown_seconds: Some(0), ..rule("hours", "Nine to six") }).await;
    make(&house, session, rule("end", "end")).await;
    link.say(vec![incoming("A", "Your hours?"), incoming("A", "Your hours?")]).await.unwrap();
    let asked = link.asked().await;
    let id = asked.message_id();
    assert_eq!(body(&asked), "Nine to six");
    let stored = house.message(session, &phone(), &id).await.unwrap();
    assert_eq!((stored.status, stored.from_me, stored.sender), (DeliveryStatus::Pending, true, account().phone));
    asked.accept(at(1));
    house
        .until("sent", async || house.message(session, &phone(), &id).await.unwrap().status == DeliveryStatus::Sent)
        .await;
    link.say(vec![incoming("A", "Your hours?")]).await.unwrap();
    nothing_before_the_end(&mut link).await;
    let kinds = house.kinds_from(session, "message.received").await;
    assert_eq!(kinds[..2], ["message.received", "message.sent"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_rule_that_fits_answers() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    // The clock stands still, and still they are tried in the order in which they were made.
    let off = make(&house, session, NewRule { is_enabled: Some(false), ..rule("", "off") }).await;
    for (word, reply) in [("hours", "first"), ("hours", "second"), ("price", "third"), ("", "any")] {
        make(&house, session, NewRule { cooldown_seconds: Some(0), ..rule(word, reply) }).await;
    }
    for (id, text, reply) in [("A", "Hours?", "first"), ("B", "price?", "third"), ("C", "Hello", "any")] {
        link.say(vec![incoming(id, text)]).await.unwrap();
        assert_eq!(answered(&mut link).await, reply);
    }
    let on = RulePatch { is_enabled: Some(true), cooldown_seconds: Some(0), ..RulePatch::default() };
    house.gateway.update_rule(session, off.id, on).await.unwrap();
    link.say(vec![incoming("D", "Hours?")]).await.unwrap();
    assert_eq!(answered(&mut link).await, "off", "changing a rule does not move it");
    house.gateway.delete_rule(session, off.id).await.unwrap();
    link.say(vec![incoming("E", "Hours?")]).await.unwrap();
    assert_eq!(answered(&mut link).await, "first");
    assert!(!link.was_asked());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_keeps_silent_in_a_chat_for_its_cooldown() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    make(&house, session, rule("hours", "Nine to six")).await;
    make(&house, session, NewRule { cooldown_seconds: Some(0), ..rule("end", "end") }).await;
    // The second rule that would fit does not step in for the first.
    make(&house, session, rule("hours", "second")).await;
    link.say(vec![incoming("A", "hours?"), incoming("B", "hours?")]).await.unwrap();
    assert_eq!(answered(&mut link).await, "Nine to six");
    house.clock.advance(Duration::from_secs(59));
    link.say(vec![incoming("C", "hours?")]).await.unwrap();
    nothing_before_the_end(&mut link).await;
    // Another chat is another matter.
    let mut other = inbound("D", "hours?");
    (other.chat, other.sender) = (Jid::phone("15550000002"), Jid::phone("15550000002"));
    link.say(vec![signal(other)]).await.unwrap();
    assert_eq!(answered(&mut link).await, "Nine to six");
    house.clock.advance(Duration::from_secs(1));
    link.say(vec![incoming("E", "hours?")]).await.unwrap();
    assert_eq!(answered(&mut link).await, "Nine to six");
    assert!(!link.was_asked());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_old_or_own_or_published_is_not_answered() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    make(&house, session, NewRule { cooldown_seconds: Some(0), ..rule("end", "end") }).await;
    make(&house, session, NewRule { cooldown_seconds: Some(0), ..rule("", "any") }).await;
    house.clock.advance(Duration::from_secs(301));
    let old = inbound("A", "hours?");
    let mut own = inbound("B", "hours?");
    (own.from_me, own.sender, own.timestamp) = (true, account().phone, at(301));
    let mut post = inbound("C", "hours?");
    post.chat = "120363000000000003@newsletter".parse().unwrap();
    post.timestamp = at(301);
    let mut status = inbound("D", "hours?");
    (status.chat, status.timestamp) = (Jid::status(), at(301));
    link.say([old, own, post, status].into_iter().map(signal).collect()).await.unwrap();
    let mut end = inbound("E", "the end");
    end.timestamp = at(301);
    link.say(vec![signal(end)]).await.unwrap();
    assert_eq!(answered(&mut link).await, "end");
    // Five minutes are not yet too old; and groups are chats like others.
    let young = InboundMessage { timestamp: at(1), ..inbound("F", "hours?") };
    link.say(vec![signal(young)]).await.unwrap();
    assert_eq!(answered(&mut link).await, "any");
    let group: Jid = "120363000000000001@g.us".parse().unwrap();
    let told = InboundMessage { chat: group.clone(), timestamp: at(301), ..inbound("G", "hours?") };
    link.say(vec![signal(told)]).await.unwrap();
    let asked = link.asked().await;
    assert!(house.message(session, &group, &asked.message_id()).await.is_some(), "it goes where the question was");
    asked.accept(at(302));
    assert!(!link.was_asked());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_could_not_be_stored_is_answered_when_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    make(&house, session, rule("hours", "Nine to six")).await;
    make(&house, session, rule("end", "end")).await;
    house.store.refuse(2);
    link.say(vec![incoming("A", "hours?")]).await.unwrap();
    assert_eq!(answered(&mut link).await, "Nine to six");
    nothing_before_the_end(&mut link).await;
    house.close().await;
}
