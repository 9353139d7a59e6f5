package pipeline

import (
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// Understood is what is known of one inbound message so far. Each stage reads
// what earlier ones found and adds its own.
type Understood struct {
	Inbound store.Inbound
	Now     time.Time
	Org     *cases.Organisation

	// understand
	Message channels.Message
	Format  channels.Format // of the channel it came in on

	// guard
	Silent string // why nobody is answered; empty: answers are sent
	Flood  bool   // past the flood limit

	// identify
	Sender  cases.Address // canonical, on the channel answers go to
	Account string        // account of ours that answers go out by
	Contact cases.Contact // ID 0: not known yet
	Staff   *cases.User   // the sender is this member of staff
	OwnCase []cases.Case  // of Sender, newest talk first

	// continue
	Earlier *cases.Message // that this is a part or a new wording of

	// thread
	Case  *cases.Case // the case it belongs to
	Found string      // how it was found: "earlier", "token", "thread", "reference", "recent"
	Proof string      // why the sender may see and change Case; empty: held
	// Participant: without a right to Case, but put in copy by its complainant.
	Participant bool
	Answers     *store.Outbound // our message that it answers
	Settling    bool            // joins texts of a moment ago
	Several     bool            // Case is the newest of several it may belong to

	// interpret
	Intent Intent
	Listed []cases.Case // that the answer lists, if not the own ones

	// attachments
	Files []cases.Attachment
	Point *cases.Located // of the place meant, from beside the text; nil: not known

	// classify and route
	Classification cases.Classification
	Load           map[string]int // open cases by officer
	Language       string

	// Step is what record saves. Stages may add to it.
	Step store.Step
}

// result is what became of the message, for metrics.
func (u *Understood) result() string { return string(u.Step.InboundState) }

// Verdict is what a stage says of going on. Its zero value means: go on.
type Verdict struct {
	Stop   bool
	Reason string // why the message has no further effect
}

var goOn = Verdict{}

func stop(reason string) Verdict { return Verdict{Stop: true, Reason: reason} }

// IntentKind is what the sender wants.
type IntentKind string

// What a complainant can want. IntentCommand is a member of staff's.
const (
	IntentComplaint IntentKind = "complaint"
	IntentFollowUp  IntentKind = "follow_up"
	IntentStatus    IntentKind = "status"
	IntentReopen    IntentKind = "reopen"
	IntentNotFixed  IntentKind = "not_fixed"
	IntentRate      IntentKind = "rate"
	IntentLanguage  IntentKind = "language"
	IntentHelp      IntentKind = "help"
	IntentStop      IntentKind = "stop"
	IntentStart     IntentKind = "start"
	IntentInWords   IntentKind = "in_words"
	IntentUnknown   IntentKind = "unknown_reference"
	IntentNoCase    IntentKind = "no_case"
	IntentCommand   IntentKind = "command"
	IntentLink      IntentKind = "link"
	IntentPart      IntentKind = "part"   // of a message that the case has
	IntentReword    IntentKind = "reword" // likewise
	IntentSplit     IntentKind = "split"
)

// Intent is what the sender wants, with its words.
type Intent struct {
	Kind     IntentKind
	Text     string // without the keyword and reference
	Rating   int
	Language string
	Code     string // IntentLink
	Command  Command
}
