package cases

import "slices"

// Accept takes a case on: whoever accepts is its owner.
func (d Desk) Accept(c Case) (Change, error) {
	if err := d.officer(); err != nil {
		return Change{}, err
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	if c.AcceptedAt != nil && c.Owner == d.By.Login {
		return Change{}, Refuse(Conflict, "You accepted it on %s already.", d.day(c.AcceptedAt))
	}
	if c.AcceptedAt != nil {
		return Change{}, Refuse(Conflict, "Already accepted by %s on %s.", c.Owner, d.day(c.AcceptedAt))
	}
	w := d.draft(c)
	if d.By.Login != "" {
		w.Case.Owner = d.By.Login
	}
	w.Case.AcceptedAt = ptr(d.At)
	if w.Case.Owner != c.Owner {
		w.because("owner", w.Case.Owner, "accepted it")
	}
	w.event(EventAccepted, "")
	return w.done()
}

// Assign gives the case to another officer of the department, or of one above
// or below it. Level and clock stay.
func (d Desk) Assign(c Case, login, reason string) (Change, error) {
	if err := d.officer(); err != nil {
		return Change{}, err
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	if err := limit(reason); err != nil {
		return Change{}, err
	}
	u, ok := d.Org.User(login)
	switch {
	case !ok || login == "":
		return Change{}, Refuse(NotFound, "There is no user %q.", firstRunes(login, 40))
	case u.Disabled || !u.actsOnCases():
		return Change{}, Refuse(Invalid, "%s cannot take cases.", login)
	case login == c.Owner:
		return Change{}, Refuse(Conflict, "It is already with %s.", login)
	case !d.Org.related(u.Department, c.Department):
		return Change{}, Refuse(Invalid, "%s works for %s. Forward the case there instead.",
			login, d.Org.DepartmentName(u.Department, ""))
	}
	w := d.draft(c)
	w.handTo(login, "assigned by "+d.By.String())
	w.event(EventAssigned, reason)
	w.alert(AlertAssigned, reason)
	return w.done()
}

// related reports whether one of two departments is, or is above, the other.
func (o *Organisation) related(a, b string) bool {
	return slices.Contains(o.upward(a), b) || slices.Contains(o.upward(b), a)
}

// handTo changes the owner, who has yet to accept.
func (w *draft) handTo(login, why string) {
	w.Case.Owner, w.Case.AcceptedAt = login, nil
	w.because("owner", login, why)
}

// handToOfficer finds an owner in the case's department and area, of its level
// or above, else of any. With nobody there the department keeps it.
func (w *draft) handToOfficer() {
	u, why := w.d.Org.Pick(w.Case.Department, w.Case.Area, w.Case.Level, w.d.Load)
	if why == "" {
		u, why = w.d.Org.Pick(w.Case.Department, w.Case.Area, 1, w.d.Load)
	}
	if why == "" {
		why = "nobody of the department is free to take it"
	}
	w.handTo(u.Login, why)
}

// Forward hands the case to another department. The level and the clock stay:
// the complainant does not wait longer because it came to the wrong desk. A
// deferral ends.
func (d Desk) Forward(c Case, department, reason string) (Change, error) {
	if err := d.officer(); err != nil {
		return Change{}, err
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	if err := limit(reason); err != nil {
		return Change{}, err
	}
	if _, ok := d.Org.Department(department); !ok {
		return Change{}, Refuse(NotFound, "There is no department %q.", firstRunes(department, 40))
	}
	if department == c.Department {
		return Change{}, Refuse(Conflict, "It is already with %s.", d.Org.DepartmentName(department, ""))
	}
	w := d.draft(c)
	w.unpause()
	w.Case.Department = department
	w.Case.Status = Reforwarded
	w.because("department", department, "forwarded by "+d.By.String())
	w.handToOfficer()
	w.event(EventReforwarded, reason)
	w.tell(NoticeForwarded, "")
	w.alert(AlertAssigned, reason)
	return w.done()
}

// Escalate hands the case to the next level of the hierarchy that has anybody.
func (d Desk) Escalate(c Case, reason string) (Change, error) {
	if d.By.Kind != ActorSystem {
		if err := d.officer(); err != nil {
			return Change{}, err
		}
	}
	if err := d.open(c); err != nil {
		return Change{}, err
	}
	if err := limit(reason); err != nil {
		return Change{}, err
	}
	u, why := d.Org.Pick(c.Department, c.Area, c.Level+1, d.Load)
	if why == "" {
		return Change{}, Refuse(Conflict, "It is with the highest level already.")
	}
	w := d.draft(c)
	w.unpause()
	w.escalate(u, u.level(), why, reason)
	return w.done()
}

// escalate tells the new owner and the complainant once. Without a new owner
// the old one keeps it.
func (w *draft) escalate(u User, level int, why, reason string) {
	w.Case.Status = Escalated
	w.Case.Level = level
	if u.Login != "" {
		w.handTo(u.Login, why)
	}
	w.event(EventEscalated, reason)
	w.alert(AlertEscalated, reason)
	w.tell(NoticeEscalated, "")
}

// Link notes that another case belongs to this one; the event's Data names it
// as "reference".
func (d Desk) Link(c Case, ref Reference) (Change, error) {
	if err := d.clerk(); err != nil {
		return Change{}, err
	}
	if ref == "" || ref == c.Reference {
		return Change{}, Refuse(Invalid, "A case is linked to another one. Please give its reference.")
	}
	w := d.draft(c)
	w.settleParent(ref)
	w.event(EventLinked, "").Data["reference"] = string(ref)
	return w.done()
}
