package cases

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// machine plays the store: it keeps one case with its events and timers.
type machine struct {
	org    *Organisation
	now    time.Time
	c      Case
	timers map[TimerKind]time.Time
	events []Event
}

func (m *machine) desk(t *rapid.T) Desk {
	actors := []Actor{by("asha"), by("wade"), by("ravi"), by("carl"), by("audi"), complainant, System}
	return Desk{Org: m.org, At: m.now, By: rapid.SampledFrom(actors).Draw(t, "actor")}
}

// record checks what one action did and saves it.
func (m *machine) record(t *rapid.T, before Case, ch Change, err error) {
	if !reflect.DeepEqual(before, m.c) {
		t.Fatal("the action changed the case it was handed")
	}
	if err != nil {
		var refused *Error
		if !errors.As(err, &refused) {
			t.Fatalf("the refusal is no *Error: %v", err)
		}
		return
	}
	if ch.Case.Version != m.c.Version || ch.Case.Reference != m.c.Reference || ch.Case.Token != m.c.Token {
		t.Fatalf("version, reference or token was touched")
	}
	if !maps.Equal(facts(m.c), facts(ch.Case)) && len(ch.Events) == 0 {
		t.Fatalf("a change without an event: %v", differences(m.c, ch.Case))
	}
	replayed := facts(m.c)
	for _, e := range ch.Events {
		for key, value := range e.Data {
			if name, ok := cutSuffix(key, ".after"); ok {
				replayed[name] = value
			} else if name, ok := cutSuffix(key, ".before"); ok && e.Data[name+".after"] == "" {
				delete(replayed, name)
			}
		}
	}
	if !maps.Equal(replayed, facts(ch.Case)) {
		t.Fatalf("the events do not tell what changed: %v is not %v", replayed, facts(ch.Case))
	}
	for _, kind := range ch.Cancel {
		delete(m.timers, kind)
	}
	for _, timer := range ch.Timers {
		m.timers[timer.Kind] = timer.At
	}
	var prev []byte
	if n := len(m.events); n > 0 {
		prev = m.events[n-1].Hash
	}
	for _, e := range ch.Events {
		e.CaseID, e.Seq = 1, len(m.events)+1
		if err := Seal(prev, &e, source()); err != nil {
			t.Fatal(err)
		}
		prev = e.Hash
		m.events = append(m.events, e)
	}
	m.c = ch.Case
	m.c.Version++
}

func cutSuffix(s, suffix string) (string, bool) {
	n := len(s) - len(suffix)
	if n < 0 || s[n:] != suffix {
		return s, false
	}
	return s[:n], true
}

// check holds after every action.
func (m *machine) check(t *rapid.T) {
	c, p := m.c, Desk{Org: m.org}.policy(m.c)
	_, resumes := m.timers[TimerResume]
	_, closes := m.timers[TimerClose]
	running := false
	for kind := range m.timers {
		family, _ := kind.Split()
		running = running || family == TimerRemind || family == TimerEscalate
	}
	for name, bad := range map[string]bool{
		"an open case without due time":        c.Status.Open() && c.DueAt == nil,
		"a deferred case that knows no end":    (c.Status == Deferred) != (c.DeferredAt != nil) || (c.DeferredAt == nil) != (c.DeferredUntil == nil),
		"a deferral without its timer":         (c.Status == Deferred) != resumes,
		"a stopped clock with running timers":  (c.Status == Deferred || !c.Status.Open()) && running,
		"a resolved case that never closes":    (c.Status == Resolved) != closes,
		"finished, but not when or by whom":    !c.Status.Open() && (c.ResolvedAt == nil || c.ResolvedBy == ""),
		"open, but resolved":                   c.Status.Open() && (c.ResolvedAt != nil || c.ClosedAt != nil || c.Outcome != ""),
		"closed without a time":                (c.Status == Closed) != (c.ClosedAt != nil),
		"a level outside the hierarchy":        c.Level < 1 || c.Level > 3,
		"an open case that nobody has":         c.Status.Open() && c.Owner == "",
		"more extensions than allowed":         c.Extensions > max(p.Extension.Times, 1),
		"a rating beyond the scale":            c.Rating < 0 || c.Rating > 5,
		"escalated by the ladder at its level": m.ladderBelow(),
		"joined messages that are never told":  c.Joined > 0 && m.timers[TimerSettle].IsZero(),
	} {
		if bad {
			t.Fatalf("%s: %+v\ntimers %v", name, c, m.timers)
		}
	}
	if faults := VerifyChain(m.events); len(faults) > 0 {
		t.Fatalf("the history does not verify: %v", faults)
	}
}

// ladderBelow reports whether, on a running clock, a step above the case's
// level is missing: overdue cases would be forgotten.
func (m *machine) ladderBelow() bool {
	if !m.c.Status.Open() || m.c.Status == Deferred {
		return false
	}
	for i, step := range (Desk{Org: m.org}).policy(m.c).Ladder {
		if _, ok := m.timers[numbered(TimerEscalate, i)]; !ok && step.Level > m.c.Level {
			return true
		}
	}
	return false
}

