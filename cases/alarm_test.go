package cases

import "testing"

func TestAlarms(t *testing.T) {
	o := city(t)
	o.Services = append(o.Services, Service{Code: "x", Name: "x"})
	for _, tt := range []struct{ text, alarm string }{
		{"a live wire is lying on the road", "live wire"},
		{"my goat got an electric shock", "live wire"},
		{"strong smell of gas in the lane", "gas"},
		{"gas is leaking from the pipeline", "gas"},
		{"my child fell into an open manhole", "child in danger"},
		{"there is sewage inside our house", "sewage inside"},
		{"the old wall is about to collapse", "collapse"},
		{"खंभे में करंट आ रहा है", "live wire"},
		{"khambe me current aa raha hai", "live wire"},
		{"gas ki badboo aa rahi hai", "gas"},
		{"huele a gas en toda la cuadra", "gas"},
		{"un niño cayó en la alcantarilla", "child in danger"},
		{"there is no smell of gas any more", ""},
		{"danger for children", ""},
		{"the gas bill is wrong", ""},
		{"children play near the park", ""},
		{"pothole on the road", ""},
		{"water leak since Monday", ""},
	} {
		c := o.Classify(Text{Body: tt.text})
		got := ""
		if c.Alarm != nil {
			got = c.Alarm.Value
		}
		if got != tt.alarm || (tt.alarm != "") != (c.Priority == Urgent) {
			t.Errorf("%q is the alarm %q of priority %s, want %q", tt.text, got, c.Priority, tt.alarm)
		}
	}
}

func TestAlarmsOfTheOrganisation(t *testing.T) {
	o := cityUnchecked()
	o.Rules.Alarms = []Alarm{{Name: "gas"}, {Name: "snakes", Words: map[string][]string{"en": {"snake in the house"}}}}
	if err := o.Index(); err != nil {
		t.Fatal(err)
	}
	if c := o.Classify(Text{Body: "smell of gas"}); c.Alarm != nil {
		t.Error("an alarm that was switched off rang")
	}
	if c := o.Classify(Text{Body: "there is a snake in our house"}); c.Alarm == nil || c.Alarm.Value != "snakes" {
		t.Errorf("the organisation's own alarm did not ring: %v", c.Reasons)
	}
}

func TestAlarmReachesTheNextLevelOnce(t *testing.T) {
	o := city(t)
	d := Desk{Org: o, At: noon, By: Actor{Kind: ActorComplainant}}
	change, err := d.Register(Draft{
		Reference: "C-1", Token: "t", Channel: "x", Address: "y", Description: "burst pipe",
		Classification: o.Classify(Text{Body: "burst pipe in Ward 4, a live wire hangs into the water"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := alertsOf(change); got != "assigned→asha case_urgent→wade" {
		t.Errorf("told were %s", got)
	}
	if change.Case.Priority != Urgent || change.Case.Policy != "urgent" {
		t.Errorf("it is %s by policy %s", change.Case.Priority, change.Case.Policy)
	}
	again, err := d.FollowUp(change.Case, FollowUp{Text: "the live wire!", Found: Classification{Alarm: &Reason{Decision: "urgency", Value: "live wire"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := alertsOf(again); got != "follow_up→asha" {
		t.Errorf("at the second word of it told were %s", got)
	}
}

func TestAlarmInAFollowUp(t *testing.T) {
	o := city(t)
	d := Desk{Org: o, At: noon, By: Actor{Kind: ActorComplainant}}
	change, err := d.Register(Draft{
		Reference: "C-1", Token: "t", Channel: "x", Address: "y", Description: "burst pipe", Classification: o.Classify(Text{Body: "burst pipe in Ward 4"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	before := *change.Case.DueAt
	class := o.Classify(Text{Body: "now my child fell into the hole, account no 12345678"})
	change, err = d.FollowUp(change.Case, FollowUp{Text: "…", Found: class})
	if err != nil {
		t.Fatal(err)
	}
	if got := alertsOf(change); got != "case_urgent→wade follow_up→asha updated→" {
		t.Errorf("told were %s", got)
	}
	if change.Case.Priority != Urgent || !change.Case.DueAt.Before(before) {
		t.Errorf("it is %s and due %s, not before %s", change.Case.Priority, change.Case.DueAt, before)
	}
	if len(change.Case.Facts) != 1 || change.Case.Facts[0].Value != "12345678" {
		t.Errorf("facts are %v", change.Case.Facts)
	}
}

func alertsOf(c Change) string {
	out := ""
	for _, n := range c.Notices {
		if n.To == ToStaff {
			if out != "" {
				out += " "
			}
			out += string(n.Kind) + "→" + n.Login
		}
	}
	return out
}
