-- A long message lies among the files; its row names it. The indexes tell
-- which files are still wanted.

-- +goose Up
ALTER TABLE inbound ADD COLUMN raw_sha256 text;
ALTER TABLE inbound ADD COLUMN raw_size bigint;
CREATE INDEX inbound_file ON inbound (raw_sha256) WHERE raw_sha256 IS NOT NULL;
CREATE INDEX attachments_file ON attachments (sha256);
