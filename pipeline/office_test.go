package pipeline_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/queue"
)

// silentQueue never answers.
type silentQueue struct{ queue.Queue }

func (silentQueue) Push(ctx context.Context, _ string, _ ...queue.Item) error {
	<-ctx.Done()
	return ctx.Err()
}

// ledger saves every step and names three messages to be sent.
type ledger struct {
	pipeline.CaseStore
	saved int
}

func (*ledger) OrganisationVersion(context.Context) (int64, error) { return 1, nil }

func (*ledger) Organisation(context.Context) (*cases.Organisation, int64, error) {
	return &cases.Organisation{}, 1, nil
}

func (l *ledger) RecordAll(_ context.Context, steps []store.Step) ([]store.Recorded, error) {
	l.saved += len(steps)
	return []store.Recorded{{Outbox: []store.OutboundRef{{ID: "a"}, {ID: "b"}, {ID: "c"}}}}, nil
}

// A Redis that is silent is no reason to let timers, pages and commands wait
// for each message they make.
func TestASilentDispatchHoldsNoActionUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &ledger{}
		office := pipeline.NewOffice(pipeline.OfficeOptions{Store: db, Queue: silentQueue{}, Clock: pipeline.SystemClock{}, Logger: quiet})
		begun := time.Now()
		err := office.Failed(t.Context(), store.Outbound{ID: "x", To: cases.ToStaff}, &channels.SendError{Kind: channels.SendPermanent})
		if err != nil || db.saved != 1 {
			t.Errorf("%v, saved %d times; want it saved", err, db.saved)
		}
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
