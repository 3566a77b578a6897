//! Channels: found, read, made, subscribed to.

use openwa_core::Gateway;
use openwa_model::{
    Timestamp,
    channel::{Channel, ChannelPost, ChannelRole},
    jid::{ChatKind, Jid},
};
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
};
use serde::Serialize;

use crate::{
    answer::{Answer, Created, Shown},
    app::Tag,
    auth::{AllChats, Caller, OneChat, Operator, Viewer},
    error::ApiError,
    input::Body,
    wire::{SessionPath, Success, chat_of},
};

pub(crate) struct Channels(pub(crate) Gateway);

/// What this account is in a channel.
#[derive(Enum, Clone, Copy, Serialize)]
#[oai(rename = "ChannelRole", rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub(crate) enum OwnChannelRole {
    /// It made the channel, or took it over.
    Owner,
    /// It may write.
    Admin,
    /// It reads.
    Subscriber,
    /// It looks in.
    Guest,
}

impl From<ChannelRole> for OwnChannelRole {
    fn from(role: ChannelRole) -> Self {
        match role {
            ChannelRole::Owner => Self::Owner,
            ChannelRole::Admin => Self::Admin,
            ChannelRole::Subscriber => Self::Subscriber,
            ChannelRole::Guest => Self::Guest,
        }
    }
}

/// One channel.
#[derive(Object, Serialize)]
#[oai(rename = "Channel", rename_all = "camelCase", skip_serializing_if_is_none)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelResponse {
    /// Its id: `<id>@newsletter`.
    id: String,
    /// Its name.
    name: String,
    /// Its description, "" when it has none.
    description: String,
    /// The code in the link to it, "" when that was not told.
    invite_code: String,
    /// How many subscribed to it.
    subscriber_count: u64,
    /// Whether WhatsApp vouches for it.
    verified: bool,
    /// What this account is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<OwnChannelRole>,
    /// When it was made, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<i64>,
}

impl From<Channel> for ChannelResponse {
    fn from(it: Channel) -> Self {
        Self {
            id: it.id.to_string(),
            name: it.name,
            description: it.description.unwrap_or_default(),
            invite_code: it.invite_code.unwrap_or_default(),
            subscriber_count: it.subscribers,
            verified: it.verified,
            role: it.role.map(Into::into),
            created_at: it.created_at.map(Timestamp::as_second),
        }
    }
}

/// What was written in a channel.
#[derive(Object, Serialize)]
#[oai(rename_all = "camelCase")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelMessage {
    /// Its id.
    id: String,
    /// Its number in the channel.
    server_id: u64,
    /// Text or caption.
    body: String,
    /// When it was written, in seconds.
    timestamp: i64,
    /// Whether it has a file.
    has_media: bool,
}

impl From<ChannelPost> for ChannelMessage {
    fn from(it: ChannelPost) -> Self {
        Self {
            id: it.id,
            server_id: it.number,
            body: it.body,
            timestamp: it.timestamp.as_second(),
            has_media: it.has_media,
        }
    }
}

/// A channel to be made.
#[derive(Object)]
pub(crate) struct CreateChannel {
    /// Its name.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// What it is about.
    #[oai(validator(max_length = 2048))]
    description: Option<String>,
}

/// Which channel to subscribe to.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct SubscribeToChannel {
    /// The code in the link to it, or the whole link.
    #[oai(validator(min_length = 1, max_length = 128))]
    invite_code: String,
}

/// Whether to silence a channel.
#[derive(Object)]
pub(crate) struct MuteChannel {
    /// Whether it is to be silent.
    mute: bool,
}

/// Who is an admin no more.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct DemoteChannelAdmin {
    /// Who: `<number>@c.us` or `<id>@lid`.
    user_id: String,
}

/// Whose a channel is from now on.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct TransferChannel {
    /// Who: `<number>@c.us` or `<id>@lid`; an admin of the channel.
    new_owner_id: String,
}

/// How many rows a list has where nothing is said.
fn usual_page() -> u32 {
    50
}

/// The channel of this id.
fn channel_of(text: &str) -> Result<Jid, ApiError> {
    let id = chat_of(text)?;
    let good = id.kind() == ChatKind::Channel;
    if good { Ok(id) } else { Err(ApiError::invalid("channelId must be the id of a channel: <id>@newsletter")) }
}

