-- Which process makes an attempt, and since when by the database's clock, so
-- that the attempts of a dead process are known for what they are soon.

-- +goose Up
ALTER TABLE outbox ADD COLUMN attempted_by text NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN claimed_at timestamptz;
