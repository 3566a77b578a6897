//! Groups.

use openwa_model::{group::Group, id::SessionId, jid::Jid};

use super::{Gateway, Result};

impl Gateway {
    /// The groups this account is in, as WhatsApp tells them.
    pub async fn groups(&self, session: SessionId) -> Result<Vec<Group>> {
        todo!()
    }
    /// One group with its members.
    pub async fn group(&self, session: SessionId, id: &Jid) -> Result<Group> {
        todo!()
    }
}
