package cases

import (
	"fmt"
	"testing"
)

func TestSimilarCases(t *testing.T) {
	o := city(t)
	burst := Case{Reference: "C-1", Language: "en", Description: "Burst pipe near the school, water all over the lane", Status: Pending}
	other := Case{Reference: "C-2", Language: "en", Description: "Our tap drips since Monday", Status: Pending}
	secret := Case{Reference: "C-3", Language: "en", Description: burst.Description, Confidential: true}
	for _, tt := range []struct {
		text, language string
		parent         Reference
		count          int
	}{
		{"a pipe has burst by the school and the lane is full of water", "en", "C-1", 2},
		{"Leak in my kitchen", "en", "", 1},
		{"the school", "en", "", 1},
		{"a pipe has burst by the school and the lane is full of water", "hi", "", 1},
	} {
		got, ok := o.FindSimilar(tt.language, "", tt.text, []Case{secret, other, burst})
		if got.Parent != tt.parent || got.Count != tt.count || ok != (tt.parent != "") {
			t.Errorf("%q is like %+v", tt.text, got)
		}
	}
}

func TestSuggestedParentGoesWithTheLink(t *testing.T) {
	o := city(t)
	d := Desk{Org: o, At: noon, By: Actor{Kind: ActorComplainant}}
	register := func(count int) Change {
		t.Helper()
		c, err := d.Register(Draft{Reference: "C-9", Token: "t", Channel: "x", Address: "y", Description: "burst pipe",
			Classification: o.Classify(Text{Body: "burst pipe in Ward 4"}), Similar: &Similar{Parent: "C-1", Count: count, Alike: 0.7}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	few, many := register(2), register(5)
	if got := few.Case.SuggestedParent(); got != "C-1" {
		t.Fatalf("suggested is %q", got)
	}
	if got := alertsOf(few); got != "assigned→asha" {
		t.Errorf("for two told were %s", got)
	}
	if got := alertsOf(many); got != "assigned→asha case_mass→wade" {
		t.Errorf("for five told were %s", got)
	}
	officer := Desk{Org: o, At: noon, By: Actor{Kind: ActorStaff, Login: "asha"}}
	linked, err := officer.Link(few.Case, "C-1")
	if err != nil || linked.Case.SuggestedParent() != "" {
		t.Errorf("after linking %q is suggested, %v", linked.Case.SuggestedParent(), err)
	}
	if got := fmt.Sprint(linked.Events[0].Kind, linked.Events[0].Data["reference"]); got != "linkedC-1" {
		t.Errorf("the event is %s", got)
	}
}
