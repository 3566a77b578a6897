//! Groups as a phone makes, changes and sees them.

use bytes::Bytes;
use wacore_binary::builder::NodeBuilder;
use wacore_binary::{Jid, Node};

use super::actor::Actor;
use super::chat::Chat;
use super::error::PhoneError;
use crate::stanza;

/// The longest subject of a group.
const LONGEST_SUBJECT: usize = 100;

/// A group as a phone sees it.
#[derive(Clone, Debug)]
pub struct Group {
    pub id: Chat,
    pub name: String,
    pub description: Option<String>,
    pub owner: Option<Chat>,
    pub participants: Vec<Participant>,
    /// Only admins write.
    pub is_announcement: bool,
    /// Only admins edit the name, the description and the settings.
    pub is_locked: bool,
    /// Only admins add members.
    pub only_admins_add: bool,
    /// Who asks to join waits for an admin.
    pub approves_members: bool,
    /// Seconds after which messages vanish; 0 is never.
    pub expiration: u32,
}

#[derive(Clone, Debug)]
pub struct Participant {
    pub id: Chat,
    pub lid: Chat,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Member,
    Admin,
    Owner,
}

/// What changes in a group; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub name: Option<String>,
    /// Without a text it goes.
    pub description: Option<String>,
    pub is_announcement: Option<bool>,
    pub is_locked: Option<bool>,
    pub only_admins_add: Option<bool>,
    pub approves_members: Option<bool>,
    pub expiration: Option<u32>,
    /// Without bytes it goes.
    pub picture: Option<Bytes>,
}

/// What is done with people of a group, or with who waits to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Add,
    Remove,
    Promote,
    Demote,
    Approve,
    Reject,
}

/// Who follows an invitation is in, or waits for an admin.
#[derive(Clone, Debug)]
pub struct Joined {
    pub group: Chat,
    pub is_waiting: bool,
}

impl Actor {
    pub(super) async fn create_group(&mut self, subject: &str, participants: &[Chat]) -> Result<Chat, PhoneError> {
        let subject: String = subject.chars().take(LONGEST_SUBJECT).collect();
        let create = NodeBuilder::new("create")
            .attr("subject", subject)
            .attr("key", self.new_message_id())
            .children(participant_nodes(participants))
            .build();
        let answer = self.ask(about(Jid::group(""), "set").children([create])).await?;
        let id = answer.get_optional_child("group").map(|group| stanza::text(group, "id")).unwrap_or_default();
        let id = id.split('@').next().unwrap_or_default();
        Ok(Chat::parse(&format!("{id}@g.us"))?)
    }

    /// The groups this phone is in.
    pub(super) async fn groups(&mut self) -> Result<Vec<Group>, PhoneError> {
        let wanted = NodeBuilder::new("participating")
            .children(["participants", "description"].map(|tag| NodeBuilder::new(tag).build()))
            .build();
        let answer = self.ask(about(Jid::group(""), "get").children([wanted])).await?;
        Ok(stanza::grandchildren(&answer, "groups").iter().filter_map(|group| self.read_group(group)).collect())
    }

    pub(super) async fn group(&mut self, group: &Chat) -> Result<Group, PhoneError> {
        let answer = self.ask_group(group, "get", query()).await?;
        let node = answer.get_optional_child("group");
        node.and_then(|node| self.read_group(node)).ok_or_else(|| PhoneError::NoSuchGroup(group.clone()))
    }

    /// The hidden ids of a group's members.
    pub(super) async fn members_of(&mut self, group: &Jid) -> Result<Vec<Jid>, PhoneError> {
        let answer = self.ask_group(&Chat::of(group), "get", query()).await?;
        Ok(stanza::grandchildren(&answer, "group")
            .iter()
            .filter(|child| child.tag == "participant")
            .filter_map(|participant| stanza::jid(participant, "jid"))
            .collect())
    }

