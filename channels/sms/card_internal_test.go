package sms

import (
	"strings"
	"testing"
)

func TestReadCard(t *testing.T) {
	for name, tt := range map[string]struct{ card, want string }{
		"a phone's":   {"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Rao;Ravi;;;\r\nFN:Ravi Rao\r\nTEL;TYPE=CELL:+91 98765 43210\r\nEND:VCARD\r\n", "Ravi Rao +91 98765 43210"},
		"grouped":     {"item1.TEL;waid=919876543210:+919876543210\nFN:Ravi", "Ravi +919876543210"},
		"a URI":       {"FN:Ravi\nTEL;VALUE=uri:tel:+1202", "Ravi +1202"},
		"folded":      {"FN:Ravi\n  Rao\nORG:City\\, Water;Pumps", "Ravi Rao City, Water;Pumps"},
		"nothing":     {"BEGIN:VCARD\nEND:VCARD", ""},
		"no card":     {"<html>", ""},
		"no end":      {"FN:" + strings.Repeat("a", 10_000), strings.Repeat("a", maxCardText)},
		"empty":       {"", ""},
		"a long line": {strings.Repeat("x", maxCard+1), ""},
	} {
		if got := readCard(tt.card); got != tt.want {
			t.Errorf("%s: %.80q, want %.80q", name, got, tt.want)
		}
	}
}

func FuzzReadCard(f *testing.F) {
	for _, card := range []string{"FN:Ravi\nTEL:+1", "item1.TEL;a=b:tel:+1\n \n\t", ":", "\n ", "FN"} {
		f.Add(card)
	}
	f.Fuzz(func(t *testing.T, card string) {
		if got := readCard(clean(card)); len(got) > maxCardText || strings.ContainsAny(got, "\n\x00") {
			t.Errorf("%q", got)
		}
	})
}
