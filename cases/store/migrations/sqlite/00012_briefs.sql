-- An alert in one line, for a message that brings several at once.

-- +goose Up
ALTER TABLE outbox ADD COLUMN brief TEXT NOT NULL DEFAULT '';
