//! Chats as the account's devices agree to keep them: changed from here, and changed elsewhere.

use openwa_model::{
    Timestamp,
    chat::{ChatChange, ChatChanged, ChatMark, Typing},
    engine::{EngineError, Signal},
    ops::{
        ArchiveChat, ClearChat, DeleteChat, MuteChat, NewestMessage, PinChat, PinMessage, SendTyping, Sent,
        SetChatUnread, StarMessage, UnpinMessage,
    },
};
use wacore::types::events::Event;
use whatsapp_rust::{
    ChatStateType, SyncActionMessageRange, message_range,
    wacore::chrono::{DateTime, Utc},
    waproto::whatsapp::message::pin_in_chat_message::Type as Pin,
};

use crate::{failure, jid, operations::Operations, outbound};

const NOT_CHANGED: &str = "The chat could not be changed on this account's devices";

impl Operations<'_> {
    pub(crate) async fn set_chat_unread(&self, asked: SetChatUnread) -> Result<(), EngineError> {
        let range = self.range(asked.newest).await;
        let chat = jid::to_wire(&asked.chat);
        let done = self.link.client.chat_actions().mark_chat_as_read(&chat, !asked.unread, range).await;
        done.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }

    pub(crate) async fn archive_chat(&self, asked: ArchiveChat) -> Result<(), EngineError> {
        let range = self.range(asked.newest).await;
        let (chat, actions) = (jid::to_wire(&asked.chat), self.link.client.chat_actions());
        let done = match asked.archived {
            true => actions.archive_chat(&chat, range).await,
            false => actions.unarchive_chat(&chat, range).await,
        };
        done.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }

    pub(crate) async fn pin_chat(&self, asked: PinChat) -> Result<(), EngineError> {
        let (chat, actions) = (jid::to_wire(&asked.chat), self.link.client.chat_actions());
        let done = match asked.pinned {
            true => actions.pin_chat(&chat).await,
            false => actions.unpin_chat(&chat).await,
        };
        done.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }

    pub(crate) async fn mute_chat(&self, asked: MuteChat) -> Result<(), EngineError> {
        let (chat, actions) = (jid::to_wire(&asked.chat), self.link.client.chat_actions());
        let done = match asked.until {
            None => actions.unmute_chat(&chat).await,
            Some(until) if until == Timestamp::MAX => actions.mute_chat(&chat).await,
            Some(until) => actions.mute_chat_until(&chat, until.as_millisecond()).await,
        };
        done.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }

    pub(crate) async fn clear_chat(&self, asked: ClearChat) -> Result<(), EngineError> {
        let range = self.range(asked.newest).await;
        let done = self.link.client.chat_actions().clear_chat(&jid::to_wire(&asked.chat), true, true, range).await;
        done.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }

    pub(crate) async fn delete_chat(&self, asked: DeleteChat) -> Result<(), EngineError> {
        let range = self.range(asked.newest).await;
        let done = self.link.client.chat_actions().delete_chat(&jid::to_wire(&asked.chat), true, range).await;
        done.map_err(|error| failure::of_app_state(NOT_CHANGED, error))
    }

    pub(crate) async fn send_typing(&self, asked: SendTyping) -> Result<(), EngineError> {
        let state = match asked.state {
            Typing::Composing => ChatStateType::Composing,
            Typing::Recording => ChatStateType::Recording,
            Typing::Paused => ChatStateType::Paused,
        };
        let sent = self.link.client.chatstate().send(&jid::to_wire(&asked.chat), state).await;
        sent.map_err(|error| failure::of_request("The other side could not be told", error))
    }

    pub(crate) async fn star(&self, StarMessage { target, starred }: StarMessage) -> Result<(), EngineError> {
        let target = self.named(target).await;
        let (chat, actions) = (jid::to_wire(&target.chat), self.link.client.chat_actions());
        let sender = (target.chat.is_group() && !target.from_me).then(|| jid::to_wire(&target.sender));
        let (id, from_me) = (target.id.as_str(), target.from_me);
        let done = match starred {
            true => actions.star_message(&chat, sender.as_ref(), id, from_me).await,
            false => actions.unstar_message(&chat, sender.as_ref(), id, from_me).await,
        };
        done.map_err(|error| failure::of_app_state("The message could not be marked on this account's devices", error))
    }

    pub(crate) async fn pin_message(&self, PinMessage { target, seconds }: PinMessage) -> Result<Sent, EngineError> {
        let target = self.named(target).await;
        let message = outbound::pin(&target, Pin::PinForAll, seconds, (self.link.listener.now)().as_millisecond());
        self.deliver(target.chat, message, self.link.client.generate_message_id()).await
    }

    pub(crate) async fn unpin_message(&self, UnpinMessage { target }: UnpinMessage) -> Result<Sent, EngineError> {
        let target = self.named(target).await;
        let message = outbound::pin(&target, Pin::UnpinForAll, 0, (self.link.listener.now)().as_millisecond());
        self.deliver(target.chat, message, self.link.client.generate_message_id()).await
    }

    /// Up to where a change reaches, in the words of the other devices.
    async fn range(&self, newest: Option<NewestMessage>) -> Option<SyncActionMessageRange> {
        let NewestMessage { message, timestamp } = newest?;
        let seconds = timestamp.as_second();
        let key = outbound::key(&self.named(message).await);
        Some(message_range(seconds, None, vec![(key, seconds)]))
    }
}

