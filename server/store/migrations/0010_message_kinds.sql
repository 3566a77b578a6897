-- What a sender says about a message besides what is in it: forwarded, to be opened once and the like. JSON; most have none.
ALTER TABLE messages ADD COLUMN marks TEXT;
