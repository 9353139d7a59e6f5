package store

import (
	"context"
	"fmt"
	"time"

	"github.com/redress-cms/redress/cases"
)

// timerRow is a row of timers.
type timerRow struct {
	ID     int64 `gorm:"primaryKey"`
	CaseID int64
	Kind   cases.TimerKind
	DueAt  instant
	State  string
	DoneAt instant
}

// TableName implements gorm's Tabler.
func (timerRow) TableName() string { return "timers" }

func (r timerRow) domain() cases.Timer {
	return cases.Timer{ID: r.ID, CaseID: r.CaseID, Kind: r.Kind, At: r.DueAt.Time}
}

// Timers are the pending timers of a case, the next first.
func (s *Store) Timers(ctx context.Context, caseID int64) ([]cases.Timer, error) {
	return s.timers(ctx, `SELECT * FROM timers WHERE case_id = ? AND state = 'pending' ORDER BY due_at, id`, caseID)
}

// DueTimers are pending timers to be fired now, the longest due first.
func (s *Store) DueTimers(ctx context.Context, now time.Time, limit int) ([]cases.Timer, error) {
	return s.timers(ctx, dueTimersSQL, instant{now}, limit)
}

const dueTimersSQL = `SELECT * FROM timers WHERE state = 'pending' AND due_at <= ? ORDER BY due_at LIMIT ?`

func (s *Store) timers(ctx context.Context, query string, args ...any) ([]cases.Timer, error) {
	rows, err := all[timerRow](s.read(ctx), query, args...)
	list, err := converted(rows, err, timerRow.domain)
	if err != nil {
		return nil, fmt.Errorf("read timers: %w", err)
	}
	return list, nil
}
