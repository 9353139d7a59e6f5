package configs

import (
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/redress-cms/redress/templates"
)

// TestExampleAcknowledgementsAreCheap holds that with the example's names the
// first SMS is one segment, or two of 67 UCS-2 units in Hindi.
func TestExampleAcknowledgementsAreCheap(t *testing.T) {
	o := example(t)
	set, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	due := time.Date(2026, time.September, 30, 12, 0, 0, 0, time.UTC)
	for _, s := range o.Services {
		for _, lang := range o.Jurisdiction.Languages {
			for _, kind := range []string{"acknowledged", "status", "forwarded", "reopened", "escalated"} {
				r, err := set.Render(kind, templates.SMS, lang, templates.Data{
					Reference: "C-7K2M-9QXT", Service: o.ServiceName(s.Code, lang), Department: o.DepartmentName(s.Department, lang),
					Status: "reforwarded", Due: &due, OptOut: true, TrackURL: "https://complaints.city.example/track/" + strings.Repeat("A", 32),
				})
				if err != nil {
					t.Fatal(err)
				}
				limit := 160
				if lang == "hi" {
					limit = 134
				} else if strings.ContainsAny(r.Text, "áíóúÁÍÓÚ") {
					t.Errorf("%s %s in %s is not of the 7-bit alphabet: %s", kind, s.Code, lang, r.Text)
				}
				if n := len(utf16.Encode([]rune(r.Text))); n > limit {
					t.Errorf("%s %s in %s: %d characters, want at most %d: %s", kind, s.Code, lang, n, limit, r.Text)
				}
			}
		}
	}
}
