package channels

import (
	"errors"
	"fmt"
	"time"
)

// Outbound is one rendered message to one recipient.
type Outbound struct {
	ID        string // stable over retries; the idempotency key where a provider has one
	Account   string
	To        string // canonical address; on chat the conversation's id
	Subject   string
	Text      string
	HTML      string // only where Format.HTML
	Automatic bool   // written by no person: email sets Auto-Submitted, and a null return path unless it has one for each message
	Thread    Thread
	Buttons   [][]Button // rows
	Picture   []byte     // JPEG; only where Format.Pictures
	File      *File      // only where Format.MaxFile; the text goes under it
	Prompt    bool       // ask the recipient to answer this very message
	Edit      string     // Receipt.ProviderID of our earlier message that this replaces
	PressID   string     // answer to a pressed button, shown as a short note
	ExpiresAt time.Time  // zero: never; not sent after
}

// File is a stored file that goes along with a message.
type File struct {
	Name        string // made of the case's reference: the sender's may pretend
	ContentType string // by content
	SHA256      string // Files have it
}

// Thread places a message in a conversation.
type Thread struct {
	MessageID  string   // ours, unguessable; without angle brackets
	InReplyTo  string   // Message-ID, or a Receipt.ProviderID on chat
	References []string // oldest first
	// Unguessable parts of addresses of ours, at most 40 small letters and
	// digits; empty: none. ReturnToken belongs to this very message: what cannot
	// be delivered comes back to it. ReplyToken belongs to the case and the
	// recipient: answers come to it.
	ReturnToken string
	ReplyToken  string
}

// Button is shown under a message; pressing it sends Data back or opens URL.
type Button struct {
	Label string
	Data  string // at most 64 bytes
	URL   string
}

// Receipt is the provider's word that it took a message.
type Receipt struct {
	ProviderID string
	State      DeliveryState // DeliverySent, or DeliveryDelivered where sending proves it
	Segments   int           // SMS segments; 0 where not counted
}

// SendErrorKind says what a failed Send means for the message.
type SendErrorKind string

// The kinds of send error.
const (
	// SendRetry: surely not sent; try again at RetryAt or by our own backoff.
	SendRetry SendErrorKind = "retry"
	// SendPermanent: surely not sent and never will be.
	SendPermanent SendErrorKind = "permanent"
	// SendUnreachable: permanent, and the address is dead (bot blocked, no such number).
	SendUnreachable SendErrorKind = "unreachable"
	// SendOptedOut: the recipient refused messages from this account.
	SendOptedOut SendErrorKind = "opted_out"
	// SendUncertain: it may have been sent; never resend blindly.
	SendUncertain SendErrorKind = "uncertain"
	// SendMisconfigured: our account or settings are at fault; hold and tell the operator.
	SendMisconfigured SendErrorKind = "misconfigured"
	// SendMoved: the recipient has a new address, NewAddress; resend there once.
	SendMoved SendErrorKind = "moved"
)

// SendError is why a message was not, or perhaps not, sent.
type SendError struct {
	Kind       SendErrorKind
	Code       string    // provider's code: "21610", "550 5.1.1", "429"
	Text       string    // safe to show: no secret, no address, no message text
	RetryAt    time.Time // SendRetry: not before; zero: our own backoff
	Scope      string    // Charge.Scope to which RetryAt applies; empty: the recipient only
	NewAddress string    // SendMoved
	Err        error     // cause, for the log
}

func (e *SendError) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("%s: %s", e.Kind, e.Text)
	}
	return fmt.Sprintf("%s (%s): %s", e.Kind, e.Code, e.Text)
}

func (e *SendError) Unwrap() error { return e.Err }

// AsSendError returns err as a *SendError. One that is none becomes
// SendUncertain, since nothing is known of it.
func AsSendError(err error) *SendError {
	if err == nil {
		return nil
	}
	var se *SendError
	if errors.As(err, &se) {
		return se
	}
	return &SendError{Kind: SendUncertain, Text: "the provider's answer was lost", Err: err}
}
