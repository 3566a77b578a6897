//! What is said of a message before the message itself has come.
//!
//! WhatsApp promises no order between a message and what follows it: the message may have to be sent again
//! because it could not be read, while its receipt, edit, revocation or reaction got through.

use serde::{Deserialize, Serialize};

use crate::{
    engine::{Edited, Receipt, Revoked},
    message::Reaction,
};

/// Something said of a message that is not known yet; kept until it comes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "said", rename_all = "lowercase")]
pub enum EarlyNews {
    /// It got further. Names this one message only.
    Receipt(Receipt),
    /// Its text was changed.
    Edited(Edited),
    /// It was taken back.
    Revoked(Revoked),
    /// Someone reacted to it.
    Reaction(Reaction),
}

impl EarlyNews {
    /// The names of all kinds.
    pub const KINDS: [&str; 4] = ["receipt", "edited", "revoked", "reaction"];

    /// The name of this kind; each kind is bounded by itself.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Receipt(_) => "receipt",
            Self::Edited(_) => "edited",
            Self::Revoked(_) => "revoked",
            Self::Reaction(_) => "reaction",
        }
    }
}
