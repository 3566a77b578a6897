//! Every kind of message over the control API: what one phone sends, the other shows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::*;

/// Two phones and what they have said so far.
struct Talk {
    served: Served,
    anna: String,
    bert: String,
    anna_number: String,
    bert_number: String,
    seen: u64,
}

impl Talk {
    async fn begin() -> Self {
        let served = serve(sandbox().await).await;
        let (anna, anna_view) = served.phone("anna").await;
        let (bert, bert_view) = served.phone("bert").await;
        let number = |view: &Value| view["number"].as_str().unwrap().to_owned();
        let (anna_number, bert_number) = (number(&anna_view), number(&bert_view));
        Self { served, anna, bert, anna_number, bert_number, seen: 0 }
    }

    /// Anna sends it to Bert. Gives what she sent and what he saw.
    async fn say(&mut self, mut message: Value) -> (Value, Value) {
        message["chat"] = self.bert_number.as_str().into();
        let sent = self.served.post(&format!("{}/messages", self.anna), message).await;
        let seen = self.next().await;
        assert_eq!(seen["id"], sent["id"]);
        (sent, seen)
    }

    /// The next message that Bert has.
    async fn next(&mut self) -> Value {
        let path = format!("{}/messages?limit=1&wait=20000&after={}", self.bert, self.seen);
        let mut page = self.served.get(&path).await;
        let seen = page[0].take();
        self.seen = seen["sequence"].as_u64().expect("no message came");
        seen
    }

    /// Bert answers. Gives what Anna has of it.
    async fn answer(&mut self, mut message: Value) -> Value {
        message["chat"] = self.anna_number.as_str().into();
        let sent = self.served.post(&format!("{}/messages", self.bert), message).await;
        self.seen = sent["sequence"].as_u64().unwrap();
        let id = sent["id"].as_str().unwrap();
        self.served.get(&format!("{}/messages/{id}?status=delivered&wait=20000", self.anna)).await
    }
}

#[track_caller]
fn assert_has(seen: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(seen[name], *value, "{name} of {seen:#}");
    }
}

#[tokio::test]
async fn what_is_said_is_seen_with_all_its_parts() {
    let mut talk = Talk::begin().await;
    let place = json!({"latitude": 52.5, "longitude": 13.4, "name": "Gate", "address": "Square 1", "accuracy": 7});
    let list = json!({
        "title": "Menu", "text": "What will it be?", "button": "Choose", "footer": "until noon",
        "sections": [{"title": "Soups", "rows": [{"id": "s1", "title": "Leek", "description": "hot"}]}],
    });
    let buttons = json!({"text": "Coming?", "footer": "please", "buttons": [{"id": "y", "text": "Yes"}]});
    let with_form = |value: &Value, form: &str| {
        let mut value = value.clone();
        value["form"] = form.into();
        value
    };
    let cases = [
        json!({"type": "text", "text": "see http://a.test", "linkPreview": {"url": "http://a.test", "title": "A"}}),
        json!({"type": "text", "text": "again", "forwardingScore": 4, "expiration": 86400}),
        json!({"type": "text", "text": "for the first time", "forwardingScore": 0}),
        json!({"type": "text", "text": "@all", "mentionsAll": true}),
        json!({"type": "event", "event": {
            "name": "Lunch", "description": "soup", "startTime": 1_900_000_000, "endTime": 1_900_003_600,
            "location": place, "joinLink": "https://call.test/x", "isCanceled": false,
        }}),
        json!({"type": "location", "location": place}),
        json!({"type": "live-location", "text": "on my way", "location": {"latitude": 1.5, "longitude": 2.5, "speed": 1.25}}),
        json!({"type": "buttons", "buttons": with_form(&buttons, "classic")}),
        json!({"type": "buttons", "buttons": with_form(&buttons, "interactive")}),
        json!({"type": "buttons", "buttons": with_form(&buttons, "template")}),
        json!({"type": "list", "list": with_form(&list, "classic")}),
        json!({"type": "list", "list": with_form(&list, "interactive")}),
        json!({"type": "product", "product": {
            "id": "p1", "business": "15550009999@s.whatsapp.net", "title": "Cup", "description": "blue",
            "price": 12_500, "currency": "EUR", "url": "https://shop.test/p1",
        }}),
        json!({"type": "group-invite", "invite": {"group": "120363000000000001@g.us", "code": "abc", "name": "Lunch"}}),
    ];
    for case in cases {
        let (sent, seen) = talk.say(case.clone()).await;
        assert_has(&seen, &case);
        assert_has(&sent, &case);
    }
    let mentioned = json!({"type": "text", "text": "hello @bert", "mentions": [talk.bert_number]});
    let (_, seen) = talk.say(mentioned).await;
    assert_eq!(seen["mentions"], json!([format!("{}@c.us", talk.bert_number)]));
    let cards = json!({"type": "contact", "contacts": [{"name": "carl", "number": "+4915100000003"}]});
    let (_, seen) = talk.say(cards).await;
    assert!(seen["contacts"][0]["vcard"].as_str().unwrap().contains("waid=4915100000003"));
}

