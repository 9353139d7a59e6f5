package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redress-cms/redress/cases"
)

// routed is what these tests read of `redress route test --json`.
type routed struct {
	Service  *string      `json:"service"`
	Facts    []cases.Fact `json:"facts"`
	Priority string       `json:"priority"`
	Opinions struct {
		Keywords struct {
			Service *string `json:"service"`
		} `json:"keywords"`
		Learned cases.Opinion `json:"learned"`
	} `json:"opinions"`
}

func (d *desk) route(text string) routed {
	d.t.Helper()
	var r routed
	d.read(&r, "route", "test", "--text", text, "--json")
	return r
}

// TestResolvedCasesTeach: what staff resolve decides where the next text like
// it goes, also without a keyword.
func TestResolvedCasesTeach(t *testing.T) {
	d := emptyDesk(t)
	file := filepath.Join(d.folder, "learning.yaml")
	organisation := readFile(t, "../../configs/organisation.example.yaml")
	eager := strings.Replace(organisation, "minimum: 50", "minimum: 6", 1)
	must(t, os.WriteFile(file, []byte(eager), 0o600))
	d.ok("org", "apply", file)

	text := "The sprinkler at the crossing has a wobbling nozzle"
	if r := d.route(text); r.Service != nil || r.Opinions.Learned.Service != "" {
		t.Fatalf("before any lesson it goes to %+v", r)
	}
	for i := range 8 {
		service, words := "park-upkeep", "wobbling sprinkler nozzle again"
		if i%2 == 1 {
			service, words = "licence", "stamped papers of my stall"
		}
		ref := d.register("--via", "counter", "--text", words, "--service", service)
		d.ok("case", "resolve", ref, "Done.")
	}
	r := d.route(text)
	if r.Service == nil || *r.Service != "park-upkeep" || !r.Opinions.Learned.Decides || r.Opinions.Keywords.Service != nil {
		t.Errorf("after the lessons it goes to %+v", r)
	}
	if r := d.route("Water is leaking from a burst pipe"); r.Service == nil || *r.Service != "water-leak" {
		t.Errorf("what was not taught goes to %+v", r)
	}
}

func TestRouteTestShowsFactsAndDangers(t *testing.T) {
	d := emptyDesk(t)
	d.ok("org", "apply", "../../configs/organisation.example.yaml")
	r := d.route("A live wire hangs from pole K-117 at 12 Station Road, my account number is 40012345")
	if r.Priority != "urgent" || len(r.Facts) != 3 {
		t.Errorf("it is %s with %v", r.Priority, r.Facts)
	}
}
