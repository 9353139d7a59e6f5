package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redress-cms/redress/cases/store"
)

func message(sender, id string) store.Inbound {
	return store.Inbound{
		Channel: "sms", Account: "main", ExternalID: id, Sender: sender, ReceivedAt: now,
		ContentType: "application/x-www-form-urlencoded", Raw: []byte("Body=" + id), NextTryAt: now,
	}
}

// received appends messages and returns their ids.
func received(t *testing.T, s engine, list ...store.Inbound) []int64 {
	t.Helper()
	appended, err := s.AppendInbound(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int64, len(appended))
	for i, a := range appended {
		ids[i] = a.ID
	}
	return ids
}

func TestTheSameMessageFiftyTimesAtOnceIsKeptOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		var wg sync.WaitGroup
		var fresh, failed atomic.Int32
		ids := make([]int64, 50)
		for i := range ids {
			wg.Go(func() {
				appended, err := s.AppendInbound(t.Context(), []store.Inbound{message("+1", "SM1"), message("+1", "SM2")})
				if err != nil {
					failed.Add(1)
					return
				}
				ids[i] = appended[0].ID
				if appended[0].New {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		if failed.Load() != 0 || fresh.Load() != 1 {
			t.Errorf("%d calls failed, %d found the message new; want 0 and 1", failed.Load(), fresh.Load())
		}
		for _, id := range ids {
			if id != ids[0] || id == 0 {
				t.Fatalf("ids differ: %v", ids)
			}
		}
		if n := s.count(t, `SELECT count(*) FROM inbound`); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	})
}

func TestAppendInboundTellsNewFromKnown(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		first := received(t, s, message("+1", "SM1"))
		got, err := s.AppendInbound(t.Context(), []store.Inbound{
			message("+1", "SM2"), message("+1", "SM1"), message("+1", "SM2"), message("+1", "SM3"),
		})
		if err != nil {
			t.Fatal(err)
		}
		if got[1] != (store.Appended{ID: first[0]}) {
			t.Errorf("known message: %+v, want id %d, not new", got[1], first[0])
		}
		if !got[0].New || got[2].New || got[2].ID != got[0].ID || !got[3].New {
			t.Errorf("repeated in one batch: %+v", got)
		}
		if got[3].ID <= got[0].ID || got[0].ID <= first[0] {
			t.Errorf("ids do not rise in order of receipt: %v", got)
		}
	})
}

func TestManyMessagesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		batch := make([]store.Inbound, 1201)
		for i := range batch {
			batch[i] = message("+1", fmt.Sprint("SM", i))
		}
		ids := received(t, s, batch...)
		for i := 1; i < len(ids); i++ {
			if ids[i] <= ids[i-1] {
				t.Fatalf("id %d follows %d", ids[i], ids[i-1])
			}
		}
		if n := s.count(t, `SELECT count(*) FROM inbound`); n != len(batch) {
			t.Errorf("%d rows, want %d", n, len(batch))
		}
	})
}

func TestInboundComesBackAsItWas(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		in := message("+1", "SM1")
		in.ReceivedAt = time.Date(2027, 7, 1, 12, 0, 0, 123456000, time.FixedZone("IST", 19800))
		in.Raw = []byte{0, 1, 0xff, '\n'}
		in.Sender = strings.Repeat("long", 1000)
		in.Reason = "a\x00b\xff"
		id := received(t, s, in)[0]
		got, err := s.Inbound(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		queue, err := s.SenderQueue(t.Context(), "sms", in.Sender, 10)
		if err != nil || len(queue) != 1 {
			t.Fatalf("queue of the sender: %v, %v; want the message", queue, err)
		}
		if len(got.Sender) > 500 {
			t.Errorf("a sender of %d bytes is indexed", len(got.Sender))
		}
		in.ID, in.State, in.Sender, in.Reason = id, store.InboundReceived, got.Sender, "a\uFFFDb\uFFFD"
		in.ReceivedAt = in.ReceivedAt.UTC()
		if diff := cmp.Diff(in, got); diff != "" {
			t.Error(diff)
		}
		if _, err := s.Inbound(t.Context(), id+1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unknown id: %v, want ErrNotFound", err)
		}
	})
}

