//! Messages that were stored but not sent, or of which nobody knows: sent again under their ids, oldest first, until
//! they are too old to be of use.

use std::{sync::Arc, time::Duration};

use openwa_model::{
    Timestamp,
    message::{DeliveryStatus, Message},
    store::StoreError,
};

use crate::{
    gateway::{Context, canonical},
    outbound::{self, Outcome},
    running::Running,
};

/// How many pending messages are read at once.
pub(crate) const BATCH: u32 = 200;
/// The wait after the store failed.
const AFTER_ERROR: Duration = Duration::from_secs(5);

/// What becomes of a message that is not sent again. A receipt may still prove that it arrived.
const TOO_OLD: &str =
    "WhatsApp did not confirm the message in time; whether it was sent is not known, and it is not sent again";

/// How a pass over the pending messages ended.
enum Pass {
    /// Nothing is left that nobody works on.
    Done,
    /// There are more than were read.
    More,
    /// Some are left for later.
    Later,
}

/// Sends these, which are stored as pending, beside the caller: what was when the session became ready, and answers by
/// rules.
pub(crate) fn send_now(context: Arc<Context>, running: Arc<Running>, pending: Vec<Message>) {
    if !pending.is_empty() {
        resend(context, running, Some(pending));
    }
}

/// Sends what is pending after a while: an answer may still come.
pub(crate) fn resend_later(context: Arc<Context>, running: Arc<Running>) {
    resend(context, running, None);
}

fn resend(context: Arc<Context>, running: Arc<Running>, first: Option<Vec<Message>>) {
    let tasks = context.tasks.clone();
    tasks.spawn(async move {
        let Some(link) = running.link() else { return };
        let work = async {
            let mut ended = match first {
                Some(pending) => pass(&context, &running, pending).await,
                None => Ok(Pass::Later),
            };
            loop {
                match ended {
                    Ok(Pass::Done) => return,
                    Ok(Pass::More) => {}
                    Ok(Pass::Later) => {
                        // Whoever waits already will see what is pending then.
                        let Ok(_waiting) = running.waiting_to_resend.try_lock() else { return };
                        let again_at = context.now().saturating_add(context.settings.resend_delay);
                        context.ports.clock.until(again_at.unwrap_or(Timestamp::MAX)).await;
                    }
                    Err(error) => {
                        complain(&running, &error);
                        tokio::time::sleep(AFTER_ERROR).await;
                    }
                }
                ended = pass_over_all(&context, &running).await;
            }
        };
        tokio::select! {
            // The next link begins with all that is pending.
            () = link.ended.cancelled() => {}
            () = work => {}
        }
    });
}

fn complain(running: &Running, error: &StoreError) {
    let error = error as &dyn std::error::Error;
    tracing::warn!(session.id = %running.id, error, "pending messages could not be sent; trying again");
}

async fn pass_over_all(context: &Context, running: &Arc<Running>) -> Result<Pass, StoreError> {
    let pending = context.ports.store.view().await?.pending_messages(running.id, BATCH).await?;
    pass(context, running, pending).await
}

async fn pass(context: &Context, running: &Arc<Running>, pending: Vec<Message>) -> Result<Pass, StoreError> {
    let _turn = running.resending.lock().await;
    let is_all = pending.len() < BATCH as usize;
    let mut settled = 0;
    for message in pending {
        let Some(_sending) = running.begin_sending(&message.id) else { continue };
        if !is_still_pending(context, &message).await? {
            continue;
        }
        if is_too_old(context, &message) {
            tracing::warn!(session.id = %running.id, message.id = %message.id, "a pending message is too old to be sent again");
            outbound::failed(context, running, &message, (TOO_OLD, None), None).await?;
            settled += 1;
            continue;
        }
        tracing::info!(session.id = %running.id, message.id = %message.id, "sending a pending message");
        match outbound::hand_over(context, running, &message).await {
            Outcome::Accepted(at) => outbound::accepted(context, running, &message, at, None).await?,
            Outcome::Failed(error, code) => {
                outbound::failed(context, running, &message, (&error.to_string(), code), None).await?;
            }
            Outcome::Unknown(_) | Outcome::NotNow(_) => return Ok(Pass::Later),
        }
        settled += 1;
    }
    // What others are sending right now is theirs.
    Ok(if is_all || settled == 0 { Pass::Done } else { Pass::More })
}

/// Whether a message has waited for so long that sending it now would do more harm than good.
fn is_too_old(context: &Context, message: &Message) -> bool {
    let age = Duration::try_from(context.now().duration_since(message.created_at));
    age.is_ok_and(|it| it > context.settings.resend_within)
}

/// Asked once nobody else can be sending it: its send may have ended since the list was read.
async fn is_still_pending(context: &Context, message: &Message) -> Result<bool, StoreError> {
    let mut view = context.ports.store.view().await?;
    let chat = canonical(&mut *view, message.session, &message.chat).await?;
    let now = view.message(message.session, &chat, &message.id).await?;
    Ok(now.is_some_and(|it| it.status == DeliveryStatus::Pending))
}
