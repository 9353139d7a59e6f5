package templates

import (
	"strings"
	"time"
	"unicode"
)

// clean makes data fit to be shown: times in the reader's zone, no control
// characters, and line breaks only in Text.
func clean(d Data) Data {
	if d.Location == nil {
		d.Location = time.UTC
	}
	d.Now = d.Now.In(d.Location)
	d.ReceivedAt = d.ReceivedAt.In(d.Location)
	d.Due = local(d.Due, d.Location)
	d.Deferred = local(d.Deferred, d.Location)
	for _, s := range []*string{
		&d.Jurisdiction, &d.Reference, &d.Subject, &d.Type, &d.Status, &d.Priority, &d.Service,
		&d.Department, &d.Area, &d.Place, &d.TrackURL, &d.FormURL, &d.Officer, &d.Complainant,
		&d.Contact, &d.Channel, &d.Action, &d.Link,
	} {
		*s = oneLine(*s)
	}
	if d.Status != "" && d.Status != "deferred" {
		d.Deferred = nil // over
	}
	d.Text = strings.TrimSpace(visible(d.Text))

	choices := make([]Choice, len(d.Choices))
	for i, c := range d.Choices {
		choices[i] = Choice{
			Reference: oneLine(c.Reference), Subject: oneLine(c.Subject),
			Status: oneLine(c.Status), Due: local(c.Due, d.Location),
		}
	}
	d.Choices = choices
	lines := make([]Line, len(d.Events))
	for i, l := range d.Events {
		lines[i] = Line{At: l.At.In(d.Location), Who: oneLine(l.Who), What: oneLine(l.What)}
	}
	d.Events = lines
	reasons := make([]string, len(d.Reasons))
	for i, r := range d.Reasons {
		reasons[i] = oneLine(r)
	}
	d.Reasons = reasons
	return d
}

func local(t *time.Time, zone *time.Location) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	in := t.In(zone)
	return &in
}

// visible drops control characters but line breaks and tabs, and the marks by
// which text can be shown in another order than it is written (CVE-2021-42574).
func visible(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
}

// oneLine squeezes all white space, so that nothing can start a new line in a
// subject or a list.
func oneLine(s string) string { return strings.Join(strings.Fields(visible(s)), " ") }

// shorten cuts s to at most n characters at the border of a word and says so
// with an ellipsis.
func shorten(n int, s string) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	end := max(n-1, 0)
	for end > 0 && unicode.IsMark(runes[end]) {
		end-- // not within a letter and its vowel signs
	}
	cut := string(runes[:end])
	if border := strings.LastIndexFunc(cut, unicode.IsSpace); border > len(cut)/2 && !unicode.IsSpace(runes[end]) {
		cut = cut[:border]
	}
	return strings.TrimRightFunc(cut, func(r rune) bool {
		return unicode.IsSpace(r) || r == ',' || r == '.' || r == ';' || r == ':'
	}) + "…"
}
