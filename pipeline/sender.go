package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/pipeline/tracing"
	"github.com/redress-cms/redress/templates"
)

// Bounds of sending.
const (
	defaultCallTimeout = time.Minute
	defaultAttempts    = 12 // with growing pauses, about an hour and three quarters
	maxPaceWait        = 2 * time.Second
	// maxClaimAge is how long after a claim a call may still begin. A process
	// that was stopped for longer may have been taken for dead, and its message
	// sent by another.
	maxClaimAge   = leaseTTL - leaseRetry
	finishTimeout = 5 * time.Second
	finishTries   = 30
)

// Outbox is where rendered messages wait and what became of them is kept.
type Outbox interface {
	Claim(ctx context.Context, ids []string, now time.Time) ([]store.Outbound, error)
	FinishAll(ctx context.Context, list []store.Finished) ([]bool, error)
	ClaimAlerts(ctx context.Context, first store.Outbound, atLeast, atMost int, now time.Time) ([]store.Outbound, error)
	Outbound(ctx context.Context, id string) (store.Outbound, error)
	ListOutbound(ctx context.Context, f store.OutboundFilter) ([]store.Outbound, error)
}

// Pacer keeps an account within its provider's limits.
type Pacer interface {
	// Take takes the charges of one message and tells how long it must wait;
	// it is then paid for. Charges without units only ask for pauses.
	Take(ctx context.Context, account channels.Name, charges []channels.Charge, now time.Time) (time.Duration, error)
	// Pause stops a scope until a time; the empty scope is the whole account.
	Pause(ctx context.Context, account channels.Name, scope string, now, until time.Time) error
}

// Sender hands outbox rows to their adapters. Claim commits "attempting"
// before the call, Finish what came of it after; a row that stays between the
// two is uncertain and is not sent again blindly.
//
// An Outlet per account hands it the account's rows, many at a time, and a
// Worker on TopicOutbound calls Handle to put off the rows of accounts that
// nobody sends for.
type Sender struct {
	Store    Outbox
	Files    channels.Files // of pictures and files that go along
	Adapters func(channel, account string) (channels.Adapter, bool)
	Pace     Pacer
	Clock    Clock
	Random   func() float64 // in [0,1), for jitter
	Logger   *slog.Logger
	Metrics  *Metrics
	Tracer   *tracing.Tracer
	// OnFinal is told of a message that will not be sent (state failed or
	// opted_out), and of a recipient's new address (se.Kind moved, state
	// retry), before the row says so. A crash in between, or an error of its
	// own, may have it called again for one row.
	OnFinal func(ctx context.Context, row store.Outbound, se *channels.SendError) error
	// Digest writes several alerts as one message; nil: each goes by itself.
	Digest      func(ctx context.Context, rows []store.Outbound) (templates.Rendered, error)
	MaxAttempts int           // 0: 12
	CallTimeout time.Duration // of one call to a provider; 0: 1 minute

	outcomes group[store.Finished, bool]
}

// Handle sends the rows that items name, one after the other, if they are
// still to be sent.
func (s *Sender) Handle(ctx context.Context, items []queue.Item) error {
	rows, claimed, err := s.claim(ctx, items)
	if err != nil {
		return err
	}
	var errs []error
	for _, row := range rows {
		errs = append(errs, s.send(ctx, row, claimed))
	}
	return errors.Join(errs...)
}

// claim takes the rows that items name, in one commit, and tells when.
func (s *Sender) claim(ctx context.Context, items []queue.Item) ([]store.Outbound, time.Time, error) {
	ids, claimed := make([]string, len(items)), s.Clock.Now()
	for i, item := range items {
		ids[i] = item.ID
	}
	rows, err := s.Store.Claim(ctx, ids, claimed)
	if err != nil {
		return nil, claimed, fmt.Errorf("claiming outbox rows: %w", err)
	}
	return slices.DeleteFunc(rows, func(row store.Outbound) bool {
		if row.State == store.OutExpired {
			s.report(row, pastExpiry())
		}
		return row.State == store.OutExpired
	}), claimed, nil
}

// send is one attempt.
func (s *Sender) send(ctx context.Context, row store.Outbound, claimed time.Time) error {
	adapter, ok := s.Adapters(row.Channel, row.Account)
	if !ok {
		return s.finish(ctx, row, s.putBack(holdFor, "", "no such account in the settings"))
	}
	out, instead, err := s.compose(ctx, row)
	if err != nil {
		s.Logger.Error("reading what a message refers to", "outbound", row.ID, "error", err)
		instead = s.putBack(threadWait, "", "")
	}
	if instead == nil {
		instead = s.pace(ctx, row, adapter, out)
	}
	if instead != nil {
		return s.finish(ctx, row, instead)
	}
	if s.Clock.Now().Sub(claimed) > maxClaimAge {
		return s.finish(ctx, row, s.putBack(0, row.ErrorCode, "its worker was held up"))
	}
	rows, err := s.together(ctx, row, &out)
	if err != nil {
		return s.finish(ctx, row, s.putBack(threadWait, row.ErrorCode, ""))
	}
	receipt, se := s.call(ctx, row, adapter, out)
	if len(rows) > 1 {
		return s.finishDigest(ctx, rows, receipt, se)
	}
	if se == nil {
		if err := s.finish(ctx, row, s.sent(receipt)); err != nil || receipt.ProviderID == "" || adapter.Format().Threads {
			return err
		}
		return s.early(ctx, row.ID)
	}
	return s.finish(ctx, row, s.judge(ctx, row, se))
}

