package cases

import (
	"testing"
	"time"
)

// local is an instant in Kolkata's time, as wall writes it.
func local(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation(wall, s, zone(t, "Asia/Kolkata"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func due(t testing.TB, c Case) string {
	t.Helper()
	return c.DueAt.In(zone(t, "Asia/Kolkata")).Format(wall)
}

// The clock stands for Thursday afternoon, Friday and Monday morning, that is
// 3 + 7 + 4 working hours, so that everything comes 14 working hours later.
func TestDeferralMovesTheClockByThePausedWorkingTime(t *testing.T) {
	c := registered(t)
	ch := must(t)(desk(t, by("asha"), local(t, "Thu 2027-01-07 14:00")).Defer(c, local(t, "Mon 2027-01-11 09:00"), "waiting for a part"))
	same(t, "notices", notices(ch), []string{"deferred", "updated→"})
	same(t, "timers", timers(t, ch), []string{"resume Mon 2027-01-11 09:00"})
	same(t, "dropped timers", ch.Cancel, []TimerKind{"remind:0", "remind:1", "escalate:0", "escalate:1"})

	later := must(t)(desk(t, by("asha"), local(t, "Fri 2027-01-08 10:00")).Defer(ch.Case, local(t, "Mon 2027-01-11 13:00"), "still waiting"))
	same(t, "timers", timers(t, later), []string{"resume Mon 2027-01-11 13:00"})

	ch = must(t)(desk(t, System, local(t, "Mon 2027-01-11 13:00")).Fire(later.Case, later.Timers[0]))
	same(t, "events", kinds(ch), []EventKind{EventResumed})
	same(t, "notices", notices(ch), []string{"reminder→asha", "updated→"})
	same(t, "due", due(t, ch.Case), "Wed 2027-01-20 17:00")
	same(t, "timers", timers(t, ch), []string{
		"escalate:0 Wed 2027-01-20 17:00", "escalate:1 Fri 2027-01-22 17:00",
		"remind:0 Wed 2027-01-13 15:00", "remind:1 Mon 2027-01-18 16:12",
	})
	if ch.Case.Status != Pending || ch.Case.DeferredAt != nil || ch.Case.DeferredUntil != nil {
		t.Errorf("resumed case %+v", ch.Case)
	}
}

func TestReminderThatFiredBeforeADeferralDoesNotFireAgain(t *testing.T) {
	c := registered(t) // reminded on Monday 15:00
	ch := must(t)(desk(t, by("asha"), local(t, "Mon 2027-01-11 16:00")).Defer(c, local(t, "Thu 2027-01-14 09:00"), "waiting"))
	ch = must(t)(desk(t, by("asha"), local(t, "Wed 2027-01-13 10:00")).Resume(ch.Case))
	same(t, "timers", timers(t, ch), []string{
		"escalate:0 Wed 2027-01-20 11:00", "escalate:1 Fri 2027-01-22 17:00", "remind:1 Mon 2027-01-18 10:12",
	})
}

func TestDeferralOfAPolicyInHoursMovesItByAllTheTime(t *testing.T) {
	in := leak()
	in.Classification.Priority = Urgent
	c := must(t)(desk(t, complainant, noon).Register(in)).Case
	same(t, "due", due(t, c), "Tue 2027-01-05 12:00")
	ch := must(t)(desk(t, by("asha"), noon.Add(time.Hour)).Defer(c, noon.Add(5*time.Hour), "night"))
	ch = must(t)(desk(t, System, noon.Add(5*time.Hour)).Fire(ch.Case, Timer{Kind: TimerResume}))
	same(t, "due", due(t, ch.Case), "Tue 2027-01-05 16:00")
}

func TestExtensionIsCapped(t *testing.T) {
	c := registered(t)
	at := local(t, "Fri 2027-01-15 10:00")
	ch := must(t)(desk(t, by("asha"), at).Extend(c, local(t, "Mon 2027-02-01 17:00"), "parts are late"))
	same(t, "due", due(t, ch.Case), "Mon 2027-02-01 17:00")
	same(t, "notices", notices(ch), []string{"extended", "updated→"})
	// 9 working days are 63 hours more, 137 in all: half are 68.5 and 80 % 109.6.
	same(t, "timers", timers(t, ch), []string{
		"escalate:0 Mon 2027-02-01 17:00", "escalate:1 Wed 2027-02-03 17:00",
		"remind:0 Mon 2027-01-18 10:30", "remind:1 Wed 2027-01-27 09:36",
	})
	if _, err := desk(t, by("asha"), at).Extend(ch.Case, local(t, "Tue 2027-02-02 12:00"), "again"); err == nil {
		t.Error("extended twice")
	}
}

func TestForwardKeepsLevelAndClock(t *testing.T) {
	c := registered(t)
	ch := must(t)(desk(t, by("asha"), noon.AddDate(0, 0, 1)).Forward(c, "roads", "the road gave way"))
	same(t, "events", kinds(ch), []EventKind{EventReforwarded})
	same(t, "notices", notices(ch), []string{"forwarded", "assigned→ravi", "updated→"})
	same(t, "timers", timers(t, ch), nil)
	same(t, "due", due(t, ch.Case), due(t, c))
	if ch.Case.Status != Reforwarded || ch.Case.Owner != "ravi" || ch.Case.Level != 1 {
		t.Errorf("forwarded case %+v", ch.Case)
	}
}

func TestForwardOfADeferredCaseRunsTheClock(t *testing.T) {
	c := registered(t)
	ch := must(t)(desk(t, by("asha"), local(t, "Tue 2027-01-05 09:00")).Defer(c, local(t, "Fri 2027-01-08 09:00"), "waiting"))
	ch = must(t)(desk(t, by("asha"), local(t, "Wed 2027-01-06 09:00")).Forward(ch.Case, "roads", ""))
	same(t, "due", due(t, ch.Case), "Tue 2027-01-19 17:00")
	if ch.Case.DeferredAt != nil || len(ch.Timers) != 4 {
		t.Errorf("forwarded case %+v with timers %v", ch.Case, timers(t, ch))
	}
}

func TestEscalateByHandToTheTop(t *testing.T) {
	c := registered(t)
	d := desk(t, by("asha"), noon)
	ch := must(t)(d.Escalate(c, "needs an excavator"))
	same(t, "notices", notices(ch), []string{"case_escalated→wade", "escalated", "updated→"})
	// The step of the ladder to the level it has already does nothing.
	same(t, "events", kinds(must(t)(desk(t, System, noon.AddDate(0, 0, 20)).Fire(ch.Case, Timer{Kind: "escalate:0"}))), nil)
	ch = must(t)(d.Escalate(ch.Case, ""))
	if ch.Case.Owner != "hema" || ch.Case.Level != 3 {
		t.Errorf("escalated case %+v", ch.Case)
	}
	if _, err := d.Escalate(ch.Case, ""); err == nil {
		t.Error("escalated above the top")
	}
}

func TestLadderPassesLevelsWithoutAnybody(t *testing.T) {
	d := desk(t, System, noon.AddDate(0, 0, 20))
	c := registered(t)
	for i := range d.Org.Users {
		d.Org.Users[i].Disabled = d.Org.Users[i].Disabled || d.Org.Users[i].Login == "wade"
	}
	ch := must(t)(d.Fire(c, Timer{Kind: "escalate:0"}))
	if ch.Case.Owner != "hema" || ch.Case.Level != 3 {
		t.Errorf("level %d, owner %s", ch.Case.Level, ch.Case.Owner)
	}
	for i := range d.Org.Users {
		d.Org.Users[i].Disabled = d.Org.Users[i].Login != "asha"
	}
	ch = must(t)(d.Fire(c, Timer{Kind: "escalate:0"}))
	same(t, "notices", notices(ch), []string{"case_escalated→asha", "escalated", "updated→"})
	if ch.Case.Owner != "asha" || ch.Case.Level != 2 {
		t.Errorf("level %d, owner %s", ch.Case.Level, ch.Case.Owner)
	}
}

func TestTimersThatNoLongerApplyDoNothing(t *testing.T) {
	open, done := registered(t), resolved(t)
	deferred := must(t)(desk(t, by("asha"), noon).Defer(open, noon.Add(time.Hour), "x")).Case
	for _, tt := range []struct {
		c    Case
		kind TimerKind
	}{
		{done, "remind:0"}, {done, "escalate:0"}, {done, TimerResume}, {open, TimerResume}, {open, TimerClose},
		{deferred, "remind:0"}, {deferred, "escalate:1"}, {open, TimerSettle}, {open, "remind:7"}, {open, "escalate:7"},
		{open, "unheard-of"},
	} {
		ch, err := desk(t, System, noon.AddDate(0, 0, 9)).Fire(tt.c, Timer{Kind: tt.kind})
		if err != nil || len(ch.Events)+len(ch.Notices)+len(ch.Timers) > 0 {
			t.Errorf("%s on a case that is %s: %v, %v", tt.kind, tt.c.Status, kinds(ch), err)
		}
	}
}
