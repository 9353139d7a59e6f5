package cases

// Fire is what a timer does. A timer that no longer applies changes nothing:
// its Change has no events. The actor is always System.
func (d Desk) Fire(c Case, t Timer) (Change, error) {
	d.By = System
	kind, i := t.Kind.Split()
	running := c.Status.Open() && c.Status != Deferred
	switch {
	case kind == TimerRemind && running:
		return d.remind(c, i)
	case kind == TimerEscalate && running:
		return d.climb(c, i)
	case kind == TimerResume && c.Status == Deferred:
		return d.Resume(c)
	case kind == TimerClose && c.Status == Resolved:
		return d.Close(c, "")
	case kind == TimerSettle:
		return d.settled(c)
	}
	return Change{Case: c}, nil
}

func (d Desk) remind(c Case, i int) (Change, error) {
	p := d.policy(c)
	if i >= len(p.RemindAt) {
		return Change{Case: c}, nil
	}
	w := d.draft(c)
	w.event(EventReminded, "").Data["percent"] = number(p.RemindAt[i])
	w.alert(AlertReminder, "")
	return w.done()
}

// climb takes the case to a step of the ladder. Where nobody has that level
// the next one with anybody takes it; where nobody is above at all, the owner
// keeps it and is told.
func (d Desk) climb(c Case, i int) (Change, error) {
	p := d.policy(c)
	if i >= len(p.Ladder) || p.Ladder[i].Level <= c.Level {
		return Change{Case: c}, nil
	}
	level := p.Ladder[i].Level
	u, why := d.Org.Pick(c.Department, c.Area, level, d.Load)
	if why != "" {
		level = u.level()
	}
	w := d.draft(c)
	w.escalate(u, level, why, "")
	return w.done()
}
