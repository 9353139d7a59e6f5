package cases

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func by(login string) Actor { return Actor{Kind: ActorStaff, Login: login, Channel: "telegram"} }

var complainant = Actor{Kind: ActorComplainant, Channel: "sms"}

func desk(t testing.TB, who Actor, at time.Time) Desk {
	t.Helper()
	return Desk{Org: city(t), At: at, By: who}
}

func leak() Draft {
	return Draft{
		Reference: "C-7K2M-9QXT", Token: "token", Channel: "sms", Account: "main", Address: "+15550001",
		Description: "Water is leaking", ReceivedAt: noon,
		Classification: Classification{Service: "water-leak", Area: "ward-4", Priority: High, Language: "en"},
	}
}

// must returns the change of an action that is allowed.
func must(t testing.TB) func(Change, error) Change {
	return func(ch Change, err error) Change {
		t.Helper()
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		return ch
	}
}

// registered is a case of asha's, received at noon and due on Monday
// 2027-01-18 17:00 in Kolkata.
func registered(t testing.TB) Case {
	t.Helper()
	return must(t)(desk(t, complainant, noon).Register(leak())).Case
}

func resolved(t testing.TB) Case {
	t.Helper()
	return must(t)(desk(t, by("asha"), noon.Add(time.Hour)).Resolve(registered(t), Resolution{Text: "Repaired"})).Case
}

func kinds(ch Change) (events []EventKind) {
	for _, e := range ch.Events {
		events = append(events, e.Kind)
	}
	return events
}

// notices are written as "kind→login" to staff, "kind" to the complainant.
func notices(ch Change) (out []string) {
	for _, n := range ch.Notices {
		s := string(n.Kind)
		if n.To == ToStaff {
			s += "→" + n.Login
		}
		out = append(out, s)
	}
	return out
}

// timers are written as "kind at" in Kolkata's time.
func timers(t testing.TB, ch Change) (out []string) {
	t.Helper()
	loc := zone(t, "Asia/Kolkata")
	for _, timer := range ch.Timers {
		out = append(out, string(timer.Kind)+" "+timer.At.In(loc).Format(wall))
	}
	slices.Sort(out)
	return out
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differ (-want +got):\n%s", what, diff)
	}
}

func TestRegister(t *testing.T) {
	ch := must(t)(desk(t, complainant, noon).Register(leak()))
	same(t, "events", kinds(ch), []EventKind{EventRegistered, EventRouted, EventAssigned, EventAcknowledged})
	same(t, "notices", notices(ch), []string{"acknowledged", "assigned→asha"})
	// Due on the 10th working day, 10 × 7 hours and the rest of the first day
	// (4 hours) later; reminders at 50 % and 80 % of the 74 working hours.
	same(t, "timers", timers(t, ch), []string{
		"escalate:0 Mon 2027-01-18 17:00", "escalate:1 Wed 2027-01-20 17:00",
		"remind:0 Mon 2027-01-11 15:00", "remind:1 Thu 2027-01-14 16:12",
	})
	c := ch.Case
	if !ch.New || c.Status != Pending || c.Owner != "asha" || c.Department != "water" || c.Policy != "standard" || c.Level != 1 {
		t.Errorf("case %+v", c)
	}
	if got := instant(c.DueAt); got != "2027-01-18T11:30:00Z" {
		t.Errorf("due %s", got)
	}
	var decided []string
	for _, r := range c.Reasons {
		decided = append(decided, r.Decision)
	}
	same(t, "reasons", decided, []string{"department", "policy", "owner", "due"})
	same(t, "data of assigned", ch.Events[2].Data, map[string]string{"owner.after": "asha"})
}

func TestRegisterWithoutAnswerOrOwner(t *testing.T) {
	d := desk(t, by("carl"), noon)
	d.Org.Users = slices.DeleteFunc(d.Org.Users, func(u User) bool { return u.Level > 0 && u.Login != "carl" })
	if err := d.Org.Index(); err == nil {
		t.Fatal("a route names an owner who is gone")
	}
	in := leak()
	in.Quiet = true
	in.Subject = strings.Repeat("é", 300)
	ch := must(t)(d.Register(in))
	same(t, "events", kinds(ch), []EventKind{EventRegistered, EventRouted})
	same(t, "notices", notices(ch), []string{"assigned→"})
	if ch.Case.AcknowledgedAt != nil || len([]rune(ch.Case.Subject)) != maxSubject {
		t.Errorf("case %+v", ch.Case)
	}
}