fn person_of(field: &str, text: &str) -> Result<Jid, ApiError> {
    let id = chat_of(text)?;
    let good = id.kind() == ChatKind::Individual;
    if good { Ok(id) } else { Err(ApiError::invalid(format!("{field} must be a person: <number>@c.us or <id>@lid"))) }
}

/// The code alone, also where the whole link is given.
fn code_of(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let tail = text.split_once("whatsapp.com/channel/").map_or(text, |it| it.1);
    let code = tail.split(['?', '/']).next().unwrap_or_default();
    let good = !code.is_empty() && code.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    if good {
        Ok(code.to_owned())
    } else {
        Err(ApiError::invalid("inviteCode must be the code of a link to a channel"))
    }
}

#[OpenApi]
impl Channels {
    /// List channels
    ///
    /// Those this account subscribed to, and its own. A key that is limited to some chats sees those.
    #[oai(path = "/sessions/:sessionId/channels", method = "get", operation_id = "listChannels", tag = "Tag::Channels")]
    async fn list(
        &self,
        caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
    ) -> Answer<Shown<Vec<ChannelResponse>>> {
        let session = session.0.id()?;
        let fence = caller.fence(&self.0, session).await?;
        let channels = self.0.channels(session).await?.into_iter().filter(|it| fence.sees(&it.id));
        Ok(Shown(channels.map(Into::into).collect()))
    }

