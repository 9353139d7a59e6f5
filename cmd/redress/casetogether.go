package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/pipeline"
)

// forAll is what the help of a command with --all says of it.
const forAll = "With --all it is done for the linked cases too, each by itself. Confidential and finished ones are left " +
	"out, with --as also those of other departments, and named.\n\n"

// togetherView is a case after an order for it and for those linked to it.
type togetherView struct {
	app.CaseView

	Linked  []cases.Reference  `json:"done_together"`
	LeftOut []pipeline.LeftOut `json:"left_out"`
}

// actTogether does an action to the case and to those linked to it. Who acts as
// a member of staff may do no more than in a chat; the operator may all.
func (c on) actTogether(r *invocation, order pipeline.Order) error {
	ref, err := parseReference(c.Ref)
	if err != nil {
		return err
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	if order.By, err = r.actor(c.As); err != nil {
		return err
	}
	if order.May, err = c.may(r, a); err != nil {
		return err
	}
	changed, together, err := a.Office.ActTogether(r.Context, ref, order)
	var refused *cases.Error
	if errors.As(err, &refused) {
		if !strings.Contains(refused.Message, string(ref)) {
			err = fmt.Errorf("%s: %w", ref, err)
		}
		if len(together.Done) > 0 {
			err = fmt.Errorf("%w (done for the linked %v)", err, together.Done)
		}
	}
	if err != nil {
		return err
	}
	view, err := a.View(r.Context, changed)
	if err != nil {
		return err
	}
	all := togetherView{view, append([]cases.Reference{}, together.Done...), append([]pipeline.LeftOut{}, together.Left...)}
	return r.print(all, func(w io.Writer) {
		fmt.Fprintf(w, "%s is %s: department %s, owner %s, level %d, due %s.\n",
			view.Reference, view.Status, text(view.Department), text(view.Owner), view.Level, r.when(view.DueAt))
		for _, linked := range together.Done {
			fmt.Fprintf(w, "%s, which is linked: done too.\n", linked)
		}
		for _, left := range together.Left {
			fmt.Fprintf(w, "%s, which is linked: left out, %s.\n", left.Reference, whyLeft(left.Why))
		}
	})
}

// may says which cases the one who acts may handle.
func (c on) may(r *invocation, a *app.App) (func(cases.Case) bool, error) {
	if c.As == "" {
		return func(cases.Case) bool { return true }, nil
	}
	user, err := a.Store.User(r.Context, c.As)
	if err != nil {
		return nil, noUser(err, c.As)
	}
	org, err := a.Office.Organisation(r.Context)
	if err != nil {
		return nil, fmt.Errorf("reading the organisation: %w", err)
	}
	return func(k cases.Case) bool { return pipeline.MayHandle(org, user, k) }, nil
}

func whyLeft(why string) string {
	switch why {
	case pipeline.LeftDepartment:
		return "it belongs to another department"
	case pipeline.LeftConfidential:
		return "it is confidential and must be named itself"
	case pipeline.LeftFinished:
		return "it is finished already"
	case pipeline.LeftUnreachable:
		return "its complainant cannot be written to"
	}
	return why
}
