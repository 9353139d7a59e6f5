package main

import (
	"fmt"
	"io"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

type outboundCommand struct {
	List     outboundListCommand     `cmd:"" help:"List what is to be sent, with state and attempts."`
	Show     outboundShowCommand     `cmd:"" help:"Show one message with its text."`
	Retry    outboundRetryCommand    `cmd:"" help:"Send a failed, expired or uncertain message again."`
	Forecast outboundForecastCommand `cmd:"" help:"Tell how long what waits takes to be sent."`
}

type outboundListCommand struct {
	bounded
	All bool `help:"Also what is finished."`
}

// Help is shown by `redress outbound list --help`.
func (outboundListCommand) Help() string { return "Example:\n\n  redress outbound list --all --json" }

// Run lists outbox rows, newest first.
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
	err = printList(r, views, "ID CASE TO KIND CHANNEL STATE ATTEMPTS CREATED ERROR", func(v app.OutboundView) []any {
		return []any{v.ID, v.Reference, v.To, v.Kind, v.Channel, v.State, v.Attempts, v.CreatedAt, v.Error}
	})
	if err != nil || r.json {
		return err
	}
	return printLongLines(r, a)
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
		return refusal(err, "message "+c.ID, "", "redress outbound list --all")
	}
	view := struct {
		app.OutboundView
		Subject *string `json:"subject"`
		Text    string  `json:"text"`
	}{app.ViewOutbound(row), null(row.Subject), row.Text}
	return r.print(view, func(w io.Writer) {
		r.printFields(w, "id", view.ID, "case", view.Reference, "to", fmt.Sprintf("%s, %s by %s", view.To, view.Address, view.Channel),
			"kind", view.Kind, "state", fmt.Sprintf("%s after %d attempts", view.State, view.Attempts), "next attempt", view.NextAttemptAt,
			"error", view.Error, "created", view.CreatedAt, "subject", view.Subject)
		fmt.Fprintf(w, "\n%s\n", view.Text)
	})
}

type outboundRetryCommand struct {
	ID string `arg:"" help:"The message's id, from outbound list."`
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
	if err := a.Store.RetryOutbound(r.Context, c.ID, a.Clock.Now()); err != nil {
		return refusal(err, "message "+c.ID, "is still to be sent, or was sent", "redress outbound list --all")
	}
	return r.print(map[string]string{"id": c.ID}, func(w io.Writer) { fmt.Fprintf(w, "Message %s will be sent again.\n", c.ID) })
}
