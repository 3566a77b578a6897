//! Messages: stored once, listed, filtered.

use openwa_model::{
    content::{Detail, Marks, Media, MessageKind, Outgoing, OutgoingContent, Quoted, StatusPost, Vote},
    files::FileKey,
    id::RowId,
    jid::Jid,
    message::{DeliveryStatus, Message},
    store::{MessageFilter, Page},
};
use uuid::Uuid;

use super::{Database, fixtures::*};

pub(crate) async fn one_comes_back_as_it_was_stored(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let media = Media {
        mimetype: "image/png".to_owned(),
        filename: Some("a.png".to_owned()),
        size_bytes: Some(3),
        file: Some(FileKey("ab/cd".to_owned())),
        remote: Some("{}".to_owned()),
    };
    let quoted = Quoted { id: id("q"), sender: alice(), body: "before".to_owned() };
    let content =
        OutgoingContent::Media { kind: MessageKind::Image, media: media.clone(), caption: None, playback: None };
    let marks = Marks { is_forwarded: true, forwarding_score: 3, is_view_once: true, ..Marks::default() };
    let votes = vec![Vote { voter: alice(), options: vec!["a".to_owned()], at: at(7) }];
    let full = Message {
        sender_lid: Some(alice_lid()),
        kind: MessageKind::Image,
        body: "line\nline ' \" \u{1F600} \0 end".to_owned(),
        status: DeliveryStatus::Failed,
        error: Some("why".to_owned()),
        quoted: Some(quoted.clone()),
        mentions: vec![me(), alice()],
        media: Some(media),
        detail: Some(Detail::Poll { name: "?".to_owned(), options: vec!["a".to_owned()], multiple: true, votes }),
        marks: marks.clone(),
        edited_at: Some(at(8)),
        outgoing: Some(Outgoing {
            id: id("full"),
            chat: alice(),
            content,
            quoted: Some(quoted),
            mentions: vec![me()],
            marks,
            status: Some(StatusPost { recipients: vec![alice()], background: Some(1), font: None }),
        }),
        created_at: at(9),
        ..own(session, "full", 1)
    };
    let plain = incoming(session, "plain", 2);
    add_messages(&store, &[full.clone(), plain.clone()]).await;
    drop(store);
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    assert_eq!(view.message(session, &alice(), &id("full")).await.unwrap(), Some(full));
    assert_eq!(view.message(session, &alice(), &id("plain")).await.unwrap(), Some(plain));
    assert_eq!(view.message(session, &alice(), &id("none")).await.unwrap(), None);
    assert_eq!(view.message(session, &group(), &id("plain")).await.unwrap(), None);
}

pub(crate) async fn a_duplicate_changes_nothing(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let first = incoming(session, "m", 1);
    add_messages(&store, std::slice::from_ref(&first)).await;
    let again = Message { row: RowId(Uuid::now_v7()), body: "other".to_owned(), ..first.clone() };
    let mut unit = store.begin().await.unwrap();
    assert!(!unit.add_message(&again).await.unwrap());
    assert!(!unit.add_message(&first).await.unwrap());
    unit.commit().await.unwrap();
    let kept = store.view().await.unwrap().messages(session, &MessageFilter::default(), ALL).await.unwrap();
    assert_eq!(kept, [first]);
}

pub(crate) async fn the_same_id_of_another_sender_is_another_message(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let theirs = incoming(session, "m", 1);
    let elsewhere = Message { chat: group(), ..incoming(session, "m", 1) };
    let ours = own(session, "m", 2);
    add_messages(&store, &[theirs, elsewhere.clone(), ours.clone()]).await;
    let mut view = store.view().await.unwrap();
    assert_eq!(view.message(session, &alice(), &id("m")).await.unwrap(), Some(ours), "our own comes first");
    assert_eq!(view.message(session, &group(), &id("m")).await.unwrap(), Some(elsewhere));
}

fn names(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|it| it.id.as_str()).collect()
}

pub(crate) async fn they_are_listed_newest_stored_first(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    // Stored in one moment, sent in another order, with row ids in no order at all.
    let stored = ["c", "a", "b"].map(|it| Message { row: RowId(Uuid::new_v4()), ..incoming(session, it, 5) });
    let stored = [stored[0].clone(), Message { timestamp: at(1), ..stored[1].clone() }, stored[2].clone()];
    add_messages(&store, &stored).await;
    let mut view = store.view().await.unwrap();
    let filter = MessageFilter::default();
    assert_eq!(names(&view.messages(session, &filter, ALL).await.unwrap()), ["b", "a", "c"]);
    let page = Page { limit: 1, offset: 1 };
    assert_eq!(names(&view.messages(session, &filter, page).await.unwrap()), ["a"]);
}

