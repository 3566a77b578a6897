-- Many messages that are asked for at once and sent one after another. `next_at` says when there is something to do about
-- a batch; where it is empty, nothing is left.
CREATE TABLE batches (
    id TEXT NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    options TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    completed_at BIGINT,
    next_at BIGINT
);
CREATE UNIQUE INDEX batches_by_name ON batches (session, name);
CREATE INDEX batches_due ON batches (session, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX batches_active ON batches (status) WHERE status IN ('pending', 'processing');
CREATE INDEX batches_over ON batches (completed_at) WHERE completed_at IS NOT NULL;

-- `message` is written together with the message it names. `request` is forgotten once the message is settled.
CREATE TABLE batch_messages (
    batch TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    chat TEXT NOT NULL,
    status TEXT NOT NULL,
    message TEXT,
    begun_at BIGINT,
    sent_at BIGINT,
    error_code TEXT,
    error TEXT,
    request TEXT,
    PRIMARY KEY (batch, place)
);
CREATE INDEX batch_messages_by_status ON batch_messages (batch, status, place);