func TestALongMessageIsNamedByItsRow(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		in := message("+1", "SM1")
		in.Raw, in.File = nil, store.Stored{SHA256: strings.Repeat("5f", 32), Size: 5 << 30}
		id := received(t, s, in, message("+1", "SM2"))[0]
		in.ID, in.State = id, store.InboundReceived
		got, err := s.Inbound(t.Context(), id)
		if diff := cmp.Diff(in, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Error(err, diff)
		}
		queue, err := s.SenderQueue(t.Context(), "sms", "+1", 10)
		if err != nil || len(queue) != 2 || queue[0].File != in.File || queue[1].File != (store.Stored{}) {
			t.Errorf("queue of the sender: %+v, %v", queue, err)
		}
	})
}

func TestWaysOfAMessageThroughItsStates(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		id := received(t, s, message("+1", "SM1"))[0]
		due := func(at time.Time) int {
			refs, err := s.DueInbound(ctx, at, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(refs)
		}
		if due(now) != 1 || due(now.Add(-2*time.Hour)) != 1 {
			t.Error("a new message is due at once, also by a clock that is behind that of its gateway")
		}
		if err := s.FailInbound(ctx, id, "database of the provider away", now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if due(now) != 0 || due(now.Add(time.Minute)) != 1 {
			t.Error("a message put off is due when its time has come, not before")
		}
		if err := s.PutOffInbound(ctx, id, "the disk is full", now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if in, err := s.Inbound(ctx, id); err != nil || in.Tries != 1 || in.Reason != "the disk is full" {
			t.Errorf("put off for an outage: %+v, %v; want it not counted", in, err)
		}
		if err := s.QuarantineInbound(ctx, id, "cannot be read"); err != nil {
			t.Fatal(err)
		}
		if due(now.Add(time.Hour)) != 0 {
			t.Error("a quarantined message is still due")
		}
		if err := s.QuarantineInbound(ctx, id, "again"); !errors.Is(err, store.ErrDone) {
			t.Errorf("quarantined twice: %v, want ErrDone", err)
		}
		list, err := s.ListInbound(ctx, store.InboundFilter{States: []store.InboundState{store.InboundQuarantined}})
		if err != nil || len(list) != 1 || list[0].Reason != "cannot be read" || list[0].Tries != 2 || list[0].Raw != nil {
			t.Errorf("quarantine list: %+v, %v", list, err)
		}
		stats, err := s.InboundStats(ctx)
		if diff := cmp.Diff(store.InboundStats{Quarantined: 1}, stats); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if err := s.RetryInbound(ctx, id); err != nil {
			t.Fatal(err)
		}
		if due(now) != 1 {
			t.Error("a message to be retried is not due")
		}
		stats, err = s.InboundStats(ctx)
		if diff := cmp.Diff(store.InboundStats{Received: 1, Oldest: &now}, stats); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if err := s.RetryInbound(ctx, 4711); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("retry of an unknown message: %v, want ErrNotFound", err)
		}
	})
}

func TestTheSameMailInTwoMailboxes(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		other := message("a@b.example", "<1@b.example>")
		other.Account = "other"
		ids := received(t, s, message("a@b.example", "<1@b.example>"), other)
		first, err := s.FirstSeen(t.Context(), "sms", "<1@b.example>")
		if err != nil || first != ids[0] {
			t.Errorf("first seen under %d, %v; want %d", first, err, ids[0])
		}
		for _, test := range []struct {
			since       time.Time
			upTo        int64
			limit, want int
		}{
			{now, ids[1], 10, 2}, {now, ids[0], 10, 1}, {now, ids[1], 1, 1}, {now.Add(time.Second), ids[1], 10, 0},
		} {
			n, err := s.CountSender(t.Context(), "sms", "a@b.example", test.since, test.upTo, test.limit)
			if err != nil || n != test.want {
				t.Errorf("%d messages of the sender, %v; want %+v", n, err, test)
			}
		}
	})
}

func TestBigMessagesOfASenderAreReadAFewAtATime(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		var list []store.Inbound
		for i, size := range []int{20 << 20, 10 << 20, 10 << 20, 1, 1} {
			m := message("a@x", fmt.Sprint("M", i))
			m.Raw = make([]byte, size)
			list = append(list, m)
		}
		ids := received(t, s, list...)
		for _, want := range []int{1, 2, 2} {
			queue, err := s.SenderQueue(t.Context(), "sms", "a@x", 16)
			if err != nil || len(queue) != want || queue[0].ID != ids[0] {
				t.Fatalf("read %d messages, %v; want %d from %d on", len(queue), err, want, ids[0])
			}
			for _, m := range queue {
				if err := s.QuarantineInbound(t.Context(), m.ID, "done"); err != nil {
					t.Fatal(err)
				}
			}
			ids = ids[want:]
		}
	})
}
