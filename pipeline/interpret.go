package pipeline

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels"
)

// Vocabulary knows the words of conversation in every language.
type Vocabulary interface {
	// Keyword finds the keyword that a message starts with.
	Keyword(text string) (Keyword, bool)
	// NotFixed reports whether the text says in words that the matter is not
	// put right.
	NotFixed(text string) bool
}

// Keyword is a command word at the start of a message.
type Keyword struct {
	Kind     IntentKind
	Language string // in which it is a word; empty: in several
	Rest     string // what follows it
	Shouted  bool   // written in capitals, or on a line of its own
}

// interpret decides what the sender wants.
func (p *Pipeline) interpret(_ context.Context, u *Understood) (Verdict, error) {
	m := u.Message
	text := strings.TrimSpace(m.Written)
	if intent, ok := p.staffIntent(u, text); ok {
		u.Intent = intent
		return goOn, nil
	}
	if m.Conversation != "" {
		return stop("talk in a staff group"), nil
	}
	u.Intent = p.complainantIntent(u, text)
	return goOn, nil
}

func (p *Pipeline) complainantIntent(u *Understood, text string) Intent {
	m := u.Message
	switch m.Action {
	case channels.ActionRegister:
		return Intent{Kind: IntentComplaint, Text: text}
	case channels.ActionAdd:
		return byCase(u, text)
	case channels.ActionReopen:
		return Intent{Kind: IntentReopen, Text: text}
	case channels.ActionRate:
		rating, _ := strconv.Atoi(text)
		return Intent{Kind: IntentRate, Rating: rating}
	}
	if m.OptOut != "" {
		return Intent{Kind: IntentKind(m.OptOut), Text: text}
	}
	if m.Automatic.Is() {
		return byCase(u, text)
	}
	if m.Unusable != "" && text == "" && len(m.Attachments) == 0 && m.Location == nil {
		return Intent{Kind: IntentInWords}
	}
	if word, ok := p.Words.Keyword(text); ok && p.meant(u, word) {
		return p.byKeyword(u, word)
	}
	if u.Found == "recent" && !u.Case.Status.Open() {
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= 5 {
			return Intent{Kind: IntentRate, Rating: n}
		}
		if p.Words.NotFixed(text) {
			return Intent{Kind: IntentNotFixed, Text: text}
		}
		u.Case, u.Found, u.Proof = nil, "", "" // what is resolved takes no further talk
	}
	if u.Case == nil && onlyReference(u.Org, text) {
		return Intent{Kind: IntentUnknown}
	}
	if u.Case != nil && u.Case.Status == cases.Resolved && p.Words.NotFixed(text) {
		return Intent{Kind: IntentNotFixed, Text: text}
	}
	return byCase(u, text)
}

// byCase is a follow-up where the case is known, else a complaint.
func byCase(u *Understood, text string) Intent {
	if u.Case != nil {
		return Intent{Kind: IntentFollowUp, Text: text}
	}
	return Intent{Kind: IntentComplaint, Text: text}
}

// meant tells a keyword from an ordinary sentence that starts with the same
// word: "stop the sewage flooding my street" is a complaint.
func (p *Pipeline) meant(u *Understood, word Keyword) bool {
	words := len(strings.Fields(word.Rest))
	hasReference := len(cases.FindReferences(word.Rest)) > 0 || wrongReference(u.Org, word.Rest) != ""
	if u.Format.Threads && !word.Shouted && !hasReference && word.Kind != IntentStatus {
		return false // letters have sentences
	}
	switch word.Kind {
	case IntentStop, IntentStart, IntentHelp:
		return words == 0
	case IntentStatus:
		return hasReference || words <= 4
	case IntentRate:
		n, err := strconv.Atoi(strings.Trim(lastWord(word.Rest), ".!"))
		return err == nil && n >= 1 && n <= 5
	case IntentLanguage:
		return words == 1
	}
	return true
}

// byKeyword turns a keyword into an intent and settles which case it is about.
func (p *Pipeline) byKeyword(u *Understood, word Keyword) Intent {
	intent := Intent{Kind: word.Kind, Text: cases.CutReferences(word.Rest), Language: word.Language}
	switch word.Kind {
	case IntentComplaint:
		u.Case, u.Found, u.Proof = nil, "", ""
		u.Settling, u.Several = false, false
		if strings.TrimSpace(intent.Text) == "" {
			return Intent{Kind: IntentInWords}
		}
		return intent
	case IntentLanguage:
		intent.Language = strings.ToLower(strings.Trim(word.Rest, " .!"))
		return intent
	case IntentStart:
		if !optedOut(u) {
			intent.Kind = IntentHelp // the first word of a new chat
		}
		return intent
	case IntentStop, IntentHelp:
		return intent
	case IntentRate:
		intent.Rating, _ = strconv.Atoi(strings.Trim(lastWord(word.Rest), ".!"))
	}
	named := len(cases.FindReferences(word.Rest)) > 0
	if wrongReference(u.Org, word.Rest) != "" || (named && u.Found != "reference" && u.Found != "thread") {
		return Intent{Kind: IntentUnknown}
	}
	if !named && u.Found != "token" && u.Found != "thread" {
		chooseOwn(u, word.Kind)
	}
	if u.Case == nil {
		intent.Kind = IntentNoCase
		if word.Kind == IntentReopen && len(strings.Fields(intent.Text)) > 2 {
			intent.Kind = IntentComplaint // a story without a case to reopen
		}
	}
	return intent
}

func optedOut(u *Understood) bool {
	return slices.ContainsFunc(u.Contact.Addresses, func(a cases.ContactAddress) bool {
		return a.Address == u.Sender && a.OptedOutAt != nil
	})
}

// chooseOwn picks the case a keyword without a reference is about: to reopen or
// rate the newest resolved one, for status any with the newest talk first.
func chooseOwn(u *Understood, kind IntentKind) {
	u.Case, u.Found, u.Proof, u.Several = nil, "", "", false
	if !u.Message.Verified {
		return
	}
	open := 0
	for i, c := range u.OwnCase {
		if c.Status.Open() {
			open++
		}
		done := !c.Status.Open()
		fits := kind == IntentStatus || done
		better := u.Case == nil || (kind == IntentStatus && c.Status.Open() && !u.Case.Status.Open())
		if fits && better {
			u.Case, u.Found, u.Proof = &u.OwnCase[i], "recent", "own address, "+u.Message.VerifiedBy
		}
	}
	if u.Case == nil && len(u.OwnCase) > 0 {
		u.Case, u.Found, u.Proof = &u.OwnCase[0], "recent", "own address, "+u.Message.VerifiedBy
	}
	u.Several = open > 1
}

// onlyReference reports whether a message is little more than a reference.
func onlyReference(org *cases.Organisation, text string) bool {
	return wrongReference(org, text) != "" && len(strings.Fields(text)) <= 4 ||
		len(cases.FindReferences(text)) > 0 && len(strings.Fields(cases.CutReferences(text))) <= 2
}

// wrongReference is the first thing in a text that was meant as a reference
// but is none.
func wrongReference(org *cases.Organisation, text string) string {
	if found := cases.FindReferenceLike(org.Jurisdiction.ReferencePrefix, text); len(found) > 0 {
		return found[0]
	}
	return ""
}

func lastWord(text string) string {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return ""
	}
	return fields[len(fields)-1]
}
