-- Albums, and new wordings of a message.

-- +goose Up
ALTER TABLE messages ADD COLUMN album TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN version_of INTEGER; -- the message that this is a new wording of
CREATE INDEX messages_album ON messages (channel, account, album) WHERE album <> '';
