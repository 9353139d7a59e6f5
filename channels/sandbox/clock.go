package sandbox

import (
	"context"
	"sync"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/internal/bell"
)

// maxWait bounds one Wait of a MovableClock.
const maxWait = time.Minute

// MovableClock is the machine's clock plus an offset that only grows. All who
// Wait on it look again when it is moved. Its zero value is the machine's
// clock. It is safe for concurrent use.
type MovableClock struct {
	moved bell.Bell

	mu     sync.Mutex
	offset time.Duration
}

// Now is the simulated time, UTC.
func (c *MovableClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).UTC()
}

// Advance moves the clock forward by d; a negative d does nothing.
func (c *MovableClock) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	c.mu.Lock()
	c.offset += d
	c.mu.Unlock()
	c.moved.Ring()
}

// Wait returns nil once Now is at or past until. It may return nil earlier,
// after at most a minute or when the clock was moved, so callers look again.
// It returns ctx.Err() when ctx ends.
func (c *MovableClock) Wait(ctx context.Context, until time.Time) error {
	moved := c.moved.Changed()
	d := min(until.Sub(c.Now()), maxWait)
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-moved:
		return nil
	case <-timer.C:
		return nil
	}
}
