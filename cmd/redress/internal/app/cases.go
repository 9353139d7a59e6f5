package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/web"
)

// Cases lists cases with their contacts.
func (a *App) Cases(ctx context.Context, filter store.CaseFilter) ([]CaseView, error) {
	rows, err := a.Store.ListCases(ctx, filter)
	if err != nil {
		return nil, fmt.Errorf("listing cases: %w", err)
	}
	views := make([]CaseView, 0, len(rows))
	for _, c := range rows {
		view, err := a.View(ctx, c)
		if err != nil {
			return nil, err
		}
		views = append(views, view)
	}
	return views, nil
}

// View is a case with its contact.
func (a *App) View(ctx context.Context, c cases.Case) (CaseView, error) {
	contact, err := a.contact(ctx, c)
	if err != nil {
		return CaseView{}, err
	}
	return ViewCase(c, contact), nil
}

// stories is what the public pages may know.
type stories struct{ *App }

// Story implements web.Stories: the public part of the case behind a token.
func (s stories) Story(ctx context.Context, token string) (web.Story, error) {
	c, err := s.Store.CaseByToken(ctx, token)
	if errors.Is(err, store.ErrNotFound) {
		return web.Story{}, web.ErrNotFound
	}
	if err != nil {
		return web.Story{}, fmt.Errorf("reading the case of a token: %w", err)
	}
	org, err := s.Organisation(ctx)
	if err != nil {
		return web.Story{}, err
	}
	story := web.Story{
		Reference: string(c.Reference), Status: string(c.Status), Type: string(c.Type),
		Service: org.ServiceName(c.Service, c.Language), Department: org.DepartmentName(c.Department, c.Language),
		Area: org.AreaName(c.Area), Subject: c.Subject, Description: c.Description,
		ReceivedAt: c.ReceivedAt, DueAt: c.DueAt, ResolvedAt: c.ResolvedAt, Rating: c.Rating, Language: c.Language,
		CanRate: !c.Status.Open(),
	}
	desk := cases.Desk{Org: org, At: s.Clock.Now(), By: cases.Actor{Kind: cases.ActorComplainant}}
	if until, ok := desk.ReopenUntil(c); ok && !c.Status.Open() && desk.At.Before(until) {
		story.CanReopen, story.ReopenUntil = true, &until
	}
	return story, s.fill(ctx, c, &story)
}

// fill adds the public messages and events.
func (s stories) fill(ctx context.Context, c cases.Case, story *web.Story) error {
	messages, err := s.Store.Messages(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("reading the messages: %w", err)
	}
	for _, m := range messages {
		if m.Held || m.Participant || (m.Direction == cases.Out && m.To != cases.ToComplainant) {
			continue
		}
		message := web.StoryMessage{FromUs: m.Direction == cases.Out || m.Login != "", At: m.At, Text: m.Text, Files: storyFiles(m)}
		if m.Login != "" {
			if message.Text = ""; len(message.Files) == 0 { // an order: what it says was sent as a message of its own
				continue
			}
		}
		story.Messages = append(story.Messages, message)
	}
	events, err := s.Store.Events(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("reading the events: %w", err)
	}
	// Who left no address was sent nothing: the page is where they read it.
	pageOnly := !slices.ContainsFunc(story.Messages, func(m web.StoryMessage) bool { return m.FromUs })
	withText := []cases.EventKind{cases.EventAsked, cases.EventReplied, cases.EventResolved}
	for _, e := range events {
		event := web.StoryEvent{At: e.At, Kind: string(e.Kind)}
		if slices.Contains(withText, e.Kind) {
			event.Text = e.Note
			if pageOnly {
				story.Messages = append(story.Messages, web.StoryMessage{FromUs: true, At: e.At, Text: e.Note})
			}
		}
		story.Events = append(story.Events, event)
		if e.Data["status.after"] != "" {
			at := e.At
			story.StatusSince = &at
		}
	}
	slices.SortStableFunc(story.Messages, func(a, b web.StoryMessage) int { return a.At.Compare(b.At) })
	return nil
}

// Outcome implements web.Stories: what became of a form that was handed in.
// Reference and token are told only for the case that this very form opened.
func (s stories) Outcome(ctx context.Context, key channels.Key) (web.Outcome, error) {
	in, c, err := s.Store.InboundCase(ctx, key.Channel, key.Account, key.ExternalID)
	if errors.Is(err, store.ErrNotFound) {
		return web.Outcome{}, web.ErrNotFound
	}
	if err != nil {
		return web.Outcome{}, fmt.Errorf("reading what became of a form: %w", err)
	}
	outcome := web.Outcome{State: string(in.State)}
	if c.ID != 0 && c.ReceivedAt.Equal(in.ReceivedAt) {
		outcome.Reference, outcome.Token = string(c.Reference), c.Token
	}
	return outcome, nil
}
