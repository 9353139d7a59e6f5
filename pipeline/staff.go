package pipeline

import (
	"slices"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// Command is what a member of staff orders: "/resolve C-7K2M-9QXT text". A
// button sends the same words.
type Command struct {
	Name      string
	Reference cases.Reference // empty: none given
	Text      string
	Wrong     string // something that looks like a reference but is none
}

// splitCommand reads "/name[@bot] [reference] text". Without the slash the
// reference is required, so that an ordinary sentence is no command.
func splitCommand(org *cases.Organisation, text string) (Command, bool) {
	text = strings.TrimSpace(text)
	first, rest, _ := strings.Cut(strings.Replace(text, "\n", " \n", 1), " ")
	slash := strings.HasPrefix(first, "/")
	name, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(first, "/")), "@")
	if _, known := staffCommands[name]; !known {
		return Command{}, false
	}
	command := Command{Name: name, Text: strings.TrimSpace(rest)}
	if ref, after, ok := cutReference(command.Text); ok {
		command.Reference, command.Text = ref, after
	} else {
		word, _, _ := strings.Cut(command.Text, " ")
		command.Wrong = wrongReference(org, word)
	}
	if !slash && command.Reference == "" && command.Wrong == "" {
		return Command{}, false
	}
	return command, true
}

// cutReference splits a text that begins with a reference, which may be
// written with blanks.
func cutReference(text string) (ref cases.Reference, rest string, ok bool) {
	rest = text
	for range 3 {
		word, after, _ := strings.Cut(rest, " ")
		begin := text[:len(text)-len(rest)] + word
		rest = strings.TrimLeft(after, " ")
		if refs := cases.FindReferences(begin); len(refs) == 1 {
			return refs[0], strings.TrimSpace(rest), true
		}
	}
	return "", text, false
}

func isCommand(org *cases.Organisation, text string) bool {
	_, ok := splitCommand(org, text)
	return ok
}

// staffIntent is what a member of staff wants, if the message is one of
// staff's: a command, a pressed button, an answer to a prompt or card.
func (p *Pipeline) staffIntent(u *Understood, text string) (Intent, bool) {
	m := u.Message
	if m.OptOut != "" || m.Automatic.Is() || m.Forwarded != "" && u.Staff == nil {
		return Intent{}, false
	}
	if u.Staff != nil && m.Edited {
		return Intent{Kind: IntentCommand, Command: Command{Name: commandEdited}}, true
	}
	if m.Forwarded != "" { // somebody else's words give no orders
		text = ""
	}
	code, isCode := linkCode(text)
	isCode = isCode && (u.Staff == nil || !isReference(code)) // staff also link cases so
	if isCode && m.Verified && m.Conversation == "" {
		return Intent{Kind: IntentLink, Code: code}, true
	}
	command, ok := splitCommand(u.Org, text)
	slash := strings.HasPrefix(text, "/")
	switch {
	case u.Staff == nil && ok && !isCode && (m.Conversation != "" || slash && u.Format.Buttons && !p.startsWithKeyword(text)):
		return Intent{Kind: IntentCommand, Command: Command{Name: commandStranger}}, true
	case u.Staff == nil && u.Format.Audience == channels.ForStaff:
		return Intent{Kind: IntentCommand, Command: Command{Name: commandStranger}}, true
	case u.Staff == nil:
		return Intent{}, false
	case ok:
		return Intent{Kind: IntentCommand, Command: command.answering(u.Answers)}, true
	case slash && u.Format.Buttons && !p.startsWithKeyword(text): // a command there is none of is no text to send
		return Intent{Kind: IntentCommand, Command: Command{Name: "help"}}, true
	case u.Answers != nil && u.Answers.To == cases.ToStaff && u.Answers.Context != "":
		return Intent{Kind: IntentCommand, Command: Command{
			Name: u.Answers.Context, Reference: cases.Reference(u.Answers.Reference), Text: text,
		}}, true
	case u.Answers != nil && u.Answers.To == cases.ToStaff:
		return Intent{Kind: IntentCommand, Command: Command{
			Name: commandHint, Reference: cases.Reference(u.Answers.Reference),
		}}, true
	case m.Conversation == "" && u.Format.Buttons && !p.ownMatter(u, text):
		return Intent{Kind: IntentCommand, Command: Command{Name: "help"}}, true
	}
	return Intent{}, false
}

// answering is the command as an answer to a message about a case: that case
// is the one it is for, where it names none, or to link, only the other.
func (c Command) answering(to *store.Outbound) Command {
	switch {
	case to == nil || to.Reference == "" || c.Wrong != "":
	case c.Reference == "":
		c.Reference = cases.Reference(to.Reference)
	case c.Name == "link" && c.Text == "" && string(c.Reference) != to.Reference:
		c.Reference, c.Text = cases.Reference(to.Reference), string(c.Reference)
	}
	return c
}

func isReference(text string) bool { return len(cases.FindReferences(text)) == 1 }

func (p *Pipeline) startsWithKeyword(text string) bool {
	word, ok := p.Words.Keyword(text)
	return ok && !word.Misspelt
}

// ownMatter reports whether a member of staff writes as a complainant: in
// answer to what they were told as one, with a keyword while a complaint of
// their own goes on, or with a slash ("/new text"). Anything else is talk
// between colleagues: "new pump ordered" opens no case.
func (p *Pipeline) ownMatter(u *Understood, text string) bool {
	if u.Answers != nil && u.Answers.To == cases.ToComplainant {
		return true
	}
	word, ok := p.Words.Keyword(text)
	if !ok || word.Misspelt {
		return false
	}
	switch word.Kind {
	case IntentStop, IntentStart, IntentLanguage: // about the chat, not a case
		return true
	}
	return strings.HasPrefix(text, "/") ||
		slices.ContainsFunc(u.OwnCase, func(c cases.Case) bool { return c.Status != cases.Closed })
}

// linkCode reads "/start CODE" (a deep link) or "/link CODE".
func linkCode(text string) (string, bool) {
	fields := strings.Fields(text)
	if len(fields) != 2 || !slices.Contains([]string{"/start", "/link"}, strings.ToLower(fields[0])) {
		return "", false
	}
	return fields[1], len(fields[1]) <= 64
}
