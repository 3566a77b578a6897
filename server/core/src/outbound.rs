//! A stored message on its way out: handed to the engine, and how that went written down.

use std::time::Duration;

use openwa_model::{
    Timestamp,
    chat::ChatTouch,
    content::{Detail, MessageKind, Outgoing},
    engine::{EngineError, ErrorKind},
    id::{RowId, SessionId},
    login::Account,
    message::{DeliveryStatus, Message},
    ops::SendMessage,
    store::{StoreError, Unit},
};

use crate::{
    error::GatewayError,
    gateway::{Context, canonical},
    idempotency,
    payload::{Events, inline_media},
    running::{CallError, Running},
};

/// How often it is tried to write how a send went.
const ATTEMPTS: u32 = 6;
/// The first pause between those attempts; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How a send went.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// WhatsApp accepted it, then.
    Accepted(Timestamp),
    /// It will not arrive; with WhatsApp's code, where it refused.
    Failed(GatewayError, Option<u32>),
    /// It may have been sent, or not; it stays pending.
    Unknown(String),
    /// It was certainly not sent, and may be later.
    NotNow(GatewayError),
}

/// A message as it is stored before it is first handed to an engine.
pub(crate) fn pending(
    row: RowId,
    session: SessionId,
    account: Account,
    outgoing: Outgoing,
    created_at: Timestamp,
) -> Message {
    let content = &outgoing.content;
    Message {
        row,
        session,
        id: outgoing.id.clone(),
        chat: outgoing.chat.clone(),
        sender: account.phone.clone(),
        sender_phone: Some(account.phone),
        sender_lid: account.lid,
        push_name: account.push_name,
        from_me: true,
        kind: content.kind(),
        body: content.body().to_owned(),
        timestamp: created_at,
        status: DeliveryStatus::Pending,
        error: None,
        quoted: outgoing.quoted.clone(),
        mentions: outgoing.mentions.clone(),
        media: content.media().cloned(),
        detail: outgoing.status.clone().map(Detail::Status).or_else(|| content.detail().cloned()),
        marks: outgoing.marks.clone(),
        edited_at: None,
        outgoing: Some(outgoing),
        created_at,
    }
}

/// Stores a message that is to be sent: once the unit is committed it will be, even if this process dies.
pub(crate) async fn store(unit: &mut dyn Unit, message: &Message) -> Result<(), StoreError> {
    unit.add_message(message).await?;
    let touch = ChatTouch {
        id: message.chat.clone(),
        name: None,
        at: message.timestamp,
        body: message.body.clone(),
        kind: message.kind,
        unread: 0,
    };
    unit.touch_chat(message.session, &touch).await
}

/// Hands a stored message to the engine. The caller holds its place among the sends under way.
pub(crate) async fn hand_over(context: &Context, running: &Running, message: &Message) -> Outcome {
    if message.kind == MessageKind::Revoked {
        let why = "the message was taken back before it was sent";
        return Outcome::Failed(GatewayError::SendFailed(why.to_owned()), None);
    }
    let Some(outgoing) = message.outgoing.clone() else {
        return Outcome::Failed(GatewayError::SendFailed("what to send was not stored".to_owned()), None);
    };
    match running.call(SendMessage(outgoing), context.settings.send_timeout).await {
        Ok(sent) => Outcome::Accepted(sent.at),
        Err(error @ CallError::NotReady(_)) => Outcome::NotNow(error.into()),
        Err(error @ CallError::Cannot(..)) => Outcome::Failed(error.into(), None),
        Err(CallError::Engine(error)) => outcome_of(error),
    }
}