    pub(super) async fn change_group(&mut self, group: &Chat, change: Change) -> Result<(), PhoneError> {
        let mut wanted = Vec::new();
        if let Some(name) = change.name {
            wanted.push(NodeBuilder::new("subject").bytes(name.into_bytes()).build());
        }
        if let Some(text) = change.description {
            wanted.push(self.description(group, text).await?);
        }
        let switch =
            |is_on: bool, on: &'static str, off: &'static str| NodeBuilder::new(if is_on { on } else { off }).build();
        wanted.extend(change.is_announcement.map(|is_on| switch(is_on, "announcement", "not_announcement")));
        wanted.extend(change.is_locked.map(|is_on| switch(is_on, "locked", "unlocked")));
        wanted.extend(change.only_admins_add.map(|is_on| {
            let mode: &[u8] = if is_on { b"admin_add" } else { b"all_member_add" };
            NodeBuilder::new("member_add_mode").bytes(mode).build()
        }));
        wanted.extend(change.approves_members.map(|is_on| {
            let state = if is_on { "on" } else { "off" };
            let join = NodeBuilder::new("group_join").attr("state", state).build();
            NodeBuilder::new("membership_approval_mode").children([join]).build()
        }));
        wanted.extend(change.expiration.map(|seconds| match seconds {
            0 => NodeBuilder::new("not_ephemeral").build(),
            seconds => NodeBuilder::new("ephemeral").attr("expiration", seconds).build(),
        }));
        for node in wanted {
            self.ask_group(group, "set", node).await?;
        }
        if let Some(picture) = change.picture {
            let jid = jid_of(group)?;
            self.set_picture(jid, picture).await?;
        }
        Ok(())
    }

    /// Does something with people of a group. Gives, for each, the code of the network: 200 is done.
    pub(super) async fn change_members(
        &mut self,
        group: &Chat,
        action: Action,
        people: &[Chat],
    ) -> Result<Vec<(Chat, u16)>, PhoneError> {
        let people = participant_nodes(people);
        let (tag, outer) = match action {
            Action::Add => ("add", None),
            Action::Remove => ("remove", None),
            Action::Promote => ("promote", None),
            Action::Demote => ("demote", None),
            Action::Approve => ("approve", Some("membership_requests_action")),
            Action::Reject => ("reject", Some("membership_requests_action")),
        };
        let mut wanted = NodeBuilder::new(tag).children(people).build();
        if let Some(outer) = outer {
            wanted = NodeBuilder::new(outer).children([wanted]).build();
        }
        let answer = self.ask_group(group, "set", wanted).await?;
        let mut results = answer.get_optional_child(outer.unwrap_or(tag));
        if outer.is_some() {
            results = results.and_then(|decided| decided.get_optional_child(tag));
        }
        let results = results.map(stanza::children).unwrap_or_default().iter();
        Ok(results
            .filter_map(|participant| {
                let code = stanza::number(participant, "error").unwrap_or(200);
                Some((self.person(&stanza::jid(participant, "jid")?), code))
            })
            .collect())
    }

    /// Who waits to be let in.
    pub(super) async fn group_requests(&mut self, group: &Chat) -> Result<Vec<Chat>, PhoneError> {
        let wanted = NodeBuilder::new("membership_approval_requests").build();
        let answer = self.ask_group(group, "get", wanted).await?;
        let waiting = stanza::grandchildren(&answer, "membership_approval_requests").iter();
        Ok(waiting.filter_map(|asked| stanza::jid(asked, "jid")).map(|jid| self.person(&jid)).collect())
    }

    pub(super) async fn leave_group(&mut self, group: &Chat) -> Result<(), PhoneError> {
        let left = NodeBuilder::new("group").attr("id", jid_of(group)?).build();
        let leave = NodeBuilder::new("leave").children([left]).build();
        let answer = self.ask(about(Jid::group(""), "set").children([leave])).await?;
        match stanza::grandchildren(&answer, "leave").first() {
            Some(left) if left.attrs.get("error").is_none() => Ok(()),
            _ => Err(PhoneError::NoSuchGroup(group.clone())),
        }
    }

    /// The code of the group's invite link, or of a new one.
    pub(super) async fn group_invite(&mut self, group: &Chat, is_new: bool) -> Result<String, PhoneError> {
        let kind = if is_new { "set" } else { "get" };
        let answer = self.ask_group(group, kind, NodeBuilder::new("invite").build()).await?;
        let code = answer.get_optional_child("invite").map(|invite| stanza::text(invite, "code"));
        code.ok_or(PhoneError::NoAnswer)
    }

