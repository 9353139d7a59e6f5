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
	done, err := s.FinishAll(ctx, []Finished{{ID: id, Outcome: o}})
	if err != nil {
		return err
	}
	if !done[0] {
		return fmt.Errorf("finish message %s: %w", id, doneOrMissing(s.read(ctx), id))
	}
	return nil
}

// Finished is what became of an attempt to send a message.
type Finished struct {
	ID string
	Outcome
}

// FinishAll is Finish for several rows, in one transaction. It tells of each
// whether it was done; if not, the row is in another state.
func (s *Store) FinishAll(ctx context.Context, list []Finished) ([]bool, error) {
	rows := make([]outcomeRow, len(list))
	for i, f := range list {
		rows[i] = newOutcomeRow(f)
	}
	var finished []outboxRow
	err := s.write(ctx, func(tx *gorm.DB) error {
		var err error
		if finished, err = updated[outboxRow](tx, finishSQL, rows); err != nil {
			return err
		}
		return applyEarlyReports(tx, finished)
	})
	if err != nil {
		return nil, fmt.Errorf("finish messages: %w", err)
	}
	done := make([]bool, len(list))
	for i, f := range list {
		done[i] = slices.ContainsFunc(finished, func(r outboxRow) bool { return r.ID == f.ID })
	}
	return done, nil
}

// outcomeRow is what FinishAll changes of a row.
type outcomeRow struct {
	ID            string
	FromState     OutboundState
	State         OutboundState
	NextAttemptAt instant
	FinishedAt    instant
	Segments      int
	NotMade       int
	Attempt       int
	ProviderID    outsideID
	ErrorCode     text
	Error         text
	Address       outsideID
}

func newOutcomeRow(f Finished) outcomeRow {
	row := outcomeRow{
		ID: f.ID, FromState: f.From, State: f.State, NextAttemptAt: instant{f.NextAttemptAt}, Segments: f.Segments, Attempt: f.Attempt,
		ProviderID: outsideID(f.ProviderID), ErrorCode: text(f.ErrorCode), Error: text(f.Error), Address: outsideID(f.Address),
	}
	if rank(f.State) > 0 {
		row.FinishedAt = instant{f.At}
	}
	if row.NextAttemptAt.IsZero() {
		row.NextAttemptAt = instant{f.At}
	}
	if f.NotMade {
		row.NotMade = 1
	}
	return row
}

const finishSQL = `UPDATE outbox SET state = new.state, next_attempt_at = new.next_attempt_at, finished_at = new.finished_at,
		segments = new.segments, attempts = outbox.attempts - new.not_made, attempted_by = '',
		provider_id = coalesce(new.provider_id, outbox.provider_id), error_code = new.error_code, error = new.error,
		address = coalesce(new.address, outbox.address)
	FROM ` + newRows + ` WHERE outbox.id = new.id
		AND (outbox.state = new.from_state OR new.from_state = '' AND outbox.state IN ('attempting', 'uncertain'))
		AND (new.attempt = 0 OR new.attempt = outbox.attempts)
	RETURNING outbox.id, outbox.channel, outbox.account, outbox.address, outbox.provider_id`

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
