package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// A poller that died is replaced within leaseTTL + leaseRetry.
const (
	leaseTTL   = 20 * time.Second
	leaseRetry = 5 * time.Second
)

// LeaseStore grants leases. Lease is true when holder has the lease until
// now + ttl.
type LeaseStore interface {
	Lease(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error)
	ReleaseLease(ctx context.Context, name, holder string) error
}

// Leases let one process at a time do what only one should, such as polling a
// mailbox. They save work; that nothing is taken in twice is the unique key's
// doing, so a process that stalls past its lease does no harm.
type Leases struct {
	Store  LeaseStore
	Holder string // unique among running processes
	Clock  Clock
	Logger *slog.Logger

	mu   sync.Mutex
	held map[string]time.Time // until when, as far as this process knows
}

// Run keeps what Hold was granted, however seldom its holder asks, and gives it
// back when ctx ends.
func (l *Leases) Run(ctx context.Context) error {
	for waitUntil(ctx, l.Clock, l.Clock.Now().Add(leaseRetry)) {
		for _, name := range l.names() {
			if _, err := l.Hold(name)(ctx); err != nil && ctx.Err() == nil {
				l.Logger.Warn("lease not renewed", "lease", name, "error", err)
			}
		}
	}
	for _, name := range l.names() {
		l.release(ctx, name)
	}
	return nil
}

func (l *Leases) names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.held))
}

// Hold returns a function that takes the lease of name, or tells whether this
// process still has it. It asks the store at most every five seconds while
// held. Between calls Run renews it.
func (l *Leases) Hold(name string) func(ctx context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		now := l.Clock.Now()
		l.mu.Lock()
		left := l.held[name].Sub(now)
		l.mu.Unlock()
		if left > leaseTTL-leaseRetry && left <= leaseTTL {
			return true, nil
		}
		got, err := l.Store.Lease(ctx, name, l.Holder, now, leaseTTL)
		if err != nil {
			// Let go one round before it runs out, not in the moment when another takes over.
			return left > leaseRetry && left <= leaseTTL, fmt.Errorf("asking for the lease of %s: %w", name, err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.held == nil {
			l.held = map[string]time.Time{}
		}
		delete(l.held, name)
		if got {
			l.held[name] = now.Add(leaseTTL)
		}
		return got, nil
	}
}

// Take waits until this process has the lease of name. From then on Run keeps it.
func (l *Leases) Take(ctx context.Context, name string) error {
	hold := l.Hold(name)
	for {
		got, err := hold(ctx)
		if got || ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			l.Logger.Warn("no lease", "lease", name, "error", err)
		}
		waitUntil(ctx, l.Clock, l.Clock.Now().Add(leaseRetry))
	}
}

// While runs work whenever this process has the lease of name, until ctx ends
// or work returns by itself. The context of work ends when the lease is lost.
// The lease is given back at the end, so that another process takes over at
// once.
func (l *Leases) While(ctx context.Context, name string, work func(ctx context.Context) error) error {
	hold := l.Hold(name)
	for ctx.Err() == nil {
		got, err := hold(ctx)
		if err != nil && ctx.Err() == nil {
			l.Logger.Warn("no lease", "lease", name, "error", err)
		}
		if !got {
			waitUntil(ctx, l.Clock, l.Clock.Now().Add(leaseRetry))
			continue
		}
		lost, err := l.whileHeld(ctx, name, hold, work)
		if !lost {
			return err
		}
		l.Logger.Warn("lease lost to another process", "lease", name)
	}
	return ctx.Err()
}

// whileHeld runs work until it returns or the lease is lost.
func (l *Leases) whileHeld(ctx context.Context, name string, hold func(context.Context) (bool, error), work func(context.Context) error) (lost bool, err error) {
	run, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- guarded(func() error { return work(run) }) }()
	renew := make(chan bool, 1)
	go func() { renew <- l.renew(run, name, hold) }()
	select {
	case err = <-ended:
		cancel()
		<-renew
		l.release(ctx, name)
		return false, err
	case lost = <-renew:
		cancel()
		err = <-ended
		if !lost {
			l.release(ctx, name)
		}
		return lost, err
	}
}

// renew keeps the lease until ctx ends (false) or it is lost (true).
func (l *Leases) renew(ctx context.Context, name string, hold func(context.Context) (bool, error)) bool {
	for waitUntil(ctx, l.Clock, l.Clock.Now().Add(leaseRetry)) {
		held, err := hold(ctx)
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			l.Logger.Warn("lease not renewed", "lease", name, "error", err)
		}
		if !held {
			return true
		}
	}
	return false
}

func (l *Leases) release(ctx context.Context, name string) {
	l.mu.Lock()
	delete(l.held, name)
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseRetry)
	defer cancel()
	if err := l.Store.ReleaseLease(ctx, name, l.Holder); err != nil {
		l.Logger.Debug("lease not given back; it runs out", "lease", name, "error", err)
	}
}
