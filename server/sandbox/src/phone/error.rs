//! Why a phone could not do what it was asked.

use wacore::libsignal::protocol::SignalProtocolError;

use super::chat::{Chat, NoChat};
use crate::linking::LinkError;
use crate::media::MediaError;
use crate::network::NetworkError;

#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    #[error("there is no such phone. GET /sandbox/phones lists those there are.")]
    NoSuchPhone,
    #[error("the phone is off line. Put it on line first with POST /sandbox/phones/{{id}}/online.")]
    Offline,
    #[error("{0} is not on this network. Create its phone first with POST /sandbox/phones.")]
    NotOnNetwork(Chat),
    #[error("the phone has no message {0} in this chat")]
    NoSuchMessage(String),
    #[error("a phone cannot write to {0}")]
    NotWritable(Chat),
    #[error("only the author can edit a message")]
    NotTheAuthor,
    #[error("this cannot be done: {0}")]
    Unsuitable(String),
    #[error("the phone knows of no call {0}. GET /sandbox/phones/{{id}}/calls lists those it knows.")]
    NoSuchCall(String),
    #[error("the phone cannot read the app state: {0}")]
    AppState(String),
    #[error("there is no group {0} that this phone is in")]
    NoSuchGroup(Chat),
    #[error("the network refused the message with code {0}")]
    Refused(u16),
    #[error("the network refused the request with code {0}")]
    RequestRefused(u16),
    #[error("the network did not answer in time")]
    NoAnswer,
    #[error("the sandbox is shutting down")]
    Gone,
    #[error(transparent)]
    Chat(#[from] NoChat),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error("the phone's encryption failed")]
    Signal(#[from] SignalProtocolError),
    #[error("the phone's media encryption failed: {0}")]
    MediaEncryption(String),
}
