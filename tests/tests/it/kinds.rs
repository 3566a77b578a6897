//! Every kind of message, out to a phone and in from it: seen at the phone, told by an event, kept in the list.

use openwa_testkit::{
    client::{Client, Events},
    gateway::{Gateway, Setup},
    sandbox::{Phone, Sandbox},
};
use serde_json::{Value, json};

use crate::story::{LIMIT, Session, text};

/// A shop's session, and a customer with a phone.
struct Shop {
    _gateway: Gateway,
    client: Client,
    sandbox: Sandbox,
    session: Session,
    events: Events,
    own: Phone,
    customer: Phone,
}

impl Shop {
    async fn open() -> Self {
        let gateway = Setup::with_sandbox_inside().start().await;
        let (client, sandbox) = (gateway.client(), gateway.sandbox());
        let own = sandbox.create_phone("Shop").await;
        let customer = sandbox.create_phone("Customer").await;
        let session = Session::link(&client, &sandbox, "shop", &own).await;
        let events = session.follow(&client).await;
        Self { _gateway: gateway, client, sandbox, session, events, own, customer }
    }

    /// Sends by this route to the customer; the customer's phone shows it.
    async fn sends(&self, route: &str, mut body: Value) -> Value {
        body["chatId"] = json!(self.customer.chat());
        let path = self.session.path(&format!("/messages/{route}"));
        let answer = self.client.post(&path, &body).await.expect(201);
        self.sandbox.wait_for_message(&self.customer, &text(&answer["messageId"]), LIMIT).await
    }

    /// What answers this message, on the customer's phone: what that phone itself answered to others is there, too.
    async fn answers(&self, target: &str) -> Value {
        let answer = |all: &[Value]| all.iter().find(|it| it["target"] == target).cloned();
        self.sandbox.wait_for(&self.customer, &format!("an answer to {target}"), LIMIT, answer).await
    }

    /// The customer's phone sends this; the event that tells of it.
    async fn receives(&mut self, mut message: Value) -> Value {
        message["chat"] = json!(self.own.chat());
        let id = text(&self.sandbox.send(&self.customer, &message).await["id"]);
        self.told("message.received", "id", &id).await
    }

    /// The data of the event in which a field has this value.
    async fn told(&mut self, event: &str, field: &str, value: &str) -> Value {
        let what = format!("{event} of {value}");
        let heard = self
            .events
            .wait_for(&what, LIMIT, |it| it.event.as_deref() == Some(event) && it.data["data"][field] == value)
            .await;
        heard.data["data"].clone()
    }

    async fn kept(&self, id: &str) -> Value {
        self.session.message(&self.client, id).await
    }
}

#[tokio::test]
async fn places_and_cards_go_both_ways() {
    let mut shop = Shop::open().await;
    let place = json!({"latitude": 52.5163, "longitude": 13.3777, "description": "The shop", "address": "Quay 1"});
    let seen = shop.sends("send-location", place).await;
    assert_eq!(seen["type"], "location");
    assert_eq!((&seen["location"]["latitude"], &seen["location"]["name"]), (&json!(52.5163), &json!("The shop")));
    assert_eq!(seen["location"]["address"], "Quay 1");

    let card = json!({"contactName": "Ada, of course", "contactNumber": "+1 555 000 0077"});
    let seen = shop.sends("send-contact", card).await;
    assert_eq!((seen["type"].as_str(), &seen["contacts"][0]["name"]), (Some("contact"), &json!("Ada, of course")));
    assert!(text(&seen["contacts"][0]["vcard"]).contains("waid=15550000077:+15550000077"), "{seen}");

    let place = json!({"type": "location", "location": {"latitude": 1.5, "longitude": -2.5, "name": "Pier"}});
    let told = shop.receives(place).await;
    assert_eq!((told["type"].as_str(), &told["location"]["longitude"]), (Some("location"), &json!(-2.5)));
    assert_eq!(shop.kept(&text(&told["id"])).await["metadata"]["location"]["description"], "Pier");

    let vcard = "BEGIN:VCARD\nVERSION:3.0\nFN:Bob\nEND:VCARD";
    let told = shop.receives(json!({"type": "contact", "contacts": [{"name": "Bob", "vcard": vcard}]})).await;
    assert_eq!((told["type"].as_str(), &told["vcards"]), (Some("contact"), &json!([vcard])));
}

