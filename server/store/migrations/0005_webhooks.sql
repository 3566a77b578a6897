CREATE TABLE webhooks (
    id TEXT NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    events TEXT NOT NULL,
    active BIGINT NOT NULL,
    secret BLOB,                            -- encrypted
    headers BLOB,                           -- encrypted
    filters TEXT,
    retry_count BIGINT NOT NULL,
    last_triggered_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_of_session ON webhooks (session, created_at, id);

-- Of each (webhook, lane) the oldest unsettled delivery is `later` (not due yet), `ready` (due) or `held` (someone
-- attempts it until held_until); all behind it are `waiting`. So whatever piles up behind a dead receiver is never
-- looked at. `failed` ones are kept for people.
CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    session TEXT NOT NULL,
    position BIGINT NOT NULL,
    lane TEXT NOT NULL,
    state TEXT NOT NULL,
    kind TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body BLOB NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    held_until BIGINT,
    failed_at BIGINT,
    last_status BIGINT,
    last_error TEXT
);
CREATE UNIQUE INDEX deliveries_once ON deliveries (webhook, position);
CREATE INDEX deliveries_lanes ON deliveries (webhook, lane, position) WHERE state <> 'failed';
CREATE INDEX deliveries_ready ON deliveries (webhook, position) WHERE state = 'ready';
CREATE INDEX deliveries_later ON deliveries (due_at) WHERE state = 'later';
CREATE INDEX deliveries_held ON deliveries (webhook, held_until) WHERE state = 'held';
CREATE INDEX deliveries_failed ON deliveries (failed_at, id) WHERE state = 'failed';
CREATE INDEX deliveries_failed_of_session ON deliveries (session, failed_at, id) WHERE state = 'failed';
