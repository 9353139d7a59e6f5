// Package store keeps cases, messages and everything waiting to be done in
// SQLite or PostgreSQL. The database is the only truth: unique keys,
// transactions and version columns decide, never a cache or a lock that can
// expire.
package store

import (
	"errors"
	"time"

	"github.com/redress-cms/redress/cases"
)

// What the store refuses.
var (
	ErrNotFound       = errors.New("not found")
	ErrConflict       = errors.New("changed by somebody else meanwhile") // a version column did not match
	ErrDone           = errors.New("already done")                       // the inbound row or timer was finished by another worker
	ErrReferenceTaken = errors.New("reference is taken")                 // draw another
)

// InboundState is where a received message stands.
type InboundState string

// The states of an inbound row.
const (
	InboundReceived    InboundState = "received"
	InboundProcessed   InboundState = "processed"
	InboundIgnored     InboundState = "ignored"
	InboundQuarantined InboundState = "quarantined"
)

// Inbound is a provider message as kept. (Channel, Account, ExternalID) is unique.
type Inbound struct {
	ID          int64 // rises in order of receipt
	Channel     string
	Account     string
	ExternalID  string
	Sender      string
	ReceivedAt  time.Time
	ContentType string
	Raw         []byte // nil in lists, empty where File is set
	File        Stored // the message as it came, where that is too long for the row; zero in lists
	State       InboundState
	Reason      string // why ignored or quarantined, or the last error
	Tries       int
	NextTryAt   time.Time // not before
	CaseID      int64     // 0: none
	ProcessedAt *time.Time
}

// Appended says what became of one row handed to AppendInbound.
type Appended struct {
	ID  int64
	New bool // false: it was known already, under this ID
}

// InboundRef names a row to be worked on and the sender it is in line with.
type InboundRef struct {
	ID      int64
	Channel string
	Sender  string
}

// OutboundState is where a message to be sent stands.
type OutboundState string

// The states of an outbox row.
const (
	OutPending     OutboundState = "pending"
	OutAttempting  OutboundState = "attempting"
	OutRetry       OutboundState = "retry"
	OutSent        OutboundState = "sent"
	OutDelivered   OutboundState = "delivered"
	OutUndelivered OutboundState = "undelivered"
	OutFailed      OutboundState = "failed"
	OutUncertain   OutboundState = "uncertain"
	OutOptedOut    OutboundState = "opted_out"
	OutExpired     OutboundState = "expired"
)

// Outbound is a rendered message to be sent. What is rendered never changes.
type Outbound struct {
	ID        string // 26 characters, sorts by time (ULID)
	Dedupe    string // unique; a second row with the same key is not inserted. Empty: ID
	CaseID    int64  // 0: none
	Reference string // of the case, filled when read
	InboundID int64  // what it answers; 0: none
	Kind      cases.NoticeKind
	To        cases.Audience
	Login     string // staff: to whom; empty for a group
	Channel   string
	Account   string
	Address   string
	Subject   string
	Text      string
	Brief     string // an alert in one line; it may go out together with others. Empty: not
	HTML      string
	Automatic bool
	MessageID string // ours, for threads; indexed
	// ReplyToken is the unguessable part of the address that an answer of this
	// recipient about this case comes to; indexed. Empty: none.
	ReplyToken string
	InReplyTo  string
	// ReplyToRow, EditsRow name an earlier outbox row whose ProviderID is put
	// into InReplyTo, or is edited, when this row is sent. While that row is not
	// yet sent this one waits; once it failed for good this one is dropped or
	// sent unthreaded.
	ReplyToRow string
	EditsRow   string
	References []string
	Buttons    [][]Button
	Prompt     bool
	PressID    string
	// Context is what an answer to this message means: "resolve" makes the
	// answer the text of a resolution. Empty: an ordinary reply.
	Context string
	// Picture is the SHA-256 of what goes along: a JPEG to show, or where Kind is
	// cases.AlertFile a file of the complainant's. Empty: none.
	Picture string

	State         OutboundState
	Attempts      int
	NextAttemptAt time.Time
	AttemptedAt   *time.Time
	ProviderID    string
	Segments      int
	ErrorCode     string
	Error         string // safe to show
	CreatedAt     time.Time
	FinishedAt    *time.Time
	ExpiresAt     time.Time // zero: never
}

