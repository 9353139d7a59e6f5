package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// Why a linked case is left as it is.
const (
	LeftDepartment   = "department"   // it is another department's
	LeftConfidential = "confidential" // it is acted on only by its own number
	LeftFinished     = "finished"     // it is too late for it
	LeftUnreachable  = "unreachable"  // its complainant cannot be written to
)

// In the data of an event that an order for several cases made.
const (
	dataWith  = "with"  // the case it was given for
	dataOrder = "order" // its Order.ID
)

// Order is one for a case and the cases linked to it.
type Order struct {
	By   cases.Actor
	May  func(cases.Case) bool // whether the actor may handle a case
	Late func(cases.Case) bool // whether it is too late for a case
	Act  Action
	ID   string // names the order, which is then carried out once a case; empty: each time
}

// Together is what became of the linked cases.
type Together struct {
	Done []cases.Reference
	Left []LeftOut
}

// LeftOut is a linked case that was left as it is.
type LeftOut struct {
	Reference cases.Reference `json:"reference"`
	Why       string          `json:"why"`
}

// ResolveTogether is the order to resolve.
func ResolveTogether(in cases.Resolution) Order {
	return Order{
		Act:  func(d cases.Desk, c cases.Case) (cases.Change, error) { return d.Resolve(c, in) },
		Late: func(c cases.Case) bool { return !c.Status.Open() },
	}
}

// ReplyTogether is the order to answer the complainants.
func ReplyTogether(text string) Order {
	return Order{
		Act:  func(d cases.Desk, c cases.Case) (cases.Change, error) { return d.Reply(c, text) },
		Late: func(c cases.Case) bool { return c.Status == cases.Closed },
	}
}

// ActTogether carries out an order for the cases linked to one, then for that
// one. What is refused for the one from the start is done for none.
func (o *Office) ActTogether(ctx context.Context, ref cases.Reference, order Order) (cases.Case, Together, error) {
	c, err := o.Store.CaseByReference(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return c, Together{}, cases.Refuse(cases.NotFound, "There is no case %s.", ref)
	}
	if err != nil {
		return c, Together{}, fmt.Errorf("reading the case: %w", err)
	}
	if !order.May(c) {
		return c, Together{}, cases.Refuse(cases.NotAllowed, "%s belongs to another department.", ref)
	}
	org, err := o.Organisation(ctx)
	if err != nil {
		return c, Together{}, err
	}
	if _, err := order.Act(cases.Desk{Org: org, At: o.Clock.Now(), By: order.By}, c); err != nil {
		return c, Together{}, err
	}
	together, err := o.actOnLinked(ctx, c, order)
	if err != nil {
		return c, together, err
	}
	c, err = o.Act(ctx, ref, order.By, order.Act)
	return c, together, err
}

// actOnLinked carries out an order for the cases linked to one, each by itself:
// its complainant is told on the own channel, of the own case only. The parts
// of a split text are linked but no repetition of each other, so they are no
// part of it.
func (o *Office) actOnLinked(ctx context.Context, c cases.Case, order Order) (Together, error) {
	var together Together
	refs, err := o.repetitions(ctx, c)
	if err != nil {
		return together, err
	}
	for _, ref := range refs {
		linked, err := o.Store.CaseByReference(ctx, ref)
		if err != nil {
			return together, fmt.Errorf("reading a linked case: %w", err)
		}
		why, err := o.actOnOne(ctx, c, linked, order)
		if err != nil {
			return together, err
		}
		if why == "" {
			together.Done = append(together.Done, ref)
		} else {
			together.Left = append(together.Left, LeftOut{ref, why})
		}
	}
	return together, nil
}

// repetitions are the cases linked to one, but for those split from its text.
func (o *Office) repetitions(ctx context.Context, c cases.Case) ([]cases.Reference, error) {
	refs, err := o.Store.Links(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the links: %w", err)
	}
	if len(refs) == 0 {
		return nil, nil
	}
	events, err := o.Store.Events(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the events: %w", err)
	}
	for _, e := range events {
		if e.Kind == cases.EventLinked && e.Data[cases.DataSplit] != "" {
			refs = slices.DeleteFunc(refs, func(ref cases.Reference) bool { return string(ref) == e.Data["reference"] })
		}
	}
	return refs, nil
}

// actOnOne carries out an order for a linked case. why it was left is empty
// when it was done, now or before.
func (o *Office) actOnOne(ctx context.Context, parent, c cases.Case, order Order) (why string, err error) {
	switch {
	case !order.May(c):
		return LeftDepartment, nil
	case c.Confidential:
		return LeftConfidential, nil
	}
	if done, err := o.carriedOut(ctx, c, order.ID); err != nil || done {
		return "", err
	}
	if order.Late(c) {
		return LeftFinished, nil
	}
	why = LeftUnreachable // unless the case itself refuses
	_, err = o.Act(ctx, c.Reference, order.By, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		if k.Confidential { // made so meanwhile
			why = LeftConfidential
			return cases.Change{}, cases.Refuse(cases.NotAllowed, "%s is confidential.", k.Reference)
		}
		change, err := order.Act(d, k)
		if err != nil {
			why = LeftFinished
			return change, err
		}
		change.Lesson = nil // one event teaches once
		for _, e := range change.Events {
			e.Data[dataWith] = string(parent.Reference)
			if order.ID != "" {
				e.Data[dataOrder] = order.ID
			}
		}
		return change, nil
	})
	var refused *cases.Error
	switch {
	case errors.As(err, &refused):
		return why, nil
	case err != nil:
		return "", fmt.Errorf("acting on a linked case: %w", err)
	}
	return "", nil
}

// carriedOut reports whether an order was carried out for a case before: its
// message is handled again after a crash between two of the cases.
func (o *Office) carriedOut(ctx context.Context, c cases.Case, order string) (bool, error) {
	if order == "" {
		return false, nil
	}
	events, err := o.Store.Events(ctx, c.ID)
	if err != nil {
		return false, fmt.Errorf("reading the events: %w", err)
	}
	return slices.ContainsFunc(events, func(e cases.Event) bool { return e.Data[dataOrder] == order }), nil
}

// forLinked carries out a command in chat for the linked cases, and adds to the
// notice what became of them.
func (p *Pipeline) forLinked(ctx context.Context, u *Understood, c cases.Case, order Order, said map[string]string) error {
	order.By = p.desk(u).By
	order.May = func(k cases.Case) bool { return MayHandle(u.Org, *u.Staff, k) }
	order.ID = "inbound:" + strconv.FormatInt(u.Inbound.ID, 10)
	together, err := p.Office.actOnLinked(ctx, c, order)
	if err != nil {
		return err
	}
	left := make([]string, len(together.Left))
	for i, l := range together.Left {
		left[i] = string(l.Reference) + "=" + l.Why
	}
	said["linked"], said["left"] = strconv.Itoa(len(together.Done)), strings.Join(left, " ")
	return nil
}
