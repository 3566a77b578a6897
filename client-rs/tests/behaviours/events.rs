use openwa_client::{
    ErrorKind,
    events::{Event, EventData, EventStream},
};

use crate::faulty::Faulty;

async fn take(events: &mut EventStream, count: usize) -> Vec<Event> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.push(events.next().await.expect("it has no end").expect("it goes on"));
    }
    taken
}

fn ids(events: &[Event]) -> Vec<&str> {
    events.iter().map(|it| it.id.as_str()).collect()
}

/// Until so many requests were made.
async fn requests(server: &Faulty, events: &mut EventStream, count: usize) -> Vec<Option<String>> {
    loop {
        let seen = server.headers("last-event-id").await;
        if seen.len() >= count {
            return seen;
        }
        // The held connection brings nothing: this only lets the stream connect again.
        _ = tokio::time::timeout(std::time::Duration::from_millis(100), events.next()).await;
    }
}

fn some(ids: &[&str]) -> Vec<Option<String>> {
    ids.iter().map(|it| Some((*it).to_owned())).collect()
}

#[tokio::test]
async fn event_resume() {
    let server = Faulty::start();
    let mut events = server.client("events:3+503+events:2+events-hold:0").events().stream().follow();
    assert_eq!(ids(&take(&mut events, 5).await), ["1", "2", "3", "4", "5"]);
    assert_eq!(events.last_id(), Some("5"));
    let seen = requests(&server, &mut events, 4).await;
    assert_eq!(seen[0], None);
    assert_eq!(seen[1..], some(&["3", "3", "5"]));
}

#[tokio::test]
async fn event_again() {
    let server = Faulty::start();
    let mut events = server.client("events:3+events-again:3+events-hold:0").events().stream().follow();
    assert_eq!(ids(&take(&mut events, 5).await), ["1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn event_cut() {
    let server = Faulty::start();
    let mut events = server.client("events-cut:2+events:2+events-hold:0").events().stream().follow();
    assert_eq!(ids(&take(&mut events, 4).await), ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn event_after() {
    let server = Faulty::start();
    let mut events = server.client("events-hold:2").events().stream().resume_after("40").follow();
    let taken = take(&mut events, 2).await;
    assert_eq!(ids(&taken), ["41", "42"]);
    let EventData::MessageReceived(message) = &taken[0].data else { panic!("{taken:?}") };
    assert_eq!((message.body.as_str(), taken[0].chat_id.as_deref()), ("event 41", Some("15550000002@c.us")));
}

#[tokio::test]
async fn event_refused() {
    let server = Faulty::start();
    let mut events = server.client("401").events().stream().follow();
    assert_eq!(events.next().await.unwrap().unwrap_err().kind(), ErrorKind::Authentication);
    assert!(events.next().await.is_none());
    assert_eq!(server.log().await.len(), 1);
}

#[tokio::test]
async fn event_first_connection() {
    let server = Faulty::start();
    let mut events = server.client("503").events().stream().follow();
    assert_eq!(events.connected().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(server.log().await.len(), 3, "as often as a call is tried");
    let server = Faulty::start();
    let mut events = server.client("503+events-hold:1").events().stream().follow();
    events.connected().await.unwrap();
    assert_eq!(ids(&take(&mut events, 1).await), ["1"]);
}

#[tokio::test]
async fn event_reconnects_end() {
    let server = Faulty::start();
    let mut events = server.client("events:1+503").events().stream().reconnects(1).follow();
    take(&mut events, 1).await;
    assert_eq!(events.next().await.unwrap().unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn event_huge() {
    let server = Faulty::start();
    let mut events = server.client("events-huge").events().stream().follow();
    assert_eq!(events.next().await.unwrap().unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn event_html() {
    let server = Faulty::start();
    let mut events = server.client("html").events().stream().follow();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, Some(200)));
    let mut events = server.client("html").events().stream().over_websocket().follow();
    assert_eq!(events.next().await.unwrap().unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn unknown_values() {
    let server = Faulty::start();
    let mut events = server.client("events-unknown:1+events-hold:0").events().stream().follow();
    let taken = take(&mut events, 1).await;
    let EventData::Unrecognized { kind, data } = &taken[0].data else { panic!("{taken:?}") };
    assert_eq!((kind.as_str(), &data["body"]), ("weather.changed", &serde_json::json!("event 1")));
    assert_eq!(taken[0].data.kind(), "weather.changed");
}
