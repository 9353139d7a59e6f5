package cases

import (
	"cmp"
	"strings"
	"unicode"
)

// Continuation is a further part of a message that the case has, such as the
// next photo of an album, or a new wording of it.
type Continuation struct {
	Before string // the wording so far
	Text   string // the words of the part, or the new wording
	Held   bool   // the message waits for staff: its sender has not shown a right to the case
	Late   bool   // Text is the first wording, come after its change
	Found  Classification
}

// Join adds a further part of a message. It is no new message: nobody is told,
// but what staff have before them is brought up to date.
func (d Desk) Join(c Case, in Continuation) (Change, error) {
	w := d.draft(c)
	w.event(EventJoined, "")
	if !in.Held {
		w.inWords(c, in.Text, in.Found)
		w.notice(Notice{Kind: AlertUpdated, To: ToStaff})
	}
	return w.done()
}

// Reword replaces the wording of a message. The earlier one stays in the
// conversation. Staff are told while there is work left.
func (d Desk) Reword(c Case, in Continuation) (Change, error) {
	w := d.draft(c)
	text := firstRunes(strings.TrimSpace(in.Text), maxDescription)
	if in.Held {
		w.event(EventHeld, "")
		w.alert(AlertHeld, text)
		return w.done()
	}
	w.event(EventEdited, "")
	if in.Late {
		return w.done()
	}
	before := strings.TrimSpace(in.Before)
	switch {
	case before != "" && strings.Contains(c.Description, before):
		w.Case.Description = firstRunes(strings.Replace(c.Description, before, text, 1), maxDescription)
	default:
		w.inWords(c, text, in.Found)
	}
	if c.Status.Open() {
		w.alert(AlertEdited, text)
	}
	return w.done()
}

// inWords gives a case that came without words, such as a photo, the words
// that followed, and routes it by them while nobody has taken it on.
func (w *draft) inWords(c Case, text string, found Classification) {
	text = firstRunes(strings.TrimSpace(text), maxDescription)
	if HasWords(c.Description) || !HasWords(text) {
		return
	}
	w.Case.Description = strings.TrimSpace(text + "\n" + c.Description)
	w.reclassify(found)
}

// reclassify routes a case by what only a later message told: its first words
// named no service.
func (w *draft) reclassify(found Classification) {
	c := w.Case
	if c.Service != "" || found.Service == "" || c.AcceptedAt != nil || !c.Status.Open() {
		return
	}
	by := w.d.By
	w.d.By = System
	w.Case.Service, w.Case.Area = found.Service, cmp.Or(c.Area, found.Area)
	if found.Priority.rank() > c.Priority.rank() {
		w.Case.Priority = found.Priority
	}
	w.replaceReasons(found.Reasons...)
	w.reroute(c, Correction{})
	w.d.By = by
}

// HasWords reports whether a text says something: a letter next to another,
// which an emoji, a point on the map or "?" has not.
func HasWords(text string) bool {
	letters := 0
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsMark(r): // a vowel sign belongs to its letter
		default:
			letters = 0
		}
		if letters > 1 {
			return true
		}
	}
	return false
}
