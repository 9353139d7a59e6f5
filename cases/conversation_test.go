package cases

import (
	"strings"
	"testing"
	"time"
)

// Several texts in a row become one complaint and one answer.
func TestTextsInARowJoin(t *testing.T) {
	c := registered(t)
	for i, text := range []string{"near the school", "since yesterday"} {
		at := noon.Add(time.Duration(i+1) * 30 * time.Second)
		ch := must(t)(desk(t, complainant, at).FollowUp(c, FollowUp{Text: text, Quiet: true}))
		same(t, "events", kinds(ch), []EventKind{EventFollowUp})
		same(t, "notices", notices(ch), []string{"follow_up→asha", "updated→"})
		if len(ch.Timers) != 1 || !ch.Timers[0].At.Equal(at.Add(90*time.Second)) {
			t.Errorf("timers %v", ch.Timers)
		}
		c = ch.Case
	}
	same(t, "description", c.Description, "Water is leaking\nnear the school\nsince yesterday")
	ch := must(t)(desk(t, System, noon.Add(3*time.Minute)).Fire(c, Timer{Kind: TimerSettle}))
	same(t, "notices", notices(ch), []string{"added"})
	same(t, "data", ch.Notices[0].Data, map[string]string{"count": "2"})
	again := must(t)(desk(t, System, noon.Add(4*time.Minute)).Fire(ch.Case, Timer{Kind: TimerSettle}))
	same(t, "notices", notices(again), nil)
}

func TestFollowUp(t *testing.T) {
	open, done := registered(t), resolved(t)
	tests := []struct {
		name string
		c    Case
		in   FollowUp
		at   time.Time
		want []string
	}{
		{"plain", open, FollowUp{Text: "x"}, noon, []string{"follow_up→asha", "added"}},
		{"newest of several", open, FollowUp{Text: "x", Newest: true}, noon, []string{"follow_up→asha", "added_newest"}},
		{"stranger", open, FollowUp{Text: "x", Held: true}, noon, []string{"case_held→asha"}},
		{"not fixed", done, FollowUp{Text: "x", NotFixed: true}, noon, []string{"follow_up→asha", "offer_reopen"}},
		{"not fixed, too late", done, FollowUp{Text: "x", NotFixed: true}, noon.AddDate(0, 0, 31), []string{"follow_up→asha", "added"}},
		{"not fixed, but open", open, FollowUp{Text: "x", NotFixed: true}, noon, []string{"follow_up→asha", "added"}},
		{"joins days later", open, FollowUp{Text: "x", Quiet: true}, noon.AddDate(0, 0, 2), []string{"follow_up→asha"}},
		{"joins after the resolution", done, FollowUp{Text: "x", Quiet: true}, noon.Add(2 * time.Minute), []string{"follow_up→asha"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ch := must(t)(desk(t, complainant, tt.at).FollowUp(tt.c, tt.in))
			same(t, "notices", notices(ch), tt.want)
			if tt.in.Held && ch.Case.LastInboundAt.Equal(tt.at.Add(1)) {
				t.Error("a stranger's message counts as talk")
			}
			if strings.Contains(ch.Events[0].Note, "x") {
				t.Error("the event repeats the message")
			}
		})
	}
}

func TestNoteReplyAndUndelivered(t *testing.T) {
	c := registered(t)
	ch := must(t)(desk(t, by("carl"), noon).Note(c, " called twice "))
	same(t, "note", ch.Events[0].Note, "called twice")
	same(t, "notices", notices(ch), nil)
	ch = must(t)(desk(t, by("asha"), noon).Reply(c, "We are on it"))
	same(t, "notices", notices(ch), []string{"reply"})
	same(t, "text", ch.Notices[0].Text, "We are on it")
	if ch.Case.RespondedAt == nil {
		t.Error("an answer is no response")
	}
	ch = must(t)(desk(t, System, noon).Undelivered(c, "no such number"))
	same(t, "notices", notices(ch), []string{"undelivered→asha"})
	ch = must(t)(desk(t, by("asha"), noon).Link(c, "C-0000-0000"))
	same(t, "data", ch.Events[0].Data, map[string]string{"reference": "C-0000-0000"})
}

func TestOwnerChanges(t *testing.T) {
	c := registered(t)
	ch := must(t)(desk(t, by("anil"), noon).Accept(c))
	if ch.Case.Owner != "anil" || ch.Case.AcceptedAt == nil {
		t.Errorf("accepted case %+v", ch.Case)
	}
	ch = must(t)(desk(t, by("anil"), noon).Assign(ch.Case, "wade", "on leave"))
	same(t, "notices", notices(ch), []string{"assigned→wade", "updated→"})
	if ch.Case.Owner != "wade" || ch.Case.AcceptedAt != nil || ch.Case.Level != 1 {
		t.Errorf("assigned case %+v", ch.Case)
	}
	operator := Actor{Kind: ActorStaff, Login: "root", Channel: "command"}
	must(t)(desk(t, operator, noon).Assign(ch.Case, "hema", ""))
}

func TestCorrect(t *testing.T) {
	c := registered(t)
	at := noon.Add(time.Hour)
	t.Run("another service of another department", func(t *testing.T) {
		ch := must(t)(desk(t, by("asha"), at).Correct(c, Correction{Service: "pothole"}))
		same(t, "events", kinds(ch), []EventKind{EventCorrected, EventRouted})
		same(t, "notices", notices(ch), []string{"forwarded", "assigned→ravi", "updated→"})
		same(t, "due", due(t, ch.Case), due(t, c))
		if ch.Case.Status != Reforwarded || ch.Case.Priority != Normal {
			t.Errorf("corrected case %+v", ch.Case)
		}
	})
	t.Run("another priority, and so another policy", func(t *testing.T) {
		ch := must(t)(desk(t, by("carl"), at).Correct(c, Correction{Priority: Urgent}))
		same(t, "events", kinds(ch), []EventKind{EventCorrected})
		same(t, "due", due(t, ch.Case), "Tue 2027-01-05 12:00")
		same(t, "dropped timers", ch.Cancel, []TimerKind{"remind:1"})
		if ch.Case.Owner != "asha" || ch.Case.Policy != "urgent" {
			t.Errorf("corrected case %+v", ch.Case)
		}
	})
	t.Run("another area, whose officer somebody else is", func(t *testing.T) {
		ch := must(t)(desk(t, System, at).Correct(c, Correction{Area: "ward-1"}))
		same(t, "events", kinds(ch), []EventKind{EventCorrected, EventAssigned})
		same(t, "notices", notices(ch), []string{"assigned→amit", "updated→"})
	})
	t.Run("a finished one", func(t *testing.T) {
		ch := must(t)(desk(t, by("asha"), at).Correct(resolved(t), Correction{Service: "pothole", Type: Enquiry}))
		same(t, "events", kinds(ch), []EventKind{EventCorrected})
		if ch.Case.Department != "water" || len(ch.Timers) > 0 {
			t.Errorf("corrected case %+v", ch.Case)
		}
	})
	t.Run("while deferred", func(t *testing.T) {
		deferred := must(t)(desk(t, by("asha"), at).Defer(c, at.AddDate(0, 0, 1), "x")).Case
		ch := must(t)(desk(t, by("asha"), at.Add(time.Hour)).Correct(deferred, Correction{Priority: Urgent}))
		same(t, "timers", timers(t, ch), []string{"resume Tue 2027-01-05 13:00"})
	})
}
