//! What was last heard of who is there and who types, of the chats that were heard of last.

use std::collections::HashMap;

use openwa_model::{
    Timestamp,
    jid::Jid,
    presence::{ChatPresence, ParticipantPresence, PresenceHeard},
};

/// How many chats are remembered.
const MOST_CHATS: usize = 1_000;
/// How many people of a chat are remembered.
const MOST_PEOPLE: usize = 100;

/// One session's.
#[derive(Default)]
pub(crate) struct Presences(HashMap<Jid, ChatPresence>);

impl Presences {
    pub(crate) fn note(&mut self, heard: PresenceHeard, at: Timestamp) {
        let PresenceHeard { chat, participant, state, last_seen } = heard;
        if !self.0.contains_key(&chat) && self.0.len() >= MOST_CHATS {
            let oldest = self.0.values().min_by_key(|it| it.observed_at).map(|it| it.chat.clone());
            oldest.map(|it| self.0.remove(&it));
        }
        let new = || ChatPresence { chat: chat.clone(), participants: Vec::new(), observed_at: at };
        let known = self.0.entry(chat.clone()).or_insert_with(new);
        known.observed_at = at;
        let before = known.participants.iter().position(|it| it.id == participant);
        let last_seen = last_seen.or_else(|| known.participants[before?].last_seen);
        if let Some(before) = before {
            known.participants.remove(before);
        } else if known.participants.len() >= MOST_PEOPLE {
            known.participants.remove(0);
        }
        known.participants.push(ParticipantPresence { id: participant, state, last_seen });
    }

    pub(crate) fn of(&self, chat: &Jid) -> Option<ChatPresence> {
        self.0.get(chat).cloned()
    }
}

#[cfg(test)]
mod tests {
    use openwa_model::presence::PresenceState;

    use super::*;

    fn heard(chat: usize, person: usize, state: PresenceState, last_seen: Option<i64>) -> PresenceHeard {
        PresenceHeard {
            chat: Jid::phone(format!("1555{chat:07}")),
            participant: Jid::phone(format!("1556{person:07}")),
            state,
            last_seen: last_seen.map(second),
        }
    }

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_last_of_each_person_counts() {
        let mut presences = Presences::default();
        presences.note(heard(1, 1, PresenceState::Unavailable, Some(5)), second(6));
        presences.note(heard(1, 2, PresenceState::Composing, None), second(7));
        presences.note(heard(1, 1, PresenceState::Available, None), second(8));
        let told = presences.of(&Jid::phone("15550000001")).unwrap();
        let people: Vec<_> = told.participants.iter().map(|it| (it.id.user(), it.state, it.last_seen)).collect();
        let expected = [
            ("15560000002", PresenceState::Composing, None),
            ("15560000001", PresenceState::Available, Some(second(5))),
        ];
        assert_eq!((people.as_slice(), told.observed_at), (expected.as_slice(), second(8)));
        assert_eq!(presences.of(&Jid::phone("15550000002")), None);
    }

    #[test]
    fn what_was_heard_long_ago_makes_room() {
        let mut presences = Presences::default();
        for number in 0..MOST_CHATS + 5 {
            presences.note(heard(number, 1, PresenceState::Available, None), second(number as i64));
        }
        assert_eq!(presences.0.len(), MOST_CHATS);
        assert_eq!(presences.of(&Jid::phone("15550000004")), None);
        assert!(presences.of(&Jid::phone("15550000005")).is_some());
        for person in 0..MOST_PEOPLE + 5 {
            presences.note(heard(10, person, PresenceState::Composing, None), second(5_000));
        }
        let told = presences.of(&Jid::phone("15550000010")).unwrap();
        assert_eq!(told.participants.len(), MOST_PEOPLE);
        assert_eq!(told.participants[0].id.user(), "15560000005");
    }
}
