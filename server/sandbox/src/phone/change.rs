//! What a phone changes in the app state, in the words of its owner.

use wacore::appstate::schemas::{self, Schema};
use waproto::whatsapp as wa;
use waproto::whatsapp::sync_action_value as action;

use super::app_state::Mutation;
use super::chat::Chat;
use super::compose::milliseconds;
use super::error::PhoneError;
use super::log::Log;

/// Labels on single messages have no schema of their own in the library.
const LABEL_MESSAGE: Schema = Schema { key: "LabelMessage", name: "label_message", ..schemas::LABEL_JID };

/// A message, named as the app state names one.
#[derive(Clone, Debug)]
pub struct MessageName {
    pub chat: Chat,
    pub id: String,
}

#[derive(Clone, Debug)]
pub enum AppStateChange {
    Star {
        message: MessageName,
        is_starred: bool,
    },
    /// For this account alone.
    DeleteMessage(MessageName),
    Archive {
        chat: Chat,
        is_archived: bool,
    },
    Pin {
        chat: Chat,
        is_pinned: bool,
    },
    /// Until a time in seconds since 1970, or for ever.
    Mute {
        chat: Chat,
        until: Option<i64>,
    },
    Unmute(Chat),
    MarkRead {
        chat: Chat,
        is_read: bool,
    },
    DeleteChat(Chat),
    ClearChat(Chat),
    EditLabel {
        label: String,
        name: String,
        color: i32,
    },
    DeleteLabel(String),
    LabelChat {
        label: String,
        chat: Chat,
        is_labeled: bool,
    },
    LabelMessage {
        label: String,
        message: MessageName,
        is_labeled: bool,
    },
    SaveContact {
        person: Chat,
        name: String,
        first_name: Option<String>,
    },
    DeleteContact(Chat),
}

impl AppStateChange {
    /// The record that says so. Messages are looked up in the phone's log.
    pub(super) fn mutation(self, log: &Log) -> Result<Mutation, PhoneError> {
        let value = wa::SyncActionValue::default();
        Ok(match self {
            Self::Star { message, is_starred } => set(
                &schemas::STAR,
                message_index(&message, log)?,
                wa::SyncActionValue { star_action: action::StarAction { starred: Some(is_starred) }.into(), ..value },
            ),
            Self::DeleteMessage(message) => {
                let timestamp = log.find(&message.chat, &message.id).map(|found| found.timestamp);
                let delete = action::DeleteMessageForMeAction {
                    delete_media: Some(true),
                    message_timestamp: timestamp.and_then(|seconds| i64::try_from(seconds).ok()),
                };
                set(
                    &schemas::DELETE_MESSAGE_FOR_ME,
                    message_index(&message, log)?,
                    wa::SyncActionValue { delete_message_for_me_action: delete.into(), ..value },
                )
            }
            Self::Archive { chat, is_archived } => set(
                &schemas::ARCHIVE,
                vec![jid(&chat)?],
                wa::SyncActionValue {
                    archive_chat_action: action::ArchiveChatAction {
                        archived: Some(is_archived),
                        message_range: range(&chat, log).into(),
                    }
                    .into(),
                    ..value
                },
            ),
            Self::Pin { chat, is_pinned } => set(
                &schemas::PIN,
                vec![jid(&chat)?],
                wa::SyncActionValue { pin_action: action::PinAction { pinned: Some(is_pinned) }.into(), ..value },
            ),
            Self::Mute { chat, until } => {
                // In milliseconds; -1 is for ever.
                let end = until.map_or(-1, |seconds| seconds.saturating_mul(1_000));
                mute(&chat, true, Some(end))?
            }
            Self::Unmute(chat) => mute(&chat, false, None)?,
            Self::MarkRead { chat, is_read } => set(
                &schemas::MARK_CHAT_AS_READ,
                vec![jid(&chat)?],
                wa::SyncActionValue {
                    mark_chat_as_read_action: action::MarkChatAsReadAction {
                        read: Some(is_read),
                        message_range: range(&chat, log).into(),
                    }
                    .into(),
                    ..value
                },
            ),
            Self::DeleteChat(chat) => set(
                &schemas::DELETE_CHAT,
                vec![jid(&chat)?, "1".into()],
                wa::SyncActionValue {
                    delete_chat_action: action::DeleteChatAction { message_range: range(&chat, log).into() }.into(),
                    ..value
                },
            ),
            Self::ClearChat(chat) => set(
                &schemas::CLEAR_CHAT,
                vec![jid(&chat)?, "1".into(), "1".into()],
                wa::SyncActionValue {
                    clear_chat_action: action::ClearChatAction { message_range: range(&chat, log).into() }.into(),
                    ..value
                },
            ),
            Self::EditLabel { label, name, color } => edit_label(label, Some(name), Some(color), false),
            Self::DeleteLabel(label) => edit_label(label, None, None, true),
            Self::LabelChat { label, chat, is_labeled } => {
                set(&schemas::LABEL_JID, vec![label, jid(&chat)?], labeled(is_labeled))
            }
            Self::LabelMessage { label, message, is_labeled } => {
                let index = std::iter::once(label).chain(message_index(&message, log)?).collect();
                set(&LABEL_MESSAGE, index, labeled(is_labeled))
            }
            Self::SaveContact { person, name, first_name } => set(
                &schemas::CONTACT,
                vec![jid(&person)?],
                wa::SyncActionValue {
                    contact_action: action::ContactAction {
                        full_name: Some(name),
                        first_name,
                        save_on_primary_addressbook: Some(true),
                        ..Default::default()
                    }
                    .into(),
                    ..value
                },
            ),
            Self::DeleteContact(person) => {
                Mutation { schema: &schemas::CONTACT, index: vec![jid(&person)?], value: None }
            }
        })
    }
}

