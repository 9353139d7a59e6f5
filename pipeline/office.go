package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/templates"
)

// Office changes cases: every surface (message, button, command, page, timer)
// acts through it, so each change is saved with its events, timers and
// rendered notices in one transaction.
type Office struct {
	OfficeOptions
	organisation organisationCache
	loads        loads
	ids          ulid.LockedMonotonicReader // so that ids of one millisecond sort as they were drawn
}

// OfficeOptions are what an Office is made of.
type OfficeOptions struct {
	Store     CaseStore
	Files     channels.Files // where adapters keep attachments
	Adapters  Adapters
	Templates *templates.Set
	Queue     queue.Queue
	Clock     Clock
	Random    io.Reader
	Logger    *slog.Logger
	Metrics   *Metrics
	PublicURL string // without a slash at the end
	// MaxAttachments of one message are kept apart from its raw bytes; 0: 20.
	MaxAttachments int
}

// CaseStore is what an Office reads and saves.
type CaseStore interface {
	RecordAll(ctx context.Context, steps []store.Step) ([]store.Recorded, error)
	Organisation(ctx context.Context) (*cases.Organisation, int64, error)
	OrganisationVersion(ctx context.Context) (int64, error)
	Case(ctx context.Context, id int64) (cases.Case, error)
	CaseByReference(ctx context.Context, ref cases.Reference) (cases.Case, error)
	Contact(ctx context.Context, id int64) (cases.Contact, error)
	ContactByAddress(ctx context.Context, a cases.Address) (cases.Contact, error)
	Messages(ctx context.Context, caseID int64) ([]cases.Message, error)
	Events(ctx context.Context, caseID int64) ([]cases.Event, error)
	Cards(ctx context.Context, caseID int64) ([]store.Outbound, error)
	OwnerLoad(ctx context.Context, department string) (map[string]int, error)
	SimilarCases(ctx context.Context, service, area string, since time.Time, limit int) ([]cases.Case, error)
	Links(ctx context.Context, caseID int64) ([]cases.Reference, error)
	Lessons(ctx context.Context, language string, words []string) (cases.Lessons, error)
	UserByAddress(ctx context.Context, a cases.Address) (cases.User, error)
	SaveUser(ctx context.Context, u cases.User) error
	MoveAlerts(ctx context.Context, from, to cases.Address) error
	OutboundByProviderID(ctx context.Context, channel, account string, ids []string) ([]store.Outbound, error)
	OutboundByMessageID(ctx context.Context, ids []string) ([]store.Outbound, error)
}

// Adapters is the explicit list of accounts.
type Adapters []channels.Adapter

// Get finds an account.
func (a Adapters) Get(channel, account string) (channels.Adapter, bool) {
	for _, adapter := range a {
		if adapter.Name() == (channels.Name{Channel: channel, Account: account}) {
			return adapter, true
		}
	}
	return nil, false
}

// Any finds the first account of a channel that can send.
func (a Adapters) Any(channel string) (channels.Adapter, bool) { return a.For(channel, "") }

// For finds the first account of a channel that can send and is not kept for
// the other side.
func (a Adapters) For(channel string, audience channels.Audience) (channels.Adapter, bool) {
	for _, adapter := range a {
		format := adapter.Format()
		other := format.Audience != "" && audience != "" && format.Audience != audience
		if adapter.Name().Channel == channel && format.Medium != "" && !other {
			return adapter, true
		}
	}
	return nil, false
}

// TakesInOnly reports whether a channel is a page or the like: it cannot send.
func (a Adapters) TakesInOnly(channel string) bool {
	return slices.ContainsFunc(a, func(adapter channels.Adapter) bool {
		return adapter.Name().Channel == channel && adapter.Format().Medium == ""
	})
}

// NewOffice makes an Office.
func NewOffice(o OfficeOptions) *Office {
	return &Office{OfficeOptions: o, ids: ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(o.Random, 0)}}
}

// organisationCache keeps the organisation until its version in the database
// changes, so that an administrator's change needs no restart.
type organisationCache struct {
	sync.Mutex
	version int64
	org     *cases.Organisation
}

// Organisation is the organisation as of now.
func (o *Office) Organisation(ctx context.Context) (*cases.Organisation, error) {
	cache := &o.organisation
	version, err := o.Store.OrganisationVersion(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the organisation's version: %w", err)
	}
	cache.Lock()
	defer cache.Unlock()
	if cache.org != nil && cache.version == version {
		return cache.org, nil
	}
	org, version, err := o.Store.Organisation(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the organisation: %w", err)
	}
	cache.org, cache.version = org, version
	return org, nil
}

