// Package channels says what a channel is: the types that cross between a
// provider's adapter and the pipeline, and the abilities an adapter may have.
// It knows no provider, no database and no rule about complaints.
package channels

import (
	"context"
	"net/http"
	"time"
)

// Name identifies one adapter: a kind of channel ("email", "sms", …) and the
// account of it that the settings name ("complaints", "main", …).
type Name struct {
	Channel string
	Account string
}

// Adapter sends on one account of one channel. What else an adapter can do it
// says by implementing Reader, Poller, Webhook, DeliveryReporter, Parallel,
// Pacer, Reconciler or Checker.
type Adapter interface {
	Name() Name
	Format() Format
	// Send hands one message to the provider. Every error it returns is, or
	// wraps, a *SendError.
	Send(ctx context.Context, out Outbound) (Receipt, error)
}

// Reader understands what the same adapter took in. It is called by the worker
// after the message is durable, perhaps more than once for one message.
// An error means "try again later" unless it is, or wraps, ErrUnreadable.
type Reader interface {
	Read(ctx context.Context, in Inbound) (Message, error)
}

// Poller takes messages in until ctx ends. It moves its cursor only after
// accept returned nil, and returns only ctx.Err() or an error that no retry
// can mend.
type Poller interface {
	Poll(ctx context.Context, accept Accept) error
}

// Webhook adds the routes by which a provider delivers messages. A handler
// answers 2xx only after accept returned nil.
type Webhook interface {
	Routes(mux *http.ServeMux, accept Accept)
}

// Parallel is an account whose provider takes more than a few calls at a time.
type Parallel interface {
	// Parallel is how many calls of Send may be under way at once.
	Parallel() int
}

// Pacer tells what sending out would cost under the provider's limits.
type Pacer interface {
	Pace(out Outbound) []Charge
}

// Reconciler asks the provider whether it accepted a message whose answer was
// lost. found is false when the provider surely does not have it.
type Reconciler interface {
	Reconcile(ctx context.Context, out Outbound, attemptedAt time.Time) (r Receipt, found bool, err error)
}

// Checker reports whether the adapter's intake works, for /readyz and metrics.
type Checker interface {
	Health() Health
}

// Preparer changes provider-side state before the adapter is used, such as
// registering a webhook's address. It is called at start and retried.
type Preparer interface {
	Prepare(ctx context.Context) error
}

// Accept makes messages durable, all or none. It returns nil for a message
// that was known already.
type Accept func(ctx context.Context, batch ...Inbound) error

// Key identifies one provider message; the database holds each once.
type Key struct {
	Channel    string
	Account    string
	ExternalID string // at most 200 bytes
}

// Inbound is one provider message as it came. It carries no database id, so it
// can be spooled as it is.
type Inbound struct {
	Key
	// Sender orders messages: those of one sender take effect one after the
	// other. Canonical: E.164 number, lower-case mail address, chat user id.
	Sender      string
	ReceivedAt  time.Time
	ContentType string
	Raw         []byte
	// File is the message as it came where that is too long to be held: then
	// Raw is empty, and Files have it.
	File Stored
}

// Charge is what one message takes from one of the provider's limits, as a
// token bucket: Units are taken from the bucket named Scope, which refills at
// PerSecond and holds at most Burst.
type Charge struct {
	Scope     string // unique within the account: "account", "chat:123"
	Units     float64
	PerSecond float64
	Burst     float64
}

// Audience is a side that an account can be kept for.
type Audience string

// The audiences.
const (
	ForComplainants Audience = "complainants"
	ForStaff        Audience = "staff"
)

// Format says what a channel can show.
type Format struct {
	Medium  string // template family: "email", "sms" or "chat"; empty: it cannot send
	HTML    bool   // Outbound.HTML is used
	Buttons bool   // Outbound.Buttons are shown
	// Pictures: Outbound.Picture is shown, the text under it.
	Pictures bool
	// MaxFile: an Outbound.File of at most so many bytes goes along; 0: none.
	MaxFile int64
	// Threads: every message names its conversation by Message-IDs, as mail
	// does; without, talk is joined by time.
	Threads bool
	// Edits: people can change what they sent, and send several files as an
	// album; messages name their Album or come Edited.
	Edits bool
	// Audience is the only side that the account serves; empty: both.
	Audience Audience
	MaxText  int // characters; 0: no limit. Longer texts are split by the adapter
}

// Health is the state of one account's intake.
type Health struct {
	Name
	Up          bool
	Standby     bool      // another process takes in on the account
	LastSuccess time.Time // zero: never
	Error       string    // safe to show: no secret, no address, no text
}
