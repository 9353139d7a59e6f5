package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/pace"
	"github.com/redress-cms/redress/pipeline/queue"
)

// askable is a provider that can be asked about a message.
type askable struct {
	*provider
	answer func(out channels.Outbound) (channels.Receipt, bool, error)
	asked  int
}

func (a *askable) Reconcile(_ context.Context, out channels.Outbound, _ time.Time) (channels.Receipt, bool, error) {
	a.asked++
	return a.answer(out)
}

func TestWhatBecomesOfAnUncertainMessage(t *testing.T) {
	sent := channels.Receipt{ProviderID: "P1", State: channels.DeliverySent}
	for _, tc := range []struct {
		name   string
		answer func(channels.Outbound) (channels.Receipt, bool, error)
		resend func(string) bool
		state  store.OutboundState
	}{
		{"found", func(channels.Outbound) (channels.Receipt, bool, error) { return sent, true, nil }, nil, store.OutSent},
		{"found delivered", func(channels.Outbound) (channels.Receipt, bool, error) {
			return channels.Receipt{ProviderID: "P1", State: channels.DeliveryDelivered}, true, nil
		}, nil, store.OutDelivered},
		{"surely not there", func(channels.Outbound) (channels.Receipt, bool, error) { return channels.Receipt{}, false, nil }, nil, store.OutRetry},
		{"surely not there, but not to be resent", func(channels.Outbound) (channels.Receipt, bool, error) { return channels.Receipt{}, false, nil },
			func(string) bool { return false }, store.OutUncertain},
		{"no answer", func(channels.Outbound) (channels.Receipt, bool, error) {
			return channels.Receipt{}, false, errors.New("503")
		}, nil, store.OutUncertain},
		{"panic", func(channels.Outbound) (channels.Receipt, bool, error) { panic("?") }, nil, store.OutUncertain},
		{"moved on meanwhile", nil, nil, store.OutDelivered},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := &memoryStore{}
				row := message("1")
				at := time.Now()
				row.State, row.AttemptedAt = store.OutUncertain, &at
				db.add(row)
				adapter := &askable{provider: &provider{name: channels.Name{Channel: "sms", Account: "main"}}, answer: tc.answer}
				if tc.answer == nil {
					adapter.answer = func(channels.Outbound) (channels.Receipt, bool, error) {
						db.set(func() { db.outbound["1"].State = store.OutDelivered })
						return channels.Receipt{}, false, nil
					}
				}
				log := &logbook{}
				r := &pipeline.Reconciler{Store: db, Adapters: only(adapter), Resend: tc.resend, Clock: pipeline.SystemClock{}, Logger: log.logger()}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				_ = r.Run(ctx)
				cancel()
				if adapter.asked != 0 {
					t.Error("the provider was asked before it can know")
				}
				ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
				_ = r.Run(ctx)
				cancel()
				if got := db.row("1").State; got != tc.state {
					t.Errorf("state %s, want %s", got, tc.state)
				}
				if told, did := strings.Contains(log.String(), "is certain"), tc.answer != nil && tc.state != store.OutUncertain; told != did {
					t.Errorf("the log tells that it is certain: %v, want %v", told, did)
				}
				if adapter.asked == 0 || adapter.asked > 20 {
					t.Errorf("the provider was asked %d times in an hour", adapter.asked)
				}
			})
		})
	}
}

func TestMessagesThatCannotBeAskedAboutHideNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{}
		at := time.Now().Add(-time.Hour)
		for n := range 1000 {
			row := message(fmt.Sprintf("a%04d", n))
			row.Channel, row.State, row.AttemptedAt = "chat", store.OutUncertain, &at
			db.add(row)
		}
		row := message("z")
		row.State, row.AttemptedAt = store.OutUncertain, &at
		db.add(row)
		adapter := &askable{
			provider: &provider{name: channels.Name{Channel: "sms", Account: "main"}},
			answer:   func(channels.Outbound) (channels.Receipt, bool, error) { return channels.Receipt{}, true, nil },
		}
		r := &pipeline.Reconciler{Store: db, Adapters: only(adapter), Clock: pipeline.SystemClock{}, Logger: quiet}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_ = r.Run(ctx)
		if got := db.row("z").State; got != store.OutSent {
			t.Errorf("state %s, want sent", got)
		}
	})
}

// kill -9 between the provider's accept and our write: the message is
// uncertain, found with the provider, and was sent once.
func TestAMessageCutOffByACrashIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{}
		db.add(message("1"))
		accepted := 0
		crash, die := context.WithCancel(t.Context())
		adapter := &askable{provider: &provider{name: channels.Name{Channel: "sms", Account: "main"}}}
		adapter.send = func(context.Context, channels.Outbound) (channels.Receipt, error) {
			accepted++
			db.set(func() { db.away = errAway }) // nothing is written any more
			die()
			return channels.Receipt{ProviderID: "P1", State: channels.DeliverySent}, nil
		}
		adapter.answer = func(channels.Outbound) (channels.Receipt, bool, error) {
			return channels.Receipt{ProviderID: "P1", State: channels.DeliverySent}, accepted > 0, nil
		}
		sender := &pipeline.Sender{Store: db, Adapters: only(adapter), Pace: pace.NewMemory(), Clock: pipeline.SystemClock{}, Logger: quiet}
		if err := sender.Handle(crash, []queue.Item{{ID: "1"}}); err == nil {
			t.Fatal("the crash went unnoticed")
		}

		db.set(func() { db.away = nil }) // the next process
		q := queue.NewMemory()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		sweep := &pipeline.Sweep{Store: db, Queue: q, Clock: pipeline.SystemClock{}, Logger: quiet}
		outlet := &pipeline.Outlet{Queue: q, Topic: pipeline.OutboundTopic("sms", "main"), Sender: sender, Clock: pipeline.SystemClock{}, Logger: quiet}
		reconciler := &pipeline.Reconciler{Store: db, Adapters: only(adapter), Clock: pipeline.SystemClock{}, Logger: quiet}
		done := make(chan struct{})
		for _, run := range []func(context.Context) error{sweep.Run, outlet.Run, reconciler.Run} {
			go func() { _ = run(ctx); done <- struct{}{} }()
		}
		time.Sleep(4 * time.Minute)
		if got := db.row("1").State; got != store.OutUncertain && got != store.OutSent {
			t.Errorf("after the restart it is %s", got)
		}
		for range 3 {
			<-done
		}
		if row := db.row("1"); row.State != store.OutSent || row.ProviderID != "P1" || accepted != 1 {
			t.Errorf("%s as %q after %d sendings", row.State, row.ProviderID, accepted)
		}
	})
}
