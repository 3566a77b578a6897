//! Statuses: what people posted within the last day, and own ones.

use std::path::PathBuf;

use jiff::SignedDuration;
use openwa_model::{
    Timestamp,
    content::{Detail, Marks, Media, MessageKind, StatusPost},
    id::{MessageId, SessionId},
    jid::Jid,
    message::Message,
    ops::{DeleteStatus, Op},
    store::{MessageFilter, Page},
};

use super::{Gateway, IdempotencyKey, Result, SendContent, SendOutcome, SendRequest, canonical};
use crate::{error::GatewayError, payload::Events};

/// How long a status is to be seen.
pub const STATUS_LASTS: SignedDuration = SignedDuration::from_hours(24);

/// How many statuses are listed at most.
const MOST_STATUSES: u32 = 1_000;

/// A status, and what its author is called.
#[derive(Clone, PartialEq, Debug)]
pub struct PostedStatus {
    /// The status.
    pub message: Message,
    /// The author's name in this account's address book.
    pub name: Option<String>,
    /// The name the author shows.
    pub push_name: Option<String>,
}

/// When a status that was posted then is seen no more.
pub fn status_ends(posted: Timestamp) -> Timestamp {
    posted.saturating_add(STATUS_LASTS).unwrap_or(Timestamp::MAX)
}

impl Gateway {
    /// Posts a status; returns once WhatsApp has accepted it.
    pub async fn post_status(
        &self,
        session: SessionId,
        content: SendContent,
        post: StatusPost,
        key: Option<IdempotencyKey>,
    ) -> Result<SendOutcome> {
        let mut view = self.view_of(session).await?;
        let mut recipients = Vec::new();
        for recipient in &post.recipients {
            let recipient = canonical(&mut *view, session, recipient).await?;
            if !recipients.contains(&recipient) {
                recipients.push(recipient);
            }
        }
        drop(view);
        let status = Some(StatusPost { recipients, ..post });
        let (chat, marks) = (Jid::status(), Marks::default());
        let request = SendRequest { chat, content, quoted: None, mentions: Vec::new(), marks, status };
        self.send(session, request, key).await
    }

    /// The statuses of the last day, newest first: those of one person, or (`None`) those of everybody else.
    pub async fn statuses(&self, session: SessionId, of: Option<&Jid>) -> Result<Vec<PostedStatus>> {
        let mut view = self.view_of(session).await?;
        let sender = match of {
            Some(person) => Some(canonical(&mut *view, session, person).await?),
            None => None,
        };
        let filter = MessageFilter {
            chat: Some(Jid::status()),
            from_me: sender.is_none().then_some(false),
            sender,
            since: Some(self.status_horizon()),
            by_timestamp: true,
            ..MessageFilter::default()
        };
        let mut statuses = Vec::new();
        for message in view.messages(session, &filter, Page { limit: MOST_STATUSES, offset: 0 }).await? {
            if message.kind == MessageKind::Revoked {
                continue;
            }
            let contact = view.contact(session, &message.sender).await?;
            let (name, known) = contact.map(|it| (it.name, it.push_name)).unwrap_or_default();
            let push_name = known.or_else(|| message.push_name.clone());
            statuses.push(PostedStatus { message, name, push_name });
        }
        Ok(statuses)
    }

    /// The file of a status, as a local file.
    pub async fn status_media(&self, session: SessionId, id: &MessageId) -> Result<(Media, PathBuf)> {
        self.live_status(session, id).await?;
        self.message_media(session, &Jid::status(), id).await
    }

    /// Takes an own status back.
    pub async fn delete_status(&self, session: SessionId, id: &MessageId) -> Result<()> {
        let (this, running) = (self.clone(), self.running(session).await?);
        running.check(Op::DeleteStatus)?;
        let target = self.live_status(session, id).await?;
        if !target.from_me {
            return Err(GatewayError::InvalidInput("Only own statuses can be deleted".to_owned()));
        }
        let Some(Detail::Status(StatusPost { recipients, .. })) = target.detail.clone().filter(was_shown) else {
            let sentence =
                "This status was posted from another device, which alone knows whom to tell; delete it there";
            return Err(GatewayError::InvalidInput(sentence.to_owned()));
        };
        self.detached(async move {
            let operation = DeleteStatus { id: target.id.clone(), recipients };
            let sent = running.call(operation, this.settings().call_timeout).await?;
            let mut unit = this.begin_for(&running).await?;
            let before = unit.revoke_message(session, &target.chat, &target.id).await?;
            if let Some(before) = &before {
                let own = running.account().map(|it| it.phone);
                unit.append_event(&Events { session, own: own.as_ref() }.revoked(before, sent.at)).await?;
            }
            this.commit(unit).await?;
            this.remove_file(before.and_then(|it| it.media)).await;
            Ok(())
        })
        .await
    }

    /// One status that is still to be seen.
    async fn live_status(&self, session: SessionId, id: &MessageId) -> Result<Message> {
        let message = self.message(session, &Jid::status(), id).await.map_err(|error| match error {
            GatewayError::MessageNotFound => GatewayError::StatusNotFound,
            error => error,
        })?;
        let is_seen = message.timestamp >= self.status_horizon() && message.kind != MessageKind::Revoked;
        if is_seen { Ok(message) } else { Err(GatewayError::StatusNotFound) }
    }

    /// What was posted before then is seen no more.
    fn status_horizon(&self) -> Timestamp {
        self.now().saturating_sub(STATUS_LASTS).unwrap_or(Timestamp::MIN)
    }
}

fn was_shown(detail: &Detail) -> bool {
    matches!(detail, Detail::Status(post) if !post.recipients.is_empty())
}
