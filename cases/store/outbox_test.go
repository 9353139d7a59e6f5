package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

func text(id string) store.Outbound {
	return store.Outbound{
		ID: id, Kind: cases.NoticeReply, To: cases.ToComplainant, Channel: "sms", Account: "main", Address: "+1555" + id,
		Text: "hello", CreatedAt: now,
	}
}

// queued records messages to be sent and returns their ids.
func queued(t *testing.T, s engine, list ...store.Outbound) []string {
	t.Helper()
	if _, err := s.Record(t.Context(), store.Step{At: now, Outbox: list}); err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(list))
	for i, o := range list {
		ids[i] = o.ID
	}
	return ids
}

// sent takes a message and finishes it as sent, with a provider's id.
func sent(t *testing.T, s engine, id, providerID string) {
	t.Helper()
	if _, err := s.Claim(t.Context(), []string{id}, now); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(t.Context(), id, store.Outcome{State: store.OutSent, ProviderID: providerID, Segments: 1, At: now}); err != nil {
		t.Fatal(err)
	}
}

func state(t *testing.T, s engine, id string) store.OutboundState {
	t.Helper()
	row, err := s.Outbound(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return row.State
}

func TestOutboundComesBackAsItWas(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		want := text("01A")
		want.Dedupe, want.Login, want.Subject, want.HTML = "d", "asha", "Re: leak", "<p>hello</p>"
		want.Automatic, want.Prompt, want.PressID, want.Context = true, true, "press", "resolve"
		want.MessageID, want.InReplyTo, want.References = "ours@x", "theirs@y", []string{"a@b", "c@d"}
		want.ReplyToRow, want.EditsRow, want.InboundID = "01R", "01E", 7
		want.Buttons = [][]store.Button{{{Label: "Accept", Data: "a"}}, {{Label: "Open", URL: "https://x"}}}
		want.ExpiresAt = now.Add(time.Hour)
		queued(t, s, want)
		got, err := s.Outbound(t.Context(), "01A")
		if err != nil {
			t.Fatal(err)
		}
		want.State, want.NextAttemptAt = store.OutPending, now
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestEachMessageIsClaimedByOneWorker(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		var list []store.Outbound
		for i := range 60 {
			list = append(list, text(fmt.Sprintf("01A%02d", i)))
		}
		ids := queued(t, s, list...)
		var mu sync.Mutex
		claimed := map[string]int{}
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				mine := slices.Clone(ids)
				if i%2 == 1 {
					slices.Reverse(mine)
				}
				for chunk := range slices.Chunk(mine, 20) {
					rows, err := s.Claim(t.Context(), chunk, now)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					for _, row := range rows {
						claimed[row.ID]++
						if row.State != store.OutAttempting || row.Attempts != 1 || row.AttemptedAt == nil || row.Text != "hello" {
							t.Errorf("claimed: %+v", row)
						}
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if n := s.count(t, `SELECT count(*) FROM outbox WHERE state = 'attempting'`); n != 60 || len(claimed) != 60 {
			t.Errorf("%d rows are attempting, %d were handed out; want 60", n, len(claimed))
		}
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("%s was handed out %d times", id, n)
			}
		}
	})
}

func TestClaimLeavesOutWhatIsNotToBeSent(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		later, expired := text("01LATER"), text("01EXPIRED")
		later.NextAttemptAt = now.Add(time.Second)
		expired.ExpiresAt = now
		ids := queued(t, s, text("01A"), later, expired, text("01B"))
		due, err := s.DueOutbound(t.Context(), now, 10)
		if err != nil || len(due) != 3 || due[0].ID != "01A" || due[1].ID != "01B" {
			t.Errorf("due: %+v, %v", due, err)
		}
		rows, err := s.Claim(t.Context(), append([]string{"01B", "unknown"}, ids...), now)
		if err != nil || len(rows) != 3 || rows[1].State != store.OutExpired {
			t.Fatalf("claimed: %+v, %v", rows, err)
		}
		if s := state(t, s, "01EXPIRED"); s != store.OutExpired {
			t.Errorf("past its expiry: %s, want expired", s)
		}
		if s := state(t, s, "01LATER"); s != store.OutPending {
			t.Errorf("not due: %s, want pending", s)
		}
		if again, err := s.Claim(t.Context(), ids, now); err != nil || len(again) != 0 {
			t.Errorf("claimed again: %+v, %v", again, err)
		}
		ahead := text("01AHEAD") // made by a clock that was ahead, and never put off
		ahead.CreatedAt, ahead.NextAttemptAt = now.Add(2*time.Hour), now.Add(2*time.Hour)
		if rows, err := s.Claim(t.Context(), queued(t, s, ahead), now); err != nil || len(rows) != 1 {
			t.Errorf("what was made in two hours: %+v, %v", rows, err)
		}
	})
}

