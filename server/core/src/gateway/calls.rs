//! Calls: rejected, and invited to by a link.

use openwa_model::{
    id::SessionId,
    ops::{CreateCallLink, Op},
};

use super::{Gateway, Result};
use crate::calls;

impl Gateway {
    /// Rejects a call that rings.
    pub async fn reject_call(&self, session: SessionId, id: &str) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::RejectCall)?;
        let id = id.to_owned();
        self.detached(async move { calls::reject(&this.0.context, &running, &id).await }).await
    }

    /// Makes a link by which others can call.
    pub async fn create_call_link(&self, session: SessionId, link: CreateCallLink) -> Result<String> {
        let running = self.running(session).await?;
        running.check(Op::CreateCallLink)?;
        Ok(running.call(link, self.settings().call_timeout).await?)
    }
}
