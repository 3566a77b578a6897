//! One person, two ids, and what comes late or in another order: over the wire, seen from both sides.

use std::collections::{BTreeMap, BTreeSet};

use openwa_testkit::{
    client::{Client, Events, ServerEvent},
    gateway::{Gateway, Setup},
    sandbox::{Phone, Sandbox},
};
use serde_json::{Value, json};

use crate::story::{LIMIT, Session, text, wait_for_ack};

async fn shop(gateway: &Gateway) -> (Session, Phone, Events) {
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let own = sandbox.create_phone("Shop").await;
    let session = Session::link(&client, &sandbox, "shop", &own).await;
    let events = session.follow(&client).await;
    (session, own, events)
}

/// The next event of this name.
async fn next(events: &mut Events, name: &str) -> Value {
    events.wait_for(name, LIMIT, |it| it.event.as_deref() == Some(name)).await.data["data"].clone()
}

async fn wait_for_received(events: &mut Events, body: &str) -> Value {
    let is_it = |data: &Value| data["data"]["body"] == body;
    let found = events.wait_for(body, LIMIT, |it| it.event.as_deref() == Some("message.received") && is_it(&it.data));
    found.await.data["data"].clone()
}

async fn chats(client: &Client, session: &Session) -> Vec<Value> {
    client.get(&session.path("/chats")).await.expect(200).as_array().expect("a list of chats").clone()
}

/// All that was told so far, as text.
async fn log(client: &Client, session: &Session) -> String {
    let (mut all, mut after) = (String::new(), 0);
    loop {
        let page = client.get(&session.path(&format!("/events?after={after}&limit=1000"))).await.expect(200);
        let events = page["events"].as_array().expect("a list of events");
        if events.is_empty() {
            return all;
        }
        all.push_str(&page.to_string());
        after = page["next"].as_i64().expect("where to go on");
    }
}

/// Neither WhatsApp's own spelling of ids nor a device may be seen outside.
fn is_neutral(text: &str) {
    assert!(!text.contains("s.whatsapp.net"), "{text}");
    for (at, _) in text.match_indices("@lid").chain(text.match_indices("@c.us")) {
        let before = text[..at].trim_end_matches(|it: char| it.is_ascii_digit());
        assert!(!before.ends_with(':'), "a device is named: {}", &text[before.len().saturating_sub(30)..at + 4]);
    }
}

#[tokio::test]
async fn a_hundred_and_fifty_conversations_by_number_and_hidden_id_are_as_many_chats() {
    const PEOPLE: usize = 150;
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (session, own, mut events) = shop(&gateway).await;
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        people.push(sandbox.create_phone(&format!("Person {n}")).await);
    }
    // Every second is met by the hidden id alone at first, all others by both ids.
    let hiding = json!({"kind": "hide-numbers", "number": own.number});
    let write = async |round: &str, hidden: bool| {
        let fault = if hidden { Some(sandbox.add_fault(&hiding).await) } else { None };
        for (n, person) in people.iter().enumerate() {
            if hidden == (n % 2 == 0) || round == "last" {
                sandbox.send_text(person, &own.chat(), &format!("{round} of {n}")).await;
            }
        }
        // What waits for the gateway keeps the form it was sent in.
        if let Some(fault) = fault {
            sandbox.clear_fault(fault).await;
        }
    };
    write("first", true).await;
    write("first", false).await;
    let mut awaited: BTreeSet<_> = (0..PEOPLE).map(|n| format!("first of {n}")).collect();
    while !awaited.is_empty() {
        awaited.remove(&text(&next(&mut events, "message.received").await["body"]));
    }
    // Some are answered, by the id they were met under.
    for (n, person) in people.iter().enumerate().take(6) {
        let chat = if n % 2 == 0 { person.lid.clone() } else { person.chat() };
        session.send_text(&client, &chat, &format!("answer to {n}")).await;
        sandbox.wait_for_text(person, &format!("answer to {n}"), LIMIT).await;
    }
    write("last", false).await;
    let mut awaited: BTreeSet<_> = (0..PEOPLE).map(|n| format!("last of {n}")).collect();
    while !awaited.is_empty() {
        awaited.remove(&text(&next(&mut events, "message.received").await["body"]));
    }

    let chats = chats(&client, &session).await;
    let mut found: Vec<_> = chats.iter().map(|it| text(&it["id"])).collect();
    found.sort();
    let mut expected: Vec<_> = people.iter().map(Phone::chat).collect();
    expected.sort();
    assert_eq!(found, expected);
    let lids: BTreeMap<_, _> = people.iter().map(|it| (it.chat(), it.lid.clone())).collect();
    for chat in &chats {
        assert_eq!(chat["lid"], lids[&text(&chat["id"])].as_str(), "{chat}");
    }
    let mut written: BTreeMap<String, usize> = BTreeMap::new();
    for message in session.messages(&client, "direction=incoming").await {
        let chat = text(&message["chatId"]);
        assert_eq!(format!("{}@c.us", text(&message["senderPhone"])), chat, "{message}");
        assert_eq!(message["senderLid"], lids[&chat].as_str(), "{message}");
        *written.entry(chat).or_default() += 1;
    }
    assert_eq!(written.len(), PEOPLE);
    assert!(written.values().all(|it| *it == 2), "{written:?}");
    for (person, id) in [(&people[0], people[0].lid.clone()), (&people[1], people[1].lid.clone())] {
        let by_lid = session.messages(&client, &format!("chatId={id}&direction=incoming")).await;
        assert_eq!(by_lid, session.messages(&client, &format!("chatId={}&direction=incoming", person.chat())).await);
        assert_eq!(by_lid.len(), 2, "{by_lid:#?}");
    }
    let log = log(&client, &session).await;
    assert_eq!(log.matches("\"contact.merged\"").count(), PEOPLE / 2);
    is_neutral(&log);
}

