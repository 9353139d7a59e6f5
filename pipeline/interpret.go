package pipeline

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

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
	// Yes reports whether the text says yes and nothing else.
	Yes(text string) bool
}

// Keyword is a command word at the start of a message.
type Keyword struct {
	Kind     IntentKind
	Language string // in which it is a word; empty: in several
	Rest     string // what follows it
	Shouted  bool   // written in capitals, or on a line of its own
	Misspelt bool   // by one letter
}

// interpret decides what the sender wants.
func (p *Pipeline) interpret(_ context.Context, u *Understood) (Verdict, error) {
	m := u.Message
	text := strings.TrimSpace(m.Written)
	if u.Earlier != nil {
		u.Intent = continuation(u, text)
		return goOn, nil
	}
	if intent, ok := p.staffIntent(u, text); ok {
		u.Intent = intent
		return goOn, nil
	}
	if m.Conversation != "" {
		return stop("talk in a staff group"), nil
	}
	u.Intent = p.complainantIntent(u, text)
	if m.Edited && !u.Intent.isTalk() {
		return stop("a command is not carried out again when its words are changed"), nil
	}
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
		rating, comment, _ := readRating(text)
		return Intent{Kind: IntentRate, Rating: rating, Text: comment}
	}
	switch {
	case m.OptOut != "":
		return Intent{Kind: IntentKind(m.OptOut), Text: text}
	case m.Automatic.Is():
		return byCase(u, text)
	case saysNothing(m) && (u.Case == nil || len(m.Also) == 0), u.Case == nil && onlySigns(m):
		return Intent{Kind: IntentInWords}
	}
	if word, ok := p.Words.Keyword(text); ok && m.Forwarded == "" && p.meant(u, word) {
		return p.byKeyword(u, word)
	}
	if u.Case != nil && u.Proof != "" && p.Words.Yes(text) && p.lists(u, *u.Case) {
		return Intent{Kind: IntentSplit} // the answer to our offer
	}
	if intent, ok := p.afterResolution(u, text); ok {
		return intent
	}
	if (u.Case == nil || u.Found == "recent") && onlyReference(u.Org, text) {
		return Intent{Kind: IntentUnknown}
	}
	return byCase(u, text)
}

// saysNothing reports whether there is nothing to keep in a message, such as a
// sticker. What could not be read for its defects is kept as a complaint.
func saysNothing(m channels.Message) bool {
	return strings.TrimSpace(m.Written+m.Subject) == "" && len(m.Attachments)+len(m.Defects) == 0 && m.Location == nil
}

