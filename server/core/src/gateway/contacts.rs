//! Contacts.

use openwa_model::{contact::NumberCheck, id::SessionId};

use super::{Gateway, Result};

impl Gateway {
    /// Asks WhatsApp whether a number (digits only, with country code) is on WhatsApp.
    pub async fn check_number(&self, session: SessionId, number: &str) -> Result<NumberCheck> {
        todo!()
    }
}
