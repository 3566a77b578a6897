//! Sending what is neither text nor plain file, and pressing what came in.

use openwa_model::{
    content::{Appointment, Choice, ChoiceForm, ChoiceSection, Choices, Chosen, Detail, EventResponse, Marks, Vote},
    engine::{Responded, Signal, Voted},
    id::MessageId,
    jid::Jid,
    ops::Command,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    described::check_event,
    house::{ADA, House, Link, soon, text_from},
    sends::sent,
};

const GROUP: &str = "120363000000000001@g.us";

async fn receives(link: &Link, id: &str, detail: Detail) {
    let mut message = text_from(ADA, id, "something");
    message.kind = detail.kind();
    message.detail = Some(detail);
    link.say(vec![Signal::Message(Box::new(message))]).await;
}

fn poll(multiple: bool) -> Detail {
    let options = vec!["Now".to_owned(), "Later".to_owned()];
    Detail::Poll { name: "When?".to_owned(), options, multiple, votes: vec![] }
}

async fn events(house: &House, id: &str, kind: &str) -> Vec<Value> {
    let told = house.get(&format!("/api/sessions/{id}/events?types={kind}")).await.good(200);
    let told: Vec<_> = told["events"].as_array().unwrap().iter().map(|it| it["data"].clone()).collect();
    told.iter().for_each(|it| check_event(kind, it));
    told
}

async fn metadata(house: &House, id: &str, message: &str) -> Value {
    let listed = house.get(&format!("/api/sessions/{id}/messages?messageId={message}")).await.good(200);
    assert_eq!(listed["total"], 1, "{listed}");
    listed["messages"][0]["metadata"].clone()
}

#[tokio::test]
async fn each_kind_is_sent_stored_and_told_as_what_it_is() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.receive("3EB0AA", "a question").await;
    for (route, body, kind, field, expected) in [
        (
            "send-location",
            json!({"latitude": 52.5, "longitude": -13.25, "description": "Here", "quotedMessageId": "3EB0AA"}),
            "location",
            "location",
            json!({"latitude": 52.5, "longitude": -13.25, "description": "Here"}),
        ),
        (
            "send-contact",
            json!({"contactName": "Bob", "contactNumber": "+1 555 000-0002", "quotedMessageId": "3EB0AA"}),
            "contact",
            "vcards",
            json!([
                "BEGIN:VCARD\nVERSION:3.0\nN:;Bob;;;\nFN:Bob\nTEL;type=CELL;type=VOICE;waid=15550000002:+15550000002\nEND:VCARD"
            ]),
        ),
        (
            "send-poll",
            json!({"name": "When?", "options": ["Now", "Later"], "quotedMessageId": "3EB0AA"}),
            "poll",
            "poll",
            json!({"name": "When?", "options": ["Now", "Later"], "allowMultipleAnswers": false, "votes": []}),
        ),
        (
            "send-event",
            json!({"name": "Tea", "startTime": 1_800_000_000, "location": {"name": "Pier"}, "quotedMessageId": "3EB0AA"}),
            "unknown",
            "event",
            json!({
                "name": "Tea", "startTime": 1_800_000_000, "location": {"name": "Pier"}, "extraGuestsAllowed": false,
                "isCanceled": false, "responses": [],
            }),
        ),
        (
            "send-buttons",
            json!({"body": "Now?", "buttons": [{"text": "Yes", "id": "y"}, {"text": "No"}], "quotedMessageId": "3EB0AA"}),
            "text",
            "buttons",
            json!([{"id": "y", "text": "Yes"}, {"id": "No", "text": "No"}]),
        ),
        (
            "send-list",
            json!({
                "body": "When?", "button": "Choose", "sections": [{"rows": [{"rowId": "am", "title": "Morning"}]}],
                "quotedMessageId": "3EB0AA",
            }),
            "text",
            "buttons",
            json!([{"id": "am", "text": "Morning"}]),
        ),
    ] {
        let mut body = body;
        body["chatId"] = json!(ADA);
        let answer = house.post(&format!("/api/sessions/{id}/messages/{route}"), body).await.good(201);
        let outgoing = sent(&mut link).await;
        assert_eq!(answer["messageId"], outgoing.id.as_str(), "{route}");
        assert_eq!(outgoing.quoted.map(|it| it.body).as_deref(), Some("a question"), "{route}");
        assert_eq!(outgoing.content.kind().name(), kind, "{route}");
        let metadata = metadata(&house, &id, outgoing.id.as_str()).await;
        assert_eq!(metadata[field], expected, "{route}");
    }
    let told = events(&house, &id, "message.sent").await;
    assert_eq!(told.len(), 6);
    assert_eq!(told[2]["poll"], json!({"name": "When?", "options": ["Now", "Later"], "allowMultipleAnswers": false}));
}

