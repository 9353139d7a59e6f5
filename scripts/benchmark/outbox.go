package main

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// queueReplies puts messages to as many people into the outbox.
func queueReplies(ctx context.Context, database string, count int) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, `INSERT INTO outbox (id, dedupe, reference, kind, audience, login, channel, account, address,
			subject, text, html, automatic, in_reply_to, reply_to_row, edits_row, thread, prompt, press_id, context,
			state, attempts, next_attempt_at, segments, error_code, error, created_at)
		SELECT '01BENCH' || lpad(n::text, 19, '0'), 'bench:' || n, '', 'reply', 'complainant', '', 'sms', 'main',
			'+1312' || (2000000 + n), '', 'Your complaint was looked into. The pipe was mended this morning.', '', false,
			'', '', '', 'null', false, '', '', 'pending', 0, now(), 0, '', '', now()
		FROM generate_series(0, $1::int - 1) AS n`, count)
	return err
}
