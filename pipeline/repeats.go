package pipeline

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redress-cms/redress/cases"
)

// How a machine that does not say it is one is told: it says the same again.
const (
	repeatWindow  = time.Hour
	repeatsAlike  = 3    // earlier texts that differ in numbers only, as ticket numbers do
	repeatsLong   = 40   // runes of a text that nobody types twice
	repeatedRunes = 1000 // of a text that are compared
)

// repeats stops the talk with a machine that answers every letter and marks
// none of its own as automatic. What it writes is kept and shown as ever, only
// not answered: when it says word for word what it said within the hour, more
// than a few words, or for the fourth time the same but for the numbers. A
// person who sends a letter twice was answered once.
func (p *Pipeline) repeats(ctx context.Context, u *Understood) (Verdict, error) {
	kind := u.Intent.Kind
	if u.Silent != "" || !u.Format.Threads || kind != IntentComplaint && kind != IntentFollowUp && kind != IntentNotFixed {
		return goOn, nil
	}
	said, err := p.saidBefore(ctx, u)
	if err != nil {
		return goOn, err
	}
	same, alike := 0, 0
	text, withoutNumbers := alikeText(u.Message.Written, false), alikeText(u.Message.Written, true)
	for _, earlier := range said {
		if alikeText(earlier, false) == text {
			same++
		}
		if alikeText(earlier, true) == withoutNumbers {
			alike++
		}
	}
	long := utf8.RuneCountInString(text) >= repeatsLong
	if text != "" && (same > 0 && long || alike >= repeatsAlike) {
		u.Silent = "repeats itself"
	}
	return goOn, nil
}

// saidBefore is what the sender wrote within the hour: in the case, or in the
// cases of its own that it opened.
func (p *Pipeline) saidBefore(ctx context.Context, u *Understood) ([]string, error) {
	since := u.Inbound.ReceivedAt.Add(-repeatWindow)
	var said []string
	for _, c := range u.OwnCase {
		if c.ReceivedAt.After(since) {
			said = append(said, c.Description)
		}
	}
	if u.Case == nil {
		return said, nil
	}
	talk, err := p.Office.Store.Messages(ctx, u.Case.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the conversation: %w", err)
	}
	said = nil // the complaint itself is in the conversation, too
	for _, m := range talk {
		if m.Direction == cases.In && m.Address == u.Message.From.Address && m.At.After(since) {
			said = append(said, m.Text)
		}
	}
	return said, nil
}

// alikeText is the start of a text without blanks and case, and, where asked
// for, without numbers.
func alikeText(text string, withoutNumbers bool) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if unicode.IsSpace(r) || withoutNumbers && unicode.IsDigit(r) {
			continue
		}
		if n++; n > repeatedRunes {
			break
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