#[tokio::test]
async fn a_product_answers_with_its_own_words() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let body = json!({"chatId": ADA, "productId": "77", "body": "Back in stock"});
    let answer = house.post(&format!("/api/sessions/{id}/messages/send-product"), body).await.good(201);
    let outgoing = sent(&mut link).await;
    assert_eq!(answer["id"], outgoing.id.as_str());
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    let Some(Detail::Product(product)) = outgoing.content.detail() else { panic!("{outgoing:?}") };
    assert_eq!((&*product.id, product.owner.clone()), ("77", Some(Jid::phone("15550000009"))));
}

#[tokio::test]
async fn votes_are_cast_received_and_counted_by_their_texts() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    receives(&link, "3EB0AA", poll(false)).await;
    let path = format!("/api/sessions/{id}/messages/vote-poll");
    let ask = |options: Value| house.post(&path, json!({"chatId": ADA, "pollMessageId": "3EB0AA", "options": options}));
    assert_eq!(ask(json!(["Later"])).await.good(200), json!({"success": true}));
    let Command::VotePoll(asked) = soon("a vote", link.asked.recv()).await.unwrap() else { panic!() };
    assert_eq!((asked.target.id.as_str(), asked.options), ("3EB0AA", vec!["Later".to_owned()]));

    let refused = ask(json!(["Never"])).await;
    refused.failed(400);
    assert_eq!(refused.body["code"], "POLL_OPTION_NOT_FOUND");
    assert_eq!(refused.body["validOptions"], json!(["Now", "Later"]));
    assert_eq!(ask(json!(["Now", "Later"])).await.failed(400), "Only one option can be chosen in this poll");
    link.receive("3EB0BB", "no poll").await;
    let no_poll = json!({"chatId": ADA, "pollMessageId": "3EB0BB", "options": []});
    assert_eq!(house.post(&path, no_poll).await.failed(400), "The message is not a poll");

    let vote = |chosen: &[&str], second: i64| {
        let chosen = chosen.iter().map(|it| Sha256::digest(it).into()).collect();
        let timestamp = openwa_model::Timestamp::from_second(second).unwrap();
        let (chat, voter, target) = (Jid::phone("15550000001"), Jid::phone("15550000001"), MessageId("3EB0AA".into()));
        Signal::Voted(Voted { chat, target, voter, from_me: false, chosen, timestamp })
    };
    link.say(vec![vote(&["Now", "nonsense"], 1_700_000_005), vote(&["Later"], 1_700_000_004)]).await;
    let votes = metadata(&house, &id, "3EB0AA").await["poll"]["votes"].clone();
    assert_eq!(votes.as_array().map(Vec::len), Some(2), "{votes}");
    assert_eq!(votes[0]["options"], json!(["Later"]), "our own");
    assert_eq!(votes[1], json!({"senderId": ADA, "options": ["Now"], "timestamp": 1_700_000_005}));

    link.say(vec![vote(&[], 1_700_000_009)]).await;
    let votes = metadata(&house, &id, "3EB0AA").await["poll"]["votes"].clone();
    assert_eq!(votes.as_array().map(Vec::len), Some(1), "taken back: {votes}");
    let told: Vec<_> = events(&house, &id, "poll.vote").await.iter().map(|it| it["options"].clone()).collect();
    assert_eq!(told, [json!(["Later"]), json!(["Now"]), json!([])]);
}

