package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// Bounds of firing timers.
const (
	timerTick    = time.Second
	timerBatch   = 100
	maxTimerWait = 10 * time.Minute
)

// DueTimers tells which timers are to fire, earliest first.
type DueTimers interface {
	DueTimers(ctx context.Context, now time.Time, limit int) ([]cases.Timer, error)
}

// Timers fires what is due. That each fires once is the store's doing: a timer
// is spent in the transaction of its effect. So it may run in every process.
type Timers struct {
	Store DueTimers
	// Fire does what a timer is for. store.ErrDone means that another process
	// was first, store.ErrConflict that the next round is to try again.
	Fire    func(ctx context.Context, timer cases.Timer) error
	Clock   Clock
	Logger  *slog.Logger
	Metrics *Metrics
	Grace   time.Duration // after a stop, for the timer in hand; 0: 20 s

	failing map[int64]timerFailure
	failed  bool // the store, last time
}

// timerFailure says when a timer that failed is tried next.
type timerFailure struct {
	until time.Time
	wait  time.Duration
}

// Run fires timers every second until ctx ends; the one in hand is finished.
func (t *Timers) Run(ctx context.Context) error {
	work, cancel := withGrace(ctx, t.Grace)
	defer cancel()
	for {
		if more := t.Round(ctx, work); more {
			continue
		}
		if !waitUntil(ctx, t.Clock, t.Clock.Now().Add(timerTick)) {
			return nil
		}
	}
}

// Round fires what is due now, until ctx ends, each within work. It reports
// whether there may be more.
func (t *Timers) Round(ctx, work context.Context) bool {
	now := t.Clock.Now()
	limit := timerBatch + len(t.failing) // those that fail never fill the batch
	due, err := t.Store.DueTimers(ctx, now, limit)
	if err != nil {
		if !t.failed && ctx.Err() == nil {
			t.Logger.Error("reading due timers", "error", err)
		}
		t.failed = true
		return false
	}
	t.failed = false
	t.report(now, due)
	failing, fired := map[int64]timerFailure{}, 0
	for _, timer := range due {
		if ctx.Err() != nil {
			return false
		}
		before, known := t.failing[timer.ID]
		if wait := before.until.Sub(now); known && wait > 0 && wait <= before.wait { // longer: the clock was set back
			failing[timer.ID] = before
			continue
		}
		if t.fire(work, timer) {
			fired++
			continue
		}
		wait := min(max(timerTick, 2*before.wait), maxTimerWait)
		failing[timer.ID] = timerFailure{now.Add(wait), wait}
	}
	t.failing = failing
	return len(due) == limit && fired > 0
}

// fire reports whether a timer needs no further try.
func (t *Timers) fire(ctx context.Context, timer cases.Timer) bool {
	err := guarded(func() error { return t.Fire(ctx, timer) })
	switch {
	case err == nil, errors.Is(err, store.ErrDone):
		return true
	case errors.Is(err, store.ErrConflict):
		return false
	}
	t.Logger.Error("a timer failed; it is tried again", "timer", timer.ID, "kind", timer.Kind, "case", timer.CaseID, "error", err)
	return false
}

// report tells how late the latest timer is that has not fired.
func (t *Timers) report(now time.Time, due []cases.Timer) {
	var late time.Duration
	for _, timer := range due {
		late = max(late, now.Sub(timer.At))
	}
	t.Metrics.TimersLate(late)
}
