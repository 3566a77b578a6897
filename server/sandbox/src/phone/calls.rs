//! Calls of a phone: what is said about them, not what is spoken in them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use wacore_binary::Node;
use wacore_binary::builder::NodeBuilder;

use super::actor::Actor;
use super::chat::Chat;
use super::error::PhoneError;
use super::observation::Kind;
use crate::stanza;

/// A phone forgets its oldest calls beyond this many.
const MOST_CALLS: usize = 1_000;

#[derive(Clone, Debug)]
pub struct Call {
    pub id: String,
    pub with: Chat,
    /// Whether this phone called.
    pub is_outgoing: bool,
    pub is_video: bool,
    pub state: CallState,
    /// Who made the call, as the stanzas name them.
    creator: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    Ringing,
    Accepted,
    Rejected,
    Ended,
}

/// What a phone does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Accept,
    Reject,
    Terminate,
}

/// The calls of one phone, oldest first.
#[derive(Default)]
pub(crate) struct Calls(Mutex<VecDeque<Call>>);

impl Calls {
    pub(crate) fn list(&self) -> Vec<Call> {
        self.lock().iter().cloned().collect()
    }

    fn find(&self, id: &str) -> Option<Call> {
        self.lock().iter().find(|call| call.id == id).cloned()
    }

    fn add(&self, call: Call) {
        let mut calls = self.lock();
        calls.push_back(call);
        if calls.len() > MOST_CALLS {
            calls.pop_front();
        }
    }

    fn settle(&self, id: &str, state: CallState) {
        if let Some(call) = self.lock().iter_mut().find(|call| call.id == id) {
            call.state = state;
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Call>> {
        // Whole at every point where a holder could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Actor {
    /// Calls a person. Says the id of the call.
    pub(super) fn call(&self, with: &Chat, is_video: bool) -> Result<String, PhoneError> {
        if self.link.is_none() {
            return Err(PhoneError::Offline);
        }
        // Calls are made between hidden ids.
        let to = self.hidden(with)?;
        let id = self.new_message_id();
        let creator = self.own_lid();
        let mut children = vec![audio("8000"), audio("16000")];
        if is_video {
            let video = NodeBuilder::new("video").attr("enc", "vp8").attr("dec", "vp8").attr("orientation", "0");
            children.push(video.build());
        }
        children.push(NodeBuilder::new("net").attr("medium", "3").build());
        children.push(NodeBuilder::new("encopt").attr("keygen", "2").build());
        let offer = NodeBuilder::new("offer")
            .attr("call-id", id.clone())
            .attr("call-creator", creator.clone())
            .attr("caller_pn", self.own_jid())
            .children(children)
            .build();
        self.calls.add(Call {
            id: id.clone(),
            with: self.person(&to),
            is_outgoing: true,
            is_video,
            state: CallState::Ringing,
            creator: creator.to_string(),
        });
        self.say(NodeBuilder::new("call").attr("to", to).attr("id", self.new_message_id()).children([offer]).build());
        Ok(id)
    }

    pub(super) fn act_on_call(&self, id: &str, action: Action) -> Result<(), PhoneError> {
        if self.link.is_none() {
            return Err(PhoneError::Offline);
        }
        let call = self.calls.find(id).ok_or_else(|| PhoneError::NoSuchCall(id.to_owned()))?;
        let is_possible = match action {
            Action::Accept | Action::Reject => !call.is_outgoing && call.state == CallState::Ringing,
            Action::Terminate => matches!(call.state, CallState::Ringing | CallState::Accepted),
        };
        if !is_possible {
            return Err(PhoneError::Unsuitable(format!(
                "only a call that rings here is accepted or rejected, and only one that goes on is ended; \
                 this one is {:?}",
                call.state
            )));
        }
        let (tag, state) = match action {
            Action::Accept => ("accept", CallState::Accepted),
            Action::Reject => ("reject", CallState::Rejected),
            Action::Terminate => ("terminate", CallState::Ended),
        };
        let mut said = NodeBuilder::new(tag).attr("call-id", id.to_owned()).attr("call-creator", call.creator);
        said = match action {
            Action::Accept => said.children([audio("16000"), NodeBuilder::new("net").attr("medium", "3").build()]),
            Action::Reject => said.attr("count", "0"),
            Action::Terminate => said,
        };
        let to = self.hidden(&call.with)?;
        let stanza = NodeBuilder::new("call").attr("to", to).attr("id", self.new_message_id());
        self.say(stanza.children([said.build()]).build());
        self.calls.settle(id, state);
        Ok(())
    }

    /// `<call from><offer call-id call-creator/></call>`
    pub(super) fn receive_call(&self, node: &Node) {
        let (Some(from), Some(said)) = (stanza::jid(node, "from"), stanza::children(node).first()) else {
            return;
        };
        let id = stanza::text(said, "call-id");
        let from = self.person(&from);
        let is_video = said.get_optional_child("video").is_some();
        match said.tag.as_ref() {
            "offer" if self.calls.find(&id).is_none() => self.calls.add(Call {
                id: id.clone(),
                with: from.clone(),
                is_outgoing: false,
                is_video,
                state: CallState::Ringing,
                creator: stanza::text(said, "call-creator"),
            }),
            "accept" => self.calls.settle(&id, CallState::Accepted),
            "reject" => self.calls.settle(&id, CallState::Rejected),
            "terminate" => self.calls.settle(&id, CallState::Ended),
            _ => {}
        }
        let mut data = json!({"id": id, "action": said.tag, "video": is_video});
        let reason = stanza::text(said, "reason");
        if !reason.is_empty() {
            data["reason"] = reason.into();
        }
        self.observations.note(Kind::Call, None, Some(from), data);
    }
}

fn audio(rate: &'static str) -> Node {
    NodeBuilder::new("audio").attr("enc", "opus").attr("rate", rate).build()
}
