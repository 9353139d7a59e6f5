package pipeline

import (
	"context"
	"math"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// Codes of ours in Outbound.ErrorCode.
const (
	codePaced      = "paced"      // its turn under the channel's limit is paid for
	codeMoved      = "moved"      // sent to the recipient's new address from now on
	codeSuperseded = "superseded" // a newer edit of the same message says more
)

// Pauses between attempts.
const (
	firstRetry = 5 * time.Second
	maxRetry   = 30 * time.Minute
	maxPause   = 24 * time.Hour // the longest that a provider is believed
	holdFor    = time.Minute    // while our settings are at fault
	jitter     = 0.2
)

// sent is the outcome of a message that the provider took.
func (s *Sender) sent(r channels.Receipt) *store.Outcome {
	state := store.OutSent
	if r.State == channels.DeliveryDelivered {
		state = store.OutDelivered
	}
	return &store.Outcome{State: state, ProviderID: r.ProviderID, Segments: r.Segments}
}

// putBack has a message wait without an attempt made.
func (s *Sender) putBack(wait time.Duration, code, why string) *store.Outcome {
	return &store.Outcome{
		State: store.OutRetry, NotMade: true,
		NextAttemptAt: s.Clock.Now().Add(wait), ErrorCode: code, Error: why,
	}
}

// judge turns a send error into what becomes of the row, pauses what the
// provider asked to pause, and tells OnFinal.
func (s *Sender) judge(ctx context.Context, row store.Outbound, se *channels.SendError) *store.Outcome {
	now := s.Clock.Now()
	o := &store.Outcome{ErrorCode: se.Code, Error: se.Text}
	switch se.Kind {
	case channels.SendRetry:
		return s.again(ctx, row, se, o, now)
	case channels.SendMisconfigured:
		s.Logger.Error("messages of an account are held: its settings are refused",
			"channel", row.Channel, "account", row.Account, "code", se.Code, "reason", se.Text, "error", se.Err)
		o.State, o.NotMade, o.NextAttemptAt = store.OutRetry, true, now.Add(holdFor)
		s.pause(ctx, row, "", now, o.NextAttemptAt)
		return o
	case channels.SendMoved:
		if row.ErrorCode != codeMoved && se.NewAddress != "" {
			o.State, o.NextAttemptAt, o.Address, o.ErrorCode = store.OutRetry, now, se.NewAddress, codeMoved
			return s.final(ctx, row, se, o, now)
		}
		o.State = store.OutFailed
	case channels.SendOptedOut:
		o.State = store.OutOptedOut
	case channels.SendPermanent, channels.SendUnreachable:
		o.State = store.OutFailed
	default: // also a kind that an adapter made up: nothing is known
		o.State = store.OutUncertain
		return o
	}
	return s.final(ctx, row, se, o, now)
}

// again has a message tried again, until it was tried often enough.
func (s *Sender) again(ctx context.Context, row store.Outbound, se *channels.SendError, o *store.Outcome, now time.Time) *store.Outcome {
	o.State, o.NextAttemptAt = store.OutRetry, now.Add(s.backoff(row.Attempts))
	if se.RetryAt.After(now) {
		o.NextAttemptAt = se.RetryAt
		if latest := now.Add(maxPause); latest.Before(se.RetryAt) {
			o.NextAttemptAt = latest
		}
		if se.Scope != "" {
			s.pause(ctx, row, se.Scope, now, o.NextAttemptAt)
		}
	}
	if row.Attempts >= s.maxAttempts() {
		o.State = store.OutFailed
		return s.final(ctx, row, se, o, now)
	}
	return o
}

// final tells OnFinal. When that fails, and since the message was surely not
// sent, the whole attempt is made again later, so that nobody stays untold.
func (s *Sender) final(ctx context.Context, row store.Outbound, se *channels.SendError, o *store.Outcome, now time.Time) *store.Outcome {
	if s.OnFinal == nil {
		return o
	}
	row.State, row.ErrorCode, row.Error = o.State, o.ErrorCode, o.Error
	err := guarded(func() error { return s.OnFinal(ctx, row, se) })
	if err == nil {
		return o
	}
	s.Logger.Error("what follows from a message not sent failed", "outbound", row.ID, "case", row.Reference, "error", err)
	if row.Attempts < s.maxAttempts() {
		return &store.Outcome{State: store.OutRetry, NextAttemptAt: now.Add(s.backoff(row.Attempts)), ErrorCode: se.Code, Error: se.Text}
	}
	return o
}

func (s *Sender) pause(ctx context.Context, row store.Outbound, scope string, now, until time.Time) {
	name := channels.Name{Channel: row.Channel, Account: row.Account}
	if err := s.Pace.Pause(ctx, name, scope, now, until); err != nil {
		s.Logger.Warn("pause not kept", "channel", row.Channel, "account", row.Account, "error", err)
	}
}

// backoff is 5 s, doubled with every attempt up to half an hour, give or take
// a fifth.
func (s *Sender) backoff(attempts int) time.Duration {
	d := min(float64(firstRetry)*math.Pow(2, float64(max(0, attempts-1))), float64(maxRetry))
	if s.Random != nil {
		d *= 1 + jitter*(2*s.Random()-1)
	}
	return time.Duration(d)
}

func (s *Sender) maxAttempts() int {
	if s.MaxAttempts > 0 {
		return s.MaxAttempts
	}
	return defaultAttempts
}
