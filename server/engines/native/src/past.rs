//! What was said before: asked of the phone for one chat, and told by it as a piece of history.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use openwa_model::{
    engine::{EngineError, InboundMessage, Signal},
    jid::ChatKind,
    ops::FetchHistory,
};
use tokio::sync::Notify;
use wacore::types::{
    events::{Event, LazyHistorySync},
    message::{MessageInfo, MessageSource},
};
use whatsapp_rust::{wacore::chrono::DateTime, wacore_binary as wire, waproto::whatsapp as wa};

use crate::{
    failure,
    inbound::{self, Own},
    jid,
    operations::Operations,
};

/// How many answers may wait for who asked.
const MOST_ANSWERS: usize = 8;

/// One answer tells of at most as many messages.
const MOST_MESSAGES: usize = 2_000;

/// What the phone answered and nobody has taken yet, under the id of the question.
#[derive(Default)]
pub(crate) struct Answers {
    waiting: Mutex<VecDeque<(String, Vec<InboundMessage>)>>,
    more: Notify,
}

impl Answers {
    /// The phone answered. An answer that nobody takes makes room for later ones.
    pub(crate) fn arrived(&self, id: String, messages: Vec<InboundMessage>) {
        let mut waiting = self.waiting();
        if waiting.len() >= MOST_ANSWERS {
            waiting.pop_front();
        }
        waiting.push_back((id, messages));
        drop(waiting);
        self.more.notify_waiters();
    }

