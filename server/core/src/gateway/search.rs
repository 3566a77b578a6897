//! Finding messages by their words.

use openwa_model::{
    id::SessionId,
    search::{Hit, SearchFilter},
    store::Page,
};

use super::{Gateway, Result};

impl Gateway {
    /// Messages that have these words, newest first, and how many there are. A session that is named has to be there.
    pub async fn search(
        &self,
        session: Option<SessionId>,
        filter: &SearchFilter,
        page: Page,
    ) -> Result<(Vec<Hit>, u64)> {
        let mut view = match session {
            Some(session) => self.view_of(session).await?,
            None => self.view().await?,
        };
        Ok(view.search_messages(filter, page).await?)
    }
}
