//! How long a start takes.

use std::time::Instant;

use crate::{Figure, fleet, spread::Spread};

const STARTS: usize = 10;

pub(crate) async fn measure() -> Vec<Figure> {
    let (network, mut gateway) = fleet::pair().await;
    let linked = fleet::link(&network, &gateway, 0, 1).await;
    let path = format!("/api/events/stream?sessionId={}&types=session.status", linked[0].id);
    let mut seen = String::from("0");
    let (mut to_http, mut to_session) = (Vec::new(), Vec::new());
    for round in 0..=STARTS {
        let started = Instant::now();
        if round > 0 {
            gateway.start_again().await;
            gateway.client().get("/api/health/ready").await.expect(200);
            to_http.push(started.elapsed());
        }
        // Each round goes on in the log where the one before it stopped.
        let mut events = gateway.client().follow(&path, Some(&seen)).await;
        let ready = events.wait_for("ready", fleet::LIMIT, |it| it.data["data"]["status"] == "ready").await;
        seen = ready.id.expect("the position of the event");
        if round > 0 {
            to_session.push(started.elapsed());
        }
        gateway.terminate().await;
    }
    vec![
        Figure {
            what: "from the start of the process until `/api/health/ready` answers 200",
            seen: Spread::of(to_http).to_string(),
            promised: "300 ms",
        },
        Figure {
            what: "from the start of the process until a linked session is `ready` again",
            seen: Spread::of(to_session).to_string(),
            promised: "",
        },
    ]
}