// The story of one complaint, as everybody sees it.
func TestStory(t *testing.T) {
	loc := zone(t, "Asia/Kolkata")
	c := registered(t)
	step := func(name string, ch Change, err error, events []EventKind, told []string) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		same(t, name+": events", kinds(ch), events)
		same(t, name+": notices", notices(ch), told)
		c = ch.Case
	}
	at := noon.Add(10 * time.Minute)
	ch, err := desk(t, by("asha"), at).Accept(c)
	step("accept", ch, err, []EventKind{EventAccepted}, []string{"updated→"})
	ch, err = desk(t, complainant, at).FollowUp(c, FollowUp{Text: "It is getting worse"})
	step("follow up", ch, err, []EventKind{EventFollowUp}, []string{"follow_up→asha", "added"})
	ch, err = desk(t, by("asha"), at).Ask(c, "Which house?")
	step("ask", ch, err, []EventKind{EventAsked}, []string{"question"})
	ch, err = desk(t, by("asha"), at).Resolve(c, Resolution{Text: "Repaired"})
	step("resolve", ch, err, []EventKind{EventResolved}, []string{"resolved", "updated→"})
	same(t, "timers after resolving", timers(t, ch), []string{"close Mon 2027-01-11 12:10"})
	same(t, "dropped timers", ch.Cancel, []TimerKind{"remind:0", "remind:1", "escalate:0", "escalate:1", "resume"})
	ch, err = desk(t, complainant, at.Add(time.Hour)).Reopen(c, "still leaking")
	step("reopen", ch, err, []EventKind{EventReopened}, []string{"case_reopened→wade", "reopened", "updated→"})
	if c.Level != 2 || c.Owner != "wade" || c.Status != Reopened || c.ResolvedAt != nil {
		t.Errorf("reopened case %+v", c)
	}
	same(t, "timers after reopening", timers(t, ch), []string{
		"escalate:1 Wed 2027-01-20 17:00", "remind:0 Mon 2027-01-11 15:30", "remind:1 Thu 2027-01-14 16:24",
	})
	ch, err = desk(t, System, at.AddDate(0, 0, 8)).Fire(c, Timer{Kind: "remind:0"})
	step("remind", ch, err, []EventKind{EventReminded}, []string{"reminder→wade"})
	ch, err = desk(t, System, at.AddDate(0, 0, 16)).Fire(c, Timer{Kind: "escalate:1"})
	step("escalate", ch, err, []EventKind{EventEscalated}, []string{"case_escalated→hema", "escalated", "updated→"})
	same(t, "data of the escalation", ch.Events[0].Data, map[string]string{
		"level.before": "2", "level.after": "3", "owner.before": "wade", "owner.after": "hema",
		"status.before": "reopened", "status.after": "escalated",
	})
	ch, err = desk(t, by("hema"), at.AddDate(0, 0, 17)).Resolve(c, Resolution{Text: "Pipe replaced", Outcome: PartlyUpheld})
	step("resolve again", ch, err, []EventKind{EventResolved}, []string{"resolved", "updated→"})
	ch, err = desk(t, complainant, at.AddDate(0, 0, 18)).Rate(c, 5, "thanks")
	step("rate", ch, err, []EventKind{EventRated}, []string{"rated", "case_rated→hema", "updated→"})
	ch, err = desk(t, System, at.AddDate(0, 0, 24)).Fire(c, Timer{Kind: TimerClose})
	step("close", ch, err, []EventKind{EventClosed}, []string{"closed", "updated→"})
	if c.Status != Closed || c.Rating != 5 || c.ClosedAt.In(loc).Format(wall) != "Thu 2027-01-28 12:10" {
		t.Errorf("closed case %+v", c)
	}
}