// Action is one change of one case.
type Action func(d cases.Desk, c cases.Case) (cases.Change, error)

// Act does an action on a case on behalf of by, and again when somebody else
// changed the case meanwhile. A refusal is a *cases.Error.
func (o *Office) Act(ctx context.Context, ref cases.Reference, by cases.Actor, action Action) (cases.Case, error) {
	for range maxConflicts {
		c, err := o.Store.CaseByReference(ctx, ref)
		if errors.Is(err, store.ErrNotFound) {
			return cases.Case{}, cases.Refuse(cases.NotFound, "There is no case %s.", ref)
		}
		if err != nil {
			return cases.Case{}, fmt.Errorf("reading the case: %w", err)
		}
		load, err := o.load(ctx, "") // the action may hand the case to any department
		if err != nil {
			return cases.Case{}, err
		}
		changed, err := o.actOn(ctx, c, cases.Desk{By: by, Load: load}, 0, action)
		if !errors.Is(err, store.ErrConflict) {
			return changed, err
		}
	}
	return cases.Case{}, fmt.Errorf("acting on %s: %w", ref, store.ErrConflict)
}

// Fire lets a timer have its effect. store.ErrDone means that another worker
// was first.
func (o *Office) Fire(ctx context.Context, timer cases.Timer) error {
	for range maxConflicts {
		c, err := o.Store.Case(ctx, timer.CaseID)
		if err != nil {
			return fmt.Errorf("reading the case of a timer: %w", err)
		}
		load, err := o.load(ctx, c.Department)
		if err != nil {
			return err
		}
		_, err = o.actOn(ctx, c, cases.Desk{By: cases.System, Load: load}, timer.ID, func(d cases.Desk, c cases.Case) (cases.Change, error) {
			return d.Fire(c, timer)
		})
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("firing timer %s: %w", timer.Kind, store.ErrConflict)
}

// actOn does an action at a desk that has an actor and a load.
func (o *Office) actOn(ctx context.Context, c cases.Case, desk cases.Desk, timer int64, action Action) (cases.Case, error) {
	var err error
	if desk.Org, err = o.Organisation(ctx); err != nil {
		return c, err
	}
	desk.At = o.Clock.Now()
	change, err := action(desk, c)
	if err != nil {
		return c, err
	}
	step := store.Step{At: desk.At, Timer: timer}
	if err := o.apply(ctx, desk.Org, &step, change, nil); err != nil {
		return c, err
	}
	if _, err := o.save(ctx, step); err != nil {
		return c, err
	}
	return change.Case, nil
}

// save records a step and wakes the sender.
func (o *Office) save(ctx context.Context, step store.Step) (store.Recorded, error) {
	recorded, err := o.saveAll(ctx, []store.Step{step})
	if err != nil {
		return store.Recorded{}, err
	}
	return recorded[0], nil
}

// saveAll records steps in one transaction and wakes the sender. A failure of
// dispatch is no failure: the sweep finds what is due in the database.
func (o *Office) saveAll(ctx context.Context, steps []store.Step) ([]store.Recorded, error) {
	recorded, err := o.Store.RecordAll(ctx, steps)
	if err != nil {
		return nil, fmt.Errorf("saving: %w", err)
	}
	topics := map[string][]queue.Item{}
	for i, step := range steps {
		o.loads.handedOut(step.Change)
		if step.Change != nil {
			for _, e := range step.Change.Events {
				if e.Kind == cases.EventEscalated {
					o.Metrics.Escalated(step.Change.Case.Level)
				}
			}
		}
		for _, ref := range recorded[i].Outbox {
			topic := OutboundTopic(ref.Channel, ref.Account)
			topics[topic] = append(topics[topic], OutboundItem(ref))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	for topic, items := range topics {
		if err := o.Queue.Push(ctx, topic, items...); err != nil {
			o.Logger.Debug("dispatch is away; the sweep will find the messages", "topic", topic, "error", err)
		}
	}
	return recorded, nil
}

func (o *Office) newID(at time.Time) (string, error) {
	id, err := ulid.New(ulid.Timestamp(at), &o.ids)
	if err != nil {
		return "", fmt.Errorf("drawing an id: %w", err)
	}
	return id.String(), nil
}
