//! The handle of one phone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;
use wacore::download::DownloadUtils;

use super::actor::{Answer, Command, Shown};
use super::chat::Chat;
use super::compose::media_type;
use super::error::PhoneError;
use super::log::Log;
use super::message::{Content, Draft, Media, Message, Status};
use super::script::Script;
use crate::account::AccountInfo;
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
        self.command(|answer| Command::Read { chat, ids, answer }).await
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

    async fn command<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, PhoneError> {
        let (sender, answer) = oneshot::channel();
        self.commands.send(command(sender)).await.map_err(|_| PhoneError::Gone)?;
        answer.await.map_err(|_| PhoneError::Gone)?
    }
}
