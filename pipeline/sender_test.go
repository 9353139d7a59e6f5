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

// senderTest is a sender on one account, with what OnFinal was told.
type senderTest struct {
	*pipeline.Sender
	store    *memoryStore
	provider *provider
	log      *logbook
	finals   []channels.SendErrorKind
	finalErr error
}

func newSender(send func(context.Context, channels.Outbound) (channels.Receipt, error)) *senderTest {
	st := &senderTest{
		store: &memoryStore{}, log: &logbook{},
		provider: &provider{name: channels.Name{Channel: "sms", Account: "main"}, send: send},
	}
	st.Sender = &pipeline.Sender{
		Store: st.store, Pace: pace.NewMemory(), Clock: pipeline.SystemClock{}, Logger: st.log.logger(), MaxAttempts: 3,
		Adapters: only(st.provider),
		OnFinal: func(_ context.Context, _ store.Outbound, se *channels.SendError) error {
			st.finals = append(st.finals, se.Kind)
			return st.finalErr
		},
	}
	return st
}

func only(adapter channels.Adapter) func(channel, account string) (channels.Adapter, bool) {
	return func(channel, account string) (channels.Adapter, bool) {
		return adapter, adapter.Name() == channels.Name{Channel: channel, Account: account}
	}
}

func message(id string) store.Outbound {
	return store.Outbound{ID: id, Channel: "sms", Account: "main", Address: "+1555", Text: "secret words"}
}

func (st *senderTest) handle(t *testing.T, id string) store.Outbound {
	t.Helper()
	if err := st.Handle(t.Context(), []queue.Item{{ID: id}}); err != nil {
		t.Fatalf("handle %s: %v", id, err)
	}
	return st.store.row(id)
}

func TestWhatBecomesOfAnAttempt(t *testing.T) {
	soon := func(r store.Outbound) bool {
		wait := time.Until(r.NextAttemptAt)
		return wait >= 4*time.Second && wait <= 6*time.Second
	}
	for _, tc := range []struct {
		name   string
		err    error
		state  store.OutboundState
		code   string
		finals int
		check  func(store.Outbound) bool
	}{
		{name: "taken", state: store.OutSent, check: func(r store.Outbound) bool { return r.ProviderID == "P1" && r.Attempts == 1 }},
		{name: "retry by our own pause", err: &channels.SendError{Kind: channels.SendRetry, Code: "451"}, state: store.OutRetry, code: "451", check: soon},
		{name: "retry when the provider says", err: &channels.SendError{Kind: channels.SendRetry, RetryAt: time.Date(2000, 1, 1, 0, 0, 30, 0, time.UTC)}, state: store.OutRetry,
			check: func(r store.Outbound) bool { return time.Until(r.NextAttemptAt) == 30*time.Second }},
		{name: "retry in a year is not believed", err: &channels.SendError{Kind: channels.SendRetry, RetryAt: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)}, state: store.OutRetry,
			check: func(r store.Outbound) bool { return time.Until(r.NextAttemptAt) == 24*time.Hour }},
		{name: "refused", err: &channels.SendError{Kind: channels.SendPermanent, Code: "550 5.1.1"}, state: store.OutFailed, code: "550 5.1.1", finals: 1},
		{name: "no such address", err: &channels.SendError{Kind: channels.SendUnreachable}, state: store.OutFailed, finals: 1},
		{name: "opted out", err: fmt.Errorf("wrapped: %w", &channels.SendError{Kind: channels.SendOptedOut, Code: "21610"}), state: store.OutOptedOut, code: "21610", finals: 1},
		{name: "uncertain", err: &channels.SendError{Kind: channels.SendUncertain}, state: store.OutUncertain},
		{name: "unknown error", err: errors.New("reset by peer"), state: store.OutUncertain},
		{name: "unknown kind", err: &channels.SendError{Kind: "new"}, state: store.OutUncertain},
		{name: "misconfigured is held, not counted", err: &channels.SendError{Kind: channels.SendMisconfigured, Code: "20003"}, state: store.OutRetry, code: "20003",
			check: func(r store.Outbound) bool { return r.Attempts == 0 && time.Until(r.NextAttemptAt) == time.Minute }},
		{name: "moved", err: &channels.SendError{Kind: channels.SendMoved, NewAddress: "-100"}, state: store.OutRetry, code: "moved", finals: 1,
			check: func(r store.Outbound) bool { return r.Address == "-100" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var st *senderTest
				st = newSender(func(context.Context, channels.Outbound) (channels.Receipt, error) {
					if got := st.store.row("1").State; got != store.OutAttempting {
						t.Errorf("at the call the database says %s, want attempting", got)
					}
					return channels.Receipt{ProviderID: "P1", State: channels.DeliverySent}, tc.err
				})
				st.store.add(message("1"))
				row := st.handle(t, "1")
				if row.State != tc.state || row.ErrorCode != tc.code || len(st.finals) != tc.finals {
					t.Errorf("state %s code %q, OnFinal told %v", row.State, row.ErrorCode, st.finals)
				}
				if tc.check != nil && !tc.check(row) {
					t.Errorf("row %+v", row)
				}
				if log := st.log.String(); strings.Contains(log, "secret") || strings.Contains(log, "1555") {
					t.Errorf("the log shows the message or its recipient: %s", log)
				}
				st.handle(t, "1") // delivered twice by dispatch
				if calls := len(st.provider.calls()); calls != 1 && tc.state != store.OutRetry {
					t.Errorf("sent %d times", calls)
				}
			})
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newSender(func(context.Context, channels.Outbound) (channels.Receipt, error) {
			return channels.Receipt{}, &channels.SendError{Kind: channels.SendRetry}
		})
		st.store.add(message("1"))
		for range 10 {
			st.handle(t, "1")
			time.Sleep(time.Hour)
		}
		if row := st.store.row("1"); row.State != store.OutFailed || len(st.provider.calls()) != 3 || len(st.finals) != 1 {
			t.Errorf("%s after %d calls, OnFinal told %v", row.State, len(st.provider.calls()), st.finals)
		}
	})
}