    /// Returns once the answer to this question is there.
    async fn to(&self, id: &str) -> Vec<InboundMessage> {
        loop {
            let more = self.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            let found = {
                let mut waiting = self.waiting();
                let place = waiting.iter().position(|it| it.0 == id);
                place.and_then(|it| waiting.remove(it))
            };
            if let Some((_, messages)) = found {
                return messages;
            }
            more.await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<(String, Vec<InboundMessage>)>> {
        // The queue is whole between any two statements, so a panic elsewhere spoils nothing.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Operations<'_> {
    pub(crate) async fn fetch_history(&self, asked: FetchHistory) -> Result<Vec<InboundMessage>, EngineError> {
        let FetchHistory { chat, before, sent_at, count } = asked;
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        let (chat, sent_ms) = (jid::to_wire(&chat), sent_at.as_millisecond());
        let id =
            self.link.client.fetch_message_history(&chat, before.id.as_str(), before.from_me, sent_ms, count).await;
        let id = id.map_err(|error| failure::of_any("The phone could not be asked what was said before", error))?;
        let within = self.settings.send_timeout;
        let answer = tokio::time::timeout(within, self.link.listener.answers.to(&id)).await;
        answer.map_err(|_| failure::unconfirmed(within))
    }
}

/// What the phone answered, and to which question. It is unpacked on a thread made for blocking, since it may be large.
pub(crate) async fn read(event: Arc<Event>, own: Own) -> Option<(String, Vec<InboundMessage>)> {
    let read = tokio::task::spawn_blocking(move || {
        let Event::HistorySync(history) = &*event else { return None };
        let id = history.peer_data_request_session_id()?.to_owned();
        Some((id, messages(history, &own)))
    });
    read.await.ok().flatten()
}

fn messages(history: &LazyHistorySync, own: &Own) -> Vec<InboundMessage> {
    let mut told = Vec::new();
    let mut stream = history.stream();
    // A torn piece of history is told as far as it can be read.
    while let Ok(Some(conversation)) = stream.next_conversation() {
        let lines = conversation.messages.iter().filter_map(|it| it.message.as_option());
        told.extend(lines.filter_map(|it| message(it, own)).take(MOST_MESSAGES - told.len()));
        if told.len() >= MOST_MESSAGES {
            break;
        }
    }
    oldest_first(told)
}

/// Phones tell the newest first, with times to the second.
fn oldest_first(mut told: Vec<InboundMessage>) -> Vec<InboundMessage> {
    told.reverse();
    told.sort_by_key(|it| it.timestamp);
    told
}

/// The newest messages of a chat that was told of without being asked for, oldest first. Statuses and channels are read
/// elsewhere.
pub(crate) fn newest(conversation: &wa::Conversation, own: &Own, most: usize) -> Vec<InboundMessage> {
    if most == 0 {
        return Vec::new();
    }
    let lines = conversation.messages.iter().take(MOST_MESSAGES).filter_map(|it| it.message.as_option());
    let is_said = |it: &InboundMessage| matches!(it.chat.kind(), ChatKind::Individual | ChatKind::Group);
    let mut told = oldest_first(lines.filter_map(|it| message(it, own)).filter(is_said).collect());
    told.drain(..told.len().saturating_sub(most));
    told
}

fn message(told: &wa::WebMessageInfo, own: &Own) -> Option<InboundMessage> {
    let key = told.key.as_option()?;
    let chat: wire::Jid = key.remote_jid.as_deref()?.parse().ok()?;
    let is_from_me = key.from_me == Some(true);
    let author = told.participant.as_deref().or(key.participant.as_deref()).and_then(|it| it.parse().ok());
    let sender = match is_from_me {
        true => jid::to_wire(own.phone.as_ref().or(own.lid.as_ref())?),
        false => author.unwrap_or_else(|| chat.clone()),
    };
    let is_group = chat.server == wire::Server::Group;
    let info = MessageInfo {
        id: key.id.clone()?,
        push_name: told.push_name.clone().unwrap_or_default(),
        timestamp: DateTime::from_timestamp(i64::try_from(told.message_timestamp?).ok()?, 0)?,
        source: MessageSource { chat, sender, is_from_me, is_group, ..Default::default() },
        ..Default::default()
    };
    match inbound::signal(told.message.as_option()?, &info, own)? {
        Signal::Message(message) => Some(*message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use buffa::{Message as _, MessageField};
    use flate2::{Compression, write::ZlibEncoder};
    use openwa_model::jid::Jid;

    use super::*;

    fn line(chat: &str, from_me: bool, participant: Option<&str>, text: &str) -> wa::HistorySyncMsg {
        let key = wa::MessageKey {
            remote_jid: Some(chat.into()),
            from_me: Some(from_me),
            id: Some(format!("3EB0{text}")),
            participant: participant.map(Into::into),
        };
        let info = wa::WebMessageInfo {
            key: MessageField::some(key),
            message: MessageField::some(wa::Message { conversation: Some(text.into()), ..Default::default() }),
            message_timestamp: Some(1_700_000_000),
            push_name: Some("Ada".into()),
            ..Default::default()
        };
        wa::HistorySyncMsg { message: MessageField::some(info), ..Default::default() }
    }

    #[test]
    fn old_messages_are_read_like_new_ones() {
        let group = "120363000000000001@g.us";
        let conversation = wa::Conversation {
            id: group.into(),
            messages: vec![
                line(group, true, None, "B"),
                line(group, false, Some("15550000001@s.whatsapp.net"), "A"),
                // What says nothing to a person is left out.
                wa::HistorySyncMsg::default(),
            ],
            ..Default::default()
        };
        let sync = wa::HistorySync {
            sync_type: wa::history_sync::HistorySyncType::ON_DEMAND,
            conversations: vec![conversation],
            ..Default::default()
        };
        let plain = sync.encode_to_vec();
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&plain).unwrap();
        let history = LazyHistorySync::new(packed.finish().unwrap().into(), plain.len(), 0, None, None);
        let own = Own { phone: Some(Jid::phone("15550000009")), lid: None };
        let told: Vec<_> = messages(&history, &own)
            .into_iter()
            .map(|it| (it.id.0, it.sender.to_string(), it.from_me, it.timestamp.as_second()))
            .collect();
        let expected = [
            ("3EB0A".to_owned(), "15550000001@c.us".to_owned(), false, 1_700_000_000),
            ("3EB0B".to_owned(), "15550000009@c.us".to_owned(), true, 1_700_000_000),
        ];
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn an_answer_waits_for_who_asked_and_makes_room_when_nobody_does() {
        let answers = Answers::default();
        for number in 0..=MOST_ANSWERS {
            answers.arrived(number.to_string(), Vec::new());
        }
        assert_eq!(answers.to("1").await, []);
        let ids: Vec<_> = answers.waiting().iter().map(|it| it.0.clone()).collect();
        assert_eq!(ids, (2..=MOST_ANSWERS).map(|it| it.to_string()).collect::<Vec<_>>());
    }
}
