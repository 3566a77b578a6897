CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    allowed_ips TEXT,
    allowed_sessions TEXT,
    allowed_chats TEXT,
    active BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    usage_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE idempotent_requests (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    message TEXT,
    answer_status BIGINT,
    answer_body BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (session, key)
);
CREATE INDEX idempotent_requests_expiring ON idempotent_requests (expires_at);