/// What was done to a chat on another device of the account.
pub(crate) fn changed(event: &Event) -> Option<Signal> {
    let (chat, change) = match event {
        Event::ArchiveUpdate(it) => (&it.jid, ChatChange::Marked(ChatMark::Archived(it.action.archived == Some(true)))),
        Event::PinUpdate(it) => (&it.jid, ChatChange::Marked(ChatMark::Pinned(it.action.pinned == Some(true)))),
        Event::MuteUpdate(it) => {
            let end = it.action.mute_end_timestamp.filter(|_| it.action.muted == Some(true));
            (&it.jid, ChatChange::Marked(ChatMark::MutedUntil(end.and_then(end_of_silence))))
        }
        Event::MarkChatAsReadUpdate(it) if it.action.read == Some(false) => (&it.jid, ChatChange::Unread),
        Event::MarkChatAsReadUpdate(it) => {
            let up_to = reach(it.action.message_range.as_option(), it.timestamp);
            (&it.jid, ChatChange::ReadUpTo(up_to))
        }
        Event::ClearChatUpdate(it) => {
            let up_to = reach(it.action.message_range.as_option(), it.timestamp);
            (&it.jid, ChatChange::ClearedUpTo(up_to))
        }
        Event::DeleteChatUpdate(it) => {
            let up_to = reach(it.action.message_range.as_option(), it.timestamp);
            (&it.jid, ChatChange::DeletedUpTo(up_to))
        }
        _ => return None,
    };
    Some(Signal::Chat(ChatChanged { chat: jid::from_wire(chat)?, change }))
}

/// WhatsApp writes -1 for good, and 0 for not at all.
fn end_of_silence(millis: i64) -> Option<Timestamp> {
    match millis {
        0 => None,
        ..0 => Some(Timestamp::MAX),
        _ => Some(Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)),
    }
}

/// Until when messages are meant: what the other device knew, or when it acted.
fn reach(range: Option<&SyncActionMessageRange>, acted: DateTime<Utc>) -> Timestamp {
    let told = range.and_then(|it| it.last_message_timestamp).filter(|it| *it > 0);
    let told = told.and_then(|it| Timestamp::from_second(it).ok());
    told.unwrap_or_else(|| Timestamp::from_millisecond(acted.timestamp_millis()).unwrap_or(Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use wacore::types::events::{ArchiveUpdate, ClearChatUpdate, MarkChatAsReadUpdate, MuteUpdate};
    use whatsapp_rust::waproto::whatsapp::sync_action_value::{
        ArchiveChatAction, ClearChatAction, MarkChatAsReadAction, MuteAction,
    };

    use super::*;

    fn acted() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn change_of(event: &Event) -> ChatChange {
        match changed(event) {
            Some(Signal::Chat(it)) => {
                assert_eq!(it.chat.to_string(), "15550000001@c.us");
                it.change
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn silence_is_told_in_whatsapps_numbers() {
        for (muted, end, until) in [
            (true, Some(-1), Some(Timestamp::MAX)),
            (true, Some(1_800_000_000_000), Some(Timestamp::from_second(1_800_000_000).unwrap())),
            (true, Some(0), None),
            (false, Some(0), None),
            (false, Some(1_800_000_000_000), None),
        ] {
            let action = MuteAction { muted: Some(muted), mute_end_timestamp: end, ..Default::default() };
            let update = MuteUpdate::builder()
                .jid("15550000001@s.whatsapp.net".parse().unwrap())
                .timestamp(acted())
                .action(Box::new(action))
                .from_full_sync(false)
                .build();
            let expected = ChatChange::Marked(ChatMark::MutedUntil(until));
            assert_eq!(change_of(&Event::MuteUpdate(update)), expected, "{muted} {end:?}");
        }
    }

    #[test]
    fn a_change_reaches_as_far_as_the_other_device_knew() {
        for (range, second) in [
            (Some(message_range(1_700_000_000, None, vec![])), 1_700_000_000),
            (Some(message_range(0, None, vec![])), 1_800_000_000),
            (None, 1_800_000_000),
        ] {
            let up_to = Timestamp::from_second(second).unwrap();
            let cleared = ClearChatUpdate::builder()
                .jid("15550000001@s.whatsapp.net".parse().unwrap())
                .delete_starred(true)
                .delete_media(true)
                .timestamp(acted())
                .action(Box::new(ClearChatAction { message_range: range.clone().into() }))
                .from_full_sync(true)
                .build();
            assert_eq!(change_of(&Event::ClearChatUpdate(cleared)), ChatChange::ClearedUpTo(up_to));
            for (read, change) in [(true, ChatChange::ReadUpTo(up_to)), (false, ChatChange::Unread)] {
                let action = MarkChatAsReadAction { read: Some(read), message_range: range.clone().into() };
                let marked = MarkChatAsReadUpdate::builder()
                    .jid("15550000001@s.whatsapp.net".parse().unwrap())
                    .timestamp(acted())
                    .action(Box::new(action))
                    .from_full_sync(false)
                    .build();
                assert_eq!(change_of(&Event::MarkChatAsReadUpdate(marked)), change);
            }
        }
    }

    #[test]
    fn a_chat_is_put_away_and_taken_out() {
        for archived in [true, false] {
            let action = ArchiveChatAction { archived: Some(archived), ..Default::default() };
            let update = ArchiveUpdate::builder()
                .jid("15550000001@s.whatsapp.net".parse().unwrap())
                .timestamp(acted())
                .action(Box::new(action))
                .from_full_sync(false)
                .build();
            assert_eq!(change_of(&Event::ArchiveUpdate(update)), ChatChange::Marked(ChatMark::Archived(archived)));
        }
    }
}