pub(crate) async fn a_page_goes_on_where_the_last_ended(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let stored: Vec<Message> = (0..10).map(|it| incoming(session, &it.to_string(), it)).collect();
    add_messages(&store, &stored).await;
    let page = Page { limit: 3, offset: 0 };
    let mut filter = MessageFilter::default();
    let mut seen = Vec::new();
    loop {
        let mut unit = store.begin().await.unwrap();
        let found = unit.messages(session, &filter, page).await.unwrap();
        let Some(last) = found.last() else { break };
        filter.after = Some(last.row);
        seen.extend(found.iter().map(|it| it.id.0.clone()));
        // Whoever reads page by page is not stopped by the deletion of what was read.
        unit.delete_message(last.row).await.unwrap();
        unit.commit().await.unwrap();
    }
    assert_eq!(seen, ["9", "8", "7", "6", "5", "4", "3", "2", "1", "0"]);
}

pub(crate) async fn filters_narrow_list_and_count(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let rows = [
        incoming(session, "a", 1),
        Message { chat: group(), kind: MessageKind::Image, ..incoming(session, "b", 2) },
        own(session, "c", 3),
        Message { chat: group(), sender: jid("15550000002@c.us"), ..incoming(session, "d", 4) },
    ];
    add_messages(&store, &rows).await;
    let all = MessageFilter::default;
    let mut view = store.view().await.unwrap();
    for (filter, expected) in [
        (all(), vec!["d", "c", "b", "a"]),
        (MessageFilter { chat: Some(group()), ..all() }, vec!["d", "b"]),
        (MessageFilter { sender: Some(alice()), ..all() }, vec!["b", "a"]),
        (MessageFilter { id: Some(id("c")), ..all() }, vec!["c"]),
        (MessageFilter { from_me: Some(true), ..all() }, vec!["c"]),
        (MessageFilter { from_me: Some(false), ..all() }, vec!["d", "b", "a"]),
        (MessageFilter { kind: Some(MessageKind::Image), ..all() }, vec!["b"]),
        (MessageFilter { since: Some(at(2)), until: Some(at(4)), ..all() }, vec!["c", "b"]),
        (MessageFilter { after: Some(rows[2].row), ..all() }, vec!["b", "a"]),
        (MessageFilter { chat: Some(group()), sender: Some(alice()), since: Some(at(2)), ..all() }, vec!["b"]),
        (MessageFilter { chat: Some(me()), ..all() }, vec![]),
    ] {
        let found = view.messages(session, &filter, ALL).await.unwrap();
        assert_eq!(names(&found), expected, "{filter:?}");
        assert_eq!(view.count_messages(session, &filter).await.unwrap(), expected.len() as u64, "{filter:?}");
    }
}

pub(crate) async fn pending_ones_come_oldest_first(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let rows: Vec<Message> = ["c", "a", "b"].map(|it| own(session, it, 5)).into();
    add_messages(&store, &rows).await;
    let not_ours = Message { status: DeliveryStatus::Pending, ..incoming(session, "x", 1) };
    add_messages(&store, &[not_ours, Message { status: DeliveryStatus::Sent, ..own(session, "y", 1) }]).await;
    let mut view = store.view().await.unwrap();
    assert_eq!(view.pending_messages(session, 2).await.unwrap(), rows[..2]);
    assert_eq!(names(&view.pending_messages(session, 9).await.unwrap()), ["c", "a", "b"]);
}

pub(crate) async fn statuses_expire_wherever_they_are(database: &dyn Database) {
    let store = database.open().await;
    let (one, other) = (add_session(&store, "s").await, add_session(&store, "t").await);
    let status = |session, name: &str, second| Message { chat: Jid::status(), ..incoming(session, name, second) };
    let waiting = Message { chat: Jid::status(), ..own(one, "waiting", 1) };
    add_messages(&store, &[status(one, "b", 2), status(one, "c", 3), incoming(one, "x", 1), waiting]).await;
    add_messages(&store, &[status(other, "a", 1)]).await;
    let mut view = store.view().await.unwrap();
    assert_eq!(names(&view.expired_statuses(at(3), 9).await.unwrap()), ["a", "b"]);
    assert_eq!(names(&view.expired_statuses(at(3), 1).await.unwrap()), ["a"]);
}

