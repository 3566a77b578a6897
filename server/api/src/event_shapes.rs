//! What events carry, for the document: the payloads are made in core, and told here.

use openwa_model::{
    content::MessageKind, event::EventKind, jid::ChatKind, message::DeliveryStatus, session::Status, sync::SyncState,
};
use poem_openapi::{Object, registry::Registry, types::Type};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    examples,
    kinds::EventAnswer,
    message_records::{
        ButtonInfo, CallInfo, EventInfo, LocationInfo, MediaInfo, OrderInfo, PollInfo, ProductInfo, QuotedMessage,
    },
    presence::PresenceParticipant,
    statuses::StatusContact,
    wire::{Moment, Nullable},
    words::Word,
};

/// A message that came in or went out.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct MessageEvent {
    /// WhatsApp's id.
    id: String,
    /// Who sent it; in a group, the group.
    from: String,
    /// Whom it went to.
    to: String,
    /// The chat.
    chat_id: String,
    /// Text or caption, "" when it has none.
    body: String,
    /// What it is.
    #[oai(rename = "type")]
    kind_of_message: Word<MessageKind>,
    /// When it was sent, in seconds.
    timestamp: i64,
    /// Whether this account sent it.
    from_me: bool,
    /// Whether the chat is a group.
    is_group: bool,
    /// What sort of chat.
    kind: Word<ChatKind>,
    /// Whether it belongs to the status feed.
    is_status_broadcast: Option<bool>,
    /// Who sent it in a group.
    author: Option<String>,
    /// Who is mentioned.
    mentioned_ids: Option<Vec<String>>,
    /// Whether the sender is known by a hidden id only.
    is_lid_sender: Option<bool>,
    /// The sender's phone number, where it is known.
    sender_phone: Option<String>,
    /// The sender's hidden id, where it is known.
    sender_lid: Option<String>,
    /// What the sender says about themselves.
    contact: Option<EventContact>,
    /// Its file.
    media: Option<MediaInfo>,
    /// The message it answers.
    quoted_message: Option<QuotedMessage>,
    /// A place.
    location: Option<LocationInfo>,
    /// Contact cards, as vCard 3.0.
    vcards: Option<Vec<String>>,
    /// A poll.
    poll: Option<PollInfo>,
    /// An event.
    event: Option<EventInfo>,
    /// Buttons, or the rows of a list.
    buttons: Option<Vec<ButtonInfo>>,
    /// The button or the row that was chosen.
    button: Option<ButtonInfo>,
    /// A product.
    product: Option<ProductInfo>,
    /// An order.
    order: Option<OrderInfo>,
    /// A call.
    call: Option<CallInfo>,
    /// Whether it was forwarded.
    is_forwarded: Option<bool>,
    /// How often it was forwarded before, as WhatsApp counts; 127 is "many times".
    forwarding_score: Option<u32>,
    /// Whether it can be opened once only.
    is_view_once: Option<bool>,
    /// Whether the video is shown as a GIF.
    is_gif: Option<bool>,
    /// Whether the video is a round one.
    is_video_note: Option<bool>,
    /// Whether everyone in the group is mentioned.
    mentions_everyone: Option<bool>,
    /// After how many seconds it vanishes.
    ephemeral_duration: Option<u32>,
    /// The colour behind a status: `#RRGGBB`.
    background_color: Option<String>,
    /// The number of a status's font.
    font: Option<i32>,
}

/// Someone voted in a poll.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PollVoteEvent {
    /// The message with the poll.
    message_id: String,
    /// The chat.
    chat_id: String,
    /// Who voted.
    sender_id: String,
    /// Their phone number, digits only, where it is known.
    sender_phone: Option<String>,
    /// Their hidden id, where it is known.
    sender_lid: Option<String>,
    /// Whether that is this account.
    from_me: bool,
    /// Whether the chat is a group.
    is_group: bool,
    /// The chosen options; none when the vote was taken back.
    options: Vec<String>,
    /// When, in seconds.
    timestamp: i64,
}

