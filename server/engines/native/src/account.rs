//! What the account shows of itself, and what it sees of others being there.

use openwa_model::{
    Timestamp,
    engine::{EngineError, ErrorKind, Retry, Signal},
    jid::Server,
    ops::{SetPresence, SetProfileName, SetProfilePicture, SetProfileStatus, SubscribePresence},
    presence::{PresenceHeard, PresenceState},
};
use wacore::types::{
    events::{ChatPresenceUpdate, PresenceUpdate},
    presence::{ChatPresence, ChatPresenceMedia},
};
use whatsapp_rust::{PresenceError, PresenceStatus};

use crate::{failure, jid, news::News, operations::Operations};

const NOT_CHANGED: &str = "The profile could not be changed";

impl Operations<'_> {
    pub(crate) async fn set_profile_name(&self, asked: SetProfileName) -> Result<(), EngineError> {
        let set = self.link.client.profile().set_push_name(&asked.name).await;
        set.map_err(|error| failure::of_request(NOT_CHANGED, error))?;
        // The account is told again, with its new name.
        self.link.listener.queue(News::Online);
        Ok(())
    }

    pub(crate) async fn set_profile_status(&self, asked: SetProfileStatus) -> Result<(), EngineError> {
        let set = self.link.client.profile().set_status_text(&asked.status).await;
        set.map_err(|error| failure::of_request(NOT_CHANGED, error))
    }

    pub(crate) async fn set_profile_picture(&self, asked: SetProfilePicture) -> Result<(), EngineError> {
        let profile = self.link.client.profile();
        let set = match &asked.picture {
            Some(picture) => profile.set_profile_picture(self.media.portrait(picture).await?).await,
            None => profile.remove_profile_picture().await,
        };
        set.map(drop).map_err(|error| failure::of_request(NOT_CHANGED, error))
    }

    pub(crate) async fn set_presence(&self, asked: SetPresence) -> Result<(), EngineError> {
        let presence = self.link.client.presence();
        let set = match asked.available {
            true => presence.set(PresenceStatus::Available).await,
            false => presence.set(PresenceStatus::Unavailable).await,
        };
        set.map_err(|error| match error {
            PresenceError::PushNameEmpty => {
                let message = "WhatsApp shows nobody as on line who has no name; set the name of the profile first";
                EngineError::new(ErrorKind::Invalid, Retry::Never, message).because(error)
            }
            error => failure::of_request("WhatsApp could not be told", error),
        })
    }

    pub(crate) async fn subscribe_presence(&self, asked: SubscribePresence) -> Result<(), EngineError> {
        let subscribed = self.link.client.presence().subscribe(jid::to_wire(&asked.chat)).await;
        subscribed.map_err(|error| failure::of_request("WhatsApp could not be asked", error))
    }
}

/// Someone came on line or went away.
pub(crate) fn presence(update: &PresenceUpdate) -> Option<Signal> {
    let person = jid::from_wire(&update.from).filter(|it| matches!(it.server(), Server::Phone | Server::Lid))?;
    Some(Signal::Presence(PresenceHeard {
        chat: person.clone(),
        participant: person,
        state: if update.unavailable { PresenceState::Unavailable } else { PresenceState::Available },
        last_seen: update.last_seen.and_then(|it| Timestamp::from_second(it.timestamp()).ok()),
    }))
}

/// Someone types, or no longer.
pub(crate) fn typing(update: &ChatPresenceUpdate) -> Option<Signal> {
    Some(Signal::Presence(PresenceHeard {
        chat: jid::from_wire(&update.source.chat)?,
        participant: jid::from_wire(&update.source.sender)?,
        state: match (update.state, update.media) {
            (ChatPresence::Composing, ChatPresenceMedia::Text) => PresenceState::Composing,
            (ChatPresence::Composing, ChatPresenceMedia::Audio) => PresenceState::Recording,
            (ChatPresence::Paused, _) => PresenceState::Paused,
        },
        last_seen: None,
    }))
}

#[cfg(test)]
mod tests {
    use wacore::types::message::MessageSource;
    use whatsapp_rust::wacore::chrono::DateTime;

    use super::*;

    fn heard(signal: Option<Signal>) -> Option<(String, String, PresenceState, Option<i64>)> {
        match signal? {
            Signal::Presence(it) => {
                let last_seen = it.last_seen.map(Timestamp::as_second);
                Some((it.chat.to_string(), it.participant.to_string(), it.state, last_seen))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_comes_and_goes_is_told() {
        let ada = "15550000001@c.us".to_owned();
        let at = |second| DateTime::from_timestamp(second, 0);
        for (from, unavailable, last_seen, expected) in [
            ("15550000001@s.whatsapp.net", false, None, Some((PresenceState::Available, None))),
            ("15550000001@s.whatsapp.net", true, Some(7), Some((PresenceState::Unavailable, Some(7)))),
            ("120363000000000001@g.us", true, None, None),
        ] {
            let update = PresenceUpdate::builder()
                .from(from.parse().unwrap())
                .unavailable(unavailable)
                .maybe_last_seen(last_seen.and_then(at))
                .build();
            let expected = expected.map(|(state, last_seen)| (ada.clone(), ada.clone(), state, last_seen));
            assert_eq!(heard(presence(&update)), expected, "{from} {unavailable}");
        }
    }

    #[test]
    fn who_types_is_told_with_the_chat() {
        for (state, media, expected) in [
            (ChatPresence::Composing, ChatPresenceMedia::Text, PresenceState::Composing),
            (ChatPresence::Composing, ChatPresenceMedia::Audio, PresenceState::Recording),
            (ChatPresence::Paused, ChatPresenceMedia::Text, PresenceState::Paused),
        ] {
            let update = ChatPresenceUpdate::builder()
                .source(MessageSource {
                    chat: "120363000000000001@g.us".parse().unwrap(),
                    sender: "100000000000001:3@lid".parse().unwrap(),
                    is_group: true,
                    ..Default::default()
                })
                .state(state)
                .media(media)
                .build();
            let (chat, person) = ("120363000000000001@g.us".to_owned(), "100000000000001@lid".to_owned());
            assert_eq!(heard(typing(&update)), Some((chat, person, expected, None)));
        }
    }
}
