package sandbox

import "time"

// CaseView is a case as `redress case show --json` prints it; in a list its
// lists are empty. Fields that the page does not show are left out.
type CaseView struct {
	Reference      string      `json:"reference"`
	Type           string      `json:"type"`
	Status         string      `json:"status"`
	Stage          int         `json:"stage"`
	Level          int         `json:"level"`
	Priority       string      `json:"priority"`
	Service        *string     `json:"service"`
	Department     *string     `json:"department"`
	Area           *string     `json:"area"`
	Owner          *string     `json:"owner"`
	Policy         *string     `json:"policy"`
	Channel        string      `json:"channel"`
	Language       string      `json:"language"`
	Subject        string      `json:"subject"`
	Description    string      `json:"description"`
	Place          *string     `json:"place"`
	Contact        CaseContact `json:"contact"`
	ReceivedAt     time.Time   `json:"received_at"`
	AcknowledgedAt *time.Time  `json:"acknowledged_at"`
	AcceptedAt     *time.Time  `json:"accepted_at"`
	DueAt          *time.Time  `json:"due_at"`
	DeferredUntil  *time.Time  `json:"deferred_until"`
	ResolvedAt     *time.Time  `json:"resolved_at"`
	ClosedAt       *time.Time  `json:"closed_at"`
	Outcome        *string     `json:"outcome"`
	Remedy         *string     `json:"remedy"`
	RootCause      *string     `json:"root_cause"`
	Rating         *int        `json:"rating"`

	Reasons  []CaseReason  `json:"reasons"`
	Messages []CaseMessage `json:"messages"`
	Events   []CaseEvent   `json:"events"`
	Timers   []CaseTimer   `json:"timers"`
	TrackURL string        `json:"track_url,omitempty"`
}

// CaseContact is who complained.
type CaseContact struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"` // "sms:+1…", "email:a@b.example"
}

// CaseReason is why one thing about a case is what it is.
type CaseReason struct {
	Decision string `json:"decision"`
	Value    string `json:"value"`
	Why      string `json:"why"`
}

// CaseMessage is one message of a case's conversation.
type CaseMessage struct {
	Direction string    `json:"direction"` // in, out
	To        string    `json:"to"`        // complainant, staff
	Channel   string    `json:"channel"`
	Address   string    `json:"address"`
	Text      string    `json:"text"`
	State     string    `json:"state"`
	At        time.Time `json:"at"`
}

// CaseEvent is one line of a case's story.
type CaseEvent struct {
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
	Kind  string    `json:"kind"`
	Note  string    `json:"note"`
}

// CaseTimer is what will happen to a case by itself.
type CaseTimer struct {
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
}
