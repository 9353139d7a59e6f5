package cases

import (
	"cmp"
	"strings"
)

// Resolution is how a case ends.
type Resolution struct {
	Text      string // told to the complainant
	Outcome   Outcome
	Remedy    string
	RootCause string
}

// Resolve ends the work on a case and tells the complainant how. It closes by
// itself when the policy's time has passed.
func (d Desk) Resolve(c Case, in Resolution) (Change, error) {
	if err := d.officer(); err != nil {
		return Change{}, err
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	text, err := staffText(in.Text, "what was done; the complainant is told")
	if err != nil {
		return Change{}, err
	}
	if err := cmp.Or(limit(in.Remedy), limit(in.RootCause)); err != nil {
		return Change{}, err
	}
	if in.Outcome != "" && !in.Outcome.known() {
		return Change{}, Refuse(Invalid, "There is no outcome %q.", firstRunes(string(in.Outcome), 40))
	}
	w := d.draft(c)
	w.responded()
	w.Case.Outcome = cmp.Or(in.Outcome, Upheld)
	w.Case.Remedy, w.Case.RootCause = strings.TrimSpace(in.Remedy), strings.TrimSpace(in.RootCause)
	w.finish(Resolved)
	w.set(TimerClose, d.After(w.Case, d.At, d.policy(c).CloseAfterResolution))
	w.event(EventResolved, text)
	if w.Case.Outcome != Duplicate && w.Case.Outcome != OutOfJurisdiction {
		w.Lesson = d.lesson(w.Case)
	}
	w.tell(NoticeResolved, text)
	return w.done()
}

func (o Outcome) known() bool {
	switch o {
	case Upheld, PartlyUpheld, NotUpheld, Withdrawn, OutOfJurisdiction, Duplicate:
		return true
	}
	return false
}

// finish stops the clock for good.
func (w *draft) finish(status Status) {
	w.Case.Status = status
	w.Case.ResolvedAt, w.Case.ResolvedBy = ptr(w.d.At), w.d.By.String()
	w.Case.DeferredAt, w.Case.DeferredUntil = nil, nil
	w.stopTimers()
	w.cancel(TimerResume)
}

// Withdraw ends a case at the complainant's wish.
func (d Desk) Withdraw(c Case, reason string) (Change, error) {
	if d.By.Kind == ActorStaff {
		if err := d.clerk(); err != nil {
			return Change{}, err
		}
	}
	if err := d.open(c); err != nil {
		err.Notice = NoticeStatus
		return Change{}, err
	}
	w := d.draft(c)
	reason = firstRunes(strings.TrimSpace(reason), maxText)
	w.Case.Outcome = Withdrawn
	w.finish(Closed)
	w.Case.ResolvedBy = string(ActorComplainant)
	w.Case.ClosedAt = ptr(d.At)
	w.event(EventClosed, reason)
	w.tell(NoticeClosed, "")
	w.alert(AlertFollowUp, reason)
	return w.done()
}

// Close ends a resolved case for good, by itself after the policy's time or by staff.
func (d Desk) Close(c Case, note string) (Change, error) {
	if d.By.Kind != ActorSystem {
		if err := d.officer(); err != nil {
			return Change{}, err
		}
	}
	if err := limit(note); err != nil {
		return Change{}, err
	}
	if c.Status == Closed {
		return Change{}, Refuse(Conflict, "Already closed on %s.", d.day(c.ClosedAt))
	}
	if c.Status != Resolved {
		return Change{}, Refuse(Conflict, "It is still open. Resolve it first.")
	}
	w := d.draft(c)
	w.Case.Status = Closed
	w.Case.ClosedAt = ptr(d.At)
	w.cancel(TimerClose)
	w.event(EventClosed, strings.TrimSpace(note))
	w.tell(NoticeClosed, "")
	return w.done()
}

// Reopen takes a resolved or closed case up again, one level higher and with
// a new clock. The complainant can do so within the policy's time; staff at
// any time.
func (d Desk) Reopen(c Case, reason string) (Change, error) {
	if d.By.Kind == ActorStaff {
		if err := d.officer(); err != nil {
			return Change{}, err
		}
	}
	if err := d.reopenable(c); err != nil {
		err.Notice = NoticeNotReopened
		return Change{}, err
	}
	w := d.draft(c)
	w.Case.Status = Reopened
	w.Case.Reopenings++
	w.Case.Extensions = 0
	w.Case.ResolvedAt, w.Case.ResolvedBy, w.Case.ClosedAt = nil, "", nil
	w.Case.Outcome, w.Case.Remedy, w.Case.RootCause, w.Case.Rating = "", "", "", 0
	if d.By.Kind == ActorComplainant {
		w.Case.LastInboundAt = ptr(d.At)
	}
	w.raise(c)
	w.cancel(TimerClose)
	w.startClock(d.At)
	w.because("due", instant(w.Case.DueAt), d.policy(c).ResolveWithin.String()+" from reopening")
	reason = firstRunes(strings.TrimSpace(reason), maxText)
	w.event(EventReopened, reason)
	w.alert(AlertReopened, reason)
	w.tell(NoticeReopened, "")
	return w.done()
}

func (d Desk) reopenable(c Case) *Error {
	if c.Status.Open() {
		return Refuse(Conflict, "It is still open, there is no need to reopen it.")
	}
	if until, _ := d.ReopenUntil(c); d.By.Kind == ActorComplainant && d.At.After(until) {
		return Refuse(Conflict, "It could be reopened until %s.", d.day(&until))
	}
	return nil
}

// raise hands the case to the next level; at the top it stays with its level.
func (w *draft) raise(c Case) {
	u, why := w.d.Org.Pick(c.Department, c.Area, c.Level+1, w.d.Load)
	if why == "" {
		u, why = w.d.Org.Pick(c.Department, c.Area, c.Level, w.d.Load)
	}
	if why == "" {
		w.handTo("", "nobody of the department is free to take it")
		return
	}
	w.Case.Level = u.level()
	w.handTo(u.Login, why)
}
