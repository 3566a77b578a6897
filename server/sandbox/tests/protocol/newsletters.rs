//! Channels: made, found, followed, posted in, changed, watched.

use whatsapp_rust::features::{MexRequest, NewsletterMessageType, NewsletterRole};
use whatsapp_rust::prelude::*;
use whatsapp_rust::wacore::iq::mex_operations::{
    accept_newsletter_admin_invite, change_newsletter_owner, create_newsletter_admin_invite, delete_newsletter,
    fetch_newsletter_directory_search_results, fetch_newsletter_followers,
};
use whatsapp_rust::waproto::whatsapp as wa;

use crate::harness::{Sandbox, TestClient, jid};

fn text(text: &str) -> wa::Message {
    wa::Message { conversation: Some(text.to_owned()), ..Default::default() }
}

/// Asks in JSON and gives the data of the answer.
async fn ask(
    client: &TestClient,
    name: &'static str,
    id: &'static str,
    variables: serde_json::Value,
) -> serde_json::Value {
    client.client.mex().query(MexRequest::new(name, id, variables)).await.unwrap().data.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_made_found_followed_and_left() {
    let sandbox = Sandbox::start().await;
    let (_, owner, _, reader) = sandbox.pair().await;
    let made = owner.client.newsletter().create("Tides", Some("High and low")).await.unwrap();
    assert_eq!((made.name.as_str(), made.description.as_deref()), ("Tides", Some("High and low")));
    assert_eq!(made.role, Some(NewsletterRole::Owner));

    let theirs = reader.client.newsletter();
    let seen = theirs.get_metadata(&made.jid).await.unwrap();
    assert_eq!((seen.role, seen.subscriber_count), (Some(NewsletterRole::Guest), 1));
    let by_link = theirs.get_metadata_by_invite(seen.invite_code.as_deref().unwrap()).await.unwrap();
    assert_eq!(by_link.jid, made.jid);
    assert!(theirs.list_subscribed().await.unwrap().is_empty());
    let joined = theirs.join(&made.jid).await.unwrap();
    assert_eq!((joined.role, joined.subscriber_count), (Some(NewsletterRole::Subscriber), 2));
    assert_eq!(theirs.list_subscribed().await.unwrap().len(), 1);
    theirs.set_follower_mute(&made.jid, true).await.unwrap();
    theirs.leave(&made.jid).await.unwrap();
    assert!(theirs.list_subscribed().await.unwrap().is_empty());
    assert!(theirs.leave(&made.jid).await.is_err(), "who is not in cannot leave");

    assert!(theirs.update(&made.jid, Some("Mine"), None).await.is_err(), "only admins may");
    let updated = owner.client.newsletter().update(&made.jid, Some("Tides and winds"), None).await.unwrap();
    assert_eq!(updated.name, "Tides and winds");
    assert_eq!(theirs.get_metadata(&made.jid).await.unwrap().description.as_deref(), Some("High and low"));
    let nowhere = Jid::newsletter("120363000000000000");
    assert!(theirs.get_metadata(&nowhere).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_posted_reaches_followers_and_stands_in_the_history() {
    let sandbox = Sandbox::start().await;
    let (_, owner, _, reader) = sandbox.pair().await;
    let channel = owner.client.newsletter().create("Tides", None).await.unwrap().jid;
    reader.client.newsletter().join(&channel).await.unwrap();
    for post in ["one", "two", "three"] {
        owner.client.send_message(channel.clone(), text(post)).await.unwrap();
        let (_, chat, _) = reader.text(post).await;
        assert_eq!(chat, channel);
    }
    let history = reader.client.newsletter().get_messages(&channel, 50, None).await.unwrap();
    let texts: Vec<_> = history.iter().filter_map(|post| post.message.as_ref()?.conversation.as_deref()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    assert!(history.iter().all(|post| post.message_type == NewsletterMessageType::Text && !post.is_sender));
    let before = history[2].server_id;
    let page = reader.client.newsletter().get_messages(&channel, 1, Some(before)).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].server_id, history[1].server_id);

    let refused = reader.client.send_message(channel.clone(), text("may I?")).await.unwrap();
    reader
        .wait("the refusal", |event| {
            matches!(event, Event::ServerAck(ack)
                if ack.id == refused.message_id && ack.error.as_deref() == Some("403"))
        })
        .await;
    let mine = owner.client.newsletter().get_messages(&channel, 50, None).await.unwrap();
    assert_eq!(mine.len(), 3);
    assert!(mine.iter().all(|post| post.is_sender));
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_are_edited_and_taken_back_and_reactions_are_counted_live() {
    let sandbox = Sandbox::start().await;
    let (_, owner, _, reader) = sandbox.pair().await;
    let theirs = owner.client.newsletter();
    let channel = theirs.create("Tides", None).await.unwrap().jid;
    reader.client.newsletter().join(&channel).await.unwrap();
    let sent = owner.client.send_message(channel.clone(), text("hihg")).await.unwrap();
    reader.text("hihg").await;
    let server_id = theirs.get_messages(&channel, 1, None).await.unwrap()[0].server_id;

    let lasts = reader.client.newsletter().subscribe_live_updates(channel.clone()).await.unwrap();
    assert!(lasts > 0);
    owner.client.newsletter().send_reaction(&channel, server_id, "👍").await.unwrap();
    let is_counted = |event: &Event, count: u64| match event {
        Event::NewsletterLiveUpdate(update) => update.messages.iter().any(|post| {
            post.server_id == server_id && post.reactions.iter().any(|seen| seen.code == "👍" && seen.count == count)
        }),
        _ => false,
    };
    reader.wait("the first reaction", |event| is_counted(event, 1)).await;
    reader.client.newsletter().send_reaction(&channel, server_id, "👍").await.unwrap();
    reader.wait("the second reaction", |event| is_counted(event, 2)).await;
    reader.client.newsletter().send_reaction(&channel, server_id, "").await.unwrap();

    theirs.edit_message(&channel, sent.message_id.as_str(), text("high")).await.unwrap();
    reader.text("high").await;
    let post = theirs.get_messages(&channel, 1, None).await.unwrap().remove(0);
    assert_eq!(post.message.unwrap().conversation.as_deref(), Some("high"));
    assert_eq!(post.reactions.iter().map(|seen| seen.count).collect::<Vec<_>>(), [1]);

    let mark = reader.mark();
    theirs.revoke_message(&channel, sent.message_id.as_str()).await.unwrap();
    reader.wait_from(mark, "news of the post", |event| matches!(event, Event::NewsletterLiveUpdate(_))).await;
    assert!(theirs.get_messages(&channel, 1, None).await.unwrap()[0].message.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_found_given_away_and_deleted() {
    let sandbox = Sandbox::start().await;
    let (_, owner, bob, reader) = sandbox.pair().await;
    let channel = owner.client.newsletter().create("Tides", None).await.unwrap().jid;
    let found = |text: &'static str| {
        ask(
            &reader,
            fetch_newsletter_directory_search_results::NAME,
            fetch_newsletter_directory_search_results::DOC_ID,
            serde_json::json!({ "input": { "search_text": text, "limit": 10 } }),
        )
    };
    let result = found("tid").await;
    assert_eq!(result["xwa2_newsletters_directory_search"]["result"][0]["id"], channel.to_string());
    assert_eq!(found("winds").await["xwa2_newsletters_directory_search"]["result"], serde_json::json!([]));

    reader.client.newsletter().join(&channel).await.unwrap();
    let followers = serde_json::json!({ "input": { "newsletter_id": channel.to_string(), "count": 10 } });
    let list = ask(&owner, fetch_newsletter_followers::NAME, fetch_newsletter_followers::DOC_ID, followers).await;
    assert_eq!(list["xwa2_newsletter_followers"]["followers"]["edges"].as_array().map(Vec::len), Some(2));
    let bob = serde_json::json!({ "newsletter_id": channel.to_string(), "user_id": jid(&bob).to_string() });
    let only_channel = serde_json::json!({ "newsletter_id": channel.to_string() });
    ask(&owner, create_newsletter_admin_invite::NAME, create_newsletter_admin_invite::DOC_ID, bob.clone()).await;
    ask(&reader, accept_newsletter_admin_invite::NAME, accept_newsletter_admin_invite::DOC_ID, only_channel.clone())
        .await;
    assert_eq!(reader.client.newsletter().get_metadata(&channel).await.unwrap().role, Some(NewsletterRole::Admin));
    ask(&owner, change_newsletter_owner::NAME, change_newsletter_owner::DOC_ID, bob).await;
    assert_eq!(reader.client.newsletter().get_metadata(&channel).await.unwrap().role, Some(NewsletterRole::Owner));
    let mine = MexRequest::new(delete_newsletter::NAME, delete_newsletter::DOC_ID, only_channel.clone());
    assert!(owner.client.mex().mutate(mine).await.is_err(), "it is no longer theirs");
    ask(&reader, delete_newsletter::NAME, delete_newsletter::DOC_ID, only_channel).await;
    assert!(reader.client.newsletter().list_subscribed().await.unwrap().is_empty());
}
