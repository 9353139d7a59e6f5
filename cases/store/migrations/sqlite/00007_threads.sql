-- Who else takes part in a case, for whom a complaint is made, and the tokens
-- in the addresses that answers come to.

-- +goose Up
ALTER TABLE cases ADD COLUMN on_behalf TEXT NOT NULL DEFAULT '';

ALTER TABLE outbox ADD COLUMN reply_token TEXT;
CREATE INDEX outbox_reply_token ON outbox (reply_token) WHERE reply_token IS NOT NULL;

ALTER TABLE messages ADD COLUMN participant INTEGER NOT NULL DEFAULT 0 CHECK (participant IN (0, 1));
CREATE INDEX messages_external ON messages (channel, external_id) WHERE direction = 'in' AND external_id <> '';

CREATE TABLE participants (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id  INTEGER NOT NULL REFERENCES cases (id),
    channel  TEXT    NOT NULL,
    address  TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX participants_address ON participants (case_id, channel, address);
