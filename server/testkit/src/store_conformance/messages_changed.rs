//! What happens to messages after they were stored.

use openwa_model::{
    content::{Detail, Media, MessageKind, Vote},
    files::FileKey,
    id::RowId,
    message::{
        DeliveryStatus::{self, Delivered, Failed, Pending, Read, Sent},
        Message, Reaction,
    },
};
use uuid::Uuid;

use super::{Database, fixtures::*};

pub(crate) async fn a_status_never_goes_back(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    for from in DeliveryStatus::ALL {
        for to in DeliveryStatus::ALL {
            let name = format!("{from:?}-{to:?}");
            unit.add_message(&Message { status: from, ..own(session, &name, 1) }).await.unwrap();
            let moved = unit.advance_messages(session, &alice(), &[id(&name)], to, None).await.unwrap();
            assert_eq!(moved.len(), usize::from(from.may_become(to)), "{name}");
            let expected = if from.may_become(to) { to } else { from };
            assert_eq!(unit.message(session, &alice(), &id(&name)).await.unwrap().unwrap().status, expected, "{name}");
        }
    }
}

pub(crate) async fn sent_and_beyond_drop_what_was_to_be_sent(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    for (status, kept) in [(Sent, false), (Delivered, false), (Read, false), (Failed, true)] {
        let name = status.name();
        unit.add_message(&own(session, name, 1)).await.unwrap();
        let error = (status == Failed).then_some("why");
        let moved = unit.advance_messages(session, &alice(), &[id(name)], status, error).await.unwrap();
        assert_eq!((moved[0].outgoing.is_some(), moved[0].error.as_deref()), (kept, error), "{name}");
    }
    // What seemed to fail went through after all.
    let moved = unit.advance_messages(session, &alice(), &[id("failed")], Delivered, None).await.unwrap();
    assert_eq!((moved[0].outgoing.is_some(), moved[0].error.as_deref()), (false, None));
}

pub(crate) async fn only_own_messages_advance_and_in_order(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let elsewhere = Message { chat: group(), ..own(session, "2", 1) };
    let theirs = Message { status: Pending, ..incoming(session, "3", 1) };
    add_messages(&store, &[own(session, "1", 1), own(session, "2", 1), elsewhere, theirs]).await;
    let ids = ["3", "2", "1", "none"].map(id);
    let mut unit = store.begin().await.unwrap();
    let moved = unit.advance_messages(session, &alice(), &ids, Sent, None).await.unwrap();
    assert_eq!(moved.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    assert!(moved.iter().all(|it| it.from_me && it.status == Sent && it.chat == alice()));
    assert_eq!(unit.advance_messages(session, &alice(), &ids, Sent, None).await.unwrap(), [], "twice is nothing new");
    assert_eq!(unit.message(session, &group(), &id("2")).await.unwrap().unwrap().status, Pending);
    assert_eq!(unit.message(session, &alice(), &id("3")).await.unwrap().unwrap().status, Pending);
    assert_eq!(unit.advance_messages(session, &alice(), &[], Read, None).await.unwrap(), []);
}

pub(crate) async fn a_receipt_counts_once(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let mut unit = store.begin().await.unwrap();
    for (who, status, second) in
        [(alice(), Delivered, 1), (alice(), Delivered, 9), (alice(), Read, 3), (me(), Delivered, 2)]
    {
        unit.add_receipt(session, &group(), &id("m"), &who, status, at(second)).await.unwrap();
    }
    let expected = [(alice(), Delivered, at(1)), (me(), Delivered, at(2)), (alice(), Read, at(3))];
    assert_eq!(unit.receipts(session, &group(), &id("m")).await.unwrap(), expected);
    assert_eq!(unit.receipts(session, &group(), &id("other")).await.unwrap(), []);
}

pub(crate) async fn everybody_has_to_confirm(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let bob = jid("15550000002@c.us");
    let to_group = |name: &str| Message { chat: group(), ..own(session, name, 1) };
    add_messages(&store, &[to_group("known"), to_group("unknown"), to_group("nobody")]).await;
    let mut unit = store.begin().await.unwrap();
    unit.set_recipients(session, &group(), &id("known"), 2).await.unwrap();
    unit.set_recipients(session, &group(), &id("nobody"), 2).await.unwrap();
    let ids = ["known", "unknown", "nobody", "none"].map(id);
    for (message, who, status, delivered, read) in [
        ("known", alice(), Delivered, 0, 0),
        // Where it is not known how many there are, it is not known whether it is all.
        ("unknown", alice(), Delivered, 0, 0),
        ("known", alice(), Read, 0, 0),
        ("known", bob.clone(), Delivered, 1, 0),
        ("unknown", bob.clone(), Read, 1, 0),
        ("known", bob, Read, 1, 1),
    ] {
        unit.add_receipt(session, &group(), &id(message), &who, status, at(1)).await.unwrap();
        let by_all = [
            unit.confirmed_by_all(session, &group(), &ids, Delivered).await.unwrap().len(),
            unit.confirmed_by_all(session, &group(), &ids, Read).await.unwrap().len(),
        ];
        assert_eq!(by_all, [delivered, read], "{message} {who} {status:?}");
    }
    assert_eq!(unit.confirmed_by_all(session, &alice(), &ids, Delivered).await.unwrap(), []);
}

pub(crate) async fn the_servers_time_is_taken_over(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    add_messages(&store, &[own(session, "m", 1), incoming(session, "m", 1)]).await;
    let mut unit = store.begin().await.unwrap();
    unit.set_message_timestamp(session, &alice(), &id("m"), at(7)).await.unwrap();
    unit.set_message_timestamp(session, &alice(), &id("none"), at(7)).await.unwrap();
    let found = unit.messages(session, &Default::default(), ALL).await.unwrap();
    let times: Vec<_> = found.iter().map(|it| (it.from_me, it.timestamp)).collect();
    assert_eq!(times, [(false, at(1)), (true, at(7))]);
}

pub(crate) async fn an_edit_replaces_the_text_unless_a_newer_one_did(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    add_messages(&store, &[incoming(session, "m", 1)]).await;
    let mut unit = store.begin().await.unwrap();
    for (message, sender, second, body, changed) in [
        ("m", alice(), 5, "five", true),
        ("m", alice(), 4, "four", false),
        ("m", alice(), 5, "five again", true),
        ("m", alice(), 6, "six", true),
        ("m", me(), 7, "not the sender", false),
        ("none", alice(), 7, "no message", false),
    ] {
        let edited = unit.edit_message(session, &alice(), &id(message), &sender, body, &[me()], at(second)).await;
        let edited = edited.unwrap();
        assert_eq!(edited.is_some(), changed, "{body}");
        if let Some(edited) = edited {
            assert_eq!((edited.body.as_str(), edited.edited_at), (body, Some(at(second))));
            assert_eq!(edited.mentions, [me()]);
        }
    }
    assert_eq!(unit.message(session, &alice(), &id("m")).await.unwrap().unwrap().body, "six");
    unit.revoke_message(session, &alice(), &id("m")).await.unwrap();
    let edited = unit.edit_message(session, &alice(), &id("m"), &alice(), "late", &[], at(9)).await.unwrap();
    assert_eq!(edited, None, "what was taken back stays empty");
}

fn media() -> Media {
    Media {
        mimetype: "image/png".to_owned(),
        filename: None,
        size_bytes: None,
        file: Some(FileKey("key".to_owned())),
        remote: None,
    }
}

pub(crate) async fn revoking_empties_and_answers_what_was(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let before = Message { media: Some(media()), kind: MessageKind::Image, ..incoming(session, "m", 1) };
    add_messages(&store, std::slice::from_ref(&before)).await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.revoke_message(session, &alice(), &id("none")).await.unwrap(), None);
    assert_eq!(unit.revoke_message(session, &alice(), &id("m")).await.unwrap(), Some(before.clone()));
    let after = unit.message(session, &alice(), &id("m")).await.unwrap().unwrap();
    let expected = Message { kind: MessageKind::Revoked, body: String::new(), media: None, ..before };
    assert_eq!(after, expected);
    assert_eq!(unit.revoke_message(session, &alice(), &id("m")).await.unwrap(), Some(expected));
}

