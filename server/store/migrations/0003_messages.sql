CREATE TABLE messages (
    row_id TEXT NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,                  -- the order of storage within the session
    id TEXT NOT NULL,
    chat TEXT NOT NULL,
    sender TEXT NOT NULL,
    sender_phone TEXT,
    sender_lid TEXT,
    push_name TEXT,
    from_me BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    status TEXT NOT NULL,
    error TEXT,
    quoted TEXT,
    mentions TEXT NOT NULL,
    media TEXT,
    detail TEXT,
    edited_at BIGINT,
    outgoing TEXT,
    created_at BIGINT NOT NULL,
    read_here BIGINT NOT NULL DEFAULT 0     -- whether we marked it as read
);
-- Ids are unique only within (chat, sender).
CREATE UNIQUE INDEX messages_once ON messages (session, id, chat, sender);
CREATE UNIQUE INDEX messages_stored ON messages (session, place);
CREATE INDEX messages_by_chat ON messages (session, chat, place);
CREATE INDEX messages_by_sender ON messages (session, sender, place);
CREATE INDEX messages_pending ON messages (session, place) WHERE from_me = 1 AND status = 'pending';
CREATE INDEX messages_unread ON messages (session, chat, place) WHERE from_me = 0 AND read_here = 0;

CREATE TABLE receipts (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    chat TEXT NOT NULL,
    message TEXT NOT NULL,
    participant TEXT NOT NULL,
    status TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (session, chat, message, participant, status)
);

-- A reaction that was taken back stays with an empty emoji, so that an older one that comes late does not revive it.
CREATE TABLE reactions (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    chat TEXT NOT NULL,
    target TEXT NOT NULL,
    sender TEXT NOT NULL,
    emoji TEXT NOT NULL,
    reacted_at BIGINT NOT NULL,
    PRIMARY KEY (session, chat, target, sender)
);
CREATE INDEX reactions_by_sender ON reactions (session, sender);
