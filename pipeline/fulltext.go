package pipeline

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redress-cms/redress/cases"
)

// maxFullText bounds the full text that goes to a chat, in characters: a few
// messages. The command line shows all of it.
const maxFullText = 12_000

// leftOut reports whether a message came with more words than its sender wrote
// in it: quotes, a signature, a disclaimer.
func leftOut(m cases.Message) bool {
	return m.Direction == cases.In && m.Login == "" && m.FullText != "" && m.FullText != m.Text
}

// answerFull answers /full: the messages of a case with all their words.
func (p *Pipeline) answerFull(ctx context.Context, u *Understood, c cases.Case) error {
	messages, err := p.Office.Store.Messages(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("reading the conversation: %w", err)
	}
	full := fullText(messages, u.Org.Location())
	if full == "" {
		return p.refuse(ctx, u, &c, "The case shows every word already.")
	}
	if short := beginning(full, maxFullText); short != full {
		last := strings.LastIndexAny(short, " \n")
		full = short[:max(last, 0)] + " …\n\nredress case show " + string(c.Reference) + " --full"
	}
	return p.answerStaff(ctx, u, &c, cases.Notice{Kind: cases.AnswerFull, Text: full})
}

// fullText is the full text of the messages that have more words than are
// shown, each with its time and sender.
func fullText(messages []cases.Message, zone *time.Location) string {
	var parts []string
	for _, m := range messages {
		if leftOut(m) {
			parts = append(parts, fmt.Sprintf("%s, %s\n%s", m.At.In(zone).Format("2006-01-02 15:04"), m.Address,
				strings.TrimSpace(m.FullText)))
		}
	}
	return strings.Join(parts, "\n\n")
}