/// Someone answered an event.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct EventResponseEvent {
    /// The message with the event.
    message_id: String,
    /// The chat.
    chat_id: String,
    /// Who answered.
    sender_id: String,
    /// Their phone number, digits only, where it is known.
    sender_phone: Option<String>,
    /// Their hidden id, where it is known.
    sender_lid: Option<String>,
    /// Whether that is this account.
    from_me: bool,
    /// Whether the chat is a group.
    is_group: bool,
    /// What they say.
    response: EventAnswer,
    /// How many they bring along.
    extra_guests: u32,
    /// When, in seconds.
    timestamp: i64,
}

/// What the sender of a message says about themselves.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct EventContact {
    /// The name the person shows.
    push_name: Option<String>,
}

/// An outgoing message got further.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct MessageAckEvent {
    /// The message.
    id: String,
    /// The message again.
    message_id: String,
    /// The chat.
    chat_id: String,
    /// How far it got.
    status: Word<DeliveryStatus>,
    /// The same as a number: -1 failed, 0 pending, 1 sent, 2 delivered, 3 read.
    #[oai(deprecated)]
    ack: i32,
    /// The phone number of who sent the message, where it is known.
    sender_phone: Option<String>,
    /// The hidden id of who sent the message, where it is known.
    sender_lid: Option<String>,
}

/// An outgoing message will not arrive.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct MessageFailedEvent {
    /// The message.
    id: String,
    /// The message again.
    message_id: String,
    /// The chat.
    chat_id: String,
    /// Always `failed`.
    status: Word<DeliveryStatus>,
    /// Always -1.
    #[oai(deprecated)]
    ack: i32,
    /// Why.
    error: Nullable<String>,
    /// WhatsApp's code, where it refused the message.
    code: Option<u32>,
    /// The phone number of who sent the message, where it is known.
    sender_phone: Option<String>,
    /// The hidden id of who sent the message, where it is known.
    sender_lid: Option<String>,
}

/// A message was taken back.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct MessageRevokedEvent {
    /// The message.
    id: String,
    /// The message again.
    revoked_id: String,
    /// The chat.
    chat_id: String,
    /// Who had sent it; in a group, the group.
    from: String,
    /// Whom it went to.
    to: String,
    /// Always `revoked`.
    #[oai(rename = "type")]
    kind: Word<MessageKind>,
    /// Always "".
    body: String,
    /// When it was taken back, in seconds.
    timestamp: i64,
    /// The phone number of who had sent it, where it is known.
    sender_phone: Option<String>,
    /// The hidden id of who had sent it, where it is known.
    sender_lid: Option<String>,
}

/// Someone reacted to a message.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct MessageReactionEvent {
    /// The message.
    message_id: String,
    /// The chat.
    chat_id: String,
    /// The emoji; "" when it was taken back.
    reaction: String,
    /// Who reacted.
    sender_id: String,
    /// Their phone number, where it is known.
    sender_phone: Option<String>,
    /// Their hidden id, where it is known.
    sender_lid: Option<String>,
}

/// The text of a message was changed.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct MessageEditedEvent {
    /// The message.
    message_id: String,
    /// The chat.
    chat_id: String,
    /// The new text.
    body: String,
    /// Who changed it.
    sender_id: String,
    /// Who had sent it; in a group, the group.
    from: String,
    /// Whom it went to.
    to: String,
    /// Whether this account changed it.
    from_me: bool,
    /// Whether the chat is a group.
    is_group: bool,
    /// What the message is.
    #[oai(rename = "type")]
    kind: Word<MessageKind>,
    /// Whether it has a file.
    has_media: bool,
    /// Who sent it in a group.
    author: Option<String>,
    /// Who is mentioned in it.
    mentioned_ids: Option<Vec<String>>,
    /// When it was changed, in seconds.
    timestamp: i64,
    /// The phone number of who sent it, where it is known.
    sender_phone: Option<String>,
    /// The hidden id of who sent it, where it is known.
    sender_lid: Option<String>,
}

/// A phone number was learned for a hidden id: what was kept under both is one from now on.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ContactMergedEvent {
    /// The person, and the chat with them, from now on.
    contact_id: String,
    /// The hidden id under which both went before.
    former_id: String,
    /// Whether there was a chat under the hidden id; it is gone.
    chat_merged: bool,
    /// How many messages moved to the phone number.
    messages_moved: u64,
    /// The phone number, digits only.
    sender_phone: String,
    /// The hidden id.
    sender_lid: String,
    /// When it was learned, in seconds.
    timestamp: i64,
}

