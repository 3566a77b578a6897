//! Labels of a business account.

use openwa_model::{
    engine::Signal,
    label::{Label, LabelChanged},
};
use serde_json::json;

use crate::house::{ADA, House};

#[tokio::test]
async fn labels_are_made_put_on_chats_and_deleted() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    let path = format!("/api/sessions/{id}/labels");
    let done = json!({"success": true});
    assert_eq!(house.get(&path).await.good(200), json!([]));
    assert_eq!(house.put(&format!("{path}/3"), json!({"name": "Paid", "color": 2})).await.good(200), done);
    let paid = json!({"id": "3", "name": "Paid", "hexColor": "#ffd429"});
    assert_eq!(house.get(&path).await.good(200), json!([paid]));
    assert_eq!(house.put(&format!("{path}/3"), json!({"color": 19})).await.good(200), done);
    let paid = json!({"id": "3", "name": "Paid", "hexColor": "#9368cf"});
    assert_eq!(house.get(&format!("{path}/3")).await.good(200), paid);

    assert_eq!(house.post(&format!("{path}/chat/{ADA}"), json!({"labelId": "3"})).await.good(200), done);
    assert_eq!(house.get(&format!("{path}/chat/{ADA}")).await.good(200), json!([paid]));
    assert_eq!(house.get(&format!("{path}/3/chats")).await.good(200)[0]["id"], ADA);
    assert_eq!(house.delete(&format!("{path}/chat/{ADA}/3")).await.good(200), done);
    assert_eq!(house.get(&format!("{path}/chat/{ADA}")).await.good(200), json!([]));
    assert_eq!(house.get(&format!("{path}/3/chats")).await.good(200), json!([]));

    assert_eq!(house.delete(&format!("{path}/3")).await.good(200), done);
    assert_eq!(house.get(&path).await.good(200), json!([]));
}

#[tokio::test]
async fn labels_made_on_the_phone_are_kept_too() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.receive("3EB0AA", "hello").await;
    let path = format!("/api/sessions/{id}/labels");
    let label = Label { id: "7".to_owned(), name: "New".to_owned(), color: 0 };
    let labeled = |is_labeled| {
        let chat = ADA.parse().unwrap();
        Signal::Label(LabelChanged::Chat { label: "7".to_owned(), chat, is_labeled })
    };
    // The label may become known after the chat that carries it.
    link.say(vec![labeled(true), Signal::Label(LabelChanged::Saved(label))]).await;
    let told = house.get(&format!("{path}/chat/{ADA}")).await.good(200);
    assert_eq!(told, json!([{"id": "7", "name": "New", "hexColor": "#ff9485"}]));
    link.say(vec![labeled(false)]).await;
    assert_eq!(house.get(&format!("{path}/chat/{ADA}")).await.good(200), json!([]));
    link.say(vec![Signal::Label(LabelChanged::Deleted("7".to_owned()))]).await;
    assert_eq!(house.get(&path).await.good(200), json!([]));
}

#[tokio::test]
async fn a_person_has_no_labels() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    link.be_a_person();
    let sentence = "Labels are only available on WhatsApp Business accounts";
    for path in ["", "/3", "/3/chats", &format!("/chat/{ADA}")] {
        let answer = house.get(&format!("/api/sessions/{id}/labels{path}")).await;
        assert_eq!(answer.failed(422), sentence, "{path}");
        assert_eq!(answer.body["code"], "NOT_A_BUSINESS_ACCOUNT");
    }
}

#[tokio::test]
async fn what_is_not_there_or_does_not_read_is_refused() {
    let house = House::open().await;
    let (id, _link) = house.ready("main").await;
    let path = format!("/api/sessions/{id}/labels");
    let missing = "Label not found";
    assert_eq!(house.get(&format!("{path}/9")).await.failed(404), missing);
    assert_eq!(house.get(&format!("{path}/9/chats")).await.failed(404), missing);
    assert_eq!(house.delete(&format!("{path}/9")).await.failed(404), missing);
    assert_eq!(house.post(&format!("{path}/chat/{ADA}"), json!({"labelId": "9"})).await.failed(404), missing);
    assert_eq!(house.delete(&format!("{path}/chat/{ADA}/9")).await.failed(404), missing);
    for (body, sentence) in [
        (json!({}), "name must be given for a label that is not there yet"),
        (json!({"name": "Paid", "color": 20}), "color must not be greater than 19"),
        (json!({"name": ""}), "name should not be empty"),
    ] {
        assert_eq!(house.put(&format!("{path}/3"), body.clone()).await.failed(400), sentence, "{body}");
    }
    assert_eq!(house.post(&format!("{path}/chat/{ADA}"), json!({})).await.failed(400), "labelId must be a string");
    house.get(&format!("{path}/chat/ada")).await.failed(400);
}
