package cases

import (
	"cmp"
	"time"
)

// maxDeferral is how far ahead a case can be deferred, in days.
const maxDeferral = 366

// Defer pauses the clock until an instant, at most 366 days ahead. Deferring a
// deferred case moves that instant.
func (d Desk) Defer(c Case, until time.Time, reason string) (Change, error) {
	if err := d.officer(); err != nil {
		return Change{}, err
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	reason, err := staffText(reason, "why it is deferred; the complainant is told")
	if err != nil {
		return Change{}, err
	}
	if !until.After(d.At) {
		return Change{}, Refuse(Invalid, "A case is deferred to a time to come.")
	}
	if until.After(d.At.AddDate(0, 0, maxDeferral)) {
		return Change{}, Refuse(Invalid, "A case can be deferred for at most %d days.", maxDeferral)
	}
	w := d.draft(c)
	w.Case.Status = Deferred
	w.pause(until)
	w.event(EventDeferred, reason)
	w.tell(NoticeDeferred, reason)
	return w.done()
}

// Resume ends a deferral early, or on its day. The due time moves on by what
// was paused: working time where the policy counts working time.
func (d Desk) Resume(c Case) (Change, error) {
	if d.By.Kind != ActorSystem {
		if err := d.officer(); err != nil {
			return Change{}, err
		}
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	if c.Status != Deferred {
		return Change{}, Refuse(Conflict, "It is not deferred.")
	}
	w := d.draft(c)
	w.resumeStatus()
	w.unpause()
	w.event(EventResumed, "")
	if d.By.Kind == ActorSystem {
		w.alert(AlertReminder, "")
	}
	return w.done()
}

// resumeStatus is what the case was before it was deferred, as far as its
// record tells.
func (w *draft) resumeStatus() {
	switch {
	case w.Case.Reopenings > 0:
		w.Case.Status = Reopened
	case w.Case.Level > 1:
		w.Case.Status = Escalated
	default:
		w.Case.Status = Pending
	}
}

// Extend moves the due time, within what the policy allows: so many times, and
// each time at most so far.
func (d Desk) Extend(c Case, until time.Time, reason string) (Change, error) {
	if err := d.officer(); err != nil {
		return Change{}, err
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	if c.Status == Deferred || c.DueAt == nil {
		return Change{}, Refuse(Conflict, "Its clock is paused until %s. Resume it first.", d.day(cmp.Or(c.DeferredUntil, c.DeferredAt)))
	}
	reason, err := staffText(reason, "why it takes longer; the complainant is told")
	if err != nil {
		return Change{}, err
	}
	allowed := d.policy(c).Extension
	latest := d.After(c, *c.DueAt, allowed.Max)
	switch {
	case allowed.Times == 0:
		return Change{}, Refuse(Conflict, "Its time cannot be extended. Defer it, or escalate it.")
	case c.Extensions >= allowed.Times:
		return Change{}, Refuse(Conflict, "It was extended already and is due on %s.", d.day(c.DueAt))
	case !until.After(*c.DueAt):
		return Change{}, Refuse(Invalid, "It is due on %s; an extension ends later.", d.day(c.DueAt))
	case !until.After(d.At):
		return Change{}, Refuse(Invalid, "An extension ends at a time to come.")
	case until.After(latest):
		return Change{}, Refuse(Invalid, "It can be extended to %s at most.", d.day(&latest))
	}
	w := d.draft(c)
	w.Case.Extensions++
	w.Case.DueAt = ptr(until)
	w.because("due", instant(w.Case.DueAt), "extended by "+d.By.String())
	w.setTimers()
	w.event(EventExtended, reason)
	w.tell(NoticeExtended, reason)
	return w.done()
}