    /// Search for channels
    ///
    /// In WhatsApp's directory, by words of the name or the description.
    #[oai(
        path = "/sessions/:sessionId/channels/search",
        method = "get",
        operation_id = "searchChannels",
        tag = "Tag::Channels"
    )]
    async fn search(
        &self,
        _caller: Caller<Viewer, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// What to look for.
        #[oai(validator(min_length = 1, max_length = 100))]
        q: Query<String>,
        /// How many at most.
        #[oai(default = "usual_page", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
    ) -> Answer<Shown<Vec<ChannelResponse>>> {
        let found = self.0.search_channels(session.0.id()?, q.0, limit.0).await?;
        Ok(Shown(found.into_iter().map(Into::into).collect()))
    }

    /// Get a channel
    #[oai(
        path = "/sessions/:sessionId/channels/:channelId",
        method = "get",
        operation_id = "getChannel",
        tag = "Tag::Channels"
    )]
    async fn get(
        &self,
        _caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The channel: `<id>@newsletter`.
        #[oai(name = "channelId")]
        channel: Path<String>,
    ) -> Answer<Shown<ChannelResponse>> {
        Ok(Shown(self.0.channel(session.0.id()?, channel_of(&channel.0)?).await?.into()))
    }

    /// List what was written in a channel
    ///
    /// The newest of it, asked of WhatsApp.
    #[oai(
        path = "/sessions/:sessionId/channels/:channelId/messages",
        method = "get",
        operation_id = "listChannelMessages",
        tag = "Tag::Channels"
    )]
    async fn messages(
        &self,
        _caller: Caller<Viewer, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The channel: `<id>@newsletter`.
        #[oai(name = "channelId")]
        channel: Path<String>,
        /// How many at most.
        #[oai(default = "usual_page", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
    ) -> Answer<Shown<Vec<ChannelMessage>>> {
        let posts = self.0.channel_posts(session.0.id()?, channel_of(&channel.0)?, limit.0).await?;
        Ok(Shown(posts.into_iter().map(Into::into).collect()))
    }

    /// Make a channel
    #[oai(
        path = "/sessions/:sessionId/channels",
        method = "post",
        operation_id = "createChannel",
        tag = "Tag::Channels"
    )]
    async fn create(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<CreateChannel>,
    ) -> Answer<Created<ChannelResponse>> {
        let CreateChannel { name, description } = body.value;
        let description = description.filter(|it| !it.is_empty());
        Ok(Created(self.0.create_channel(session.0.id()?, name, description).await?.into()))
    }

    /// Subscribe to a channel
    ///
    /// By the link to it, or the code in the link.
    #[oai(
        path = "/sessions/:sessionId/channels/subscribe",
        method = "post",
        operation_id = "subscribeToChannel",
        tag = "Tag::Channels"
    )]
    async fn subscribe(
        &self,
        _caller: Caller<Operator, AllChats>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        body: Body<SubscribeToChannel>,
    ) -> Answer<Created<ChannelResponse>> {
        let code = code_of(&body.value.invite_code)?;
        Ok(Created(self.0.subscribe_channel(session.0.id()?, code).await?.into()))
    }

    /// Unsubscribe from a channel
    #[oai(
        path = "/sessions/:sessionId/channels/:channelId",
        method = "delete",
        operation_id = "unsubscribeFromChannel",
        tag = "Tag::Channels"
    )]
    async fn unsubscribe(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The channel: `<id>@newsletter`.
        #[oai(name = "channelId")]
        channel: Path<String>,
    ) -> Answer<Shown<Success>> {
        self.0.unsubscribe_channel(session.0.id()?, channel_of(&channel.0)?).await?;
        Ok(Shown(Success::DONE))
    }

    /// Delete an own channel
    ///
    /// Nobody can read it any more.
    #[oai(
        path = "/sessions/:sessionId/channels/:channelId/delete",
        method = "post",
        operation_id = "deleteChannel",
        tag = "Tag::Channels"
    )]
    async fn delete(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The channel: `<id>@newsletter`.
        #[oai(name = "channelId")]
        channel: Path<String>,
    ) -> Answer<Shown<Success>> {
        self.0.delete_channel(session.0.id()?, channel_of(&channel.0)?).await?;
        Ok(Shown(Success::DONE))
    }

    /// Silence a channel
    ///
    /// Or let it be heard again.
    #[oai(
        path = "/sessions/:sessionId/channels/:channelId/mute",
        method = "post",
        operation_id = "muteChannel",
        tag = "Tag::Channels"
    )]
    async fn mute(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The channel: `<id>@newsletter`.
        #[oai(name = "channelId")]
        channel: Path<String>,
        body: Body<MuteChannel>,
    ) -> Answer<Shown<Success>> {
        self.0.mute_channel(session.0.id()?, channel_of(&channel.0)?, body.value.mute).await?;
        Ok(Shown(Success::DONE))
    }

    /// Make an admin of an own channel a plain subscriber
    #[oai(
        path = "/sessions/:sessionId/channels/:channelId/admins/demote",
        method = "post",
        operation_id = "demoteChannelAdmin",
        tag = "Tag::Channels"
    )]
    async fn demote(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The channel: `<id>@newsletter`.
        #[oai(name = "channelId")]
        channel: Path<String>,
        body: Body<DemoteChannelAdmin>,
    ) -> Answer<Shown<Success>> {
        let person = person_of("userId", &body.value.user_id)?;
        self.0.demote_channel_admin(session.0.id()?, channel_of(&channel.0)?, person).await?;
        Ok(Shown(Success::DONE))
    }

    /// Hand an own channel over
    ///
    /// To one of its admins; this account becomes an admin of it.
    #[oai(
        path = "/sessions/:sessionId/channels/:channelId/owner/transfer",
        method = "post",
        operation_id = "transferChannelOwnership",
        tag = "Tag::Channels"
    )]
    async fn transfer(
        &self,
        _caller: Caller<Operator, OneChat>,
        #[oai(name = "sessionId")] session: Path<SessionPath>,
        /// The channel: `<id>@newsletter`.
        #[oai(name = "channelId")]
        channel: Path<String>,
        body: Body<TransferChannel>,
    ) -> Answer<Shown<Success>> {
        let person = person_of("newOwnerId", &body.value.new_owner_id)?;
        self.0.transfer_channel(session.0.id()?, channel_of(&channel.0)?, person).await?;
        Ok(Shown(Success::DONE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_its_link() {
        for (text, code) in [
            ("0029VaAbC", Some("0029VaAbC")),
            ("https://whatsapp.com/channel/0029VaAbC", Some("0029VaAbC")),
            ("https://www.whatsapp.com/channel/0029VaAbC?x=1", Some("0029VaAbC")),
            ("https://example.org/0029VaAbC", None),
            ("a b", None),
        ] {
            assert_eq!(code_of(text).ok().as_deref(), code, "{text}");
        }
    }
}
