package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/pipeline/spool"
)

// intakeTest is an intake that runs until stop.
type intakeTest struct {
	*pipeline.Intake
	store *memoryStore
	spool *spool.Spool
	queue *recordingQueue
	log   *logbook
	stop  func()
}

func startIntake(t *testing.T, db *memoryStore, folder string, limit int64) *intakeTest {
	t.Helper()
	files, err := spool.Open(folder, limit)
	if err != nil {
		t.Fatal(err)
	}
	it := &intakeTest{store: db, spool: files, queue: &recordingQueue{}, log: &logbook{}}
	it.Intake = pipeline.NewIntake(pipeline.IntakeOptions{
		Store: db, Queue: it.queue, Spool: files, Clock: pipeline.SystemClock{}, Logger: it.log.logger(), MaxBytes: 1 << 20,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = it.Run(ctx)
	}()
	it.stop = func() { cancel(); <-ended }
	t.Cleanup(it.stop)
	return it
}

func text(id, sender string) channels.Inbound {
	return channels.Inbound{
		Key:    channels.Key{Channel: "sms", Account: "main", ExternalID: id},
		Sender: sender, ContentType: "text/plain", Raw: []byte("raw\x00of " + id),
	}
}

func TestOneMessagePostedFiftyTimesAtOnceIsKeptOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		it := startIntake(t, &memoryStore{delay: 10 * time.Millisecond}, t.TempDir(), 1<<20)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := it.Accept(t.Context(), text("SM1", "+1555")); err != nil {
					t.Errorf("accept: %v", err)
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		if got := it.store.externalIDs(); len(got) != 1 {
			t.Errorf("kept %v, want SM1 once", got)
		}
		if got := it.queue.taken("inbound"); !slices.Equal(got, []string{"1"}) {
			t.Errorf("dispatch was told %v, want row 1 once", got)
		}
		if it.store.appends > 5 {
			t.Errorf("%d transactions for 50 callers at once, want them grouped", it.store.appends)
		}
		if raw := string(it.store.inbound[0].Raw); raw != "raw\x00of SM1" {
			t.Errorf("raw is kept as %q", raw)
		}
	})
}

func TestAcceptRefusesWhatCannotBeNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		it := startIntake(t, &memoryStore{}, t.TempDir(), 1<<20)
		for name, change := range map[string]func(*channels.Inbound){
			"no channel":     func(m *channels.Inbound) { m.Channel = "" },
			"no account":     func(m *channels.Inbound) { m.Account = "" },
			"no id":          func(m *channels.Inbound) { m.ExternalID = "" },
			"long id":        func(m *channels.Inbound) { m.ExternalID = strings.Repeat("x", 201) },
			"NUL in the id":  func(m *channels.Inbound) { m.ExternalID = "a\x00b" },
			"broken UTF-8":   func(m *channels.Inbound) { m.ExternalID = "\xff" },
			"over the limit": func(m *channels.Inbound) { m.Raw = make([]byte, 1<<20+1) },
		} {
			m := text("SM1", "+1555")
			change(&m)
			if err := it.Accept(t.Context(), text("SM0", "+1555"), m); !errors.Is(err, pipeline.ErrInvalidInbound) {
				t.Errorf("%s: %v, want ErrInvalidInbound", name, err)
			}
		}
		if got := it.store.externalIDs(); len(got) != 0 {
			t.Errorf("of refused batches %v was kept", got)
		}
		odd := text("SM2", "a\x00b\xff"+strings.Repeat("é", 300))
		if err := it.Accept(t.Context(), odd); err != nil {
			t.Fatalf("an odd sender is refused: %v", err)
		}
		if sender := it.store.inbound[0].Sender; !strings.HasPrefix(sender, "ab\uFFFDé") || len(sender) > 320 {
			t.Errorf("sender is kept as %q", sender)
		}
	})
}

func TestDatabaseAwayForMinutesLosesNothingAndKeepsOrder(t *testing.T) {
	for name, away := range map[string]func(*memoryStore){
		"errors":               func(s *memoryStore) { s.away = errAway },
		"hangs":                func(s *memoryStore) { s.delay, s.away = time.Hour, errAway },
		"commits, answer lost": func(s *memoryStore) { s.lost, s.away = true, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, folder := &memoryStore{}, t.TempDir()
				it := startIntake(t, db, folder, 1<<20)
				var want []string
				accept := func(n int) {
					for range n {
						id := fmt.Sprintf("SM%03d", len(want))
						want = append(want, id)
						begun := time.Now()
						if err := it.Accept(t.Context(), text(id, "+1555")); err != nil {
							t.Fatalf("accept %s: %v", id, err)
						}
						if took := time.Since(begun); took > 8*time.Second {
							t.Errorf("%s was answered after %v", id, took)
						}
						time.Sleep(time.Second)
					}
				}
				accept(3)
				db.set(func() { away(db) })
				accept(40)
				it.stop() // and a restart while it is away
				it = startIntake(t, db, folder, 1<<20)
				accept(40)
				db.set(func() { db.away, db.delay, db.lost = nil, 0, false })
				accept(40)
				time.Sleep(time.Minute)
				if got := db.externalIDs(); !slices.Equal(got, want) {
					t.Errorf("kept in the order %v", got)
				}
				if it.spool.Len() != 0 || it.spool.Aside() != 0 {
					t.Errorf("%d messages left in the spool, %d segments set aside", it.spool.Len(), it.spool.Aside())
				}
			})
		})
	}
}

