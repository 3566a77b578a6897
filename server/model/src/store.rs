//! The port to where everything is kept.
//!
//! A [`View`] reads what is committed. A [`Unit`] reads and writes: all of it lands, or none. No
//! network call may happen while a unit is open.

use async_trait::async_trait;
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

use crate::{
    audit::{AuditEntry, AuditFilter},
    automation::AutomationRule,
    batch::{Batch, BatchMessage, BatchOutcome, BatchPlace, BatchProgress, BatchRequest, BatchStatus},
    chat::{Chat, ChatMark, ChatTouch},
    contact::{Contact, ContactSeen, Merged},
    content::{Detail, Media, MessageKind},
    early::EarlyNews,
    event::{Event, EventKind, NewEvent},
    files::FileKey,
    id::{BatchId, DeliveryId, KeyId, MessageId, Position, RowId, RuleId, Seq, SessionId, TemplateId, WebhookId},
    idempotency::{IdempotentRequest, KeyOwner},
    jid::Jid,
    key::ApiKey,
    label::Label,
    message::{DeliveryStatus, Message, Reaction},
    search::{Hit, SearchFilter},
    session::Session,
    statistics::{MessageCounts, MessageStatistics, StatisticsFilter},
    sync::{HistorySync, SyncChat, SyncProgress},
    template::Template,
    vault::Vault,
    webhook::{Attempt, Delivery, DeliveryFailure, Settled, Webhook, WebhookHealth},
};

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Something with this name or key is already there.
    #[error("{0} is already there")]
    Conflict(&'static str),
    /// The lease went to another node; what was about to be written is not ours to write.
    #[error("another node owns this session now")]
    LeaseLost,
    /// The database cannot be reached or opened.
    #[error("the database is not reachable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The key that secrets are encrypted under is not the one they were encrypted with.
    #[error(
        "the vault key is not the one this database was made with; give the key it was made with, or start with an empty database"
    )]
    WrongKey,
    /// A row does not read back.
    #[error("a row of {table} does not read back")]
    Corrupt {
        /// Where.
        table: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database refused a statement.
    #[error("the database refused a statement")]
    Driver(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The shorthand of this module.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Where everything is kept.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Reads what is committed.
    async fn view(&self) -> Result<Box<dyn View>>;
    /// Begins a unit of work. Units may be committed together, so a commit returns when its bytes are safe.
    async fn begin(&self) -> Result<Box<dyn Unit>>;
    /// The secrets of one session.
    fn vault(&self, session: SessionId) -> Arc<dyn Vault>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<()>;
}

/// All that can be read.
pub trait View:
    SessionReads
    + ChatReads
    + LabelReads
    + ContactReads
    + MessageReads
    + EarlyReads
    + SyncReads
    + TemplateReads
    + BatchReads
    + RuleReads
    + EventReads
    + WebhookReads
    + KeyReads
    + IdempotencyReads
    + AuditReads
    + SearchReads
    + StatisticsReads
    + Send
{
}

/// A unit of work: all of it lands, or none. Dropped without [`Unit::commit`], it rolls back.
#[async_trait]
pub trait Unit:
    View
    + SessionWrites
    + ChatWrites
    + LabelWrites
    + ContactWrites
    + MessageWrites
    + EarlyWrites
    + SyncWrites
    + TemplateWrites
    + BatchWrites
    + RuleWrites
    + EventWrites
    + WebhookWrites
    + KeyWrites
    + IdempotencyWrites
    + AuditWrites
{
    /// Returns once all of it survives a crash.
    async fn commit(self: Box<Self>) -> Result<()>;
}

/// One page of a long list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// How many at most.
    pub limit: u32,
    /// How many to skip.
    pub offset: u32,
}

/// Which sessions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SessionFilter {
    /// Of exactly this name.
    pub name: Option<String>,
    /// Of these only.
    pub among: Option<Vec<SessionId>>,
}

/// Reads of sessions.
#[async_trait]
pub trait SessionReads {
    /// One session.
    async fn session(&mut self, id: SessionId) -> Result<Option<Session>>;
    /// Many, newest first.
    async fn sessions(&mut self, filter: &SessionFilter, page: Page) -> Result<Vec<Session>>;
    /// All that should run, oldest first.
    async fn sessions_wanted(&mut self) -> Result<Vec<Session>>;
}

/// A claim on a session: only its holder runs it and writes its log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// The session.
    pub session: SessionId,
    /// The node that holds it.
    pub owner: String,
    /// Rises with every change of hands: a holder with an older number is refused.
    pub fence: i64,
}

