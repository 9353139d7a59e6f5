package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/queue"
)

// startWorker runs a worker on a fresh queue until stop.
func startWorker(t *testing.T, log *logbook, concurrency int, handle func(context.Context, queue.Item) error) (q *queue.Memory, stop func()) {
	t.Helper()
	q = queue.NewMemory()
	w := &pipeline.Worker{
		Queue: q, Topic: "work", Concurrency: concurrency, Handle: each(handle), Clock: pipeline.SystemClock{}, Logger: log.logger(),
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.Run(ctx)
	}()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	return q, stop
}

// each handles items one by one.
func each(handle func(context.Context, queue.Item) error) func(context.Context, []queue.Item) error {
	return func(ctx context.Context, items []queue.Item) error {
		var errs []error
		for _, item := range items {
			errs = append(errs, handle(ctx, item))
		}
		return errors.Join(errs...)
	}
}

func push(t *testing.T, q queue.Queue, items ...queue.Item) {
	t.Helper()
	if err := q.Push(t.Context(), "work", items...); err != nil {
		t.Fatal(err)
	}
}

func TestAPanicIsAFailureOfItsItemOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, handled := &logbook{}, []string{}
		q, stop := startWorker(t, log, 1, func(_ context.Context, item queue.Item) error {
			switch item.ID {
			case "1":
				panic("words of a complainant")
			case "2":
				return errors.New("no route")
			}
			handled = append(handled, item.ID)
			return nil
		})
		push(t, q, queue.Item{ID: "1", Key: "k"}, queue.Item{ID: "2", Key: "k"}, queue.Item{ID: "3", Key: "k"})
		synctest.Wait()
		stop()
		if !slices.Equal(handled, []string{"3"}) {
			t.Errorf("handled %v, want 3", handled)
		}
		if text := log.String(); !strings.Contains(text, "panic") || !strings.Contains(text, "no route") || strings.Contains(text, "complainant") {
			t.Errorf("log: %s", text)
		}
	})
}

func TestAKeyIsHandledInOrderWhileOthersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		q, stop := startWorker(t, &logbook{}, 4, func(_ context.Context, item queue.Item) error {
			if item.Key == "slow" {
				time.Sleep(time.Minute)
			}
			mu.Lock()
			defer mu.Unlock()
			order = append(order, item.ID)
			return nil
		})
		for n := range 3 {
			push(t, q, queue.Item{ID: fmt.Sprint("s", n), Key: "slow"})
		}
		synctest.Wait()
		for n := range 3 {
			push(t, q, queue.Item{ID: fmt.Sprint("f", n), Key: "fast"})
		}
		time.Sleep(time.Hour)
		stop()
		if want := []string{"f0", "f1", "f2", "s0", "s1", "s2"}; !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
	})
}

func TestAStopFinishesTheItemInHandWithinGrace(t *testing.T) {
	for _, tc := range []struct {
		name    string
		takes   time.Duration
		stopped time.Duration // until Run returns
		err     bool          // the handler's context ended
	}{
		{"quick", 5 * time.Second, 5 * time.Second, false},
		{"hangs", time.Hour, 20 * time.Second, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handled := 0
				var ended error
				q, stop := startWorker(t, &logbook{}, 1, func(ctx context.Context, _ queue.Item) error {
					handled++
					select {
					case <-time.After(tc.takes):
					case <-ctx.Done():
						ended = ctx.Err()
					}
					return nil
				})
				push(t, q, queue.Item{ID: "1", Key: "k"}, queue.Item{ID: "2", Key: "k"})
				synctest.Wait()
				begun := time.Now()
				stop()
				if took := time.Since(begun); took != tc.stopped || handled != 1 || (ended != nil) != tc.err {
					t.Errorf("stopped after %v, %d handled, context: %v", took, handled, ended)
				}
			})
		})
	}
}

// brokenQueue fails until it is mended.
type brokenQueue struct {
	queue.Queue
	mended time.Time
	asked  int
}

func (q *brokenQueue) Receive(ctx context.Context, topic string, limit int) ([]queue.Lease, error) {
	q.asked++
	if time.Now().Before(q.mended) {
		return nil, errors.New("dispatch is away")
	}
	return q.Queue.Receive(ctx, topic, limit)
}

func TestAWorkerOutlivesItsDispatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := &brokenQueue{Queue: queue.NewMemory(), mended: time.Now().Add(10 * time.Minute)}
		push(t, q, queue.Item{ID: "1", Key: "k"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		handled := 0
		w := &pipeline.Worker{
			Queue: q, Topic: "work", Clock: pipeline.SystemClock{}, Logger: quiet,
			Handle: func(_ context.Context, items []queue.Item) error { handled += len(items); return nil },
		}
		_ = w.Run(ctx)
		if handled != 1 || q.asked > 40 {
			t.Errorf("%d handled after asking %d times", handled, q.asked)
		}
	})
}
