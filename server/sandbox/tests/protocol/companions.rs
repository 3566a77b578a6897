//! A phone and its clients, and a client with other people's phones: what one encrypts the other
//! reads, what was there before is told, what could not be read is sent again.

use std::path::Path;
use std::time::Duration;

use openwa_sandbox::account::AccountInfo;
use openwa_sandbox::journal::Journal;
use openwa_sandbox::phone::message::{Content, Draft, Message, Outgoing, Poll, Status};
use openwa_sandbox::phone::{Chat, Phone};
use whatsapp_rust::RevokeType;
use whatsapp_rust::prelude::*;
use whatsapp_rust::wacore::store::traits::SignalStore as _;
use whatsapp_rust::waproto::whatsapp as wa;

use crate::harness::{Sandbox, Store, jid};

const DEADLINE: Duration = Duration::from_secs(30);

fn chat(account: &AccountInfo) -> Chat {
    Chat::Person(account.number.clone())
}

fn text(to: &AccountInfo, text: &str) -> Draft {
    draft(to, Outgoing::Text { text: text.into() })
}

fn draft(to: &AccountInfo, content: Outgoing) -> Draft {
    Draft::new(chat(to), content)
}

async fn next(phone: &Phone, after: u64) -> Message {
    phone.messages(after, 1, DEADLINE).await.pop().expect("no message came")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_client_is_told_what_was_there_before() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (anna_phone, bert_phone) = (sandbox.phone(&anna), sandbox.phone(&bert));
    anna_phone.send(text(&bert, "first")).await.unwrap();
    bert_phone.send(text(&anna, "second")).await.unwrap();
    next(&anna_phone, 1).await;

    let client = sandbox.linked(&anna).await;
    let event = client.wait("the history", |event| matches!(event, Event::HistorySync(_))).await;
    let Event::HistorySync(history) = &*event else { unreachable!("the wait was for the history") };
    let history = history.get().unwrap();
    assert_eq!(history.conversations.len(), 1);
    let conversation = &history.conversations[0];
    assert_eq!(conversation.id, jid(&bert).to_string());
    assert_eq!(conversation.unread_count, Some(1));
    let texts: Vec<_> = conversation
        .messages
        .iter()
        .filter_map(|message| message.message.as_option()?.message.as_option()?.text_content())
        .collect();
    assert_eq!(texts, ["second", "first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_the_phone_whose_name_it_announces_and_a_second_one_the_same() {
    let sandbox = Sandbox::start().await;
    let first = sandbox.client("Dora", Store::default()).await;
    let phone = sandbox.phones().scan(&first.qr_code().await).await.unwrap();
    assert_eq!(phone.info().name, "Dora");
    first.ready().await;
    let second = sandbox.client("Dora", Store::default()).await;
    let same = sandbox.phones().scan(&second.qr_code().await).await.unwrap();
    assert_eq!(same.id(), phone.id());
    second.ready().await;
    let devices: Vec<_> = phone.devices().iter().map(|device| (device.device, device.is_online)).collect();
    assert_eq!(devices, [(0, true), (1, true), (2, true)]);
    assert_eq!(sandbox.phones().list().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_reads_all_that_a_client_can_send() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let linked = sandbox.linked(&anna).await;
    let client = &linked.client;
    let (anna_phone, phone) = (sandbox.phone(&anna), sandbox.phone(&bert));

    let sent = client.send_text(jid(&bert), "hello").await.unwrap();
    let received = next(&phone, 0).await;
    assert_eq!(received.content, Content::Text { text: "hello".into() });
    assert_eq!(received.id, sent.message_id);
    let copy = next(&anna_phone, 0).await;
    assert_eq!((copy.id, copy.chat, copy.from_me), (received.id.clone(), chat(&bert), true));

    let target = received.id.clone();
    let key = wa::MessageKey {
        remote_jid: Some(jid(&bert).to_string()),
        from_me: Some(true),
        id: Some(target.clone()),
        participant: None,
    };
    client.send_reaction(jid(&bert), key, "👍").await.unwrap();
    let received = next(&phone, received.sequence).await;
    assert_eq!(received.content, Content::Reaction { target: target.clone(), emoji: "👍".into() });

    let edited = wa::Message { conversation: Some("hello there".into()), ..Default::default() };
    client.edit_message(jid(&bert), target.clone(), edited).await.unwrap();
    let received = next(&phone, received.sequence).await;
    assert_eq!(
        received.content,
        Content::Edit { target: target.clone(), text: "hello there".into(), is_sealed: false }
    );

    client.revoke_message(jid(&bert), target.clone(), RevokeType::Sender).await.unwrap();
    let received = next(&phone, received.sequence).await;
    assert_eq!(received.content, Content::Revoke { target });

    let options = ["now".to_owned(), "later".to_owned()];
    client.polls().create(jid(&bert), "When?", &options, 1).await.unwrap();
    let received = next(&phone, received.sequence).await;
    let poll = Poll { question: "When?".into(), options: options.into(), selectable: 1 };
    assert_eq!(received.content, Content::Poll(poll));
    // The copies on the sender's own phone are as many.
    assert_eq!(next(&anna_phone, 4).await.content, received.content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_sees_what_its_own_phone_sends_and_receives() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let client = sandbox.linked(&anna).await;
    let (anna_phone, bert_phone) = (sandbox.phone(&anna), sandbox.phone(&bert));
    anna_phone.send(text(&bert, "from the phone")).await.unwrap();
    let (sender, chat, _) = client.text("from the phone").await;
    assert_eq!(sender.to_non_ad(), jid(&anna));
    assert_eq!(chat, jid(&bert));
    let sent = bert_phone.send(text(&anna, "to both")).await.unwrap();
    let (_, chat, id) = client.text("to both").await;
    assert_eq!((chat, id.as_str()), (jid(&bert), sent.id.as_str()));
    let edit = Outgoing::Edit { target: sent.id.clone(), text: "to both of you".into(), is_sealed: false };
    bert_phone.send(draft(&anna, edit)).await.unwrap();
    client
        .wait("the edit", |event| {
            event.messages().any(|message| {
                message.message.protocol_message.as_option().is_some_and(|protocol| {
                    protocol.key.as_option().and_then(|key| key.id.as_deref()) == Some(&sent.id)
                        && protocol.edited_message.as_option().and_then(|edited| edited.text_content())
                            == Some("to both of you")
                })
            })
        })
        .await;
}

/// Forgets every session of a phone, as if it had been set up anew.
fn forget_sessions(folder: &Path, account: &AccountInfo) {
    let journal = Journal::open(folder).unwrap();
    let own = format!("{}/", account.number);
    let sessions = journal.load("phone-session").unwrap();
    let sessions: Vec<_> = sessions.iter().map(|(key, _)| key.as_str()).filter(|key| key.starts_with(&own)).collect();
    assert!(!sessions.is_empty());
    journal.delete_all("phone-session", sessions);
    journal.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_cannot_read_a_message_gets_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start_in(folder.path()).await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let client = sandbox.linked(&anna).await;
    client.client.send_text(jid(&bert), "before").await.unwrap();
    let before = next(&sandbox.phone(&bert), 0).await;
    // An answer, so that the client no longer writes as to a stranger.
    sandbox.phone(&bert).send(text(&anna, "answer")).await.unwrap();
    client.text("answer").await;
    let store = client.stop().await;
    sandbox.network.close();
    drop(sandbox);
    forget_sessions(folder.path(), &bert);

    let sandbox = Sandbox::start_in(folder.path()).await;
    let client = sandbox.client("Anna", store).await;
    client.ready().await;
    let sent = client.client.send_text(jid(&bert), "read me").await.unwrap();
    let received = next(&sandbox.phone(&bert), before.sequence + 1).await;
    assert_eq!(received.content, Content::Text { text: "read me".into() });
    assert_eq!(received.id, sent.message_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_cannot_read_a_message_gets_it_again() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let client = sandbox.linked(&anna).await;
    client.client.send_text(jid(&bert), "before").await.unwrap();
    next(&sandbox.phone(&bert), 0).await;
    sandbox.phone(&bert).send(text(&anna, "answer")).await.unwrap();
    client.text("answer").await;
    let store = client.stop().await;
    for address in [jid(&bert).to_string(), format!("{}@lid", bert.lid)] {
        store.delete_session(&address).await.unwrap();
        store.delete_session(&format!("{address}.0")).await.unwrap();
    }
    let sent = sandbox.phone(&bert).send(text(&anna, "read me")).await.unwrap();
    let client = sandbox.client("Anna", store).await;
    let (_, _, id) = client.text("read me").await;
    assert_eq!(id, sent.id);
    let phone = sandbox.phone(&bert);
    let delivered = phone.message_with_status(&sent.id, Status::Delivered, DEADLINE).await;
    assert_eq!(delivered.unwrap().status, Status::Delivered);
}
