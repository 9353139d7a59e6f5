package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

type inboundCommand struct {
	List  inboundListCommand  `cmd:"" help:"List what is quarantined or not yet processed."`
	Show  inboundShowCommand  `cmd:"" help:"Show one received message, with its raw bytes if asked for."`
	Retry inboundRetryCommand `cmd:"" help:"Give a quarantined message another try."`
}

type inboundListCommand struct {
	bounded
	All bool `help:"Also what was processed or ignored."`
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
	return printList(r, views, "ID CHANNEL ACCOUNT STATE TRIES RECEIVED REASON", func(v app.InboundView) []any {
		return []any{v.ID, v.Channel, v.Account, v.State, v.Tries, v.ReceivedAt, v.Reason}
	})
}

type inboundShowCommand struct {
	ID  int64 `arg:"" help:"The message's id, from inbound list."`
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
		return refusal(err, fmt.Sprintf("received message %d", c.ID), "", "redress inbound list --all")
	}
	in := channels.Inbound{Raw: row.Raw, File: channels.Stored(row.File)}
	if c.Raw {
		raw, err := in.Open(r.Context, a.ChannelFiles())
		if err != nil {
			return fmt.Errorf("opening the message: %w", err)
		}
		_, err = io.Copy(r.Out, raw)
		if err := errors.Join(err, raw.Close()); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
		return nil
	}
	view := struct {
		app.InboundView
		ContentType string `json:"content_type"`
		Size        int64  `json:"size"` // bytes
	}{app.ViewInbound(row), row.ContentType, in.Size()}
	return r.print(view, func(w io.Writer) {
		r.printFields(w, "id", view.ID, "channel", view.Channel, "account", view.Account, "external id", view.ExternalID,
			"state", view.State, "reason", view.Reason, "tries", view.Tries, "received", view.ReceivedAt,
			"size", fmt.Sprintf("%d bytes of %s", view.Size, view.ContentType))
	})
}

type inboundRetryCommand struct {
	ID int64 `arg:"" help:"The message's id, from inbound list."`
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
		return refusal(err, fmt.Sprintf("received message %d", c.ID), "is not quarantined", "redress inbound list --all")
	}
	return r.print(map[string]int64{"id": c.ID}, func(w io.Writer) { fmt.Fprintf(w, "Message %d will be tried again.\n", c.ID) })
}
