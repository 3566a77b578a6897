-- The log. `seq` is gapless per session; `position` is given when an event is fanned out.
CREATE TABLE events (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    arrival BIGINT NOT NULL,                -- the order among those without a position
    position BIGINT,
    kind TEXT NOT NULL,
    chat TEXT,
    occurred_at BIGINT NOT NULL,
    idempotency_key TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (session, seq)
);
CREATE UNIQUE INDEX events_by_position ON events (position);
CREATE INDEX events_waiting ON events (arrival, session, seq) WHERE position IS NULL;
