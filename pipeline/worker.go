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
	workerBatch  = 32               // items handled together: that many are put off to one by one when one of them fails
	defaultGrace = 20 * time.Second // with what follows it, below the 45 s of docs/deploy
	doneTimeout  = 5 * time.Second
	maxIdle      = 30 * time.Second
)

// Worker handles the items of one topic.
type Worker struct {
	Queue       queue.Queue
	Topic       string
	Concurrency int // batches worked on at a time; 0: 1
	// Handle works on a batch of items, no two of the same key. What it could
	// not do it leaves to the sweep; its error is only logged.
	Handle   func(ctx context.Context, items []queue.Item) error
	Pressure *Pressure // of the intake in this process; nil: none
	Clock    Clock
	Logger   *slog.Logger
	Grace    time.Duration // after a stop, before Handle's context ends; 0: 20 s
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
	from := receiver{w.Queue, w.Topic, w.Clock, w.Logger}
	for {
		leases := from.receive(ctx, workerBatch)
		if leases == nil {
			return
		}
		w.Pressure.standBack(ctx, w.Clock)
		items := make([]queue.Item, len(leases))
		for i, lease := range leases {
			items[i] = lease.Item
		}
		if err := guarded(func() error { return w.Handle(work, items) }); err != nil {
			w.Logger.Error("work failed; it is tried again", "topic", w.Topic, "error", err)
		}
		from.done(work, leases...)
	}
}

// receiver gets the work of a topic. What is never given back, when a stop
// came between, the engine or the sweep gives to the next process.
type receiver struct {
	queue  queue.Queue
	topic  string
	clock  Clock
	logger *slog.Logger
}

// receive waits for work; nil: there will be no more. While dispatch does not
// work it tries again after growing pauses.
func (r receiver) receive(ctx context.Context, limit int) []queue.Lease {
	for idle := time.Second; ctx.Err() == nil; idle = min(2*idle, maxIdle) {
		leases, err := r.queue.Receive(ctx, r.topic, limit)
		if err == nil {
			return leases
		}
		if errors.Is(err, queue.ErrClosed) || ctx.Err() != nil {
			return nil
		}
		r.logger.Warn("no work is received", "topic", r.topic, "error", err)
		waitUntil(ctx, r.clock, r.clock.Now().Add(idle))
	}
	return nil
}

// done tells dispatch of finished work.
func (r receiver) done(ctx context.Context, leases ...queue.Lease) {
	if len(leases) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, doneTimeout)
	defer cancel()
	if err := r.queue.Done(ctx, r.topic, leases...); err != nil {
		r.logger.Debug("dispatch not told of finished work; it may come again", "topic", r.topic, "error", err)
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
