//! The handle of one phone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;
use wacore::download::DownloadUtils;

use super::actor::{Answer, Command, Shown};
use super::app_state::AppStateEntry;
use super::calls::{Action as CallAction, Call, Calls};
use super::change::AppStateChange;
use super::chat::Chat;
use super::compose::media_type;
use super::error::PhoneError;
use super::groups::{Action as GroupAction, Change as GroupChange, Group, Joined};
use super::log::Log;
use super::message::{Content, Draft, Media, Message, Status};
use super::observation::{Observation, Observations};
use super::script::Script;
use super::social::{ChatState, Person, Profile, Wish};
use crate::account::AccountInfo;
use crate::business::Business;
use crate::device::DeviceInfo;
use crate::media::MediaHost;
use crate::network::Network;

/// One virtual phone. Cheap to clone; the phone works on while any handle is left.
#[derive(Clone)]
pub struct Phone {
    pub(super) info: AccountInfo,
    pub(super) network: Network,
    pub(super) media: MediaHost,
    pub(super) log: Arc<Log>,
    pub(super) observations: Arc<Observations>,
    pub(super) calls: Arc<Calls>,
    pub(super) shown: watch::Receiver<Shown>,
    pub(super) commands: mpsc::Sender<Command>,
}

impl Phone {
    pub fn id(&self) -> Uuid {
        self.info.id
    }

    /// Its number and names.
    pub fn info(&self) -> &AccountInfo {
        &self.info
    }

    pub fn is_online(&self) -> bool {
        self.shown.borrow().is_online
    }

    pub fn script(&self) -> Script {
        self.shown.borrow().script
    }

    /// Sends a message and waits until the network has it.
    pub async fn send(&self, draft: Draft) -> Result<Message, PhoneError> {
        self.command(|answer| Command::Send(draft, answer)).await
    }

    /// Tells the senders that these messages, or all of the chat, were read. Says how many were
    /// not read before.
    pub async fn mark_read(&self, chat: Chat, ids: Option<Vec<String>>) -> Result<usize, PhoneError> {
        self.command(|answer| Command::Read { chat, ids, status: Status::Read, answer }).await
    }

    /// Tells the senders that these messages were played. Says how many were not before.
    pub async fn mark_played(&self, chat: Chat, ids: Vec<String>) -> Result<usize, PhoneError> {
        self.command(|answer| Command::Read { chat, ids: Some(ids), status: Status::Played, answer }).await
    }

    /// Shows people in a chat that the owner types or records, or has stopped.
    pub async fn show_chat_state(&self, chat: Chat, state: ChatState) -> Result<(), PhoneError> {
        self.wish(Wish::ChatState(chat, state)).await
    }

    pub async fn set_presence(&self, is_available: bool) -> Result<(), PhoneError> {
        self.wish(Wish::Presence { is_available }).await
    }

    /// Asks to be told when a person comes and goes; observations follow.
    pub async fn subscribe(&self, person: Chat) -> Result<(), PhoneError> {
        self.wish(Wish::Subscribe(person)).await
    }

    pub async fn set_blocked(&self, who: Chat, is_blocked: bool) -> Result<(), PhoneError> {
        self.wish(Wish::Block { who, is_blocked }).await
    }

    /// Whom the account blocks.
    pub async fn blocked(&self) -> Result<Vec<Chat>, PhoneError> {
        self.command(Command::Blocked).await
    }

    pub async fn set_profile(&self, profile: Profile) -> Result<(), PhoneError> {
        self.wish(Wish::Profile(profile)).await
    }

    /// Whether the phone uploads expired files again when another device of the account asks.
    pub async fn answer_media_requests(&self, is_on: bool) -> Result<(), PhoneError> {
        self.wish(Wish::AnswerMediaRequests(is_on)).await
    }

    /// A person as this phone sees them.
    pub async fn look(&self, person: Chat) -> Result<Person, PhoneError> {
        self.command(|answer| Command::Look(person, answer)).await
    }

    /// Makes the account a business that shows this of itself, or an ordinary account again.
    pub fn set_business(&self, business: Option<Business>) -> Result<(), PhoneError> {
        Ok(self.network.set_business(&self.info.number, business)?)
    }

    /// Makes the account an admin of a channel, `<id>@newsletter`.
    pub fn become_channel_admin(&self, channel: &str) -> Result<(), PhoneError> {
        Ok(self.network.make_channel_admin(&self.info.number, channel)?)
    }

    /// Stars, archives, pins, mutes, labels: whatever the account's devices agree on.
    pub async fn change_app_state(&self, change: AppStateChange) -> Result<(), PhoneError> {
        let mutation = change.mutation(&self.log)?;
        self.command(|answer| Command::ChangeAppState(mutation, answer)).await
    }

    /// All that is set in the app state.
    pub async fn app_state(&self) -> Result<Vec<AppStateEntry>, PhoneError> {
        self.command(Command::AppState).await
    }

    /// What the phone noticed that is no message, after this place. Waits for the first one if there
    /// is none yet, but not longer than `longest`.
    pub async fn observations(&self, after: u64, limit: usize, longest: Duration) -> Vec<Observation> {
        self.observations.after(after, limit, longest).await
    }

