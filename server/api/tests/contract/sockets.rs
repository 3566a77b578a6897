//! The events as a WebSocket.

use futures_util::{SinkExt, StreamExt};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, CloseCode, MaybeTlsStream, Message, WebSocketStream};

use crate::house::{ADMIN, House, soon};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const RECEIVED: &str = "/api/events/ws?types=message.received";

async fn open(house: &House, path: &str, headers: &[(&'static str, &str)]) -> Result<Socket, tokio_websockets::Error> {
    let address = format!("ws://{}{path}", house.base.strip_prefix("http://").unwrap());
    let mut client = ClientBuilder::new().uri(&address).unwrap();
    for (name, value) in headers {
        let (name, value) = (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        client = client.add_header(name, value).unwrap();
    }
    soon("a socket", client.connect()).await.map(|it| it.0)
}

async fn admitted(house: &House, path: &str) -> Socket {
    open(house, path, &[("x-api-key", ADMIN)]).await.unwrap()
}

/// The next frame with text in it.
async fn next(socket: &mut Socket) -> Value {
    let message = soon("a frame", socket.next()).await.unwrap().unwrap();
    serde_json::from_str(message.as_text().unwrap_or_else(|| panic!("{message:?}"))).unwrap()
}

async fn end(socket: &mut Socket) -> (u16, String) {
    loop {
        let message = soon("the end", socket.next()).await.unwrap().unwrap();
        if let Some((code, reason)) = message.as_close() {
            return (u16::from(code), reason.to_owned());
        }
    }
}

#[tokio::test]
async fn events_come_as_frames_and_go_on_where_they_stopped() {
    let house = House::open().await;
    let (id, link) = house.ready("main").await;
    let mut socket = admitted(&house, RECEIVED).await;
    let begin = next(&mut socket).await;
    assert_eq!(begin.as_object().unwrap().len(), 1, "the place alone: {begin}");
    link.receive("3EB0AA", "one").await;
    link.receive("3EB0BB", "two").await;
    let (one, two) = (next(&mut socket).await, next(&mut socket).await);
    assert!(begin["id"].as_i64() < one["id"].as_i64() && one["id"].as_i64() < two["id"].as_i64());
    assert_eq!((&one["event"], &one["sessionId"]), (&json!("message.received"), &json!(id)));
    assert_eq!((&one["data"]["body"], &two["data"]["body"]), (&json!("one"), &json!("two")));
    drop(socket);

    // The same record as in the stream of server-sent events and in the list.
    let listed = house.get(&format!("/api/sessions/{id}/events?types=message.received")).await.good(200);
    let mut record = one.clone();
    record.as_object_mut().unwrap().remove("id");
    assert_eq!(listed["events"][0], record);

    let mut again = admitted(&house, &format!("{RECEIVED}&after={}", one["id"])).await;
    assert_eq!(next(&mut again).await, json!({"id": one["id"]}));
    assert_eq!(next(&mut again).await, two);
    let resumed = [("authorization", &*format!("Bearer {ADMIN}")), ("last-event-id", &one["id"].to_string())];
    let mut again = open(&house, RECEIVED, &resumed).await.unwrap();
    next(&mut again).await;
    assert_eq!(next(&mut again).await, two, "also by the header, and with a bearer");
}

#[tokio::test]
async fn a_browser_says_its_key_in_the_first_frame() {
    let house = House::open().await;
    let (_, link) = house.ready("main").await;
    link.receive("3EB0AA", "one").await;
    let mut socket = open(&house, &format!("{RECEIVED}&after=0"), &[]).await.unwrap();
    socket.send(Message::text(json!({"apiKey": ADMIN}).to_string())).await.unwrap();
    assert_eq!(next(&mut socket).await, json!({"id": 0}));
    assert_eq!(next(&mut socket).await["data"]["body"], "one");

    for (said, reason) in [
        (Message::text(json!({"apiKey": "wrong"}).to_string()), "Invalid API key"),
        (Message::text("hello".to_owned()), "API key is required"),
        (Message::binary(vec![1, 2, 3]), "API key is required"),
    ] {
        let mut socket = open(&house, RECEIVED, &[]).await.unwrap();
        socket.send(said).await.unwrap();
        assert_eq!(end(&mut socket).await, (4401, reason.to_owned()));
    }
    let nobody = "00000000-0000-7000-8000-000000000000";
    let mut socket = open(&house, &format!("{RECEIVED}&sessionId={nobody}"), &[]).await.unwrap();
    socket.send(Message::text(json!({"apiKey": ADMIN}).to_string())).await.unwrap();
    assert_eq!(end(&mut socket).await.0, 4404);
    // A reader has nothing long to say.
    let mut socket = open(&house, RECEIVED, &[]).await.unwrap();
    socket.send(Message::text("x".repeat(10_000))).await.unwrap();
    while let Some(Ok(message)) = soon("the end", socket.next()).await {
        assert!(!message.is_text(), "{message:?}");
    }
}

#[tokio::test]
async fn a_socket_is_refused_for_the_same_reasons_as_the_stream() {
    let house = House::open().await;
    let (mine, _link) = house.ready("mine").await;
    let other = house.session("other").await;
    let scoped = house.key(json!({"name": "mine only", "allowedSessions": [mine]})).await;
    let ask = async |path: &str, key: Option<&str>, upgrade: bool| {
        let mut request = house.bare("GET", path);
        if let Some(key) = key {
            request = request.header("X-API-Key", key);
        }
        if upgrade {
            request = request.header("Upgrade", "websocket").header("Connection", "Upgrade");
        }
        house.answer(request).await
    };
    for (path, key, upgrade, status, code) in [
        ("/api/events/ws", None, false, 401, "API_KEY_REQUIRED"),
        ("/api/events/ws", Some("wrong"), true, 401, "API_KEY_INVALID"),
        ("/api/events/ws", Some(ADMIN), false, 426, "UPGRADE_REQUIRED"),
        ("/api/events/ws?types=nonsense", Some(ADMIN), true, 400, "INVALID_INPUT"),
        ("/api/events/ws?after=-1", Some(ADMIN), true, 400, "INVALID_INPUT"),
        ("/api/events/ws?apiKey=secret", None, true, 400, "INVALID_INPUT"),
        (&format!("/api/events/ws?sessionId={other}"), Some(&*scoped), true, 403, "SESSION_NOT_ALLOWED"),
    ] {
        let answer = ask(path, key, upgrade).await;
        answer.failed(status);
        assert_eq!(answer.body["code"], code, "{path}");
    }
    assert_eq!(ask("/api/events/ws", Some(ADMIN), false).await.header("upgrade"), Some("websocket"));
    let answer = house.answer(house.request("POST", "/api/events/ws")).await;
    answer.failed(405);
}

#[tokio::test]
async fn a_long_log_reaches_a_slow_reader_in_pieces() {
    let house = House::open().await;
    let (_, link) = house.ready("main").await;
    for number in 0..250 {
        link.receive(&format!("3EB0{number:04}"), &format!("{number}")).await;
    }
    let mut socket = admitted(&house, &format!("{RECEIVED}&after=0")).await;
    next(&mut socket).await;
    for number in 0..250 {
        assert_eq!(next(&mut socket).await["data"]["body"], format!("{number}"));
    }
}

#[tokio::test]
async fn sockets_are_let_go_when_the_program_stops() {
    let house = House::open().await;
    let mut known = admitted(&house, RECEIVED).await;
    next(&mut known).await;
    house.stopping.cancel();
    assert_eq!(end(&mut known).await.0, u16::from(CloseCode::GOING_AWAY));
}