#[tokio::test]
async fn a_poll_is_voted_in_from_both_sides() {
    let mut shop = Shop::open().await;
    let seen = shop.sends("send-poll", json!({"name": "When?", "options": ["Today", "Tomorrow"]})).await;
    let own = text(&seen["id"]);
    assert_eq!(seen["poll"], json!({"question": "When?", "options": ["Today", "Tomorrow"], "selectable": 1}));

    // The customer votes, and thinks again.
    for chosen in [&["Today"][..], &["Tomorrow"][..]] {
        shop.sandbox.vote(&shop.customer, &shop.own.chat(), &own, chosen).await;
        let told = shop.told("poll.vote", "messageId", &own).await;
        assert_eq!((&told["options"], told["fromMe"].as_bool()), (&json!(chosen), Some(false)), "{told}");
        assert_eq!(told["senderId"], shop.customer.chat());
        let votes = shop.kept(&own).await["metadata"]["poll"]["votes"].clone();
        assert_eq!((votes.as_array().map(Vec::len), &votes[0]["options"]), (Some(1), &json!(chosen)), "{votes}");
    }

    // The customer asks, the shop votes.
    let poll = json!({"question": "Which?", "options": ["Tea", "Cake", "Both"], "selectable": 0});
    let told = shop.receives(json!({"type": "poll", "poll": poll})).await;
    let theirs = text(&told["id"]);
    let expected = json!({"name": "Which?", "options": ["Tea", "Cake", "Both"], "allowMultipleAnswers": true});
    assert_eq!((told["type"].as_str(), &told["poll"]), (Some("poll"), &expected));
    let path = shop.session.path("/messages/vote-poll");
    let vote = |options: Value| json!({"chatId": shop.customer.chat(), "pollMessageId": theirs, "options": options});
    let done = shop.client.post(&path, &vote(json!(["Tea", "Cake"]))).await.expect(200);
    assert_eq!(done, json!({"success": true}));
    let seen = shop.answers(&theirs).await;
    assert_eq!((&seen["type"], &seen["options"]), (&json!("poll-vote"), &json!(["Tea", "Cake"])), "{seen}");
    let votes = shop.kept(&theirs).await["metadata"]["poll"]["votes"].clone();
    assert_eq!(votes[0]["senderId"], shop.own.chat());

    let refused = shop.client.post(&path, &vote(json!(["Nothing"]))).await.expect(400);
    assert_eq!(refused["code"], "POLL_OPTION_NOT_FOUND");
    assert_eq!(refused["validOptions"], json!(["Tea", "Cake", "Both"]));
}

#[tokio::test]
async fn a_vote_in_a_group_is_counted_too() {
    let mut shop = Shop::open().await;
    let group = shop.sandbox.create_group(&shop.customer, "Regulars", &[&shop.own.number]).await;
    let poll = json!({"chatId": group, "name": "Where?", "options": ["Here", "There"]});
    let sent = shop.client.post(&shop.session.path("/messages/send-poll"), &poll).await.expect(201);
    let id = text(&sent["messageId"]);
    shop.sandbox.wait_for_message(&shop.customer, &id, LIMIT).await;
    shop.sandbox.vote(&shop.customer, &group, &id, &["There"]).await;
    let told = shop.told("poll.vote", "messageId", &id).await;
    assert_eq!((&told["options"], &told["chatId"]), (&json!(["There"]), &json!(group)), "{told}");
    assert_eq!((told["isGroup"].as_bool(), &told["senderId"]), (Some(true), &json!(shop.customer.chat())), "{told}");

    let everyone = json!({"chatId": group, "text": "hello @all", "mentions": ["@all"]});
    let sent = shop.client.post(&shop.session.path("/messages/send-text"), &everyone).await.expect(201);
    let seen = shop.sandbox.wait_for_message(&shop.customer, &text(&sent["messageId"]), LIMIT).await;
    let mentioned = [shop.customer.chat(), format!("{}@lid", shop.customer.lid)];
    let mentions = seen["mentions"].as_array().expect("those mentioned");
    assert!(mentions.iter().any(|it| mentioned.iter().any(|id| it == id)), "{seen}");
}

