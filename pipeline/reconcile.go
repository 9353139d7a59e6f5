package pipeline

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// Bounds of reconciling.
const (
	reconcileEvery   = 15 * time.Second
	reconcileDelay   = 2 * time.Minute // a provider's list may lag behind its answers
	reconcileTimeout = 20 * time.Second
	reconcilePage    = 200
	maxReconcilePage = 12_800
	maxReconcileWait = time.Hour
)

// UncertainStore tells which messages may or may not have been sent.
type UncertainStore interface {
	Uncertain(ctx context.Context, limit int) ([]store.Outbound, error)
	Finish(ctx context.Context, id string, o store.Outcome) error
}

// Reconciler asks providers about uncertain messages where they can be asked.
// Found ones become sent. One that the provider surely does not have is sent
// again if Resend allows it. All others stay uncertain, counted and visible.
//
// One process at a time reconciles (Leases.While), so that an old answer never
// meets a new attempt.
type Reconciler struct {
	Store    UncertainStore
	Adapters func(channel, account string) (channels.Adapter, bool)
	// Resend is the policy by channel for what a provider surely does not
	// have. nil: always.
	Resend  func(channel string) bool
	Clock   Clock
	Logger  *slog.Logger
	Metrics *Metrics
	Delay   time.Duration // after the attempt, before the first question; 0: 2 minutes

	page  int
	asked map[string]question
}

// question is one that was asked and may be asked again.
type question struct {
	next time.Time
	wait time.Duration
}

// Run reconciles every 15 seconds until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	for {
		r.Round(ctx)
		if !waitUntil(ctx, r.Clock, r.Clock.Now().Add(reconcileEvery)) {
			return nil
		}
	}
}

// Round asks once about everything whose time has come.
func (r *Reconciler) Round(ctx context.Context) {
	r.page = max(r.page, reconcilePage)
	rows, err := r.Store.Uncertain(ctx, r.page)
	if err != nil {
		if ctx.Err() == nil {
			r.Logger.Error("reading uncertain messages", "error", err)
		}
		return
	}
	now, open, asked := r.Clock.Now(), map[string]question{}, 0
	for _, row := range rows {
		q, due := r.due(row, now)
		if due && ctx.Err() == nil {
			asked++
			if err := guarded(func() error { return r.ask(ctx, row) }); err != nil && ctx.Err() == nil {
				r.Logger.Warn("a message stays uncertain", "channel", row.Channel, "account", row.Account,
					"outbound", row.ID, "case", row.Reference, "error", err)
			}
			q.wait = min(max(reconcileEvery, 2*q.wait), maxReconcileWait)
			q.next = now.Add(q.wait)
		}
		open[row.ID] = q
	}
	r.asked = open
	if len(rows) == r.page && asked == 0 { // look behind those that cannot be asked about
		r.page = min(2*r.page, maxReconcilePage)
	}
}

// due reports whether it is time to ask about a row.
func (r *Reconciler) due(row store.Outbound, now time.Time) (question, bool) {
	adapter, ok := r.Adapters(row.Channel, row.Account)
	if !ok {
		return question{}, false
	}
	if _, ok := adapter.(channels.Reconciler); !ok {
		return question{}, false
	}
	q := r.asked[row.ID]
	delay := r.Delay
	if delay <= 0 {
		delay = reconcileDelay
	}
	if row.AttemptedAt != nil && now.Before(row.AttemptedAt.Add(delay)) {
		return q, false
	}
	wait := q.next.Sub(now)
	return q, wait <= 0 || wait > q.wait // longer: the clock was set back
}

// ask finds out about one row and saves it. The store refuses it when the row
// is no longer uncertain.
func (r *Reconciler) ask(ctx context.Context, row store.Outbound) error {
	adapter, _ := r.Adapters(row.Channel, row.Account)
	provider, ok := adapter.(channels.Reconciler)
	if !ok {
		return nil
	}
	var attempted time.Time
	if row.AttemptedAt != nil {
		attempted = *row.AttemptedAt
	}
	call, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()
	receipt, found, err := provider.Reconcile(call, outboundOf(row), attempted)
	if err != nil {
		return err
	}
	now := r.Clock.Now()
	o := store.Outcome{From: store.OutUncertain, At: now, ProviderID: receipt.ProviderID, Segments: receipt.Segments}
	switch {
	case found && receipt.State == channels.DeliveryDelivered:
		o.State = store.OutDelivered
	case found:
		o.State = store.OutSent
	case r.Resend == nil || r.Resend(row.Channel):
		o.State, o.NextAttemptAt, o.Error = store.OutRetry, now, "the provider does not have it; sent again"
	default:
		return nil
	}
	err = r.Store.Finish(ctx, row.ID, o)
	if errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrDone) {
		return nil // a delivery report, or a person, was faster
	}
	if err != nil {
		return err
	}
	r.Metrics.Outbound(row.Channel, o.State)
	r.Logger.Info("an uncertain message is certain", "channel", row.Channel, "account", row.Account,
		"outbound", row.ID, "case", row.Reference, "state", o.State)
	return nil
}
