package cases

import (
	"cmp"
	"strings"
	"time"
)

// Draft is a case to be registered.
type Draft struct {
	Reference Reference
	Token     string
	Type      Type // empty: Complaint
	ContactID int64
	Intake    string // channel it came in on; empty: Channel
	// Where the complainant is answered; empty for a letter or a caller
	// without a number.
	Channel, Account, Address string
	Subject, Description      string // beyond 200 and 20,000 characters they are cut
	Place                     string
	OnBehalf                  string    // for whom, in the complainant's words
	ReceivedAt                time.Time // zero: now
	Confidential              bool
	Classification            Classification
	Similar                   *Similar // what is open about the same matter; nil: nothing
	// Quiet registers without a notice to the complainant: what came in must
	// not be answered. The case counts as acknowledged by whoever answers.
	Quiet bool
}

// Register opens a case: it is routed, its clock starts at receipt, and the
// complainant and the owner are told.
func (d Desk) Register(in Draft) (Change, error) {
	if d.By.Kind == ActorStaff {
		if err := d.clerk(); err != nil {
			return Change{}, err
		}
	}
	if in.Reference == "" || in.Token == "" {
		return Change{}, Refuse(Invalid, "A case needs a reference and a tracking token.")
	}
	w := d.draft(Case{})
	w.New = true
	w.Case = in.newCase(d)
	registered := w.event(EventRegistered, "")
	registered.Data["channel"] = w.Case.Intake
	if d.By.Kind == ActorComplainant {
		w.d.By = System // what follows is our doing
	}

	r := d.Org.Route(w.Case, d.Load)
	w.Case.Department, w.Case.Policy, w.Case.Priority = r.Department, r.Policy, r.Priority
	if in.Classification.Alarm != nil {
		w.Case.Priority = Urgent // no route makes a danger less
	}
	w.Case.Reasons = append(w.Case.Reasons, r.Reasons...)
	w.startClock(w.Case.ReceivedAt)
	w.because("due", instant(w.Case.DueAt), d.policy(w.Case).ResolveWithin.String()+" by policy "+w.Case.Policy)
	w.event(EventRouted, "")

	w.Case.Level = r.Level
	w.setTimers()
	if w.Case.Owner = r.Owner; r.Owner != "" {
		w.event(EventAssigned, "")
	}
	if !in.Quiet {
		w.Case.AcknowledgedAt = ptr(d.At)
		w.event(EventAcknowledged, "")
		w.tell(NoticeAcknowledged, "")
	}
	w.alert(AlertAssigned, "")
	if alarm := in.Classification.Alarm; alarm != nil {
		w.alarmed(*alarm)
	}
	w.likeOthers(in.Similar)
	return w.done()
}

func (in Draft) newCase(d Desk) Case {
	received := in.ReceivedAt
	if received.IsZero() {
		received = d.At
	}
	class := in.Classification
	c := Case{
		Reference: in.Reference, Token: in.Token,
		Type: cmp.Or(in.Type, Complaint), Status: Pending, Stage: 1, Level: 1,
		Priority: cmp.Or(class.Priority, Normal), Service: class.Service, Area: class.Area,
		ContactID: in.ContactID, Intake: cmp.Or(in.Intake, in.Channel), Channel: in.Channel, Account: in.Account, Address: in.Address,
		Language:    cmp.Or(class.Language, d.Org.DefaultLanguage()),
		Subject:     firstRunes(strings.TrimSpace(in.Subject), maxSubject),
		Description: firstRunes(strings.TrimSpace(in.Description), maxDescription),
		Place:       firstRunes(strings.TrimSpace(in.Place), maxSubject),
		OnBehalf:    firstRunes(strings.TrimSpace(in.OnBehalf), maxSubject),
		ReceivedAt:  received.UTC(), LastInboundAt: ptr(received),
		Confidential: in.Confidential,
		Facts:        class.Facts,
		Reasons:      append([]Reason(nil), class.Reasons...),
	}
	if class.Point != nil {
		c.setPoint(*class.Point)
	}
	return c
}

func (c *Case) setPoint(p Located) {
	c.Latitude, c.Longitude, c.PointSource = &p.Latitude, &p.Longitude, p.From
}

// because replaces the reason of a decision.
func (w *draft) because(decision, value, why string) {
	w.replaceReasons(Reason{Decision: decision, Value: value, Why: why})
}

// replaceReasons puts new reasons in the place of those of the same decision.
// The list is copied, since the case handed in shares it.
func (w *draft) replaceReasons(reasons ...Reason) {
	fresh := map[string]bool{}
	for _, r := range reasons {
		fresh[r.Decision] = true
	}
	kept := make([]Reason, 0, len(w.Case.Reasons)+len(reasons))
	for _, r := range w.Case.Reasons {
		if !fresh[r.Decision] {
			kept = append(kept, r)
		}
	}
	w.Case.Reasons = append(kept, reasons...)
}
