package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Bounds and defaults of what counts as the same matter.
const (
	MaxSimilar       = 50 // cases that one is compared with, newest first
	sharedWords      = 2  // that two texts must have in common …
	alike            = 0.4
	defaultSimilar   = 48 * time.Hour
	defaultMassEvent = 5
)

// Similar is what is open already about the same matter: cases of the same
// service and area, of a short time, in like words.
type Similar struct {
	Parent Reference // the first of them
	First  Reference // of the event: the parent, or what the parent itself seemed to repeat
	Count  int       // with the new one
	Alike  float64   // the share of words in common with the first
}

// FindSimilar compares a new complaint with open cases of its service and
// area, newest first. Its language must be theirs: words of two languages
// cannot be compared.
func (o *Organisation) FindSimilar(language, subject, text string, open []Case) (Similar, bool) {
	words := o.LessonWords(language, subject, text)
	found := Similar{Count: 1}
	for _, c := range open[:min(len(open), MaxSimilar)] {
		if c.Language != language || c.Confidential {
			continue
		}
		others := o.LessonWords(language, c.Subject, c.Description)
		common := 0
		for _, w := range words {
			if slices.Contains(others, w) {
				common++
			}
		}
		share := float64(common) / float64(max(min(len(words), len(others)), 1))
		if common >= sharedWords && share >= alike {
			found.Parent, found.Alike = c.Reference, share
			found.First = cmp.Or(c.SuggestedParent(), c.Reference)
			found.Count++
		}
	}
	return found, found.Parent != ""
}

// likeOthers suggests the parent of a new case, and tells the next level once
// when so many are alike that it is one event.
func (w *draft) likeOthers(s *Similar) {
	if s == nil || s.Parent == "" {
		return
	}
	w.because("similar", string(s.Parent), fmt.Sprintf("same service and area, %d%% of the words alike; %d such cases are open", int(100*s.Alike), s.Count))
	if s.Count < w.d.Org.Rules.WithDefaults().MassEvent {
		return
	}
	if superior, why := w.d.Org.Pick(w.Case.Department, w.Case.Area, max(w.Case.Level, 1)+1, w.d.Load); why != "" {
		w.notice(Notice{Kind: AlertMass, To: ToStaff, Login: superior.Login, Text: string(s.Parent), Data: map[string]string{
			"count": strconv.Itoa(s.Count), "once": "mass:" + string(s.First),
		}})
	}
}

// SuggestedParent is the case that this one seems to repeat; empty: none, or
// it was linked.
func (c Case) SuggestedParent() Reference {
	for _, r := range c.Reasons {
		if r.Decision == "similar" {
			return Reference(r.Value)
		}
	}
	return ""
}

// settleParent takes the suggestion away once the case is linked to it.
func (w *draft) settleParent(ref Reference) {
	if w.Case.SuggestedParent() == ref {
		w.Case.Reasons = slices.DeleteFunc(slices.Clone(w.Case.Reasons), func(r Reason) bool { return r.Decision == "similar" })
	}
}
