//! Who is there and who types.

use openwa_model::{
    id::SessionId,
    jid::Jid,
    ops::{Op, SetPresence, SubscribePresence},
    presence::ChatPresence,
};

use super::{Gateway, Result};

impl Gateway {
    /// Shows the account as on line, or not.
    pub async fn set_presence(&self, session: SessionId, presence: SetPresence) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::SetPresence)?;
        Ok(running.call(presence, self.settings().call_timeout).await?)
    }

    /// Asks to be told when somebody comes on line or goes away. It holds until the link ends.
    pub async fn subscribe_presence(&self, session: SessionId, chat: &Jid) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::SubscribePresence)?;
        let chat = self.canonical_chat(session, chat).await?;
        Ok(running.call(SubscribePresence { chat }, self.settings().call_timeout).await?)
    }

    /// What was last heard of the people of a chat; nothing when nothing was, or the session does not run.
    pub async fn presence(&self, session: SessionId, chat: &Jid) -> Result<Option<ChatPresence>> {
        self.view_of(session).await?;
        let chat = self.canonical_chat(session, chat).await?;
        Ok(self.0.supervisor.running(session).and_then(|it| it.presences().of(&chat)))
    }
}
