package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/pipeline"
)

// poller counts how many run at a time.
type poller struct {
	mu            sync.Mutex
	running, most int
	ran           map[string]int
}

func (p *poller) poll(holder string) func(context.Context) error {
	return func(ctx context.Context) error {
		p.mu.Lock()
		p.running++
		p.most = max(p.most, p.running)
		p.ran[holder]++
		p.mu.Unlock()
		<-ctx.Done()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running--
		return ctx.Err()
	}
}

// polled is how often each polled, and how many at most at a time.
func (p *poller) polled() (first, second, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ran["first"], p.ran["second"], p.most
}

func TestOnePollerAtATimeAndAnotherWhenItIsGone(t *testing.T) {
	for _, tc := range []struct {
		name   string
		killed bool // it gives nothing back
		within time.Duration
	}{
		{"stopped", false, 6 * time.Second},
		{"killed", true, 30 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, p := &memoryStore{}, &poller{ran: map[string]int{}}
				start := func(holder string, db pipeline.LeaseStore) (stop func()) {
					leases := &pipeline.Leases{Store: db, Holder: holder, Clock: pipeline.SystemClock{}, Logger: quiet}
					ctx, cancel := context.WithCancel(t.Context())
					ended := make(chan error, 1)
					go func() { ended <- leases.While(ctx, "imap:main", p.poll(holder)) }()
					return func() {
						cancel()
						if err := <-ended; !errors.Is(err, context.Canceled) {
							t.Errorf("%s ended with %v", holder, err)
						}
					}
				}
				first := &mortal{memoryStore: db}
				stopFirst := start("first", first)
				synctest.Wait()
				stopSecond := start("second", db)
				time.Sleep(10 * time.Minute)
				if one, two, _ := p.polled(); one != 1 || two != 0 {
					t.Errorf("the first polled %d times and the second %d, want only the first, once", one, two)
				}
				first.dead.Store(tc.killed)
				stopFirst()
				time.Sleep(tc.within)
				if _, two, most := p.polled(); two != 1 || most != 1 {
					t.Errorf("within %v the second polled %d times; %d at a time", tc.within, two, most)
				}
				stopSecond()
			})
		})
	}
}

// mortal is a store that the process no longer reaches when dead.
type mortal struct {
	*memoryStore
	dead atomic.Bool
}

func (m *mortal) ReleaseLease(ctx context.Context, name, holder string) error {
	if m.dead.Load() {
		return errAway
	}
	return m.memoryStore.ReleaseLease(ctx, name, holder)
}

func (m *mortal) Lease(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error) {
	if m.dead.Load() {
		return false, errAway
	}
	return m.memoryStore.Lease(ctx, name, holder, now, ttl)
}

func TestAPollerThatLosesTheDatabaseStopsBeforeAnotherBegins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, p := &memoryStore{}, &poller{ran: map[string]int{}}
		first := &mortal{memoryStore: db}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		leases := &pipeline.Leases{Store: first, Holder: "first", Clock: pipeline.SystemClock{}, Logger: quiet}
		go func() { _ = leases.While(ctx, "bot", p.poll("first")); done <- struct{}{} }()
		synctest.Wait()
		second := &pipeline.Leases{Store: db, Holder: "second", Clock: pipeline.SystemClock{}, Logger: quiet}
		go func() { _ = second.While(ctx, "bot", p.poll("second")); done <- struct{}{} }()
		time.Sleep(time.Minute)
		first.dead.Store(true)
		time.Sleep(30 * time.Second)
		if _, two, most := p.polled(); two != 1 || most != 1 {
			t.Errorf("the second polled %d times, %d at a time: want it alone to take over", two, most)
		}
		cancel()
		<-done
		<-done
	})
}

func TestAPollerThatEndsByItselfGivesTheLeaseBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, broken := &memoryStore{}, errors.New("no such mailbox")
		leases := &pipeline.Leases{Store: db, Holder: "first", Clock: pipeline.SystemClock{}, Logger: quiet}
		err := leases.While(t.Context(), "imap:main", func(context.Context) error { return broken })
		if !errors.Is(err, broken) || len(db.leases) != 0 {
			t.Errorf("%v, leases left: %v", err, db.leases)
		}
		if err := leases.While(t.Context(), "imap:main", func(context.Context) error { panic("?") }); err == nil {
			t.Error("a panic went unnoticed")
		}
	})
}

// A mailbox in IDLE asks for its lease every half hour only.
func TestAHolderThatSeldomAsksKeepsItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{}
		first := &pipeline.Leases{Store: db, Holder: "first", Clock: pipeline.SystemClock{}, Logger: quiet}
		second := &pipeline.Leases{Store: db, Holder: "second", Clock: pipeline.SystemClock{}, Logger: quiet}
		stop := running(t, first.Run)
		mine, theirs := first.Hold("imap:main"), second.Hold("imap:main")
		for range 5 {
			if held, err := mine(t.Context()); !held || err != nil {
				t.Fatalf("the first has it: %v, %v", held, err)
			}
			if held, err := theirs(t.Context()); held || err != nil {
				t.Fatalf("the second has it: %v, %v", held, err)
			}
			time.Sleep(29 * time.Minute)
		}
		stop()
		if held, err := theirs(t.Context()); !held || err != nil {
			t.Errorf("after the first stopped the second has it: %v, %v", held, err)
		}
	})
}
