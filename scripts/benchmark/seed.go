package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/redress-cms/redress/cases/store"
)

// Seeds: the same work is open, after a short and after a long history.
const (
	seedSmall = 10_000
	seedOpen  = 4_000 // cases, a hundred for each officer
)

// seedStatements fill the tables with $1 cases, the newest $2 of them open. A
// case has five messages, ten events and three timers; a contact has two cases.
var seedStatements = map[string][]string{
	"contacts": {`INSERT INTO contacts (id, name, language, created_at)
			SELECT n, 'Person ' || n, 'en', now() - interval '1 year' FROM generate_series(1, $1::int / 2) n WHERE $2::int > 0`,
		`INSERT INTO contact_addresses (contact_id, channel, value, account, verified_at)
			SELECT n, 'sms', '+1630' || (1000000 + n), 'main', now() FROM generate_series(1, $1::int / 2) n WHERE $2::int > 0`},
	"cases": {`INSERT INTO cases (id, version, reference, token, type, status, stage, level, priority, service, department, area, owner,
			policy, contact_id, intake, channel, account, address, language, subject, description, place, received_at,
			acknowledged_at, clock_at, due_at, resolved_at, resolved_by, closed_at, last_inbound_at, joined, reopenings, extensions,
			outcome, remedy, root_cause, rating, confidential, reasons, event_count, event_hash)
		SELECT n, 3, 'S-' || n, 'token-' || n, 'complaint', CASE WHEN open THEN 'pending' ELSE 'closed' END, 1, 1, 'normal',
			'service-' || n % 20, 'dept-' || n % 8, 'ward-' || n % 16, 'officer-' || n % 8 || '-' || n / 8 % 5, 'standard',
			(n + 1) / 2, 'sms', 'sms', 'main', '+1630' || (1000000 + (n + 1) / 2), 'en', '',
			'There is a pothole near house ' || n || ', for three days now. Please send somebody.', '',
			at, at, at, at + interval '14 days', CASE WHEN NOT open THEN at + interval '5 days' END, '',
			CASE WHEN NOT open THEN at + interval '12 days' END, at, 0, 0, 0, '', '', '', 0, false, '[]', 10, '\x00'
		FROM (SELECT n, n > $1::int - $2::int AS open,
			now() - interval '60 days' - ($1::int - n) * interval '30 seconds' AS at FROM generate_series(1, $1::int) n) AS made`},
	"inbound": {`INSERT INTO inbound (channel, account, external_id, sender, received_at, content_type, state, reason, tries,
			next_try_at, case_id, processed_at, raw)
		SELECT 'sms', 'main', 'SMseed' || n, '+1630' || (1000000 + (n + 1) / 2), at, 'application/x-www-form-urlencoded',
			'processed', '', 0, at, n, at, decode(repeat('41', 200), 'hex')
		FROM (SELECT n, now() - interval '60 days' - ($1::int - n) * interval '30 seconds' AS at
			FROM generate_series(1, $1::int) n WHERE $2::int > 0) AS made`},
	"outbox": {`INSERT INTO outbox (id, dedupe, case_id, reference, inbound_id, kind, audience, login, channel, account, address,
			subject, text, html, automatic, in_reply_to, reply_to_row, edits_row, thread, prompt, press_id, context, state, attempts,
			next_attempt_at, attempted_at, provider_id, segments, error_code, error, created_at, finished_at)
		SELECT '01SEED' || lpad(n::text, 20, '0'), 'answer:seed' || n, n, 'S-' || n, n, 'acknowledged', 'complainant', '', 'sms', 'main',
			'+1630' || (1000000 + (n + 1) / 2), '', 'Thank you. Your number is S-' || n, '', true, '', '', '', 'null', false, '', '',
			'delivered', 1, at, at, 'SMsent' || n, 1, '', '', at, at
		FROM (SELECT n, now() - interval '60 days' - ($1::int - n) * interval '30 seconds' AS at
			FROM generate_series(1, $1::int) n WHERE $2::int > 0) AS made`},
	"messages": {`INSERT INTO messages (case_id, direction, audience, channel, account, address, subject, text, full_text, external_id,
			inbound_id, outbound_id, state, at, held)
		SELECT n, CASE WHEN m = 1 THEN 'in' ELSE 'out' END, 'complainant', 'sms', 'main', '+1630' || (1000000 + (n + 1) / 2), '',
			'Words of a message about case ' || n, '', CASE WHEN m = 1 THEN 'SMseed' || n ELSE '' END, NULL, NULL, 'sent', now(), false
		FROM generate_series(1, $1::int) n, generate_series(1, 5) m WHERE $2::int > 0`},
	"events": {`INSERT INTO events (case_id, seq, at, actor_kind, actor_login, actor_channel, kind, note, data, note_salt,
			note_commitment, prev_hash, hash)
		SELECT n, e, now(), 'system', '', '', 'note', '', '{}', '\x00', '\x00', '\x00', decode(md5(n || '/' || e), 'hex')
		FROM generate_series(1, $1::int) n, generate_series(1, 10) e WHERE $2::int > 0`},
	"timers": {`INSERT INTO timers (case_id, kind, due_at, state, done_at)
		SELECT n, 'remind:' || k, now() + interval '30 days', CASE WHEN n > $1::int - $2::int THEN 'pending' ELSE 'cancelled' END, now()
		FROM generate_series(1, $1::int) n, generate_series(0, 2) k`},
}

