package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// Optional is a text that is null in JSON when there is none.
type Optional string

// MarshalJSON implements json.Marshaler.
func (o Optional) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(o))
}

// CaseView is a case as `redress case list --json` prints it.
type CaseView struct {
	Reference      string      `json:"reference"`
	Type           string      `json:"type"`
	Status         string      `json:"status"`
	Stage          int         `json:"stage"`
	Level          int         `json:"level"`
	Priority       string      `json:"priority"`
	Service        *string     `json:"service"`
	Department     *string     `json:"department"`
	Area           *string     `json:"area"`
	Owner          *string     `json:"owner"`
	Policy         *string     `json:"policy"`
	Channel        string      `json:"channel"`
	Language       string      `json:"language"`
	Subject        Optional    `json:"subject"`
	Description    string      `json:"description"`
	Place          *string     `json:"place"`
	OnBehalf       Optional    `json:"on_behalf"` // for whom, in the complainant's words
	Contact        ContactView `json:"contact"`
	ReceivedAt     time.Time   `json:"received_at"`
	AcknowledgedAt *time.Time  `json:"acknowledged_at"`
	AcceptedAt     *time.Time  `json:"accepted_at"`
	DueAt          *time.Time  `json:"due_at"`
	DeferredUntil  *time.Time  `json:"deferred_until"`
	ResolvedAt     *time.Time  `json:"resolved_at"`
	ClosedAt       *time.Time  `json:"closed_at"`
	Outcome        *string     `json:"outcome"`
	Remedy         *string     `json:"remedy"`
	RootCause      *string     `json:"root_cause"`
	Rating         *int        `json:"rating"`
}

// ContactView is the person behind a case.
type ContactView struct {
	Name      Optional `json:"name"`
	Addresses []string `json:"addresses"` // "sms:+1…", "email:a@b.example"
}

// CaseStory is a case as `redress case show --json` prints it.
type CaseStory struct {
	CaseView
	Facts    []cases.Fact   `json:"facts"` // that the texts name
	Reasons  []cases.Reason `json:"reasons"`
	Messages []MessageView  `json:"messages"`
	Events   []EventView    `json:"events"`
	Actions  []string       `json:"actions"`
	Links    []string       `json:"links"`
	// Participants are those whom the complainant put in copy.
	Participants []ParticipantView `json:"participants"`
	Timers       []TimerView       `json:"timers"`
	TrackURL     string            `json:"track_url,omitempty"`
}

// ParticipantView is somebody whom the complainant put in copy.
type ParticipantView struct {
	Name    Optional `json:"name"`
	Channel string   `json:"channel"`
	Address string   `json:"address"`
}

// MessageView is one message of the conversation.
type MessageView struct {
	Direction   string           `json:"direction"`
	To          string           `json:"to"`
	Channel     string           `json:"channel"`
	Address     string           `json:"address"`
	Subject     string           `json:"subject,omitempty"`
	Text        string           `json:"text"`
	FullText    string           `json:"full_text,omitempty"` // with quotes and signature, where that is more
	State       string           `json:"state"`
	At          time.Time        `json:"at"`
	Held        bool             `json:"held,omitempty"`
	Remarks     string           `json:"remarks,omitempty"` // what was wrong with it or left out
	Participant bool             `json:"participant,omitempty"`
	Attachments []AttachmentView `json:"attachments,omitempty"`
}

