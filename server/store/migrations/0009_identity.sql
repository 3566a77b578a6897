-- What was said of messages that have not come yet; taken out when they come.
CREATE TABLE early_news (
    session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,                  -- the order in which it was said
    chat TEXT NOT NULL,
    message TEXT NOT NULL,
    kind TEXT NOT NULL,
    news TEXT NOT NULL,
    held_since BIGINT NOT NULL,
    PRIMARY KEY (session, place)
);
CREATE INDEX early_news_by_message ON early_news (session, chat, message);
CREATE INDEX early_news_by_kind ON early_news (session, kind, place);
CREATE INDEX early_news_by_age ON early_news (held_since);

-- How many people an own message went to, where that is known.
ALTER TABLE messages ADD COLUMN recipients BIGINT;

-- What a person confirmed anywhere, to be found when a second id of the person is learned.
CREATE INDEX receipts_by_participant ON receipts (session, participant);
