-- Sessions: what each is doing, who runs it, and how far its log goes.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    engine TEXT NOT NULL,
    wanted BIGINT NOT NULL,
    status TEXT NOT NULL,
    last_error TEXT,
    account TEXT,
    config TEXT NOT NULL,
    proxy BLOB,                             -- encrypted
    restriction TEXT,
    connected_at BIGINT,
    last_active BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT,
    lease_fence BIGINT NOT NULL DEFAULT 0,
    last_seq BIGINT NOT NULL DEFAULT 0
);

-- Numbers that only rise, whatever is deleted.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('position', 0);

-- A known text encrypted under the vault key: it tells a wrong key at start.
CREATE TABLE vault_check (
    id BIGINT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL
);