func TestWaysOfAnAttempt(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		queued(t, s, text("01A"))
		if err := s.Finish(ctx, "01A", store.Outcome{State: store.OutSent, At: now}); !errors.Is(err, store.ErrDone) {
			t.Errorf("finished without an attempt: %v, want ErrDone", err)
		}
		if err := s.Finish(ctx, "unknown", store.Outcome{State: store.OutSent, At: now}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unknown: %v, want ErrNotFound", err)
		}
		if _, err := s.Claim(ctx, []string{"01A"}, now); err != nil {
			t.Fatal(err)
		}
		retryAt := now.Add(30 * time.Second)
		err := s.Finish(ctx, "01A", store.Outcome{State: store.OutRetry, NextAttemptAt: retryAt, ErrorCode: "429", Error: "too fast", Address: "+1556", At: now})
		if err != nil {
			t.Fatal(err)
		}
		row, err := s.Outbound(ctx, "01A")
		if err != nil || row.State != store.OutRetry || !row.NextAttemptAt.Equal(retryAt) || row.ErrorCode != "429" || row.Address != "+1556" || row.FinishedAt != nil {
			t.Errorf("to be retried: %+v, %v", row, err)
		}
		if rows, _ := s.Claim(ctx, []string{"01A"}, retryAt); len(rows) != 1 || rows[0].Attempts != 2 {
			t.Errorf("second attempt: %+v", rows)
		}
		if err := s.Finish(ctx, "01A", store.Outcome{State: store.OutFailed, ErrorCode: "21211", At: retryAt}); err != nil {
			t.Fatal(err)
		}
		if row, _ := s.Outbound(ctx, "01A"); row.State != store.OutFailed || row.FinishedAt == nil || !row.FinishedAt.Equal(retryAt) {
			t.Errorf("failed: %+v", row)
		}
		if err := s.RetryOutbound(ctx, "01A", retryAt); err != nil {
			t.Fatal(err)
		}
		if err := s.RetryOutbound(ctx, "01A", retryAt); !errors.Is(err, store.ErrDone) {
			t.Errorf("retried twice: %v, want ErrDone", err)
		}
		if rows, _ := s.Claim(ctx, []string{"01A"}, retryAt); len(rows) != 1 {
			t.Error("a message to be sent again cannot be claimed")
		}
	})
}

// The attempts of a process are its own while it says that it is alive, be it
// ever so slow and whatever the clock of another says.
func TestTheAttemptsOfADeadProcessAreUncertain(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		if s.name != "postgres" {
			t.Skip("the embedded engine is not shared")
		}
		ctx := t.Context()
		queued(t, s, text("01A"), text("01B"))
		for id, holder := range map[string]string{"01A": "dead", "01B": "slow"} {
			worker, err := store.Open(ctx, store.Options{URL: s.url, Holder: holder})
			if err != nil {
				t.Fatal(err)
			}
			defer worker.Close()
			if held, err := worker.Lease(ctx, store.ProcessLease(holder), holder, now, time.Minute); !held || err != nil {
				t.Fatal(held, err)
			}
			if rows, err := worker.Claim(ctx, []string{id}, now); err != nil || len(rows) != 1 {
				t.Fatalf("claimed: %+v, %v", rows, err)
			}
		}
		if rows, err := s.Abandoned(ctx, now.Add(2*time.Hour)); err != nil || len(rows) != 0 {
			t.Errorf("abandoned while both live: %+v, %v", rows, err)
		}
		s.exec(t, `UPDATE leases SET expires_at = expires_at - interval '1 minute' WHERE name = 'process:dead'`)
		if rows, err := s.Abandoned(ctx, now); err != nil || len(rows) != 1 || rows[0].ID != "01A" {
			t.Errorf("abandoned when one is dead: %+v, %v", rows, err)
		}
		s.exec(t, `UPDATE outbox SET claimed_at = claimed_at - interval '3 minutes'`)
		if rows, err := s.Abandoned(ctx, now); err != nil || len(rows) != 1 || rows[0].ID != "01B" {
			t.Errorf("abandoned when the other took too long: %+v, %v", rows, err)
		}
	})
}

func TestNewsOfAnOldAttemptIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		queued(t, s, text("01A"))
		for attempt := range 2 {
			if rows, err := s.Claim(ctx, []string{"01A"}, now); err != nil || len(rows) != 1 || rows[0].Attempts != attempt+1 {
				t.Fatalf("claimed: %+v, %v", rows, err)
			}
			if attempt == 0 {
				if err := s.Finish(ctx, "01A", store.Outcome{State: store.OutRetry, NextAttemptAt: now, At: now, Attempt: 1}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := s.Finish(ctx, "01A", store.Outcome{State: store.OutFailed, At: now, Attempt: 1}); !errors.Is(err, store.ErrDone) {
			t.Errorf("news of the first attempt during the second: %v, want ErrDone", err)
		}
		if err := s.Finish(ctx, "01A", store.Outcome{State: store.OutSent, At: now, Attempt: 2}); err != nil {
			t.Error(err)
		}
	})
}

func TestAnAbandonedAttemptIsUncertain(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		queued(t, s, text("01A"), text("01B"))
		if _, err := s.Claim(ctx, []string{"01A"}, now); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Claim(ctx, []string{"01B"}, now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		rows, err := s.Abandoned(ctx, now.Add(time.Minute))
		if err != nil || len(rows) != 1 || rows[0].ID != "01A" || rows[0].State != store.OutUncertain {
			t.Fatalf("abandoned: %+v, %v", rows, err)
		}
		if list, err := s.Uncertain(ctx, 10); err != nil || len(list) != 1 || list[0].ID != "01A" {
			t.Errorf("uncertain: %+v, %v", list, err)
		}
		if again, err := s.Claim(ctx, []string{"01A"}, now.Add(time.Hour)); err != nil || len(again) != 0 {
			t.Errorf("an uncertain message was handed out again: %+v, %v", again, err)
		}
		stats, err := s.OutboundStats(ctx)
		want := map[store.OutboundState]int{store.OutUncertain: 1, store.OutAttempting: 1}
		if diff := cmp.Diff(want, stats); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if err := s.Finish(ctx, "01A", store.Outcome{State: store.OutSent, ProviderID: "SM9", At: now}); err != nil {
			t.Errorf("reconciled: %v", err)
		}
		open, err := s.ListOutbound(ctx, store.OutboundFilter{})
		if err != nil || len(open) != 1 || open[0].ID != "01B" {
			t.Errorf("what is not finished: %+v, %v", open, err)
		}
		if all, err := s.ListOutbound(ctx, store.OutboundFilter{All: true}); err != nil || len(all) != 2 || all[0].ID != "01B" {
			t.Errorf("all, newest first: %+v, %v", all, err)
		}
	})
}

func TestReportsOnlyMoveAMessageForward(t *testing.T) {
	tests := map[string]struct {
		reports []store.OutboundState
		want    store.OutboundState
	}{
		"in order":               {[]store.OutboundState{store.OutSent, store.OutDelivered}, store.OutDelivered},
		"delivered, then sent":   {[]store.OutboundState{store.OutDelivered, store.OutSent}, store.OutDelivered},
		"undelivered, then sent": {[]store.OutboundState{store.OutUndelivered, store.OutSent}, store.OutUndelivered},
		"failed after delivered": {[]store.OutboundState{store.OutDelivered, store.OutFailed}, store.OutDelivered},
		"delivered after failed": {[]store.OutboundState{store.OutFailed, store.OutDelivered}, store.OutDelivered},
		"failed, undelivered":    {[]store.OutboundState{store.OutFailed, store.OutUndelivered}, store.OutFailed},
	}
	each(t, func(t *testing.T, s engine) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				queued(t, s, text(name))
				sent(t, s, name, "SM "+name)
				report(t, s, "SM "+name, tt.reports...)
				if got := state(t, s, name); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			})
		}
	})
}

