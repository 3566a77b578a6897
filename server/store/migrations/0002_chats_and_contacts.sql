CREATE TABLE chats (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT,
    unread BIGINT NOT NULL DEFAULT 0,
    last_at BIGINT,
    last_body TEXT,
    last_kind TEXT,
    archived BIGINT NOT NULL DEFAULT 0,
    pinned BIGINT NOT NULL DEFAULT 0,
    muted_until BIGINT,
    PRIMARY KEY (session, id)
);
CREATE INDEX chats_newest ON chats (session, last_at);

-- One row a person: by phone number where it is known, else by hidden id.
CREATE TABLE contacts (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    phone TEXT,
    lid TEXT,
    name TEXT,
    push_name TEXT,
    PRIMARY KEY (session, id)
);
CREATE UNIQUE INDEX contacts_by_phone ON contacts (session, phone);
CREATE UNIQUE INDEX contacts_by_lid ON contacts (session, lid);
