package pipeline_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/pace"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/pipeline/spool"
)

// The engine on a real database and the in-process queue: fifty callers at
// once post the same message beside others of their own; each is taken in once
// and answered once.
func TestEngineOnSQLite(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	db, err := store.Open(ctx, store.Options{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := spool.Open(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	q, clock := queue.NewMemory(), pipeline.SystemClock{}
	answered := make(chan string, 200)
	adapter := &provider{
		name: channels.Name{Channel: "sms", Account: "main"},
		send: func(_ context.Context, out channels.Outbound) (channels.Receipt, error) {
			answered <- out.Text
			return channels.Receipt{ProviderID: "P" + out.ID, State: channels.DeliverySent}, nil
		},
	}
	record := func(ctx context.Context, item queue.Item) error {
		in, err := rowOf(ctx, db, item)
		if err != nil || in.State != store.InboundReceived {
			return err
		}
		recorded, err := db.Record(ctx, store.Step{
			At: clock.Now(), Inbound: in.ID, InboundState: store.InboundProcessed,
			Outbox: []store.Outbound{{
				ID: fmt.Sprintf("%026d", in.ID), Dedupe: "answer:" + item.ID, InboundID: in.ID, Kind: cases.NoticeHelp, To: cases.ToComplainant,
				Channel: in.Channel, Account: in.Account, Address: in.Sender, Text: "to " + in.ExternalID,
				State: store.OutPending, NextAttemptAt: clock.Now(), CreatedAt: clock.Now(),
			}},
		})
		for _, ref := range recorded.Outbox {
			_ = q.Push(ctx, pipeline.OutboundTopic(ref.Channel, ref.Account), pipeline.OutboundItem(ref))
		}
		return err
	}
	intake := pipeline.NewIntake(pipeline.IntakeOptions{Store: db, Queue: q, Spool: files, Clock: clock, Logger: quiet})
	sender := &pipeline.Sender{Store: db, Adapters: only(adapter), Pace: pace.NewMemory(), Clock: clock, Logger: quiet}
	sweep := &pipeline.Sweep{Store: db, Queue: q, Clock: clock, Logger: quiet, Sole: true}
	in := &pipeline.Worker{Queue: q, Topic: pipeline.TopicInbound, Concurrency: 4, Handle: each(record), Clock: clock, Logger: quiet}
	out := &pipeline.Outlet{Queue: q, Topic: pipeline.OutboundTopic("sms", "main"), Sender: sender, Clock: clock, Logger: quiet}
	stop := running(t, intake.Run, sweep.Run, in.Run, out.Run)

	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			if err := intake.Accept(ctx, text("same", "+1555")); err != nil {
				t.Errorf("accept: %v", err)
			}
			if err := intake.Accept(ctx, text(fmt.Sprint("own", n), fmt.Sprint("+1666", n))); err != nil {
				t.Errorf("accept: %v", err)
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for len(seen) < 51 {
		select {
		case to := <-answered:
			seen[to]++
		case <-ctx.Done():
			t.Fatalf("%d of 51 answered", len(seen))
		}
	}
	stop()
	close(answered)
	for to := range answered {
		seen[to]++
	}
	for to, n := range seen {
		if n != 1 {
			t.Errorf("%d answers %q", n, to)
		}
	}
	if left, err := db.DueOutbound(t.Context(), clock.Now(), 10); err != nil || len(left) != 0 {
		t.Errorf("left to send: %v, %v", left, err)
	}
}

func rowOf(ctx context.Context, db *store.Store, item queue.Item) (store.Inbound, error) {
	var id int64
	if _, err := fmt.Sscan(item.ID, &id); err != nil {
		return store.Inbound{}, err
	}
	return db.Inbound(ctx, id)
}
