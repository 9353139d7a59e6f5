package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/redress-cms/redress/pipeline/queue"
)

// Bounds of a worker.
const (
	workerBatch  = 16
	defaultGrace = 20 * time.Second // with what follows it, below the 45 s of docs/deploy
	doneTimeout  = 5 * time.Second
	maxIdle      = 30 * time.Second
)

// Worker handles the items of one topic.
type Worker struct {
	Queue       queue.Queue
	Topic       string
	Concurrency int // lines worked on at a time; 0: 1
	// Handle works on one item. What it could not do it leaves to the sweep;
	// its error is only logged.
	Handle func(ctx context.Context, item queue.Item) error
	Clock  Clock
	Logger *slog.Logger
	Grace  time.Duration // after a stop, before Handle's context ends; 0: 20 s
}

// Run works until ctx ends, then finishes what is in hand. Handle's context
// ends Grace after ctx.
func (w *Worker) Run(ctx context.Context) error {
	work, cancel := withGrace(ctx, w.Grace)
	defer cancel()
	var wg sync.WaitGroup
	for range max(1, w.Concurrency) {
		wg.Go(func() { w.loop(ctx, work) })
	}
	wg.Wait()
	return nil
}

func (w *Worker) loop(ctx, work context.Context) {
	idle := time.Second
	for ctx.Err() == nil {
		leases, err := w.Queue.Receive(ctx, w.Topic, workerBatch)
		switch {
		case errors.Is(err, queue.ErrClosed) || ctx.Err() != nil && err != nil:
			return
		case err != nil:
			w.Logger.Warn("no work is received", "topic", w.Topic, "error", err)
			waitUntil(ctx, w.Clock, w.Clock.Now().Add(idle))
			idle = min(2*idle, maxIdle)
			continue
		}
		idle = time.Second
		w.handle(ctx, work, leases)
	}
}

// handle works on one batch. What a stop leaves of it is not given back: the
// engine or the sweep gives it to the next process.
func (w *Worker) handle(ctx, work context.Context, leases []queue.Lease) {
	for n, lease := range leases {
		if n > 0 && ctx.Err() != nil {
			return
		}
		err := guarded(func() error { return w.Handle(work, lease.Item) })
		if err != nil {
			w.Logger.Error("work failed; it is tried again", "topic", w.Topic, "item", lease.ID, "error", err)
		}
		finish, cancel := context.WithTimeout(work, doneTimeout)
		if err := w.Queue.Done(finish, w.Topic, lease); err != nil {
			w.Logger.Debug("dispatch not told of finished work; it may come again", "topic", w.Topic, "error", err)
		}
		cancel()
	}
}

// panicError is a panic that was caught. Its value is not shown, since it may
// hold what a person wrote.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic (%T) at\n%s", e.value, e.stack) }

// guarded makes a panic of f its error.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicError{r, debug.Stack()}
		}
	}()
	return f()
}

// withGrace is ctx, ended grace later.
func withGrace(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	if grace <= 0 {
		grace = defaultGrace
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-work.Done():
		case <-time.After(grace):
			cancel()
		}
	})
	return work, func() { stop(); cancel() }
}

// waitUntil waits for a time of clock. It reports false when ctx ended. A
// clock that is set back does not make it wait longer than it would have.
func waitUntil(ctx context.Context, clock Clock, until time.Time) bool {
	for last := clock.Now(); ctx.Err() == nil; {
		if !last.Before(until) {
			return true
		}
		if clock.Wait(ctx, until) != nil {
			return false
		}
		now := clock.Now()
		if now.Before(last) {
			until = until.Add(now.Sub(last))
		}
		last = now
	}
	return false
}
