//! Votes in polls, and answers to appointments.

use openwa_model::{
    content::{Attendance, Detail, EventResponse, Vote},
    id::{MessageId, SessionId},
    jid::Jid,
    message::Message,
    ops::{Op, RespondToEvent, VotePoll},
};

use super::{Gateway, Result, ids_of, messages::address};
use crate::{answers, error::GatewayError, payload::Events, running::Running};

impl Gateway {
    /// Votes in a poll by the texts of its answers; none takes the vote back.
    pub async fn vote_poll(&self, session: SessionId, chat: &Jid, id: &MessageId, options: &[String]) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::VotePoll)?;
        let target = self.message(session, chat, id).await?;
        let chosen = chosen(&target, options)?;
        self.detached(async move {
            let operation = VotePoll { target: address(&target), options: chosen.clone() };
            let sent = running.call(operation, this.settings().call_timeout).await?;
            let vote = Vote { voter: own(&running, &target), options: chosen, at: sent.at };
            let mut unit = this.begin_for(&running).await?;
            // Others may have voted meanwhile.
            let Some(mut poll) = unit.message(session, &target.chat, &target.id).await? else { return Ok(()) };
            if answers::vote(&mut poll, vote.clone()) {
                if let Some(detail) = &poll.detail {
                    unit.set_detail(poll.row, detail).await?;
                }
                let voter = ids_of(&mut *unit, session, &vote.voter).await?;
                unit.append_event(&Events { session, own: None }.vote(&poll, &vote, &voter, true)).await?;
            }
            this.commit(unit).await
        })
        .await
    }

    /// Says whether this account comes to an appointment.
    pub async fn respond_to_event(
        &self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        response: EventResponse,
        extra_guests: u32,
    ) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::RespondToEvent)?;
        let target = self.message(session, chat, id).await?;
        let Some(Detail::Event(appointment)) = &target.detail else {
            return Err(GatewayError::InvalidInput("The message is not an event".to_owned()));
        };
        if extra_guests > 0 && !appointment.takes_guests {
            return Err(GatewayError::InvalidInput("Nobody can be brought along to this event".to_owned()));
        }
        self.detached(async move {
            let operation = RespondToEvent { target: address(&target), response, extra_guests };
            let sent = running.call(operation, this.settings().call_timeout).await?;
            let answer = Attendance { person: own(&running, &target), response, extra_guests, at: sent.at };
            let mut unit = this.begin_for(&running).await?;
            let Some(mut event) = unit.message(session, &target.chat, &target.id).await? else { return Ok(()) };
            if answers::attendance(&mut event, answer.clone()) {
                if let Some(detail) = &event.detail {
                    unit.set_detail(event.row, detail).await?;
                }
                let person = ids_of(&mut *unit, session, &answer.person).await?;
                unit.append_event(&Events { session, own: None }.attendance(&event, &answer, &person, true)).await?;
            }
            this.commit(unit).await
        })
        .await
    }
}

fn own(running: &Running, target: &Message) -> Jid {
    running.account().map_or_else(|| target.sender.clone(), |it| it.phone)
}

/// The chosen answers, once they are the poll's own and not too many.
fn chosen(target: &Message, options: &[String]) -> Result<Vec<String>> {
    let Some(Detail::Poll { options: valid, multiple, .. }) = &target.detail else {
        return Err(GatewayError::InvalidInput("The message is not a poll".to_owned()));
    };
    if let Some(unknown) = options.iter().find(|it| !valid.contains(it)) {
        return Err(GatewayError::PollOptionNotFound { option: unknown.clone(), valid: valid.clone() });
    }
    let chosen: Vec<_> = valid.iter().filter(|it| options.contains(it)).cloned().collect();
    if chosen.len() > 1 && !multiple {
        return Err(GatewayError::InvalidInput("Only one option can be chosen in this poll".to_owned()));
    }
    Ok(chosen)
}