func TestCaseThroughAnyActions(t *testing.T) {
	org := city(t)
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{org: org, now: noon, timers: map[TimerKind]time.Time{}}
		in := leak()
		in.Classification.Priority = rapid.SampledFrom([]Priority{Low, High, Urgent}).Draw(t, "priority")
		in.Classification.Area = rapid.SampledFrom([]string{"", "ward-1", "ward-4"}).Draw(t, "area")
		ch, err := Desk{Org: org, At: noon, By: complainant}.Register(in)
		if err != nil {
			t.Fatal(err)
		}
		m.c = Case{Reference: in.Reference, Token: in.Token}
		m.record(t, m.c, ch, nil)
		m.check(t)
		t.Repeat(m.actions())
	})
}

func (m *machine) actions() map[string]func(*rapid.T) {
	act := func(name string, do func(t *rapid.T, d Desk) (Change, error)) (string, func(*rapid.T)) {
		return name, func(t *rapid.T) {
			before := m.c
			before.Reasons = slices.Clone(m.c.Reasons)
			ch, err := do(t, m.desk(t))
			m.record(t, before, ch, err)
		}
	}
	until := func(t *rapid.T) time.Time {
		return m.now.Add(time.Duration(rapid.IntRange(-10, 600).Draw(t, "hours")) * time.Hour)
	}
	actions := map[string]func(*rapid.T){"": m.check, "time": m.pass}
	for name, do := range map[string]func(*rapid.T, Desk) (Change, error){
		"accept":   func(_ *rapid.T, d Desk) (Change, error) { return d.Accept(m.c) },
		"note":     func(_ *rapid.T, d Desk) (Change, error) { return d.Note(m.c, "note") },
		"ask":      func(_ *rapid.T, d Desk) (Change, error) { return d.Ask(m.c, "which?") },
		"reply":    func(_ *rapid.T, d Desk) (Change, error) { return d.Reply(m.c, "so") },
		"defer":    func(t *rapid.T, d Desk) (Change, error) { return d.Defer(m.c, until(t), "parts") },
		"resume":   func(_ *rapid.T, d Desk) (Change, error) { return d.Resume(m.c) },
		"extend":   func(t *rapid.T, d Desk) (Change, error) { return d.Extend(m.c, until(t), "parts") },
		"escalate": func(_ *rapid.T, d Desk) (Change, error) { return d.Escalate(m.c, "") },
		"resolve":  func(_ *rapid.T, d Desk) (Change, error) { return d.Resolve(m.c, Resolution{Text: "done"}) },
		"withdraw": func(_ *rapid.T, d Desk) (Change, error) { return d.Withdraw(m.c, "") },
		"close":    func(_ *rapid.T, d Desk) (Change, error) { return d.Close(m.c, "") },
		"reopen":   func(_ *rapid.T, d Desk) (Change, error) { return d.Reopen(m.c, "no") },
		"bounce":   func(_ *rapid.T, d Desk) (Change, error) { return d.Undelivered(m.c, "gone") },
		"link":     func(_ *rapid.T, d Desk) (Change, error) { return d.Link(m.c, "C-0000-0000") },
		"rate": func(t *rapid.T, d Desk) (Change, error) {
			return d.Rate(m.c, rapid.IntRange(0, 6).Draw(t, "rating"), "")
		},
		"forward": func(t *rapid.T, d Desk) (Change, error) {
			return d.Forward(m.c, rapid.SampledFrom([]string{"water", "roads", "head", "fire"}).Draw(t, "department"), "")
		},
		"assign": func(t *rapid.T, d Desk) (Change, error) {
			return d.Assign(m.c, rapid.SampledFrom([]string{"asha", "anil", "hema", "ravi", "gone"}).Draw(t, "login"), "")
		},
		"follow up": func(t *rapid.T, d Desk) (Change, error) {
			return d.FollowUp(m.c, FollowUp{Text: "more", Quiet: rapid.Bool().Draw(t, "quiet"), Held: rapid.Bool().Draw(t, "held")})
		},
		"correct": func(t *rapid.T, d Desk) (Change, error) {
			return d.Correct(m.c, Correction{
				Service:  rapid.SampledFrom([]string{"", "pothole", "water-leak"}).Draw(t, "service"),
				Priority: rapid.SampledFrom([]Priority{"", Low, Urgent}).Draw(t, "priority"),
				Area:     rapid.SampledFrom([]string{"", "ward-1", "ward-4"}).Draw(t, "area"),
			})
		},
	} {
		name, run := act(name, do)
		actions[name] = run
	}
	return actions
}

// pass lets time go by, often to just when the next timer is due, and fires
// what is due by then, each once.
func (m *machine) pass(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "hours")) * time.Hour)
	for range 50 {
		kind, at := TimerKind(""), m.now
		for _, k := range slices.Sorted(maps.Keys(m.timers)) {
			if !m.timers[k].After(at) {
				kind, at = k, m.timers[k]
			}
		}
		if kind == "" {
			return
		}
		delete(m.timers, kind)
		before := m.c
		ch, err := Desk{Org: m.org, At: m.now, By: System}.Fire(m.c, Timer{Kind: kind, At: at})
		if err != nil {
			t.Fatalf("timer %s was refused: %v", kind, err)
		}
		m.record(t, before, ch, nil)
	}
	t.Fatal(fmt.Sprintf("timers never come to rest: %v", m.timers))
}
