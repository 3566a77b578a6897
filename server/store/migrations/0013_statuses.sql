-- Statuses are thrown away after a day, whosever they are.
CREATE INDEX messages_statuses ON messages (sent_at) WHERE chat = 'status@broadcast';
