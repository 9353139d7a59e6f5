package pipeline_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/pipeline"
)

// machine is a clock that somebody sets wrong.
type machine struct {
	pipeline.SystemClock
	off time.Duration
}

func (m *machine) Now() time.Time { return m.SystemClock.Now().Add(m.off) }

func TestASharedClockOutlivesTheMachines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong := &machine{off: 2 * time.Hour}
		clock := &pipeline.SharedClock{Machine: wrong}
		if got := clock.Now(); !got.Equal(wrong.Now()) {
			t.Errorf("before it was set: %s, want the machine's", got)
		}
		clock.Set(time.Now(), time.Second)
		wrong.off = -time.Hour
		time.Sleep(10 * time.Minute)
		if got := clock.Now(); !got.Equal(time.Now()) {
			t.Errorf("%s, want %s", got, time.Now())
		}
		clock.Set(time.Now().Add(time.Second), time.Second)
		if got := clock.Now(); !got.Equal(time.Now()) {
			t.Errorf("an answer that took long moved it by %s", time.Until(got))
		}
		clock.Set(time.Now().Add(5*time.Second), time.Second)
		if got := time.Until(clock.Now()); got != 5*time.Second {
			t.Errorf("moved by %s, want the five seconds by which the database was set", got)
		}
		begun := time.Now()
		if err := clock.Wait(t.Context(), clock.Now().Add(30*time.Second)); err != nil || time.Since(begun) != 30*time.Second {
			t.Errorf("it waited %s, %v", time.Since(begun), err)
		}
	})
}