pub(crate) async fn unread_ones_are_marked(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let elsewhere = Message { chat: group(), ..incoming(session, "g", 1) };
    let rows = [incoming(session, "a", 1), incoming(session, "b", 2), own(session, "o", 3), elsewhere];
    add_messages(&store, &rows).await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(names(&unit.unread_messages(session, &alice(), 9).await.unwrap()), ["b", "a"]);
    assert_eq!(names(&unit.unread_messages(session, &alice(), 1).await.unwrap()), ["b"]);
    let ids = [id("b"), id("o"), id("unknown")];
    for _ in 0..2 {
        unit.mark_incoming_read(session, &alice(), &ids).await.unwrap();
    }
    assert_eq!(names(&unit.unread_messages(session, &alice(), 9).await.unwrap()), ["a"]);
    assert_eq!(names(&unit.unread_messages(session, &group(), 9).await.unwrap()), ["g"]);
    let own = unit.message(session, &alice(), &id("o")).await.unwrap().unwrap();
    assert_eq!(own.status, DeliveryStatus::Pending, "only incoming messages are marked");
}

pub(crate) async fn another_session_sees_none_of_it(database: &dyn Database) {
    let store = database.open().await;
    let (a, b) = (add_session(&store, "a").await, add_session(&store, "b").await);
    add_messages(&store, &[incoming(a, "m", 1), own(a, "o", 1)]).await;
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.message(b, &alice(), &id("m")).await.unwrap(), None);
    assert_eq!(unit.messages(b, &MessageFilter::default(), ALL).await.unwrap(), []);
    assert_eq!(unit.pending_messages(b, 9).await.unwrap(), []);
    let moved = unit.advance_messages(b, &alice(), &[id("o")], DeliveryStatus::Sent, None).await.unwrap();
    assert_eq!(moved, []);
    assert_eq!(unit.revoke_message(b, &alice(), &id("m")).await.unwrap(), None);
    assert!(unit.add_message(&incoming(b, "m", 1)).await.unwrap(), "ids are per session");
}

pub(crate) async fn known_ones_are_told_from_unknown_ones(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    add_messages(&store, &[incoming(session, "theirs", 1), own(session, "ours", 1)]).await;
    let mut view = store.view().await.unwrap();
    let ids = ["theirs", "ours", "none"].map(id);
    for (from_me, expected) in
        [(None, vec!["ours", "theirs"]), (Some(true), vec!["ours"]), (Some(false), vec!["theirs"])]
    {
        let mut known = view.known_messages(session, &alice(), &ids, from_me).await.unwrap();
        known.sort();
        assert_eq!(known.iter().map(|it| it.as_str()).collect::<Vec<_>>(), expected, "{from_me:?}");
    }
    assert_eq!(view.known_messages(session, &group(), &ids, None).await.unwrap(), []);
    assert_eq!(view.known_messages(session, &alice(), &[], None).await.unwrap(), []);
}

pub(crate) async fn one_of_the_past_counts_as_read_until_it_comes_by_itself(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "s").await;
    let (old, told) = (incoming(session, "old", 1), incoming(session, "told", 2));
    let file = Media {
        mimetype: "image/png".to_owned(),
        filename: None,
        size_bytes: Some(3),
        file: Some(FileKey("it".to_owned())),
        remote: None,
    };
    let mut unit = store.begin().await.unwrap();
    assert!(unit.add_past_message(&old).await.unwrap());
    assert!(!unit.add_past_message(&old).await.unwrap());
    assert!(unit.add_message(&told).await.unwrap());
    assert!(!unit.add_past_message(&told).await.unwrap(), "what was told stays told");
    assert!(!unit.tell_past_message(&told).await.unwrap());
    assert_eq!(unit.message(session, &alice(), &id("old")).await.unwrap(), Some(old.clone()));
    let unread = unit.unread_messages(session, &alice(), 9).await.unwrap();
    assert_eq!(unread.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["told"]);
    // The row is found by what it is, not by the id it would have had.
    let come = Message { row: RowId(Uuid::now_v7()), media: Some(file.clone()), ..old.clone() };
    assert!(!unit.add_message(&come).await.unwrap());
    assert!(unit.tell_past_message(&come).await.unwrap());
    assert!(!unit.tell_past_message(&come).await.unwrap(), "once");
    let kept = unit.message(session, &alice(), &id("old")).await.unwrap().unwrap();
    assert_eq!((kept.row, kept.media), (old.row, Some(file)));
    assert_eq!(unit.unread_messages(session, &alice(), 9).await.unwrap().len(), 2);
    let elsewhere = Message { chat: group(), ..old };
    assert!(!unit.tell_past_message(&elsewhere).await.unwrap());
}