#[tokio::test]
async fn events_are_answered_and_answers_are_kept() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let appointment = Appointment {
        name: "Tea".to_owned(),
        description: None,
        starts_at: openwa_model::Timestamp::from_second(1_800_000_000).ok(),
        ends_at: None,
        place: None,
        join_link: None,
        takes_guests: false,
        is_canceled: false,
        responses: vec![],
    };
    receives(&link, "3EB0AA", Detail::Event(appointment)).await;
    let path = format!("/api/sessions/{id}/messages/respond-event");
    let body = json!({"chatId": ADA, "messageId": "3EB0AA", "response": "not_going"});
    assert_eq!(house.post(&path, body.clone()).await.good(200), json!({"success": true}));
    let Command::RespondToEvent(asked) = soon("an answer", link.asked.recv()).await.unwrap() else { panic!() };
    assert_eq!(asked.response, EventResponse::NotGoing);
    let with_guests = json!({"chatId": ADA, "messageId": "3EB0AA", "response": "going", "extraGuests": 2});
    assert_eq!(house.post(&path, with_guests).await.failed(400), "Nobody can be brought along to this event");
    link.receive("3EB0BB", "no event").await;
    let no_event = json!({"chatId": ADA, "messageId": "3EB0BB", "response": "going"});
    assert_eq!(house.post(&path, no_event).await.failed(400), "The message is not an event");
    let unclear = json!({"chatId": ADA, "messageId": "3EB0AA", "response": "perhaps"});
    house.post(&path, unclear).await.failed(400);

    link.say(vec![Signal::Responded(Responded {
        chat: Jid::phone("15550000001"),
        target: MessageId("3EB0AA".into()),
        person: Jid::phone("15550000001"),
        from_me: false,
        response: EventResponse::Going,
        extra_guests: 0,
        timestamp: openwa_model::Timestamp::from_second(1_700_000_005).unwrap(),
    })])
    .await;
    let told = events(&house, &id, "event.response").await;
    let answers: Vec<_> = told.iter().map(|it| (it["senderId"].clone(), it["response"].clone())).collect();
    assert_eq!(answers, [(json!("15550000009@c.us"), json!("not_going")), (json!(ADA), json!("going"))]);
    let kept = metadata(&house, &id, "3EB0AA").await["event"]["responses"].clone();
    assert_eq!((kept.as_array().map(Vec::len), &kept[1]["response"]), (Some(2), &json!("going")), "{kept}");
}

