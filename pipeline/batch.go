package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/pipeline/tracing"
)

// batchTime is how long stages run before what they have brought so far is
// saved, so that a slow message does not keep the answers to others.
const batchTime = 50 * time.Millisecond

// HandleItems works on the inbound rows that items of dispatch name. The first
// waiting message of each sender goes with those of others: what the stages
// will ask is read ahead for all, and their steps share a transaction. Whatever
// does not go together goes by itself, as HandleInbound does it.
func (p *Pipeline) HandleItems(ctx context.Context, items []queue.Item) error {
	ids := make([]int64, len(items))
	for i, item := range items {
		var err error
		if ids[i], err = strconv.ParseInt(item.ID, 10, 64); err != nil {
			return fmt.Errorf("an item of dispatch has no inbound id: %w", err)
		}
	}
	first, err := p.Store.FirstInLine(ctx, ids)
	if err != nil {
		return fmt.Errorf("reading inbound rows: %w", err)
	}
	now := p.Clock.Now()
	first = slices.DeleteFunc(first, func(in store.InLine) bool { return putOffBeyond(in.Inbound, now) }) // the sweep comes back for it
	done := map[int64]bool{}
	if len(first) > 1 {
		slices.SortStableFunc(first, func(a, b store.InLine) int { return cmp.Compare(size(a), size(b)) })
		if done, err = p.together(ctx, first); err != nil {
			p.Logger.Debug("messages are handled one by one", "error", err)
		}
	}
	var errs []error
	for _, in := range first {
		if !done[in.ID] || in.Waiting > 1 {
			errs = append(errs, guarded(func() error { return p.handleSender(ctx, in.Channel, in.Sender) }))
		}
	}
	return errors.Join(errs...)
}

func size(in store.InLine) int64 { return int64(len(in.Raw)) + in.File.Size }

// together handles messages of different senders and tells which are done.
func (p *Pipeline) together(ctx context.Context, rows []store.InLine) (map[int64]bool, error) {
	done := map[int64]bool{}
	ahead, err := p.lookAhead(ctx, rows)
	if err != nil {
		return done, err
	}
	shared := *p
	shared.Store, shared.load = ahead, ahead.load
	shared.organisation = func(context.Context) (*cases.Organisation, error) { return ahead.org, nil }
	var errs []error
	var ready []*Understood
	var ends []tracing.End
	save := func() {
		err := p.saveTogether(ctx, ready)
		for i, u := range ready {
			ends[i](err, tracing.Result(u.result()))
			done[u.Inbound.ID] = err == nil
		}
		errs, ready, ends = append(errs, err), nil, nil
	}
	began := p.Clock.Now()
	for _, in := range rows {
		traced, end := p.Tracer.Message(ctx, in.ID, "handle", tracing.Channel(in.Channel), tracing.Account(in.Account))
		var u *Understood
		err := guarded(func() (err error) {
			u, err = shared.runStages(traced, in.Inbound)
			return err
		})
		if err != nil { // it is run again by itself, and its error told then
			end(err)
			continue
		}
		ahead.assigned(u.Step.Change)
		ready, ends = append(ready, u), append(ends, end)
		if now := p.Clock.Now(); now.Sub(began) > batchTime {
			save()
			began = now
		}
	}
	save()
	return done, errors.Join(errs...)
}

func (p *Pipeline) saveTogether(ctx context.Context, ready []*Understood) error {
	if len(ready) == 0 {
		return nil
	}
	steps := make([]store.Step, len(ready))
	for i, u := range ready {
		steps[i] = u.Step
	}
	_, err := p.Office.saveAll(ctx, steps)
	if err != nil {
		return err
	}
	for _, u := range ready {
		p.Metrics.InboundProcessed(u.Inbound.Channel, u.result())
	}
	return nil
}

// lookedAhead answers, of what stages ask about every message, what was read
// for a whole batch. All else it leaves to the store.
type lookedAhead struct {
	Records
	org      *cases.Organisation
	channels map[string]store.Ahead
	loads    map[string]map[string]int // open cases by officer, by department
	count    func(ctx context.Context, department string) (map[string]int, error)
}

func (p *Pipeline) lookAhead(ctx context.Context, rows []store.InLine) (*lookedAhead, error) {
	org, err := p.Office.Organisation(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading the organisation: %w", err)
	}
	a := &lookedAhead{Records: p.Store, org: org, channels: map[string]store.Ahead{}, loads: map[string]map[string]int{}, count: p.load}
	byChannel := map[string][]store.InLine{}
	for _, in := range rows {
		byChannel[in.Channel] = append(byChannel[in.Channel], in)
	}
	for channel, rows := range byChannel {
		since := rows[0].ReceivedAt
		var ids, senders []string
		for _, in := range rows {
			ids, senders = append(ids, in.ExternalID), append(senders, in.Sender)
			if in.ReceivedAt.Before(since) {
				since = in.ReceivedAt
			}
		}
		if a.channels[channel], err = p.Store.LookAhead(ctx, channel, ids, senders, since.Add(-org.Rules.FloodWindow)); err != nil {
			return nil, fmt.Errorf("reading ahead: %w", err)
		}
	}
	return a, nil
}

// FirstSeen implements Records.
func (a *lookedAhead) FirstSeen(ctx context.Context, channel, externalID string) (int64, error) {
	if id, ok := a.channels[channel].First[externalID]; ok {
		return id, nil
	}
	return a.Records.FirstSeen(ctx, channel, externalID)
}

// CountSender implements Records. Who sent one message since before any time
// that is asked for sent this one.
func (a *lookedAhead) CountSender(ctx context.Context, channel, sender string, since time.Time, upTo int64, limit int) (int, error) {
	if a.channels[channel].Sent[sender] == 1 {
		return 1, nil
	}
	return a.Records.CountSender(ctx, channel, sender, since, upTo, limit)
}

// ContactByAddress implements Records.
func (a *lookedAhead) ContactByAddress(ctx context.Context, address cases.Address) (cases.Contact, error) {
	if ahead, ok := a.channels[address.Channel]; ok && ahead.Stranger(address.Value) {
		return cases.Contact{}, store.ErrNotFound
	}
	return a.Records.ContactByAddress(ctx, address)
}

// UserByAddress implements Records.
func (a *lookedAhead) UserByAddress(ctx context.Context, address cases.Address) (cases.User, error) {
	if ahead, ok := a.channels[address.Channel]; ok && ahead.Stranger(address.Value) {
		return cases.User{}, store.ErrNotFound
	}
	return a.Records.UserByAddress(ctx, address)
}

// load counts the cases that the batch itself hands out too.
func (a *lookedAhead) load(ctx context.Context, department string) (map[string]int, error) {
	if _, known := a.loads[department]; !known {
		load, err := a.count(ctx, department)
		if err != nil {
			return nil, err
		}
		a.loads[department] = maps.Clone(load)
	}
	return a.loads[department], nil
}

// assigned notes to whom a change of the batch gives a new case.
func (a *lookedAhead) assigned(change *cases.Change) {
	if change == nil || !change.New || change.Case.Owner == "" {
		return
	}
	for _, department := range []string{change.Case.Department, ""} {
		if load := a.loads[department]; load != nil {
			load[change.Case.Owner]++
		}
	}
}
