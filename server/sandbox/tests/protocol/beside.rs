//! What a phone does beside messages, as the engine's client sees it, and the other way round.

use std::time::Duration;

use bytes::Bytes;
use openwa_sandbox::account::AccountInfo;
use openwa_sandbox::business::{Business, Category, Day, Hours, Mode, Weekday};
use openwa_sandbox::fault::Fault;
use openwa_sandbox::phone::calls::{Action, CallState};
use openwa_sandbox::phone::groups::{Action as GroupAction, Change};
use openwa_sandbox::phone::message::{Draft, MediaKind, Outgoing, OutgoingMedia, Traits};
use openwa_sandbox::phone::observation::{Kind, Observation};
use openwa_sandbox::phone::{AppStateChange, Chat, ChatState, MessageName, Phone};
use whatsapp_rust::NodeFilter;
use whatsapp_rust::features::{MediaRetryResult, MediaReuploadRequest};
use whatsapp_rust::prelude::*;
use whatsapp_rust::types::call::CallAction;
use whatsapp_rust::wacore::stanza::group_call::{build_call_link_create, parse_call_link_create_ack};
use whatsapp_rust::wacore::types::group_call::CallLinkMedia;

use crate::harness::{Sandbox, jid};

const DEADLINE: Duration = Duration::from_secs(30);

fn chat(account: &AccountInfo) -> Chat {
    Chat::Person(account.number.clone())
}

