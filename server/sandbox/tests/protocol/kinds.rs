//! Kinds of messages between a phone and the engine's client, in both directions.

use openwa_sandbox::account::AccountInfo;
use openwa_sandbox::phone::message::{
    Attendance, Button, Buttons, Content, Draft, Event as Appointment, Form, Location, Message, Outgoing, Poll, Reply,
    ReplyForm, Surroundings,
};
use openwa_sandbox::phone::{Chat, Phone};
use whatsapp_rust::prelude::*;
use whatsapp_rust::wacore::poll::{PollVoteCiphertext, compute_option_hash};
use whatsapp_rust::waproto::whatsapp as wa;
use whatsapp_rust::waproto::whatsapp::message::event_response_message::EventResponseType;

use crate::harness::{Sandbox, TestClient, jid};

const DEADLINE: std::time::Duration = std::time::Duration::from_secs(30);

fn chat(account: &AccountInfo) -> Chat {
    Chat::Person(account.number.clone())
}

async fn say(phone: &Phone, to: &AccountInfo, content: Outgoing) -> Message {
    phone.send(Draft::new(chat(to), content)).await.unwrap()
}

async fn next(phone: &Phone, after: u64) -> Message {
    phone.messages(after, 1, DEADLINE).await.pop().expect("no message came")
}

/// A message as the client has it, and who sent it.
async fn message(client: &TestClient, id: &str) -> (wa::Message, Jid) {
    let event = client.wait(id, |event| event.messages().any(|message| message.info.id == id)).await;
    let message = event.messages().find(|message| message.info.id == id).unwrap();
    (wa::Message::clone(&message.message), message.info.source.sender.clone())
}

fn secret(message: &wa::Message) -> Vec<u8> {
    message.message_context_info.as_option().and_then(|info| info.message_secret.clone()).expect("a secret")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_reads_the_kinds_that_a_phone_sends() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&bert));

    let text = say(&phone, &anna, Outgoing::Text { text: "hello".into() }).await;
    let draft = Draft {
        surroundings: Surroundings {
            mentions: vec![chat(&anna)],
            forwarding_score: Some(3),
            expiration: 86_400,
            ..Surroundings::default()
        },
        quoted: Some(text.id.clone()),
        ..Draft::new(chat(&anna), Outgoing::Text { text: "again".into() })
    };
    let sent = phone.send(draft).await.unwrap();
    let (seen, _) = message(&client, &sent.id).await;
    let context = seen.extended_text_message.context_info.clone().into_option().unwrap();
    assert_eq!(context.mentioned_jid, [jid(&anna).to_string()]);
    assert_eq!((context.forwarding_score, context.is_forwarded), (Some(3), Some(true)));
    assert_eq!((context.expiration, context.stanza_id), (Some(86_400), Some(text.id.clone())));
    assert_eq!(context.quoted_message.conversation.as_deref(), Some("hello"));

    let place = Location { latitude: 52.5, longitude: 13.4, ..Location::default() };
    let live = Outgoing::LiveLocation { location: place, caption: Some("coming".into()) };
    let (seen, _) = message(&client, &say(&phone, &anna, live).await.id).await;
    assert_eq!(seen.live_location_message.degrees_latitude, Some(52.5));
    assert_eq!(seen.live_location_message.caption.as_deref(), Some("coming"));

    let asked = Buttons {
        text: "Coming?".into(),
        buttons: vec![Button { id: "y".into(), text: "Yes".into() }],
        form: Form::Classic,
        ..Buttons::default()
    };
    let asked = say(&phone, &anna, Outgoing::Buttons(asked)).await;
    let (seen, _) = message(&client, &asked.id).await;
    assert_eq!(seen.buttons_message.buttons[0].button_id.as_deref(), Some("y"));
    let reply = Outgoing::Reply {
        form: ReplyForm::Button,
        target: asked.id.clone(),
        reply: Reply { id: "y".into(), text: "Yes".into() },
    };
    let (seen, _) = message(&client, &say(&phone, &anna, reply).await.id).await;
    assert_eq!(seen.buttons_response_message.selected_button_id.as_deref(), Some("y"));
    assert_eq!(seen.buttons_response_message.context_info.stanza_id, Some(asked.id));

    // The client opens the sealed edit by itself.
    let edit = Outgoing::Edit { target: text.id.clone(), text: "hello!".into(), is_sealed: true };
    let (seen, _) = message(&client, &say(&phone, &anna, edit).await.id).await;
    let edited = seen.protocol_message.edited_message.clone().into_option().expect("an opened edit");
    assert_eq!(edited.text_content(), Some("hello!"));
}

