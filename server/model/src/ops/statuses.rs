//! What can be asked of statuses. Posting one is sending a message.

use crate::{id::MessageId, jid::Jid};

/// See [`Op::DeleteStatus`](super::Op::DeleteStatus).
#[derive(Clone, Debug)]
pub struct DeleteStatus {
    /// The status; this account's own.
    pub id: MessageId,
    /// Whom it was shown to: nobody else is told that it is gone.
    pub recipients: Vec<Jid>,
}
