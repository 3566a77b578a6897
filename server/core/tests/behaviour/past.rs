//! Messages of the past: stored without being told, asked of the phone page by page, and looked for after a long time
//! without a link.

use std::{path::Path, time::Duration};

use openwa_core::gateway::{SyncView, SyncWanted};
use openwa_model::{
    Timestamp,
    engine::{ErrorKind, Exit, InboundMessage, Signal},
    id::{MessageId, SessionId},
    jid::Jid,
    ops::{Command, FetchHistory},
    session::Status,
    store::Page,
    sync::SyncState,
};
use tokio::runtime::Runtime;

use crate::house::{Asked, House, ScriptedLink, account, at, inbound, incoming, phone, soon};

const PAGE: Page = Page { limit: 1_000, offset: 0 };

fn said(id: &str, at: Timestamp) -> InboundMessage {
    InboundMessage { timestamp: at, ..inbound(id, id) }
}

/// Texts that were said a second after another, the last at this second.
fn many(name: &str, number: i64, last: i64) -> Vec<InboundMessage> {
    (0..number).map(|it| said(&format!("{name}{it:03}"), at(last - number + 1 + it))).collect()
}

fn wanted(chat: Jid, count: u32) -> SyncWanted {
    SyncWanted { chats: Some(vec![chat]), count: Some(count) }
}

/// What the phone is asked next.
async fn question(link: &mut ScriptedLink) -> (Asked, FetchHistory) {
    let asked = link.asked().await;
    let Command::FetchHistory(question) = asked.command.clone() else { panic!("{:?}", asked.command) };
    (asked, question)
}

