//! Channels: found, read, made, subscribed to.

use openwa_model::{
    channel::{Channel, ChannelPost},
    id::SessionId,
    jid::Jid,
    ops::{
        CreateChannel, DeleteChannel, DemoteChannelAdmin, GetChannel, ListChannelPosts, ListChannels, MuteChannel,
        Operation, SearchChannels, SubscribeChannel, TransferChannel, UnsubscribeChannel,
    },
};

use super::{Gateway, Result};
use crate::error::GatewayError;

impl Gateway {
    /// The channels this account subscribed to, and its own.
    pub async fn channels(&self, session: SessionId) -> Result<Vec<Channel>> {
        self.ask_of_channels(session, ListChannels).await
    }

    /// One channel.
    pub async fn channel(&self, session: SessionId, id: Jid) -> Result<Channel> {
        self.ask_of_channels(session, GetChannel { id }).await
    }

    /// Channels of WhatsApp's directory.
    pub async fn search_channels(&self, session: SessionId, text: String, limit: u32) -> Result<Vec<Channel>> {
        self.ask_of_channels(session, SearchChannels { text, limit }).await
    }

    /// What was written in a channel last.
    pub async fn channel_posts(&self, session: SessionId, id: Jid, limit: u32) -> Result<Vec<ChannelPost>> {
        self.ask_of_channels(session, ListChannelPosts { id, limit }).await
    }

    /// Makes a channel.
    pub async fn create_channel(
        &self,
        session: SessionId,
        name: String,
        description: Option<String>,
    ) -> Result<Channel> {
        self.ask_of_channels(session, CreateChannel { name, description }).await
    }

    /// Subscribes to a channel by the code of the link to it.
    pub async fn subscribe_channel(&self, session: SessionId, invite_code: String) -> Result<Channel> {
        self.ask_of_channels(session, SubscribeChannel { invite_code }).await
    }

    /// Unsubscribes from a channel.
    pub async fn unsubscribe_channel(&self, session: SessionId, id: Jid) -> Result<()> {
        self.ask_of_channels(session, UnsubscribeChannel { id }).await
    }

    /// Deletes an own channel.
    pub async fn delete_channel(&self, session: SessionId, id: Jid) -> Result<()> {
        self.ask_of_channels(session, DeleteChannel { id }).await
    }

    /// Silences a channel, or lets it be heard again.
    pub async fn mute_channel(&self, session: SessionId, id: Jid, mute: bool) -> Result<()> {
        self.ask_of_channels(session, MuteChannel { id, mute }).await
    }

    /// Makes an admin of an own channel a plain subscriber.
    pub async fn demote_channel_admin(&self, session: SessionId, id: Jid, person: Jid) -> Result<()> {
        self.ask_of_channels(session, DemoteChannelAdmin { id, person }).await
    }

    /// Hands an own channel over to one of its admins.
    pub async fn transfer_channel(&self, session: SessionId, id: Jid, person: Jid) -> Result<()> {
        self.ask_of_channels(session, TransferChannel { id, person }).await
    }

    async fn ask_of_channels<O: Operation<Output: 'static>>(
        &self,
        session: SessionId,
        operation: O,
    ) -> Result<O::Output> {
        self.ask(session, operation, || GatewayError::ChannelNotFound).await
    }
}
