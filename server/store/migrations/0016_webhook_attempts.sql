-- In which order deliveries go out (`chat`, `none`), and how a receiver fares: what failed since it last took something.
-- Until `paused_until` nothing is attempted, and while it is set one at a time.
ALTER TABLE webhooks ADD COLUMN ordering TEXT NOT NULL DEFAULT 'chat';
ALTER TABLE webhooks ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN failing_since BIGINT;
ALTER TABLE webhooks ADD COLUMN paused_until BIGINT;
ALTER TABLE webhooks ADD COLUMN told_at BIGINT;
CREATE INDEX webhooks_failing ON webhooks (failing_since) WHERE failing_since IS NOT NULL;

-- The newest attempts of each webhook; `number` rises with each.
CREATE TABLE delivery_attempts (
    webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    delivery TEXT NOT NULL,
    kind TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    at BIGINT NOT NULL,
    took_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT,
    error TEXT,
    excerpt TEXT,
    next_at BIGINT,
    PRIMARY KEY (webhook, number)
);
CREATE INDEX delivery_attempts_by_time ON delivery_attempts (at);
