-- Who did what to the gateway itself. Kept when the key or the session is gone.
CREATE TABLE audit_log (
    id TEXT NOT NULL PRIMARY KEY,
    action TEXT NOT NULL,
    severity TEXT NOT NULL,
    key TEXT,
    key_name TEXT,
    address TEXT,
    session TEXT,
    metadata TEXT,
    error TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX audit_log_newest ON audit_log (created_at, id);

-- The words of messages. The text itself stays in the table of messages, which the triggers follow.
CREATE VIRTUAL TABLE message_words USING fts5 (
    body, content = 'messages', content_rowid = 'rowid', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER message_words_added AFTER INSERT ON messages WHEN new.body <> '' BEGIN
    INSERT INTO message_words (rowid, body) VALUES (new.rowid, new.body);
END;
CREATE TRIGGER message_words_gone AFTER DELETE ON messages WHEN old.body <> '' BEGIN
    INSERT INTO message_words (message_words, rowid, body) VALUES ('delete', old.rowid, old.body);
END;
CREATE TRIGGER message_words_changed AFTER UPDATE OF body ON messages WHEN old.body <> new.body BEGIN
    INSERT INTO message_words (message_words, rowid, body) SELECT 'delete', old.rowid, old.body WHERE old.body <> '';
    INSERT INTO message_words (rowid, body) SELECT new.rowid, new.body WHERE new.body <> '';
END;
INSERT INTO message_words (rowid, body) SELECT rowid, body FROM messages WHERE body <> '';

CREATE INDEX messages_by_time ON messages (sent_at);