/// A chat was put away, kept on top, silenced, read, emptied or deleted, here or on another device.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ChatUpdateEvent {
    /// The chat.
    chat_id: String,
    /// Whether it is put away.
    archived: bool,
    /// Whether it is kept on top.
    pinned: bool,
    /// Whether it is silent.
    muted: bool,
    /// Until when, in milliseconds; 0 is for good. Only when it is silent.
    mute_expiration: Option<i64>,
    /// Messages not read yet.
    unread_count: u32,
    /// Whether it was deleted.
    deleted: bool,
}

/// A session's status changed.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SessionStatusEvent {
    /// The session.
    session_id: Uuid,
    /// What it is doing now.
    status: Word<Status>,
}

/// A new QR code is to be scanned.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SessionQrEvent {
    /// The session.
    session_id: Uuid,
    /// A PNG as a `data:` URL.
    qr: String,
}

/// A session was linked to an account.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SessionAuthenticatedEvent {
    /// The session.
    session_id: Uuid,
    /// The phone number, digits only.
    phone: String,
    /// The name that account shows.
    push_name: Nullable<String>,
}

/// A session lost its link or was stopped.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SessionDisconnectedEvent {
    /// The session.
    session_id: Uuid,
    /// Why.
    reason: String,
}

/// Every fifth attempt in a row to reconnect.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SessionReconnectLoopEvent {
    /// The session.
    session_id: Uuid,
    /// How many attempts there were.
    attempts: u32,
    /// When the next one is made, in milliseconds from then.
    next_delay_ms: u64,
}

/// WhatsApp limited the account, or lifted the limit.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SessionRestrictionEvent {
    /// The session.
    session_id: Uuid,
    /// Whether there is a limit now.
    active: bool,
    /// `reachout_timelock`, `tos_block` or `proxy_block`.
    kind: String,
    /// WhatsApp's code.
    code: u32,
    /// When it ends, where it was told.
    expires_at: Nullable<Moment>,
}

/// Asking the phone for older or missed messages got further. The messages themselves are stored and not told.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SessionSyncEvent {
    /// The session.
    session_id: Uuid,
    /// Whether anything is being asked.
    state: Word<SyncState>,
    /// Chats of the run of which nothing is left to ask.
    chats_done: u32,
    /// Chats of the run that are still to be asked about.
    chats_left: u32,
    /// How many messages the run stored that were not here.
    messages_stored: u32,
    /// What went wrong last in the run.
    last_error: Nullable<String>,
}

/// A contact came on line, went away, or is typing.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PresenceUpdateEvent {
    /// The chat.
    chat_id: String,
    /// Who does what; in an event, the one person who was heard of.
    participants: Vec<PresenceParticipant>,
    /// When it was seen.
    observed_at: Moment,
}

/// The members or settings of a group changed.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct GroupEvent {
    /// The group.
    group_id: String,
    /// Who did it.
    actor_id: Option<String>,
    /// Whom it concerns.
    participant_ids: Vec<String>,
    /// What is another than before; only with `group.update`.
    changes: Option<GroupChanges>,
    /// When, in seconds.
    timestamp: i64,
}

/// What is another than before in a group; what is not here stayed as it was.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct GroupChanges {
    /// The new name.
    subject: Option<String>,
    /// The new description; "" when it was taken away.
    description: Option<String>,
    /// Whether only admins may write now.
    announce: Option<bool>,
    /// Whether only admins may change subject, description and picture now.
    locked: Option<bool>,
    /// After how many seconds messages vanish now; 0 is never.
    ephemeral_seconds: Option<u32>,
    /// Who may add members now: `all` or `admins`.
    member_add_mode: Option<String>,
    /// Whether admins decide now who comes in by the invite link.
    membership_approval: Option<bool>,
    /// Whether the people in `participantIds` are admins now.
    is_admin: Option<bool>,
    /// Whether there is a new picture; false when it was taken away.
    picture: Option<bool>,
    /// Present when the old invite link leads nowhere any more.
    invite_renewed: Option<bool>,
}

