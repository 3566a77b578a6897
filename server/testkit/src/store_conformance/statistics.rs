//! Messages, counted.

use std::time::Duration;

use openwa_model::{
    content::MessageKind,
    message::{DeliveryStatus, Message},
    statistics::{MessageCounts, StatisticsFilter},
};

use super::{Database, fixtures::*};

fn counts(sent: u64, received: u64, failed: u64) -> MessageCounts {
    MessageCounts { sent, received, failed }
}

pub(crate) async fn messages_are_counted_from_several_sides(database: &dyn Database) {
    let store = database.open().await;
    let (one, two) = (add_session(&store, "one").await, add_session(&store, "two").await);
    add_messages(
        &store,
        &[
            incoming(one, "A", 10),
            incoming(one, "B", 70),
            Message { status: DeliveryStatus::Failed, ..own(one, "C", 75) },
            Message { kind: MessageKind::Image, chat: group(), ..own(one, "D", 130) },
            incoming(two, "E", 130),
        ],
    )
    .await;
    let mut unit = store.begin().await.unwrap();
    unit.name_chat(one, &alice(), "Alice").await.unwrap();
    unit.commit().await.unwrap();

    let mut view = store.view().await.unwrap();
    for (session, since, expected) in [
        (None, None, counts(1, 3, 1)),
        (Some(one), None, counts(1, 2, 1)),
        (Some(two), None, counts(0, 1, 0)),
        (None, Some(at(70)), counts(1, 2, 1)),
        (Some(one), Some(at(131)), counts(0, 0, 0)),
    ] {
        assert_eq!(view.message_counts(session, since).await.unwrap(), expected, "{session:?} {since:?}");
    }

    let minute = Duration::from_secs(60);
    let filter = StatisticsFilter { session: None, since: at(20), step: minute, chats: 2 };
    let told = view.message_statistics(&filter).await.unwrap();
    let minutes: Vec<_> = told.by_time.values().copied().collect();
    assert_eq!(minutes, [counts(0, 1, 1), counts(1, 1, 0)]);
    assert!(told.by_time.keys().all(|it| it.as_second() % 60 == 0), "{:?}", told.by_time);
    assert_eq!(told.by_kind, [(MessageKind::Text, 3), (MessageKind::Image, 1)]);
    assert_eq!(told.by_session, [(one, counts(1, 1, 1)), (two, counts(0, 1, 0))]);
    let busiest = (one, alice(), Some("Alice".to_owned()), 2);
    assert_eq!((told.chats.len(), &told.chats[0]), (2, &busiest));

    let of_two = view.message_statistics(&StatisticsFilter { session: Some(two), ..filter }).await.unwrap();
    assert_eq!(of_two.by_session, [(two, counts(0, 1, 0))]);
    assert_eq!(of_two.chats, [(two, alice(), None, 1)]);
}

pub(crate) async fn an_empty_store_counts_nothing(database: &dyn Database) {
    let store = database.open().await;
    let mut view = store.view().await.unwrap();
    assert_eq!(view.message_counts(None, None).await.unwrap(), MessageCounts::default());
    assert_eq!(view.count_deliveries().await.unwrap(), (0, 0));
}