pub(crate) async fn deletion_takes_what_hangs_on_it(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (one, other) = (incoming(session, "m", 1), own(session, "m", 1));
    add_messages(&store, &[one.clone(), other.clone()]).await;
    let mut unit = store.begin().await.unwrap();
    let (chat, target) = (alice(), id("m"));
    let reaction = Reaction { chat, target, sender: me(), emoji: "👍".to_owned(), timestamp: at(1) };
    unit.set_reaction(session, &reaction).await.unwrap();
    unit.add_receipt(session, &alice(), &id("m"), &alice(), Read, at(1)).await.unwrap();
    assert!(unit.delete_message(one.row).await.unwrap());
    assert!(!unit.delete_message(one.row).await.unwrap());
    assert!(!unit.delete_message(RowId(Uuid::new_v4())).await.unwrap());
    assert_eq!(unit.reactions(session, &alice(), &id("m")).await.unwrap().len(), 1, "the other one is still there");
    assert!(unit.delete_message(other.row).await.unwrap());
    assert_eq!(unit.reactions(session, &alice(), &id("m")).await.unwrap(), []);
    assert_eq!(unit.receipts(session, &alice(), &id("m")).await.unwrap(), []);
    assert_eq!(unit.message(session, &alice(), &id("m")).await.unwrap(), None);
}

pub(crate) async fn a_file_is_noted_unless_the_message_was_revoked(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let message = incoming(session, "m", 1);
    add_messages(&store, std::slice::from_ref(&message)).await;
    let mut unit = store.begin().await.unwrap();
    unit.set_media(message.row, &media()).await.unwrap();
    assert_eq!(unit.message(session, &alice(), &id("m")).await.unwrap().unwrap().media, Some(media()));
    unit.revoke_message(session, &alice(), &id("m")).await.unwrap();
    unit.set_media(message.row, &media()).await.unwrap();
    assert_eq!(unit.message(session, &alice(), &id("m")).await.unwrap().unwrap().media, None);
}

pub(crate) async fn what_people_answer_is_kept_unless_the_message_was_revoked(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let poll = |votes: Vec<Vote>| Detail::Poll {
        name: "When?".to_owned(),
        options: vec!["Now".to_owned()],
        multiple: false,
        votes,
    };
    let message = Message { kind: MessageKind::Poll, detail: Some(poll(vec![])), ..incoming(session, "m", 1) };
    add_messages(&store, std::slice::from_ref(&message)).await;
    let voted = poll(vec![Vote { voter: me(), options: vec!["Now".to_owned()], at: at(2) }]);
    let mut unit = store.begin().await.unwrap();
    unit.set_detail(message.row, &voted).await.unwrap();
    assert_eq!(unit.message(session, &alice(), &id("m")).await.unwrap().unwrap().detail, Some(voted.clone()));
    unit.revoke_message(session, &alice(), &id("m")).await.unwrap();
    unit.set_detail(message.row, &voted).await.unwrap();
    assert_eq!(unit.message(session, &alice(), &id("m")).await.unwrap().unwrap().detail, None);
}
