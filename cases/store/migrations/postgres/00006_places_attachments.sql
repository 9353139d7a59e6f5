-- Where the point of a case comes from; who of staff sent a message; how safe
-- an attachment is, and what others are shown of it. What a version without
-- these columns adds is examined as if it were new.

-- +goose Up
ALTER TABLE cases ADD COLUMN point_source text NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN login text NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN remarks text NOT NULL DEFAULT '';
ALTER TABLE outbox ADD COLUMN picture text NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN public_id text;
ALTER TABLE attachments ADD COLUMN claimed_type text NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN state text NOT NULL DEFAULT 'pending';
ALTER TABLE attachments ADD COLUMN finding text NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN picture text NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN thumbnail text NOT NULL DEFAULT '';
ALTER TABLE attachments ADD COLUMN tries integer NOT NULL DEFAULT 0;
ALTER TABLE attachments ADD COLUMN next_try_at timestamptz NOT NULL DEFAULT 'epoch';
CREATE UNIQUE INDEX attachments_public ON attachments (public_id) WHERE public_id IS NOT NULL;
CREATE INDEX attachments_pending ON attachments (next_try_at, id) WHERE state = 'pending';
CREATE INDEX attachments_infected ON attachments (id) WHERE state = 'infected';
CREATE INDEX attachments_picture ON attachments (picture) WHERE picture <> '';
CREATE INDEX attachments_thumbnail ON attachments (thumbnail) WHERE thumbnail <> '';
CREATE INDEX outbox_picture ON outbox (picture) WHERE picture <> '';