/// The first observation of a kind that is meant.
async fn noticed(phone: &Phone, kind: Kind, is_meant: impl Fn(&Observation) -> bool) -> Observation {
    let mut after = 0;
    loop {
        let page = phone.observations(after, 100, DEADLINE).await;
        after = page.last().unwrap_or_else(|| panic!("no {kind:?} was noticed")).sequence;
        if let Some(found) = page.into_iter().find(|seen| seen.kind == kind && is_meant(seen)) {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_and_presence_are_seen_on_both_sides() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&bert));
    client.client.presence().set_available().await.unwrap();

    phone.show_chat_state(chat(&anna), ChatState::Recording).await.unwrap();
    client.wait("recording", |event| matches!(event, Event::ChatPresence(_))).await;
    phone.set_presence(true).await.unwrap();
    client.client.presence().subscribe(jid(&bert)).await.unwrap();
    client.wait("on line", |event| matches!(event, Event::Presence(seen) if !seen.unavailable)).await;
    phone.set_presence(false).await.unwrap();
    client.wait("off line", |event| matches!(event, Event::Presence(seen) if seen.unavailable)).await;

    client.client.chatstate().send_composing(&jid(&bert)).await.unwrap();
    let seen = noticed(&phone, Kind::Typing, |_| true).await;
    assert_eq!(seen.from, Some(chat(&anna)));
    phone.subscribe(chat(&anna)).await.unwrap();
    noticed(&phone, Kind::Presence, |seen| seen.data["available"] == true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_sets_its_client_hears_and_the_other_way_round() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&anna));
    let sent = phone.send(Draft::new(chat(&bert), Outgoing::Text { text: "note".into() })).await.unwrap();

    phone.change_app_state(AppStateChange::Archive { chat: chat(&bert), is_archived: true }).await.unwrap();
    client
        .wait("archived", |event| {
            matches!(event, Event::ArchiveUpdate(seen) if seen.jid == jid(&bert) && seen.action.archived == Some(true))
        })
        .await;
    let message = MessageName { chat: chat(&bert), id: sent.id.clone() };
    phone.change_app_state(AppStateChange::Star { message, is_starred: true }).await.unwrap();
    client
        .wait("starred", |event| matches!(event, Event::StarUpdate(seen) if seen.message_id == sent.id && seen.from_me))
        .await;
    let label = AppStateChange::EditLabel { label: "7".into(), name: "orders".into(), color: 3 };
    phone.change_app_state(label).await.unwrap();
    client
        .wait(
            "a label",
            |event| matches!(event, Event::LabelEditUpdate(seen) if seen.action.name.as_deref() == Some("orders")),
        )
        .await;

    client.client.chat_actions().pin_chat(&jid(&bert)).await.unwrap();
    let seen = noticed(&phone, Kind::AppState, |seen| seen.data["index"][0] == "pin_v1").await;
    assert_eq!(seen.data["value"]["pinned"], true);
    client.client.labels().add_chat_label("7", &jid(&bert)).await.unwrap();
    noticed(&phone, Kind::AppState, |seen| seen.data["index"][0] == "label_jid").await;
    // And the phone once more, on top of what the client has written.
    phone.change_app_state(AppStateChange::Pin { chat: chat(&bert), is_pinned: false }).await.unwrap();
    client.wait("unpinned", |event| matches!(event, Event::PinUpdate(seen) if seen.action.pinned == Some(false))).await;
    let pin = phone.app_state().await.unwrap();
    let pin = pin.iter().find(|entry| entry.index[0] == "pin_v1").unwrap();
    assert_eq!(pin.value["pinned"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_changed_on_a_phone_is_told_to_the_client() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let carl = sandbox.account("Carl").await;
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&bert));
    let group = phone.create_group("lunch".into(), vec![chat(&anna)]).await.unwrap();
    let change = Change { name: Some("dinner".into()), is_announcement: Some(true), ..Change::default() };
    phone.change_group(group.clone(), change).await.unwrap();
    let group_jid = match &group {
        Chat::Group(id) => Jid::group(id.as_str()),
        other => panic!("{other} is no group"),
    };
    let renamed = client.wait("a new name", |event| {
        matches!(event, Event::GroupUpdate(seen) if seen.group_jid == group_jid && format!("{:?}", seen.action).contains("dinner"))
    });
    renamed.await;
    phone.change_members(group.clone(), GroupAction::Add, vec![chat(&carl)]).await.unwrap();
    let metadata = client.client.groups().get_metadata(&group_jid).await.unwrap();
    assert_eq!(metadata.participants.len(), 3);
    assert!(metadata.is_announcement);
    phone.leave_group(group.clone()).await.unwrap();
    assert!(phone.group(group).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_offered_and_rejected_or_missed() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&bert));
    let id = phone.call(chat(&anna), true).await.unwrap();
    let event =
        client.wait("a call", |event| matches!(event, Event::IncomingCall(call) if call.action.call_id() == id)).await;
    let Event::IncomingCall(call) = &*event else { unreachable!("the wait was for a call") };
    assert!(matches!(&call.action, CallAction::Offer { is_video: true, caller_pn: Some(pn), .. } if *pn == jid(&bert)));
    client.client.voip().reject(call).await.unwrap();
    let seen = noticed(&phone, Kind::Call, |seen| seen.data["action"] == "reject").await;
    assert_eq!((seen.from, &seen.data["id"]), (Some(chat(&anna)), &id.into()));
    assert_eq!(phone.calls()[0].state, CallState::Rejected);

    let id = phone.call(chat(&anna), false).await.unwrap();
    phone.act_on_call(id.clone(), Action::Terminate).await.unwrap();
    client
        .wait("its end", |event| {
            matches!(event, Event::IncomingCall(call)
                if call.action.call_id() == id && matches!(call.action, CallAction::Terminate { .. }))
        })
        .await;

    // Who was not there hears of it later.
    let store = client.stop().await;
    let id = phone.call(chat(&anna), false).await.unwrap();
    let client = sandbox.client("Anna", store).await;
    client.wait("a missed call", |event| matches!(event, Event::MissedCall(call) if call.call_id == id)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_call_in_is_given_out() {
    let sandbox = Sandbox::start().await;
    let anna = sandbox.account("Anna").await;
    let client = sandbox.linked(&anna).await;
    let answer = client.client.wait_for_node(NodeFilter::tag("ack").attr("id", "link-1"));
    let request = build_call_link_create(CallLinkMedia::Video, "link-1").unwrap();
    client.client.send_node(request).await.unwrap();
    let answer = tokio::time::timeout(DEADLINE, answer).await.unwrap().unwrap();
    let link = parse_call_link_create_ack(answer.get()).unwrap();
    assert_eq!((link.media, link.token.len()), (CallLinkMedia::Video, 22));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_file_is_uploaded_again_by_the_phone() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&anna));
    let image = OutgoingMedia {
        kind: MediaKind::Image,
        bytes: Bytes::from_static(b"the picture"),
        mimetype: "image/png".into(),
        file_name: None,
        caption: None,
        traits: Traits::default(),
    };
    let sent = sandbox.phone(&bert).send(Draft::new(chat(&anna), Outgoing::Media(image))).await.unwrap();
    let event = client.wait("the picture", |event| event.messages().any(|message| message.info.id == sent.id)).await;
    let message = event.messages().find(|message| message.info.id == sent.id).unwrap();
    let picture = message.message.image_message.clone().into_option().unwrap();
    let source = message.info.source.clone();
    // The phone has it, too.
    phone.messages(0, 1, DEADLINE).await.pop().expect("no message came");
    let expired = Fault::ExpireMedia { before: std::time::SystemTime::now() };
    sandbox.network.faults().add(expired).unwrap();

    let key = picture.media_key.unwrap();
    let request = MediaReuploadRequest {
        msg_id: &sent.id,
        chat_jid: &source.chat,
        media_key: &key,
        is_from_me: false,
        participant: None,
    };
    let answer = client.client.media_reupload().request(&request).await.unwrap();
    let MediaRetryResult::Success { direct_path } = answer else { panic!("{answer:?}") };
    assert!(sandbox.media().fetch(&direct_path).await.is_ok());
    let seen = noticed(&phone, Kind::MediaRequest, |_| true).await;
    assert_eq!(seen.data["message"], sent.id);

    phone.answer_media_requests(false).await.unwrap();
    let answer = client.client.media_reupload().request(&request).await.unwrap();
    assert!(matches!(answer, MediaRetryResult::NotFound), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_shows_its_profile() {
    let sandbox = Sandbox::start().await;
    let (anna, bert) = (sandbox.account("Anna").await, sandbox.account("Bert").await);
    let (client, phone) = (sandbox.linked(&anna).await, sandbox.phone(&bert));
    assert!(client.client.get_business_profile(&jid(&bert)).await.unwrap().is_none());
    let day = Day { day: Weekday::Mon, mode: Mode::SpecificHours, open: Some(480), close: Some(1_080) };
    let business = Business {
        verified_name: Some("Bert's Shop".into()),
        description: Some("cups and plates".into()),
        email: Some("shop@example.com".into()),
        websites: vec!["https://shop.test".into()],
        categories: vec![Category { id: "1".into(), name: "Shop".into() }],
        hours: Some(Hours { timezone: "Europe/Berlin".into(), days: vec![day] }),
        ..Business::default()
    };
    phone.set_business(Some(business)).unwrap();
    let seen = client.client.get_business_profile(&jid(&bert)).await.unwrap().expect("a profile");
    assert_eq!((seen.description.as_str(), seen.email.as_deref()), ("cups and plates", Some("shop@example.com")));
    assert_eq!(
        (seen.website.as_slice(), seen.categories[0].name.as_str()),
        (&["https://shop.test".to_owned()][..], "Shop")
    );
    let days = seen.business_hours.business_config.unwrap();
    assert_eq!((days[0].open_time, days[0].close_time), (Some(480), Some(1_080)));
    let found = client.client.contacts().is_on_whatsapp(&[jid(&bert)]).await.unwrap();
    assert!(found[0].is_business);
}
