//! Labels of a business account, and the chats that carry them.

use crate::jid::Jid;

/// One label.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Its id.
    pub id: String,
    /// What it says.
    pub name: String,
    /// Its color, a place in WhatsApp's list of twenty.
    pub color: u8,
}

impl Label {
    /// How many colors there are.
    pub const COLORS: u8 = 20;
    /// The longest id, in bytes.
    pub const MAX_ID: usize = 64;
}

/// What was done to labels on another device of this account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LabelChanged {
    /// A label was made or changed.
    Saved(Label),
    /// The label of this id was deleted.
    Deleted(String),
    /// A chat got a label, or lost it.
    Chat {
        /// The label's id.
        label: String,
        /// The chat.
        chat: Jid,
        /// Whether the chat carries it now.
        is_labeled: bool,
    },
}
