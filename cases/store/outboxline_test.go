package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases/store"
)

func TestMessagesToOneRecipientGoInOrder(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		first, second, edit, other := text("01A"), text("01B"), text("01C"), text("01D")
		for _, row := range []*store.Outbound{&first, &second, &edit} {
			row.Address = "+1555"
		}
		edit.EditsRow = "01Z"
		ids := queued(t, s, first, second, edit, other)
		rows, err := s.Claim(t.Context(), ids, now)
		if err != nil || len(rows) != 3 || rows[0].ID != "01A" || rows[1].ID != "01C" || rows[2].ID != "01D" {
			t.Fatalf("claimed: %+v, %v; want all but the second to the same recipient", rows, err)
		}
		retry := store.Outcome{State: store.OutRetry, NextAttemptAt: now.Add(time.Minute), At: now, NotMade: true}
		if err := s.Finish(t.Context(), "01A", retry); err != nil {
			t.Fatal(err)
		}
		if rows, err := s.Claim(t.Context(), ids, now); err != nil || len(rows) != 0 {
			t.Fatalf("claimed while the first waits: %+v, %v", rows, err)
		}
		rows, err = s.Claim(t.Context(), ids, now.Add(time.Minute))
		if err != nil || len(rows) != 1 || rows[0].ID != "01A" || rows[0].Attempts != 1 {
			t.Fatalf("claimed: %+v, %v; want the first, whose waiting was no attempt", rows, err)
		}
		stale := store.Outcome{State: store.OutSent, At: now, From: store.OutUncertain}
		if err := s.Finish(t.Context(), "01A", stale); !errors.Is(err, store.ErrDone) {
			t.Errorf("an answer about an older attempt: %v, want ErrDone", err)
		}
		if err := s.Finish(t.Context(), "01A", store.Outcome{State: store.OutSent, At: now}); err != nil {
			t.Fatal(err)
		}
		if rows, err := s.Claim(t.Context(), ids, now); err != nil || len(rows) != 1 || rows[0].ID != "01B" {
			t.Errorf("claimed: %+v, %v; want the second", rows, err)
		}
	})
}

// due are the ids of what DueOutbound names.
func due(t *testing.T, s engine, at time.Time) []string {
	t.Helper()
	refs, err := s.DueOutbound(t.Context(), at, 10)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, ref := range refs {
		ids = append(ids, ref.ID)
	}
	return ids
}

// Who waits behind a message that is due is fed to dispatch with it, which
// keeps the order. Who waits behind one that is put off or being sent is not,
// so that it is fed when its turn comes and not when the sweep next repeats
// itself.
func TestALineIsDueWithItsFirst(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		first, second, expired, other := text("01A"), text("01B"), text("01C"), text("01D")
		for _, row := range []*store.Outbound{&first, &second, &expired} {
			row.Address = "+1555"
		}
		expired.ExpiresAt = now
		queued(t, s, first, second, expired, other)
		if got := due(t, s, now); !slices.Equal(got, []string{"01A", "01B", "01C", "01D"}) {
			t.Errorf("due: %v, want all, in order", got)
		}
		if rows, err := s.Claim(t.Context(), []string{"01B", "01A"}, now); err != nil || len(rows) != 1 || rows[0].ID != "01A" {
			t.Errorf("claimed: %+v, %v; want the first alone", rows, err)
		}
		if got := due(t, s, now); !slices.Equal(got, []string{"01C", "01D"}) {
			t.Errorf("due while the first is being sent: %v", got)
		}
		wait := store.Outcome{State: store.OutRetry, NextAttemptAt: now.Add(time.Minute), At: now, NotMade: true}
		if err := s.Finish(t.Context(), "01A", wait); err != nil {
			t.Fatal(err)
		}
		if got := due(t, s, now); !slices.Equal(got, []string{"01C", "01D"}) {
			t.Errorf("due while the first is put off: %v", got)
		}
		if rows, err := s.Claim(t.Context(), []string{"01A"}, now.Add(time.Minute)); err != nil || len(rows) != 1 {
			t.Errorf("claimed: %+v, %v", rows, err)
		}
		if err := s.Finish(t.Context(), "01A", store.Outcome{State: store.OutSent, At: now}); err != nil {
			t.Fatal(err)
		}
		if got := due(t, s, now); !slices.Equal(got, []string{"01B", "01C", "01D"}) {
			t.Errorf("due once the first is sent: %v", got)
		}
	})
}

func TestAMessagePastItsExpiryHoldsNobodyUp(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		first, second := text("01A"), text("01B")
		first.Address, second.Address = "+1555", "+1555"
		first.ExpiresAt = now.Add(time.Minute)
		ids := queued(t, s, first, second)
		if rows, err := s.Claim(t.Context(), ids[:1], now); err != nil || len(rows) != 1 {
			t.Fatalf("claimed: %+v, %v", rows, err)
		}
		if got := due(t, s, now.Add(2*time.Minute)); len(got) != 0 {
			t.Errorf("due while the first is being sent: %v, want none", got)
		}
		if err := s.Finish(t.Context(), "01A", store.Outcome{State: store.OutRetry, NextAttemptAt: now.Add(time.Hour), At: now}); err != nil {
			t.Fatal(err)
		}
		if got := due(t, s, now); len(got) != 0 {
			t.Errorf("due while the first may still be sent: %v, want none", got)
		}
		if rows, err := s.Claim(t.Context(), ids, now.Add(time.Minute)); err != nil || len(rows) != 1 || rows[0].ID != "01B" {
			t.Errorf("claimed past the first one's expiry: %+v, %v; want the second", rows, err)
		}
	})
}

// Ids sort by the clock. When that is set back, an alert can get one before
// that of the card it answers; the card must not wait in line behind it.
func TestAnAnswerToALaterMessageHoldsNobodyUp(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		alert, between, card := text("01A"), text("01B"), text("01C")
		for _, row := range []*store.Outbound{&alert, &between, &card} {
			row.Address = "-100"
		}
		alert.ReplyToRow = "01C"
		ids := queued(t, s, card, alert, between)
		sent(t, s, "01B", "M1")
		if rows, err := s.Claim(t.Context(), ids, now); err != nil || len(rows) != 2 || rows[0].ID != "01C" {
			t.Errorf("claimed: %+v, %v; want the card and its answer", rows, err)
		}
	})
}
