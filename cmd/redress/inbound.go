package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

type inboundCommand struct {
	List  inboundListCommand  `cmd:"" help:"List what is quarantined or not yet processed."`
	Show  inboundShowCommand  `cmd:"" help:"Show one received message, with its raw bytes if asked for."`
	Retry inboundRetryCommand `cmd:"" help:"Give a quarantined message another try."`
}

type inboundListCommand struct {
	All   bool `help:"Also what was processed or ignored."`
	Limit int  `help:"At most this many." default:"100"`
}

// Help is shown by `redress inbound list --help`.
func (inboundListCommand) Help() string { return "Example:\n\n  redress inbound list --json" }

// Run lists inbound rows, newest first.
func (c inboundListCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	filter := store.InboundFilter{Limit: c.Limit}
	if !c.All {
		filter.States = []store.InboundState{store.InboundReceived, store.InboundQuarantined}
	}
	rows, err := a.Store.ListInbound(r.Context, filter)
	if err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	views := []app.InboundView{}
	for _, row := range rows {
		views = append(views, app.ViewInbound(row))
	}
	return r.print(views, func(w io.Writer) {
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		fmt.Fprintln(t, "ID\tCHANNEL\tACCOUNT\tSTATE\tTRIES\tRECEIVED\tREASON")
		for _, v := range views {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d\t%s\t%s\n", v.ID, v.Channel, v.Account, v.State, v.Tries, v.ReceivedAt.Format(time.DateTime), v.Reason)
		}
		_ = t.Flush()
	})
}

type inboundShowCommand struct {
	ID  int64 `arg:"" help:"The row's id, from inbound list."`
	Raw bool  `help:"Print the raw bytes as they came, and nothing else."`
}

// Help is shown by `redress inbound show --help`.
func (inboundShowCommand) Help() string {
	return "Example:\n\n  redress inbound show 42 --raw > message.eml"
}

// Run shows one row.
func (c inboundShowCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	row, err := a.Store.Inbound(r.Context, c.ID)
	if err != nil {
		return notFound(err, "there is no received message %d; see: redress inbound list", c.ID)
	}
	if c.Raw {
		_, err := r.Out.Write(row.Raw)
		return err
	}
	view := app.ViewInbound(row)
	return r.print(view, func(w io.Writer) {
		fmt.Fprintf(w, "id          %d\nchannel     %s\naccount     %s\nexternal id %s\nstate       %s\nreason      %s\ntries       %d\nreceived    %s\nsize        %d bytes of %s\n",
			view.ID, view.Channel, view.Account, view.ExternalID, view.State, view.Reason, view.Tries,
			view.ReceivedAt.Format(time.RFC3339), len(row.Raw), row.ContentType)
	})
}

type inboundRetryCommand struct {
	ID int64 `arg:"" help:"The row's id."`
}

// Help is shown by `redress inbound retry --help`.
func (inboundRetryCommand) Help() string {
	return "The running worker takes it up within seconds.\n\nExample:\n\n  redress inbound retry 42"
}

// Run puts a quarantined row back in line.
func (c inboundRetryCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	if err := a.Store.RetryInbound(r.Context, c.ID); err != nil {
		return notFound(err, "message %d is not quarantined; see: redress inbound list", c.ID)
	}
	return r.print(map[string]int64{"id": c.ID}, func(w io.Writer) { fmt.Fprintf(w, "Message %d will be tried again.\n", c.ID) })
}
