package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redress-cms/redress/scripts/testenv"
)

// A short run of what `scripts/faults` does for half an hour.
func TestMixedFaults(t *testing.T) {
	testenv.Need(t, testenv.Redis) // with it PostgreSQL is installed
	if os.Getenv("REDRESS_FAULTS") == "" {
		t.Skip("it takes minutes and both cores; set REDRESS_FAULTS=1, or run scripts/faults")
	}
	folder, err := filepath.Abs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := options{
		duration: time.Minute, rate: 8, seed: 4, patience: 5 * time.Minute,
		folder: folder, out: t.Output(),
		// Twilio is asked about these two minutes later; cmd/redress tries them
		// with a clock of its own.
		without: []string{"sms-500", "sms-timeout", "sms-cut", "sms-silent"},
	}
	if err := readable(folder); err != nil {
		t.Fatal(err)
	}
	reports, err := o.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	table(t.Output(), reports)
	if r := reports[0]; !r.ok() || r.Complaints < 100 || len(r.Done) < 5 {
		t.Errorf("seed %d: %+v", r.Seed, r)
	}
}

func TestASeedGivesOnePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		steps := plan(seed, 30*time.Minute, faults())
		if diff := cmp.Diff(steps, plan(seed, 30*time.Minute, faults())); diff != "" {
			t.Fatal(diff)
		}
		free := map[string]time.Duration{}
		for _, s := range steps {
			f, err := faultNamed(s.Fault)
			if err != nil {
				t.Fatal(err)
			}
			for target := range strings.FieldsSeq(f.target) {
				if s.At < free[target] {
					t.Fatalf("%s at %s meets another fault of %s", s.Fault, s.At, target)
				}
				free[target] = s.At + f.lasts
			}
		}
		if len(steps) < 50 {
			t.Fatalf("%d faults in half an hour", len(steps))
		}
	})
}

func TestWhatIsBrokenIsFound(t *testing.T) {
	first := complaint{Marker: "mark000001", Channel: "sms", Sender: "+1"}
	second := complaint{Marker: "mark000002", Channel: "sms", Sender: "+1"}
	one := caseRow{id: 1, inbound: 1, reference: "C-1", marker: "mark000001", state: "sent", attempts: 1}
	two := caseRow{id: 2, inbound: 2, reference: "C-2", marker: "mark000002", state: "delivered", attempts: 1}
	uncertain := one
	uncertain.state = "uncertain"
	late := one
	late.id = 3
	spooled := late
	spooled.inbound = 3
	toldOne, toldTwo := delivery{reference: "C-1", place: 1}, delivery{reference: "C-2", place: 2}
	toldLate := delivery{reference: "C-1", place: 3}
	for _, tc := range []struct {
		name  string
		cases []caseRow
		told  []delivery
		want  result // how many lines of each
	}{
		{"all is well", []caseRow{one, two}, []delivery{toldOne, toldTwo}, result{Acknowledged: 2}},
		{"no case", []caseRow{two}, []delivery{toldTwo}, result{Acknowledged: 1, Lost: []string{""}}},
		{"no acknowledgement", []caseRow{one, two}, []delivery{toldTwo}, result{Acknowledged: 1, Lost: []string{""}}},
		{"two cases", []caseRow{one, one, two}, []delivery{toldOne, toldTwo}, result{Acknowledged: 1, Doubled: []string{""}}},
		{"two acknowledgements", []caseRow{one, two}, []delivery{toldOne, toldTwo, toldOne}, result{Acknowledged: 1, Doubled: []string{""}}},
		{"uncertain and arrived", []caseRow{uncertain, two}, []delivery{toldOne, toldTwo}, result{Acknowledged: 1, UncertainArrived: 1}},
		{"uncertain and lost", []caseRow{uncertain, two}, []delivery{toldTwo}, result{Acknowledged: 1, UncertainLost: 1}},
		{"uncertain and doubled", []caseRow{uncertain, two}, []delivery{toldOne, toldOne, toldTwo}, result{Acknowledged: 1, Doubled: []string{""}}},
		{"cases out of order", []caseRow{two, late}, []delivery{toldTwo, toldLate}, result{Acknowledged: 2, OutOfOrder: []string{""}}},
		{"spooled out of order", []caseRow{two, spooled}, []delivery{toldTwo, toldLate}, result{Acknowledged: 2, Spooled: []string{""}}},
		{"told out of order", []caseRow{one, two}, []delivery{toldLate, toldTwo}, result{Acknowledged: 2, OutOfOrder: []string{""}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got result
			byMarker := map[string][]caseRow{}
			for _, c := range tc.cases {
				byMarker[c.marker] = append(byMarker[c.marker], c)
			}
			complaints := []complaint{first, second}
			for _, c := range complaints {
				got.judge(c, byMarker[c.Marker], tc.told)
			}
			got.order(complaints, byMarker, ledger{"+1": tc.told})
			broken := len(tc.want.Lost)+len(tc.want.Doubled)+len(tc.want.OutOfOrder) > 0
			if got.ok() == broken {
				t.Errorf("ok: %t", got.ok())
			}
			for _, list := range []*[]string{&got.Lost, &got.Doubled, &got.OutOfOrder, &got.Spooled} {
				for i, line := range *list {
					if !slices.ContainsFunc(complaints, func(c complaint) bool { return strings.Contains(line, c.Marker) }) {
						t.Errorf("%q names no complaint", line)
					}
					(*list)[i] = ""
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
