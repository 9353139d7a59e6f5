package channels

import (
	"errors"
	"time"
)

// ErrUnreadable marks a message that no retry can make readable; it is
// quarantined with its raw bytes.
var ErrUnreadable = errors.New("message cannot be read")

// Message is what an adapter understood of an Inbound. Everything in it is
// hostile text except Verified, which is the adapter's own finding.
type Message struct {
	From Party
	// Conversation is where the channel talks when that is not From: the chat
	// id of a group. Empty: From.Address.
	Conversation string
	// AnswerOn names another channel to answer on, for a channel that cannot
	// send (a web form that left a phone number: "sms"). Empty: this channel.
	AnswerOn string
	// Verified is true when the provider or a signature proves From (signed
	// webhook, chat user id, DMARC-aligned mail).
	Verified   bool
	VerifiedBy string // for the record: "webhook signature", "dmarc=pass", …

	ID        string   // the message's own id on the channel: Message-ID, chat message id
	InReplyTo []string // ids of earlier messages it answers, nearest first
	Subject   string
	Text      string // the whole text
	Written   string // what the sender wrote in this message, without quotes and signature
	HTML      string // as received, unsafe
	Language  string // provider's hint, BCP 47; empty: unknown
	SentAt    time.Time
	Others    []Party // further authors and recipients that are none of ours

	// ReturnToken is the Thread.ReturnToken of the message of ours to whose
	// return path this one came: a bounce, or a machine's answer.
	ReturnToken string
	// ReplyToken is the Thread.ReplyToken in the address of ours it came to.
	ReplyToken string
	// Own says that From is an address of ours: a loop, or somebody pretends.
	Own bool

	// Album joins what was sent together, such as several photos: messages of
	// one sender with the same album are one. Empty: alone.
	Album string
	// Edited says that the sender changed the message ID; this is how it reads
	// now. Only where Format.Edits.
	Edited bool
	// Forwarded names who wrote the message before its sender passed it on;
	// its words are no command. Empty: the sender did.
	Forwarded string
	// NoEffect says why a message is kept but changes nothing, such as a live
	// location that moved. Empty: it has an effect.
	NoEffect string

	Attachments []Attachment
	Location    *Location
	Also        []Further // further addresses that the sender gave of itself

	// Action is what the sender chose on a page, so that nothing is left to
	// words: text that begins with STATUS stays text. Empty: find it in the text.
	Action    Action
	Press     string    // data of a pressed button
	PressID   string    // provider's id of the press, to answer it
	Token     string    // tracking token handed in with the message
	Fields    Fields    // form fields
	Automatic Automatic // not written by a person
	Receipts  []DeliveryReport
	Defects   []string // what was wrong with the raw message

	// OptOut is "stop", "start" or "help" when the provider itself recognised
	// the word and already acted or answered.
	OptOut string
	// Unusable says in a word what the message is when it has no text and
	// nothing to keep ("sticker"); the sender is asked to write in words.
	Unusable string
}

// Action is a choice made by a form or a button of a page.
type Action string

// The actions. All but ActionRegister come with a Token.
const (
	ActionRegister Action = "register" // always a new case, never joined to another
	ActionAdd      Action = "add"      // Written is added to the case of Token
	ActionReopen   Action = "reopen"   // Written is why
	ActionRate     Action = "rate"     // Written is the rating, "1" to "5"
)

// Fields are what a form asks for by name. Empty: not given.
type Fields struct {
	Service string // service code
	Area    string // area code
	Place   string // where, in words
	Type    string // case type
}

// Further is an address of the sender on another channel.
type Further struct {
	Channel  string
	Address  string // canonical for Channel
	Verified bool   // the provider vouches for it
}

// Party is an address on a channel with the name it gave itself.
type Party struct {
	Address string
	Name    string
}

// Location is a point on WGS 84.
type Location struct {
	Latitude, Longitude float64
	Label               string
}

// Attachment is a file that came with a message. A Reader keeps its content in
// Files while it reads, so that no file is ever held whole.
type Attachment struct {
	Filename    string // as sent; never used as a path
	ContentType string
	ContentID   string
	Inline      bool
	Stored
}

// AutomaticKind says what kind of machine wrote a message.
type AutomaticKind string

// The kinds of automatic message; AutomaticNone is a person's.
const (
	AutomaticNone           AutomaticKind = "none"
	AutomaticReply          AutomaticKind = "auto_reply"
	AutomaticList           AutomaticKind = "list"
	AutomaticBounce         AutomaticKind = "bounce"
	AutomaticDelay          AutomaticKind = "delay"
	AutomaticFeedbackReport AutomaticKind = "feedback_report"
	AutomaticReceipt        AutomaticKind = "receipt"
	AutomaticLoop           AutomaticKind = "loop"
)

// Automatic is the finding that a machine wrote the message, and why.
type Automatic struct {
	Kind   AutomaticKind
	Reason string
	// Form says that a machine sent what a person wrote, as a site that mails
	// its form: it opens a case, but is not answered automatically.
	Form bool
}

// Is reports whether a machine wrote the message.
func (a Automatic) Is() bool { return a.Kind != "" && a.Kind != AutomaticNone }

// DeliveryState is what a provider tells of a message it accepted earlier.
type DeliveryState string

// The delivery states, in the order in which they may follow one another.
const (
	DeliverySent        DeliveryState = "sent"
	DeliveryDelivered   DeliveryState = "delivered"
	DeliveryUndelivered DeliveryState = "undelivered"
	DeliveryFailed      DeliveryState = "failed"
)

// DeliveryReport is the later fate of an Outbound: a status callback or a bounce.
type DeliveryReport struct {
	ProviderID string // as in Receipt.ProviderID; or
	MessageID  string // as in Thread.MessageID
	Address    string // recipient it is about, if told
	State      DeliveryState
	Code       string // provider's code or RFC 3463 status
	Text       string // safe to show to staff
	Hard       bool   // the address will never work
	OptedOut   bool
	Unwanted   bool // the recipient called the message unwanted; State says nothing new
}