#[tokio::test(flavor = "multi_thread")]
async fn votes_are_cast_and_opened_on_both_sides() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&bert));
    let options = ["now".to_owned(), "later".to_owned()];
    let polls = client.client.polls();

    // The client asks, the phone votes.
    let (sent, own_secret) = polls.create(jid(&bert), "When?", &options, 1).await.unwrap();
    let poll = next(&phone, 0).await;
    assert_eq!(poll.id, sent.message_id);
    let vote = Outgoing::PollVote { target: poll.id.clone(), options: vec!["later".into()] };
    let (seen, voter) = message(&client, &say(&phone, &anna, vote).await.id).await;
    let vote = seen.poll_update_message.vote.clone().into_option().unwrap();
    let sealed = PollVoteCiphertext {
        enc_payload: vote.enc_payload.as_deref().unwrap(),
        enc_iv: vote.enc_iv.as_deref().unwrap(),
    };
    let chosen = polls.decrypt_vote(sealed, &own_secret, &poll.id, &jid(&anna), &voter).await.unwrap();
    assert_eq!(chosen, [compute_option_hash("later").to_vec()]);

    // The phone asks, the client votes.
    let asked = Poll { question: "When?".into(), options: options.to_vec(), selectable: 2 };
    let asked = say(&phone, &anna, Outgoing::Poll(asked)).await;
    let (seen, creator) = message(&client, &asked.id).await;
    let vote = polls.vote(jid(&bert), &asked.id, &creator.to_non_ad(), &secret(&seen), &options).await.unwrap();
    let received = next(&phone, asked.sequence).await;
    assert_eq!(received.id, vote.message_id);
    assert_eq!(received.content, Content::PollVote { target: asked.id, options: Some(options.to_vec()) });
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_are_answered_on_both_sides() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&bert));
    let events = client.client.events();

    let lunch = Appointment { name: "Lunch".into(), start_time: 1_900_000_000, ..Appointment::default() };
    let asked = say(&phone, &anna, Outgoing::Event(lunch)).await;
    let (seen, creator) = message(&client, &asked.id).await;
    assert_eq!(seen.event_message.name.as_deref(), Some("Lunch"));
    events
        .respond(jid(&bert), &asked.id, &creator.to_non_ad(), &secret(&seen), EventResponseType::Maybe, Some(1))
        .await
        .unwrap();
    let received = next(&phone, asked.sequence).await;
    let expected = Content::EventResponse { target: asked.id, answer: Some(Attendance::Maybe), guests: Some(1) };
    assert_eq!(received.content, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_are_posted_seen_and_viewed() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&bert));

    let draft = Draft {
        audience: vec![chat(&anna)],
        ..Draft::new(Chat::Status, Outgoing::Text { text: "good morning".into() })
    };
    let sent = phone.send(draft.clone()).await.unwrap();
    let (seen, _) = message(&client, &sent.id).await;
    assert_eq!(seen.text_content(), Some("good morning"));
    // Once more, to who has the key already.
    let sent = phone.send(draft).await.unwrap();
    message(&client, &sent.id).await;

    let font = wa::message::extended_text_message::FontType::SYSTEM;
    let status = client.client.status();
    let posted = status.send_text("good evening", 0xFF1E_6E4F, font, &[jid(&bert)], Default::default()).await.unwrap();
    let received = next(&phone, sent.sequence).await;
    assert_eq!((received.id, received.chat), (posted.message_id, Chat::Status));
    assert_eq!(received.content, Content::Text { text: "good evening".into() });
    assert_eq!(received.from, chat(&anna));
}
