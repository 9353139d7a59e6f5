// Package cases is the domain: what a complaint is, who acts on it, and the
// rules by which it changes. It does no I/O. An action takes the organisation,
// a case, an actor and the time, and returns a Change or an *Error; the store
// saves a Change in one transaction, and nothing else changes a case.
package cases

import (
	"strings"
	"time"
)

// Type is the kind of case.
type Type string

// The case types.
const (
	Complaint          Type = "complaint"
	Enquiry            Type = "enquiry"
	Suggestion         Type = "suggestion"
	Compliment         Type = "compliment"
	Appeal             Type = "appeal"
	Petition           Type = "petition"
	InformationRequest Type = "information_request"
)

// Status is where a case stands.
type Status string

// The statuses. Pending, Reforwarded, Reopened and Escalated are open and
// running; Deferred is open with its clock paused.
const (
	Pending     Status = "pending"
	Deferred    Status = "deferred"
	Reforwarded Status = "reforwarded"
	Reopened    Status = "reopened"
	Escalated   Status = "escalated"
	Resolved    Status = "resolved"
	Closed      Status = "closed"
)

// Open reports whether work on the case is still to be done.
func (s Status) Open() bool { return s != Resolved && s != Closed && s != "" }

// Priority orders cases; policies and alerts depend on it.
type Priority string

// The priorities, lowest first.
const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
	Urgent Priority = "urgent"
)

// rank orders priorities from 0; a word that is none has -1.
func (p Priority) rank() int {
	switch p {
	case Low:
		return 0
	case Normal:
		return 1
	case High:
		return 2
	case Urgent:
		return 3
	}
	return -1
}

// Outcome is what the resolution found.
type Outcome string

// The outcomes.
const (
	Upheld            Outcome = "upheld"
	PartlyUpheld      Outcome = "partly_upheld"
	NotUpheld         Outcome = "not_upheld"
	Withdrawn         Outcome = "withdrawn"
	OutOfJurisdiction Outcome = "out_of_jurisdiction"
	Duplicate         Outcome = "duplicate"
)

// Case is one complaint (or other Type) from registration to closure. Times
// are UTC; a nil time has not happened.
type Case struct {
	ID        int64
	Version   int64 // rises by one with every saved change
	Reference Reference
	Token     string // tracking token, 160 random bits in base32; a secret of the complainant

	Type       Type
	Status     Status
	Stage      int // 1, 2; 3 is external review
	Level      int // step in the hierarchy that answers for it, from 1
	Priority   Priority
	Service    string // code; empty: not known
	Department string // code
	Area       string // code
	Owner      string // login
	Policy     string // name

	ContactID int64
	// Intake is the channel the case came in on: "sms", "web", "phone", "letter", …
	Intake string
	// Channel, Account and Address are where the complainant talks with us:
	// notices go there. Address may differ from the contact's other addresses.
	Channel, Account, Address string
	Language                  string // BCP 47, one of the organisation's

	Subject     string
	Description string
	Place       string // where, in the complainant's words
	OnBehalf    string // for whom somebody complains, in their words; empty: for themselves
	Latitude    *float64
	Longitude   *float64
	PointSource PointSource // where Latitude and Longitude come from

	ReceivedAt     time.Time
	AcknowledgedAt *time.Time // when the acknowledgement was queued
	AcceptedAt     *time.Time // when an officer, now the owner, took it on
	ClockAt        *time.Time // start of the running clock: receipt or reopening, moved on by pauses
	RespondedAt    *time.Time // first answer by a person
	RespondBy      *time.Time
	DueAt          *time.Time // resolve by
	DeferredAt     *time.Time // since when the clock is paused
	DeferredUntil  *time.Time
	ResolvedAt     *time.Time
	ResolvedBy     string // login, "complainant" or "system"
	ClosedAt       *time.Time
	LastInboundAt  *time.Time // the complainant's last message
	Joined         int        // messages added since then that were not yet confirmed (TimerSettle)
	Reopenings     int
	Extensions     int

	Outcome   Outcome
	Remedy    string
	RootCause string
	Rating    int // 1 to 5; 0: none

	Confidential bool
	Facts        []Fact   // what its texts name, as written
	Reasons      []Reason // why service, priority, area, department, owner, policy are what they are
}

