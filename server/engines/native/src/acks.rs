//! Waiting for WhatsApp's answer to a send: accepted, or refused with a code. What was accepted may be refused later.
//!
//! The library takes up each answer in a task of its own, so that of two that come together the second may be heard
//! first. Either way a refusal is the last word: WhatsApp accepts nothing that it has refused.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
};

use openwa_model::{Timestamp, engine::SendSettled, id::MessageId, jid::Jid};
use tokio::sync::oneshot;

/// Answers that came before anyone asked for them. The library mints some ids only while sending.
const MOST_UNCLAIMED: usize = 64;

/// Sends that were given up, whose answer may still come.
const MOST_LATE: usize = 1024;

/// Sends that were accepted, and may yet be refused.
const MOST_ACCEPTED: usize = 1024;

/// What WhatsApp says to a send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    /// `None` is accepted; else WhatsApp's code.
    pub(crate) refused: Option<u32>,
    /// When.
    pub(crate) at: Timestamp,
}

/// The sends of one link.
#[derive(Default)]
pub(crate) struct Acks(Mutex<State>);

#[derive(Default)]
struct State {
    waiting: HashMap<String, (Jid, oneshot::Sender<Outcome>)>,
    unclaimed: VecDeque<(String, Outcome)>,
    late: VecDeque<(String, Jid)>,
    accepted: VecDeque<(String, Jid)>,
}

impl State {
    fn note_accepted(&mut self, id: &str, chat: &Jid, outcome: Outcome) {
        if outcome.refused.is_none() {
            self.accepted.push_back((id.to_owned(), chat.clone()));
            if self.accepted.len() > MOST_ACCEPTED {
                self.accepted.pop_front();
            }
        }
    }
}

impl Acks {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer to a send into a chat. An earlier wait for the same id ends without one.
    pub(crate) fn expect(&self, id: &str, chat: &Jid) -> oneshot::Receiver<Outcome> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state();
        state.late.retain(|(late, _)| late != id);
        state.accepted.retain(|(accepted, _)| accepted != id);
        if let Some(index) = state.unclaimed.iter().position(|(it, _)| it == id)
            && let Some((_, outcome)) = state.unclaimed.remove(index)
        {
            state.note_accepted(id, chat, outcome);
            // Nobody else holds the receiver yet, so this cannot fail.
            let _ = sender.send(outcome);
        } else {
            state.waiting.insert(id.to_owned(), (chat.clone(), sender));
        }
        receiver
    }

    /// Nothing was sent after all.
    pub(crate) fn forget(&self, id: &str) {
        self.state().waiting.remove(id);
    }

    /// Nobody waits any longer; should the answer come, it is news.
    pub(crate) fn give_up(&self, id: &str, chat: Jid) {
        let mut state = self.state();
        state.waiting.remove(id);
        state.late.push_back((id.to_owned(), chat));
        if state.late.len() > MOST_LATE {
            state.late.pop_front();
        }
    }

    /// WhatsApp answered. Returns what the session must be told, if nobody waited.
    pub(crate) fn settle(&self, id: &str, outcome: Outcome) -> Option<SendSettled> {
        let mut state = self.state();
        if let Some((chat, waiter)) = state.waiting.remove(id) {
            state.note_accepted(id, &chat, outcome);
            // Whoever stopped waiting has given up, or the whole link is ending.
            let _ = waiter.send(outcome);
            return None;
        }
        let settled =
            |id, chat| SendSettled { chat, id: MessageId(id), refused: outcome.refused, timestamp: outcome.at };
        if let Some(index) = state.late.iter().position(|(it, _)| it == id)
            && let Some((id, chat)) = state.late.remove(index)
        {
            state.note_accepted(&id, &chat, outcome);
            return Some(settled(id, chat));
        }
        if let Some(index) = state.accepted.iter().position(|(it, _)| it == id) {
            // Accepted twice is nothing new; refused after all is.
            return match (outcome.refused, state.accepted.get(index).cloned()) {
                (Some(_), Some((id, chat))) => {
                    state.accepted.remove(index);
                    Some(settled(id, chat))
                }
                _ => None,
            };
        }
        state.unclaimed.push_back((id.to_owned(), outcome));
        if state.unclaimed.len() > MOST_UNCLAIMED {
            state.unclaimed.pop_front();
        }
        None
    }

    /// No answer will come any more: the link has ended.
    pub(crate) fn close(&self) {
        self.state().waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(refused: Option<u32>) -> Outcome {
        Outcome { refused, at: Timestamp::UNIX_EPOCH }
    }

    #[tokio::test]
    async fn an_answer_reaches_whoever_waits_for_it() {
        let acks = Acks::default();
        let waiting = acks.expect("A", &Jid::status());
        assert_eq!(acks.settle("A", outcome(Some(463))), None);
        assert_eq!(waiting.await.unwrap(), outcome(Some(463)));
    }

    #[tokio::test]
    async fn an_answer_may_come_before_its_id_is_known() {
        let acks = Acks::default();
        assert_eq!(acks.settle("A", outcome(None)), None);
        assert_eq!(acks.expect("A", &Jid::status()).await.unwrap(), outcome(None));
        let again = acks.expect("A", &Jid::status());
        acks.close();
        again.await.unwrap_err();
    }

    #[test]
    fn a_late_answer_is_news_once() {
        let acks = Acks::default();
        let chat = Jid::phone("15550000001");
        let _waiting = acks.expect("A", &chat);
        acks.give_up("A", chat.clone());
        let settled = acks.settle("A", outcome(Some(479))).unwrap();
        assert_eq!((settled.chat, settled.refused), (chat, Some(479)));
        assert_eq!(acks.settle("A", outcome(None)), None);
    }

    #[test]
    fn what_was_accepted_may_be_refused_after_all() {
        let acks = Acks::default();
        let chat = Jid::phone("15550000001");
        let _waiting = acks.expect("A", &chat);
        assert_eq!(acks.settle("A", outcome(None)), None);
        assert_eq!(acks.settle("A", outcome(None)), None, "accepted twice is nothing new");
        let settled = acks.settle("A", outcome(Some(463))).unwrap();
        assert_eq!((settled.chat, settled.id.as_str(), settled.refused), (chat, "A", Some(463)));
        assert_eq!(acks.settle("A", outcome(Some(463))), None, "once is enough");
    }

    #[tokio::test]
    async fn a_refusal_is_the_last_word_when_it_is_heard_first_too() {
        let acks = Acks::default();
        let waiting = acks.expect("A", &Jid::status());
        assert_eq!(acks.settle("A", outcome(Some(463))), None);
        assert_eq!(acks.settle("A", outcome(None)), None);
        assert_eq!(waiting.await.unwrap(), outcome(Some(463)));
    }

    #[test]
    fn what_nobody_asks_for_does_not_pile_up() {
        let acks = Acks::default();
        for number in 0..10_000 {
            acks.settle(&number.to_string(), outcome(None));
            acks.give_up(&format!("late {number}"), Jid::status());
            let sent = format!("sent {number}");
            let _waiting = acks.expect(&sent, &Jid::status());
            acks.settle(&sent, outcome(None));
        }
        let state = acks.state();
        assert_eq!((state.unclaimed.len(), state.late.len()), (MOST_UNCLAIMED, MOST_LATE));
        assert_eq!((state.accepted.len(), state.waiting.len()), (MOST_ACCEPTED, 0));
    }
}
