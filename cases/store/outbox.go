package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// The states as conditions of the indexes outbox_due and outbox_open, word for
// word, as SQLite demands it.
const (
	dueStates  = "state IN ('pending', 'retry')"
	openStates = "state IN ('pending', 'attempting', 'retry', 'uncertain')"
)

// DueOutbound names messages that Claim takes now, in the order in which they
// were made.
func (s *Store) DueOutbound(ctx context.Context, now time.Time, limit int) ([]OutboundRef, error) {
	at := instant{now}
	rows, err := all[outboxRow](s.read(ctx), dueOutboundSQL, at, at, at, at, limit)
	list, err := converted(rows, err, outboxRow.ref)
	if err != nil {
		return nil, fmt.Errorf("look for messages to send: %w", err)
	}
	return list, nil
}

const dueOutboundSQL = `SELECT id, channel, account, address FROM outbox
	WHERE ` + dueStates + ` AND ` + dueNow + ` AND ` + dueLine + ` ORDER BY created_at, id LIMIT ?`

// dueNow is what may be tried by now, the parameter. What was never put off is
// due whatever the clock says: the one it was made by may have been ahead.
const dueNow = `(next_attempt_at <= ? OR next_attempt_at <= created_at)`

// inLine keeps messages to one recipient in order: one waits while an earlier
// one is still to be sent. Edits and answers to pressed buttons stand apart.
// What is past its expiry neither waits nor holds others up, nor does what
// waits for a later message, as can be after the clock was set back: the two
// would wait for each other. Both parameters are the time.
const inLine = `(` + outOfLine + earlierInLine + `
		AND (earlier.state = 'attempting' OR earlier.expires_at IS NULL OR earlier.expires_at > ?)))`

// dueLine is inLine for dispatch, which keeps the order itself: with the first
// in line it names those behind it too, unless the first is put off or being
// sent. All parameters are the time.
const dueLine = `(` + outOfLine + earlierInLine + `
		AND (earlier.state = 'attempting' OR earlier.next_attempt_at > ? AND earlier.next_attempt_at > earlier.created_at
			AND (earlier.expires_at IS NULL OR earlier.expires_at > ?))))`

const (
	outOfLine     = `edits_row <> '' OR press_id <> '' OR expires_at <= ? OR `
	earlierInLine = `NOT EXISTS (SELECT 1 FROM outbox AS earlier
	WHERE earlier.channel = outbox.channel AND earlier.account = outbox.account AND earlier.address = outbox.address
		AND earlier.id < outbox.id AND earlier.state IN ('pending', 'retry', 'attempting')
		AND earlier.edits_row = '' AND earlier.press_id = '' AND earlier.reply_to_row < earlier.id`
)

