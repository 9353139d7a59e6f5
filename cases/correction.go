package cases

import "cmp"

// Correction is what is to be changed of a case; what is empty stays.
type Correction struct {
	Type     Type
	Service  string
	Area     string
	Priority Priority
	Language string
	Reasons  []Reason // of a new classification; none: "corrected by" the actor
}

// Correct changes what the case is about and routes it again. When the policy
// becomes another one its clock counts from the same beginning. A new
// department gets the case as by Forward; a new owner is found only with a
// new department or when the old one does not have the new area.
// A finished case is corrected for the record only.
func (d Desk) Correct(c Case, in Correction) (Change, error) {
	if d.By.Kind != ActorSystem {
		if err := d.clerk(); err != nil {
			return Change{}, err
		}
	}
	if err := d.Org.allows(in); err != nil {
		return Change{}, err
	}
	w := d.draft(c)
	w.Case.Type = cmp.Or(in.Type, c.Type)
	w.Case.Service = cmp.Or(in.Service, c.Service)
	w.Case.Area = cmp.Or(in.Area, c.Area)
	w.Case.Language = cmp.Or(in.Language, c.Language)
	w.Case.Priority = d.correctedPriority(c, in)
	if len(differences(c, w.Case)) == 0 {
		return Change{}, Refuse(Conflict, "It says so already.")
	}
	w.explain(c, in)
	if w.Case.Service != c.Service {
		w.Lesson = d.lesson(w.Case)
	}
	if c.Status.Open() && (w.Case.Service != c.Service || w.Case.Area != c.Area || w.Case.Priority != c.Priority) {
		w.reroute(c, in)
	} else {
		w.event(EventCorrected, "")
	}
	return w.done()
}

// correctedPriority is the one given, else that of a newly given service.
func (d Desk) correctedPriority(c Case, in Correction) Priority {
	if in.Priority == "" && in.Service != "" && in.Service != c.Service {
		s, _ := d.Org.Service(in.Service)
		return cmp.Or(s.Priority, c.Priority)
	}
	return cmp.Or(in.Priority, c.Priority)
}

func (o *Organisation) allows(in Correction) *Error {
	if _, ok := o.Service(in.Service); !ok && in.Service != "" {
		return Refuse(NotFound, "There is no service %q.", firstRunes(in.Service, 40))
	}
	if _, ok := o.Area(in.Area); !ok && in.Area != "" {
		return Refuse(NotFound, "There is no area %q.", firstRunes(in.Area, 40))
	}
	if in.Priority != "" && in.Priority.rank() < 0 {
		return Refuse(Invalid, "There is no priority %q. Use low, normal, high or urgent.", firstRunes(string(in.Priority), 40))
	}
	if !in.Type.Known() && in.Type != "" {
		return Refuse(Invalid, "There is no case type %q.", firstRunes(string(in.Type), 40))
	}
	if _, ok := o.MatchLanguage(in.Language); !ok && in.Language != "" {
		return Refuse(Invalid, "Nobody here writes %q.", firstRunes(in.Language, 40))
	}
	return nil
}

// Known reports whether it is one of the case types.
func (t Type) Known() bool {
	switch t {
	case Complaint, Enquiry, Suggestion, Compliment, Appeal, Petition, InformationRequest:
		return true
	}
	return false
}

func (w *draft) explain(c Case, in Correction) {
	if len(in.Reasons) > 0 {
		w.replaceReasons(in.Reasons...)
		return
	}
	why := "corrected by " + w.d.By.String()
	if w.Case.Service != c.Service {
		w.because("service", w.Case.Service, why)
	}
	if w.Case.Area != c.Area {
		w.because("area", w.Case.Area, why)
	}
	if w.Case.Priority != c.Priority {
		w.because("priority", string(w.Case.Priority), why)
	}
}

// reroute applies the routing to the corrected case.
func (w *draft) reroute(c Case, in Correction) {
	r := w.d.Org.Route(w.Case, w.d.Load)
	if in.Priority != "" {
		r.Priority = in.Priority
	}
	w.Case.Priority = r.Priority
	if r.Policy != c.Policy {
		w.stopTimers()
		w.Case.Policy = r.Policy
		w.replaceReasons(reasonsOf(r, "policy")...)
		w.newPolicy()
	}
	// A service or area decides anew who is in charge; a priority does not.
	moves := r.Department != c.Department && (w.Case.Service != c.Service || w.Case.Area != c.Area)
	w.event(EventCorrected, "")
	switch owner, _ := w.d.Org.User(c.Owner); {
	case moves:
		w.Case.Department = r.Department
		w.replaceReasons(reasonsOf(r, "department")...)
		w.handToOfficer()
		if w.d.By.Kind == ActorStaff {
			w.Case.Status = Reforwarded
			w.tell(NoticeForwarded, "")
			w.unpause()
		}
		w.event(EventRouted, "")
		w.alert(AlertAssigned, "")
	case w.Case.Area != c.Area && owner.distance(w.Case.Area) == 2 && c.AcceptedAt == nil:
		w.handToOfficer()
		w.event(EventAssigned, "")
		w.alert(AlertAssigned, "")
	}
}

func reasonsOf(r Routing, decision string) []Reason {
	var out []Reason
	for _, reason := range r.Reasons {
		if reason.Decision == decision {
			out = append(out, reason)
		}
	}
	return out
}

// newPolicy recounts the clock from where it began. A paused one stays paused.
func (w *draft) newPolicy() {
	w.startClock(clockFrom(w.Case))
	w.because("due", instant(w.Case.DueAt), w.d.policy(w.Case).ResolveWithin.String()+" by policy "+w.Case.Policy)
	if w.Case.DeferredUntil != nil {
		w.pause(*w.Case.DeferredUntil)
	}
}
