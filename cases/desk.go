package cases

import (
	"maps"
	"strconv"
	"strings"
	"time"
)

// Desk is where actions on cases are taken: by whom, when, under which
// organisation. Its methods change nothing; each returns the Change it makes
// of a case, or an *Error that says what is true now. Events come without Seq
// and seal; CaseID is 0 in those of a new case.
type Desk struct {
	Org  *Organisation
	At   time.Time
	By   Actor
	Load map[string]int // open cases by login, to share out evenly; may be nil
}

// Limits of what an action takes, in characters. Longer texts are refused from
// staff and cut from complainants, whose raw message is kept.
const (
	maxText        = 10_000
	maxSubject     = 200
	maxDescription = 20_000
)

// draft is a Change in the making.
type draft struct {
	d      Desk
	before Case // as of the last event
	first  Case // as handed in
	Change
}

func (d Desk) draft(c Case) *draft {
	return &draft{d: d, before: c, first: c, Change: Change{Case: c}}
}

// event records what happened, with everything that differs since the event before.
func (w *draft) event(kind EventKind, note string) *Event {
	w.Events = append(w.Events, Event{
		CaseID: w.Case.ID, At: w.d.At.UTC(), Actor: w.d.By, Kind: kind, Note: note,
		Data: differences(w.before, w.Case),
	})
	w.before = w.Case
	return &w.Events[len(w.Events)-1]
}

func (w *draft) tell(kind NoticeKind, text string) *Notice {
	return w.notice(Notice{Kind: kind, To: ToComplainant, Text: text})
}

// alert tells the owner, or with none the department.
func (w *draft) alert(kind NoticeKind, text string) *Notice {
	return w.notice(Notice{Kind: kind, To: ToStaff, Login: w.Case.Owner, Text: text})
}

func (w *draft) notice(n Notice) *Notice {
	w.Notices = append(w.Notices, n)
	return &w.Notices[len(w.Notices)-1]
}

// done ends the draft. Cards that staff have are brought up to date when what
// they show has changed.
func (w *draft) done() (Change, error) {
	if !w.New && cardOf(w.first) != cardOf(w.Case) {
		w.notice(Notice{Kind: AlertUpdated, To: ToStaff})
	}
	return w.Change, nil
}

// card is what a staff card shows of a case.
type card struct {
	status                           Status
	priority                         Priority
	level, rating                    int
	service, department, area, owner string
	due, deferred                    string
	accepted                         bool
	subject, description             string
	similar                          Reference
	outcome                          Outcome
}

func cardOf(c Case) card {
	return card{
		status: c.Status, priority: c.Priority, level: c.Level, rating: c.Rating,
		service: c.Service, department: c.Department, area: c.Area, owner: c.Owner,
		due: instant(c.DueAt), deferred: instant(c.DeferredUntil), accepted: c.AcceptedAt != nil,
		subject: c.Subject, description: c.Description, outcome: c.Outcome, similar: c.SuggestedParent(),
	}
}

// facts are the fields of a case that events compare, none of them personal.
func facts(c Case) map[string]string {
	m := map[string]string{
		"type": string(c.Type), "status": string(c.Status), "priority": string(c.Priority),
		"stage": number(c.Stage), "level": number(c.Level), "service": c.Service,
		"department": c.Department, "area": c.Area, "owner": c.Owner, "policy": c.Policy,
		"language": c.Language, "outcome": string(c.Outcome), "rating": number(c.Rating),
		"reopenings": number(c.Reopenings), "extensions": number(c.Extensions),
		"due": instant(c.DueAt), "respond_by": instant(c.RespondBy),
		"deferred_until": instant(c.DeferredUntil), "accepted": instant(c.AcceptedAt),
	}
	maps.DeleteFunc(m, func(_, v string) bool { return v == "" })
	return m
}

// differences are the facts that changed, as "status.before" and "status.after".
func differences(before, after Case) map[string]string {
	was, is := facts(before), facts(after)
	m := map[string]string{}
	for key, value := range was {
		if is[key] != value {
			m[key+".before"] = value
		}
	}
	for key, value := range is {
		if was[key] != value {
			m[key+".after"] = value
		}
	}
	return m
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func instant(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func ptr(t time.Time) *time.Time { u := t.UTC(); return &u }

// day is a date as people say it: 3 March, with the year when it is another one.
func (d Desk) day(t *time.Time) string {
	if t == nil {
		return "an earlier day"
	}
	local := t.In(d.Org.Location())
	if local.Year() == d.At.In(d.Org.Location()).Year() {
		return local.Format("2 January")
	}
	return local.Format("2 January 2006")
}

// staff refuses everybody but staff with one of the roles. Who runs commands
// on the server needs no login.
func (d Desk) staff(allowed ...Role) *Error {
	if d.By.Kind != ActorStaff {
		return Refuse(NotAllowed, "Only staff can do this.")
	}
	if d.By.Channel == "command" {
		return nil
	}
	u, ok := d.Org.User(d.By.Login)
	if !ok || u.Disabled {
		return Refuse(NotAllowed, "Your account is not active. Please ask an administrator.")
	}
	for _, role := range allowed {
		if u.Has(role) {
			return nil
		}
	}
	return Refuse(NotAllowed, "Your role does not allow this. Please ask a supervisor.")
}

// officer refuses everybody who cannot own cases.
func (d Desk) officer() *Error { return d.staff(RoleOfficer, RoleSupervisor) }

// clerk refuses everybody who cannot take complaints or correct them.
func (d Desk) clerk() *Error { return d.staff(RoleOfficer, RoleSupervisor, RoleAgent) }

// open refuses when there is no work left on the case, and says since when.
func (d Desk) open(c Case) *Error {
	switch {
	case c.Status == Closed && c.ResolvedBy == string(ActorComplainant):
		return Refuse(Conflict, "It was withdrawn by the complainant on %s.", d.day(c.ClosedAt))
	case c.Status == Closed:
		return Refuse(Conflict, "Already closed on %s.", d.day(c.ClosedAt))
	case c.Status == Resolved && c.ResolvedBy != "":
		return Refuse(Conflict, "Already resolved by %s on %s.", c.ResolvedBy, d.day(c.ResolvedAt))
	case c.Status == Resolved:
		return Refuse(Conflict, "Already resolved on %s.", d.day(c.ResolvedAt))
	}
	return nil
}

// staffText trims what staff wrote and refuses none or too much of it.
func staffText(s, what string) (string, *Error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", Refuse(Invalid, "Please write %s.", what)
	}
	return s, limit(s)
}

// limit refuses a text that is too long.
func limit(s string) *Error {
	if firstRunes(s, maxText) != s {
		return Refuse(Invalid, "The text is too long. At most %d characters fit.", maxText)
	}
	return nil
}
