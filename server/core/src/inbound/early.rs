//! What comes before the message it is about: held in the store, and applied when the message comes.
//!
//! Held are at most [`MOST`] of a kind per session, for [`FORGET_AFTER`]. A reaction is told without its message
//! after [`TELL_REACTIONS_AFTER`]: mostly that message was sent before this gateway was linked, and will not come.

use std::time::Duration;

use jiff::SignedDuration;
use openwa_model::{
    Timestamp,
    early::EarlyNews,
    id::{MessageId, SessionId},
    jid::Jid,
    message::{Message, Reaction},
    store::Unit,
};

use super::{Inbound, Result};
use crate::{
    gateway::{Context, canonical, ids_of},
    payload::Events,
    running::Running,
};

/// How much of one kind is held per session.
const MOST: u32 = 1_000;
/// After how long it is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// After how long a reaction is told although its message has not come.
const TELL_REACTIONS_AFTER: Duration = Duration::from_secs(60);
/// How many reactions are told in one unit.
const REACTIONS_AT_ONCE: u32 = 200;

impl Inbound<'_> {
    /// Keeps it for when its message comes.
    pub(super) async fn hold(&mut self, chat: &Jid, message: &MessageId, news: EarlyNews) -> Result<()> {
        self.unit.hold_early_news(self.session, chat, message, &news, self.now).await?;
        self.holds_news = Some(true);
        self.has_held = true;
        Ok(())
    }

    /// Applies what was said of a message that is stored now.
    pub(super) async fn apply_held(&mut self, message: &Message) -> Result<()> {
        if !self.holds_anything().await? {
            return Ok(());
        }
        for news in self.unit.take_early_news(self.session, &message.chat, &message.id).await? {
            match news {
                EarlyNews::Receipt(it) => self.receipt(&it).await?,
                EarlyNews::Edited(it) => self.edited(&it).await?,
                EarlyNews::Revoked(it) => self.revoked(&it).await?,
                EarlyNews::Reaction(it) => self.reaction(&it).await?,
            }
        }
        Ok(())
    }

    /// Keeps what is held within its bounds.
    pub(super) async fn trim_held(&mut self) -> Result<()> {
        if self.has_held { self.unit.trim_early_news(self.session, MOST).await } else { Ok(()) }
    }

    /// Asked once per batch: mostly nothing is held.
    async fn holds_anything(&mut self) -> Result<bool> {
        if let Some(known) = self.holds_news {
            return Ok(known);
        }
        let holds = self.unit.holds_early_news(self.session).await?;
        self.holds_news = Some(holds);
        Ok(holds)
    }
}

fn ago(now: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Forgets what was held too long, of all sessions.
pub(crate) async fn forget_old(unit: &mut dyn Unit, now: Timestamp) -> Result<u64> {
    unit.expire_early_news(ago(now, FORGET_AFTER)).await
}

/// The sessions that hold reactions to be told without their messages.
pub(crate) async fn sessions_with_old_reactions(context: &Context) -> Result<Vec<SessionId>> {
    let before = ago(context.now(), TELL_REACTIONS_AFTER);
    context.ports.store.view().await?.sessions_with_old_reactions(before).await
}

/// Tells of the reactions of a session whose messages have not come for a while.
pub(crate) async fn tell_old_reactions(context: &Context, running: &Running) -> Result<()> {
    let (session, now) = (running.id, context.now());
    let mut unit = context.ports.store.begin().await?;
    unit.check_lease(&running.lease).await?;
    let before = ago(now, TELL_REACTIONS_AFTER);
    for news in unit.take_old_reactions(session, before, REACTIONS_AT_ONCE).await? {
        let EarlyNews::Reaction(held) = news else { continue };
        // The number behind a hidden id may have been learned meanwhile.
        let reaction = Reaction {
            chat: canonical(&mut *unit, session, &held.chat).await?,
            sender: canonical(&mut *unit, session, &held.sender).await?,
            ..held
        };
        if unit.set_reaction(session, &reaction).await? {
            let sender = ids_of(&mut *unit, session, &reaction.sender).await?;
            unit.append_event(&Events { session, own: None }.reaction(&reaction, &sender)).await?;
        }
    }
    unit.commit().await?;
    context.bell.ring();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_old_by_the_clock_alone() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(ago(now, Duration::from_secs(60)), Timestamp::from_second(1_699_999_940).unwrap());
        assert_eq!(ago(Timestamp::MIN, Duration::from_secs(60)), Timestamp::MIN);
        assert_eq!(ago(now, Duration::MAX), Timestamp::MIN);
    }
}