// onlySigns reports whether a message is made of signs alone: an emoji, "?!".
// They go with talk about a case, but are no complaint.
func onlySigns(m channels.Message) bool {
	said := strings.ContainsFunc(m.Written+m.Subject, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
	return !said && len(m.Attachments)+len(m.Defects) == 0 && m.Location == nil
}

// byCase is a follow-up where the case is known, else a complaint.
func byCase(u *Understood, text string) Intent {
	if u.Case != nil {
		return Intent{Kind: IntentFollowUp, Text: text}
	}
	return Intent{Kind: IntentComplaint, Text: text}
}

// afterResolution reads what people say once their case is resolved: a bare 1
// to 5, or that it is not fixed. Other talk belongs to a resolved case only
// where it answers it or names it.
func (p *Pipeline) afterResolution(u *Understood, text string) (Intent, bool) {
	rating, comment, ok := readRating(text)
	bare := ok && comment == ""
	if done := lastResolved(u.OwnCase); bare && u.Found == "recent" && done != nil {
		// With another case open, only an unrated resolution that is news is meant.
		if !u.Case.Status.Open() || done.Rating == 0 && done.ResolvedAt.After(lastTalk(*u.Case)) {
			u.Case, u.Several, u.Settling = done, false, false
		}
	}
	switch {
	case u.Case == nil || u.Case.Status.Open():
		return Intent{}, false
	case bare:
		return Intent{Kind: IntentRate, Rating: rating}, true
	case p.Words.NotFixed(text):
		return Intent{Kind: IntentNotFixed, Text: text}, true
	case u.Found == "recent":
		u.Case, u.Found, u.Proof = nil, "", ""
	}
	return Intent{}, false
}

// lastResolved is the case that was resolved last; nil: none is.
func lastResolved(own []cases.Case) *cases.Case {
	var last *cases.Case
	for i, c := range own {
		if !c.Status.Open() && c.ResolvedAt != nil && (last == nil || c.ResolvedAt.After(*last.ResolvedAt)) {
			last = &own[i]
		}
	}
	return last
}

// meant tells a keyword from an ordinary sentence that starts with the same
// word: "stop the sewage flooding my street" is a complaint.
func (p *Pipeline) meant(u *Understood, word Keyword) bool {
	words := len(strings.Fields(word.Rest))
	hasReference := len(cases.FindReferences(word.Rest)) > 0 || wrongReference(u.Org, word.Rest) != ""
	if u.Format.Threads && !word.Shouted && !hasReference { // letters have sentences
		resolved := u.Case != nil && !u.Case.Status.Open()
		answer := word.Kind == IntentReopen || word.Kind == IntentRate
		if word.Kind != IntentStatus && (!resolved || !answer) {
			return false
		}
	}
	if word.Misspelt && !fits(u, word) {
		return false
	}
	switch word.Kind {
	case IntentStop, IntentStart, IntentHelp:
		return words == 0
	case IntentSplit:
		return words == 0 || hasReference && strings.TrimSpace(cases.CutReferences(word.Rest)) == ""
	case IntentStatus:
		return hasReference || words <= 4 && !p.Words.NotFixed(word.Rest)
	case IntentRate:
		_, _, ok := readRating(word.Rest)
		return ok
	case IntentLanguage:
		return words == 1
	}
	return true
}

// fits reports whether what follows a misspelt keyword leaves no doubt that it
// is one: nothing, or first a reference, a rating, a language.
func fits(u *Understood, word Keyword) bool {
	rest := strings.Fields(word.Rest)
	if len(rest) == 0 || len(rest) == 1 && (word.Kind == IntentRate || word.Kind == IntentLanguage) {
		return true
	}
	_, _, ok := cutReference(word.Rest)
	return ok || wrongReference(u.Org, rest[0]) != ""
}

// byKeyword turns a keyword into an intent and settles which case it is about.
func (p *Pipeline) byKeyword(u *Understood, word Keyword) Intent {
	intent := Intent{Kind: word.Kind, Text: cases.CutReferences(word.Rest), Language: word.Language}
	switch word.Kind {
	case IntentComplaint:
		u.Case, u.Found, u.Proof = nil, "", ""
		u.Settling, u.Several = false, false
		if intent.Text = word.Rest; strings.TrimSpace(intent.Text) == "" {
			return Intent{Kind: IntentInWords}
		}
		return intent
	case IntentHelp:
		return intent
	case IntentStop, IntentStart, IntentLanguage:
		intent.Language = cmp.Or(strings.ToLower(strings.Trim(word.Rest, " .!")), intent.Language)
		first := word.Kind == IntentStart && !optedOut(u) // the first word of a new chat
		if first || !u.Message.Verified {                 // anybody can write somebody else's address
			intent.Kind = IntentHelp
		}
		return intent
	case IntentRate:
		intent.Rating, intent.Text, _ = readRating(word.Rest)
	}
	named := len(cases.FindReferences(word.Rest)) > 0
	if wrongReference(u.Org, word.Rest) != "" || (named && u.Found != "reference" && u.Found != "thread") {
		return Intent{Kind: IntentUnknown}
	}
	switch own := !named && u.Found != "token" && u.Found != "thread" && u.Found != "reference"; {
	case own && word.Kind == IntentSplit:
		p.chooseListed(u)
	case own:
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

// readRating reads "4", "4/5 thank you" or "very good: 5", in the digits of any
// script and with or without a reference.
func readRating(text string) (rating int, comment string, ok bool) {
	words := strings.Fields(cases.CutReferences(text))
	if len(words) == 0 {
		return 0, "", false
	}
	last := len(words) - 1
	if n, ok := oneToFive(words[0]); ok {
		return n, strings.Join(words[1:], " "), true
	}
	n, ok := oneToFive(words[last])
	return n, strings.Join(words[:last], " "), ok
}

func oneToFive(word string) (int, bool) {
	word = strings.TrimSuffix(strings.TrimRight(word, ".,!:;"), "/5")
	r, size := utf8.DecodeRuneInString(word)
	if size == 0 || size != len(word) || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	zero := r // digits of every script stand in a row of ten
	for r-zero < 9 && unicode.Is(unicode.Nd, zero-1) {
		zero--
	}
	n := int(r - zero)
	return n, n >= 1 && n <= 5
}

func optedOut(u *Understood) bool {
	return slices.ContainsFunc(u.Contact.Addresses, func(a cases.ContactAddress) bool {
		return a.Address == u.Sender && a.OptedOutAt != nil
	})
}

// chooseOwn picks the case a keyword without a reference is about: to reopen or
// rate the one resolved last, for status the open one with the newest talk.
func chooseOwn(u *Understood, kind IntentKind) {
	u.Case, u.Found, u.Proof, u.Several = nil, "", "", false
	if !u.Message.Verified || len(u.OwnCase) == 0 {
		return
	}
	isOpen := func(c cases.Case) bool { return c.Status.Open() }
	choice := &u.OwnCase[0]
	if i := slices.IndexFunc(u.OwnCase, isOpen); i >= 0 && kind == IntentStatus {
		choice = &u.OwnCase[i]
		u.Several = slices.ContainsFunc(u.OwnCase[i+1:], isOpen)
	}
	if done := lastResolved(u.OwnCase); done != nil && kind != IntentStatus {
		choice = done
	}
	u.Case, u.Found, u.Proof = choice, "recent", "own address, "+u.Message.VerifiedBy
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
