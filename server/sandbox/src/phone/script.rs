//! What a phone does by itself.

use serde::{Deserialize, Serialize};

/// How a phone reacts to what it receives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Script {
    /// Receives and confirms the delivery, nothing more.
    #[default]
    Silent,
    /// Marks what it receives as read.
    AutoRead,
    /// Marks what it receives as read and sends the same content back. What comes from another
    /// phone that echoes is not sent back, or two of them would never stop.
    Echo,
}

impl Script {
    pub(crate) fn reads(self) -> bool {
        self != Self::Silent
    }
}