#[tokio::test]
async fn a_late_number_joins_two_chats_and_is_told() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (session, own, mut events) = shop(&gateway).await;
    let lead = sandbox.create_phone("Lead").await;
    let hiding = sandbox.add_fault(&json!({"kind": "hide-numbers", "number": own.number})).await;
    sandbox.send_text(&lead, &own.chat(), "I saw your advertisement").await;
    let met = wait_for_received(&mut events, "I saw your advertisement").await;
    assert_eq!((met["from"].as_str(), met["isLidSender"].as_bool()), (Some(lead.lid.as_str()), Some(true)), "{met}");
    assert_eq!((met["senderLid"].as_str(), met.get("senderPhone")), (Some(lead.lid.as_str()), None), "{met}");
    sandbox.clear_fault(hiding).await;
    sandbox.send_text(&lead, &own.chat(), "Hello?").await;
    let merged = next(&mut events, "contact.merged").await;
    assert_eq!(merged["contactId"], lead.chat().as_str(), "{merged}");
    assert_eq!((&merged["formerId"], &merged["senderLid"]), (&json!(lead.lid), &json!(lead.lid)), "{merged}");
    assert_eq!((&merged["senderPhone"], &merged["chatMerged"]), (&json!(lead.number), &json!(true)), "{merged}");
    let known = wait_for_received(&mut events, "Hello?").await;
    assert_eq!((known["from"].as_str(), known.get("isLidSender")), (Some(lead.chat().as_str()), None), "{known}");
    let ids: Vec<_> = chats(&client, &session).await.iter().map(|it| text(&it["id"])).collect();
    assert_eq!(ids, [lead.chat()]);

    // Every call takes the hidden id.
    client.post(&session.path("/chats/read"), &json!({"chatId": lead.lid})).await.expect(200);
    assert_eq!(chats(&client, &session).await[0]["unreadCount"], 0);
    let advertised = text(&met["id"]);
    let thanks = json!({"chatId": lead.lid, "messageId": advertised, "emoji": "🙏"});
    client.post(&session.path("/messages/react"), &thanks).await.expect(200);
    sandbox
        .wait_for(&lead, "the reaction", LIMIT, |all| all.iter().find(|it| it["type"] == "reaction").map(drop))
        .await;
    next(&mut events, "message.reaction").await;
    let reply = json!({"chatId": lead.lid, "quotedMessageId": advertised, "text": "Welcome"});
    client.post(&session.path("/messages/reply"), &reply).await.expect(201);
    sandbox.wait_for_text(&lead, "Welcome", LIMIT).await;

    // A reaction names both ids as well.
    let question = session.send_text(&client, &lead.lid, "How can we help?").await;
    sandbox.wait_for_text(&lead, "How can we help?", LIMIT).await;
    let reaction = json!({"chat": own.chat(), "type": "reaction", "target": question, "text": "👍"});
    sandbox.send(&lead, &reaction).await;
    let reacted = next(&mut events, "message.reaction").await;
    assert_eq!((&reacted["senderPhone"], &reacted["senderLid"]), (&json!(lead.number), &json!(lead.lid)), "{reacted}");
    let path = session.path(&format!("/messages/{}/{question}/reactions", lead.lid));
    let reactions = client.get(&path).await.expect(200);
    assert_eq!(reactions[0]["senders"][0]["senderLid"], lead.lid.as_str(), "{reactions}");
    is_neutral(&log(&client, &session).await);
}