/// Writes of sessions.
#[async_trait]
pub trait SessionWrites {
    /// Adds one; a name that is taken is a [`StoreError::Conflict`].
    async fn add_session(&mut self, session: &Session) -> Result<()>;
    /// Replaces all but the lease and the log's counter; false when there is no such session.
    async fn save_session(&mut self, session: &Session) -> Result<bool>;
    /// Deletes it and all that is its own (chats, contacts, messages, templates, batches, automation rules, log, webhooks, deliveries, idempotency rows, vault); false when there is no such session.
    async fn delete_session(&mut self, id: SessionId) -> Result<bool>;
    /// Takes the lease when it is free, has run out, or is already held by this owner (then the fence rises too). `None` when another node holds it.
    async fn acquire_lease(
        &mut self,
        id: SessionId,
        owner: &str,
        now: Timestamp,
        lasts: Duration,
    ) -> Result<Option<Lease>>;
    /// Prolongs all leases of an owner.
    async fn renew_leases(&mut self, owner: &str, now: Timestamp, lasts: Duration) -> Result<()>;
    /// Gives a lease back, if it is still ours.
    async fn release_lease(&mut self, lease: &Lease) -> Result<()>;
    /// [`StoreError::LeaseLost`] when the lease is not ours any more; to be called first in a unit that writes a session's log.
    async fn check_lease(&mut self, lease: &Lease) -> Result<()>;
}

/// Reads of chats.
#[async_trait]
pub trait ChatReads {
    /// One chat.
    async fn chat(&mut self, session: SessionId, id: &Jid) -> Result<Option<Chat>>;
    /// Many, the one with the newest message first.
    async fn chats(&mut self, session: SessionId, page: Page) -> Result<Vec<Chat>>;
    /// How many are kept on top.
    async fn count_pinned_chats(&mut self, session: SessionId) -> Result<u32>;
}

/// Writes of chats.
#[async_trait]
pub trait ChatWrites {
    /// Makes the chat or updates it by a message.
    async fn touch_chat(&mut self, session: SessionId, touch: &ChatTouch) -> Result<()>;
    /// Makes the chat or renames it.
    async fn name_chat(&mut self, session: SessionId, id: &Jid, name: &str) -> Result<()>;
    /// Sets the number of unread messages, if the chat is there.
    async fn set_unread(&mut self, session: SessionId, id: &Jid, unread: u32) -> Result<()>;
    /// Makes the chat or changes how it is kept in the list.
    async fn mark_chat(&mut self, session: SessionId, id: &Jid, mark: ChatMark) -> Result<()>;
    /// Deletes the chat itself, not its messages; false when there is none.
    async fn delete_chat(&mut self, session: SessionId, id: &Jid) -> Result<bool>;
}

/// Reads of labels.
#[async_trait]
pub trait LabelReads {
    /// One label.
    async fn label(&mut self, session: SessionId, id: &str) -> Result<Option<Label>>;
    /// All labels, in the order of their ids.
    async fn labels(&mut self, session: SessionId) -> Result<Vec<Label>>;
    /// The labels that a chat carries, in the order of their ids.
    async fn labels_of_chat(&mut self, session: SessionId, chat: &Jid) -> Result<Vec<Label>>;
    /// The chats that carry a label, in the order of their ids.
    async fn chats_with_label(&mut self, session: SessionId, id: &str) -> Result<Vec<Jid>>;
}

/// Writes of labels.
#[async_trait]
pub trait LabelWrites {
    /// Makes a label or replaces it.
    async fn save_label(&mut self, session: SessionId, label: &Label) -> Result<()>;
    /// Deletes a label and takes it off all chats; false when there is none.
    async fn delete_label(&mut self, session: SessionId, id: &str) -> Result<bool>;
    /// Puts a label on a chat or takes it off, whether or not either is there yet.
    async fn label_chat(&mut self, session: SessionId, id: &str, chat: &Jid, is_labeled: bool) -> Result<()>;
}