#[tokio::test]
async fn a_forwarded_message_carries_what_the_first_one_did() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let mut text = text_from(ADA, "3EB0AA", "pass it on");
    text.marks = Marks { is_forwarded: true, forwarding_score: 4, ..Marks::default() };
    let mut once = text_from(ADA, "3EB0CC", "look");
    once.marks.is_view_once = true;
    link.say(vec![Signal::Message(Box::new(text)), Signal::Message(Box::new(once))]).await;
    let mut polled = poll(true);
    if let Detail::Poll { votes, .. } = &mut polled {
        let at = openwa_model::Timestamp::UNIX_EPOCH;
        votes.push(Vote { voter: Jid::phone("15550000001"), options: vec!["Now".into()], at });
    }
    receives(&link, "3EB0BB", polled).await;
    let path = format!("/api/sessions/{id}/messages/forward");
    let ask = |message: &str| house.post(&path, json!({"fromChatId": ADA, "toChatId": GROUP, "messageId": message}));

    ask("3EB0AA").await.good(201);
    let outgoing = sent(&mut link).await;
    assert_eq!((outgoing.chat.to_string(), outgoing.content.body()), (GROUP.to_owned(), "pass it on"));
    assert_eq!((outgoing.marks.is_forwarded, outgoing.marks.forwarding_score), (true, 127));
    let told = metadata(&house, &id, outgoing.id.as_str()).await;
    assert_eq!((&told["isForwarded"], &told["forwardingScore"]), (&json!(true), &json!(127)));

    ask("3EB0BB").await.good(201);
    let outgoing = sent(&mut link).await;
    assert_eq!(outgoing.content.detail(), Some(&poll(true)), "without its votes");

    // Our own file: each message has its own copy.
    let image = json!({"chatId": ADA, "base64": "aGVsbG8=", "mimetype": "image/png", "caption": "look"});
    let image = house.post(&format!("/api/sessions/{id}/messages/send-image"), image).await.good(201);
    let first = sent(&mut link).await;
    ask(image["messageId"].as_str().unwrap()).await.good(201);
    let second = sent(&mut link).await;
    let (first, second) = (first.content.media().unwrap(), second.content.media().unwrap());
    assert_ne!(first.file, second.file);
    assert_eq!((first.size_bytes, &*second.mimetype), (second.size_bytes, "image/png"));

    assert_eq!(ask("3EB0CC").await.failed(400), "A message that can be opened once cannot be forwarded");
    assert_eq!(ask("3EB0FF").await.failed(404), "Message not found");
}