func TestRefusalsTellWhatIsTrueNow(t *testing.T) {
	open, done := registered(t), resolved(t)
	accepted := must(t)(desk(t, by("asha"), noon).Accept(open)).Case
	closed := must(t)(desk(t, System, noon.AddDate(0, 0, 7)).Close(done, "")).Case
	withdrawn := must(t)(desk(t, complainant, noon).Withdraw(open, "")).Case
	next := noon.AddDate(0, 0, 1)
	tests := []struct {
		name   string
		act    func() (Change, error)
		code   ErrorCode
		want   string
		notice NoticeKind
	}{
		{"resolve twice", func() (Change, error) { return desk(t, by("anil"), next).Resolve(done, Resolution{Text: "x"}) },
			Conflict, "Already resolved by asha on 4 January.", ""},
		{"accept a closed one, a year later", func() (Change, error) { return desk(t, by("anil"), next.AddDate(1, 0, 0)).Accept(closed) },
			Conflict, "Already closed on 11 January 2027.", ""},
		{"act on a withdrawn one", func() (Change, error) { return desk(t, by("anil"), next).Ask(withdrawn, "x") },
			Conflict, "It was withdrawn by the complainant on 4 January.", ""},
		{"accept what another has", func() (Change, error) { return desk(t, by("anil"), next).Accept(accepted) },
			Conflict, "Already accepted by asha on 4 January.", ""},
		{"accept twice", func() (Change, error) { return desk(t, by("asha"), next).Accept(accepted) },
			Conflict, "You accepted it on 4 January already.", ""},
		{"complainant accepts", func() (Change, error) { return desk(t, complainant, next).Accept(open) },
			NotAllowed, "Only staff can do this.", ""},
		{"auditor resolves", func() (Change, error) { return desk(t, by("audi"), next).Resolve(open, Resolution{Text: "x"}) },
			NotAllowed, "Your role does not allow this. Please ask a supervisor.", ""},
		{"disabled user", func() (Change, error) { return desk(t, by("gone"), next).Accept(open) },
			NotAllowed, "Your account is not active. Please ask an administrator.", ""},
		{"resolve without text", func() (Change, error) { return desk(t, by("asha"), next).Resolve(open, Resolution{Text: " \n"}) },
			Invalid, "Please write what was done; the complainant is told.", ""},
		{"a text too long", func() (Change, error) { return desk(t, by("asha"), next).Note(open, strings.Repeat("x", maxText+1)) },
			Invalid, "The text is too long. At most 10000 characters fit.", ""},
		{"forward to where it is", func() (Change, error) { return desk(t, by("asha"), next).Forward(open, "water", "") },
			Conflict, "It is already with Water and Sewerage.", ""},
		{"forward to nowhere", func() (Change, error) { return desk(t, by("asha"), next).Forward(open, "fire", "") },
			NotFound, `There is no department "fire".`, ""},
		{"assign to another department", func() (Change, error) { return desk(t, by("asha"), next).Assign(open, "ravi", "") },
			Invalid, "ravi works for Roads. Forward the case there instead.", ""},
		{"assign to an auditor", func() (Change, error) { return desk(t, by("asha"), next).Assign(open, "audi", "") },
			Invalid, "audi cannot take cases.", ""},
		{"defer to the past", func() (Change, error) { return desk(t, by("asha"), next).Defer(open, noon, "parts") },
			Invalid, "A case is deferred to a time to come.", ""},
		{"resume what runs", func() (Change, error) { return desk(t, by("asha"), next).Resume(open) },
			Conflict, "It is not deferred.", ""},
		{"extend too far", func() (Change, error) { return desk(t, by("asha"), next).Extend(open, noon.AddDate(0, 2, 0), "parts") },
			Invalid, "It can be extended to 2 February at most.", ""},
		{"close an open one", func() (Change, error) { return desk(t, by("asha"), next).Close(open, "") },
			Conflict, "It is still open. Resolve it first.", ""},
		{"reopen an open one", func() (Change, error) { return desk(t, complainant, next).Reopen(open, "") },
			Conflict, "It is still open, there is no need to reopen it.", NoticeNotReopened},
		{"reopen too late", func() (Change, error) { return desk(t, complainant, noon.AddDate(0, 0, 40)).Reopen(closed, "") },
			Conflict, "It could be reopened until 3 February.", NoticeNotReopened},
		{"rate an open one", func() (Change, error) { return desk(t, complainant, next).Rate(open, 4, "") },
			Conflict, "The case is still open. It can be rated once it is resolved.", NoticeStatus},
		{"rate 6", func() (Change, error) { return desk(t, complainant, next).Rate(done, 6, "") },
			Invalid, "A rating is a number from 1 (bad) to 5 (very good).", NoticeHelp},
		{"link with itself", func() (Change, error) { return desk(t, by("asha"), next).Link(open, open.Reference) },
			Invalid, "A case is linked to another one. Please give its reference.", ""},
		{"correct to what it is", func() (Change, error) { return desk(t, by("asha"), next).Correct(open, Correction{Area: "ward-4"}) },
			Conflict, "It says so already.", ""},
		{"correct to nonsense", func() (Change, error) { return desk(t, by("asha"), next).Correct(open, Correction{Priority: "huge"}) },
			Invalid, `There is no priority "huge". Use low, normal, high or urgent.`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ch, err := tt.act()
			var refused *Error
			if !errors.As(err, &refused) {
				t.Fatalf("allowed: %v", kinds(ch))
			}
			same(t, "refusals", *refused, Error{Code: tt.code, Message: tt.want, Notice: tt.notice})
			if len(ch.Events)+len(ch.Notices)+len(ch.Timers) > 0 {
				t.Error("a refused action changes something")
			}
		})
	}
}