#[tokio::test]
async fn a_message_to_a_group_is_delivered_and_read_when_all_have_it_and_read_it() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (session, own, mut events) = shop(&gateway).await;
    let (ana, bob) = (sandbox.create_phone("Ana").await, sandbox.create_phone("Bob").await);
    let group = json!({"name": "Crew", "participants": [own.chat(), bob.chat()]});
    let group = sandbox.client().post(&format!("/sandbox/phones/{}/groups", ana.id), &group).await.expect(201);
    let group = text(&group["id"]);
    // So that the gateway knows the group before it writes to it.
    sandbox.send_text(&ana, &group, "welcome").await;
    wait_for_received(&mut events, "welcome").await;

    sandbox.go_offline(&bob).await;
    let hello = session.send_text(&client, &group, "to all").await;
    sandbox.wait_for_text(&ana, "to all", LIMIT).await;
    sandbox.mark_read(&ana, &group).await;
    // What Ana writes next comes after her receipts.
    sandbox.send_text(&ana, &group, "read it").await;
    wait_for_received(&mut events, "read it").await;
    assert_eq!(session.message(&client, &hello).await["status"], "sent");
    sandbox.go_online(&bob).await;
    wait_for_ack(&mut events, &hello, "delivered").await;
    assert_eq!(session.message(&client, &hello).await["status"], "delivered");
    sandbox.mark_read(&bob, &group).await;
    wait_for_ack(&mut events, &hello, "read").await;
    assert_eq!(session.message(&client, &hello).await["status"], "read");
}

#[tokio::test]
async fn a_send_that_is_refused_after_it_was_accepted_fails_and_limits_the_account() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (session, own, mut events) = shop(&gateway).await;
    let customer = sandbox.create_phone("Customer").await;
    session.send_text(&client, &customer.chat(), "first").await;
    // Nobody has the second one before it is refused.
    sandbox.go_offline(&customer).await;
    let fault = json!({"kind": "nack-later", "number": own.number, "code": 463, "count": 100});
    // More than one, because the phone of the account sends things too.
    let fault = sandbox.add_fault(&fault).await;
    let refused = session.send_text(&client, &customer.chat(), "second").await;
    assert_eq!(session.message(&client, &refused).await["status"], "sent");
    // What was accepted is refused now, because the account may not write to strangers.
    sandbox.add_fault(&json!({"kind": "restrict", "number": own.number})).await;
    sandbox.clear_fault(fault).await;
    let failed = next(&mut events, "message.failed").await;
    assert_eq!((failed["id"].as_str(), failed["code"].as_u64()), (Some(refused.as_str()), Some(463)), "{failed}");
    let limit = next(&mut events, "session.restriction").await;
    assert_eq!((&limit["kind"], &limit["code"]), (&json!("reachout_timelock"), &json!(463)), "{limit}");
    let stored = session.message(&client, &refused).await;
    assert_eq!(stored["status"], "failed", "{stored}");
    assert!(text(&stored["metadata"]["error"]).contains("463"), "{stored}");
    let view = session.view(&client).await;
    assert_eq!(
        (&view["restriction"]["kind"], &view["restriction"]["code"]),
        (&json!("reachout_timelock"), &json!(463))
    );
}

async fn restless(sandbox: &Sandbox, own: &Phone, kinds: &[&str]) {
    for kind in kinds {
        sandbox.add_fault(&json!({"kind": kind, "number": own.number})).await;
    }
}

#[tokio::test]
async fn stanzas_in_disorder_and_twice_change_nothing_in_what_is_kept() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (session, own, mut events) = shop(&gateway).await;
    let customer = sandbox.create_phone("Customer").await;
    sandbox.send_text(&customer, &own.chat(), "hello").await;
    wait_for_received(&mut events, "hello").await;
    restless(&sandbox, &own, &["reorder-stanzas", "duplicate-stanzas"]).await;
    let mut written = Vec::new();
    for n in 0..10 {
        let id = sandbox.send_text(&customer, &own.chat(), &format!("text {n}")).await;
        sandbox
            .send(&customer, &json!({"chat": own.chat(), "type": "edit", "target": id, "text": format!("better {n}")}))
            .await;
        sandbox.send(&customer, &json!({"chat": own.chat(), "type": "reaction", "target": id, "text": "👍"})).await;
        written.push(id);
    }
    sandbox.client().delete("/sandbox/faults").await.expect(204);
    sandbox.send_text(&customer, &own.chat(), "that is all").await;
    let mut changes = 0;
    while changes < 2 * written.len() {
        let changed = |it: &ServerEvent| matches!(it.event.as_deref(), Some("message.reaction" | "message.edited"));
        events.wait_for("an edit or a reaction", LIMIT, changed).await;
        changes += 1;
    }
    for (n, id) in written.iter().enumerate() {
        let message = session.message(&client, id).await;
        assert_eq!(message["body"], format!("better {n}"), "{message}");
    }
    let log = log(&client, &session).await;
    for (kind, count) in [("message.reaction", 10), ("message.edited", 10)] {
        assert_eq!(log.matches(&format!("\"{kind}\"")).count(), count, "{kind}");
    }
}