#[tokio::test]
async fn files_say_how_they_are_shown() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let file = |more: Value| {
        let mut body = json!({"chatId": ADA, "base64": "aGVsbG8=", "mimetype": "video/mp4"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for (route, more, mark) in [
        ("send-video", json!({"gif": true}), "isGif"),
        ("send-video", json!({"asNote": true}), "isVideoNote"),
        ("send-video", json!({"viewOnce": true}), "isViewOnce"),
        ("send-image", json!({"viewOnce": true, "mimetype": "image/png"}), "isViewOnce"),
        ("send-audio", json!({"viewOnce": true, "ptt": true, "mimetype": "audio/ogg"}), "isViewOnce"),
    ] {
        house.post(&format!("/api/sessions/{id}/messages/{route}"), file(more)).await.good(201);
        let outgoing = sent(&mut link).await;
        assert_eq!(metadata(&house, &id, outgoing.id.as_str()).await[mark], true, "{route} {mark}");
    }
    for (route, more, sentence) in [
        ("send-document", json!({"viewOnce": true}), "viewOnce is for pictures, videos and sounds"),
        ("send-image", json!({"gif": true}), "gif and asNote are for videos"),
        ("send-video", json!({"gif": true, "asNote": true}), "A video is shown as a GIF or as a round one, not both"),
        (
            "send-sticker",
            json!({}),
            "Media could not be converted: a sticker is made of a WebP, PNG, JPEG or GIF, and of no more than 16 million pixels",
        ),
    ] {
        let answer = house.post(&format!("/api/sessions/{id}/messages/{route}"), file(more)).await;
        assert_eq!(answer.failed(400), sentence, "{route}");
    }
    assert_eq!(house.kept_files(), 5, "nothing of what was refused stays");
}

#[tokio::test]
async fn everyone_is_mentioned_in_groups_only() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages/send-text");
    house.post(&path, json!({"chatId": GROUP, "text": "hello @all", "mentions": ["@all", ADA]})).await.good(201);
    let outgoing = sent(&mut link).await;
    assert!(outgoing.marks.mentions_everyone);
    assert_eq!(outgoing.mentions, [Jid::phone("15550000001")]);
    let alone = json!({"chatId": ADA, "text": "hello @all", "mentions": ["@all"]});
    assert_eq!(house.post(&path, alone).await.failed(400), "Everyone can be mentioned in a group only");
}

#[tokio::test]
async fn buttons_are_sent_with_an_honest_word_and_pressed() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/messages/send-buttons");
    let mut body = json!({
        "chatId": ADA, "body": "Shall we?", "footer": "The shop",
        "buttons": [{"text": "Yes"}, {"type": "url", "text": "Site", "url": "https://example.org/"}],
    });
    let answer = house.post(&path, body.clone()).await.good(201);
    assert_eq!((&answer["sentAs"], &answer["shownEverywhere"]), (&json!("buttons"), &json!(false)));
    assert!(matches!(sent(&mut link).await.content.detail(), Some(Detail::Choices(_))));
    body["fallback"] = json!(true);
    let answer = house.post(&path, body.clone()).await.good(201);
    assert_eq!((&answer["sentAs"], &answer["shownEverywhere"]), (&json!("text"), &json!(true)));
    let text = "Shall we?\n\n1. Yes\n2. Site: https://example.org/\n\nThe shop";
    assert_eq!(sent(&mut link).await.content.body(), text);
    for (buttons, sentence) in [
        (json!([{"text": "A"}, {"text": "A"}]), "The id 'A' is there twice; each must be its own"),
        (json!([{"text": "A", "type": "url"}]), "The button 'A' needs url"),
        (json!([{"text": "A", "type": "url", "url": "javascript:x"}]), "url must begin with http:// or https://"),
        (json!([]), "buttons must contain at least 1 elements"),
    ] {
        body["buttons"] = buttons;
        assert_eq!(house.post(&path, body.clone()).await.failed(400), sentence);
    }

    for (message, form) in [("3EB0AA", ChoiceForm::Buttons), ("3EB0BB", ChoiceForm::List)] {
        let choice =
            |id: &str| Choice { id: id.into(), text: format!("text of {id}"), description: None, action: None };
        let sections = vec![ChoiceSection { title: None, choices: vec![choice("a"), choice("b")] }];
        let choices = Choices { form, header: None, footer: None, opener: None, sections };
        receives(&link, message, Detail::Choices(choices)).await;
        let click = json!({"chatId": ADA, "messageId": message, "buttonId": "b"});
        let path = format!("/api/sessions/{id}/messages/click-button");
        house.post(&path, click).await.good(201);
        let outgoing = sent(&mut link).await;
        let expected = Detail::Chosen(Chosen { form, id: "b".into(), text: "text of b".into() });
        assert_eq!(outgoing.content.detail(), Some(&expected));
        assert_eq!(outgoing.quoted.map(|it| it.id.0).as_deref(), Some(message));
        let wrong = json!({"chatId": ADA, "messageId": message, "buttonId": "c"});
        assert_eq!(house.post(&path, wrong).await.failed(400), "The message has no button 'c'; it has: a, b");
    }
}

#[tokio::test]
async fn what_does_not_read_is_refused() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    for (route, body, sentence) in [
        ("send-location", json!({"latitude": 91, "longitude": 0}), "latitude must not be greater than 90"),
        ("send-location", json!({"latitude": 0, "longitude": "x"}), "longitude must be a number"),
        (
            "send-contact",
            json!({"contactName": "Bob", "contactNumber": "call me"}),
            "contactNumber must be a phone number with its country code",
        ),
        ("send-poll", json!({"name": "?", "options": ["A"]}), "options must contain at least 2 elements"),
        ("send-poll", json!({"name": "?", "options": ["A", "A"]}), "All options's elements must be unique"),
        (
            "send-poll",
            json!({"name": "?", "options": ["A", "x".repeat(101)]}),
            "each value in options must have 1 to 100 characters",
        ),
        ("send-event", json!({"name": "Tea", "startTime": 10, "endTime": 5}), "endTime must not be before startTime"),
        ("send-product", json!({"productId": ""}), "productId should not be empty"),
        ("send-list", json!({"body": "x", "button": "y", "sections": []}), "sections must contain at least 1 elements"),
        ("click-button", json!({"messageId": "3EB0AA", "buttonId": ""}), "buttonId should not be empty"),
        ("send-location", json!({"latitude": 1, "longitude": 1, "colour": "red"}), "property colour should not exist"),
    ] {
        let mut body = body;
        body["chatId"] = json!(ADA);
        let answer = house.post(&format!("/api/sessions/{id}/messages/{route}"), body).await;
        assert_eq!(answer.failed(400), sentence, "{route}");
    }
    let messages = house.get(&format!("/api/sessions/{id}/messages")).await.good(200);
    assert_eq!(messages["total"], 0, "nothing was half-written");
}

