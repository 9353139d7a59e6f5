package pipeline

import (
	"context"
	"sync/atomic"
	"time"
)

// Bounds of standing back.
const (
	pressureGroup = 8                      // callers of one commit: providers are waiting
	pressureQuiet = 50 * time.Millisecond  // without such a commit: they are not any more
	maxStandBack  = 250 * time.Millisecond // so that what is accepted is also answered
)

// Pressure has the workers of a process stand back while its intake is busy: a
// provider waits seconds for its answer, a complainant can wait a little longer
// for theirs. A nil *Pressure is never felt.
type Pressure struct {
	last atomic.Int64 // time of the last big commit, in nanoseconds since 1970
}

func (p *Pressure) note(callers int, now time.Time) {
	if p != nil && callers >= pressureGroup {
		p.last.Store(now.UnixNano())
	}
}

// standBack waits until the intake is no longer busy, but not for long.
func (p *Pressure) standBack(ctx context.Context, clock Clock) {
	if p == nil {
		return
	}
	for end := clock.Now().Add(maxStandBack); ; {
		now := clock.Now()
		quiet := time.Unix(0, p.last.Load()).Add(pressureQuiet)
		if !now.Before(quiet) || !now.Before(end) || quiet.Sub(now) > pressureQuiet { // the last: the clock was set back
			return
		}
		if clock.Wait(ctx, quiet) != nil {
			return
		}
	}
}