// Claim takes messages to send them: those of ids (at most 30,000) that are
// due now, and first in line for their recipient, move to attempting, with one
// attempt more, and those past their expiry to expired. Both are returned in
// the order of ids once that is committed; all others are left out.
func (s *Store) Claim(ctx context.Context, ids []string, now time.Time) ([]Outbound, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	lock, clock := "", "NULL"
	if s.writer.Name() == postgresName {
		lock, clock = "ORDER BY id FOR UPDATE SKIP LOCKED", "clock_timestamp()"
	}
	at := instant{now}
	rows, err := all[outboxRow](s.writer.WithContext(ctx), `UPDATE outbox SET
			state = CASE WHEN expires_at <= ? THEN 'expired' ELSE 'attempting' END,
			finished_at = CASE WHEN expires_at <= ? THEN ? ELSE finished_at END,
			attempts = CASE WHEN expires_at <= ? THEN attempts ELSE attempts + 1 END,
			attempted_at = CASE WHEN expires_at <= ? THEN attempted_at ELSE ? END,
			attempted_by = ?, claimed_at = `+clock+`
		WHERE id IN (SELECT id FROM outbox WHERE id IN ? AND `+dueStates+` AND `+dueNow+`
			AND `+inLine+` `+lock+`)
		RETURNING *`, at, at, at, at, at, at, key(s.holder), keys(ids), at, at, at)
	list, err := converted(rows, err, outboxRow.outbound)
	if err != nil {
		return nil, fmt.Errorf("take messages to send: %w", err)
	}
	place := make(map[string]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(list, func(a, b Outbound) int { return place[a.ID] - place[b.ID] })
	return list, nil
}

// Finish writes down what became of an attempt, of a row in attempting or
// uncertain. Reports that came before the provider's answer take effect with
// it. ErrDone: the row is in another state, perhaps moved on by a report.
func (s *Store) Finish(ctx context.Context, id string, o Outcome) error {
	err := s.write(ctx, func(tx *gorm.DB) error { return finish(tx, id, o) })
	if err != nil {
		return fmt.Errorf("finish message %s: %w", id, err)
	}
	return nil
}

func finish(tx *gorm.DB, id string, o Outcome) error {
	finishedAt, next := instant{}, instant{o.NextAttemptAt}
	if rank(o.State) > 0 {
		finishedAt.Time = o.At
	}
	if next.IsZero() {
		next.Time = o.At
	}
	from, notMade := []OutboundState{OutAttempting, OutUncertain}, 0
	if o.From != "" {
		from = []OutboundState{o.From}
	}
	if o.NotMade {
		notMade = 1
	}
	rows, err := all[outboxRow](tx, `UPDATE outbox SET state = ?, next_attempt_at = ?, finished_at = ?, segments = ?,
			attempts = attempts - ?, attempted_by = '',
			provider_id = coalesce(?, provider_id), error_code = ?, error = ?, address = coalesce(?, address)
		WHERE id = ? AND state IN ? AND (? = 0 OR attempts = ?) RETURNING *`, o.State, next, finishedAt, o.Segments, notMade,
		outsideID(o.ProviderID), text(o.ErrorCode), text(o.Error), outsideID(o.Address), key(id), from, o.Attempt, o.Attempt)
	switch {
	case err != nil:
		return err
	case len(rows) > 0 && o.ProviderID != "":
		return applyEarlyReports(tx, rows[0])
	case len(rows) > 0:
		return nil
	}
	return doneOrMissing(tx, id)
}

// doneOrMissing tells a row in another state (ErrDone) from none (ErrNotFound).
func doneOrMissing(db *gorm.DB, id string) error {
	if _, err := one[string](db, `SELECT id FROM outbox WHERE id = ?`, key(id)); err != nil {
		return err
	}
	return ErrDone
}

// Abandoned moves what is being attempted by a worker that must have died to
// uncertain and returns it: on PostgreSQL, what was claimed by a process whose
// ProcessLease ran out or, by the database's clock, three minutes ago; else
// what is being attempted since before a time.
func (s *Store) Abandoned(ctx context.Context, before time.Time) ([]Outbound, error) {
	dead := "attempted_at < ?"
	if s.writer.Name() == postgresName {
		dead = `CASE WHEN attempted_by = '' THEN attempted_at < ? ELSE claimed_at < clock_timestamp() - interval '3 minutes'
			OR NOT EXISTS (SELECT 1 FROM leases WHERE name = 'process:' || attempted_by AND expires_at > clock_timestamp()) END`
	}
	rows, err := all[outboxRow](s.writer.WithContext(ctx), `UPDATE outbox SET state = 'uncertain', attempted_by = ''
		WHERE `+openStates+` AND state = 'attempting' AND `+dead+` RETURNING *`, instant{before})
	list, err := converted(rows, err, outboxRow.outbound)
	if err != nil {
		return nil, fmt.Errorf("look for abandoned messages: %w", err)
	}
	slices.SortFunc(list, func(a, b Outbound) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// RetryOutbound lets a message that was given up be sent again, now. Its old
// expiry no longer counts. ErrDone: it is in another state.
func (s *Store) RetryOutbound(ctx context.Context, id string, now time.Time) error {
	n, err := s.exec(ctx, `UPDATE outbox SET state = 'retry', next_attempt_at = ?, finished_at = NULL,
			expires_at = CASE WHEN expires_at <= ? THEN NULL ELSE expires_at END
		WHERE id = ? AND state IN ('failed', 'undelivered', 'uncertain', 'expired')`, instant{now}, instant{now}, key(id))
	if err == nil && n == 0 {
		err = doneOrMissing(s.read(ctx), id)
	}
	if err != nil {
		return fmt.Errorf("retry message %s: %w", id, err)
	}
	return nil
}
