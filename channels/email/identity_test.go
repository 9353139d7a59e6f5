package email

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/redress-cms/redress/channels/email/mail"
)

// TestIdentityOfPieces: a mail has one identity however it comes in pieces,
// whatever its line breaks, and with or without blanks at the ends of lines.
func TestIdentityOfPieces(t *testing.T) {
	limits := mail.Limits{HeaderBytes: 64}
	of := func(pieces ...string) string {
		id := newIdentity(limits)
		for _, piece := range pieces {
			_, _ = id.Write([]byte(piece))
		}
		return id.externalID()
	}
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.StringMatching(`[a-z \t]{0,30}[a-z]`)).Draw(t, "lines")
		const head = "From: a@b.example\r\nSubject: x\r\n\r\n"
		body := strings.Join(lines, "\r\n")
		raw := head + body
		whole := of(raw)
		var pieces []string
		for rest := raw; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			pieces, rest = append(pieces, rest[:n]), rest[n:]
		}
		if of(pieces...) != whole {
			t.Errorf("another mail in the pieces %q", pieces)
		}
		if of(strings.ReplaceAll(raw, "\r\n", "\n")) != whole || of(head+strings.ReplaceAll(body, "\r\n", " \t\r\n")) != whole {
			t.Errorf("another mail with other line ends: %q", raw)
		}
		if len(lines) > 0 && of(raw+"x") == whole {
			t.Errorf("the same mail with more in it: %q", raw)
		}
	})
}

func TestIdentityOfLongHeaderAndLines(t *testing.T) {
	long := "From: a@b.example\r\nX-Long: " + strings.Repeat("y", 2<<20) + "\r\n\r\n" + strings.Repeat(" ", 3*maxBlanks) + "end\r\n"
	whole, piecewise := newIdentity(mail.Limits{}), newIdentity(mail.Limits{})
	_, _ = whole.Write([]byte(long))
	for i := 0; i < len(long); i += 1000 {
		_, _ = piecewise.Write([]byte(long[i:min(i+1000, len(long))]))
		if held := cap(piecewise.head) + cap(piecewise.blanks); held > 2<<20 {
			t.Fatalf("%d bytes are held", held)
		}
	}
	if whole.externalID() != piecewise.externalID() {
		t.Error("a mail is another one in pieces")
	}
}
