package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// Spoken is a complaint that staff take down: by phone, at the counter, from a
// letter.
type Spoken struct {
	Intake    string // how it came: "phone", "counter", "letter"
	Name      string
	Addresses []cases.Address // canonical; the first one that can be written to gets the answers
	Language  string
	Type      cases.Type
	Subject   string
	Text      string
	Place     string
	Service   string // code; empty: found from the text
	Area      string // code; likewise
}

// Register opens a case for a spoken or written complaint. A known contact is
// found by any of the addresses. The complainant is told there, if there is
// an account for it.
func (o *Office) Register(ctx context.Context, by cases.Actor, in Spoken) (cases.Case, error) {
	if strings.TrimSpace(in.Text) == "" {
		return cases.Case{}, cases.Refuse(cases.Invalid, "What is the complaint? The text is missing.")
	}
	for range maxConflicts {
		c, err := o.registerOnce(ctx, by, in)
		if !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrReferenceTaken) {
			return c, err
		}
	}
	return cases.Case{}, fmt.Errorf("registering: %w", store.ErrConflict)
}

func (o *Office) registerOnce(ctx context.Context, by cases.Actor, in Spoken) (cases.Case, error) {
	org, err := o.Organisation(ctx)
	if err != nil {
		return cases.Case{}, err
	}
	now := o.Clock.Now()
	step := store.Step{At: now}
	found, err := o.Classify(ctx, org, cases.Text{
		Subject: in.Subject, Body: in.Text, Place: in.Place, Language: in.Language,
		ServiceHint: in.Service, AreaHint: in.Area,
	})
	if err != nil {
		return cases.Case{}, err
	}
	if in.Language != "" {
		found.Language = org.Language(in.Language)
	}
	draft := cases.Draft{
		Type: in.Type, Intake: in.Intake, Subject: in.Subject, Description: in.Text, Place: in.Place, ReceivedAt: now, Classification: found,
	}
	if err := o.spokenContact(ctx, &step, &draft, in); err != nil {
		return cases.Case{}, err
	}
	if err := o.similar(ctx, org, &draft); err != nil {
		return cases.Case{}, err
	}
	load, err := o.load(ctx, "")
	if err != nil {
		return cases.Case{}, err
	}
	change, err := o.registration(org, load, now, by, draft)
	if err != nil {
		return cases.Case{}, err
	}
	step.Messages = append(step.Messages, cases.Message{
		Direction: cases.In, To: cases.ToStaff, Channel: in.Intake, Address: draft.Address,
		Subject: in.Subject, Text: in.Text, At: now,
	})
	if err := o.apply(ctx, org, &step, change, nil); err != nil {
		return cases.Case{}, err
	}
	recorded, err := o.save(ctx, step)
	if err != nil {
		return cases.Case{}, err
	}
	return o.Store.Case(ctx, recorded.CaseID)
}

// spokenContact finds or makes the contact of a spoken complaint.
func (o *Office) spokenContact(ctx context.Context, step *store.Step, draft *cases.Draft, in Spoken) error {
	for _, a := range in.Addresses {
		if adapter, ok := o.Adapters.Any(a.Channel); ok && draft.Channel == "" {
			draft.Channel, draft.Account, draft.Address = a.Channel, adapter.Name().Account, a.Value
		}
		if draft.ContactID != 0 {
			continue
		}
		contact, err := o.Store.ContactByAddress(ctx, a)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("looking for the contact: %w", err)
		}
		draft.ContactID = contact.ID
	}
	if draft.ContactID == 0 {
		step.Contact = &cases.Contact{Name: in.Name, Language: draft.Classification.Language, CreatedAt: step.At}
		for _, a := range in.Addresses {
			step.Addresses = append(step.Addresses, store.AddressChange{Address: a})
		}
	}
	if draft.Channel == "" {
		draft.Channel = in.Intake
	}
	return nil
}
