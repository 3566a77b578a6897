//! What the phone tells of the past when it links: who is who, what groups are called, and what was said last.
//!
//! Old messages are stored and not told: an event is told once, when it happens. The library takes the pairs of numbers
//! and hidden ids out of the history by itself.

use std::sync::Arc;

use openwa_model::{
    contact::ContactSeen,
    engine::{InboundMessage, Signal},
    jid::Jid,
};
use tokio::sync::mpsc;
use wacore::types::events::{Event, LazyHistorySync};
use whatsapp_rust::waproto::whatsapp as wa;

use crate::{
    inbound::{self, Own},
    past,
};

/// One event of history tells of at most as many chats, and of at most as many people and groups.
const MOST_NAMES: usize = 20_000;

/// How much is handed over at once: names, and messages.
const AT_ONCE: usize = 100;

/// How many messages of the past are taken over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HistoryLimits {
    /// In all.
    pub(crate) messages: usize,
    /// Of one chat, the newest.
    pub(crate) messages_per_chat: usize,
}

/// Reads an event of history. It is unpacked on a thread made for blocking, since it may be large, and comes piece by
/// piece: the next one waits until the one before was taken, so that a slow store holds little in memory.
pub(crate) fn pieces(event: Arc<Event>, own: Own, limits: HistoryLimits) -> mpsc::Receiver<Vec<Signal>> {
    let (sender, pieces) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        if let Event::HistorySync(history) = &*event {
            read(history, &own, limits, |piece| sender.blocking_send(piece).is_ok());
        }
    });
    pieces
}

/// How many messages stand in a piece.
pub(crate) fn messages_in(piece: &[Signal]) -> usize {
    let counted = piece.iter().map(|it| match it {
        Signal::Past(messages) => messages.len(),
        _ => 0,
    });
    counted.sum()
}

/// Hands over what it reads until nobody takes it any more.
fn read(history: &LazyHistorySync, own: &Own, limits: HistoryLimits, mut hand_over: impl FnMut(Vec<Signal>) -> bool) {
    let mut room = limits.messages;
    let mut names = Vec::new();
    let mut left = MOST_NAMES;
    let mut stream = history.stream();
    // A torn piece of history is told as far as it can be read.
    for _ in 0..MOST_NAMES {
        let Ok(Some(conversation)) = stream.next_conversation() else { break };
        if let Some(name) = chat_name(&conversation) {
            names.push(name);
            left -= 1;
        }
        let messages = past::newest(&conversation, own, limits.messages_per_chat.min(room));
        room -= messages.len();
        if names.len() < AT_ONCE && messages.is_empty() {
            continue;
        }
        // Names go first: they are shown with the chats that the messages make.
        if !names.is_empty() && !hand_over(std::mem::take(&mut names)) {
            return;
        }
        for some in in_pieces(messages) {
            if !hand_over(vec![Signal::Past(some)]) {
                return;
            }
        }
    }
    if let Ok(rest) = stream.remainder() {
        names.extend(rest.pushnames.iter().filter_map(push_name).take(left));
    }
    for some in names.chunks(AT_ONCE) {
        if !hand_over(some.to_vec()) {
            return;
        }
    }
}

fn in_pieces(mut messages: Vec<InboundMessage>) -> impl Iterator<Item = Vec<InboundMessage>> {
    std::iter::from_fn(move || {
        let rest = messages.split_off(messages.len().min(AT_ONCE));
        let piece = std::mem::replace(&mut messages, rest);
        (!piece.is_empty()).then_some(piece)
    })
}

fn chat_name(conversation: &wa::Conversation) -> Option<Signal> {
    let id: Jid = conversation.id.parse().ok()?;
    let name = inbound::name(conversation.name.as_deref()?)?;
    if id.is_group() {
        return Some(Signal::GroupNamed { id, subject: name });
    }
    person(id, Some(name), None)
}

fn push_name(known: &wa::Pushname) -> Option<Signal> {
    let id = known.id.as_deref()?.parse().ok()?;
    // WhatsApp writes "-" where somebody shows no name.
    let name = known.pushname.as_deref().filter(|it| *it != "-").and_then(inbound::name)?;
    person(id, None, Some(name))
}