async fn once(house: &House, session: SessionId, what: &str, is_so: impl Fn(&SyncView) -> bool) -> SyncView {
    soon(what, async {
        loop {
            let view = house.gateway.history_sync(session).await.unwrap();
            if is_so(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}

async fn stored(house: &House, session: SessionId) -> Vec<String> {
    let (messages, _) = house.gateway.messages(session, &Default::default(), PAGE).await.unwrap();
    let mut ids: Vec<_> = messages.into_iter().map(|it| it.id.0).collect();
    ids.sort();
    ids
}

/// The states that were told of.
async fn states(house: &House, session: SessionId) -> Vec<String> {
    let events = house.events(session).await;
    let told = events.iter().filter(|it| it.event.kind.name() == "session.sync");
    told.map(|it| it.event.data["state"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_is_stored_and_told_only_when_it_comes_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, link) = house.ready("one").await;
    link.say(vec![incoming("B", "told")]).await.unwrap();
    link.say(vec![Signal::Past(vec![said("A", at(-9)), said("B", at(0)), said("A", at(-9))])]).await.unwrap();
    assert_eq!(stored(&house, session).await, ["A", "B"]);
    assert_eq!(house.kinds_from(session, "message.received").await, ["message.received"]);
    let chat = house.gateway.chats(session, PAGE).await.unwrap().remove(0);
    assert_eq!((chat.unread, chat.last_body.as_deref()), (1, Some("told")), "an older one moves nothing");

    // The phone told of it first, but it was on its way.
    link.say(vec![Signal::Message(Box::new(said("A", at(-9))))]).await.unwrap();
    link.say(vec![Signal::Message(Box::new(said("A", at(-9))))]).await.unwrap();
    assert_eq!(stored(&house, session).await, ["A", "B"]);
    assert_eq!(house.kinds_from(session, "message.received").await, ["message.received"; 2]);
    assert_eq!(house.gateway.chats(session, PAGE).await.unwrap()[0].unread, 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_is_asked_page_by_page_from_the_newest_on() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    let taken = house.gateway.sync_history(session, wanted(phone(), 80)).await.unwrap();
    assert_eq!((taken.progress.left, taken.sync.run), (1, 1));
    let (asked, first) = question(&mut link).await;
    assert_eq!((first.before.id.as_str(), first.count, first.sent_at), ("", 50, at(0)));
    asked.tell(many("B", 50, -1));
    let (asked, second) = question(&mut link).await;
    assert_eq!((second.before.id.as_str(), second.count, second.sent_at), ("B000", 30, at(-50)));
    // It repeats what it was asked about.
    let mut page = many("A", 29, -51);
    page.push(said("B000", at(-50)));
    asked.tell(page);
    let done = once(&house, session, "the end", |it| it.state == SyncState::Idle).await;
    assert_eq!((done.progress.done, done.sync.stored), (1, 79));
    assert_eq!((done.sync.started_at, done.sync.ended_at), (Some(at(0)), Some(at(0))));
    assert!(!link.was_asked());
    assert_eq!(stored(&house, session).await.len(), 79);
    assert_eq!(states(&house, session).await, ["idle"]);
    assert!(!house.events(session).await.iter().any(|it| it.event.kind.name() == "message.received"));
    // The next run begins from the newest on again, and stops where the phone has no more.
    house.gateway.sync_history(session, wanted(phone(), 80)).await.unwrap();
    let (asked, again) = question(&mut link).await;
    assert_eq!(again.before.id.as_str(), "");
    asked.tell(vec![]);
    // Maybe it cannot tell of what follows no message.
    let (asked, again) = question(&mut link).await;
    assert_eq!(again.before.id.as_str(), "B049");
    asked.tell(vec![]);
    let done = once(&house, session, "the end", |it| it.state == SyncState::Idle).await;
    assert_eq!((done.sync.run, done.sync.stored), (2, 0));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_told_no_more_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open_with(folder.path(), |it| it.history_messages = 60).await;
    let (session, mut link) = house.ready("one").await;
    house.gateway.sync_history(session, wanted(phone(), 2_000)).await.unwrap();
    let (asked, _) = question(&mut link).await;
    asked.tell(many("B", 50, -1));
    let (asked, _) = question(&mut link).await;
    asked.tell(many("A", 50, -51));
    let done = once(&house, session, "the end", |it| it.state == SyncState::Idle).await;
    assert!(done.sync.last_error.unwrap().contains("HISTORY_SYNC_MESSAGES"));
    assert!(!link.was_asked());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_does_not_answer_is_asked_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    house.gateway.sync_history(session, wanted(phone(), 10)).await.unwrap();
    question(&mut link).await.0.refuse(ErrorKind::Unconfirmed);
    let waiting = once(&house, session, "the pause", |it| it.state == SyncState::Waiting).await;
    assert_eq!(waiting.progress.next_at, Some(at(60)));
    assert!(waiting.sync.last_error.is_some());
    assert_eq!(states(&house, session).await, ["waiting"]);
    house.clock.advance(Duration::from_secs(60));
    let (asked, _) = question(&mut link).await;
    asked.tell(many("A", 10, -1));
    let done = once(&house, session, "the end", |it| it.state == SyncState::Idle).await;
    assert_eq!(done.sync.stored, 10);
    // What nobody answers is given up in the end.
    house.gateway.sync_history(session, wanted(Jid::phone("15550000002"), 10)).await.unwrap();
    for _ in 0..7 {
        question(&mut link).await.0.refuse(ErrorKind::Unconfirmed);
        let view = once(&house, session, "an outcome", |it| it.state != SyncState::Running).await;
        if let Some(next) = view.progress.next_at {
            let now = house.gateway.now();
            house.clock.advance(Duration::try_from(next.duration_since(now)).unwrap());
        }
    }
    let done = once(&house, session, "giving up", |it| it.state == SyncState::Idle).await;
    assert!(done.sync.last_error.is_some() && done.sync.ended_at.is_some());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_long_time_without_a_link_it_is_looked_what_passed() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    link.say(vec![Signal::Message(Box::new(said("A", at(-60))))]).await.unwrap();
    for (hours, is_long) in [(1, false), (13, true)] {
        link.end(Exit::Dropped("eof".into()));
        house.status(session, Status::Disconnected).await;
        house.clock.advance(Duration::from_secs(hours * 60 * 60));
        link = house.next_link().await;
        link.say(vec![Signal::Online(account())]).await.unwrap();
        if !is_long {
            let known = house.gateway.history_sync(session).await.unwrap();
            assert_eq!((known.sync.gap_since, known.state), (None, SyncState::Idle));
        }
    }
    let (asked, gap) = question(&mut link).await;
    assert_eq!((gap.chat, gap.before.id.as_str()), (phone(), ""));
    asked.tell(vec![said("C", at(7_200)), said("B", at(60 * 60)), said("A", at(-60)), said("0", at(-90))]);
    let done = once(&house, session, "the end", |it| it.sync.run == 1 && it.state == SyncState::Idle).await;
    assert_eq!(done.sync.gap_since, None);
    assert!(!link.was_asked(), "it was asked back to what was here");
    assert_eq!(stored(&house, session).await, ["0", "A", "B", "C"]);
    assert_eq!(
        house.kinds_from(session, "message.received").await.iter().filter(|it| **it == "message.received").count(),
        1
    );
    assert_eq!(states(&house, session).await, ["running", "idle"]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_link_forgets_what_was_still_to_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(folder.path()).await;
    let (session, mut link) = house.ready("one").await;
    house.gateway.sync_history(session, wanted(phone(), 10)).await.unwrap();
    let (asked, _) = question(&mut link).await;
    link.say(vec![Signal::Linked(account())]).await.unwrap();
    asked.tell(many("A", 10, -1));
    once(&house, session, "nothing left", |it| it.state == SyncState::Idle && it.sync.run == 0).await;
    house.close().await;
}

/// One life of the process: what runs on it is gone, unasked, when it is dropped.
fn life() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn house_at(folder: &Path) -> House {
    House::open(folder).await
}

#[test]
fn a_run_goes_on_after_a_crash_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (life(), life());
    let (house, session, link) = first.block_on(async {
        let house = house_at(folder.path()).await;
        let (session, mut link) = house.ready("one").await;
        house.gateway.sync_history(session, wanted(phone(), 70)).await.unwrap();
        let (asked, _) = question(&mut link).await;
        asked.tell(many("B", 50, -1));
        let (asked, second) = question(&mut link).await;
        assert_eq!(second.before.id, MessageId("B000".into()));
        // Nobody answers, and the link does not end: it is the process that does.
        (house, session, (link, asked))
    });
    // Tasks are dropped where they stand, as a killed process leaves them.
    first.shutdown_timeout(Duration::from_secs(5));
    drop((house, link));
    second.block_on(async {
        let house = house_at(folder.path()).await;
        let mut link = house.next_link().await;
        let waiting = house.gateway.history_sync(session).await.unwrap();
        assert_eq!((waiting.state, waiting.progress.left), (SyncState::Waiting, 1));
        link.say(vec![Signal::Online(account())]).await.unwrap();
        let (asked, again) = question(&mut link).await;
        assert_eq!((again.before.id.as_str(), again.count), ("B000", 20));
        asked.tell(many("A", 20, -51));
        let done = once(&house, session, "the end", |it| it.state == SyncState::Idle).await;
        assert_eq!((done.sync.run, done.sync.stored), (1, 70));
        assert_eq!(stored(&house, session).await.len(), 70);
        house.close().await;
    });
}
