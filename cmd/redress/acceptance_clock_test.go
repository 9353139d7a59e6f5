package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// Three workers, whose clocks are set forth and back by two hours around each
// due time and which are restarted in between, fire each timer once.
func TestClockStepsAndRestarts(t *testing.T) {
	t.Parallel()
	s := newPlayed(t, true)
	s.run("migrate")
	s.openGateway()
	workers := make([]*clockedWorker, 3)
	for i := range workers {
		workers[i] = &clockedWorker{clock: &steppedClock{moved: make(chan struct{})}}
		workers[i].start(s)
	}
	s.awaitReady()
	s.linkStaff()
	phone := s.texter()
	ref := phone.complains("at the old mill")
	want := map[string]int{}
	for round := 0; want["escalated"] < 2; round++ {
		next := nextTimer(s.show(ref))
		kind, _, _ := strings.Cut(next.Kind, ":")
		for _, w := range workers {
			w.clock.stepTo(next.At.Add(-time.Hour))
		}
		first, other := workers[round%3], workers[(round+1)%3]
		first.clock.step(2 * time.Hour)
		event := map[string]string{"remind": "reminded", "escalate": "escalated"}[kind]
		want[event]++
		s.await(ref, event, hasEvent(event, want[event]))
		first.clock.step(-2 * time.Hour)
		other.stop()
		other.start(s)
		for _, w := range workers { // now it is due for all
			w.clock.stepTo(next.At.Add(time.Hour))
		}
		s.eventually("all told", func() error { return s.unsent("", "pending", "retry", "attempting", "uncertain") })
	}
	story := s.show(ref)
	for event, n := range want {
		if got := count(kinds(story), event); got != n {
			t.Errorf("%s %d times, want %d, in %v", event, got, n, kinds(story))
		}
	}
	for chat, n := range map[int64]int{chatAsha: want["reminded"], chatRavi: 1, chatMeera: 1} {
		var told []string
		for _, m := range s.telegram.Messages(chat) {
			if m.From.IsBot && strings.Contains(m.Text, ref) && (chat != chatAsha || strings.HasPrefix(m.Text, "Reminder")) {
				told = append(told, m.Text)
			}
		}
		if len(told) != n {
			t.Errorf("chat %d was told %d times, want %d: %q", chat, len(told), n, told)
		}
	}
	told := slices.DeleteFunc(s.texts(phone.number), func(text string) bool { return strings.Contains(text, "registered") })
	if len(told) != 2 {
		t.Errorf("the citizen was told of two escalations by %q", told)
	}
	s.run("audit", "verify")
}

// clockedWorker is a worker with a clock of its own.
type clockedWorker struct {
	clock *steppedClock
	stop  func()
}

func (w *clockedWorker) start(s *played) {
	s.t.Helper()
	w.stop = s.root.startAt(w.clock, app.Role{Worker: true}, freeAddress(s.t))
}

// nextTimer is what will happen first.
func nextTimer(c app.CaseStory) app.TimerView {
	return slices.MinFunc(c.Timers, func(a, b app.TimerView) int { return a.At.Compare(b.At) })
}