fn set(schema: &'static Schema, index: Vec<String>, value: wa::SyncActionValue) -> Mutation {
    Mutation { schema, index, value: Some(value) }
}

fn mute(chat: &Chat, is_muted: bool, end: Option<i64>) -> Result<Mutation, PhoneError> {
    let mute = action::MuteAction { muted: Some(is_muted), mute_end_timestamp: end, ..Default::default() };
    let value = wa::SyncActionValue { mute_action: mute.into(), ..Default::default() };
    Ok(set(&schemas::MUTE, vec![jid(chat)?], value))
}

fn edit_label(label: String, name: Option<String>, color: Option<i32>, is_deleted: bool) -> Mutation {
    let edit = action::LabelEditAction { name, color, deleted: Some(is_deleted), ..Default::default() };
    let value = wa::SyncActionValue { label_edit_action: edit.into(), ..Default::default() };
    set(&schemas::LABEL_EDIT, vec![label], value)
}

fn labeled(is_labeled: bool) -> wa::SyncActionValue {
    let association = action::LabelAssociationAction { labeled: Some(is_labeled), ..Default::default() };
    wa::SyncActionValue { label_association_action: association.into(), ..Default::default() }
}

fn jid(chat: &Chat) -> Result<String, PhoneError> {
    let jid = chat.jid().ok_or_else(|| PhoneError::NotWritable(chat.clone()))?;
    Ok(jid.to_string())
}

/// Chat, id, whether it is the account's own, and in a group who else wrote it.
fn message_index(message: &MessageName, log: &Log) -> Result<Vec<String>, PhoneError> {
    let found = log.find(&message.chat, &message.id).ok_or_else(|| PhoneError::NoSuchMessage(message.id.clone()))?;
    let author = if message.chat.has_members() && !found.from_me { found.author } else { "0".into() };
    let is_own = if found.from_me { "1" } else { "0" };
    Ok(vec![jid(&message.chat)?, found.id, is_own.into(), author])
}

/// Up to which message of the chat the change is meant.
fn range(chat: &Chat, log: &Log) -> action::SyncActionMessageRange {
    let last = log
        .last_of(chat)
        .map_or_else(|| milliseconds() / 1_000, |message| i64::try_from(message.timestamp).unwrap_or(i64::MAX));
    action::SyncActionMessageRange { last_message_timestamp: Some(last), ..Default::default() }
}
