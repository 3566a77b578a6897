//! What an account's devices agree on: stars, archived, pinned and muted chats, labels, contacts.

use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::content::chat;
use super::failure::Failure;
use super::phones::{Done, find};
use crate::phone::{AppStateChange, AppStateEntry, MessageName, Phones};

pub(super) struct AppStateApi {
    pub(super) phones: Phones,
}

#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename_all = "kebab-case")]
enum AppStateAction {
    Star,
    Unstar,
    /// Deletes a message for this account alone.
    DeleteMessage,
    Archive,
    Unarchive,
    Pin,
    Unpin,
    /// Until `until`, or for ever.
    Mute,
    Unmute,
    MarkRead,
    MarkUnread,
    DeleteChat,
    ClearChat,
    /// Makes a label, or gives it another name or colour.
    Label,
    DeleteLabel,
    LabelChat,
    UnlabelChat,
    LabelMessage,
    UnlabelMessage,
    /// Saves a person under a name.
    Contact,
    DeleteContact,
}

#[derive(Object)]
#[oai(deny_unknown_fields, rename_all = "camelCase")]
struct NewAction {
    action: AppStateAction,
    chat: Option<String>,
    /// The id of a message in the chat.
    message: Option<String>,
    /// Seconds since 1970.
    until: Option<i64>,
    /// The id of a label; digits.
    label: Option<String>,
    /// Of a label or of a contact.
    name: Option<String>,
    first_name: Option<String>,
    /// Of a label, 0 to 19.
    #[oai(default)]
    color: i32,
}

#[derive(Object)]
#[oai(rename = "AppStateEntry")]
struct EntryView {
    collection: String,
    /// The action and what it is about, such as `["star", chat, message, fromMe, participant]`.
    index: Vec<String>,
    /// The fields of the action, named as WhatsApp names them, such as `{"starred": true}`.
    value: Any<Value>,
}

impl From<AppStateEntry> for EntryView {
    fn from(entry: AppStateEntry) -> Self {
        Self { collection: entry.collection.to_owned(), index: entry.index, value: Any(entry.value) }
    }
}

#[OpenApi]
impl AppStateApi {
    /// Star, archive, pin, mute, label, save: as the owner does it on the phone
    ///
    /// Linked devices are told.
    #[oai(path = "/phones/:id/app-state", method = "post", operation_id = "changeAppState")]
    async fn change(&self, id: Path<Uuid>, new: Json<NewAction>) -> Result<Done, Failure> {
        find(&self.phones, id.0)?.change_app_state(change(new.0)?).await?;
        Ok(Done::Done)
    }

    /// All that is set now, whichever device has set it, decrypted by the phone
    #[oai(path = "/phones/:id/app-state", method = "get", operation_id = "getAppState")]
    async fn get(&self, id: Path<Uuid>) -> Result<Json<Vec<EntryView>>, Failure> {
        let entries = find(&self.phones, id.0)?.app_state().await?;
        Ok(Json(entries.into_iter().map(EntryView::from).collect()))
    }
}

/// What a request means, or what it lacks.
fn change(new: NewAction) -> Result<AppStateChange, Failure> {
    use AppStateAction as Action;
    let of = || chat(&need(new.chat.clone(), "chat")?);
    let message = || Ok::<_, Failure>(MessageName { chat: of()?, id: need(new.message.clone(), "message")? });
    let label = || need(new.label.clone(), "label");
    Ok(match new.action {
        Action::Star => AppStateChange::Star { message: message()?, is_starred: true },
        Action::Unstar => AppStateChange::Star { message: message()?, is_starred: false },
        Action::DeleteMessage => AppStateChange::DeleteMessage(message()?),
        Action::Archive => AppStateChange::Archive { chat: of()?, is_archived: true },
        Action::Unarchive => AppStateChange::Archive { chat: of()?, is_archived: false },
        Action::Pin => AppStateChange::Pin { chat: of()?, is_pinned: true },
        Action::Unpin => AppStateChange::Pin { chat: of()?, is_pinned: false },
        Action::Mute => AppStateChange::Mute { chat: of()?, until: new.until },
        Action::Unmute => AppStateChange::Unmute(of()?),
        Action::MarkRead => AppStateChange::MarkRead { chat: of()?, is_read: true },
        Action::MarkUnread => AppStateChange::MarkRead { chat: of()?, is_read: false },
        Action::DeleteChat => AppStateChange::DeleteChat(of()?),
        Action::ClearChat => AppStateChange::ClearChat(of()?),
        Action::Label => {
            AppStateChange::EditLabel { label: label()?, name: need(new.name.clone(), "name")?, color: new.color }
        }
        Action::DeleteLabel => AppStateChange::DeleteLabel(label()?),
        Action::LabelChat => AppStateChange::LabelChat { label: label()?, chat: of()?, is_labeled: true },
        Action::UnlabelChat => AppStateChange::LabelChat { label: label()?, chat: of()?, is_labeled: false },
        Action::LabelMessage => AppStateChange::LabelMessage { label: label()?, message: message()?, is_labeled: true },
        Action::UnlabelMessage => {
            AppStateChange::LabelMessage { label: label()?, message: message()?, is_labeled: false }
        }
        Action::Contact => AppStateChange::SaveContact {
            person: of()?,
            name: need(new.name.clone(), "name")?,
            first_name: new.first_name.clone(),
        },
        Action::DeleteContact => AppStateChange::DeleteContact(of()?),
    })
}

fn need<T>(value: Option<T>, name: &str) -> Result<T, Failure> {
    value.ok_or_else(|| Failure::bad_request(format!("this action needs {name}")))
}
