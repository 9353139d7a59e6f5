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
