// Package pace keeps sending within the providers' limits: token buckets per
// account and scope, in this process or shared through Redis.
//
// A bucket may be overdrawn. Who takes from an empty one is told how long to
// wait, and the units are already taken: each message asks once, waits its
// time and goes out, so that forty thousand of them line up by themselves.
package pace

import (
	"context"
	"sync"
	"time"

	"github.com/redress-cms/redress/channels"
)

// maxBuckets bounds memory. Beyond it, buckets that are full again are dropped;
// they would be made the same.
const maxBuckets = 10_000

// clockStep is what tells a clock that was set back from callers that are
// late, or whose clocks differ.
const clockStep = time.Minute

// Memory paces one process.
type Memory struct {
	mu      sync.Mutex
	buckets map[scope]*bucket
}

// scope names a bucket. The empty name is the whole account, which has no
// limit but can be paused.
type scope struct {
	account channels.Name
	name    string
}

// bucket is a token bucket as of a time.
type bucket struct {
	level, perSecond, burst float64
	at                      time.Time
	paused                  time.Time // nothing goes out before
}

// NewMemory makes a pacer of this process alone.
func NewMemory() *Memory { return &Memory{buckets: map[scope]*bucket{}} }

// Take takes the charges of one message and tells how long to wait before it
// is sent. Charges without units only ask for pauses. The error is always nil.
func (m *Memory) Take(_ context.Context, account channels.Name, charges []channels.Charge, now time.Time) (time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forgetFull(now)
	wait := m.bucket(scope{account, ""}, channels.Charge{}, now).take(0, now)
	for _, c := range charges {
		wait = max(wait, m.bucket(scope{account, c.Scope}, c, now).take(c.Units, now))
	}
	return wait, nil
}

// Pause stops a scope until a time; the empty scope is the whole account. The
// error is always nil.
func (m *Memory) Pause(_ context.Context, account channels.Name, name string, now, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := m.buckets[scope{account, name}]
	if b == nil {
		b = &bucket{at: now}
		m.buckets[scope{account, name}] = b
	}
	b.refill(now)
	b.level = min(b.level, 0)
	if until.After(b.paused) {
		b.paused = until
	}
	return nil
}

// bucket finds or makes a bucket and gives it the limits of c.
func (m *Memory) bucket(s scope, c channels.Charge, now time.Time) *bucket {
	b := m.buckets[s]
	if b == nil {
		b = &bucket{level: c.Burst, at: now}
		m.buckets[s] = b
	}
	b.perSecond, b.burst = c.PerSecond, c.Burst
	return b
}

func (m *Memory) forgetFull(now time.Time) {
	if len(m.buckets) < maxBuckets {
		return
	}
	for s, b := range m.buckets {
		b.refill(now)
		if b.level >= b.burst && !b.paused.After(now) {
			delete(m.buckets, s)
		}
	}
}

func (b *bucket) refill(now time.Time) {
	switch behind := b.at.Sub(now); {
	case behind > clockStep: // the clock was set back: what was measured by it is void
		b.at, b.paused = now, time.Time{}
	case behind > 0:
		return
	}
	from := b.at
	if b.paused.After(from) {
		from = b.paused
	}
	if now.After(from) {
		b.level = min(b.burst, b.level+now.Sub(from).Seconds()*b.perSecond)
	}
	b.at = now
}

func (b *bucket) take(units float64, now time.Time) time.Duration {
	b.refill(now)
	wait := max(0, b.paused.Sub(now))
	if units <= 0 || b.perSecond <= 0 {
		return wait
	}
	b.level -= units
	if b.level < 0 {
		wait += time.Duration(-b.level / b.perSecond * float64(time.Second))
	}
	return wait
}
