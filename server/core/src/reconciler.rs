//! Messages that were stored but not sent, or of which nobody knows: sent again under their ids, oldest first.

use std::sync::Arc;

use openwa_model::{
    message::{DeliveryStatus, Message},
    session::Status,
    store::StoreError,
};

use crate::{
    gateway::{Context, canonical},
    outbound::{self, Outcome},
    running::Running,
};

/// How many pending messages are read at once.
const BATCH: u32 = 200;

/// How a pass over the pending messages ended.
enum Pass {
    /// Nothing is left that nobody works on.
    Done,
    /// Some are left for later.
    Later,
}

/// Sends what is pending, now that the session is ready.
pub(crate) fn resend_pending(context: Arc<Context>, running: Arc<Running>) {
    resend(context, running, false);
}

/// Sends what is pending after a while: an answer may still come.
pub(crate) fn resend_later(context: Arc<Context>, running: Arc<Running>) {
    resend(context, running, true);
}

fn resend(context: Arc<Context>, running: Arc<Running>, mut wait_first: bool) {
    let tasks = context.tasks.clone();
    tasks.spawn(async move {
        let Some(link) = running.link() else { return };
        tokio::select! {
            // The next link begins with all that is pending.
            () = link.ended.cancelled() => {}
            () = async {
                loop {
                    if wait_first {
                        // Whoever waits already will see what is pending then.
                        let Ok(_waiting) = running.waiting_to_resend.try_lock() else { return };
                        let delay = context.settings.resend_delay;
                        context.ports.clock.until(context.now().saturating_add(delay).unwrap_or_default()).await;
                    }
                    match pass(&context, &running).await {
                        Ok(Pass::Done) => return,
                        Ok(Pass::Later) => {}
                        Err(error) => {
                            let error = &error as &dyn std::error::Error;
                            tracing::warn!(session.id = %running.id, error, "pending messages could not be looked at; trying again");
                        }
                    }
                    wait_first = true;
                }
            } => {}
        }
    });
}

async fn pass(context: &Arc<Context>, running: &Arc<Running>) -> Result<Pass, StoreError> {
    let _turn = running.resending.lock().await;
    loop {
        if running.status() != Status::Ready {
            return Ok(Pass::Done);
        }
        let pending = context.ports.store.view().await?.pending_messages(running.id, BATCH).await?;
        let mut settled = 0;
        for message in pending {
            let Some(_sending) = running.begin_sending(&message.id) else { continue };
            if !is_still_pending(context, &message).await? {
                continue;
            }
            tracing::info!(session.id = %running.id, message.id = %message.id, "sending a pending message again");
            match outbound::hand_over(context, running, &message).await {
                Outcome::Accepted(at) => outbound::accepted(context, running, &message, at, None).await?,
                Outcome::Failed(error) => {
                    outbound::failed(context, running, &message, &error.to_string(), None).await?;
                }
                Outcome::Unknown(_) | Outcome::NotNow(_) => return Ok(Pass::Later),
            }
            settled += 1;
        }
        if settled == 0 {
            return Ok(Pass::Done);
        }
    }
}

/// Asked once nobody else can be sending it: its send may have ended since the list was read.
async fn is_still_pending(context: &Context, message: &Message) -> Result<bool, StoreError> {
    let mut view = context.ports.store.view().await?;
    let chat = canonical(&mut *view, message.session, &message.chat).await?;
    let now = view.message(message.session, &chat, &message.id).await?;
    Ok(now.is_some_and(|it| it.status == DeliveryStatus::Pending))
}
