package web

import (
	"context"
	"time"

	"github.com/redress-cms/redress/channels"
)

// Stories tells what became of what was handed in.
type Stories interface {
	// Story is the public part of the case that a tracking token opens;
	// ErrNotFound when it opens none.
	Story(ctx context.Context, token string) (Story, error)
	// File opens a file of that case by its id, if the complainant may have it
	// in this version; ErrNotFound otherwise.
	File(ctx context.Context, token, id string, version FileVersion) (OpenFile, error)
	// Outcome is where a message stands; ErrNotFound while the database does
	// not have it (it may be spooled). Reference and Token must be given only
	// for the case that this very message opened: whoever sent it sees them,
	// and the phone number in it may be somebody else's.
	Outcome(ctx context.Context, key channels.Key) (Outcome, error)
}

// Outcome is where a message that was handed in stands.
type Outcome struct {
	State     string // as an inbound row: received, processed, ignored, quarantined
	Reference string // empty: no case yet
	Token     string
}

// StateReceived is the Outcome.State of a message still to be worked on.
const StateReceived = "received"

// Story is what a complainant may see of the own case. Absent times are nil.
type Story struct {
	Reference   string
	Status      string // case status code
	StatusSince *time.Time
	Type        string // case type code
	Service     string // names, in Language
	Department  string
	Area        string
	Subject     string
	Description string
	ReceivedAt  time.Time
	DueAt       *time.Time
	ResolvedAt  *time.Time
	CanReopen   bool
	ReopenUntil *time.Time
	CanRate     bool
	Rating      int    // 0: none
	Language    string // of the case, BCP 47

	Messages []StoryMessage // oldest first, both ways, public ones only
	Events   []StoryEvent   // oldest first; kinds that are not for the public are left out by the page
}

// StoryMessage is a message between the complainant and us.
type StoryMessage struct {
	FromUs bool
	At     time.Time
	Text   string
	Files  []StoryFile
}

// StoryEvent is one step of a case. Text, if any, is shown as it is.
type StoryEvent struct {
	At   time.Time
	Kind string // event kind code
	Text string
}