#[tokio::test]
async fn a_message_is_forwarded_with_what_it_carried() {
    let mut shop = Shop::open().await;
    let friend = shop.sandbox.create_phone("Friend").await;
    let text_in = shop.receives(json!({"text": "Pass it on", "forwardingScore": 2})).await;
    assert_eq!((&text_in["isForwarded"], &text_in["forwardingScore"]), (&json!(true), &json!(2)), "{text_in}");
    let picture = json!({
        "type": "image", "media": {"mimetype": "image/png", "data": "aGVsbG8="}, "text": "Look",
    });
    let image_in = shop.receives(picture).await;
    let poll = json!({"question": "When?", "options": ["Now", "Later"], "selectable": 1});
    let poll_in = shop.receives(json!({"type": "poll", "poll": poll})).await;
    for (message, kind, score) in [(&text_in, "text", 3), (&image_in, "image", 0), (&poll_in, "poll", 0)] {
        let body = json!({"fromChatId": shop.customer.chat(), "toChatId": friend.chat(), "messageId": message["id"]});
        let sent = shop.client.post(&shop.session.path("/messages/forward"), &body).await.expect(201);
        let id = text(&sent["messageId"]);
        let seen = shop.sandbox.wait_for_message(&friend, &id, LIMIT).await;
        assert_eq!((seen["type"].as_str(), &seen["forwardingScore"]), (Some(kind), &json!(score)), "{seen}");
        assert_eq!(shop.kept(&id).await["metadata"]["isForwarded"], true);
        match kind {
            "text" => assert_eq!(seen["text"], "Pass it on"),
            "image" => assert_eq!((&seen["text"], &seen["media"]["data"]), (&json!("Look"), &json!("aGVsbG8="))),
            _ => assert_eq!(seen["poll"]["options"], json!(["Now", "Later"])),
        }
    }
}

