//! Votes in polls and answers to appointments, kept with the message they answer.

use openwa_model::{
    content::{Attendance, Detail, Vote},
    engine::{Responded, Voted},
};
use sha2::{Digest, Sha256};

use super::{Inbound, Result};
use crate::{answers, gateway::name_anew};

impl Inbound<'_> {
    pub(super) async fn voted(&mut self, voted: &Voted) -> Result<()> {
        let chat = self.canonical(&voted.chat, None).await?;
        let voter = self.author(&voted.voter, voted.from_me).await?;
        let Some(mut poll) = self.unit.message(self.session, &chat, &voted.target).await? else { return Ok(()) };
        // Who voted under a hidden id may be known by number now, and has one vote.
        name_anew(&mut *self.unit, &mut poll).await?;
        let Some(Detail::Poll { options, .. }) = &poll.detail else { return Ok(()) };
        let is_chosen = |it: &&String| voted.chosen.iter().any(|hash| hash[..] == Sha256::digest(it.as_bytes())[..]);
        let options = options.iter().filter(is_chosen).cloned().collect();
        let vote = Vote { voter, options, at: self.plausible(voted.timestamp) };
        if !answers::vote(&mut poll, vote.clone()) {
            return Ok(());
        }
        if let Some(detail) = &poll.detail {
            self.unit.set_detail(poll.row, detail).await?;
        }
        let voter = self.ids_of(&vote.voter).await?;
        let event = self.events().vote(&poll, &vote, &voter, voted.from_me);
        self.unit.append_event(&event).await?;
        Ok(())
    }

    pub(super) async fn responded(&mut self, responded: &Responded) -> Result<()> {
        let chat = self.canonical(&responded.chat, None).await?;
        let person = self.author(&responded.person, responded.from_me).await?;
        let Some(mut message) = self.unit.message(self.session, &chat, &responded.target).await? else { return Ok(()) };
        name_anew(&mut *self.unit, &mut message).await?;
        let answer = Attendance {
            person,
            response: responded.response,
            extra_guests: responded.extra_guests,
            at: self.plausible(responded.timestamp),
        };
        if !answers::attendance(&mut message, answer.clone()) {
            return Ok(());
        }
        if let Some(detail) = &message.detail {
            self.unit.set_detail(message.row, detail).await?;
        }
        let person = self.ids_of(&answer.person).await?;
        let event = self.events().attendance(&message, &answer, &person, responded.from_me);
        self.unit.append_event(&event).await?;
        Ok(())
    }
}
