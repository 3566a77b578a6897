//! What the phone tells of the past when it links: who is who, and what groups are called.
//!
//! Old messages are not taken over: an event is told once, when it happens. The library takes the
//! pairs of numbers and hidden ids out of it by itself.

use std::sync::Arc;

use openwa_model::{contact::ContactSeen, engine::Signal, jid::Jid};
use wacore::types::events::{Event, LazyHistorySync};
use whatsapp_rust::waproto::whatsapp as wa;

use crate::inbound;

/// One piece of history tells of at most as many people and groups.
const MOST_NAMES: usize = 20_000;

/// Reads an event of history. It is unpacked piece by piece on a thread made for blocking, since it
/// may be large.
pub(crate) async fn signals(event: Arc<Event>) -> Vec<Signal> {
    let read = tokio::task::spawn_blocking(move || match &*event {
        Event::HistorySync(history) => names(history),
        _ => Vec::new(),
    });
    read.await.unwrap_or_default()
}

fn names(history: &LazyHistorySync) -> Vec<Signal> {
    let mut signals = Vec::new();
    let mut stream = history.stream();
    // A torn piece of history is told as far as it can be read.
    while signals.len() < MOST_NAMES
        && let Ok(Some(conversation)) = stream.next_conversation()
    {
        signals.extend(chat_name(&conversation));
    }
    if let Ok(rest) = stream.remainder() {
        let room = MOST_NAMES - signals.len();
        signals.extend(rest.pushnames.iter().filter_map(push_name).take(room));
    }
    signals
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

    use buffa::Message as _;
    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

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
        let plain = sync.encode_to_vec();
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&plain).unwrap();
        let history = LazyHistorySync::new(packed.finish().unwrap().into(), plain.len(), 0, None, None);
        let told: Vec<_> = names(&history)
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
        assert!(names(&history).is_empty());
    }
}