#[tokio::test]
async fn files_are_shown_the_way_they_were_meant() {
    let mut shop = Shop::open().await;
    // A picture of one dot becomes a sticker.
    let dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==";
    let seen = shop.sends("send-sticker", json!({"base64": dot})).await;
    assert_eq!((seen["type"].as_str(), &seen["media"]["mimetype"]), (Some("sticker"), &json!("image/webp")));
    assert_eq!((&seen["media"]["width"], &seen["media"]["height"]), (&json!(512), &json!(512)), "{seen}");

    let video = |more: Value| {
        let mut body = json!({"base64": "aGVsbG8=", "mimetype": "video/mp4"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    assert_eq!(shop.sends("send-video", video(json!({"gif": true}))).await["type"], "gif");
    assert_eq!(shop.sends("send-video", video(json!({"asNote": true}))).await["type"], "video-note");
    for (route, more) in [
        ("send-video", json!({})),
        ("send-image", json!({"mimetype": "image/png"})),
        ("send-audio", json!({"mimetype": "audio/ogg; codecs=opus", "ptt": true})),
    ] {
        let mut body = video(more);
        body["viewOnce"] = json!(true);
        assert_eq!(shop.sends(route, body).await["viewOnce"], true, "{route}");
    }

    for (kind, mimetype, mark, told_as) in [
        ("gif", "video/mp4", "isGif", "video"),
        ("video-note", "video/mp4", "isVideoNote", "video"),
        ("sticker", "image/webp", "", "sticker"),
    ] {
        let told = shop.receives(json!({"type": kind, "media": {"mimetype": mimetype, "data": "aGVsbG8="}})).await;
        assert_eq!(told["type"], told_as, "{told}");
        assert!(mark.is_empty() || told[mark] == true, "{told}");
        assert_eq!(told["media"]["data"], "aGVsbG8=", "{told}");
    }
    let media = json!({"mimetype": "image/png", "data": "aGVsbG8="});
    let told = shop.receives(json!({"type": "image", "media": media, "viewOnce": true})).await;
    assert_eq!(told["isViewOnce"], true, "{told}");
    assert_eq!(shop.kept(&text(&told["id"])).await["metadata"]["isViewOnce"], true);
}

#[tokio::test]
async fn an_event_is_answered_from_both_sides() {
    let mut shop = Shop::open().await;
    let event = json!({
        "name": "Tasting", "description": "with cake", "startTime": 1_900_000_000, "location": {"name": "The shop"},
        "extraGuestsAllowed": true,
    });
    let seen = shop.sends("send-event", event).await;
    let own = text(&seen["id"]);
    assert_eq!((&seen["event"]["name"], &seen["event"]["startTime"]), (&json!("Tasting"), &json!(1_900_000_000)));
    shop.sandbox.respond_to_event(&shop.customer, &shop.own.chat(), &own, "going").await;
    let told = shop.told("event.response", "messageId", &own).await;
    assert_eq!((&told["response"], &told["senderId"]), (&json!("going"), &json!(shop.customer.chat())), "{told}");
    assert_eq!(shop.kept(&own).await["metadata"]["event"]["responses"][0]["response"], "going");

    let told = shop.receives(json!({"type": "event", "event": {"name": "Party", "startTime": 1_900_000_000}})).await;
    let theirs = text(&told["id"]);
    assert_eq!((&told["event"]["name"], &told["body"]), (&json!("Party"), &json!("Party")), "{told}");
    let answer = json!({"chatId": shop.customer.chat(), "messageId": theirs, "response": "not_going"});
    shop.client.post(&shop.session.path("/messages/respond-event"), &answer).await.expect(200);
    let seen = shop.answers(&theirs).await;
    assert_eq!((&seen["type"], &seen["response"]), (&json!("event-response"), &json!("not-going")), "{seen}");
}

#[tokio::test]
async fn buttons_and_lists_are_sent_read_and_pressed() {
    let mut shop = Shop::open().await;
    let buttons = json!({"body": "Shall we?", "buttons": [{"text": "Yes", "id": "y"}, {"text": "No", "id": "n"}]});
    let seen = shop.sends("send-buttons", buttons.clone()).await;
    assert_eq!((&seen["type"], &seen["buttons"]["form"]), (&json!("buttons"), &json!("interactive")), "{seen}");
    let pressed = json!({"type": "interactive-reply", "target": seen["id"], "reply": {"id": "y", "text": "Yes"}});
    let told = shop.receives(pressed).await;
    assert_eq!((&told["button"], &told["body"]), (&json!({"id": "y", "text": "Yes"}), &json!("Yes")), "{told}");
    assert_eq!(told["quotedMessage"]["id"], seen["id"]);

    let mut as_text = buttons;
    as_text["fallback"] = json!(true);
    let seen = shop.sends("send-buttons", as_text).await;
    assert_eq!((seen["type"].as_str(), seen["text"].as_str()), (Some("text"), Some("Shall we?\n\n1. Yes\n2. No")));

    let list = json!({
        "body": "When?", "button": "Choose", "sections": [{"title": "Today", "rows": [{"rowId": "am", "title": "Morning"}]}],
    });
    let seen = shop.sends("send-list", list).await;
    assert_eq!(seen["type"], "list", "{seen}");

    // What others send, pressed here.
    let offered = json!({"text": "Tea?", "buttons": [{"id": "a", "text": "Green"}, {"id": "b", "text": "Black"}]});
    let told = shop.receives(json!({"type": "buttons", "buttons": offered})).await;
    assert_eq!((told["type"].as_str(), &told["buttons"][1]), (Some("text"), &json!({"id": "b", "text": "Black"})));
    let seen = shop.sends("click-button", json!({"messageId": told["id"], "buttonId": "b"})).await;
    assert_eq!((seen["type"].as_str(), &seen["reply"]["id"]), (Some("button-reply"), &json!("b")), "{seen}");
    let rows = json!([{"title": "Cake", "rows": [{"id": "c", "title": "Carrot"}]}]);
    let list = json!({"text": "Cake?", "button": "Open", "sections": rows});
    let told = shop.receives(json!({"type": "list", "list": list})).await;
    assert_eq!(told["buttons"], json!([{"id": "c", "text": "Carrot"}]), "{told}");
    let seen = shop.sends("click-button", json!({"messageId": told["id"], "buttonId": "c"})).await;
    assert_eq!((seen["type"].as_str(), &seen["reply"]["id"]), (Some("list-reply"), &json!("c")), "{seen}");
}

#[tokio::test]
async fn products_go_both_ways() {
    let mut shop = Shop::open().await;
    let body = json!({"chatId": shop.customer.chat(), "productId": "77", "body": "Back in stock"});
    let sent = shop.client.post(&shop.session.path("/messages/send-product"), &body).await.expect(201);
    let seen = shop.sandbox.wait_for_message(&shop.customer, &text(&sent["id"]), LIMIT).await;
    assert_eq!((seen["type"].as_str(), &seen["product"]["id"]), (Some("product"), &json!("77")), "{seen}");
    let product =
        json!({"id": "88", "business": shop.customer.number, "title": "Tea", "price": 4500, "currency": "EUR"});
    let told = shop.receives(json!({"type": "product", "product": product})).await;
    assert_eq!((told["type"].as_str(), &told["product"]["productId"]), (Some("product"), &json!("88")), "{told}");
    assert_eq!((&told["product"]["title"], &told["body"]), (&json!("Tea"), &json!("Tea")), "{told}");
}