// SMTP 4xx, then accepted: one mail.
func TestARetryThatSucceedsIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		st := newSender(func(context.Context, channels.Outbound) (channels.Receipt, error) {
			if tries++; tries == 1 {
				return channels.Receipt{}, &channels.SendError{Kind: channels.SendRetry, Code: "450"}
			}
			return channels.Receipt{State: channels.DeliveryDelivered}, nil
		})
		st.store.add(message("1"))
		for range 5 {
			st.handle(t, "1")
			time.Sleep(10 * time.Second)
		}
		if row := st.store.row("1"); row.State != store.OutDelivered || tries != 2 {
			t.Errorf("%s after %d calls", row.State, tries)
		}
	})
}

func TestRetryAfterHoldsItsScopeOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, sent := time.Now(), map[string]time.Duration{}
		st := newSender(func(_ context.Context, out channels.Outbound) (channels.Receipt, error) {
			if since := time.Since(begun); out.To == "busy" && since < 30*time.Second {
				if since > time.Second {
					t.Errorf("%s was sent to a scope that waits, after %v", out.ID, since)
				}
				return channels.Receipt{}, &channels.SendError{Kind: channels.SendRetry, Code: "429", RetryAt: begun.Add(30 * time.Second), Scope: "chat:busy"}
			}
			sent[out.ID] = time.Since(begun)
			return channels.Receipt{State: channels.DeliverySent}, nil
		})
		st.Adapters = only(pacedProvider{st.provider})
		for _, id := range []string{"1", "2", "3"} {
			row := message(id)
			row.Address = map[string]string{"1": "busy", "2": "busy", "3": "free"}[id]
			st.store.add(row)
		}
		for range 60 {
			for _, id := range []string{"1", "2", "3"} {
				st.handle(t, id)
			}
			time.Sleep(time.Second)
		}
		if len(sent) != 3 || sent["3"] > 2*time.Second {
			t.Errorf("sent at %v: want 3 at once and the others after 30s", sent)
		}
		for _, id := range []string{"1", "2"} {
			if row := st.store.row(id); sent[id] < 30*time.Second || row.State != store.OutSent || row.Attempts > 2 {
				t.Errorf("%s was sent after %v in %d attempts", id, sent[id], row.Attempts)
			}
		}
	})
}

// pacedProvider takes one message per second and chat.
type pacedProvider struct{ *provider }

func (pacedProvider) Pace(out channels.Outbound) []channels.Charge {
	return []channels.Charge{{Scope: "chat:" + out.To, Units: 1, PerSecond: 1, Burst: 1}}
}