// A provider waits 10 to 15 seconds, also while a slow database takes up what
// was spooled.
func TestTakingUpTheSpoolKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{away: errAway}
		it := startIntake(t, db, t.TempDir(), 1<<20)
		var want []string
		accept := func() time.Duration {
			id, begun := fmt.Sprintf("SM%03d", len(want)), time.Now()
			want = append(want, id)
			if err := it.Accept(t.Context(), text(id, "+1555")); err != nil {
				t.Fatal(err)
			}
			return time.Since(begun)
		}
		for range 40 {
			accept()
		}
		db.set(func() { db.away, db.delay = nil, 2*time.Second })
		for range 20 {
			if took := accept(); took > 5*time.Second {
				t.Errorf("%s was answered after %v", want[len(want)-1], took)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(5 * time.Minute)
		if got := db.externalIDs(); !slices.Equal(got, want) || it.spool.Len() != 0 {
			t.Errorf("kept %v, %d wait in the spool", got, it.spool.Len())
		}
	})
}

func TestABigMessageGetsMoreTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		it := startIntake(t, &memoryStore{delay: 5100 * time.Millisecond}, t.TempDir(), 4<<20)
		big := text("big", "+1555")
		big.Raw = make([]byte, 1<<20)
		if err := it.Accept(t.Context(), big); err != nil {
			t.Fatal(err)
		}
		if it.spool.Len() != 0 || len(it.store.externalIDs()) != 1 {
			t.Error("a database that is only slow was given up on")
		}
	})
}

func TestSpoolFullRefusesAloudAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{away: errAway}
		it := startIntake(t, db, t.TempDir(), 600)
		var kept []string
		var err error
		for n := 0; err == nil; n++ {
			id := fmt.Sprint("SM", n)
			if err = it.Accept(t.Context(), text(id, "+1555")); err == nil {
				kept = append(kept, id)
			}
		}
		if !errors.Is(err, spool.ErrFull) || len(kept) == 0 {
			t.Fatalf("after %d messages: %v, want ErrFull", len(kept), err)
		}
		if !strings.Contains(it.log.String(), "ALARM") {
			t.Error("no alarm in the log")
		}
		db.set(func() { db.away = nil })
		time.Sleep(time.Minute)
		if err := it.Accept(t.Context(), text("late", "+1555")); err != nil {
			t.Fatalf("after the database is back: %v", err)
		}
		if got := db.externalIDs(); !slices.Equal(got, append(kept, "late")) {
			t.Errorf("kept %v, want %v and late", got, kept)
		}
	})
}

func TestASegmentTheDatabaseRefusesDoesNotBlockOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{away: errAway}
		it := startIntake(t, db, t.TempDir(), 1<<20)
		for _, m := range []channels.Inbound{text("poison", "+1555"), text("SM1", "+1666")} {
			if err := it.Accept(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		db.set(func() {
			db.away = nil
			db.refuse = func(row storeInbound) bool { return row.ExternalID == "poison" }
		})
		time.Sleep(5 * time.Minute)
		if got := db.externalIDs(); !slices.Equal(got, []string{"SM1"}) {
			t.Errorf("kept %v, want SM1", got)
		}
		if it.spool.Aside() != 1 || !strings.Contains(it.log.String(), "ALARM") {
			t.Error("the refused segment is not set aside with an alarm")
		}
	})
}

func TestAStopFinishesWhatIsInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		it := startIntake(t, &memoryStore{delay: time.Second}, t.TempDir(), 1<<20)
		answer := make(chan error, 1)
		go func() { answer <- it.Accept(t.Context(), text("SM1", "+1555")) }()
		synctest.Wait()
		it.stop()
		if err := <-answer; err != nil {
			t.Errorf("the message in hand: %v", err)
		}
		if err := it.Accept(t.Context(), text("SM2", "+1555")); !errors.Is(err, pipeline.ErrStopped) {
			t.Errorf("after the stop: %v, want ErrStopped", err)
		}
	})
}

func TestACallerThatGaveUpIsKeptAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		it := startIntake(t, &memoryStore{delay: time.Second}, t.TempDir(), 1<<20)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := it.Accept(ctx, text("SM1", "+1555")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("accept: %v", err)
		}
		if err := it.Accept(t.Context(), text("SM1", "+1555")); err != nil {
			t.Errorf("sent again: %v", err)
		}
		if got := it.store.externalIDs(); !slices.Equal(got, []string{"SM1"}) {
			t.Errorf("kept %v", got)
		}
	})
}

func TestIntakeGoesOnWithoutDispatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		it := startIntake(t, &memoryStore{}, t.TempDir(), 1<<20)
		it.queue.err = errors.New("redis is away")
		for n := range 2000 { // more than may wait for dispatch
			if err := it.Accept(t.Context(), text(fmt.Sprint("SM", n), "+1555")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestKeysOfDispatchHideTheSender(t *testing.T) {
	a := pipeline.InboundItem(inboundRef(7, "sms", "+15550001111"))
	b := pipeline.InboundItem(inboundRef(8, "sms", "+15550001111"))
	c := pipeline.InboundItem(inboundRef(9, "email", "+15550001111"))
	if a.Key != b.Key || a.Key == c.Key {
		t.Errorf("keys %q %q %q: want one per sender and channel", a.Key, b.Key, c.Key)
	}
	if (a != queue.Item{ID: "7", Key: a.Key}) || len(a.Key) != 16 {
		t.Errorf("item %+v", a)
	}
}
