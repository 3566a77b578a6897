//! Groups.

use openwa_model::{
    engine::ErrorKind,
    group::Group,
    id::SessionId,
    jid::Jid,
    ops::{GetGroup, ListGroups, Op},
};

use super::{Gateway, Result};
use crate::{error::GatewayError, running::CallError};

impl Gateway {
    /// The groups this account is in, as WhatsApp tells them.
    pub async fn groups(&self, session: SessionId) -> Result<Vec<Group>> {
        let running = self.running(session).await?;
        running.check(Op::ListGroups)?;
        Ok(running.call(ListGroups, self.settings().call_timeout).await?)
    }

    /// One group with its members.
    pub async fn group(&self, session: SessionId, id: &Jid) -> Result<Group> {
        let running = self.running(session).await?;
        running.check(Op::GetGroup)?;
        let asked = running.call(GetGroup { id: id.clone() }, self.settings().call_timeout).await;
        asked.map_err(|error| match error {
            CallError::Engine(error) if error.kind == ErrorKind::NotFound => GatewayError::GroupNotFound,
            error => error.into(),
        })
    }
}
