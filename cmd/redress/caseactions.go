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

// caseActions are the actions of staff on a case, one subcommand each.
type caseActions struct {
	Accept   acceptCommand   `cmd:"" help:"Take a case on."`
	Note     noteCommand     `cmd:"" help:"Add a note that only staff see."`
	Ask      askCommand      `cmd:"" help:"Ask the complainant a question."`
	Reply    replyCommand    `cmd:"" help:"Answer the complainant."`
	Defer    deferCommand    `cmd:"" help:"Pause the clock until a day."`
	Extend   extendCommand   `cmd:"" help:"Move the due time, as far as the policy allows."`
	Forward  forwardCommand  `cmd:"" help:"Send the case to another department."`
	Assign   assignCommand   `cmd:"" help:"Give the case to another officer."`
	Escalate escalateCommand `cmd:"" help:"Move the case to the next level."`
	Resolve  resolveCommand  `cmd:"" help:"Resolve the case and tell the complainant."`
	Close    closeCommand    `cmd:"" help:"Close a resolved case."`
	Reopen   reopenCommand   `cmd:"" help:"Reopen a resolved or closed case."`
	Link     linkCommand     `cmd:"" help:"Link two cases."`
}

// on names the case and who acts.
type on struct {
	Ref string `arg:"" help:"The case's reference."`
	As  string `help:"Act as this member of staff. Default: the operator at this terminal." placeholder:"LOGIN"`
}

// act does one action and prints the case as it is then.
func (c on) act(r *invocation, action pipeline.Action) error {
	ref, err := parseReference(c.Ref)
	if err != nil {
		return err
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	by, err := r.actor(c.As)
	if err != nil {
		return err
	}
	changed, err := a.Office.Act(r.Context, ref, by, action)
	var refused *cases.Error
	if errors.As(err, &refused) && !strings.Contains(refused.Message, string(ref)) {
		return fmt.Errorf("%s: %w", ref, err)
	}
	if err != nil {
		return err
	}
	return printChanged(r, a, changed)
}

// printChanged prints a case after a change.
func printChanged(r *invocation, a *app.App, c cases.Case) error {
	view, err := a.View(r.Context, c)
	if err != nil {
		return err
	}
	return r.print(view, func(w io.Writer) {
		fmt.Fprintf(w, "%s is %s: department %s, owner %s, level %d, due %s.\n",
			view.Reference, view.Status, text(view.Department), text(view.Owner), view.Level, r.when(view.DueAt))
	})
}

type acceptCommand struct{ on }

// Help is shown by `redress case accept --help`.
func (acceptCommand) Help() string {
	return "Without --as it is accepted for its owner; the history names the operator.\n\n" +
		"Example:\n\n  redress case accept C-7K2M-9QXT --as asha"
}

// Run accepts a case.
func (c acceptCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		by := d.By
		if c.As == "" {
			d.By.Login = k.Owner
		}
		u, ok := d.Org.User(d.By.Login)
		switch {
		case !ok:
			return cases.Change{}, cases.Refuse(cases.Invalid, "Nobody owns it. Say who accepts it: --as LOGIN")
		case !u.Has(cases.RoleOfficer) && !u.Has(cases.RoleSupervisor):
			return cases.Change{}, cases.Refuse(cases.NotAllowed, "%s is no officer and cannot take cases.", u.Login)
		}
		change, err := d.Accept(k)
		for i := range change.Events {
			change.Events[i].Actor = by
		}
		return change, err
	})
}

// words is a text given as the rest of the line.
type words struct {
	Text []string `arg:"" help:"The text."`
}

func (w words) String() string { return strings.Join(w.Text, " ") }

type noteCommand struct {
	on
	words
}

// Help is shown by `redress case note --help`.
func (noteCommand) Help() string {
	return "Example:\n\n  redress case note C-7K2M-9QXT \"Spare part ordered\" --as asha"
}

// Run adds a note.
func (c noteCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) { return d.Note(k, c.String()) })
}

type askCommand struct {
	on
	words
}

// Help is shown by `redress case ask --help`.
func (askCommand) Help() string {
	return "Example:\n\n  redress case ask C-7K2M-9QXT \"Which side of the road?\" --as asha"
}

// Run asks the complainant.
func (c askCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) { return d.Ask(k, c.String()) })
}

type replyCommand struct {
	on
	words
	All bool `help:"Answer the complainants of the cases linked to it too, each of the own case."`
}

// Help is shown by `redress case reply --help`.
func (replyCommand) Help() string {
	return forAll + "Examples:\n\n  redress case reply C-7K2M-9QXT \"A crew is on its way.\" --as asha\n" +
		"  redress case reply C-7K2M-9QXT \"Water is back tonight.\" --all --as asha"
}

// Run answers the complainant.
func (c replyCommand) Run(r *invocation) error {
	if c.All {
		return c.actTogether(r, pipeline.ReplyTogether(c.String()))
	}
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) { return d.Reply(k, c.String()) })
}

type deferCommand struct {
	on
	Until  string   `arg:"" help:"A day (2026-12-05) or a span (3d, 4wh, 10wd)."`
	Reason []string `arg:"" help:"Why; the complainant is told."`
}

