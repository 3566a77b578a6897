//! What was said of messages that have not come yet.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    early::EarlyNews,
    id::{MessageId, SessionId},
    jid::Jid,
    store::{EarlyReads, EarlyWrites, Result},
};
use sqlx::query;

use crate::{
    dialect::Row,
    row::{Fields, millis, to_json},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> EarlyReads for Work<S> {
    async fn holds_early_news(&mut self, session: SessionId) -> Result<bool> {
        let statement = query("SELECT 1 FROM early_news WHERE session = $1 LIMIT 1");
        Ok(self.source.one(statement.bind(session.to_string())).await?.is_some())
    }

    async fn sessions_with_old_reactions(&mut self, before: Timestamp) -> Result<Vec<SessionId>> {
        let statement = query(
            "SELECT DISTINCT session FROM early_news WHERE held_since < $1 AND kind = 'reaction' ORDER BY session",
        );
        let rows = self.source.all(statement.bind(millis(before))).await?;
        rows.iter().map(|it| Ok(SessionId(Fields::of("early_news", it).parsed("session")?))).collect()
    }
}

#[async_trait]
impl EarlyWrites for Work<Turn> {
    async fn hold_early_news(
        &mut self,
        session: SessionId,
        chat: &Jid,
        message: &MessageId,
        news: &EarlyNews,
        now: Timestamp,
    ) -> Result<()> {
        let statement = query(
            "INSERT INTO early_news (session, place, chat, message, kind, news, held_since) \
             SELECT $1, (SELECT COALESCE(MAX(place), 0) + 1 FROM early_news WHERE session = $1), $2, $3, $4, $5, $6 \
             WHERE NOT EXISTS (SELECT 1 FROM early_news \
             WHERE session = $1 AND chat = $2 AND message = $3 AND kind = $4 AND news = $5)",
        );
        let statement = statement
            .bind(session.to_string())
            .bind(chat.to_string())
            .bind(message.as_str().to_owned())
            .bind(news.kind())
            .bind(to_json(news)?)
            .bind(millis(now));
        self.source.run(statement).await.map(drop)
    }

    async fn trim_early_news(&mut self, session: SessionId, most: u32) -> Result<()> {
        for kind in EarlyNews::KINDS {
            let statement = query(
                "DELETE FROM early_news WHERE session = $1 AND kind = $2 AND place <= (SELECT place FROM early_news \
                 WHERE session = $1 AND kind = $2 ORDER BY place DESC LIMIT 1 OFFSET $3)",
            );
            let statement = statement.bind(session.to_string()).bind(kind).bind(i64::from(most));
            let gone = self.source.run(statement).await?;
            if gone > 0 {
                tracing::info!(session.id = %session, news.kind = kind, gone, "what was said of messages that never came was forgotten");
            }
        }
        Ok(())
    }

    async fn take_early_news(&mut self, session: SessionId, chat: &Jid, message: &MessageId) -> Result<Vec<EarlyNews>> {
        let statement =
            query("DELETE FROM early_news WHERE session = $1 AND chat = $2 AND message = $3 RETURNING place, news");
        let statement = statement.bind(session.to_string()).bind(chat.to_string()).bind(message.as_str().to_owned());
        in_order(&self.source.all(statement).await?)
    }

    async fn take_old_reactions(
        &mut self,
        session: SessionId,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<EarlyNews>> {
        let statement = query(
            "DELETE FROM early_news WHERE session = $1 AND place IN (SELECT place FROM early_news \
             WHERE session = $1 AND kind = 'reaction' AND held_since < $2 ORDER BY place LIMIT $3) \
             RETURNING place, news",
        );
        let statement = statement.bind(session.to_string()).bind(millis(before)).bind(i64::from(limit));
        in_order(&self.source.all(statement).await?)
    }

    async fn expire_early_news(&mut self, before: Timestamp) -> Result<u64> {
        let statement = query("DELETE FROM early_news WHERE held_since < $1");
        self.source.run(statement.bind(millis(before))).await
    }
}

/// `RETURNING` promises no order.
fn in_order(rows: &[Row]) -> Result<Vec<EarlyNews>> {
    let place_and_news = |row: &Row| {
        let fields = Fields::of("early_news", row);
        Ok((fields.get::<i64>("place")?, fields.json("news")?))
    };
    let mut news = rows.iter().map(place_and_news).collect::<Result<Vec<_>>>()?;
    news.sort_by_key(|it| it.0);
    Ok(news.into_iter().map(|it| it.1).collect())
}
