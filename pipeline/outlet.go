package pipeline

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/pipeline/queue"
)

// Bounds of an outlet.
const (
	defaultCalls = 8
	claimBatch   = 64
)

// Outlet sends what waits for one account. It takes no more rows than calls
// may begin at once: what is attempting is with the provider, and a crash
// leaves no more than that uncertain.
type Outlet struct {
	Sender *Sender
	Queue  queue.Queue
	Topic  string // OutboundTopic of the account
	Calls  int    // under way at a time; 0: 8
	Clock  Clock
	Logger *slog.Logger
	Grace  time.Duration // after a stop, for the calls under way; 0: 20 s
}

// Run sends until ctx ends, then finishes what is in hand.
func (o *Outlet) Run(ctx context.Context) error {
	work, cancel := withGrace(ctx, o.Grace)
	defer cancel()
	calls := o.Calls
	if calls <= 0 {
		calls = defaultCalls
	}
	from, free := receiver{o.Queue, o.Topic, o.Clock, o.Logger}, make(chan struct{}, calls)
	for range calls {
		free <- struct{}{}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		n := taken(ctx, free)
		leases := from.receive(ctx, n)
		for range n - len(leases) {
			free <- struct{}{}
		}
		if leases == nil {
			return nil
		}
		idle := o.begin(work, from, leases, free, &wg)
		from.done(work, idle...)
		for range idle {
			free <- struct{}{}
		}
	}
}

// taken waits for a free call and takes those that are free, within a claim.
func taken(ctx context.Context, free <-chan struct{}) int {
	select {
	case <-ctx.Done():
		return 0
	case <-free:
	}
	for n := 1; ; n++ {
		select {
		case <-free:
			if n+1 == claimBatch {
				return claimBatch
			}
		default:
			return n
		}
	}
}

// begin claims the rows and begins their calls. It returns the leases whose
// rows are not to be sent now.
func (o *Outlet) begin(work context.Context, from receiver, leases []queue.Lease, free chan<- struct{}, wg *sync.WaitGroup) []queue.Lease {
	items := make([]queue.Item, len(leases))
	byID := make(map[string]queue.Lease, len(leases))
	for i, lease := range leases {
		items[i], byID[lease.ID] = lease.Item, lease
	}
	var rows []store.Outbound
	var claimed time.Time
	err := guarded(func() (err error) {
		rows, claimed, err = o.Sender.claim(work, items)
		return err
	})
	if err != nil {
		o.Logger.Error("work failed; it is tried again", "topic", o.Topic, "error", err)
	}
	for _, row := range rows {
		lease := byID[row.ID]
		delete(byID, row.ID)
		wg.Go(func() {
			if err := guarded(func() error { return o.Sender.send(work, row, claimed) }); err != nil {
				o.Logger.Error("work failed; it is tried again", "topic", o.Topic, "item", row.ID, "error", err)
			}
			from.done(work, lease)
			free <- struct{}{}
		})
	}
	idle := make([]queue.Lease, 0, len(byID))
	for _, lease := range byID {
		idle = append(idle, lease)
	}
	return idle
}
