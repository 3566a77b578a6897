-- Keys of requests that are no session's own belong to the API key that made them.
CREATE TABLE idempotent_requests_by_owner (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    session TEXT REFERENCES sessions (id) ON DELETE CASCADE,
    fingerprint TEXT NOT NULL,
    message TEXT,
    answer_status BIGINT,
    answer_body BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);
INSERT INTO idempotent_requests_by_owner
    (owner, key, session, fingerprint, message, answer_status, answer_body, created_at, expires_at)
    SELECT session, key, session, fingerprint, message, answer_status, answer_body, created_at, expires_at
    FROM idempotent_requests;
DROP TABLE idempotent_requests;
ALTER TABLE idempotent_requests_by_owner RENAME TO idempotent_requests;
CREATE INDEX idempotent_requests_expiring ON idempotent_requests (expires_at);
CREATE INDEX idempotent_requests_of_session ON idempotent_requests (session);
