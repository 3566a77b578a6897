//! What can be asked of channels.

use crate::jid::Jid;

/// See [`Op::ListChannels`](super::Op::ListChannels).
#[derive(Clone, Debug)]
pub struct ListChannels;

/// See [`Op::GetChannel`](super::Op::GetChannel).
#[derive(Clone, Debug)]
pub struct GetChannel {
    /// The channel.
    pub id: Jid,
}

/// See [`Op::SearchChannels`](super::Op::SearchChannels).
#[derive(Clone, Debug)]
pub struct SearchChannels {
    /// What to look for.
    pub text: String,
    /// How many at most.
    pub limit: u32,
}

/// See [`Op::ListChannelPosts`](super::Op::ListChannelPosts).
#[derive(Clone, Debug)]
pub struct ListChannelPosts {
    /// The channel.
    pub id: Jid,
    /// How many at most.
    pub limit: u32,
}

/// See [`Op::CreateChannel`](super::Op::CreateChannel).
#[derive(Clone, Debug)]
pub struct CreateChannel {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
}

/// See [`Op::SubscribeChannel`](super::Op::SubscribeChannel).
#[derive(Clone, Debug)]
pub struct SubscribeChannel {
    /// The code of the link to it.
    pub invite_code: String,
}

/// See [`Op::UnsubscribeChannel`](super::Op::UnsubscribeChannel).
#[derive(Clone, Debug)]
pub struct UnsubscribeChannel {
    /// The channel.
    pub id: Jid,
}

/// See [`Op::DeleteChannel`](super::Op::DeleteChannel).
#[derive(Clone, Debug)]
pub struct DeleteChannel {
    /// The channel; this account's own.
    pub id: Jid,
}

/// See [`Op::MuteChannel`](super::Op::MuteChannel).
#[derive(Clone, Debug)]
pub struct MuteChannel {
    /// The channel.
    pub id: Jid,
    /// Whether it is to be silent.
    pub mute: bool,
}

/// See [`Op::DemoteChannelAdmin`](super::Op::DemoteChannelAdmin).
#[derive(Clone, Debug)]
pub struct DemoteChannelAdmin {
    /// The channel; this account's own.
    pub id: Jid,
    /// Who is an admin of it no more.
    pub person: Jid,
}

/// See [`Op::TransferChannel`](super::Op::TransferChannel).
#[derive(Clone, Debug)]
pub struct TransferChannel {
    /// The channel; this account's own.
    pub id: Jid,
    /// Whose it is from then on; an admin of it.
    pub person: Jid,
}
