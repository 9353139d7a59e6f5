-- Where the point of a case comes from; who of staff sent a message; how safe
-- an attachment is, and what others are shown of it. What a version without
-- these columns adds is examined as if it were new.

-- +goose Up
ALTER TABLE cases ADD COLUMN point_source TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN login TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN remarks TEXT NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN picture TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN public_id TEXT;
ALTER TABLE attachments ADD COLUMN claimed_type TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN state TEXT NOT NULL DEFAULT 'pending';
ALTER TABLE attachments ADD COLUMN finding TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN picture TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN thumbnail TEXT NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attachments ADD COLUMN next_try_at INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX attachments_public ON attachments (public_id) WHERE public_id IS NOT NULL;
CREATE INDEX attachments_pending ON attachments (next_try_at, id) WHERE state = 'pending';
CREATE INDEX attachments_infected ON attachments (id) WHERE state = 'infected';
CREATE INDEX attachments_picture ON attachments (picture) WHERE picture <> '';
CREATE INDEX attachments_thumbnail ON attachments (thumbnail) WHERE thumbnail <> '';
CREATE INDEX outbox_picture ON outbox (picture) WHERE picture <> '';
