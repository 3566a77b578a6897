//! Finding messages by their words.

use openwa_model::{
    content::MessageKind,
    message::Message,
    search::SearchFilter,
    store::{Page, Store},
};

use super::{Database, fixtures::*};

fn looking_for(text: &str) -> SearchFilter {
    SearchFilter { text: text.to_owned(), ..SearchFilter::default() }
}

async fn found(store: &dyn Store, filter: &SearchFilter) -> Vec<String> {
    let (hits, total) = store.view().await.unwrap().search_messages(filter, ALL).await.unwrap();
    assert_eq!(hits.len() as u64, total, "{filter:?}");
    hits.into_iter().map(|it| it.message.id.to_string()).collect()
}

pub(crate) async fn words_are_found_and_marked(database: &dyn Database) {
    let store = database.open().await;
    let session = add_session(&store, "one").await;
    let says = |id: &str, body: &str, second| Message { body: body.to_owned(), ..incoming(session, id, second) };
    add_messages(
        &store,
        &[
            says("A", "Your order 42 is ready.", 1),
            says("B", "Ordering is easy", 2),
            says("C", "Crème brûlée \u{645}\u{631}\u{62d}\u{628}\u{627}", 3),
            Message { kind: MessageKind::Image, ..says("D", "", 4) },
        ],
    )
    .await;
    for (text, expected) in [
        ("order", &["B", "A"][..]),
        ("ORDER 42", &["A"]),
        ("order easy", &[]),
        ("creme", &["C"]),
        ("\u{645}\u{631}\u{62d}\u{628}\u{627}", &["C"]),
        ("\"order\" OR *", &["A"]),
        ("NEAR(", &[]),
        ("'; DROP TABLE messages", &[]),
        ("!", &[]),
    ] {
        assert_eq!(found(&*store, &looking_for(text)).await, expected, "{text}");
    }
    let (hits, _) = store.view().await.unwrap().search_messages(&looking_for("42 read"), ALL).await.unwrap();
    assert_eq!(hits[0].snippet, "Your order <mark>42</mark> is <mark>ready</mark>.");
    assert_eq!(hits[0].message.body, "Your order 42 is ready.");
}

pub(crate) async fn filters_and_pages_narrow_what_is_found(database: &dyn Database) {
    let store = database.open().await;
    let (one, two) = (add_session(&store, "one").await, add_session(&store, "two").await);
    add_messages(
        &store,
        &[
            incoming(one, "A", 1),
            Message { chat: group(), ..incoming(one, "B", 2) },
            own(one, "C", 3),
            Message { kind: MessageKind::Image, ..incoming(two, "D", 4) },
        ],
    )
    .await;
    let all = looking_for("text");
    for (filter, expected) in [
        (all.clone(), &["D", "C", "B", "A"][..]),
        (SearchFilter { sessions: Some(vec![one]), ..all.clone() }, &["C", "B", "A"]),
        (SearchFilter { sessions: Some(vec![]), ..all.clone() }, &[]),
        (SearchFilter { chats: Some(vec![group()]), ..all.clone() }, &["B"]),
        (SearchFilter { sender: Some(me()), ..all.clone() }, &["C"]),
        (SearchFilter { from_me: Some(false), ..all.clone() }, &["D", "B", "A"]),
        (SearchFilter { kind: Some(MessageKind::Image), ..all.clone() }, &["D"]),
        (SearchFilter { since: Some(at(2)), until: Some(at(3)), ..all.clone() }, &["C", "B"]),
    ] {
        assert_eq!(found(&*store, &filter).await, expected, "{filter:?}");
    }
    let page = Page { limit: 2, offset: 1 };
    let (hits, total) = store.view().await.unwrap().search_messages(&all, page).await.unwrap();
    let ids: Vec<_> = hits.iter().map(|it| it.message.id.as_str()).collect();
    assert_eq!((ids, total), (vec!["C", "B"], 4));
}

pub(crate) async fn what_is_changed_or_gone_is_not_found(database: &dyn Database) {
    let store = database.open().await;
    let (one, two) = (add_session(&store, "one").await, add_session(&store, "two").await);
    let gone = incoming(one, "C", 3);
    add_messages(&store, &[incoming(one, "A", 1), incoming(one, "B", 2), gone.clone(), incoming(two, "D", 4)]).await;
    let mut unit = store.begin().await.unwrap();
    unit.edit_message(one, &alice(), &id("A"), &alice(), "quite different", &[], at(9)).await.unwrap();
    unit.revoke_message(one, &alice(), &id("B")).await.unwrap();
    unit.delete_message(gone.row).await.unwrap();
    unit.delete_session(two).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(found(&*store, &looking_for("text")).await, Vec::<String>::new());
    assert_eq!(found(&*store, &looking_for("different")).await, ["A"]);
}
