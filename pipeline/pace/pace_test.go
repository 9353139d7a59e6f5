package pace_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/pace"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/scripts/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type pacer interface {
	Take(ctx context.Context, account channels.Name, charges []channels.Charge, now time.Time) (time.Duration, error)
	Pause(ctx context.Context, account channels.Name, scope string, now, until time.Time) error
}

var (
	start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	main  = channels.Name{Channel: "sms", Account: "main"}
	other = channels.Name{Channel: "sms", Account: "other"}
)

// conform runs a test on both engines, and on the Redis one while Redis is away.
func conform(t *testing.T, test func(t *testing.T, p pacer)) {
	redisPacer := func(t *testing.T, address string) pacer {
		client, err := queue.Dial([]string{address})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		return pace.NewRedis(client, rand.Text(), slog.New(slog.DiscardHandler))
	}
	t.Run("memory", func(t *testing.T) { test(t, pace.NewMemory()) })
	t.Run("redis", func(t *testing.T) { test(t, redisPacer(t, testenv.Need(t, testenv.Redis))) })
	t.Run("redis away", func(t *testing.T) { test(t, redisPacer(t, "127.0.0.1:1")) })
}

func take(t *testing.T, p pacer, account channels.Name, now time.Time, charges ...channels.Charge) time.Duration {
	t.Helper()
	wait, err := p.Take(t.Context(), account, charges, now)
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

func perSecond(rate, burst float64) channels.Charge {
	return channels.Charge{Scope: "account", Units: 1, PerSecond: rate, Burst: burst}
}

func TestABurstIsFreeAndTheRestLinesUp(t *testing.T) {
	conform(t, func(t *testing.T, p pacer) {
		for i, want := range []time.Duration{0, 0, 500 * time.Millisecond, time.Second, 1500 * time.Millisecond} {
			if got := take(t, p, main, start, perSecond(2, 2)); got != want {
				t.Errorf("message %d waits %v, want %v", i+1, got, want)
			}
		}
		if got := take(t, p, other, start, perSecond(2, 2)); got != 0 {
			t.Errorf("another account waits %v", got)
		}
		if got := take(t, p, main, start.Add(10*time.Second), perSecond(2, 2)); got != 0 {
			t.Errorf("after a rest a message waits %v", got)
		}
	})
}

// The line of forty thousand is as long as the limit says, and not longer.
func TestALongLineIsPacedExactly(t *testing.T) {
	p := pace.NewMemory()
	var last time.Duration
	for range 40_000 {
		last = take(t, p, main, start, perSecond(1, 1))
	}
	if want := 39_999 * time.Second; last != want {
		t.Errorf("the last of 40000 waits %v, want %v", last, want)
	}
}

func TestTheStrictestLimitDecides(t *testing.T) {
	conform(t, func(t *testing.T, p pacer) {
		chat := func(name string) channels.Charge {
			return channels.Charge{Scope: "chat:" + name, Units: 1, PerSecond: 0.5, Burst: 1}
		}
		take(t, p, main, start, perSecond(100, 100), chat("a"))
		if got := take(t, p, main, start, perSecond(100, 100), chat("a")); got != 2*time.Second {
			t.Errorf("the second message to a chat waits %v, want 2s", got)
		}
		if got := take(t, p, main, start, perSecond(100, 100), chat("b")); got != 0 {
			t.Errorf("another chat waits %v", got)
		}
	})
}

func TestAPauseHoldsItsScopeOnly(t *testing.T) {
	conform(t, func(t *testing.T, p pacer) {
		chat := func(name string) channels.Charge {
			return channels.Charge{Scope: "chat:" + name, Units: 1, PerSecond: 1, Burst: 1}
		}
		until := start.Add(30 * time.Second)
		if err := p.Pause(t.Context(), main, "chat:a", start, until); err != nil {
			t.Fatal(err)
		}
		if got := take(t, p, main, start, chat("a")); got < 30*time.Second || got > 31*time.Second {
			t.Errorf("a paused scope waits %v, want 30s and its turn", got)
		}
		asking := chat("a")
		asking.Units = 0
		if got := take(t, p, main, start, asking); got != 30*time.Second {
			t.Errorf("asking for the pause tells %v, want 30s", got)
		}
		if got := take(t, p, main, start, chat("b")); got != 0 {
			t.Errorf("another scope waits %v", got)
		}
		if got := take(t, p, main, until.Add(time.Minute), chat("a")); got != 0 {
			t.Errorf("after the pause a message waits %v", got)
		}
		if err := p.Pause(t.Context(), main, "", start, until); err != nil {
			t.Fatal(err)
		}
		if got := take(t, p, main, start, chat("b")); got != 30*time.Second {
			t.Errorf("with the account paused a message waits %v, want 30s", got)
		}
	})
}

func TestAClockSetBackDoesNotHoldMessages(t *testing.T) {
	conform(t, func(t *testing.T, p pacer) {
		take(t, p, main, start, perSecond(1, 1))
		_ = p.Pause(t.Context(), main, "account", start, start.Add(time.Minute))
		if got := take(t, p, main, start.Add(-2*time.Hour), perSecond(1, 1)); got > 2*time.Second {
			t.Errorf("after the clock went back two hours a message waits %v", got)
		}
	})
}

// The clocks of two processes never agree, and of two calls the later one may
// be made with the earlier time.
func TestACallThatIsALittleBehindKeepsThePause(t *testing.T) {
	conform(t, func(t *testing.T, p pacer) {
		until := start.Add(30 * time.Second)
		if err := p.Pause(t.Context(), main, "account", start, until); err != nil {
			t.Fatal(err)
		}
		if got := take(t, p, main, start.Add(-20*time.Millisecond), perSecond(1, 1)); got < 30*time.Second {
			t.Errorf("a caller whose clock is 20 ms behind waits %v of the 30s pause", got)
		}
		if got := take(t, p, main, start.Add(time.Second), perSecond(1, 1)); got < 29*time.Second {
			t.Errorf("after it another waits %v, want 29s and its turn", got)
		}
	})
}
