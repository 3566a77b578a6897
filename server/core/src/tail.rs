//! The end of the deployment's log, in memory.
//!
//! Whoever follows the log closely reads what is new here, so that the database is asked once for all
//! of them. It holds an unbroken run of events and answers only what lies in it; everything else is
//! read from the store.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use openwa_model::{event::Event, id::Position, store::EventFilter};
use serde_json::Value;

/// How many events are held at most.
const MOST: usize = 512;
/// How many bytes their payloads may have together, roughly.
const MOST_BYTES: usize = 4 << 20;

/// What came after a place in the deployment's log.
#[derive(Debug)]
pub struct News {
    /// The events that the filter lets through, in order.
    pub events: Vec<Event>,
    /// Up to where was looked.
    pub reached: Position,
    /// Whether there may be more behind it.
    pub more: bool,
}

/// The end of the log.
#[derive(Default)]
pub(crate) struct Tail(Mutex<Held>);

#[derive(Default)]
struct Held {
    events: VecDeque<(Position, usize, Arc<Event>)>,
    bytes: usize,
}

impl Tail {
    /// Takes in events that just got their positions, in order.
    pub(crate) fn push(&self, events: Vec<Event>) {
        let mut held = self.held();
        for event in events {
            let Some(position) = event.position else { continue };
            // Another process may have numbered events of its own: then what is held ends before them.
            if held.last().is_some_and(|it| it.0 + 1 != position.0) {
                *held = Held::default();
            }
            let weight = weight(&event.event.data);
            held.bytes += weight;
            held.events.push_back((position, weight, Arc::new(event)));
            while held.events.len() > MOST || held.bytes > MOST_BYTES {
                let Some((_, weight, _)) = held.events.pop_front() else { break };
                held.bytes -= weight;
            }
        }
    }

    /// What came after a place, where all of that is held.
    pub(crate) fn after(&self, after: Position, filter: &EventFilter, limit: usize) -> Option<News> {
        let found: Vec<_> = {
            let held = self.held();
            let (first, ..) = held.events.front()?;
            if after.0 + 1 < first.0 || held.last().is_none_or(|it| it < after) {
                return None;
            }
            let from = held.events.partition_point(|(position, ..)| *position <= after);
            held.events.range(from..).map(|(position, _, event)| (*position, event.clone())).collect()
        };
        let mut news = News { events: Vec::new(), reached: after, more: false };
        for (position, event) in found {
            if news.events.len() == limit {
                news.more = true;
                break;
            }
            news.reached = position;
            if lets_through(filter, &event) {
                news.events.push(Event::clone(&event));
            }
        }
        Some(news)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn last(&self) -> Option<Position> {
        self.events.back().map(|(position, ..)| *position)
    }
}

fn lets_through(filter: &EventFilter, event: &Event) -> bool {
    filter.sessions.as_ref().is_none_or(|it| it.contains(&event.event.session))
        && filter.kinds.as_ref().is_none_or(|it| it.contains(&event.event.kind))
}

/// About how much memory a payload takes. Payloads are our own, and flat.
fn weight(value: &Value) -> usize {
    const EACH: usize = 32;
    EACH + match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(values) => values.iter().map(|(key, value)| key.len() + weight(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use openwa_model::{
        Timestamp,
        event::{EventKind, NewEvent},
        id::{Seq, SessionId},
    };
    use serde_json::json;

    use super::*;

    fn event(position: i64, kind: EventKind, text: &str) -> Event {
        Event {
            seq: Seq(position),
            position: Some(Position(position)),
            event: NewEvent {
                session: SessionId(uuid::Uuid::nil()),
                kind,
                chat: None,
                occurred_at: Timestamp::UNIX_EPOCH,
                idempotency_key: position.to_string(),
                data: json!({ "text": text }),
            },
        }
    }

    fn numbered(range: std::ops::RangeInclusive<i64>) -> Vec<Event> {
        range.map(|it| event(it, EventKind::MessageSent, "")).collect()
    }

    fn seen(tail: &Tail, after: i64, filter: &EventFilter, limit: usize) -> Option<(Vec<i64>, i64, bool)> {
        let news = tail.after(Position(after), filter, limit)?;
        let positions = news.events.iter().map(|it| it.position.unwrap().0).collect();
        Some((positions, news.reached.0, news.more))
    }

    #[test]
    fn it_answers_what_it_holds_and_nothing_else() {
        let tail = Tail::default();
        let all = EventFilter::default();
        assert_eq!(seen(&tail, 0, &all, 9), None, "an empty tail knows nothing of the log");
        tail.push(numbered(5..=7));
        assert_eq!(seen(&tail, 3, &all, 9), None, "4 is not held");
        assert_eq!(seen(&tail, 4, &all, 9), Some((vec![5, 6, 7], 7, false)));
        assert_eq!(seen(&tail, 6, &all, 9), Some((vec![7], 7, false)));
        assert_eq!(seen(&tail, 7, &all, 9), Some((vec![], 7, false)));
        assert_eq!(seen(&tail, 8, &all, 9), None, "8 was numbered by another process");
        assert_eq!(seen(&tail, 4, &all, 2), Some((vec![5, 6], 6, true)));
    }

    #[test]
    fn what_is_filtered_out_is_passed() {
        let tail = Tail::default();
        tail.push(vec![event(1, EventKind::MessageSent, ""), event(2, EventKind::MessageReceived, "")]);
        let only = |kind| EventFilter { kinds: Some(vec![kind]), ..EventFilter::default() };
        assert_eq!(seen(&tail, 0, &only(EventKind::MessageSent), 1), Some((vec![1], 1, true)));
        assert_eq!(seen(&tail, 0, &only(EventKind::MessageReceived), 9), Some((vec![2], 2, false)));
        let elsewhere = EventFilter { sessions: Some(Vec::new()), ..EventFilter::default() };
        assert_eq!(seen(&tail, 0, &elsewhere, 9), Some((vec![], 2, false)));
    }

    #[test]
    fn a_gap_begins_it_anew() {
        let tail = Tail::default();
        tail.push(numbered(1..=2));
        tail.push(numbered(5..=5));
        assert_eq!(seen(&tail, 1, &EventFilter::default(), 9), None);
        assert_eq!(seen(&tail, 4, &EventFilter::default(), 9), Some((vec![5], 5, false)));
    }

    #[test]
    fn it_stays_small() {
        let tail = Tail::default();
        let all = EventFilter::default();
        tail.push(numbered(1..=1000));
        assert_eq!(seen(&tail, 487, &all, 9), None);
        assert!(seen(&tail, 488, &all, 9).is_some(), "the last 512 are held");
        tail.push(vec![event(1001, EventKind::MessageSent, &"x".repeat(MOST_BYTES - 512))]);
        assert_eq!(seen(&tail, 488, &all, 9), None, "a large one takes the place of many");
        assert_eq!(seen(&tail, 1000, &all, 9), Some((vec![1001], 1001, false)));
        tail.push(vec![event(1002, EventKind::MessageSent, &"x".repeat(MOST_BYTES))]);
        assert_eq!(seen(&tail, 1001, &all, 9), None, "one that is too large is not held at all");
        tail.push(numbered(1003..=1003));
        assert_eq!(seen(&tail, 1002, &all, 9), Some((vec![1003], 1003, false)));
    }
}
