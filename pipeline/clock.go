package pipeline

import (
	"context"
	"time"
)

// Clock tells the time and waits for it. Every loop of the pipeline takes its
// time from one, so that tests and the sandbox own it.
type Clock interface {
	Now() time.Time
	// Wait returns nil once Now is at or past until. It may return nil earlier,
	// after at most a minute or when the clock was moved, so callers look
	// again. It returns ctx.Err() when ctx ends.
	Wait(ctx context.Context, until time.Time) error
}

// SystemClock is the machine's own.
type SystemClock struct{}

// Now is the current time, UTC.
func (SystemClock) Now() time.Time { return time.Now().UTC() }

// Wait implements Clock.
func (c SystemClock) Wait(ctx context.Context, until time.Time) error {
	d := min(until.Sub(c.Now()), time.Minute)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
