package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// Bounds of watching.
const (
	watchTick       = 20 * time.Second
	intakeSilence   = 70 * time.Second // without a word from any process
	quarantineEvery = time.Hour        // between two alerts on its growth
	watchCursor     = "watch"
)

// Reporter tells the other processes how this one's intake does.
type Reporter struct {
	Store interface {
		SaveIntakeHealth(ctx context.Context, holder string, list []store.IntakeHealth, at time.Time) error
	}
	Holder string
	Health func() []channels.Health
	Clock  Clock
	Logger *slog.Logger
}

// Run reports every 20 seconds until ctx ends.
func (r *Reporter) Run(ctx context.Context) error {
	for {
		r.Round(ctx)
		if !waitUntil(ctx, r.Clock, r.Clock.Now().Add(watchTick)) {
			return nil
		}
	}
}

// Round reports once. Accounts that another process polls are left to it.
func (r *Reporter) Round(ctx context.Context) {
	var list []store.IntakeHealth
	for _, h := range r.Health() {
		if !h.Standby {
			list = append(list, store.IntakeHealth{Channel: h.Channel, Account: h.Account, Up: h.Up, Error: h.Error})
		}
	}
	if err := r.Store.SaveIntakeHealth(ctx, r.Holder, list, r.Clock.Now()); err != nil && ctx.Err() == nil {
		r.Logger.Debug("the state of intake was not saved", "error", err)
	}
}

// WatchStore is what a Watch reads and keeps.
type WatchStore interface {
	IntakeHealth(ctx context.Context) ([]store.IntakeHealth, error)
	InboundStats(ctx context.Context) (store.InboundStats, error)
	Cursor(ctx context.Context, name string) (string, error)
	SetCursor(ctx context.Context, name, value string) error
}

// Watch tells administrators, once each, when an account has taken nothing in
// for long, when it works again, and when messages gather in quarantine. One
// process at a time runs it; that an alert goes out once is the doing of its
// row's dedupe key.
//
// How long something has lasted is measured by this process alone, so that
// clocks of other machines do not matter.
type Watch struct {
	Store WatchStore
	// Tell queues an alert for all administrators; key makes it one.
	Tell   func(ctx context.Context, n cases.Notice, key string) error
	Clock  Clock
	Logger *slog.Logger
	After  time.Duration // of an account that takes nothing in

	heard map[string]word      // the last word on each account of each process
	bad   map[string]time.Time // accounts that take nothing in, since
}

type word struct {
	said  time.Time // as its process put it
	heard time.Time
}

// told is what staff know, kept in the database.
type told struct {
	Down        map[string]time.Time `json:"down,omitempty"` // accounts, since when they know
	Quarantined int                  `json:"quarantined,omitempty"`
	At          time.Time            `json:"at,omitzero"` // of the last word on the quarantine
}

// Run watches every 20 seconds until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	for {
		if err := w.Round(ctx); err != nil && ctx.Err() == nil {
			w.Logger.Warn("watching failed; trying again", "error", err)
		}
		if !waitUntil(ctx, w.Clock, w.Clock.Now().Add(watchTick)) {
			return nil
		}
	}
}

// Round looks once.
func (w *Watch) Round(ctx context.Context) error {
	known, err := w.known(ctx)
	if err != nil {
		return err
	}
	before, _ := json.Marshal(known)
	if err := w.intake(ctx, &known); err != nil {
		return err
	}
	if err := w.quarantine(ctx, &known); err != nil {
		return err
	}
	after, err := json.Marshal(known)
	if err != nil || string(after) == string(before) {
		return err
	}
	return w.Store.SetCursor(ctx, watchCursor, string(after))
}

func (w *Watch) known(ctx context.Context) (told, error) {
	known := told{Down: map[string]time.Time{}}
	text, err := w.Store.Cursor(ctx, watchCursor)
	if err != nil || text == "" {
		return known, err
	}
	if err := json.Unmarshal([]byte(text), &known); err != nil {
		return known, fmt.Errorf("what was told is damaged: %w", err)
	}
	if known.Down == nil {
		known.Down = map[string]time.Time{}
	}
	return known, nil
}