/// Someone posted a status.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct StatusReceivedEvent {
    /// The session.
    session_id: Uuid,
    /// The id of the status.
    status_id: String,
    /// Who posted it.
    contact: StatusContact,
    /// What it is.
    #[oai(rename = "type")]
    kind: Word<MessageKind>,
    /// The text, or what stands below the picture.
    caption: Option<String>,
    /// Whether it has a file.
    has_media: bool,
    /// Whether the file is not in `message.received`; it can be fetched while the status is to be seen.
    media_omitted: bool,
    /// Why it is not.
    omit_reason: Option<String>,
    /// When it was posted, in milliseconds.
    posted_at: i64,
    /// When it is seen no more, in milliseconds.
    expires_at: i64,
}

/// A call.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct CallEvent {
    /// Its id.
    call_id: String,
    /// Who calls.
    from: String,
    /// Whether it is a video call.
    is_video: bool,
    /// Whether it is a group call.
    is_group: bool,
    /// When, in seconds.
    timestamp: i64,
}

/// What became of a call.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct CallOutcomeEvent {
    /// Its id.
    call_id: String,
    /// Who called.
    from: String,
    /// Whether it was a video call.
    is_video: bool,
    /// Whether it was a group call.
    is_group: bool,
    /// When it ended, in seconds.
    timestamp: i64,
    /// `accepted`, `rejected` or `missed`.
    outcome: String,
}

/// A receiver that fails.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct WebhookFailingEvent {
    /// The session.
    session_id: Uuid,
    /// The webhook.
    webhook_id: Uuid,
    /// How many attempts failed since it last took something.
    failures: u32,
    /// When the first of them did.
    failing_since: Moment,
    /// Until when it is left alone.
    paused_until: Nullable<Moment>,
    /// Its last HTTP status, if it answered.
    last_status_code: Nullable<u16>,
    /// What went wrong last.
    last_error: String,
}

/// A receiver that takes deliveries again.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct WebhookRecoveredEvent {
    /// The session.
    session_id: Uuid,
    /// The webhook.
    webhook_id: Uuid,
    /// How many attempts failed until then.
    failures: u32,
    /// When the first of them did.
    failing_since: Moment,
}

macro_rules! shapes {
    ($($kind:ident => $shape:ty, $about:literal;)*) => {
        /// Registers every payload.
        pub(crate) fn register(registry: &mut Registry) {
            $(<$shape as Type>::register(registry);)*
        }

        /// The name of an event's payload, and what happened. Closed: a new kind does not compile until it has both.
        fn payload(kind: EventKind) -> (String, &'static str) {
            match kind {
                $(EventKind::$kind => (<$shape as Type>::name().into_owned(), $about),)*
            }
        }
    };
}

shapes! {
    MessageReceived => MessageEvent, "A message came in";
    MessageSent => MessageEvent, "A message went out, from here or from another device of the account";
    MessageAck => MessageAckEvent, "An outgoing message got further: sent, delivered, read";
    MessageFailed => MessageFailedEvent, "An outgoing message will not arrive";
    MessageRevoked => MessageRevokedEvent, "A message was taken back";
    MessageReaction => MessageReactionEvent, "Someone reacted to a message, or took the reaction back";
    MessageEdited => MessageEditedEvent, "The text of a message was changed";
    PollVote => PollVoteEvent, "Someone voted in a poll, or took the vote back";
    EventResponse => EventResponseEvent, "Someone said whether they come to an event";
    ChatUpdate => ChatUpdateEvent, "A chat was archived, pinned, muted, read, cleared or deleted, here or on another device";
    SessionStatus => SessionStatusEvent, "A session's status changed";
    SessionQr => SessionQrEvent, "A new QR code is to be scanned";
    SessionAuthenticated => SessionAuthenticatedEvent, "A session was linked to an account";
    SessionDisconnected => SessionDisconnectedEvent, "A session lost its link or was stopped";
    SessionReconnectLoop => SessionReconnectLoopEvent, "A session tries to reconnect again and again";
    SessionRestriction => SessionRestrictionEvent, "WhatsApp limited the account, or lifted the limit";
    SessionSync => SessionSyncEvent, "Asking the phone for older or missed messages got further";
    PresenceUpdate => PresenceUpdateEvent, "A contact came on line, went away, or is typing";
    ContactMerged => ContactMergedEvent, "A phone number was learned for a hidden id, and two chats became one";
    GroupJoin => GroupEvent, "Members joined a group or were added";
    GroupLeave => GroupEvent, "Members left a group or were removed";
    GroupUpdate => GroupEvent, "A group's subject, description, picture or settings changed";
    GroupJoinRequest => GroupEvent, "Someone asks to join a group";
    StatusReceived => StatusReceivedEvent, "Someone posted a status";
    CallReceived => CallEvent, "Someone calls";
    CallAccepted => CallOutcomeEvent, "A call was taken on another device of the account";
    CallRejected => CallOutcomeEvent, "A call was rejected, here or on another device of the account";
    CallMissed => CallOutcomeEvent, "Nobody took a call";
    WebhookFailing => WebhookFailingEvent, "A webhook's receiver has failed for long; told only to those who ask for it by name";
    WebhookRecovered => WebhookRecoveredEvent, "A webhook's receiver takes deliveries again; told only to those who ask for it by name";
}

