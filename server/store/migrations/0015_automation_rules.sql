-- What is answered by itself. The rules of a session are tried in the order in which they were made.
CREATE TABLE automation_rules (
    id TEXT NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    conditions TEXT,
    reply_text TEXT NOT NULL,
    cooldown_seconds BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX automation_rules_in_order ON automation_rules (session, created_at, id);

-- When a rule last answered in a chat; written together with the answer.
CREATE TABLE automation_answers (
    rule TEXT NOT NULL REFERENCES automation_rules (id) ON DELETE CASCADE,
    chat TEXT NOT NULL,
    answered_at BIGINT NOT NULL,
    PRIMARY KEY (rule, chat)
);
CREATE INDEX automation_answers_by_chat ON automation_answers (chat);
CREATE INDEX automation_answers_by_time ON automation_answers (answered_at);
