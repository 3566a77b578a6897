//! Contacts: listed, looked up, saved, blocked.

use openwa_model::{contact::ContactSeen, engine::Signal, ops::Command};
use serde_json::{Value, json};

use crate::house::{ADA, BLOCKED_LID, House, Link, soon};

const ADA_LID: &str = "100000000000001@lid";
const BOB_LID: &str = "100000000000002@lid";

impl Link {
    /// People become known: Ada by both ids, Bob by his hidden one, and one that is blocked.
    async fn introduce(&self) {
        let person = |phone: Option<&str>, lid: &str, name: Option<&str>, push_name: Option<&str>| {
            Signal::Contact(ContactSeen {
                phone: phone.map(|it| it.parse().unwrap()),
                lid: Some(lid.parse().unwrap()),
                name: name.map(str::to_owned),
                push_name: push_name.map(str::to_owned),
            })
        };
        self.say(vec![
            person(Some(ADA), ADA_LID, Some("Ada Lovelace"), Some("Ada")),
            person(None, BOB_LID, None, Some("Bob")),
            person(Some("15550000005@c.us"), BLOCKED_LID, None, None),
        ])
        .await;
    }

    /// The next command that changes something.
    async fn next_change(&mut self) -> Command {
        loop {
            match soon("a command", self.asked.recv()).await.unwrap() {
                Command::ListBlocked(_) => {}
                other => return other,
            }
        }
    }
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn people_are_listed_by_number_where_it_is_known() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.introduce().await;
    let path = format!("/api/sessions/{id}/contacts");
    let all = house.get(&path).await.good(200);
    assert_eq!(ids(&all), [BOB_LID, ADA, "15550000005@c.us"]);
    let ada = json!({
        "id": ADA, "name": "Ada Lovelace", "pushName": "Ada", "number": "15550000001", "lid": ADA_LID,
        "isMyContact": true, "isBlocked": false,
    });
    assert_eq!(all[1], ada);
    assert_eq!((&all[0]["isMyContact"], &all[0]["number"]), (&json!(false), &json!("100000000000002")));
    assert_eq!(all[2]["isBlocked"], true, "told by WhatsApp under the hidden id");
    assert_eq!(ids(&house.get(&format!("{path}?limit=1&offset=1")).await.good(200)), [ADA]);

    for given in [ADA, ADA_LID] {
        assert_eq!(house.get(&format!("{path}/{given}")).await.good(200), ada, "{given}");
    }
    assert_eq!(house.get(&format!("{path}/15550000077@c.us")).await.failed(404), "Contact not found");
    assert_eq!(house.get(&format!("{path}/blocked")).await.good(200), json!(["15550000005@c.us"]));
    for (given, phone) in [(ADA_LID, json!("15550000001")), (ADA, json!("15550000001")), (BOB_LID, json!(null))] {
        let told = house.get(&format!("{path}/{given}/phone")).await.good(200);
        assert_eq!(told, json!({"contactId": given, "phone": phone}));
    }
}

#[tokio::test]
async fn a_key_of_some_chats_sees_those_people() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.introduce().await;
    let key = house.key(json!({"name": "ada only", "role": "viewer", "allowedChats": [ADA]})).await;
    let ask = async |path: &str| {
        house.answer(house.bare("GET", &format!("/api/sessions/{id}/contacts{path}")).header("X-API-Key", &key)).await
    };
    assert_eq!(ids(&ask("").await.good(200)), [ADA]);
    assert_eq!(ask("/blocked").await.good(200), json!([]));
    ask(&format!("/{ADA_LID}")).await.good(200);
    for path in [format!("/{BOB_LID}"), format!("/profile-pictures?ids={ADA},{BOB_LID}")] {
        assert_eq!(ask(&path).await.failed(403), "API key not authorized for this chat");
    }
}