// Help is shown by `redress case defer --help`.
func (deferCommand) Help() string {
	return "Example:\n\n  redress case defer C-7K2M-9QXT 5wd \"Waiting for the spare part\" --as asha"
}

// Run defers a case.
func (c deferCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		until, err := pipeline.ParseUntil(d.Org, d.At, c.Until)
		if err != nil {
			return cases.Change{}, err
		}
		return d.Defer(k, until, strings.Join(c.Reason, " "))
	})
}

type extendCommand struct {
	on
	By     string   `arg:"" help:"A span from the due time (3d, 4wh, 10wd), or a day (2026-12-05)."`
	Reason []string `arg:"" help:"Why; the complainant is told."`
}

// Help is shown by `redress case extend --help`.
func (extendCommand) Help() string {
	return "Example:\n\n  redress case extend C-7K2M-9QXT 5wd \"The spare part is on its way\" --as asha"
}

// Run extends the time of a case.
func (c extendCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		return pipeline.ExtendBy(d, k, c.By+" "+strings.Join(c.Reason, " "))
	})
}

type forwardCommand struct {
	on
	Department string   `arg:"" help:"Code of the department."`
	Reason     []string `arg:"" optional:"" help:"Why."`
}

// Help is shown by `redress case forward --help`.
func (forwardCommand) Help() string {
	return "Example:\n\n  redress case forward C-7K2M-9QXT roads \"The road sank, the pipe is whole\" --as asha"
}

// Run forwards a case.
func (c forwardCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		return d.Forward(k, c.Department, strings.Join(c.Reason, " "))
	})
}

type assignCommand struct {
	on
	Login  string   `arg:"" help:"Who takes it."`
	Reason []string `arg:"" optional:"" help:"Why."`
}

// Help is shown by `redress case assign --help`.
func (assignCommand) Help() string {
	return "Example:\n\n  redress case assign C-7K2M-9QXT ravi --as asha"
}

// Run assigns a case.
func (c assignCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		return d.Assign(k, c.Login, strings.Join(c.Reason, " "))
	})
}

type escalateCommand struct {
	on
	Reason []string `arg:"" optional:"" help:"Why."`
}

// Help is shown by `redress case escalate --help`.
func (escalateCommand) Help() string {
	return "Example:\n\n  redress case escalate C-7K2M-9QXT \"Needs the main shut off\" --as asha"
}

// Run escalates a case.
func (c escalateCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		return d.Escalate(k, strings.Join(c.Reason, " "))
	})
}

type resolveCommand struct {
	on
	words
	Outcome   string `help:"upheld, partly_upheld, not_upheld, withdrawn, out_of_jurisdiction or duplicate." enum:"upheld,partly_upheld,not_upheld,withdrawn,out_of_jurisdiction,duplicate" default:"upheld"`
	Remedy    string `help:"What was done to put it right."`
	RootCause string `help:"Why it happened."`
	All       bool   `help:"Resolve the open cases linked to it too; each complainant is told of the own case."`
}

// Help is shown by `redress case resolve --help`.
func (resolveCommand) Help() string {
	return forAll + "Example:\n\n  redress case resolve C-7K2M-9QXT \"The pipe was replaced today.\" --outcome upheld --as asha"
}

// Run resolves a case.
func (c resolveCommand) Run(r *invocation) error {
	in := cases.Resolution{Text: c.String(), Outcome: cases.Outcome(c.Outcome), Remedy: c.Remedy, RootCause: c.RootCause}
	if c.All {
		return c.actTogether(r, pipeline.ResolveTogether(in))
	}
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) { return d.Resolve(k, in) })
}

type closeCommand struct {
	on
	Note []string `arg:"" optional:"" help:"A note for the record."`
}

// Help is shown by `redress case close --help`.
func (closeCommand) Help() string { return "Example:\n\n  redress case close C-7K2M-9QXT --as asha" }

// Run closes a case.
func (c closeCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		return d.Close(k, strings.Join(c.Note, " "))
	})
}

type reopenCommand struct {
	on
	Reason []string `arg:"" optional:"" help:"Why."`
}

// Help is shown by `redress case reopen --help`.
func (reopenCommand) Help() string {
	return "Example:\n\n  redress case reopen C-7K2M-9QXT \"The leak is back\" --as asha"
}

// Run reopens a case.
func (c reopenCommand) Run(r *invocation) error {
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		return d.Reopen(k, strings.Join(c.Reason, " "))
	})
}

type linkCommand struct {
	on
	Other string `arg:"" help:"The other case's reference."`
}

// Help is shown by `redress case link --help`.
func (linkCommand) Help() string { return "Example:\n\n  redress case link C-7K2M-9QXT C-4P8W-2RDA" }

// Run links two cases.
func (c linkCommand) Run(r *invocation) error {
	other, err := parseReference(c.Other)
	if err != nil {
		return err
	}
	return c.act(r, func(d cases.Desk, k cases.Case) (cases.Change, error) { return d.Link(k, other) })
}