#[tokio::test]
async fn files_keep_their_kind_and_their_traits() {
    let mut talk = Talk::begin().await;
    let kinds = [
        ("gif", "video/mp4", json!({"seconds": 3, "width": 320, "height": 240})),
        ("video-note", "video/mp4", json!({"seconds": 5})),
        ("voice", "audio/ogg; codecs=opus", json!({"seconds": 9})),
        ("sticker", "image/webp", json!({"width": 512, "height": 512, "animated": true})),
    ];
    for (kind, mimetype, traits) in kinds {
        let mut media = traits.clone();
        media["mimetype"] = mimetype.into();
        media["data"] = STANDARD.encode(b"the file").into();
        let (_, seen) = talk.say(json!({"type": kind, "media": media})).await;
        assert_eq!(seen["type"], kind);
        assert_eq!(seen["media"]["mimetype"], mimetype);
        assert_eq!(seen["media"]["problem"], Value::Null);
        assert_has(&seen["media"], &traits);
    }
    for (kind, mimetype) in [("image", "image/png"), ("video", "video/mp4"), ("voice", "audio/ogg; codecs=opus")] {
        let media = json!({"mimetype": mimetype, "data": STANDARD.encode(b"once")});
        let (_, seen) = talk.say(json!({"type": kind, "media": media, "viewOnce": true})).await;
        assert_has(&seen, &json!({"type": kind, "viewOnce": true}));
        assert_eq!(seen["media"]["problem"], Value::Null);
    }
}

#[tokio::test]
async fn votes_answers_and_edits_are_opened_by_who_has_the_message() {
    let mut talk = Talk::begin().await;
    let poll = json!({"question": "When?", "options": ["now", "later", "never"], "selectable": 0});
    let (poll, _) = talk.say(json!({"type": "poll", "poll": poll})).await;
    let vote = json!({"type": "poll-vote", "target": poll["id"], "options": ["later", "now"]});
    let seen = talk.answer(vote).await;
    assert_has(&seen, &json!({"type": "poll-vote", "target": poll["id"], "options": ["now", "later"]}));
    let taken_back = talk.answer(json!({"type": "poll-vote", "target": poll["id"], "options": []})).await;
    assert_eq!(taken_back["options"], json!([]));

    let event = json!({"name": "Lunch", "startTime": 1_900_000_000});
    let (event, _) = talk.say(json!({"type": "event", "event": event})).await;
    let answer = json!({"type": "event-response", "target": event["id"], "response": "going", "guests": 2});
    let seen = talk.answer(answer.clone()).await;
    assert_has(&seen, &answer);

    let (text, _) = talk.say(json!({"text": "helo"})).await;
    let (_, seen) = talk.say(json!({"type": "edit", "target": text["id"], "text": "hello", "encrypted": true})).await;
    assert_has(&seen, &json!({"type": "edit", "target": text["id"], "text": "hello", "encrypted": true}));
    let (_, seen) = talk.say(json!({"type": "edit", "target": text["id"], "text": "hello!"})).await;
    assert_has(&seen, &json!({"text": "hello!", "encrypted": Value::Null}));
    let (_, seen) = talk.say(json!({"type": "pin", "target": text["id"], "pin": true, "seconds": 604_800})).await;
    assert_has(&seen, &json!({"target": text["id"], "pin": true, "seconds": 604_800}));
}

