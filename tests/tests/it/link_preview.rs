//! The card of a link, as the customer's phone shows it.

use openwa_testkit::gateway::Setup;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::story::{LIMIT, Session};

const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\
    <meta property='og:title' content='Tea'><meta property='og:description' content='All of it'>";

#[tokio::test]
async fn a_link_shows_its_page_on_the_phone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = format!("http://{}/tea", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            _ = socket.read(&mut [0; 4096]).await;
            _ = socket.write_all(PAGE.as_bytes()).await;
        }
    });
    let gateway = Setup::with_sandbox_inside().start().await;
    let (client, sandbox) = (gateway.client(), gateway.sandbox());
    let (own, customer) = (sandbox.create_phone("Shop").await, sandbox.create_phone("Customer").await);
    let session = Session::link(&client, &sandbox, "shop", &own).await;

    let text = format!("Our tea: {link}");
    session.send_text(&client, &customer.chat(), &text).await;
    let seen = sandbox.wait_for_text(&customer, &text, LIMIT).await;
    let card = json!({"url": link, "title": "Tea", "description": "All of it"});
    assert_eq!(seen["linkPreview"], card, "{seen}");

    let plain = json!({"chatId": customer.chat(), "text": format!("{text}!"), "linkPreview": false});
    client.post(&session.path("/messages/send-text"), &plain).await.expect(201);
    let seen = sandbox.wait_for_text(&customer, &format!("{text}!"), LIMIT).await;
    assert!(seen["linkPreview"].is_null(), "{seen}");
    serving.abort();
}