/// One description for each event a webhook can be called with; its envelope becomes a schema of its own.
pub(crate) fn webhooks(components: &mut Map<String, Value>) -> Map<String, Value> {
    let mut webhooks = Map::new();
    for kind in EventKind::ALL {
        let (payload, summary) = payload(*kind);
        let envelope = format!("{}Delivery", camel(kind.name()));
        let reference = json!({"$ref": format!("#/components/schemas/{envelope}")});
        let data = examples::of(kind.name()).or_else(|| examples::of(&payload)).unwrap_or_default();
        let mut schema = envelope_of(*kind, &payload);
        schema["examples"] = json!([examples::delivery(kind.name(), data)]);
        components.insert(envelope, schema);
        let operation = json!({
            "operationId": format!("on{}", camel(kind.name())),
            "summary": summary,
            "description": "Answer with any status from 200 to 299; everything else, and no answer in time, is tried again.",
            "tags": ["Webhooks"],
            "security": [],
            "parameters": headers(),
            "requestBody": {"required": true, "content": {"application/json": {"schema": reference}}},
            "responses": {
                "2XX": {"description": "Taken."},
                "default": {"description": "Not taken; it is tried again."},
            },
        });
        webhooks.insert(kind.name().to_owned(), json!({"post": operation}));
    }
    webhooks
}

fn envelope_of(kind: EventKind, payload: &str) -> Value {
    json!({
        "type": "object",
        "description": format!("A delivery of `{}`.", kind.name()),
        "required": ["event", "timestamp", "sessionId", "idempotencyKey", "deliveryId", "data"],
        "properties": {
            "event": {"type": "string", "const": kind.name(), "description": "What sort of event."},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "sessionId": {"type": "string", "format": "uuid", "description": "The session."},
            "idempotencyKey": {"type": "string", "description": "The same for every delivery of this event to this webhook."},
            "deliveryId": {"type": "string", "description": "The same for every attempt of this dispatch."},
            "data": {"$ref": format!("#/components/schemas/{payload}"), "description": "What happened."},
        },
    })
}

fn headers() -> Value {
    let header = |name: &str, required: bool, description: &str| json!({"name": name, "in": "header", "required": required, "description": description, "schema": {"type": "string"}});
    json!([
        header("X-OpenWA-Event", true, "The event again."),
        header("X-OpenWA-Idempotency-Key", true, "The idempotency key again."),
        header("X-OpenWA-Delivery-Id", true, "The delivery id again."),
        header("X-OpenWA-Retry-Count", true, "How many attempts there were before this one."),
        header(
            "X-OpenWA-Signature",
            false,
            "With a secret: `sha256=` and the HMAC-SHA256 of the exact body in hexadecimal."
        ),
        header("webhook-id", false, "With a secret, as Standard Webhooks has it: the delivery id again."),
        header("webhook-timestamp", false, "With a secret: when this attempt was made, in seconds."),
        header(
            "webhook-signature",
            false,
            "With a secret: `v1,` and, in base64, the HMAC-SHA256 of id, timestamp and exact body with dots between. A \
             secret that begins with `whsec_` is base64 behind that, for this signature."
        ),
    ])
}

fn camel(name: &str) -> String {
    let words = name.split(['.', '_']);
    words.map(|it| it[..1].to_uppercase() + &it[1..]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_words() {
        assert_eq!(camel("session.reconnect_loop"), "SessionReconnectLoop");
        assert_eq!(camel("message.ack"), "MessageAck");
    }
}
