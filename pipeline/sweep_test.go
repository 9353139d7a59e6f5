package pipeline_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/pipeline"
)

type storeInbound = store.Inbound

func inboundRef(id int64, channel, sender string) store.InboundRef {
	return store.InboundRef{ID: id, Channel: channel, Sender: sender}
}

func newSweep(db *memoryStore, q *recordingQueue) *pipeline.Sweep {
	return &pipeline.Sweep{Store: db, Queue: q, Clock: pipeline.SystemClock{}, Logger: quiet}
}

func TestSweepFeedsWhatIsDueAndNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, q := &memoryStore{}, &recordingQueue{}
		db.inbound = []store.Inbound{{ID: 1, Channel: "sms", State: store.InboundReceived}, {ID: 2, State: store.InboundProcessed}}
		db.add(
			store.Outbound{ID: "a", Channel: "sms"},
			store.Outbound{ID: "b", Channel: "email"},
			store.Outbound{ID: "c", Channel: "sms", NextAttemptAt: time.Now().Add(time.Hour)},
			store.Outbound{ID: "d", Channel: "sms", State: store.OutSent},
			store.Outbound{ID: "e", Channel: "gone"},
		)
		sweep := newSweep(db, q)
		sweep.Serves = func(channel, _ string) bool { return channel != "gone" }
		sweep.Round(t.Context())
		for topic, want := range map[string][]string{
			"inbound": {"1"}, "outbound:sms:": {"a"}, "outbound:email:": {"b"}, "outbound": {"e"},
		} {
			if got := q.taken(topic); !slices.Equal(got, want) {
				t.Errorf("%s was fed %v, want %v", topic, got, want)
			}
		}
		pushes := 0
		for range 600 {
			time.Sleep(time.Second)
			sweep.Round(t.Context())
			pushes += len(q.taken("outbound:sms:"))
		}
		if pushes < 3 || pushes > 10 {
			t.Errorf("a row that stays due was fed %d times in ten minutes", pushes)
		}
	})
}

func TestSweepFeedsTheNextTryAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, q := &memoryStore{}, &recordingQueue{}
		db.add(store.Outbound{ID: "a", Channel: "sms"})
		sweep := newSweep(db, q)
		sweep.Round(t.Context())
		q.taken("outbound:sms:")
		if _, err := db.Claim(t.Context(), []string{"a"}, time.Now()); err != nil {
			t.Fatal(err)
		}
		retry := time.Now().Add(2 * time.Second)
		_ = db.Finish(t.Context(), "a", store.Outcome{State: store.OutRetry, NextAttemptAt: retry})
		time.Sleep(time.Second)
		sweep.Round(t.Context())
		time.Sleep(time.Second)
		sweep.Round(t.Context())
		if got := q.taken("outbound:sms:"); !slices.Equal(got, []string{"a"}) {
			t.Errorf("at the time of the next try %v was fed", got)
		}
	})
}

func TestSweepTriesAgainWhatDispatchDidNotTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, q := &memoryStore{}, &recordingQueue{err: errors.New("redis is away")}
		db.add(store.Outbound{ID: "a", Channel: "sms"})
		sweep := newSweep(db, q)
		sweep.Round(t.Context())
		q.err = nil
		sweep.Round(t.Context())
		if got := q.taken("outbound:sms:"); !slices.Equal(got, []string{"a"}) {
			t.Errorf("after dispatch is back %v was fed", got)
		}
	})
}

// Two thousand messages that a slow channel has not sent do not hide one behind them.
func TestSweepLooksBehindALongBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, q := &memoryStore{}, &recordingQueue{}
		for n := range 2000 {
			db.add(store.Outbound{ID: fmt.Sprintf("a%04d", n), Channel: "email"})
		}
		db.add(store.Outbound{ID: "z", Channel: "sms"})
		sweep := newSweep(db, q)
		for range 4 {
			sweep.Round(t.Context())
			time.Sleep(time.Second)
		}
		if got := q.taken("outbound:sms:"); !slices.Equal(got, []string{"z"}) {
			t.Errorf("behind the backlog %v was fed, want z", got)
		}
	})
}

func TestAnAttemptThatWasCutOffBecomesUncertain(t *testing.T) {
	for _, sole := range []bool{true, false} {
		t.Run(fmt.Sprint("sole ", sole), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, q := &memoryStore{}, &recordingQueue{}
				before := time.Now().Add(-time.Second)
				db.add(store.Outbound{ID: "a", Channel: "sms", State: store.OutAttempting, AttemptedAt: &before})
				sweep := newSweep(db, q)
				sweep.Sole = sole
				go func() { _ = sweep.Run(t.Context()) }()
				synctest.Wait()
				if got := db.row("a").State; (got == store.OutUncertain) != sole {
					t.Errorf("right after the start it is %s", got)
				}
				time.Sleep(4 * time.Minute)
				if got := db.row("a").State; got != store.OutUncertain {
					t.Errorf("after minutes it is %s, want uncertain", got)
				}
				if got := q.taken("outbound:sms:"); len(got) != 0 {
					t.Errorf("%v was fed to be sent again", got)
				}
			})
		})
	}
}

func TestAnAttemptThatWasCutOffIsFoundAlthoughTheClockWasSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{}
		attempted := time.Now().Add(2 * time.Hour)
		db.add(store.Outbound{ID: "a", Channel: "sms", State: store.OutAttempting, AttemptedAt: &attempted})
		sweep := newSweep(db, &recordingQueue{})
		sweep.Sole = true
		go func() { _ = sweep.Run(t.Context()) }()
		synctest.Wait()
		if got := db.row("a").State; got != store.OutUncertain {
			t.Errorf("right after the restart it is %s, want uncertain", got)
		}
	})
}