/// Reads of contacts.
#[async_trait]
pub trait ContactReads {
    /// By phone number or hidden id.
    async fn contact(&mut self, session: SessionId, id: &Jid) -> Result<Option<Contact>>;
    /// Those of these people that are known, by phone number or hidden id, in no order.
    async fn contacts_among(&mut self, session: SessionId, ids: &[Jid]) -> Result<Vec<Contact>>;
    /// The phone number of a hidden id, where it is known.
    async fn phone_of(&mut self, session: SessionId, lid: &Jid) -> Result<Option<Jid>>;
    /// The hidden id of a phone number, where it is known.
    async fn lid_of(&mut self, session: SessionId, phone: &Jid) -> Result<Option<Jid>>;
    /// All people, in the order of their ids.
    async fn contacts(&mut self, session: SessionId, page: Page) -> Result<Vec<Contact>>;
    /// Whom the account has blocked, as far as it is known, in order.
    async fn blocked(&mut self, session: SessionId) -> Result<Vec<Jid>>;
}

/// Writes of contacts.
#[async_trait]
pub trait ContactWrites {
    /// Adds what was learned; what is not said stays as it was. Two contacts that turn out to be one person become one,
    /// and what was kept under the hidden id moves; answers that, when anything moved that others may have seen.
    async fn learn_contact(&mut self, session: SessionId, seen: &ContactSeen) -> Result<Option<Merged>>;
    /// Takes the name of the address book away; what the person shows stays. False when there was none.
    async fn forget_contact_name(&mut self, session: SessionId, id: &Jid) -> Result<bool>;
    /// Replaces the list of whom the account has blocked.
    async fn set_blocked(&mut self, session: SessionId, blocked: &[Jid]) -> Result<()>;
    /// Notes that somebody is blocked, or not any more.
    async fn mark_blocked(&mut self, session: SessionId, id: &Jid, blocked: bool) -> Result<()>;
}

/// Which messages, and in which order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MessageFilter {
    /// Of this chat.
    pub chat: Option<Jid>,
    /// From this sender.
    pub sender: Option<Jid>,
    /// With this WhatsApp id.
    pub id: Option<MessageId>,
    /// Sent by this account (`true`) or to it.
    pub from_me: Option<bool>,
    /// Of this kind.
    pub kind: Option<MessageKind>,
    /// Sent at or after.
    pub since: Option<Timestamp>,
    /// Sent before.
    pub until: Option<Timestamp>,
    /// Stored before this row: the key of the last row of the page before.
    pub after: Option<RowId>,
    /// In the order of sending instead of storing, newest first in either.
    pub by_timestamp: bool,
}

