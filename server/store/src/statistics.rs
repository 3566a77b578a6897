//! Messages, counted.

use std::collections::BTreeMap;

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    content::MessageKind,
    id::SessionId,
    statistics::{MessageCounts, MessageStatistics, StatisticsFilter},
    store::{Result, StatisticsReads},
};
use sqlx::query;

use crate::{
    dialect::{Row, Statement},
    row::{Fields, millis, optional_text},
    work::{Source, Work},
};

/// The three counts that make [`MessageCounts`], of a session or of all.
macro_rules! counts {
    ($before:literal, $after:literal) => {
        concat!(
            "SELECT ",
            $before,
            "COUNT(CASE WHEN from_me = 1 AND status <> 'failed' THEN 1 END) AS sent, \
             COUNT(CASE WHEN from_me = 0 THEN 1 END) AS received, \
             COUNT(CASE WHEN from_me = 1 AND status = 'failed' THEN 1 END) AS failed \
             FROM messages WHERE ($1 IS NULL OR session = $1)",
            $after
        )
    };
}

#[async_trait]
impl<S: Source> StatisticsReads for Work<S> {
    async fn message_counts(&mut self, session: Option<SessionId>, since: Option<Timestamp>) -> Result<MessageCounts> {
        let statement = match since {
            Some(since) => narrow(query(counts!("", " AND sent_at >= $2")), session, since),
            None => query(counts!("", "")).bind(optional_text(session.as_ref())),
        };
        self.source.one(statement).await?.map_or(Ok(MessageCounts::default()), |it| read(&it))
    }

    async fn message_statistics(&mut self, filter: &StatisticsFilter) -> Result<MessageStatistics> {
        let (session, since) = (filter.session, filter.since);
        let step = i64::try_from(filter.step.as_millis()).unwrap_or(i64::MAX).max(1);
        let statement = query(counts!("sent_at / $3 * $3 AS step, ", " AND sent_at >= $2 GROUP BY step"));
        let mut by_time = BTreeMap::new();
        for row in self.source.all(narrow(statement, session, since).bind(step)).await? {
            by_time.insert(Fields::of("messages", &row).instant("step")?, read(&row)?);
        }

        let statement = query(counts!(
            "session, ",
            " AND sent_at >= $2 GROUP BY session ORDER BY COUNT(*) DESC, session LIMIT 1000"
        ));
        let rows = self.source.all(narrow(statement, session, since)).await?;
        let of_session = |row: &Row| Ok((SessionId(Fields::of("messages", row).parsed("session")?), read(row)?));
        let by_session = rows.iter().map(of_session).collect::<Result<_>>()?;

        let statement = query(
            "SELECT kind, COUNT(*) AS count FROM messages WHERE ($1 IS NULL OR session = $1) AND sent_at >= $2 \
             GROUP BY kind ORDER BY count DESC, kind",
        );
        let rows = self.source.all(narrow(statement, session, since)).await?;
        let of_kind = |row: &Row| {
            let fields = Fields::of("messages", row);
            Ok((fields.word("kind", MessageKind::of)?, fields.count("count")?))
        };
        let by_kind = rows.iter().map(of_kind).collect::<Result<_>>()?;

        let statement = query(
            "SELECT counted.session, counted.chat, chats.name, counted.count FROM \
             (SELECT session, chat, COUNT(*) AS count FROM messages \
             WHERE ($1 IS NULL OR session = $1) AND sent_at >= $2 \
             GROUP BY session, chat ORDER BY count DESC, session, chat LIMIT $3) AS counted \
             LEFT JOIN chats ON chats.session = counted.session AND chats.id = counted.chat \
             ORDER BY counted.count DESC, counted.session, counted.chat",
        );
        let rows = self.source.all(narrow(statement, session, since).bind(i64::from(filter.chats))).await?;
        let of_chat = |row: &Row| {
            let fields = Fields::of("messages", row);
            let session = SessionId(fields.parsed("session")?);
            Ok((session, fields.parsed("chat")?, fields.get("name")?, fields.count("count")?))
        };
        let chats = rows.iter().map(of_chat).collect::<Result<_>>()?;
        Ok(MessageStatistics { by_time, by_kind, by_session, chats })
    }

    async fn count_deliveries(&mut self) -> Result<(u64, u64)> {
        let statement = query(
            "SELECT (SELECT COUNT(*) FROM deliveries WHERE state <> 'failed') AS waiting, \
             (SELECT COUNT(*) FROM deliveries WHERE state = 'failed') AS failed",
        );
        let Some(row) = self.source.one(statement).await? else { return Ok((0, 0)) };
        let fields = Fields::of("deliveries", &row);
        Ok((fields.count("waiting")?, fields.count("failed")?))
    }
}

fn narrow(statement: Statement<'_>, session: Option<SessionId>, since: Timestamp) -> Statement<'_> {
    statement.bind(optional_text(session.as_ref())).bind(millis(since))
}

fn read(row: &Row) -> Result<MessageCounts> {
    let fields = Fields::of("messages", row);
    Ok(MessageCounts {
        sent: fields.count("sent")?,
        received: fields.count("received")?,
        failed: fields.count("failed")?,
    })
}