func TestABurstIsPacedAndNothingIsSentAfterItsExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		st := newSender(nil)
		st.Adapters = only(pacedProvider{st.provider})
		const total = 100
		for n := range total {
			row := message(fmt.Sprintf("%03d", n))
			row.ExpiresAt = begun.Add(50 * time.Second)
			st.store.add(row)
		}
		for range 2 * total {
			refs, _ := st.store.DueOutbound(t.Context(), time.Now(), 1000)
			for _, ref := range refs {
				st.handle(t, ref.ID)
			}
			time.Sleep(time.Second)
		}
		sent, expired := 0, 0
		for n := range total {
			switch row := st.store.row(fmt.Sprintf("%03d", n)); row.State {
			case store.OutSent:
				sent++
			case store.OutExpired:
				expired++
			default:
				t.Errorf("%s is %s", row.ID, row.State)
			}
		}
		if sent < 45 || sent > 51 || sent+expired != total {
			t.Errorf("%d sent and %d expired: want one a second for 50 seconds", sent, expired)
		}
	})
}

func TestACallThatHangsIsUncertainAndAStopLetsItFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newSender(func(ctx context.Context, _ channels.Outbound) (channels.Receipt, error) {
			<-ctx.Done()
			return channels.Receipt{}, ctx.Err()
		})
		st.store.add(message("1"))
		begun := time.Now()
		if row := st.handle(t, "1"); row.State != store.OutUncertain || time.Since(begun) != time.Minute {
			t.Errorf("%s after %v", row.State, time.Since(begun))
		}
	})
}

func TestAPanicOfAnAdapterIsUncertainAndShowsNoContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newSender(func(_ context.Context, out channels.Outbound) (channels.Receipt, error) { panic(out.Text) })
		st.store.add(message("1"))
		if row := st.handle(t, "1"); row.State != store.OutUncertain {
			t.Errorf("state %s", row.State)
		}
		if strings.Contains(st.log.String(), "secret") {
			t.Errorf("the log shows the message: %s", st.log)
		}
	})
}

func TestAnOutcomeIsSavedOnceTheDatabaseIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var st *senderTest
		st = newSender(func(context.Context, channels.Outbound) (channels.Receipt, error) {
			st.store.set(func() { st.store.away = errAway })
			time.AfterFunc(10*time.Second, func() { st.store.set(func() { st.store.away = nil }) })
			return channels.Receipt{State: channels.DeliverySent}, nil
		})
		st.store.add(message("1"))
		if row := st.handle(t, "1"); row.State != store.OutSent {
			t.Errorf("state %s", row.State)
		}
	})
}

// The provider's "delivered" may be faster than its answer to the call.
func TestADeliveryReportThatOvertakesTheAnswerStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var st *senderTest
		st = newSender(func(context.Context, channels.Outbound) (channels.Receipt, error) {
			st.store.set(func() { st.store.outbound["1"].State = store.OutDelivered })
			return channels.Receipt{State: channels.DeliverySent}, nil
		})
		st.store.add(message("1"))
		if row := st.handle(t, "1"); row.State != store.OutDelivered {
			t.Errorf("state %s, want delivered to stay", row.State)
		}
	})
}

func TestAGroupThatMovedIsFollowedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newSender(func(_ context.Context, out channels.Outbound) (channels.Receipt, error) {
			return channels.Receipt{}, &channels.SendError{Kind: channels.SendMoved, NewAddress: out.To + "0"}
		})
		st.store.add(message("1"))
		for range 4 {
			st.handle(t, "1")
			time.Sleep(time.Second)
		}
		calls := st.provider.calls()
		if row := st.store.row("1"); len(calls) != 2 || calls[1].To != "+15550" || row.State != store.OutFailed {
			t.Errorf("%d calls, then %s", len(calls), row.State)
		}
	})
}

func TestNobodyStaysUntoldOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newSender(func(context.Context, channels.Outbound) (channels.Receipt, error) {
			return channels.Receipt{}, &channels.SendError{Kind: channels.SendPermanent}
		})
		st.store.add(message("1"))
		st.finalErr = errors.New("database is busy")
		if row := st.handle(t, "1"); row.State != store.OutRetry {
			t.Errorf("while staff could not be told it is %s", row.State)
		}
		st.finalErr = nil
		time.Sleep(time.Minute)
		if row := st.handle(t, "1"); row.State != store.OutFailed || len(st.finals) != 2 {
			t.Errorf("%s, OnFinal told %d times", row.State, len(st.finals))
		}
	})
}

func TestAnAccountThatIsGoneIsPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newSender(nil)
		row := message("1")
		row.Account = "former"
		st.store.add(row)
		if row := st.handle(t, "1"); row.State != store.OutRetry || row.Attempts != 0 || row.Error == "" {
			t.Errorf("row %+v", row)
		}
	})
}
