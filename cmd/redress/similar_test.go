package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// TestLinkedCasesAreResolvedTogether: a repeated complaint is suggested for
// linking; the answer to the first goes to all, to each about the own case.
func TestLinkedCasesAreResolvedTogether(t *testing.T) {
	d := emptyDesk(t)
	d.ok("org", "apply", "../../configs/organisation.example.yaml")
	text := "Burst pipe near the school in Ward 4, the whole lane is full of water"
	parent := d.register("--via", "letter", "--email", "a@citizen.test", "--text", text)
	child := d.register("--via", "letter", "--email", "b@citizen.test", "--text", "A pipe has burst by the school, water all over the lane in Ward 4")
	apart := d.register("--via", "letter", "--email", "c@citizen.test", "--text", "Burst pipe in Ward 9 behind the mosque")

	var story app.CaseStory
	d.read(&story, "case", "show", child, "--json")
	suggested := ""
	for _, r := range story.Reasons {
		if r.Decision == "similar" {
			suggested = r.Value
		}
	}
	if suggested != parent {
		t.Fatalf("suggested is %q, want %s: %v", suggested, parent, story.Reasons)
	}
	d.ok("case", "link", child, parent)
	d.ok("case", "resolve", parent, "The pipe was replaced.", "--all")
	for ref, want := range map[string]string{parent: "resolved", child: "resolved", apart: "pending"} {
		var story app.CaseStory
		d.read(&story, "case", "show", ref, "--json")
		if story.Status != want {
			t.Errorf("%s is %s, want %s", ref, story.Status, want)
		}
		said := ""
		for _, m := range story.Messages {
			if m.Direction == "out" && m.To == "complainant" {
				said += m.Text
			}
		}
		if want == "resolved" && !strings.Contains(said, "The pipe was replaced.") {
			t.Errorf("the complainant of %s was told %q", ref, said)
		}
		for _, other := range []string{parent, child, apart} {
			if other != ref && strings.Contains(said, other) {
				t.Errorf("the complainant of %s was told of %s", ref, other)
			}
		}
		resolved := slices.ContainsFunc(story.Events, func(e app.EventView) bool { return e.Kind == "resolved" })
		if resolved != (want == "resolved") {
			t.Errorf("%s has the events %v", ref, story.Events)
		}
	}
}

// TestActingForAllChecksDepartments: --all --as LOGIN may what the member of
// staff may in a chat; who is left out is named.
func TestActingForAllChecksDepartments(t *testing.T) {
	d := emptyDesk(t)
	d.ok("org", "apply", "../../configs/organisation.example.yaml")
	text := "Burst pipe near the school in Ward 4, the whole lane is full of water"
	complaint := func(email string) string {
		return d.register("--via", "letter", "--email", email, "--text", text)
	}
	parent, child, moved := complaint("a@citizen.test"), complaint("b@citizen.test"), complaint("c@citizen.test")
	secret := complaint("d@citizen.test")
	for _, ref := range []string{child, moved, secret} {
		d.ok("case", "link", ref, parent)
	}
	d.tamper("UPDATE cases SET confidential = TRUE WHERE reference = ?", secret)
	d.ok("case", "forward", moved, "roads", "The road sank", "--as", "asha")

	for _, action := range []string{"reply", "resolve"} {
		d.refused(exitRefused, []string{"case", action, parent, "Mended.", "--all", "--as", "ravi"}, "belongs to another department")
	}
	out := d.ok("case", "reply", parent, "A crew is on its way.", "--all", "--as", "asha")
	for _, want := range []string{
		child + ", which is linked: done too.",
		moved + ", which is linked: left out, it belongs to another department.",
		secret + ", which is linked: left out, it is confidential and must be named itself.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("case reply --all prints %q, not %q", out, want)
		}
	}
	for ref, want := range map[string]int{parent: 1, child: 1, moved: 0, secret: 0} {
		if got := d.told(ref, "A crew is on its way."); got != want {
			t.Errorf("the complainant of %s was told %d times, want %d", ref, got, want)
		}
	}
	var resolved togetherView
	d.read(&resolved, "case", "resolve", parent, "Mended.", "--all", "--as", "asha")
	if resolved.Status != "resolved" || len(resolved.Linked) != 1 || string(resolved.Linked[0]) != child || len(resolved.LeftOut) != 2 {
		t.Errorf("resolved are %+v", resolved)
	}
	d.ok("case", "reply", parent, "Thank you.", "--all") // the operator may all, but never by chance the confidential
	for ref, want := range map[string]int{parent: 1, child: 1, moved: 1, secret: 0} {
		if got := d.told(ref, "Thank you."); got != want {
			t.Errorf("by the operator the complainant of %s was told %d times, want %d", ref, got, want)
		}
	}
}

// told counts the messages to the complainant of a case that say something.
func (d *desk) told(ref, what string) int {
	d.t.Helper()
	var story app.CaseStory
	d.read(&story, "case", "show", ref)
	n := 0
	for _, m := range story.Messages {
		if m.Direction == "out" && m.To == "complainant" && strings.Contains(m.Text, what) {
			n++
		}
	}
	return n
}
