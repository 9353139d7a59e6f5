// Package bell tells any number of waiting goroutines that something changed.
package bell

import (
	"context"
	"sync"
)

// Bell is rung at each change. Its zero value is ready.
type Bell struct {
	mu      sync.Mutex
	current chan struct{}
}

// Changed is closed at the next Ring.
func (b *Bell) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current == nil {
		b.current = make(chan struct{})
	}
	return b.current
}

// Ring wakes all who wait.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.current != nil {
		close(b.current)
		b.current = nil
	}
}

// Await returns nil once met reports true; it asks again at each Ring. It
// returns the context's error when that ends first.
func (b *Bell) Await(ctx context.Context, met func() bool) error {
	for {
		changed := b.Changed()
		if met() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