/// Reads of messages.
#[async_trait]
pub trait MessageReads {
    /// One message of a chat. Where several senders used the same id, our own comes first.
    async fn message(&mut self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Option<Message>>;
    /// Which of these ids are messages of the chat: our own (`true`), those of others (`false`), or either.
    async fn known_messages(
        &mut self,
        session: SessionId,
        chat: &Jid,
        ids: &[MessageId],
        from_me: Option<bool>,
    ) -> Result<Vec<MessageId>>;
    /// Which of these own messages everybody they went to has confirmed at least this far; none of which it is not
    /// known how many that are.
    async fn confirmed_by_all(
        &mut self,
        session: SessionId,
        chat: &Jid,
        ids: &[MessageId],
        status: DeliveryStatus,
    ) -> Result<Vec<MessageId>>;
    /// Many, newest stored first.
    async fn messages(&mut self, session: SessionId, filter: &MessageFilter, page: Page) -> Result<Vec<Message>>;
    /// How many there are.
    async fn count_messages(&mut self, session: SessionId, filter: &MessageFilter) -> Result<u64>;
    /// Own messages still pending, oldest first.
    async fn pending_messages(&mut self, session: SessionId, limit: u32) -> Result<Vec<Message>>;
    /// The newest incoming messages of a chat that were not marked as read by us, newest first.
    async fn unread_messages(&mut self, session: SessionId, chat: &Jid, limit: u32) -> Result<Vec<Message>>;
    /// Statuses of all sessions that were posted before and are not still to be sent, oldest first.
    async fn expired_statuses(&mut self, before: Timestamp, limit: u32) -> Result<Vec<Message>>;
    /// Who reacted to a message with what.
    async fn reactions(&mut self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Vec<Reaction>>;
    /// Who confirmed a message, how, and when.
    async fn receipts(
        &mut self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
    ) -> Result<Vec<(Jid, DeliveryStatus, Timestamp)>>;
}

/// Writes of messages.
#[async_trait]
pub trait MessageWrites {
    /// Adds one; false when (session, chat, sender, id) is already there, and then nothing changes.
    async fn add_message(&mut self, message: &Message) -> Result<bool>;
    /// Adds one of the past, which was not told and counts as read; false when it is already there, and then nothing
    /// changes.
    async fn add_past_message(&mut self, message: &Message) -> Result<bool>;
    /// A message has come by itself. Where it stands as one of the past it is none any more: it counts as unread, and has
    /// the file it came with. False when there is no such message of the past.
    async fn tell_past_message(&mut self, message: &Message) -> Result<bool>;
    /// Moves own messages forward; answers those that moved, as they are now. `Sent` and beyond drop `outgoing`.
    async fn advance_messages(
        &mut self,
        session: SessionId,
        chat: &Jid,
        ids: &[MessageId],
        status: DeliveryStatus,
        error: Option<&str>,
    ) -> Result<Vec<Message>>;
    /// Marks incoming messages as read by us.
    async fn mark_incoming_read(&mut self, session: SessionId, chat: &Jid, ids: &[MessageId]) -> Result<()>;
    /// Notes a receipt; one that is already there changes nothing.
    async fn add_receipt(
        &mut self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        participant: &Jid,
        status: DeliveryStatus,
        at: Timestamp,
    ) -> Result<()>;
    /// Notes how many people an own message goes to.
    async fn set_recipients(&mut self, session: SessionId, chat: &Jid, id: &MessageId, recipients: u32) -> Result<()>;
    /// Sets the timestamp WhatsApp gave an own message.
    async fn set_message_timestamp(
        &mut self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        at: Timestamp,
    ) -> Result<()>;
    /// Replaces the text of `sender`'s message; `None` when there is none, or it was changed later than `at` already.
    #[expect(clippy::too_many_arguments, reason = "which message, its new text, and when: no less says it")]
    async fn edit_message(
        &mut self,
        session: SessionId,
        chat: &Jid,
        id: &MessageId,
        sender: &Jid,
        body: &str,
        mentions: &[Jid],
        at: Timestamp,
    ) -> Result<Option<Message>>;
    /// Makes a message `revoked` with an empty body and without media; `None` when there is none. Answers it as it was before.
    async fn revoke_message(&mut self, session: SessionId, chat: &Jid, id: &MessageId) -> Result<Option<Message>>;
    /// Deletes a message here; false when there is none.
    async fn delete_message(&mut self, row: RowId) -> Result<bool>;
    /// Deletes the messages of a chat that were sent until `up_to`, but none that is still to be sent, and shows in the
    /// chat what is left. Answers the files that nobody needs any more.
    async fn clear_messages(&mut self, session: SessionId, chat: &Jid, up_to: Timestamp) -> Result<Vec<FileKey>>;
    /// Notes where our copy of a file is.
    async fn set_media(&mut self, row: RowId, media: &Media) -> Result<()>;
    /// Replaces what the plain fields of a message cannot say: votes and answers are kept there.
    async fn set_detail(&mut self, row: RowId, detail: &Detail) -> Result<()>;
    /// Sets, replaces or (with "") removes a reaction; false when nothing changed or a newer one is there.
    async fn set_reaction(&mut self, session: SessionId, reaction: &Reaction) -> Result<bool>;
}

/// Reads of what was said of messages that have not come yet.
#[async_trait]
pub trait EarlyReads {
    /// Whether anything is held for this session.
    async fn holds_early_news(&mut self, session: SessionId) -> Result<bool>;
    /// The sessions that hold reactions since before `before`.
    async fn sessions_with_old_reactions(&mut self, before: Timestamp) -> Result<Vec<SessionId>>;
}

/// Writes of what was said of messages that have not come yet.
#[async_trait]
pub trait EarlyWrites {
    /// Holds it until its message comes. The same said twice is held once.
    async fn hold_early_news(
        &mut self,
        session: SessionId,
        chat: &Jid,
        message: &MessageId,
        news: &EarlyNews,
        now: Timestamp,
    ) -> Result<()>;
    /// Lets the oldest of each kind go beyond this many.
    async fn trim_early_news(&mut self, session: SessionId, most: u32) -> Result<()>;
    /// Takes what is held for a message, in the order it was said.
    async fn take_early_news(&mut self, session: SessionId, chat: &Jid, message: &MessageId) -> Result<Vec<EarlyNews>>;
    /// Takes reactions that have been held since before `before`, in the order they were said.
    async fn take_old_reactions(&mut self, session: SessionId, before: Timestamp, limit: u32)
    -> Result<Vec<EarlyNews>>;
    /// Forgets what has been held since before `before`, of all sessions; says how much that was.
    async fn expire_early_news(&mut self, before: Timestamp) -> Result<u64>;
}

/// Reads of what the phone is asked about the past.
#[async_trait]
pub trait SyncReads {
    /// How it stands about a session, where anything is known.
    async fn history_sync(&mut self, session: SessionId) -> Result<Option<HistorySync>>;
    /// The chats of the run, counted.
    async fn sync_progress(&mut self, session: SessionId) -> Result<SyncProgress>;
    /// One chat of the run.
    async fn sync_chat(&mut self, session: SessionId, chat: &Jid) -> Result<Option<SyncChat>>;
    /// The chat to ask about by now: those asked in vain least often first, the longest due of them.
    async fn next_sync_chat(&mut self, session: SessionId, now: Timestamp) -> Result<Option<SyncChat>>;
    /// The sessions with chats still to be asked about, or with a gap to look for.
    async fn sessions_to_sync(&mut self) -> Result<Vec<SessionId>>;
    /// Those of these sessions with something to do by now.
    async fn due_syncs(&mut self, among: &[SessionId], now: Timestamp) -> Result<Vec<SessionId>>;
}

/// Writes of what the phone is asked about the past.
#[async_trait]
pub trait SyncWrites {
    /// Makes or replaces how it stands about a session.
    async fn save_history_sync(&mut self, sync: &HistorySync) -> Result<()>;
    /// Notes that the links of these sessions are up, where anything is known of them.
    async fn note_links_up(&mut self, sessions: &[SessionId], now: Timestamp) -> Result<()>;
    /// Makes or replaces a chat of the run.
    async fn save_sync_chat(&mut self, chat: &SyncChat) -> Result<()>;
    /// Lets no chat of the run that is still to be asked about be due before.
    async fn postpone_sync(&mut self, session: SessionId, due_at: Timestamp) -> Result<()>;
    /// Asks about no further chat in this run.
    async fn end_sync_chats(&mut self, session: SessionId) -> Result<()>;
    /// Forgets the chats of the last run that are done.
    async fn forget_done_sync_chats(&mut self, session: SessionId) -> Result<()>;
    /// Forgets all of it: the session is linked anew.
    async fn forget_history_sync(&mut self, session: SessionId) -> Result<()>;
}

/// Reads of templates.
#[async_trait]
pub trait TemplateReads {
    /// One template.
    async fn template(&mut self, id: TemplateId) -> Result<Option<Template>>;
    /// The session's template of exactly this name.
    async fn template_named(&mut self, session: SessionId, name: &str) -> Result<Option<Template>>;
    /// All of a session, newest first.
    async fn templates(&mut self, session: SessionId) -> Result<Vec<Template>>;
    /// How many a session has.
    async fn count_templates(&mut self, session: SessionId) -> Result<u64>;
}

/// Writes of templates.
#[async_trait]
pub trait TemplateWrites {
    /// Adds one; a name that is taken in the session is a [`StoreError::Conflict`].
    async fn add_template(&mut self, template: &Template) -> Result<()>;
    /// Replaces all but session and time of making; false when there is none, a [`StoreError::Conflict`] when the name is taken.
    async fn save_template(&mut self, template: &Template) -> Result<bool>;
    /// Deletes it; false when there is none.
    async fn delete_template(&mut self, id: TemplateId) -> Result<bool>;
}

/// Reads of batches.
#[async_trait]
pub trait BatchReads {
    /// The session's batch of exactly this name.
    async fn batch_named(&mut self, session: SessionId, name: &str) -> Result<Option<Batch>>;
    /// One batch.
    async fn batch(&mut self, id: BatchId) -> Result<Option<Batch>>;
    /// Its messages, counted.
    async fn batch_progress(&mut self, id: BatchId) -> Result<BatchProgress>;
    /// Its messages from this index on, in order.
    async fn batch_messages(&mut self, id: BatchId, from: u32, limit: u32) -> Result<Vec<BatchMessage>>;
    /// One of its messages.
    async fn batch_message(&mut self, place: BatchPlace) -> Result<Option<BatchMessage>>;
    /// Those of its messages that are stored as messages and not settled, in order.
    async fn begun_batch_messages(&mut self, id: BatchId, limit: u32) -> Result<Vec<BatchMessage>>;
    /// The first of its messages that waits for its turn, and what it is to be.
    async fn next_batch_message(&mut self, id: BatchId) -> Result<Option<(BatchMessage, BatchRequest)>>;
    /// How many batches of all sessions are not over.
    async fn count_active_batches(&mut self) -> Result<u64>;
    /// The sessions that have batches with something left to do.
    async fn sessions_with_batches(&mut self) -> Result<Vec<SessionId>>;
    /// The batches of these sessions with something to do by now, the longest due first.
    async fn due_batches(&mut self, among: &[SessionId], now: Timestamp, limit: u32) -> Result<Vec<Batch>>;
    /// When there is something to do about a batch of these sessions after `now`.
    async fn next_batch_due(&mut self, among: &[SessionId], now: Timestamp) -> Result<Option<Timestamp>>;
}

/// Writes of batches.
#[async_trait]
pub trait BatchWrites {
    /// Adds one without messages; a name that is taken in the session is a [`StoreError::Conflict`].
    async fn add_batch(&mut self, batch: &Batch) -> Result<()>;
    /// Adds a message that waits for its turn.
    async fn add_batch_message(&mut self, place: BatchPlace, chat: &Jid, request: &BatchRequest) -> Result<()>;
    /// Notes under which id a message is stored that waited for its turn, and that its batch has begun. False, and
    /// nothing changes, when it does not wait or its batch is over.
    async fn begin_batch_message(&mut self, place: BatchPlace, message: &MessageId, now: Timestamp) -> Result<bool>;
    /// Takes that back, because the message was certainly not sent: it waits again, unless its batch is over.
    async fn release_batch_message(&mut self, place: BatchPlace) -> Result<()>;
    /// Notes how a message ended, and forgets what it was to be; false when it is settled already.
    async fn settle_batch_message(&mut self, place: BatchPlace, outcome: &BatchOutcome) -> Result<bool>;
    /// Sets when there is something to do about a batch again.
    async fn postpone_batch(&mut self, id: BatchId, next_at: Timestamp) -> Result<()>;
    /// Ends a batch: what waits for its turn is cancelled, what is begun is still to be settled. False when it is over
    /// already; what is left to do about it is then looked at again.
    async fn end_batch(&mut self, id: BatchId, status: BatchStatus, now: Timestamp) -> Result<bool>;
    /// Deletes batches that ended before, oldest first; says how many.
    async fn expire_batches(&mut self, before: Timestamp, limit: u32) -> Result<u64>;
}

/// Reads of automation rules.
#[async_trait]
pub trait RuleReads {
    /// One rule.
    async fn rule(&mut self, id: RuleId) -> Result<Option<AutomationRule>>;
    /// All of a session, the oldest first: the order in which they are tried.
    async fn rules(&mut self, session: SessionId) -> Result<Vec<AutomationRule>>;
    /// When a rule last answered in a chat, as long as that is kept.
    async fn rule_answered_at(&mut self, id: RuleId, chat: &Jid) -> Result<Option<Timestamp>>;
}

/// Writes of automation rules.
#[async_trait]
pub trait RuleWrites {
    /// Adds one; an id that is taken is a [`StoreError::Conflict`].
    async fn add_rule(&mut self, rule: &AutomationRule) -> Result<()>;
    /// Replaces all but session and time of making; false when there is none.
    async fn save_rule(&mut self, rule: &AutomationRule) -> Result<bool>;
    /// Deletes it and what is kept of its answers; false when there is none.
    async fn delete_rule(&mut self, id: RuleId) -> Result<bool>;
    /// Notes that a rule answers in a chat.
    async fn note_rule_answer(&mut self, id: RuleId, chat: &Jid, at: Timestamp) -> Result<()>;
    /// Forgets answers from before `before`, of all rules; says how many.
    async fn expire_rule_answers(&mut self, before: Timestamp) -> Result<u64>;
}

/// Which events.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EventFilter {
    /// Of these sessions only.
    pub sessions: Option<Vec<SessionId>>,
    /// Of these kinds only.
    pub kinds: Option<Vec<EventKind>>,
}

/// Reads of the log.
#[async_trait]
pub trait EventReads {
    /// A session's events with a higher number, in order.
    async fn events_after(
        &mut self,
        session: SessionId,
        after: Seq,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<Event>>;
    /// The deployment's events with a higher position, in order.
    async fn events_since(&mut self, after: Position, filter: &EventFilter, limit: u32) -> Result<Vec<Event>>;
    /// The numbers of a session's first event that happened at `from` or later and of its last that happened before
    /// `until`. Events stand in the order in which they were learned of, so that between the two there may be older ones.
    async fn seqs_between(
        &mut self,
        session: SessionId,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Option<(Seq, Seq)>>;
    /// The highest number of a session's log; 0 when it is empty.
    async fn last_seq(&mut self, session: SessionId) -> Result<Seq>;
    /// The highest position; 0 when there is none.
    async fn last_position(&mut self) -> Result<Position>;
}

/// Writes of the log.
#[async_trait]
pub trait EventWrites {
    /// Appends under the session's row lock; numbers are gapless per session.
    async fn append_event(&mut self, event: &NewEvent) -> Result<Seq>;
    /// Gives the next events without a position their positions, in order per session, and answers them.
    async fn sequence_events(&mut self, limit: u32) -> Result<Vec<Event>>;
}

/// Which deliveries that will not be tried again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FailureFilter {
    /// Of this session's webhooks.
    pub session: Option<SessionId>,
    /// Of this webhook.
    pub webhook: Option<WebhookId>,
    /// These.
    pub ids: Option<Vec<DeliveryId>>,
    /// Made at or after.
    pub since: Option<Timestamp>,
    /// Made before.
    pub until: Option<Timestamp>,
}

/// Reads of webhooks.
#[async_trait]
pub trait WebhookReads {
    /// One webhook.
    async fn webhook(&mut self, id: WebhookId) -> Result<Option<Webhook>>;
    /// A session's webhooks, oldest first.
    async fn webhooks(&mut self, session: SessionId) -> Result<Vec<Webhook>>;
    /// All webhooks of these sessions (`None`: of all), oldest first.
    async fn all_webhooks(&mut self, among: Option<&[SessionId]>, page: Page) -> Result<Vec<Webhook>>;
    /// Deliveries that will not be tried again, newest first.
    async fn delivery_failures(&mut self, session: Option<SessionId>, page: Page) -> Result<Vec<DeliveryFailure>>;
    /// How many of them there are that still have a body and so could be tried again after all.
    async fn count_revivable_deliveries(&mut self, which: &FailureFilter) -> Result<u64>;
    /// When the next delivery that nobody holds is due.
    async fn next_delivery_due(&mut self) -> Result<Option<Timestamp>>;
    /// How a webhook's receiver fares; nothing when there is no such webhook.
    async fn webhook_health(&mut self, id: WebhookId) -> Result<Option<WebhookHealth>>;
    /// The attempts that are remembered of a webhook, newest first.
    async fn delivery_attempts(&mut self, webhook: WebhookId, page: Page) -> Result<Vec<Attempt>>;
}

/// Writes of webhooks.
#[async_trait]
pub trait WebhookWrites {
    /// Adds one, in good health.
    async fn add_webhook(&mut self, webhook: &Webhook) -> Result<()>;
    /// Replaces all but `last_triggered_at` and health; false when there is none.
    async fn save_webhook(&mut self, webhook: &Webhook) -> Result<bool>;
    /// Deletes it and its deliveries; false when there is none.
    async fn delete_webhook(&mut self, id: WebhookId) -> Result<bool>;
    /// Queues a delivery. One that is already there for this webhook and position changes nothing.
    async fn add_delivery(&mut self, delivery: &Delivery) -> Result<()>;
    /// Notes a delivery that failed before it was ever tried. One that is already there for this webhook and position changes nothing.
    async fn add_delivery_failure(&mut self, failure: &DeliveryFailure) -> Result<()>;
    /// Takes deliveries that are due, oldest position first, for the length of a lease: of each (webhook, lane) only the
    /// oldest unsettled one, and of each webhook at most `per_webhook` counting those already held, of a `slow` one at most
    /// one. Of one that is paused nothing is taken, and at most one from the end of the pause until its health is noted anew.
    async fn claim_deliveries(
        &mut self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
        per_webhook: u32,
        slow: &[WebhookId],
    ) -> Result<Vec<Delivery>>;
    /// Gives all claims back whose leases still run: for the only node, when it starts, because nobody can hold them.
    async fn release_claims(&mut self) -> Result<()>;
    /// Makes failed deliveries that still have a body due again, oldest first, with no attempts; says how many.
    async fn revive_deliveries(&mut self, which: &FailureFilter, now: Timestamp, limit: u32) -> Result<u64>;
    /// Notes how an attempt ended and when it was made; a delivered or dropped one is forgotten, a failed one kept.
    async fn settle_delivery(&mut self, id: DeliveryId, now: Timestamp, how: &Settled) -> Result<()>;
    /// Queues a delivery of an event that went out before, in place of one that failed. False, and nothing changes, when
    /// one of this webhook and position still waits.
    async fn replay_delivery(&mut self, delivery: &Delivery) -> Result<bool>;
    /// Notes how a webhook's receiver fares; one that is not there changes nothing.
    async fn note_webhook_health(&mut self, id: WebhookId, health: &WebhookHealth) -> Result<()>;
    /// Remembers attempts, and forgets all but the newest `keep` of each of their webhooks. Those of webhooks that are not
    /// there any more are left out.
    async fn log_attempts(&mut self, attempts: &[Attempt], keep: u32) -> Result<()>;
    /// Forgets attempts that were made before, oldest first; says how many.
    async fn expire_delivery_attempts(&mut self, before: Timestamp, limit: u32) -> Result<u64>;
    /// Forgets deliveries that failed for good before, and the oldest beyond `keep`; at most `limit` for either reason.
    /// Says how many.
    async fn expire_delivery_failures(&mut self, before: Timestamp, keep: u32, limit: u32) -> Result<u64>;
    /// Fails deliveries that were made before, and whose webhook has failed since before then; at most `limit` of each
    /// webhook, oldest first. Says how many.
    async fn give_up_deliveries(&mut self, before: Timestamp, now: Timestamp, error: &str, limit: u32) -> Result<u64>;
}

/// Reads of keys.
#[async_trait]
pub trait KeyReads {
    /// By the hash of the key.
    async fn key_by_hash(&mut self, hash: &str) -> Result<Option<ApiKey>>;
    /// One key.
    async fn key(&mut self, id: KeyId) -> Result<Option<ApiKey>>;
    /// All, newest first.
    async fn keys(&mut self) -> Result<Vec<ApiKey>>;
}

/// Writes of keys.
#[async_trait]
pub trait KeyWrites {
    /// Adds one; a hash that is taken is a [`StoreError::Conflict`].
    async fn add_key(&mut self, key: &ApiKey) -> Result<()>;
    /// Replaces all but hash, prefix and use; false when there is none.
    async fn save_key(&mut self, key: &ApiKey) -> Result<bool>;
    /// Deletes it; false when there is none.
    async fn delete_key(&mut self, id: KeyId) -> Result<bool>;
    /// Notes that it was used this many more times, last at `at`.
    async fn count_key_use(&mut self, id: KeyId, times: u64, at: Timestamp) -> Result<()>;
}

/// Reads of idempotent requests.
#[async_trait]
pub trait IdempotencyReads {
    /// One request that has not expired.
    async fn idempotent_request(
        &mut self,
        owner: KeyOwner,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotentRequest>>;
}

/// Writes of idempotent requests.
#[async_trait]
pub trait IdempotencyWrites {
    /// Notes a request; [`StoreError::Conflict`] when an unexpired one with this key is there.
    async fn add_idempotent_request(&mut self, request: &IdempotentRequest) -> Result<()>;
    /// Notes its answer.
    async fn answer_idempotent_request(&mut self, owner: KeyOwner, key: &str, status: u16, body: &[u8]) -> Result<()>;
    /// Frees the key, because nothing happened.
    async fn delete_idempotent_request(&mut self, owner: KeyOwner, key: &str) -> Result<()>;
    /// Forgets what has expired.
    async fn expire_idempotent_requests(&mut self, now: Timestamp) -> Result<()>;
}

/// Reads of the audit log.
#[async_trait]
pub trait AuditReads {
    /// Entries, newest first.
    async fn audit_entries(&mut self, filter: &AuditFilter, page: Page) -> Result<Vec<AuditEntry>>;
    /// How many there are.
    async fn count_audit_entries(&mut self, filter: &AuditFilter) -> Result<u64>;
}

/// Writes of the audit log.
#[async_trait]
pub trait AuditWrites {
    /// Adds one.
    async fn add_audit_entry(&mut self, entry: &AuditEntry) -> Result<()>;
    /// Forgets what is older.
    async fn expire_audit_entries(&mut self, before: Timestamp) -> Result<()>;
}

/// Finding messages.
#[async_trait]
pub trait SearchReads {
    /// Messages that have these words, newest first, and how many there are.
    async fn search_messages(&mut self, filter: &SearchFilter, page: Page) -> Result<(Vec<Hit>, u64)>;
}

/// Counting messages.
#[async_trait]
pub trait StatisticsReads {
    /// All messages of a session, or of all, sent at or after.
    async fn message_counts(&mut self, session: Option<SessionId>, since: Option<Timestamp>) -> Result<MessageCounts>;
    /// A stretch of time, counted from several sides.
    async fn message_statistics(&mut self, filter: &StatisticsFilter) -> Result<MessageStatistics>;
    /// How many deliveries wait or are under way, and how many will not be tried again.
    async fn count_deliveries(&mut self) -> Result<(u64, u64)>;
}
