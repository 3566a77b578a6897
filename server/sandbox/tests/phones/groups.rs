//! Phones in groups.

use openwa_sandbox::phone::message::{Content, Outgoing, Status};
use openwa_sandbox::phone::{Chat, PhoneError};

use crate::harness::*;

#[tokio::test]
async fn everybody_in_a_group_reads_what_is_written_there() {
    let sandbox = sandbox().await;
    let anna = phone(&sandbox, "anna").await;
    let bert = phone(&sandbox, "bert").await;
    let carl = phone(&sandbox, "carl").await;
    let group = anna.create_group("lunch".into(), vec![chat_with(&bert), chat_with(&carl)]).await.unwrap();

    let sent = anna.send(text(group.clone(), "hello all")).await.unwrap();
    for reader in [&bert, &carl] {
        let received = first(reader).await;
        assert_text(&received, "hello all");
        assert_eq!(received.chat, group);
        assert_eq!(received.from, chat_with(&anna));
    }
    reaches(&anna, &sent.id, Status::Delivered).await;

    // A second message needs no new sender key; an answer needs the other's.
    anna.send(text(group.clone(), "anybody?")).await.unwrap();
    let received = next(&carl, 1).await;
    assert_text(&received, "anybody?");
    let answer = bert.send(text(group.clone(), "yes")).await.unwrap();
    assert_text(&next(&carl, received.sequence).await, "yes");
    assert_text(&next(&anna, 2).await, "yes");

    let reaction = Outgoing::Reaction { target: answer.id.clone(), emoji: "👍".into() };
    carl.send(draft(group.clone(), reaction)).await.unwrap();
    let received = next(&bert, answer.sequence).await;
    assert_eq!(received.content, Content::Reaction { target: answer.id.clone(), emoji: "👍".into() });
    assert_eq!(carl.mark_read(group, None).await.unwrap(), 3);
    reaches(&bert, &answer.id, Status::Read).await;
    for phone in [&anna, &bert, &carl] {
        drained(phone).await;
    }
}

#[tokio::test]
async fn who_is_not_in_the_group_cannot_write_there() {
    let sandbox = sandbox().await;
    let anna = phone(&sandbox, "anna").await;
    let bert = phone(&sandbox, "bert").await;
    let group = anna.create_group("alone".into(), vec![]).await.unwrap();
    assert!(bert.send(text(group, "let me in")).await.is_err());
    let nowhere = Chat::Group("120363999999999999".into());
    assert!(matches!(anna.send(text(nowhere, "hello?")).await, Err(PhoneError::NoSuchGroup(_))));
}
