package pipeline

import (
	"context"
	"sync"
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
	return waitFor(ctx, until.Sub(c.Now()))
}

// SharedClock goes by a clock that several machines share, the database's, so
// that they agree on what is due though their own clocks differ. In between it
// goes by the machine's steady clock, which no setting of the time moves. Until
// it was first set it is Machine.
type SharedClock struct {
	Machine Clock

	mu     sync.RWMutex
	shared time.Time
	at     time.Time // when it was so, by the steady clock
}

// clockNoise is a difference that is none: asking for the time takes time.
const clockNoise = 100 * time.Millisecond

// Set says what the shared clock shows, give or take within.
func (c *SharedClock) Set(shared time.Time, within time.Duration) {
	off := shared.Sub(c.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() || off.Abs() > within+clockNoise {
		c.shared, c.at = shared.UTC().Round(0), time.Now()
	}
}

// Now implements Clock.
func (c *SharedClock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.at.IsZero() {
		return c.Machine.Now()
	}
	return c.shared.Add(time.Since(c.at))
}

// Wait implements Clock.
func (c *SharedClock) Wait(ctx context.Context, until time.Time) error {
	return waitFor(ctx, until.Sub(c.Now()))
}

// waitFor waits for d, at most for a minute.
func waitFor(ctx context.Context, d time.Duration) error {
	if d = min(d, time.Minute); d <= 0 {
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
