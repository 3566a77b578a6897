//! Statuses through the front door: one account posts, another one sees.

use openwa_testkit::{client::ServerEvent, gateway::Setup};
use serde_json::{Value, json};

use crate::story::{LIMIT, Session, text};

/// A red and a blue pixel, as a PNG.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR42mP4zwAE/wEHAAH/PX2MSQAAAABJRU5ErkJggg==";

fn is(event: &ServerEvent, kind: &str, field: &str, value: &str) -> bool {
    event.event.as_deref() == Some(kind) && event.data["data"][field] == value
}

#[tokio::test]
async fn a_status_is_posted_seen_and_taken_back() {
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let ada = sandbox.create_phone("Ada").await;
    let bob = sandbox.create_phone("Bob").await;
    let shop = Session::link(&client, &sandbox, "shop", &ada).await;
    let customer = Session::link(&client, &sandbox, "customer", &bob).await;
    let mut events = customer.follow(&client).await;
    let statuses = async |of: &str| -> Vec<Value> {
        let list = client.get(&customer.path(&format!("/status{of}"))).await.expect(200);
        list["statuses"].as_array().expect("a list of statuses").clone()
    };

    let body = json!({"text": "Open until ten", "recipients": [bob.chat()], "backgroundColor": "#112233", "font": 8});
    let posted = client.post(&shop.path("/status/send-text"), &body).await.expect(201);
    let first = text(&posted["statusId"]);
    events.wait_for("the text", LIMIT, |it| is(it, "status.received", "statusId", &first)).await;
    let seen = statuses("").await;
    assert_eq!((seen.len(), &seen[0]["caption"], &seen[0]["type"]), (1, &json!("Open until ten"), &json!("text")));
    assert_eq!((&seen[0]["backgroundColor"], &seen[0]["font"]), (&json!("#112233"), &json!(8)));
    assert_eq!(seen[0]["contact"]["id"], ada.chat().as_str());

    let image = json!({"base64": PICTURE, "mimetype": "image/png"});
    let body = json!({"image": image, "recipients": [bob.chat()], "caption": "New today"});
    let second = text(&client.post(&shop.path("/status/send-image"), &body).await.expect(201)["statusId"]);
    events.wait_for("the picture", LIMIT, |it| is(it, "status.received", "statusId", &second)).await;
    let of_shop = statuses(&format!("/{}", ada.chat())).await;
    assert_eq!(of_shop.iter().map(|it| text(&it["id"])).collect::<Vec<_>>(), [second.as_str(), &first]);
    let picture = client.get(of_shop[0]["mediaUrl"].as_str().expect("where its file is")).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/png"));
    assert_eq!(statuses(&format!("/{}", bob.chat())).await, Vec::<Value>::new());

    let gone = client.delete(&shop.path(&format!("/status/{first}"))).await.expect(200);
    assert_eq!(gone, json!({"message": "Status deleted successfully"}));
    events.wait_for("its end", LIMIT, |it| is(it, "message.revoked", "revokedId", &first)).await;
    assert_eq!(statuses("").await.iter().map(|it| text(&it["id"])).collect::<Vec<_>>(), [second.as_str()]);
    client.get(&customer.path(&format!("/status/{first}/media"))).await.expect(404);
}