// AttachmentView names a stored file.
type AttachmentView struct {
	Filename    string `json:"filename"`
	ContentType string `json:"content_type"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	State       string `json:"state"` // pending, clean, infected, skipped
	Finding     string `json:"finding,omitempty"`
}

// EventView is one entry of the history.
type EventView struct {
	At    time.Time         `json:"at"`
	Actor string            `json:"actor"`
	Kind  string            `json:"kind"`
	Note  Optional          `json:"note"`
	Data  map[string]string `json:"data,omitempty"`
}

// TimerView is what will happen by itself.
type TimerView struct {
	Kind string    `json:"kind"`
	At   time.Time `json:"at"`
}

// InboundView is a row of `redress inbound list --json`.
type InboundView struct {
	ID         int64     `json:"id"`
	Channel    string    `json:"channel"`
	Account    string    `json:"account"`
	ExternalID string    `json:"external_id"`
	State      string    `json:"state"`
	Reason     Optional  `json:"reason"`
	Tries      int       `json:"tries"`
	ReceivedAt time.Time `json:"received_at"`
}

// OutboundView is a row of `redress outbound list --json`.
type OutboundView struct {
	ID            string     `json:"id"`
	Reference     *string    `json:"reference"`
	To            string     `json:"to"`
	Kind          string     `json:"kind"`
	Channel       string     `json:"channel"`
	Address       string     `json:"address"`
	State         string     `json:"state"`
	Attempts      int        `json:"attempts"`
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	ProviderID    *string    `json:"provider_id"`
	Error         *string    `json:"error"`
	CreatedAt     time.Time  `json:"created_at"`
}

// ViewInbound shows a received message without its content.
func ViewInbound(in store.Inbound) InboundView {
	return InboundView{
		ID: in.ID, Channel: in.Channel, Account: in.Account, ExternalID: in.ExternalID,
		State: string(in.State), Reason: Optional(in.Reason), Tries: in.Tries, ReceivedAt: in.ReceivedAt.UTC(),
	}
}

// ViewOutbound shows an outbox row without its content.
func ViewOutbound(out store.Outbound) OutboundView {
	view := OutboundView{
		ID: out.ID, Reference: orNull(out.Reference), To: string(out.To), Kind: string(out.Kind),
		Channel: out.Channel, Address: out.Address, State: string(out.State), Attempts: out.Attempts,
		ProviderID: orNull(out.ProviderID), Error: orNull(out.Error), CreatedAt: out.CreatedAt.UTC(),
	}
	if out.State == store.OutPending || out.State == store.OutRetry {
		next := out.NextAttemptAt.UTC()
		view.NextAttemptAt = &next
	}
	return view
}

// ViewCase shows a case without its lists. The contact is filled by the caller.
func ViewCase(c cases.Case, contact cases.Contact) CaseView {
	view := CaseView{
		Reference: string(c.Reference), Type: string(c.Type), Status: string(c.Status), Stage: c.Stage, Level: c.Level,
		Priority: string(c.Priority), Service: orNull(c.Service), Department: orNull(c.Department),
		Area: orNull(c.Area), Owner: orNull(c.Owner), Policy: orNull(c.Policy), Channel: c.Intake, Language: c.Language,
		Subject: Optional(c.Subject), Description: c.Description, Place: orNull(c.Place), OnBehalf: Optional(c.OnBehalf),
		Contact:    ContactView{Name: Optional(contact.Name), Addresses: []string{}},
		ReceivedAt: c.ReceivedAt.UTC(), AcknowledgedAt: utc(c.AcknowledgedAt), AcceptedAt: utc(c.AcceptedAt),
		DueAt: utc(c.DueAt), DeferredUntil: utc(c.DeferredUntil), ResolvedAt: utc(c.ResolvedAt), ClosedAt: utc(c.ClosedAt),
		Outcome: orNull(string(c.Outcome)), Remedy: orNull(c.Remedy), RootCause: orNull(c.RootCause),
	}
	if c.Rating > 0 {
		view.Rating = &c.Rating
	}
	for _, a := range contact.Addresses {
		view.Contact.Addresses = append(view.Contact.Addresses, a.Channel+":"+a.Value)
	}
	return view
}

// Story reads a case with its conversation, history and what is due.
func (a *App) Story(ctx context.Context, ref cases.Reference) (CaseStory, error) {
	c, err := a.Store.CaseByReference(ctx, ref)
	if err != nil {
		return CaseStory{}, fmt.Errorf("case %s: %w", ref, err)
	}
	contact, err := a.contact(ctx, c)
	if err != nil {
		return CaseStory{}, err
	}
	story := CaseStory{
		CaseView: ViewCase(c, contact), Facts: append([]cases.Fact{}, c.Facts...), Reasons: append([]cases.Reason{}, c.Reasons...),
		Messages: []MessageView{}, Events: []EventView{}, Actions: []string{}, Links: []string{}, Timers: []TimerView{},
		Participants: []ParticipantView{},
		TrackURL:     a.Settings.HTTP.PublicURL + "/track/" + c.Token,
	}
	messages, err := a.Store.Messages(ctx, c.ID)
	if err != nil {
		return story, fmt.Errorf("reading the messages: %w", err)
	}
	for _, m := range messages {
		story.Messages = append(story.Messages, viewMessage(m))
	}
	events, err := a.Store.Events(ctx, c.ID)
	if err != nil {
		return story, fmt.Errorf("reading the events: %w", err)
	}
	for _, e := range events {
		story.Events = append(story.Events, EventView{At: e.At.UTC(), Actor: e.Actor.String(), Kind: string(e.Kind), Note: Optional(e.Note), Data: e.Data})
	}
	timers, err := a.Store.Timers(ctx, c.ID)
	if err != nil {
		return story, fmt.Errorf("reading the timers: %w", err)
	}
	for _, t := range timers {
		story.Timers = append(story.Timers, TimerView{Kind: string(t.Kind), At: t.At.UTC()})
	}
	links, err := a.Store.Links(ctx, c.ID)
	if err != nil {
		return story, fmt.Errorf("reading the links: %w", err)
	}
	for _, link := range links {
		story.Links = append(story.Links, string(link))
	}
	participants, err := a.Store.Participants(ctx, c.ID)
	if err != nil {
		return story, fmt.Errorf("reading who takes part: %w", err)
	}
	for _, p := range participants {
		story.Participants = append(story.Participants, ParticipantView{Name: Optional(p.Name), Channel: p.Address.Channel, Address: p.Address.Value})
	}
	return story, nil
}

func (a *App) contact(ctx context.Context, c cases.Case) (cases.Contact, error) {
	if c.ContactID == 0 {
		return cases.Contact{}, nil
	}
	contact, err := a.Store.Contact(ctx, c.ContactID)
	if err != nil {
		return contact, fmt.Errorf("reading the contact: %w", err)
	}
	return contact, nil
}

func viewMessage(m cases.Message) MessageView {
	view := MessageView{
		Direction: string(m.Direction), To: string(m.To), Channel: m.Channel, Address: m.Address,
		Subject: m.Subject, Text: m.Text, FullText: m.FullText, State: m.State, At: m.At.UTC(), Held: m.Held, Remarks: m.Remarks, Participant: m.Participant,
	}
	for _, f := range m.Attachments {
		view.Attachments = append(view.Attachments, AttachmentView{
			Filename: f.Filename, ContentType: f.ContentType, Size: f.Size, SHA256: f.SHA256,
			State: string(f.State), Finding: f.Finding,
		})
	}
	return view
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
