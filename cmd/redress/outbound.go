package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

type outboundCommand struct {
	List  outboundListCommand  `cmd:"" help:"List what is to be sent, with state and attempts."`
	Show  outboundShowCommand  `cmd:"" help:"Show one message with its text."`
	Retry outboundRetryCommand `cmd:"" help:"Send a failed, expired or uncertain message again."`
}

type outboundListCommand struct {
	All   bool `help:"Also what is finished."`
	Limit int  `help:"At most this many." default:"100"`
}

// Help is shown by `redress outbound list --help`.
func (outboundListCommand) Help() string { return "Example:\n\n  redress outbound list --all --json" }

// Run lists outbox rows.
func (c outboundListCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	rows, err := a.Store.ListOutbound(r.Context, store.OutboundFilter{All: c.All, Limit: c.Limit})
	if err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	views := []app.OutboundView{}
	for _, row := range rows {
		views = append(views, app.ViewOutbound(row))
	}
	return r.print(views, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "ID\tCASE\tTO\tKIND\tCHANNEL\tSTATE\tATTEMPTS\tCREATED\tERROR")
		for _, v := range views {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", v.ID, text(v.Reference), v.To, v.Kind, v.Channel, v.State,
				v.Attempts, v.CreatedAt.Format(time.DateTime), text(v.Error))
		}
		_ = t.Flush()
	})
}

type outboundShowCommand struct {
	ID string `arg:"" help:"The message's id, from outbound list."`
}

// Help is shown by `redress outbound show --help`.
func (outboundShowCommand) Help() string {
	return "Example:\n\n  redress outbound show 01JD3ZK8QX7T0V9R4M5N6P7Q8S"
}

// Run shows one outbox row with what was rendered.
func (c outboundShowCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	row, err := a.Store.Outbound(r.Context, c.ID)
	if err != nil {
		return notFound(err, "there is no message %s; see: redress outbound list --all", c.ID)
	}
	view := struct {
		app.OutboundView
		Subject string `json:"subject"`
		Text    string `json:"text"`
	}{app.ViewOutbound(row), row.Subject, row.Text}
	return r.print(view, func(w io.Writer) {
		fmt.Fprintf(w, "id        %s\ncase      %s\nto        %s, %s by %s\nkind      %s\nstate     %s after %d attempts\nerror     %s\ncreated   %s\n\n%s\n\n%s\n",
			view.ID, text(view.Reference), view.To, view.Address, view.Channel, view.Kind, view.State, view.Attempts,
			text(view.Error), view.CreatedAt.Format(time.RFC3339), view.Subject, view.Text)
	})
}

type outboundRetryCommand struct {
	ID string `arg:"" help:"The message's id."`
}

// Help is shown by `redress outbound retry --help`.
func (outboundRetryCommand) Help() string {
	return "An uncertain message may have arrived: sending it again may double it.\n\nExample:\n\n  redress outbound retry 01JD3ZK8QX7T0V9R4M5N6P7Q8S"
}

// Run puts a message back in line.
func (c outboundRetryCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	if err := a.Store.RetryOutbound(r.Context, c.ID, time.Now().UTC()); err != nil {
		return notFound(err, "message %s cannot be sent again; see: redress outbound list --all", c.ID)
	}
	return r.print(map[string]string{"id": c.ID}, func(w io.Writer) { fmt.Fprintf(w, "Message %s will be sent again.\n", c.ID) })
}

// text is what p points at, or a dash.
func text(p *string) string {
	if p == nil {
		return "-"
	}
	return *p
}