fn person(id: Jid, name: Option<String>, push_name: Option<String>) -> Option<Signal> {
    use openwa_model::jid::Server::{Lid, Phone};
    let seen = ContactSeen { name, push_name, ..ContactSeen::default() };
    match id.server() {
        Phone => Some(Signal::Contact(ContactSeen { phone: Some(id), ..seen })),
        Lid => Some(Signal::Contact(ContactSeen { lid: Some(id), ..seen })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use buffa::{Message as _, MessageField};
    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    fn packed(sync: &wa::HistorySync) -> LazyHistorySync {
        let plain = sync.encode_to_vec();
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&plain).unwrap();
        LazyHistorySync::new(packed.finish().unwrap().into(), plain.len(), 0, None, None)
    }

    fn all(history: &LazyHistorySync) -> Vec<Signal> {
        let mut signals = Vec::new();
        let limits = HistoryLimits { messages: 1_000, messages_per_chat: 100 };
        read(history, &own(), limits, |piece| {
            signals.extend(piece);
            true
        });
        signals
    }

    fn own() -> Own {
        Own { phone: Some(Jid::phone("15550000009")), lid: None }
    }

    /// A chat with so many texts, newest first as phones send them.
    fn chat(id: &str, texts: u64) -> wa::Conversation {
        let line = |number: u64| {
            let key = wa::MessageKey {
                remote_jid: Some(id.into()),
                from_me: Some(false),
                id: Some(format!("3EB0{number}")),
                ..Default::default()
            };
            let info = wa::WebMessageInfo {
                key: MessageField::some(key),
                message: MessageField::some(wa::Message { conversation: Some("hi".into()), ..Default::default() }),
                message_timestamp: Some(1_700_000_000 + number),
                ..Default::default()
            };
            wa::HistorySyncMsg { message: MessageField::some(info), ..Default::default() }
        };
        wa::Conversation { id: id.into(), messages: (1..=texts).rev().map(line).collect(), ..Default::default() }
    }

    #[test]
    fn messages_come_in_pieces_within_their_bounds() {
        let sync = wa::HistorySync {
            sync_type: wa::history_sync::HistorySyncType::INITIAL_BOOTSTRAP,
            conversations: vec![
                chat("15550000001@s.whatsapp.net", 300),
                chat("status@broadcast", 5),
                chat("120363000000000001@g.us", 20),
                chat("15550000002@s.whatsapp.net", 500),
            ],
            ..Default::default()
        };
        let mut told = Vec::new();
        let limits = HistoryLimits { messages: 300, messages_per_chat: 250 };
        read(&packed(&sync), &own(), limits, |piece| {
            for it in &piece {
                let Signal::Past(messages) = it else { panic!("{it:?}") };
                let ends = [messages.first(), messages.last()].map(|it| it.unwrap().id.0.clone());
                told.push((messages[0].chat.user().to_owned(), messages.len(), ends));
            }
            assert_eq!(messages_in(&piece), told.last().unwrap().1);
            true
        });
        let piece = |chat: &str, many: usize, first: &str, last: &str| {
            (chat.to_owned(), many, [format!("3EB0{first}"), format!("3EB0{last}")])
        };
        assert_eq!(
            told,
            [
                piece("15550000001", 100, "51", "150"),
                piece("15550000001", 100, "151", "250"),
                piece("15550000001", 50, "251", "300"),
                piece("120363000000000001", 20, "1", "20"),
                piece("15550000002", 30, "471", "500"),
            ]
        );
    }

    #[test]
    fn where_nobody_takes_it_nothing_more_is_read() {
        let sync = wa::HistorySync {
            sync_type: wa::history_sync::HistorySyncType::INITIAL_BOOTSTRAP,
            conversations: vec![chat("15550000001@s.whatsapp.net", 300)],
            ..Default::default()
        };
        let mut pieces = 0;
        read(&packed(&sync), &own(), HistoryLimits { messages: 300, messages_per_chat: 300 }, |_| {
            pieces += 1;
            pieces < 2
        });
        assert_eq!(pieces, 2);
    }

    #[test]
    fn names_of_people_and_groups_are_taken_out() {
        let conversation =
            |id: &str, name: &str| wa::Conversation { id: id.into(), name: Some(name.into()), ..Default::default() };
        let push = |id: &str, name: &str| wa::Pushname { id: Some(id.into()), pushname: Some(name.into()) };
        let sync = wa::HistorySync {
            sync_type: wa::history_sync::HistorySyncType::INITIAL_BOOTSTRAP,
            conversations: vec![
                conversation("120363000000000001@g.us", "Crew"),
                conversation("15550000001@s.whatsapp.net", "Ada Lovelace"),
                conversation("status@broadcast", "Status"),
            ],
            pushnames: vec![push("100000000000002@lid", "Bob"), push("15550000003@s.whatsapp.net", "-")],
            ..Default::default()
        };
        let told: Vec<_> = all(&packed(&sync))
            .into_iter()
            .map(|it| match it {
                Signal::GroupNamed { id, subject } => format!("{id} {subject}"),
                Signal::Contact(it) => {
                    format!("{:?} {:?} {:?}", it.phone.or(it.lid).unwrap().user(), it.name, it.push_name)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        let ada = r#""15550000001" Some("Ada Lovelace") None"#;
        assert_eq!(told, ["120363000000000001@g.us Crew", ada, r#""100000000000002" None Some("Bob")"#]);
    }

    #[test]
    fn a_torn_piece_is_no_panic() {
        let history = LazyHistorySync::new(vec![1, 2, 3].into(), 1_000, 0, None, None);
        assert!(all(&history).is_empty());
    }
}
