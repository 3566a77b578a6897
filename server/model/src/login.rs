//! Linking an account, as typed steps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::jid::Jid;

/// A way to link an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginFlow {
    /// The phone scans a code from the screen.
    Qr,
    /// The person types eight characters on the phone of this number (digits only).
    PairingCode {
        /// The number of the phone, digits only, with country code.
        number: String,
    },
}

/// What a person has to do next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginStep {
    /// Scan this. A new code replaces it before it expires.
    Qr {
        /// The text inside the code.
        code: String,
        /// When it stops working.
        expires_at: Timestamp,
    },
    /// Type this on the phone.
    PairingCode {
        /// Eight characters, without a hyphen.
        code: String,
        /// When it stops working.
        expires_at: Timestamp,
    },
}

/// Who a session is linked to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Account {
    /// The phone number as an id.
    pub phone: Jid,
    /// The hidden id of the same person.
    pub lid: Option<Jid>,
    /// The name the person shows to others.
    pub push_name: Option<String>,
}