/// A picture of one dot.
const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";

/// Each route that sends, with a body that it takes once `3EB0AA` came in.
fn sends() -> Vec<(&'static str, Value)> {
    let to_ada = |route, body: Value| {
        let mut body = body;
        body["chatId"] = json!(ADA);
        (route, body)
    };
    vec![
        to_ada("send-sticker", json!({"base64": DOT})),
        to_ada("send-location", json!({"latitude": 1, "longitude": 1})),
        to_ada("send-contact", json!({"contactName": "Bob", "contactNumber": "15550000002"})),
        to_ada("send-poll", json!({"name": "?", "options": ["A", "B"]})),
        to_ada("send-event", json!({"name": "Tea", "startTime": 5})),
        to_ada("send-buttons", json!({"body": "?", "buttons": [{"text": "A"}]})),
        to_ada("send-list", json!({"body": "?", "button": "B", "sections": [{"rows": [{"title": "A"}]}]})),
        to_ada("send-product", json!({"productId": "77"})),
        ("forward", json!({"fromChatId": ADA, "toChatId": GROUP, "messageId": "3EB0AA"})),
    ]
}

/// Those that answer to a message that came in.
fn answers() -> Vec<(&'static str, Value)> {
    vec![
        ("vote-poll", json!({"chatId": ADA, "pollMessageId": "3EB0AA", "options": []})),
        ("respond-event", json!({"chatId": ADA, "messageId": "3EB0AA", "response": "going"})),
        ("click-button", json!({"chatId": ADA, "messageId": "3EB0AA", "buttonId": "y"})),
    ]
}

#[tokio::test]
async fn without_a_session_or_outside_of_a_keys_chats_nothing_is_sent() {
    const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let wanted = json!({"name": "bob only", "role": "operator", "allowedChats": ["15550000002@c.us"]});
    let key = house.key(wanted).await;
    let viewer = house.key(json!({"name": "looks", "role": "viewer"})).await;
    for (route, body) in sends().into_iter().chain(answers()) {
        let answer = house.post(&format!("/api/sessions/{NOBODY}/messages/{route}"), body.clone()).await;
        assert_eq!(answer.failed(404), format!("Session with id '{NOBODY}' not found"), "{route}");
        let path = format!("/api/sessions/{id}/messages/{route}");
        let request = house.bare("POST", &path).header("X-API-Key", &key).json(&body);
        let answer = house.answer(request).await;
        assert_eq!(answer.failed(403), "API key not authorized for this chat", "{route}");
        let request = house.bare("POST", &path).header("X-API-Key", &viewer).json(&body);
        assert_eq!(house.answer(request).await.failed(403), "Insufficient permissions. Required: operator", "{route}");
    }
}

#[tokio::test]
async fn each_route_of_the_contract_takes_effect_once() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.receive("3EB0AA", "hm").await;
    for (route, body) in sends() {
        let path = format!("/api/sessions/{id}/messages/{route}");
        let ask =
            async || house.answer(house.request("POST", &path).header("Idempotency-Key", route).json(&body)).await;
        let first = ask().await.good(201);
        sent(&mut link).await;
        let second = ask().await;
        assert_eq!(second.header("idempotent-replayed"), Some("true"), "{route}");
        assert_eq!(second.good(201), first, "{route}");
        assert!(link.asked.try_recv().is_err(), "{route}: nothing was sent again");
    }
}
