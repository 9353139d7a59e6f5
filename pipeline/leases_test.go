package pipeline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/pipeline"
)

// poller counts how many run at a time.
type poller struct {
	running, most int
	ran           map[string]int
}

func (p *poller) poll(holder string) func(context.Context) error {
	return func(ctx context.Context) error {
		p.running++
		p.most = max(p.most, p.running)
		p.ran[holder]++
		<-ctx.Done()
		p.running--
		return ctx.Err()
	}
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
				if p.ran["first"] != 1 || p.ran["second"] != 0 {
					t.Errorf("polled %v, want only the first, once", p.ran)
				}
				first.dead = tc.killed
				stopFirst()
				time.Sleep(tc.within)
				if p.ran["second"] != 1 {
					t.Errorf("nobody took over within %v", tc.within)
				}
				stopSecond()
				if p.most != 1 {
					t.Errorf("%d polled at a time", p.most)
				}
			})
		})
	}
}

// mortal is a store that the process no longer reaches when dead.
type mortal struct {
	*memoryStore
	dead bool
}

func (m *mortal) ReleaseLease(ctx context.Context, name, holder string) error {
	if m.dead {
		return errAway
	}
	return m.memoryStore.ReleaseLease(ctx, name, holder)
}

func (m *mortal) Lease(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error) {
	if m.dead {
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
		first.dead = true
		time.Sleep(30 * time.Second)
		if p.ran["second"] != 1 || p.most != 1 {
			t.Errorf("polled %v, %d at a time: want the second alone to take over", p.ran, p.most)
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