fn outcome_of(error: EngineError) -> Outcome {
    let code = error.code;
    match error.kind {
        ErrorKind::Unconfirmed => Outcome::Unknown(error.message),
        ErrorKind::NotConnected => Outcome::NotNow(error.into()),
        ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::NotABusiness | ErrorKind::Invalid => {
            Outcome::Failed(error.into(), code)
        }
        ErrorKind::Media | ErrorKind::Store | ErrorKind::Internal => {
            let GatewayError::Engine(message) = error.into() else { unreachable!("these kinds are the engine's own") };
            Outcome::Failed(GatewayError::SendFailed(message), code)
        }
    }
}

/// What is written down about a send.
enum Settled<'a> {
    /// WhatsApp accepted it, then; with its file in base64, where it fits into an event.
    Accepted(Timestamp, Option<String>),
    /// It will not arrive, because; with WhatsApp's code, where it refused.
    Failed(&'a str, Option<u32>),
}

/// Writes that WhatsApp accepted a message, and answers the request that sent it.
pub(crate) async fn accepted(
    context: &Context,
    running: &Running,
    message: &Message,
    at: Timestamp,
    key: Option<&str>,
) -> Result<(), StoreError> {
    let data = match &message.media {
        Some(media) => inline_media(&*context.ports.files, media, context.settings.media_inline_max_bytes).await,
        None => None,
    };
    settle(context, running, message, &Settled::Accepted(at, data), key).await
}

/// Writes that a message will not arrive, why and with which code, and frees the key of the request that sent it.
pub(crate) async fn failed(
    context: &Context,
    running: &Running,
    message: &Message,
    (why, code): (&str, Option<u32>),
    key: Option<&str>,
) -> Result<(), StoreError> {
    settle(context, running, message, &Settled::Failed(why, code), key).await
}

/// Tries to write for a while: what WhatsApp already did should not look undone because the database was away for a second.
async fn settle(
    context: &Context,
    running: &Running,
    message: &Message,
    how: &Settled<'_>,
    key: Option<&str>,
) -> Result<(), StoreError> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        match write(context, running, message, how, key).await {
            Ok(()) => break,
            Err(StoreError::LeaseLost) => return Err(StoreError::LeaseLost),
            Err(error) if attempt == ATTEMPTS => return Err(error),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(session.id = %running.id, message.id = %message.id, error, "the outcome of a send was not stored; trying again");
            }
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    context.bell.ring();
    Ok(())
}

async fn write(
    context: &Context,
    running: &Running,
    message: &Message,
    how: &Settled<'_>,
    key: Option<&str>,
) -> Result<(), StoreError> {
    let Message { session, chat, id, sender, .. } = message;
    let (session, ids) = (*session, std::slice::from_ref(id));
    let events = Events { session, own: Some(sender) };
    let mut unit = context.ports.store.begin().await?;
    unit.check_lease(&running.lease).await?;
    // The number behind a hidden id may have been learned meanwhile, and the message moved there.
    let chat = &canonical(&mut *unit, session, chat).await?;
    match how {
        Settled::Accepted(at, data) => {
            unit.set_message_timestamp(session, chat, id, *at).await?;
            // WhatsApp may refuse what it accepted a moment ago, and that may be stored by now: it is the last word.
            let now = unit.message(session, chat, id).await?;
            if now.is_none_or(|it| it.status != DeliveryStatus::Failed) {
                for moved in unit.advance_messages(session, chat, ids, DeliveryStatus::Sent, None).await? {
                    let moved = Message { timestamp: *at, ..moved };
                    unit.append_event(&events.message(&moved, data.as_deref())).await?;
                }
            }
            if let Some(key) = key {
                let (status, body) = idempotency::written_answer(id, *at);
                unit.answer_idempotent_request(session, key, status, &body).await?;
            }
        }
        Settled::Failed(why, code) => {
            for moved in unit.advance_messages(session, chat, ids, DeliveryStatus::Failed, Some(why)).await? {
                unit.append_event(&events.failed(&moved, *code, context.now())).await?;
            }
            if let Some(key) = key {
                unit.delete_idempotent_request(session, key).await?;
            }
        }
    }
    unit.commit().await
}
