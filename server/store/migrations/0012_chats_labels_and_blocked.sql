-- Whom the account has blocked, as WhatsApp last told.
CREATE TABLE blocked (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    PRIMARY KEY (session, id)
);

-- The labels of a business account, and the chats that carry them.
CREATE TABLE labels (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    color BIGINT NOT NULL,
    PRIMARY KEY (session, id)
);
CREATE TABLE label_chats (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    chat TEXT NOT NULL,
    PRIMARY KEY (session, label, chat)
);
CREATE INDEX label_chats_by_chat ON label_chats (session, chat);
