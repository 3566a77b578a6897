-- What the phone is asked about the past. `room` is how many messages the run may still be told.
CREATE TABLE history_syncs (
    session TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    seen_at BIGINT,
    gap_since BIGINT,
    run BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    room BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    last_error TEXT
);
CREATE INDEX history_syncs_with_gaps ON history_syncs (session) WHERE gap_since IS NOT NULL;

-- One row a chat of the run. Where `due_at` is empty, nothing is left to ask.
CREATE TABLE history_sync_chats (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    chat TEXT NOT NULL,
    wanted BIGINT NOT NULL,
    until BIGINT,
    before_message TEXT,
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    PRIMARY KEY (session, chat)
);
CREATE INDEX history_sync_chats_due ON history_sync_chats (session, attempts, due_at) WHERE due_at IS NOT NULL;

-- Whether a message is known from the phone's memory alone, and was never told.
ALTER TABLE messages ADD COLUMN past BIGINT NOT NULL DEFAULT 0;