// Button under a message.
type Button struct {
	Label string `json:"label"`
	Data  string `json:"data,omitempty"`
	URL   string `json:"url,omitempty"`
}

// OutboundRef names a row to be sent and the recipient it is in line with.
type OutboundRef struct {
	ID      string
	Channel string
	Account string
	Address string
}

// Outcome is what became of an attempt; it moves the row out of attempting.
type Outcome struct {
	State         OutboundState
	NextAttemptAt time.Time
	ProviderID    string
	Segments      int
	ErrorCode     string
	Error         string
	Address       string // not empty: the recipient's new address
	At            time.Time
	// NotMade takes the attempt back that Claim counted: the message had to wait.
	NotMade bool
	// From, when not empty, is the only state that the row may be in; else
	// Finish returns ErrDone.
	From OutboundState
	// Attempt, when not 0, is the only attempt that it is about; else Finish
	// returns ErrDone. A worker that was stopped for long may come back with
	// news of an old one.
	Attempt int
}

// Report is a later word of the provider on a message, found by ProviderID or
// MessageID. State only ever moves forward: sent < undelivered/failed < delivered.
type Report struct {
	Channel, Account      string
	ProviderID, MessageID string
	State                 OutboundState
	Code, Text            string
	Hard, OptedOut        bool
	At                    time.Time
}

// Step is all that one inbound message, timer or command changes. Record saves
// it in one transaction, or nothing of it.
type Step struct {
	At time.Time

	// Inbound, when not 0, is finished with this step; ErrDone when it is no
	// longer in state received, or an earlier one of its sender still is.
	Inbound       int64
	InboundState  InboundState // processed or ignored
	InboundReason string

	// Timer, when not 0, fires with this step; ErrDone when it is not pending.
	Timer int64

	Contact   *cases.Contact // to insert (ID 0) or whose name and language to update; its ID is set
	Addresses []AddressChange

	Change   *cases.Change // its Case.ContactID of 0 means the Contact of this step
	Links    []int64       // ids of cases to link the Change's case to, in both directions
	Messages []cases.Message
	// Participants are added to the Change's case; who is known is left as is.
	Participants []cases.Participant
	Outbox       []Outbound
	Reports      []Report

	Examined *Examined // ErrDone when the attachment is no longer pending

	Addition *Addition // to a message that the Change's case has already

	// Further are other new cases, made of the same message: of each only
	// Change, Messages and Outbox. They belong to the contact of this step and
	// are linked to its case, in both directions.
	Further []Step

	Link     *LinkUse // a staff chat linked by a code
	Language *ContactLanguage
}

// AddressChange adds an address to a contact or marks it. ContactID 0 means
// the Contact of the step. A nil mark is left as it is.
type AddressChange struct {
	ContactID     int64
	Address       cases.Address
	Account       string
	Verified      *time.Time
	OptedOut      *time.Time
	OptedIn       bool // clears OptedOut
	Undeliverable *time.Time
	Reachable     bool // clears Undeliverable
}

// Addition is a further part of a message: files, and a text where it had none.
type Addition struct {
	MessageID   int64
	Text        string
	Attachments []cases.Attachment
}

// LinkUse spends a link code and gives its user the address.
type LinkUse struct {
	Code    string
	Address cases.Address
}

// ContactLanguage sets the language a contact chose, for the contact and its open cases.
type ContactLanguage struct {
	ContactID int64
	Language  string
}

// Examined is what was found out about an attachment.
type Examined struct {
	ID          int64
	State       cases.AttachmentState
	ContentType string
	Filename    string
	Finding     string
	Picture     string // SHA-256 of the picture for others; empty: none
	Thumbnail   string
}

// Recorded is what Record made.
type Recorded struct {
	CaseID    int64
	ContactID int64
	Outbox    []OutboundRef // inserted and due, to be pushed to dispatch
	Login     string        // of the user whose chat was linked
}

// Stored is a blob reference for large raws and attachments.
type Stored struct {
	SHA256 string
	Size   int64
}