func pastExpiry() *store.Outcome {
	return &store.Outcome{State: store.OutExpired, Error: "its time to be sent has passed"}
}

// call asks the provider. Whatever does not say what it means is uncertain.
func (s *Sender) call(ctx context.Context, row store.Outbound, adapter channels.Adapter, out channels.Outbound) (receipt channels.Receipt, se *channels.SendError) {
	timeout := s.CallTimeout
	if timeout <= 0 {
		timeout = defaultCallTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx, end := s.Tracer.Outbound(ctx, row.InboundID, "send", tracing.Channel(row.Channel), tracing.Account(row.Account))
	err := guarded(func() (err error) {
		receipt, err = adapter.Send(ctx, out)
		return err
	})
	end(err)
	return receipt, channels.AsSendError(err)
}

// pace waits for the message's turn if that is near. Otherwise it returns how
// the row is put back: with its turn paid for, so that it does not queue twice.
func (s *Sender) pace(ctx context.Context, row store.Outbound, adapter channels.Adapter, out channels.Outbound) *store.Outcome {
	var charges []channels.Charge
	if p, ok := adapter.(channels.Pacer); ok {
		charges = p.Pace(out)
	}
	now, name := s.Clock.Now(), adapter.Name()
	if row.ErrorCode == codePaced {
		pauses := make([]channels.Charge, len(charges))
		for i, c := range charges {
			c.Units = 0
			pauses[i] = c
		}
		if wait, err := s.Pace.Take(ctx, name, pauses, now); err == nil && wait <= 0 {
			return nil
		}
	}
	wait, err := s.Pace.Take(ctx, name, charges, now)
	switch {
	case err != nil:
		return s.putBack(threadWait, "", "")
	case wait > maxPaceWait:
		return s.putBack(wait, codePaced, "waits for its turn under the channel's limit")
	case wait > 0 && !waitUntil(ctx, s.Clock, now.Add(wait)):
		return s.putBack(0, codePaced, "")
	case !row.ExpiresAt.IsZero() && !s.Clock.Now().Before(row.ExpiresAt):
		return pastExpiry()
	}
	return nil
}

// finish saves what became of an attempt, also when ctx has ended and while
// the database is briefly away: what is not saved becomes uncertain.
func (s *Sender) finish(ctx context.Context, row store.Outbound, o *store.Outcome) error {
	o.At, o.Attempt = s.Clock.Now(), row.Attempts
	for try := 1; ; try++ {
		save, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
		done, err := s.outcomes.do(save, store.Finished{ID: row.ID, Outcome: *o}, s.Store.FinishAll)
		cancel()
		switch {
		case err == nil && done:
			s.report(row, o)
			return nil
		case err == nil, errors.Is(err, store.ErrConflict):
			return nil // a delivery report was faster, and says more
		case try == finishTries || !waitUntil(ctx, s.Clock, s.Clock.Now().Add(time.Second)):
			return fmt.Errorf("outbound %s: saving that it is %s: %w", row.ID, o.State, err)
		}
	}
}

// early has the effects of a report that the message was lost, where it came
// before the provider's own answer told which message it is about.
func (s *Sender) early(ctx context.Context, id string) error {
	if s.OnFinal == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	row, err := s.Store.Outbound(ctx, id)
	if err != nil {
		return fmt.Errorf("looking for an early report: %w", err)
	}
	if row.State != store.OutUndelivered && row.State != store.OutFailed {
		return nil
	}
	se := &channels.SendError{Kind: channels.SendPermanent, Code: row.ErrorCode, Text: row.Error}
	if err := guarded(func() error { return s.OnFinal(ctx, row, se) }); err != nil {
		return fmt.Errorf("what follows from an early report: %w", err)
	}
	return nil
}

// report logs and counts an outcome, without content.
func (s *Sender) report(row store.Outbound, o *store.Outcome) {
	log := s.Logger.With("channel", row.Channel, "account", row.Account, "outbound", row.ID, "case", row.Reference)
	if o.NotMade {
		log.Debug("message put off", "until", o.NextAttemptAt, "reason", o.Error)
		return
	}
	s.Metrics.Outbound(row.Channel, o.State)
	switch o.State {
	case store.OutSent, store.OutDelivered:
		log.Info("message sent", "kind", row.Kind, "attempts", row.Attempts)
	case store.OutRetry:
		log.Info("message not sent yet", "code", o.ErrorCode, "reason", o.Error, "attempts", row.Attempts, "until", o.NextAttemptAt)
	default:
		log.Warn("message not sent", "state", o.State, "code", o.ErrorCode, "reason", o.Error, "attempts", row.Attempts)
	}
}
