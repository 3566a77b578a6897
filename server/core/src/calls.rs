//! Rejecting calls: when asked to, and by itself where the session is set to.

use std::sync::Arc;

use openwa_model::{call::CallHeard, engine::ErrorKind, ops::RejectCall, store::Unit};

use crate::{
    error::GatewayError,
    gateway::{Context, canonical},
    payload::Events,
    running::{CallError, Running},
};

/// Rejects a call that rings, and tells of it.
pub(crate) async fn reject(context: &Context, running: &Running, id: &str) -> Result<(), GatewayError> {
    let asked = running.call(RejectCall { id: id.to_owned() }, context.settings.call_timeout).await;
    let rejected = asked.map_err(|error| match error {
        CallError::Engine(error) if error.kind == ErrorKind::NotFound => GatewayError::CallNotFound,
        error => error.into(),
    })?;
    let mut unit = context.ports.store.begin().await?;
    unit.check_lease(&running.lease).await?;
    tell(&mut *unit, running, rejected).await?;
    unit.commit().await?;
    context.bell.ring();
    Ok(())
}

/// Rejects calls beside the session's own task, which must not wait for its engine.
pub(crate) fn reject_later(context: &Arc<Context>, running: &Arc<Running>, ids: Vec<String>) {
    for id in ids {
        let (context, running) = (context.clone(), running.clone());
        context.tasks.clone().spawn(async move {
            if let Err(error) = reject(&context, &running, &id).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(session.id = %running.id, call.id = %id, error, "a call was not rejected");
            }
        });
    }
}

async fn tell(unit: &mut dyn Unit, running: &Running, call: CallHeard) -> Result<(), GatewayError> {
    let from = canonical(&mut *unit, running.id, &call.from).await?;
    unit.append_event(&Events { session: running.id, own: None }.call(&CallHeard { from, ..call })).await?;
    Ok(())
}