// intake finds accounts that nobody takes in on. An account that no process
// ever spoke of is being set up, and is not missed.
func (w *Watch) intake(ctx context.Context, known *told) error {
	words, err := w.Store.IntakeHealth(ctx)
	if err != nil {
		return err
	}
	now := w.Clock.Now()
	if w.heard == nil {
		w.heard, w.bad = map[string]word{}, map[string]time.Time{}
	}
	for _, account := range w.accounts(words, now) {
		key := account.Channel + "/" + account.Account
		_, isTold := known.Down[key]
		if account.Up {
			delete(w.bad, key)
			if !isTold {
				continue
			}
			if err := w.tell(ctx, cases.AlertIntakeUp, account, known.Down[key]); err != nil {
				return err
			}
			delete(known.Down, key)
			continue
		}
		since, ok := w.bad[key]
		if !ok || since.After(now) {
			w.bad[key] = now
			continue
		}
		if isTold || now.Sub(since) < w.After {
			continue
		}
		if err := w.tell(ctx, cases.AlertIntakeDown, account, account.Since); err != nil {
			return err
		}
		known.Down[key] = account.Since
	}
	return nil
}

// accounts is the state of each account: up when any process says so.
func (w *Watch) accounts(words []store.IntakeHealth, now time.Time) []store.IntakeHealth {
	var accounts []store.IntakeHealth
	for _, h := range words {
		place := h.Channel + "/" + h.Account + "/" + h.Holder
		last, ok := w.heard[place]
		if !ok || !last.said.Equal(h.At) || last.heard.After(now) {
			last = word{said: h.At, heard: now}
			w.heard[place] = last
		}
		silent := now.Sub(last.heard) > intakeSilence
		if silent {
			h.Up, h.Error, h.Since = false, "", h.At
		}
		n := len(accounts) - 1
		if n < 0 || accounts[n].Channel != h.Channel || accounts[n].Account != h.Account {
			accounts = append(accounts, h)
			continue
		}
		best := &accounts[n]
		if h.Up && !best.Up || h.Up == best.Up && (best.Error == "" || h.Error != "" && h.Since.Before(best.Since)) {
			*best = h
		}
	}
	return accounts
}

func (w *Watch) tell(ctx context.Context, kind cases.NoticeKind, h store.IntakeHealth, since time.Time) error {
	return w.Tell(ctx, cases.Notice{
		Kind: kind, To: cases.ToStaff, Text: h.Error,
		Data: map[string]string{"channel": h.Channel, "account": h.Account},
	}, fmt.Sprintf("%s:%s/%s:%d", kind, h.Channel, h.Account, since.Unix()))
}

// quarantine tells of messages that nobody could handle, at most once an hour.
func (w *Watch) quarantine(ctx context.Context, known *told) error {
	stats, err := w.Store.InboundStats(ctx)
	if err != nil {
		return err
	}
	now := w.Clock.Now()
	known.Quarantined = min(known.Quarantined, stats.Quarantined)
	if since := now.Sub(known.At); stats.Quarantined == known.Quarantined || since >= 0 && since < quarantineEvery {
		return nil
	}
	err = w.Tell(ctx, cases.Notice{
		Kind: cases.AlertQuarantine, To: cases.ToStaff, Data: map[string]string{"count": fmt.Sprint(stats.Quarantined)},
	}, fmt.Sprintf("%s:%d", cases.AlertQuarantine, now.Truncate(time.Minute).Unix()))
	if err == nil {
		known.Quarantined, known.At = stats.Quarantined, now
	}
	return err
}

// TellAdministrators queues an alert about no case, at once and once for each
// administrator, or where there is none for the supervisors of the front desk.
// It takes another way than the account that the alert is about.
func (o *Office) TellAdministrators(ctx context.Context, n cases.Notice, key string) error {
	org, err := o.Organisation(ctx)
	if err != nil {
		return err
	}
	step := store.Step{At: o.Clock.Now()}
	s := &sending{Office: o, org: org, step: &step}
	around := channels.Name{Channel: n.Data["channel"], Account: n.Data["account"]}
	told := 0
	for _, login := range org.Administrators() {
		for _, r := range s.waysTo(login) {
			if (channels.Name{Channel: r.address.Channel, Account: r.account}) == around && n.Kind == cases.AlertIntakeDown {
				continue
			}
			row := store.Outbound{
				To: cases.ToStaff, Login: login, Automatic: true, Dedupe: key + ":" + login,
				ExpiresAt: expiry(step.At, org.Rules.AlertExpiry),
			}
			if err := s.add(n, r, row, false); err != nil {
				return err
			}
			told++
			break
		}
	}
	o.Logger.Warn("administrators are told", "alert", n.Kind, "channel", around.Channel, "account", around.Account, "told", told)
	if told == 0 {
		return nil
	}
	_, err = o.save(ctx, step)
	return err
}