#[tokio::test]
async fn pictures_are_told_where_they_are() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.introduce().await;
    let path = format!("/api/sessions/{id}/contacts");
    let url = "https://pps.example.org/ada.jpg";
    for (given, url) in [(ADA, json!(url)), (ADA_LID, json!(url)), ("15550000005@c.us", json!(null))] {
        assert_eq!(house.get(&format!("{path}/{given}/profile-picture")).await.good(200), json!({"url": url}));
    }
    let many = house.get(&format!("{path}/profile-pictures?ids={ADA},15550000005@c.us")).await.good(200);
    assert_eq!(many, json!({"pictures": {ADA: url, "15550000005@c.us": null}}));
    let too_many = vec![ADA; 51].join(",");
    for (query, sentence) in [
        ("", "ids should not be empty"),
        ("?ids=,", "ids must contain 1 to 50 elements"),
        (&*format!("?ids={too_many}"), "ids must contain 1 to 50 elements"),
    ] {
        assert_eq!(house.get(&format!("{path}/profile-pictures{query}")).await.failed(400), sentence, "{query}");
    }
}

#[tokio::test]
async fn the_address_book_is_written() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.introduce().await;
    link.receive("3EB0AA", "hello").await;
    let path = format!("/api/sessions/{id}/contacts/{ADA}");
    let saved = house.put(&path, json!({"firstName": "Countess", "lastName": "Lovelace"})).await.good(200);
    assert_eq!(saved, json!({"success": true, "message": "Contact saved"}));
    assert!(matches!(link.next_change().await, Command::SaveContact(it)
        if (&*it.first_name, &*it.full_name) == ("Countess", "Countess Lovelace")));
    assert_eq!(house.get(&path).await.good(200)["name"], "Countess Lovelace");
    let chats = format!("/api/sessions/{id}/chats");
    assert_eq!(house.get(&chats).await.good(200)[0]["name"], "Countess Lovelace");

    assert_eq!(house.delete(&path).await.good(200), json!({"success": true, "message": "Contact deleted"}));
    assert!(matches!(link.next_change().await, Command::DeleteContact(_)));
    let left = house.get(&path).await.good(200);
    assert_eq!((left.get("name"), &left["isMyContact"]), (None, &json!(false)));
    assert_eq!(house.get(&chats).await.good(200)[0]["name"], "Ada", "what she shows herself");

    let unknown = format!("/api/sessions/{id}/contacts/15550000077@c.us");
    assert_eq!(house.delete(&unknown).await.failed(404), "Contact not found");
    let hidden = house.put(&format!("/api/sessions/{id}/contacts/{BOB_LID}"), json!({"firstName": "Bob"})).await;
    assert_eq!(hidden.failed(400), format!("the phone number of '{BOB_LID}' is not known"));
    for (body, sentence) in [
        (json!({}), "firstName must be a string"),
        (json!({"firstName": ""}), "firstName should not be empty"),
        (json!({"firstName": "x".repeat(101)}), "firstName must be shorter than or equal to 100 characters"),
        (json!({"firstName": "Ada", "nick": "A"}), "property nick should not exist"),
    ] {
        assert_eq!(house.put(&path, body.clone()).await.failed(400), sentence, "{body}");
    }
}

#[tokio::test]
async fn somebody_is_blocked_and_unblocked() {
    let house = House::open().await;
    let (id, mut link) = house.ready("main").await;
    link.introduce().await;
    let path = format!("/api/sessions/{id}/contacts/{ADA_LID}/block");
    let blocked = house.post(&path, json!({})).await.good(200);
    assert_eq!(blocked, json!({"success": true, "message": "Contact blocked"}));
    assert!(matches!(link.next_change().await, Command::BlockContact(it) if it.id.to_string() == ADA));
    let unblocked = house.delete(&path).await.good(200);
    assert_eq!(unblocked, json!({"success": true, "message": "Contact unblocked"}));
    assert!(matches!(link.next_change().await, Command::UnblockContact(it) if it.id.to_string() == ADA));
    let group = house.post(&format!("/api/sessions/{id}/contacts/120363000000000001@g.us/block"), json!({})).await;
    assert_eq!(group.failed(400), "'120363000000000001@g.us' is not a person");
    house.post(&format!("/api/sessions/{id}/contacts/ada/block"), json!({})).await.failed(400);
}