func report(t *testing.T, s engine, providerID string, states ...store.OutboundState) {
	t.Helper()
	for _, to := range states {
		_, err := s.Record(t.Context(), store.Step{At: now, Reports: []store.Report{{
			Channel: "sms", Account: "main", ProviderID: providerID, State: to, Code: "30003", At: now,
		}}})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestAReportThatComesBeforeTheAnswerCounts(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		queued(t, s, text("01A"))
		report(t, s, "SM1", store.OutDelivered)
		sent(t, s, "01A", "SM1")
		if got := state(t, s, "01A"); got != store.OutDelivered {
			t.Errorf("got %s, want delivered", got)
		}
		if n := s.count(t, `SELECT count(*) FROM early_reports`); n != 0 {
			t.Errorf("%d reports are still kept", n)
		}
	})
}

func TestAReportAndTheAnswerAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		for i := range 10 {
			id, providerID := fmt.Sprint("01A", i), fmt.Sprint("SM", i)
			queued(t, s, text(id))
			if _, err := s.Claim(t.Context(), []string{id}, now); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := s.Finish(t.Context(), id, store.Outcome{State: store.OutSent, ProviderID: providerID, At: now}); err != nil {
					t.Error(err)
				}
			})
			wg.Go(func() {
				_, err := s.Record(t.Context(), store.Step{At: now, Reports: []store.Report{{
					Channel: "sms", Account: "main", ProviderID: providerID, State: store.OutDelivered, At: now,
				}}})
				if err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			if got := state(t, s, id); got != store.OutDelivered {
				t.Errorf("message %d is %s, want delivered", i, got)
			}
		}
	})
}

func TestABounceMarksTheAddress(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		c := registered(t, s, "C-1")
		mail := text("01MAIL")
		mail.MessageID, mail.Address = "ours@city.example", "+1555C-1"
		queued(t, s, mail)
		sent(t, s, "01MAIL", "")
		_, err := s.Record(ctx, store.Step{At: now, Reports: []store.Report{
			{MessageID: "ours@city.example", State: store.OutUndelivered, Code: "5.1.1", Text: "no such user", Hard: true, At: now},
			{MessageID: "not ours", State: store.OutUndelivered, Hard: true, At: now},
		}})
		if err != nil {
			t.Fatal(err)
		}
		contact, err := s.Contact(ctx, c.ContactID)
		if err != nil || contact.Addresses[0].UndeliverableAt == nil || contact.Addresses[0].OptedOutAt != nil {
			t.Errorf("contact: %+v, %v", contact, err)
		}
		rows, err := s.OutboundByMessageID(ctx, []string{"x", "ours@city.example"})
		if err != nil || len(rows) != 1 || rows[0].State != store.OutUndelivered || rows[0].Error != "no such user" {
			t.Errorf("message: %+v, %v", rows, err)
		}
	})
}

func TestOutboundIsFoundByTheProvidersID(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		queued(t, s, text("01A"), text("01B"))
		sent(t, s, "01A", "SM1")
		sent(t, s, "01B", "SM2")
		for _, tt := range []struct {
			account string
			ids     []string
			want    int
		}{{"main", []string{"SM1", "SM3"}, 1}, {"main", []string{"SM1", "SM2"}, 2}, {"other", []string{"SM1"}, 0}, {"main", nil, 0}, {"main", []string{""}, 0}} {
			rows, err := s.OutboundByProviderID(t.Context(), "sms", tt.account, tt.ids)
			if err != nil || len(rows) != tt.want {
				t.Errorf("%s %v: %d rows, %v; want %d", tt.account, tt.ids, len(rows), err, tt.want)
			}
		}
	})
}

func TestCardsAreStaffMessagesWithButtons(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		c := registered(t, s, "C-1")
		card := func(id string) store.Outbound {
			o := text(id)
			o.CaseID, o.To, o.Buttons = c.ID, cases.ToStaff, [][]store.Button{{{Label: "Accept", Data: "a"}}}
			return o
		}
		edit, plain := card("01C"), card("01D")
		edit.EditsRow, plain.Buttons = "01A", nil
		queued(t, s, card("01A"), card("01B"), edit, plain)
		cards, err := s.Cards(t.Context(), c.ID)
		if err != nil || len(cards) != 2 || cards[0].ID != "01B" || cards[1].ID != "01A" || cards[0].Reference != "C-1" {
			t.Errorf("cards: %+v, %v", cards, err)
		}
	})
}