    /// The groups this phone is in.
    pub async fn groups(&self) -> Result<Vec<Group>, PhoneError> {
        self.command(Command::Groups).await
    }

    pub async fn group(&self, group: Chat) -> Result<Group, PhoneError> {
        self.command(|answer| Command::Group(group, answer)).await
    }

    pub async fn change_group(&self, group: Chat, change: GroupChange) -> Result<(), PhoneError> {
        self.command(|answer| Command::ChangeGroup(group, change, answer)).await
    }

    /// Does something with people of a group. Gives, for each, the code of the network: 200 is done.
    pub async fn change_members(
        &self,
        group: Chat,
        action: GroupAction,
        people: Vec<Chat>,
    ) -> Result<Vec<(Chat, u16)>, PhoneError> {
        self.command(|answer| Command::ChangeMembers { group, action, people, answer }).await
    }

    /// Who waits to be let into a group.
    pub async fn group_requests(&self, group: Chat) -> Result<Vec<Chat>, PhoneError> {
        self.command(|answer| Command::GroupRequests(group, answer)).await
    }

    pub async fn leave_group(&self, group: Chat) -> Result<(), PhoneError> {
        self.command(|answer| Command::LeaveGroup(group, answer)).await
    }

    /// The code of a group's invite link, or of a new one.
    pub async fn group_invite(&self, group: Chat, is_new: bool) -> Result<String, PhoneError> {
        self.command(|answer| Command::GroupInvite { group, is_new, answer }).await
    }

    /// Follows an invite link.
    pub async fn join_group(&self, code: String) -> Result<Joined, PhoneError> {
        self.command(|answer| Command::JoinGroup(code, answer)).await
    }

    /// Calls a person. Says the id of the call.
    pub async fn call(&self, with: Chat, is_video: bool) -> Result<String, PhoneError> {
        self.command(|answer| Command::Call { with, is_video, answer }).await
    }

    pub async fn act_on_call(&self, id: String, action: CallAction) -> Result<(), PhoneError> {
        self.command(|answer| Command::ActOnCall { id, action, answer }).await
    }

    /// The calls this phone made and got, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.list()
    }

    /// Makes a group with these people and the phone's owner in it.
    pub async fn create_group(&self, subject: String, participants: Vec<Chat>) -> Result<Chat, PhoneError> {
        self.command(|answer| Command::CreateGroup { subject, participants, answer }).await
    }

    pub async fn go_online(&self) -> Result<(), PhoneError> {
        self.command(Command::GoOnline).await
    }

    /// Off line, the phone neither sends nor receives; what is sent to it waits.
    pub async fn go_offline(&self) -> Result<(), PhoneError> {
        self.command(Command::GoOffline).await
    }

    pub async fn set_script(&self, script: Script) -> Result<(), PhoneError> {
        self.command(|answer| Command::SetScript(script, answer)).await
    }

    /// The owner scans a QR code.
    pub fn scan(&self, qr: &str) -> Result<(), PhoneError> {
        Ok(self.network.scan(&self.info.number, qr)?)
    }

    /// The owner types the pairing code that a client shows.
    pub fn enter_pairing_code(&self, code: &str) -> Result<(), PhoneError> {
        Ok(self.network.enter_pairing_code(&self.info.number, code)?)
    }

    /// The account's devices, the phone first.
    pub fn devices(&self) -> Vec<DeviceInfo> {
        self.network.devices(&self.info.number)
    }

    pub fn unlink(&self, device: u16) -> Result<(), PhoneError> {
        Ok(self.network.unlink(&self.info.number, device)?)
    }

    /// Messages after this place in the log, oldest first. Waits for the first one if there is
    /// none yet, but not longer than `longest`.
    pub async fn messages(&self, after: u64, limit: usize, longest: Duration) -> Vec<Message> {
        self.log.wait_for_page(after, limit, longest).await
    }

    pub fn message(&self, id: &str) -> Option<Message> {
        self.log.find_anywhere(id)
    }

    /// A message as it is when it has come this far, or after `longest`.
    pub async fn message_with_status(&self, id: &str, status: Status, longest: Duration) -> Option<Message> {
        self.log.wait_for_status(id, status, longest).await
    }

    /// The decrypted file of a message.
    pub async fn media_of(&self, message: &Message) -> Option<Bytes> {
        let Content::Media(Media { kind, path, key, .. }) = &message.content else {
            return None;
        };
        let (kind, key) = (media_type(*kind), key.clone());
        let sealed = self.media.fetch_kept(path).await.ok()?;
        tokio::task::spawn_blocking(move || {
            DownloadUtils::verify_and_decrypt(&sealed, &key, kind).ok().map(Bytes::from)
        })
        .await
        .ok()?
    }

    async fn wish(&self, wish: Wish) -> Result<(), PhoneError> {
        self.command(|answer| Command::Social(wish, answer)).await
    }

    async fn command<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, PhoneError> {
        let (sender, answer) = oneshot::channel();
        self.commands.send(command(sender)).await.map_err(|_| PhoneError::Gone)?;
        answer.await.map_err(|_| PhoneError::Gone)?
    }
}