// seedTables orders the work, longest first.
var seedTables = []string{"events", "messages", "cases", "outbox", "inbound", "timers", "contacts"}

// fill makes a history of so many cases.
func fill(ctx context.Context, database string, count int) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for _, table := range seedTables {
		group.Go(func() error {
			// Replicas take rows as they are: without looking up each foreign key.
			conn, err := connect(groupCtx, database, "session_replication_role=replica", "synchronous_commit=off")
			if err != nil {
				return err
			}
			defer func() { _ = conn.Close(context.WithoutCancel(groupCtx)) }()
			for _, statement := range seedStatements[table] {
				if _, err := conn.Exec(groupCtx, statement, count, min(seedOpen, count)); err != nil {
					return fmt.Errorf("filling %s: %w", table, err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	conn, err := connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, table := range []string{"contacts", "cases"} {
		if _, err := conn.Exec(ctx, fmt.Sprintf(`SELECT setval('%s_id_seq', (SELECT max(id) FROM %s))`, table, table)); err != nil {
			return fmt.Errorf("setting the next id: %w", err)
		}
	}
	if _, err := conn.Exec(ctx, `VACUUM (ANALYSE)`); err != nil { // as autovacuum does in time
		return fmt.Errorf("analysing: %w", err)
	}
	_, err = conn.Exec(ctx, `CHECKPOINT`)
	return err
}

func connect(ctx context.Context, database string, settings ...string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(database)
	if err != nil {
		return nil, err
	}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		config.RuntimeParams[name] = value
	}
	return pgx.ConnectConfig(ctx, config)
}

// seeded compares the cost of everyday work after a long history with that
// after a short one, in turns.
func (b *bench) seeded(ctx context.Context) error {
	large := b.size(100_000, 1_000_000)
	var histories []*history
	for _, count := range []int{seedSmall, large} {
		began := time.Now()
		h, err := b.history(ctx, count)
		if err != nil {
			return err
		}
		histories = append(histories, h)
		b.report.note(fmt.Sprintf("  filling %d cases with %d messages and %d events took", count, 5*count, 10*count), time.Since(began).Seconds(), "s")
	}
	for _, h := range histories { // now: a connection that says nothing is closed
		var err error
		if h.client, err = dial(ctx, h.product); err != nil {
			return err
		}
	}
	for _, work := range everydayWork {
		var costs [2][]time.Duration
		for n := range b.size(50, 300) {
			for i, h := range histories {
				began := time.Now()
				if err := work.do(ctx, h, n); err != nil {
					return fmt.Errorf("%s: %w", work.name, err)
				}
				costs[i] = append(costs[i], time.Since(began))
			}
		}
		b.report.relative(work.name+", "+strconv.Itoa(large)+" cases", milliseconds(percentile(costs[1], 0.5)), "ms",
			strconv.Itoa(seedSmall)+" cases", milliseconds(percentile(costs[0], 0.5)), atMost(1.3))
	}
	for _, h := range histories {
		if err := h.close(); err != nil {
			return err
		}
	}
	return nil
}

// history is a running product with so many cases behind it.
type history struct {
	*product
	cases  int
	taker  *provider
	store  *store.Store
	client *client
}

func (b *bench) history(ctx context.Context, count int) (*history, error) {
	h := &history{cases: count}
	var err error
	if h.taker, err = newProvider(ctx, 0); err != nil {
		return nil, err
	}
	p, e, err := b.ready(ctx, true, h.taker.url, "")
	if err != nil {
		return nil, err
	}
	h.product = p
	if err := fill(ctx, e.database, count); err != nil {
		return nil, err
	}
	if err := b.start(ctx, p, "serve"); err != nil {
		return nil, err
	}
	h.store, err = store.Open(ctx, store.Options{URL: e.database})
	return h, err
}

func (h *history) close() error {
	_ = h.client.conn.Close()
	h.taker.close()
	return errors.Join(h.store.Close(), h.stop())
}
