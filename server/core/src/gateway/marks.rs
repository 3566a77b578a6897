//! Messages with a star, and messages kept on top of their chat.

use openwa_model::{
    id::{MessageId, SessionId},
    jid::Jid,
    ops::{Op, PinMessage, StarMessage, UnpinMessage},
};

use super::{Gateway, Result, messages::address};

impl Gateway {
    /// Marks a message with a star on this account's devices, or takes the star away.
    pub async fn star_message(&self, session: SessionId, chat: &Jid, id: &MessageId, starred: bool) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::StarMessage)?;
        let target = address(&self.message(session, chat, id).await?);
        Ok(running.call(StarMessage { target, starred }, self.settings().call_timeout).await?)
    }

    /// Keeps a message on top of its chat for everyone, for so many seconds.
    pub async fn pin_message(&self, session: SessionId, chat: &Jid, id: &MessageId, seconds: u32) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::PinMessage)?;
        let target = address(&self.message(session, chat, id).await?);
        running.call(PinMessage { target, seconds }, self.settings().call_timeout).await?;
        Ok(())
    }

    /// Keeps it on top no longer.
    pub async fn unpin_message(&self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<()> {
        let running = self.running(session).await?;
        running.check(Op::UnpinMessage)?;
        let target = address(&self.message(session, chat, id).await?);
        running.call(UnpinMessage { target }, self.settings().call_timeout).await?;
        Ok(())
    }
}