// Reason explains one decision about a case.
type Reason struct {
	Decision string `json:"decision"` // "service", "priority", "area", "department", "owner", "policy", "due"
	Value    string `json:"value"`
	Why      string `json:"why"` // for staff, in English
}

// Contact is a person (or firm) known by one or more addresses.
type Contact struct {
	ID        int64
	Name      string
	Language  string
	Addresses []ContactAddress
	CreatedAt time.Time
}

// Address is a place on a channel where someone can be reached.
type Address struct {
	Channel string
	Value   string // canonical for the channel
}

// ContactAddress is an Address of a contact with what is known of it.
type ContactAddress struct {
	Address
	Account         string // account of ours it last wrote to or is written from
	VerifiedAt      *time.Time
	OptedOutAt      *time.Time
	UndeliverableAt *time.Time
}

// ActorKind says in what role somebody acts.
type ActorKind string

// The kinds of actor.
const (
	ActorComplainant ActorKind = "complainant"
	ActorParticipant ActorKind = "participant" // somebody whom the complainant put in copy
	ActorStaff       ActorKind = "staff"
	ActorSystem      ActorKind = "system" // a timer or a rule
)

// Actor is who changes a case.
type Actor struct {
	Kind    ActorKind
	Login   string // staff only
	Channel string // through which; "console" and "command" are surfaces, not channels
}

// System is the actor of timers and rules.
var System = Actor{Kind: ActorSystem}

func (a Actor) String() string {
	if a.Kind == ActorStaff {
		return a.Login
	}
	return string(a.Kind)
}

// Message is one entry of the conversation of a case.
type Message struct {
	ID          int64
	CaseID      int64
	Direction   Direction
	To          Audience
	Channel     string
	Account     string
	Address     string
	Subject     string
	Text        string // what the sender wrote, or what was sent
	FullText    string // with quotes; empty: same as Text
	ExternalID  string // Message-ID or chat message id
	InboundID   int64  // 0: none
	OutboundID  string // of an outgoing message; its state is the outbox row's
	State       string // as in the `case show` JSON
	At          time.Time
	Held        bool   // from somebody whose right to the case is not shown
	Login       string // of the member of staff who sent it in; empty: the complainant
	Remarks     string // what was wrong with it or left out, for staff; lines
	Participant bool   // from somebody whom the complainant put in copy
	Album       string // joins what was sent together; empty: alone
	VersionOf   int64  // the message that this is a new wording of; 0: none
	Attachments []Attachment
}

// Attachment is a stored file of a message. The original is evidence: it is
// kept as it came and only ever handed out as a download.
type Attachment struct {
	ID          int64
	MessageID   int64
	PublicID    string // in addresses of pages: 160 random bits in base32
	Filename    string // safe to show; never a path
	ContentType string // by content
	ClaimedType string // by the sender's word
	Size        int64  // bytes
	SHA256      string // names the blob
	Inline      bool

	State     AttachmentState
	Finding   string // what the scanner found, or why State is what it is
	Picture   string // SHA-256 of the picture re-encoded, without metadata; empty: none
	Thumbnail string // likewise, small
}

// AttachmentState says how far a file is known to be harmless.
type AttachmentState string

// The states of an attachment. One that is pending is not shown yet; one that
// is infected never is.
const (
	AttachmentPending  AttachmentState = "pending"
	AttachmentClean    AttachmentState = "clean"
	AttachmentInfected AttachmentState = "infected"
	AttachmentSkipped  AttachmentState = "skipped" // not scanned: no scanner, or too large for it
)

// Shown reports whether others may get the file.
func (s AttachmentState) Shown() bool { return s == AttachmentClean || s == AttachmentSkipped }

// Spoken reports whether a file is one to be listened to.
func (a Attachment) Spoken() bool {
	return strings.HasPrefix(a.ContentType, "audio/") || strings.HasPrefix(a.ClaimedType, "audio/")
}

// Watched reports whether a file is one to be watched.
func (a Attachment) Watched() bool {
	video := strings.HasPrefix(a.ContentType, "video/") || strings.HasPrefix(a.ClaimedType, "video/")
	return video && !a.Spoken()
}

// Direction of a message, seen from us.
type Direction string

// The directions.
const (
	In  Direction = "in"
	Out Direction = "out"
)

// Audience is the side a message or notice is for.
type Audience string

// The audiences.
const (
	ToComplainant Audience = "complainant"
	ToStaff       Audience = "staff"
)
