//! How a chat is kept in the list, told when it changed.

use openwa_model::{
    Timestamp,
    chat::Chat,
    jid::Jid,
    store::{StoreError, Unit},
};

use crate::payload::Events;

/// Appends the event of a chat that is not any more what it was before.
pub(crate) async fn tell(
    unit: &mut dyn Unit,
    events: &Events<'_>,
    id: &Jid,
    before: Option<&Chat>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let after = unit.chat(events.session, id).await?;
    if before != after.as_ref() {
        unit.append_event(&events.chat(id, after.as_ref(), at)).await?;
    }
    Ok(())
}
