//! The one table of what a gateway can be asked to do.

mod account;
mod business;
mod channels;
mod chats;
mod communities;
mod contacts;
mod groups;
mod statuses;

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;

pub use self::{account::*, business::*, channels::*, chats::*, communities::*, contacts::*, groups::*, statuses::*};
use crate::{
    business::{BusinessProfile, ProductPage},
    call::CallHeard,
    channel::{Channel, ChannelPost},
    contact::NumberCheck,
    content::{EventResponse, Media, Outgoing},
    engine::InboundMessage,
    group::{Group, GroupPreview, JoinRequest, Joined, LinkResult, MemberResult, Subgroup},
    id::MessageId,
    jid::Jid,
    privacy::{PrivacyCategory, PrivacyValue},
};

/// A typed request to an engine. Implemented only by the table below.
pub trait Operation: Send + 'static {
    /// What comes back.
    type Output: Send;
    /// Its bit in the capability set.
    const OP: Op;
    /// Itself, as one of many.
    fn into_command(self) -> Command;
    /// The answer, when it is the answer to this.
    fn from_reply(reply: Reply) -> Option<Self::Output>;
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($input:ty) -> $output:ty, $text:literal;)*) => {
        /// What can be asked.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Op { $($(#[$doc])* $name,)* }

        impl Op {
            /// Every operation.
            pub const ALL: &[Op] = &[$(Op::$name,)*];

            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Op::$name => $text,)* }
            }
        }

        /// One request.
        #[derive(Clone, Debug)]
        #[expect(clippy::large_enum_variant, reason = "one is made for each request, and moved a few times")]
        pub enum Command { $($(#[$doc])* $name($input),)* }

        impl Command {
            /// Which operation this is.
            pub fn op(&self) -> Op {
                match self { $(Command::$name(_) => Op::$name,)* }
            }
        }

        /// One answer.
        #[derive(Clone, Debug)]
        pub enum Reply { $($(#[$doc])* $name($output),)* }

        $(impl Operation for $input {
            type Output = $output;
            const OP: Op = Op::$name;
            fn into_command(self) -> Command { Command::$name(self) }
            fn from_reply(reply: Reply) -> Option<$output> {
                match reply { Reply::$name(it) => Some(it), _ => None }
            }
        })*
    };
}

operations! {
    /// Send a message of any kind, under the id it carries.
    SendMessage(SendMessage) -> Sent, "sendMessage";
    /// Replace the text of a sent message.
    EditMessage(EditMessage) -> Sent, "editMessage";
    /// Take a message back for everyone.
    RevokeMessage(RevokeMessage) -> Sent, "revokeMessage";
    /// Delete a message on this account's devices only.
    DeleteForMe(DeleteForMe) -> (), "deleteForMe";
    /// React to a message, or take a reaction back.
    React(React) -> Sent, "react";
    /// Vote in a poll, or take the vote back.
    VotePoll(VotePoll) -> Sent, "votePoll";
    /// Say whether one comes to an appointment.
    RespondToEvent(RespondToEvent) -> Sent, "respondToEvent";
    /// Mark messages as read.
    MarkRead(MarkRead) -> (), "markRead";
    /// Ask the phone what was said in a chat before a message.
    FetchHistory(FetchHistory) -> Vec<InboundMessage>, "fetchHistory";
    /// Mark a message with a star on this account's devices, or take the star away.
    StarMessage(StarMessage) -> (), "starMessage";
    /// Keep a message on top of its chat for everyone, for a while.
    PinMessage(PinMessage) -> Sent, "pinMessage";
    /// Keep it on top no longer.
    UnpinMessage(UnpinMessage) -> Sent, "unpinMessage";
    /// Show a chat as unread, or as read again, on all of this account's devices.
    SetChatUnread(SetChatUnread) -> (), "setChatUnread";
    /// Put a chat away, or take it out again.
    ArchiveChat(ArchiveChat) -> (), "archiveChat";
    /// Keep a chat on top, or no longer.
    PinChat(PinChat) -> (), "pinChat";
    /// Silence a chat, or no longer.
    MuteChat(MuteChat) -> (), "muteChat";
    /// Delete the messages of a chat on this account's devices.
    ClearChat(ClearChat) -> (), "clearChat";
    /// Delete a chat on this account's devices.
    DeleteChat(DeleteChat) -> (), "deleteChat";
    /// Show the other side that somebody is typing.
    SendTyping(SendTyping) -> (), "sendTyping";
    /// Ask whether numbers are on WhatsApp.
    CheckNumbers(CheckNumbers) -> Vec<NumberCheck>, "checkNumbers";
    /// Change the name this account shows.
    SetProfileName(SetProfileName) -> (), "setProfileName";
    /// Change the line about this account.
    SetProfileStatus(SetProfileStatus) -> (), "setProfileStatus";
    /// Change the picture of this account, or take it away.
    SetProfilePicture(SetProfilePicture) -> (), "setProfilePicture";
    /// Show this account as on line or not.
    SetPresence(SetPresence) -> (), "setPresence";
    /// Ask to be told when somebody comes on line or goes away.
    SubscribePresence(SubscribePresence) -> (), "subscribePresence";
    /// Who may see what of this account.
    GetPrivacy(GetPrivacy) -> BTreeMap<PrivacyCategory, PrivacyValue>, "getPrivacy";
    /// Change that.
    SetPrivacy(SetPrivacy) -> (), "setPrivacy";
    /// Make sure that this account can have labels.
    CheckLabels(CheckLabels) -> (), "checkLabels";
    /// Make a label or change it.
    SaveLabel(SaveLabel) -> (), "saveLabel";
    /// Delete a label.
    DeleteLabel(DeleteLabel) -> (), "deleteLabel";
    /// Put a label on a chat, or take it off.
    LabelChat(LabelChat) -> (), "labelChat";
    /// Reject a call that rings.
    RejectCall(RejectCall) -> CallHeard, "rejectCall";
    /// Make a link by which others can call.
    CreateCallLink(CreateCallLink) -> String, "createCallLink";
    /// Whom this account has blocked.
    ListBlocked(ListBlocked) -> Vec<Jid>, "listBlocked";
    /// Block somebody.
    BlockContact(BlockContact) -> (), "blockContact";
    /// Take that back.
    UnblockContact(UnblockContact) -> (), "unblockContact";
    /// Where somebody's or a group's picture is.
    GetProfilePicture(GetProfilePicture) -> Option<String>, "getProfilePicture";
    /// Write somebody into the address book.
    SaveContact(SaveContact) -> (), "saveContact";
    /// Take somebody out of the address book.
    DeleteContact(DeleteContact) -> (), "deleteContact";
    /// All groups this account is in.
    ListGroups(ListGroups) -> Vec<Group>, "listGroups";
    /// One group with its members.
    GetGroup(GetGroup) -> Group, "getGroup";
    /// Make a group with these people in it.
    CreateGroup(CreateGroup) -> Group, "createGroup";
    /// Leave a group.
    LeaveGroup(LeaveGroup) -> (), "leaveGroup";
    /// Add or remove members of a group, or change whether they are its admins.
    ChangeMembers(ChangeMembers) -> Vec<MemberResult>, "changeGroupMembers";
    /// Rename a group.
    SetGroupSubject(SetGroupSubject) -> (), "setGroupSubject";
    /// Describe a group.
    SetGroupDescription(SetGroupDescription) -> (), "setGroupDescription";
    /// Change who may do what in a group.
    SetGroupSettings(SetGroupSettings) -> (), "setGroupSettings";
    /// Where a group's picture can be fetched from.
    GetGroupPicture(GetGroupPicture) -> Option<String>, "getGroupPicture";
    /// Set a group's picture, or take it away.
    SetGroupPicture(SetGroupPicture) -> (), "setGroupPicture";
    /// The code of a group's invite link.
    GetGroupInvite(GetGroupInvite) -> String, "getGroupInvite";
    /// What somebody who has an invite link may know before joining.
    PreviewGroup(PreviewGroup) -> GroupPreview, "previewGroup";
    /// Join a group by its invite link.
    JoinGroup(JoinGroup) -> Joined, "joinGroup";
    /// Those who wait to be let into a group.
    ListJoinRequests(ListJoinRequests) -> Vec<JoinRequest>, "listJoinRequests";
    /// Let people into a group who asked for it, or turn them away.
    DecideJoinRequests(DecideJoinRequests) -> Vec<MemberResult>, "decideJoinRequests";
    /// The communities this account is in.
    ListCommunities(ListCommunities) -> Vec<Group>, "listCommunities";
    /// Make a community, with its announcement group and its general group.
    CreateCommunity(CreateCommunity) -> Group, "createCommunity";
    /// The groups of a community.
    ListSubgroups(ListSubgroups) -> Vec<Subgroup>, "listSubgroups";
    /// Make groups belong to a community.
    LinkGroups(LinkGroups) -> Vec<LinkResult>, "linkGroups";
    /// Make groups of a community belong to it no more.
    UnlinkGroups(UnlinkGroups) -> Vec<LinkResult>, "unlinkGroups";
    /// Dissolve a community; its groups stay.
    DeactivateCommunity(DeactivateCommunity) -> (), "deactivateCommunity";
    /// The channels this account subscribed to, and its own.
    ListChannels(ListChannels) -> Vec<Channel>, "listChannels";
    /// One channel.
    GetChannel(GetChannel) -> Channel, "getChannel";
    /// Channels of WhatsApp's directory.
    SearchChannels(SearchChannels) -> Vec<Channel>, "searchChannels";
    /// What was written in a channel last.
    ListChannelPosts(ListChannelPosts) -> Vec<ChannelPost>, "listChannelPosts";
    /// Make a channel.
    CreateChannel(CreateChannel) -> Channel, "createChannel";
    /// Subscribe to a channel by the link to it.
    SubscribeChannel(SubscribeChannel) -> Channel, "subscribeChannel";
    /// Unsubscribe from a channel.
    UnsubscribeChannel(UnsubscribeChannel) -> (), "unsubscribeChannel";
    /// Delete an own channel.
    DeleteChannel(DeleteChannel) -> (), "deleteChannel";
    /// Silence a channel, or let it be heard again.
    MuteChannel(MuteChannel) -> (), "muteChannel";
    /// Make an admin of an own channel a plain subscriber.
    DemoteChannelAdmin(DemoteChannelAdmin) -> (), "demoteChannelAdmin";
    /// Hand an own channel over to one of its admins.
    TransferChannel(TransferChannel) -> (), "transferChannel";
    /// What a business tells of itself.
    GetBusinessProfile(GetBusinessProfile) -> Option<BusinessProfile>, "getBusinessProfile";
    /// What a business sells.
    ListProducts(ListProducts) -> ProductPage, "listProducts";
    /// Take an own status back.
    DeleteStatus(DeleteStatus) -> Sent, "deleteStatus";
    /// Fetch a file from WhatsApp into a local file.
    DownloadMedia(DownloadMedia) -> u64, "downloadMedia";
}

/// See [`Op::SendMessage`].
#[derive(Clone, Debug)]
pub struct SendMessage(pub Outgoing);

/// What a send answers: WhatsApp has accepted it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// The message's id.
    pub id: MessageId,
    /// When WhatsApp accepted it.
    pub at: Timestamp,
}

/// A message as it is addressed: id, chat and sender together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageRef {
    /// Its id.
    pub id: MessageId,
    /// The chat.
    pub chat: Jid,
    /// Who sent it.
    pub sender: Jid,
    /// Whether this account sent it.
    pub from_me: bool,
}

/// See [`Op::EditMessage`].
#[derive(Clone, Debug)]
pub struct EditMessage {
    /// The message; this account's own.
    pub target: MessageRef,
    /// The new text.
    pub body: String,
    /// Who is mentioned in it.
    pub mentions: Vec<Jid>,
}

/// See [`Op::RevokeMessage`].
#[derive(Clone, Debug)]
pub struct RevokeMessage {
    /// The message; this account's own, or any as an admin of the group.
    pub target: MessageRef,
}

/// See [`Op::DeleteForMe`].
#[derive(Clone, Debug)]
pub struct DeleteForMe {
    /// The message.
    pub target: MessageRef,
    /// When it was sent.
    pub timestamp: Timestamp,
}

/// See [`Op::React`].
#[derive(Clone, Debug)]
pub struct React {
    /// The message.
    pub target: MessageRef,
    /// The emoji, "" to take it back.
    pub emoji: String,
}

/// See [`Op::VotePoll`].
#[derive(Clone, Debug)]
pub struct VotePoll {
    /// The message with the poll.
    pub target: MessageRef,
    /// The texts of the chosen answers; none takes the vote back.
    pub options: Vec<String>,
}

/// See [`Op::RespondToEvent`].
#[derive(Clone, Debug)]
pub struct RespondToEvent {
    /// The message with the appointment.
    pub target: MessageRef,
    /// What is said.
    pub response: EventResponse,
    /// How many are brought along.
    pub extra_guests: u32,
}

/// See [`Op::MarkRead`].
#[derive(Clone, Debug)]
pub struct MarkRead {
    /// The chat.
    pub chat: Jid,
    /// The messages, all of one sender.
    pub ids: Vec<MessageId>,
    /// Who sent them.
    pub sender: Jid,
}

/// See [`Op::CheckNumbers`].
#[derive(Clone, Debug)]
pub struct CheckNumbers {
    /// Digits only, with country code.
    pub numbers: Vec<String>,
}

/// See [`Op::ListGroups`].
#[derive(Clone, Debug)]
pub struct ListGroups;

/// See [`Op::GetGroup`].
#[derive(Clone, Debug)]
pub struct GetGroup {
    /// The group.
    pub id: Jid,
}

/// See [`Op::DownloadMedia`]. Answers the number of bytes written.
#[derive(Clone, Debug)]
pub struct DownloadMedia {
    /// What to fetch; `media.remote` is set.
    pub media: Media,
    /// The message it came with: when WhatsApp has the file no longer, the account's phone is asked for it again.
    /// `None` asks nobody.
    pub message: Option<MessageRef>,
    /// Where to write it.
    pub into: PathBuf,
    /// More than this many bytes is an error.
    pub max_bytes: u64,
}
