package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/templates"
)

type templateCommand struct {
	List    templateListCommand    `cmd:"" help:"List the message templates."`
	Preview templatePreviewCommand `cmd:"" help:"Show a message with made-up data."`
}

type templateListCommand struct{}

// Help is shown by `redress template list --help`.
func (templateListCommand) Help() string { return "Example:\n\n  redress template list --json" }

// Run lists kinds and languages.
func (templateListCommand) Run(r *invocation) error {
	set, err := templates.New()
	if err != nil {
		return err
	}
	views := []templateView{}
	for _, kind := range set.Kinds() {
		views = append(views, templateView{kind, set.Languages()})
	}
	return printList(r, views, "NAME LANGUAGES", func(v templateView) []any { return []any{v.Name, v.Languages} })
}

// templateView is a line of template list.
type templateView struct {
	Name      string   `json:"name"`
	Languages []string `json:"languages"`
}

type templatePreviewCommand struct {
	Name    string `arg:"" help:"Template, from template list."`
	Channel string `help:"email, sms, whatsapp, telegram or web." enum:"email,sms,whatsapp,telegram,web" default:"email"`
	Lang    string `help:"Language (BCP 47)." default:"en"`
}

// Help is shown by `redress template preview --help`.
func (templatePreviewCommand) Help() string {
	return "Example:\n\n  redress template preview acknowledged --channel sms --lang hi"
}

// Run renders one message.
func (c templatePreviewCommand) Run(r *invocation) error {
	set, err := templates.New()
	if err != nil {
		return err
	}
	if !slices.Contains(set.Languages(), c.Lang) {
		return fmt.Errorf("there are no templates in %s; there are in %s", c.Lang, strings.Join(set.Languages(), ", "))
	}
	medium := templates.Chat
	switch c.Channel {
	case app.ChannelEmail:
		medium = templates.Email
	case app.ChannelSMS:
		medium = templates.SMS
	}
	rendered, err := set.Render(c.Name, medium, c.Lang, sampleData())
	if errors.Is(err, templates.ErrUnknown) {
		return fmt.Errorf("there is no template %s; see: redress template list", c.Name)
	}
	if err != nil {
		return err
	}
	view := map[string]any{
		"name": c.Name, "channel": c.Channel, "lang": c.Lang,
		"subject": null(rendered.Subject), "text": rendered.Text, "html": null(rendered.HTML),
	}
	return r.print(view, func(w io.Writer) {
		if rendered.Subject != "" {
			fmt.Fprintf(w, "Subject: %s\n\n", rendered.Subject)
		}
		fmt.Fprintln(w, rendered.Text)
	})
}

// sampleData is what a preview shows.
func sampleData() templates.Data {
	received := time.Date(2026, time.November, 23, 9, 30, 0, 0, time.UTC)
	due := received.AddDate(0, 0, 10)
	return templates.Data{
		Jurisdiction: "City of Example", Location: time.UTC, Now: received,
		Reference: "C-7K2M-9QXT", Subject: "Burst pipe near the school", Type: "complaint", Status: "pending", Priority: "high",
		Service: "Water leak", Department: "Water and Sewerage", Area: "Ward 4", Place: "near the school", Level: 1,
		Due: &due, ReceivedAt: received, Text: "The pipe was replaced this morning.", Count: 2,
		TrackURL: "https://city.example/track/k3v9…", FormURL: "https://city.example/complaints/new",
		Reopen: 30, Rating: 4, OptOut: true,
		Choices: []templates.Choice{{Reference: "C-7K2M-9QXT", Subject: "Burst pipe", Status: "pending", Due: &due}},
		Officer: "Asha Rao", Complainant: "Meera Nair", Contact: "meera@citizen.example", Channel: "sms",
		Reasons: []string{"keyword 'burst pipe'"}, Events: []templates.Line{{At: received, Who: "system", What: "registered"}},
		Action: "resolve", Link: "https://city.example/console",
	}
}
