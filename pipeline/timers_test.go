package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/pipeline"
)

// Three workers, a clock set two hours forward and back, and a restart: each
// timer takes effect once, and none before its time by the clock.
func TestEachTimerFiresOnce(t *testing.T) {
	for name, steps := range map[string][]time.Duration{
		"steady":              {0},
		"forward":             {2 * time.Hour},
		"back":                {-2 * time.Hour},
		"forward, then back":  {2 * time.Hour, -2 * time.Hour},
		"back, then restored": {-2 * time.Hour, 2 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, clock := &memoryStore{}, &steppedClock{}
				for n := range int64(300) {
					db.timers = append(db.timers, cases.Timer{ID: n, At: clock.Now().Add(time.Duration(n) * 30 * time.Second)})
				}
				due := map[int64]time.Time{}
				for _, timer := range db.timers {
					due[timer.ID] = timer.At
				}
				var mu sync.Mutex
				effects := map[int64]int{}
				start := func() (stop func()) {
					ctx, cancel := context.WithCancel(t.Context())
					var wg sync.WaitGroup
					for range 3 {
						timers := &pipeline.Timers{
							Store: db, Clock: clock, Logger: quiet,
							Fire: func(_ context.Context, timer cases.Timer) error {
								if err := db.spend(timer.ID); err != nil {
									return err
								}
								mu.Lock()
								defer mu.Unlock()
								effects[timer.ID]++
								if clock.Now().Before(due[timer.ID]) {
									t.Errorf("timer %d fired before its time", timer.ID)
								}
								return nil
							},
						}
						wg.Go(func() { _ = timers.Run(ctx) })
					}
					return func() { cancel(); wg.Wait() }
				}
				stop := start()
				for _, step := range steps {
					time.Sleep(20*time.Minute + 500*time.Millisecond) // between two rounds
					clock.step(step)
				}
				time.Sleep(20 * time.Minute)
				stop()
				stop = start()
				time.Sleep(6 * time.Hour)
				stop()
				for id := range due {
					if effects[id] != 1 {
						t.Errorf("timer %d fired %d times", id, effects[id])
					}
				}
			})
		})
	}
}

func TestFailingTimersBlockNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{}
		for n := range int64(250) { // more than a batch
			db.timers = append(db.timers, cases.Timer{ID: n, At: time.Now()})
		}
		db.timers = append(db.timers, cases.Timer{ID: 999, At: time.Now().Add(time.Minute)})
		tries, fired := 0, time.Time{}
		timers := &pipeline.Timers{
			Store: db, Clock: pipeline.SystemClock{}, Logger: quiet,
			Fire: func(_ context.Context, timer cases.Timer) error {
				switch timer.ID {
				case 999:
					fired = time.Now()
					return db.spend(timer.ID)
				case 0:
					tries++
					panic("no such template")
				}
				return errors.New("no such policy")
			},
		}
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_ = timers.Run(ctx)
		if late := fired.Sub(begun.Add(time.Minute)); fired.IsZero() || late > 2*time.Second {
			t.Errorf("a good timer fired %v late", late)
		}
		if tries < 8 || tries > 20 {
			t.Errorf("a failing timer was tried %d times in an hour, want growing pauses", tries)
		}
	})
}

func TestATimerInHandIsFinishedAtAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &memoryStore{timers: []cases.Timer{{ID: 1, At: time.Now()}, {ID: 2, At: time.Now()}}}
		ctx, cancel := context.WithCancel(t.Context())
		timers := &pipeline.Timers{
			Store: db, Clock: pipeline.SystemClock{}, Logger: quiet,
			Fire: func(work context.Context, timer cases.Timer) error {
				cancel()
				time.Sleep(time.Second)
				if work.Err() != nil {
					return work.Err()
				}
				return db.spend(timer.ID)
			},
		}
		_ = timers.Run(ctx)
		if len(db.timers) != 1 || db.timers[0].ID != 2 {
			t.Errorf("left %v, want the timer in hand finished and no further one begun", db.timers)
		}
	})
}