    pub(super) async fn join_group(&mut self, code: &str) -> Result<Joined, PhoneError> {
        let invite = NodeBuilder::new("invite").attr("code", code).build();
        let answer = self.ask(about(Jid::group(""), "set").children([invite])).await?;
        let joined = stanza::children(&answer).first().ok_or(PhoneError::NoAnswer)?;
        let group = stanza::jid(joined, "jid").ok_or(PhoneError::NoAnswer)?;
        Ok(Joined { group: Chat::of(&group), is_waiting: joined.tag != "group" })
    }

    /// `<description id prev>`: whoever edits a description says which one was seen.
    async fn description(&mut self, group: &Chat, text: String) -> Result<Node, PhoneError> {
        let answer = self.ask_group(group, "get", query()).await?;
        let known = answer.get_optional_child("group").and_then(|group| group.get_optional_child("description"));
        let mut node = NodeBuilder::new("description").attr("id", self.new_message_id());
        if let Some(known) = known {
            node = node.attr("prev", stanza::text(known, "id"));
        }
        if text.is_empty() {
            return Ok(node.attr("delete", "true").build());
        }
        Ok(node.children([NodeBuilder::new("body").bytes(text.into_bytes()).build()]).build())
    }

    async fn ask_group(&mut self, group: &Chat, kind: &'static str, wanted: Node) -> Result<Node, PhoneError> {
        let request = about(jid_of(group)?, kind).children([wanted]);
        self.ask(request).await.map_err(|error| match error {
            // To who is not in it, a group that exists looks as one that does not.
            PhoneError::RequestRefused(404) => PhoneError::NoSuchGroup(group.clone()),
            PhoneError::RequestRefused(403) if kind == "get" => PhoneError::NoSuchGroup(group.clone()),
            error => error,
        })
    }

    fn read_group(&self, node: &Node) -> Option<Group> {
        let id = stanza::text(node, "id");
        let id = Chat::parse(&format!("{}@g.us", id.split('@').next()?)).ok()?;
        let has = |tag: &str| node.get_optional_child(tag).is_some();
        let description = node.get_optional_child("description");
        let participants = node.get_children_by_tag("participant").filter_map(|participant| {
            let lid = stanza::jid(participant, "jid")?;
            Some(Participant {
                id: self.person(&lid),
                lid: Chat::of(&lid),
                role: match stanza::text(participant, "type").as_str() {
                    "superadmin" => Role::Owner,
                    "admin" => Role::Admin,
                    _ => Role::Member,
                },
            })
        });
        let approval = node.get_optional_child("membership_approval_mode");
        Some(Group {
            id,
            name: stanza::text(node, "subject"),
            description: description
                .map(|description| String::from_utf8_lossy(stanza::child_content(description, "body")).into_owned()),
            owner: stanza::jid(node, "creator").map(|creator| self.person(&creator)),
            participants: participants.collect(),
            is_announcement: has("announcement"),
            is_locked: has("locked"),
            only_admins_add: stanza::child_content(node, "member_add_mode") == b"admin_add",
            approves_members: approval
                .and_then(|mode| mode.get_optional_child("group_join"))
                .is_some_and(|join| stanza::is(join, "state", "on")),
            expiration: node
                .get_optional_child("ephemeral")
                .and_then(|ephemeral| stanza::number(ephemeral, "expiration"))
                .unwrap_or(0),
        })
    }
}

fn query() -> Node {
    NodeBuilder::new("query").attr("request", "interactive").build()
}

/// The head of a request about a group.
fn about(group: Jid, kind: &'static str) -> NodeBuilder {
    NodeBuilder::new("iq").attr("to", group).attr("type", kind).attr("xmlns", "w:g2")
}

fn jid_of(group: &Chat) -> Result<Jid, PhoneError> {
    match group {
        Chat::Group(id) => Ok(Jid::group(id.as_str())),
        _ => Err(PhoneError::NoSuchGroup(group.clone())),
    }
}

fn participant_nodes(people: &[Chat]) -> Vec<Node> {
    let jids = people.iter().filter_map(Chat::jid);
    jids.map(|jid| NodeBuilder::new("participant").attr("jid", jid).build()).collect()
}
