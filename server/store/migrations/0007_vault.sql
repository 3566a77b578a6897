-- Secrets of the engines. Values are encrypted; session, space and key are bound into each of them.
CREATE TABLE vault (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    space TEXT NOT NULL,
    key TEXT NOT NULL,
    sealed BLOB NOT NULL,
    stamp BIGINT NOT NULL,
    PRIMARY KEY (session, space, key)
);
CREATE INDEX vault_expiring ON vault (session, space, stamp) WHERE stamp > 0;
