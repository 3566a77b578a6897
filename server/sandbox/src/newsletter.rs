//! A channel, which the protocol calls a newsletter: who follows it and what was posted in it.
//! Nothing in it is encrypted.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wacore_binary::Jid;

use crate::account::Picture;
use crate::hex_text;

/// Channels the network may have.
pub(crate) const MOST_NEWSLETTERS: usize = 100_000;

/// Posts a channel keeps; beyond this the oldest is forgotten.
pub(crate) const MOST_POSTS: usize = 10_000;

/// What somebody is in a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Role {
    Follower,
    Admin,
    /// Who made the channel, or was given it.
    Owner,
}

impl Role {
    pub(crate) fn is_admin(self) -> bool {
        self != Self::Follower
    }

    /// As clients are told.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Follower => "subscriber",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Newsletter {
    pub(crate) id: String,
    pub(crate) created_at: u64,
    pub(crate) name: Caption,
    pub(crate) description: Caption,
    pub(crate) picture: Option<Picture>,
    pub(crate) invite_code: String,
    pub(crate) followers: BTreeMap<String, Follower>,
    /// Who was asked to become an admin.
    pub(crate) invited_admins: BTreeSet<String>,
    /// Which reactions are taken, as its admins put it.
    pub(crate) reaction_codes: String,
    /// What the newest post was numbered.
    pub(crate) last_server_id: u64,
    /// By the number the server gave them, which grows. Stored one by one.
    #[serde(skip)]
    pub(crate) posts: BTreeMap<u64, Post>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Follower {
    pub(crate) role: Role,
    pub(crate) since: u64,
    /// Kinds of news the follower does not want to hear of.
    pub(crate) muted: BTreeSet<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Caption {
    pub(crate) text: String,
    pub(crate) set_at: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Post {
    pub(crate) server_id: u64,
    /// Chosen by the client that posted it.
    pub(crate) id: String,
    pub(crate) author: String,
    pub(crate) at: u64,
    /// The stanza's type: `text`, `media`, `poll`.
    pub(crate) kind: String,
    pub(crate) media_type: Option<String>,
    /// The encoded message; nothing when the post was taken back.
    #[serde(with = "hex_text")]
    pub(crate) body: Vec<u8>,
    pub(crate) edited_at: Option<u64>,
    /// Who reacted with what.
    pub(crate) reactions: BTreeMap<String, String>,
}

impl Newsletter {
    pub(crate) fn jid(&self) -> Jid {
        Jid::newsletter(self.id.as_str())
    }

    pub(crate) fn role_of(&self, number: &str) -> Option<Role> {
        self.followers.get(number).map(|follower| follower.role)
    }

    pub(crate) fn is_admin(&self, number: &str) -> bool {
        self.role_of(number).is_some_and(Role::is_admin)
    }

    pub(crate) fn post_by_id(&self, id: &str) -> Option<&Post> {
        self.posts.values().rev().find(|post| post.id == id)
    }

    /// Takes a follower out. A channel that loses its owner goes to an admin, if it has one.
    pub(crate) fn take_out(&mut self, number: &str) -> Option<Follower> {
        let gone = self.followers.remove(number)?;
        if gone.role == Role::Owner
            && let Some(heir) = self.followers.values_mut().find(|follower| follower.role == Role::Admin)
        {
            heir.role = Role::Owner;
        }
        Some(gone)
    }
}

impl Post {
    /// How many people reacted with what.
    pub(crate) fn reaction_counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for code in self.reactions.values() {
            *counts.entry(code.as_str()).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follower(role: Role) -> Follower {
        Follower { role, since: 0, muted: BTreeSet::new() }
    }

    #[test]
    fn a_channel_without_its_owner_goes_to_an_admin() {
        let caption = || Caption { text: String::new(), set_at: 0 };
        let mut newsletter = Newsletter {
            id: "1".to_owned(),
            created_at: 0,
            name: caption(),
            description: caption(),
            picture: None,
            invite_code: String::new(),
            followers: BTreeMap::from([
                ("1".to_owned(), follower(Role::Follower)),
                ("2".to_owned(), follower(Role::Owner)),
                ("3".to_owned(), follower(Role::Admin)),
            ]),
            invited_admins: BTreeSet::new(),
            reaction_codes: String::new(),
            last_server_id: 0,
            posts: BTreeMap::new(),
        };
        newsletter.take_out("2");
        assert_eq!(newsletter.role_of("3"), Some(Role::Owner));
        assert_eq!(newsletter.role_of("1"), Some(Role::Follower));
    }
}