#[tokio::test]
async fn what_is_chosen_names_and_quotes_what_was_asked() {
    let mut talk = Talk::begin().await;
    let buttons = json!({"text": "Coming?", "buttons": [{"id": "y", "text": "Yes"}]});
    let (asked, _) = talk.say(json!({"type": "buttons", "buttons": buttons})).await;
    for kind in ["button-reply", "list-reply", "template-reply", "interactive-reply"] {
        let reply = json!({"type": kind, "target": asked["id"], "reply": {"id": "y", "text": "Yes"}});
        let seen = talk.answer(reply.clone()).await;
        assert_has(&seen, &reply);
        assert_has(&seen, &json!({"quoted": asked["id"], "quotedText": "Coming?"}));
    }
}

#[tokio::test]
async fn who_has_read_and_played_is_told() {
    let mut talk = Talk::begin().await;
    let media = json!({"mimetype": "audio/ogg; codecs=opus", "data": STANDARD.encode(b"voice")});
    let (sent, _) = talk.say(json!({"type": "voice", "media": media})).await;
    let id = sent["id"].as_str().unwrap();
    let read = format!("{}/read", talk.bert);
    let played = json!({"chat": talk.anna_number, "messageIds": [id], "played": true});
    assert_eq!(talk.served.post(&read, played).await["read"], 1);
    let seen = talk.served.get(&format!("{}/messages/{id}?status=played&wait=20000", talk.anna)).await;
    let bert = json!([format!("{}@c.us", talk.bert_number)]);
    assert_has(&seen, &json!({"status": "played", "deliveredTo": bert, "readBy": bert, "playedBy": bert}));
}

#[tokio::test]
async fn a_status_reaches_its_audience_and_nobody_else() {
    let mut talk = Talk::begin().await;
    let (_, carl) = talk.served.phone("carl").await;
    let status = json!({"chat": "status@broadcast", "text": "good morning", "audience": [talk.bert_number]});
    let sent = talk.served.post(&format!("{}/messages", talk.anna), status).await;
    let seen = talk.next().await;
    assert_has(&seen, &json!({"id": sent["id"], "chat": "status@broadcast", "text": "good morning"}));
    assert_eq!(seen["from"], format!("{}@c.us", talk.anna_number));
    let read = json!({"chat": "status@broadcast", "messageIds": [sent["id"]]});
    assert_eq!(talk.served.post(&format!("{}/read", talk.bert), read).await["read"], 1);
    let id = sent["id"].as_str().unwrap();
    let sent = talk.served.get(&format!("{}/messages/{id}?status=read&wait=20000", talk.anna)).await;
    assert_eq!(sent["readBy"], json!([format!("{}@c.us", talk.bert_number)]));
    // A second one, to whom has the key already.
    let again = json!({"chat": "status@broadcast", "text": "lunch", "audience": [talk.bert_number]});
    talk.served.post(&format!("{}/messages", talk.anna), again).await;
    assert_has(&talk.next().await, &json!({"text": "lunch"}));
    let carl = talk.served.get(&format!("/phones/{}/messages", carl["id"].as_str().unwrap())).await;
    assert_eq!(carl, json!([]));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let mut talk = Talk::begin().await;
    let poll = json!({"question": "When?", "options": ["now", "later"], "selectable": 1});
    let (poll, _) = talk.say(json!({"type": "poll", "poll": poll})).await;
    let (text, _) = talk.say(json!({"text": "hello"})).await;
    let messages = format!("{}/messages", talk.anna);
    let cases = [
        (json!({"type": "poll-vote", "target": poll["id"], "options": ["never"]}), 400),
        (json!({"type": "poll-vote", "target": poll["id"], "options": ["now", "later"]}), 400),
        (json!({"type": "poll-vote", "target": text["id"], "options": ["now"]}), 400),
        (json!({"type": "poll-vote", "target": "none", "options": ["now"]}), 404),
        (json!({"type": "event-response", "target": text["id"], "response": "going"}), 400),
        (json!({"type": "event-response", "target": text["id"], "response": "perhaps"}), 400),
        (json!({"type": "event"}), 400),
        (json!({"type": "pin", "target": text["id"]}), 400),
        (json!({"type": "text", "text": "x", "viewOnce": true}), 400),
        (json!({"type": "text", "text": "x", "mentions": ["??"]}), 400),
        (json!({"type": "list", "list": {"text": "x", "button": "y", "sections": []}}), 400),
    ];
    for (mut message, expected) in cases {
        message["chat"] = talk.bert_number.as_str().into();
        let (status, answer) = talk.served.call(Method::POST, &messages, Some(message.clone())).await;
        assert_eq!(status, StatusCode::from_u16(expected).unwrap(), "{message}: {answer}");
    }
}
