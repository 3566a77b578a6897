//! The log: gapless per session when it is appended, one order for the deployment when it is fanned out.

use async_trait::async_trait;
use openwa_model::{
    Timestamp,
    event::{Event, EventKind, NewEvent},
    id::{Position, Seq, SessionId},
    store::{EventFilter, EventReads, EventWrites, Result, StoreError},
};
use sqlx::query;

use crate::{
    dialect::{Row, any_of, list},
    row::{Fields, millis, optional_text, to_json},
    work::{Source, Work},
    writer::Turn,
};

#[async_trait]
impl<S: Source> EventReads for Work<S> {
    async fn events_after(
        &mut self,
        session: SessionId,
        after: Seq,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Vec<Event>> {
        if filter.sessions.as_ref().is_some_and(|it| !it.contains(&session)) {
            return Ok(Vec::new());
        }
        let statement = query(concat!(
            "SELECT * FROM events WHERE session = $1 AND seq > $2 AND ($3 IS NULL OR kind IN ",
            any_of!("$3"),
            ") ORDER BY seq LIMIT $4"
        ));
        let statement = statement.bind(session.to_string()).bind(after.0).bind(kinds(filter)).bind(i64::from(limit));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn events_since(&mut self, after: Position, filter: &EventFilter, limit: u32) -> Result<Vec<Event>> {
        let statement = query(concat!(
            "SELECT * FROM events WHERE position > $1 AND ($2 IS NULL OR kind IN ",
            any_of!("$2"),
            ") AND ($3 IS NULL OR session IN ",
            any_of!("$3"),
            ") ORDER BY position LIMIT $4"
        ));
        let statement =
            statement.bind(after.0).bind(kinds(filter)).bind(filter.sessions.as_ref().map(list)).bind(i64::from(limit));
        self.source.all(statement).await?.iter().map(read).collect()
    }

    async fn seqs_between(
        &mut self,
        session: SessionId,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Option<(Seq, Seq)>> {
        // Each walks along the log from its end and stops at what it looks for.
        let statement = query(
            "SELECT (SELECT seq FROM events WHERE session = $1 AND ($2 IS NULL OR occurred_at >= $2) \
             ORDER BY seq LIMIT 1) AS first, \
             (SELECT seq FROM events WHERE session = $1 AND ($3 IS NULL OR occurred_at < $3) \
             ORDER BY seq DESC LIMIT 1) AS last",
        );
        let statement = statement.bind(session.to_string()).bind(from.map(millis)).bind(until.map(millis));
        let Some(row) = self.source.one(statement).await? else { return Ok(None) };
        let fields = Fields::of("events", &row);
        let (first, last): (Option<i64>, Option<i64>) = (fields.get("first")?, fields.get("last")?);
        Ok(first.zip(last).filter(|(first, last)| first <= last).map(|(first, last)| (Seq(first), Seq(last))))
    }

    async fn last_seq(&mut self, session: SessionId) -> Result<Seq> {
        let row =
            self.source.one(query("SELECT last_seq FROM sessions WHERE id = $1").bind(session.to_string())).await?;
        row.map_or(Ok(Seq(0)), |it| Ok(Seq(Fields::of("sessions", &it).get("last_seq")?)))
    }

    async fn last_position(&mut self) -> Result<Position> {
        let row = self.source.one(query("SELECT value FROM counters WHERE name = 'position'")).await?;
        row.map_or(Ok(Position(0)), |it| Ok(Position(Fields::of("counters", &it).get("value")?)))
    }
}

#[async_trait]
impl EventWrites for Work<Turn> {
    async fn append_event(&mut self, event: &NewEvent) -> Result<Seq> {
        let statement = query("UPDATE sessions SET last_seq = last_seq + 1 WHERE id = $1 RETURNING last_seq");
        let row = self.source.one(statement.bind(event.session.to_string())).await?;
        let row = row.ok_or_else(|| StoreError::Driver(format!("there is no session {}", event.session).into()))?;
        let seq: i64 = Fields::of("sessions", &row).get("last_seq")?;
        let statement = query(
            "INSERT INTO events (session, seq, arrival, kind, chat, occurred_at, idempotency_key, data) \
             VALUES ($1, $2, (SELECT COALESCE(MAX(arrival), 0) + 1 FROM events WHERE position IS NULL), \
             $3, $4, $5, $6, $7)",
        );
        let statement = statement
            .bind(event.session.to_string())
            .bind(seq)
            .bind(event.kind.name())
            .bind(optional_text(event.chat.as_ref()))
            .bind(millis(event.occurred_at))
            .bind(event.idempotency_key.clone())
            .bind(to_json(&event.data)?);
        self.source.run(statement).await?;
        Ok(Seq(seq))
    }

    async fn sequence_events(&mut self, limit: u32) -> Result<Vec<Event>> {
        let last = self.last_position().await?;
        let statement = query(
            "UPDATE events SET position = numbered.position FROM (SELECT session, seq, \
             $1 + ROW_NUMBER() OVER (ORDER BY arrival, session, seq) AS position \
             FROM events WHERE position IS NULL ORDER BY arrival, session, seq LIMIT $2) AS numbered \
             WHERE events.session = numbered.session AND events.seq = numbered.seq",
        );
        if self.source.run(statement.bind(last.0).bind(i64::from(limit))).await? == 0 {
            return Ok(Vec::new());
        }
        let rows =
            self.source.all(query("SELECT * FROM events WHERE position > $1 ORDER BY position").bind(last.0)).await?;
        let events: Vec<Event> = rows.iter().map(read).collect::<Result<_>>()?;
        if let Some(next) = events.last().and_then(|it| it.position) {
            let statement = query("UPDATE counters SET value = $1 WHERE name = 'position'");
            self.source.run(statement.bind(next.0)).await?;
        }
        Ok(events)
    }
}

fn kinds(filter: &EventFilter) -> Option<String> {
    filter.kinds.as_ref().map(|it| list(it.iter().map(|it| it.name())))
}

fn read(row: &Row) -> Result<Event> {
    let fields = Fields::of("events", row);
    let position: Option<i64> = fields.get("position")?;
    Ok(Event {
        seq: Seq(fields.get("seq")?),
        position: position.map(Position),
        event: NewEvent {
            session: SessionId(fields.parsed("session")?),
            kind: fields.word("kind", EventKind::of)?,
            chat: fields.optional_parsed("chat")?,
            occurred_at: fields.instant("occurred_at")?,
            idempotency_key: fields.get("idempotency_key")?,
            data: fields.json("data")?,
        },
    })
}
