package cases

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fallbacks of a policy that leaves them out.
const (
	defaultResolveDays = 10
	defaultCloseDays   = 7
	defaultReopenDays  = 30
)

// policy of a case; a case whose policy is gone keeps a plain one.
func (d Desk) policy(c Case) Policy {
	p, _ := d.Org.PolicyNamed(c.Policy)
	if p.ResolveWithin.N == 0 {
		p.ResolveWithin = Duration{defaultResolveDays, Days}
	}
	if p.CloseAfterResolution.N == 0 {
		p.CloseAfterResolution = Duration{defaultCloseDays, Days}
	}
	if p.ReopenWithin.N == 0 {
		p.ReopenWithin = Duration{defaultReopenDays, Days}
	}
	return p
}

// After is the instant a span after from, by the calendar of the case's policy.
func (d Desk) After(c Case, from time.Time, by Duration) time.Time {
	return d.Org.CalendarNamed(d.policy(c).Calendar).Add(from, by, d.Org.Location())
}

// ReopenUntil is the last instant at which the complainant can reopen; false
// when the case is neither resolved nor closed.
func (d Desk) ReopenUntil(c Case) (time.Time, bool) {
	if c.Status.Open() || c.ResolvedAt == nil {
		return time.Time{}, false
	}
	return d.After(c, *c.ResolvedAt, d.policy(c).ReopenWithin), true
}

// startClock gives the case a new clock from an instant on.
func (w *draft) startClock(from time.Time) {
	p := w.d.policy(w.Case)
	w.Case.ClockAt = ptr(from)
	w.Case.DueAt = ptr(w.d.After(w.Case, from, p.ResolveWithin))
	w.Case.RespondBy = nil
	if p.RespondWithin.N > 0 && w.Case.RespondedAt == nil {
		w.Case.RespondBy = ptr(w.d.After(w.Case, from, p.RespondWithin))
	}
	w.setTimers()
}

// clockFrom is where the shares for reminders are counted from.
func clockFrom(c Case) time.Time {
	if c.ClockAt != nil {
		return *c.ClockAt
	}
	return c.ReceivedAt
}

// setTimers plans what follows from DueAt: the reminders that are still to
// come, and the steps of the ladder above the case's level. Pending ones that
// no longer apply are dropped.
func (w *draft) setTimers() {
	p := w.d.policy(w.Case)
	calendar := w.d.Org.CalendarNamed(p.Calendar)
	for i, percent := range p.RemindAt {
		kind := numbered(TimerRemind, i)
		at := calendar.Share(clockFrom(w.Case), *w.Case.DueAt, percent, w.d.Org.Location())
		if at.After(w.d.At) {
			w.set(kind, at)
		} else {
			w.cancel(kind)
		}
	}
	for i, step := range p.Ladder {
		kind := numbered(TimerEscalate, i)
		if step.Level > w.Case.Level {
			w.set(kind, w.d.After(w.Case, *w.Case.DueAt, step.After))
		} else {
			w.cancel(kind)
		}
	}
}

// stopTimers drops reminders and escalations.
func (w *draft) stopTimers() {
	p := w.d.policy(w.Case)
	for i := range p.RemindAt {
		w.cancel(numbered(TimerRemind, i))
	}
	for i := range p.Ladder {
		w.cancel(numbered(TimerEscalate, i))
	}
}

func (w *draft) set(kind TimerKind, at time.Time) {
	w.dropTimer(kind)
	w.Timers = append(w.Timers, Timer{CaseID: w.Case.ID, Kind: kind, At: at.UTC()})
}

func (w *draft) cancel(kind TimerKind) {
	w.dropTimer(kind)
	if !w.New {
		w.Cancel = append(w.Cancel, kind)
	}
}

// dropTimer takes back what this draft said of a timer before.
func (w *draft) dropTimer(kind TimerKind) {
	timers := w.Timers[:0]
	for _, t := range w.Timers {
		if t.Kind != kind {
			timers = append(timers, t)
		}
	}
	w.Timers = timers
	cancel := w.Cancel[:0]
	for _, k := range w.Cancel {
		if k != kind {
			cancel = append(cancel, k)
		}
	}
	w.Cancel = cancel
}

// pause stops the clock.
func (w *draft) pause(until time.Time) {
	if w.Case.DeferredAt == nil {
		w.Case.DeferredAt = ptr(w.d.At)
	}
	w.Case.DeferredUntil = ptr(until)
	w.stopTimers()
	w.set(TimerResume, until)
}

// unpause runs the clock again: start, due time and time to respond move on by
// the working time that was paused (by all the time where the policy does not
// count working time).
func (w *draft) unpause() {
	if w.Case.DeferredAt == nil {
		return
	}
	since := *w.Case.DeferredAt
	w.Case.ClockAt = ptr(w.moved(clockFrom(w.Case), since))
	if w.Case.DueAt != nil {
		w.Case.DueAt = ptr(w.moved(*w.Case.DueAt, since))
	}
	if w.Case.RespondBy != nil && w.Case.RespondedAt == nil {
		w.Case.RespondBy = ptr(w.moved(*w.Case.RespondBy, since))
	}
	w.Case.DeferredAt, w.Case.DeferredUntil = nil, nil
	w.cancel(TimerResume)
	if w.Case.DueAt != nil {
		w.setTimers()
	}
}

func (w *draft) moved(t, since time.Time) time.Time {
	p := w.d.policy(w.Case)
	if !p.ResolveWithin.Working() {
		return t.Add(max(w.d.At.Sub(since), 0))
	}
	calendar, loc := w.d.Org.CalendarNamed(p.Calendar), w.d.Org.Location()
	return calendar.addWorking(t, calendar.Between(since, w.d.At, loc), loc)
}

func numbered(kind TimerKind, i int) TimerKind {
	return TimerKind(fmt.Sprintf("%s:%d", kind, i))
}

// Split takes a kind apart: "remind:1" is TimerRemind and 1.
func (k TimerKind) Split() (TimerKind, int) {
	kind, index, _ := strings.Cut(string(k), ":")
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 {
		i = 0
	}
	return TimerKind(kind), i
}
