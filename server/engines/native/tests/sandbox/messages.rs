use std::time::Duration;

use openwa_engine_native::NativeSettings;
use openwa_model::{
    content::{Detail, MessageKind, Outgoing, OutgoingContent, Quoted},
    engine::{ErrorKind, Retry, Signal},
    jid::Jid,
    message::DeliveryStatus,
    ops::SendMessage,
};
use openwa_sandbox::{
    fault::Fault,
    phone::message::{Content, Location, Outgoing as Written, Poll, Status},
};

use crate::house::{DEADLINE, House, Session, id, jid, received, text, writes};

fn outgoing(message_id: &str, to: &Jid, body: &str) -> Outgoing {
    Outgoing {
        id: id(message_id),
        chat: to.clone(),
        content: OutgoingContent::Text { body: body.to_owned(), preview: None },
        quoted: None,
        mentions: Vec::new(),
        marks: Default::default(),
        status: None,
    }
}

async fn receipt(session: &Session, message_id: &str, status: DeliveryStatus) {
    session
        .hear("a receipt", |it| match it {
            Signal::Receipt(it) if it.status == status && it.ids.contains(&id(message_id)) => Some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_goes_both_ways_and_its_receipts_come_back() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;

    let sent = session.ask(SendMessage(outgoing("3EB0000000000000000001", &jid(&bob), "hello"))).await.unwrap();
    let got = received(&bob, sent.id.as_str()).await;
    assert_eq!((got.content.text(), got.from.to_string()), (Some("hello"), jid(&ada).to_string()));
    receipt(&session, sent.id.as_str(), DeliveryStatus::Delivered).await;
    bob.mark_read(crate::house::chat(&jid(&ada)), None).await.unwrap();
    receipt(&session, sent.id.as_str(), DeliveryStatus::Read).await;

    let answer = writes(&bob, &jid(&ada), text("hello yourself"), Some(sent.id.as_str())).await;
    let heard = session.message(&answer).await;
    assert_eq!((heard.kind, &*heard.body, heard.from_me), (MessageKind::Text, "hello yourself", false));
    assert_eq!(heard.quoted.unwrap().id, sent.id);
    assert_eq!(heard.push_name.as_deref(), Some("Bob"));
    assert_eq!(heard.sender_phone, Some(jid(&bob)));
    assert_eq!(heard.sender_lid.map(|it| it.user().to_owned()), Some(bob.info().lid.clone()));
    assert!([Some(&heard.chat), heard.chat_alternative.as_ref()].contains(&Some(&jid(&bob))));
    bob.message_with_status(&answer, Status::Delivered, DEADLINE).await.expect("it was acknowledged");
}

#[tokio::test(flavor = "multi_thread")]
async fn quotes_and_mentions_arrive_as_such() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let question = writes(&bob, &jid(&ada), text("when?"), None).await;
    session.message(&question).await;
    let quoted = Quoted { id: id(&question), sender: jid(&bob), body: "when?".to_owned() };
    let message = Outgoing {
        quoted: Some(quoted),
        mentions: vec![jid(&bob)],
        ..outgoing("3EB0000000000000000002", &jid(&bob), "now")
    };
    session.ask(SendMessage(message)).await.unwrap();
    let got = received(&bob, "3EB0000000000000000002").await;
    assert_eq!((got.content.text(), got.quoted), (Some("now"), Some(question)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_phone_itself_sends_is_heard_as_our_own() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let sent = writes(&ada, &jid(&bob), text("from the phone"), None).await;
    let heard = session.message(&sent).await;
    assert!(heard.from_me);
    assert_eq!(heard.sender_phone, Some(jid(&ada)));
    assert!([Some(&heard.chat), heard.chat_alternative.as_ref()].contains(&Some(&jid(&bob))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_linking_is_told_as_the_past() {
    let house = House::open_with(|it| NativeSettings { history_messages_per_chat: 2, ..it }).await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let mut written = Vec::new();
    for number in 0..3 {
        written.push(writes(&bob, &jid(&ada), text(&number.to_string()), None).await);
    }
    received(&ada, &written[2]).await;
    let session = house.linked(&ada).await;
    let told = session
        .hear("the past", |it| match it {
            Signal::Past(told) => Some(told.clone()),
            _ => None,
        })
        .await;
    let ids: Vec<_> = told.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, [&*written[1], &*written[2]], "the newest, oldest first");
    assert!(told.iter().all(|it| !it.from_me && it.kind == MessageKind::Text));
    assert!(!session.heard().iter().any(|it| matches!(it, Signal::Message(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_chat_are_heard_in_the_order_they_were_written() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let mut written = Vec::new();
    for number in 0..30 {
        written.push(writes(&bob, &jid(&ada), text(&number.to_string()), None).await);
    }
    session.message(written.last().unwrap()).await;
    let heard: Vec<_> = session
        .heard()
        .into_iter()
        .filter_map(|it| match it {
            Signal::Message(it) => Some(it.id.0),
            _ => None,
        })
        .collect();
    assert_eq!(heard, written);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_while_away_is_heard_on_return_once() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let vault = session.vault.clone();
    session.stop().await;
    let mut written = Vec::new();
    for number in 0..5 {
        written.push(writes(&bob, &jid(&ada), text(&number.to_string()), None).await);
    }
    let session = house.session_with(vault.clone()).await;
    for message in &written {
        session.message(message).await;
    }
    bob.message_with_status(&written[4], Status::Delivered, DEADLINE).await.unwrap();
    session.stop().await;
    let session = house.session_with(vault).await;
    session.online().await;
    assert!(!session.heard().iter().any(|it| matches!(it, Signal::Message(_))), "{:#?}", session.heard());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_send_keeps_whatsapps_code() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let number = Some(ada.info().number.clone());
    let faults = house.sandbox.network().faults();
    // More than one, because the phone of the account sends things too.
    faults.add(Fault::NackNextSends { number, code: 463, count: 100 }).unwrap();
    let message = outgoing("3EB0000000000000000003", &jid(&bob), "no");
    let error = session.ask(SendMessage(message.clone())).await.unwrap_err();
    assert_eq!((error.kind, error.retry, error.code), (ErrorKind::Refused, Retry::Never, Some(463)));
    faults.clear();
    // Under the same id it goes through once the cause is gone.
    session.ask(SendMessage(message)).await.unwrap();
    received(&bob, "3EB0000000000000000003").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_too_late_is_told_when_it_comes() {
    let house = House::open_with(|it| NativeSettings { send_timeout: Duration::from_millis(50), ..it }).await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    // The first send learns who Bob is; only the second one is about the answer alone.
    let _ = session.ask(SendMessage(outgoing("3EB0000000000000000005", &jid(&bob), "first"))).await;
    received(&bob, "3EB0000000000000000005").await;
    let number = Some(ada.info().number.clone());
    let faults = house.sandbox.network().faults();
    faults.add(Fault::DelayStanzas { number, delay: Duration::from_secs(1) }).unwrap();
    let error = session.ask(SendMessage(outgoing("3EB0000000000000000006", &jid(&bob), "second"))).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (ErrorKind::Unconfirmed, Retry::Later));
    let settled = session.hear("the late answer", |it| match it {
        Signal::SendSettled(it) if it.id == id("3EB0000000000000000006") => Some(it.clone()),
        _ => None,
    });
    let settled = settled.await;
    assert_eq!((settled.chat, settled.refused), (jid(&bob), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_repeated_under_its_id_after_a_restart_still_works() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let group = ada.create_group("Crew".into(), vec![crate::house::chat(&jid(&bob))]).await.unwrap();
    let group: Jid = group.to_string().parse().unwrap();
    let session = house.linked(&ada).await;
    for to in [jid(&bob), group.clone()] {
        session
            .ask(SendMessage(outgoing(&format!("3EB00000000000000001{}", to.user().len()), &to, "first")))
            .await
            .unwrap();
    }
    let vault = session.vault.clone();
    session.stop().await;
    let session = house.session_with(vault).await;
    session.online().await;
    for to in [jid(&bob), group] {
        let again = format!("3EB00000000000000001{}", to.user().len());
        session.ask(SendMessage(outgoing(&again, &to, "first"))).await.unwrap();
        let next = format!("3EB00000000000000002{}", to.user().len());
        session.ask(SendMessage(outgoing(&next, &to, "second"))).await.unwrap();
        assert_eq!(received(&bob, &next).await.content.text(), Some("second"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_link_nothing_is_sent() {
    let house = House::open().await;
    let session = house.session().await;
    session.qr().await;
    let error = session.ask(SendMessage(outgoing("3EB0000000000000000004", &Jid::phone("15550000009"), "x"))).await;
    assert_eq!(error.unwrap_err().kind, ErrorKind::NotConnected);
}

#[tokio::test(flavor = "multi_thread")]
async fn group_messages_reactions_edits_and_revokes_are_heard() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let group = bob.create_group("Crew".into(), vec![crate::house::chat(&jid(&ada))]).await.unwrap();
    let group: Jid = group.to_string().parse().unwrap();
    let first = writes(&bob, &group, text("all here?"), None).await;
    let heard = session.message(&first).await;
    assert_eq!((&heard.chat, heard.sender_phone), (&group, Some(jid(&bob))));

    writes(&bob, &group, Written::Reaction { target: first.clone(), emoji: "👍".into() }, None).await;
    let reaction = session.hear("a reaction", |it| match it {
        Signal::Reaction(it) => Some(it.clone()),
        _ => None,
    });
    let reaction = reaction.await;
    assert_eq!((reaction.target, &*reaction.emoji, &reaction.chat), (id(&first), "👍", &group));

    writes(&bob, &group, Written::Edit { target: first.clone(), text: "all there?".into(), is_sealed: false }, None)
        .await;
    let edited = session.hear("an edit", |it| match it {
        Signal::Edited(it) => Some(it.clone()),
        _ => None,
    });
    let edited = edited.await;
    assert_eq!((edited.target, &*edited.body), (id(&first), "all there?"));

    writes(&bob, &group, Written::Revoke { target: first.clone() }, None).await;
    let revoked = session.hear("a revoke", |it| match it {
        Signal::Revoked(it) => Some(it.clone()),
        _ => None,
    });
    assert_eq!(revoked.await.target, id(&first));
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_and_places_bring_their_details() {
    let house = House::open().await;
    let (ada, bob) = (house.phone("Ada").await, house.phone("Bob").await);
    let session = house.linked(&ada).await;
    let poll = Poll { question: "When?".into(), options: vec!["Now".into(), "Later".into()], selectable: 1 };
    let asked = writes(&bob, &jid(&ada), Written::Poll(poll), None).await;
    let heard = session.message(&asked).await;
    assert_eq!(heard.kind, MessageKind::Poll);
    assert!(matches!(heard.detail, Some(Detail::Poll { options, multiple: false, .. }) if options == ["Now", "Later"]));
    let place = Location { latitude: 1.5, longitude: 2.5, name: Some("Pier".into()), ..Location::default() };
    let told = writes(&bob, &jid(&ada), Written::Location(place), None).await;
    let heard = session.message(&told).await;
    assert!(matches!(heard.detail, Some(Detail::Location { latitude: 1.5, .. })));
    assert!(!matches!(received(&bob, &told).await.content, Content::Undecryptable { .. }));
}
