package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// identify finds the sender: a member of staff by a verified address, else a
// known contact, else nobody yet.
func (p *Pipeline) identify(ctx context.Context, u *Understood) (Verdict, error) {
	m := u.Message
	u.Sender = cases.Address{Channel: u.Inbound.Channel, Value: m.From.Address}
	u.Account = u.Inbound.Account
	if m.AnswerOn != "" && m.AnswerOn != u.Inbound.Channel {
		u.Sender.Channel = m.AnswerOn
		u.Account = ""
		if adapter, ok := p.Adapters.Any(m.AnswerOn); ok {
			u.Account = adapter.Name().Account
		}
	}
	if u.Format.Medium == "" && m.AnswerOn == "" {
		u.Sender.Value = "" // a form without an address: the tracking page is the answer
	}
	if u.Sender.Value == "" {
		return goOn, nil
	}

	if m.Verified {
		user, err := p.Store.UserByAddress(ctx, u.Sender)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return goOn, fmt.Errorf("looking for staff: %w", err)
		}
		if err == nil && !user.Disabled {
			u.Staff = &user
		}
	}
	contact, err := p.Store.ContactByAddress(ctx, u.Sender)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return goOn, nil
	case err != nil:
		return goOn, fmt.Errorf("looking for the contact: %w", err)
	}
	u.Contact = contact
	u.seen()
	known, err := p.Store.CasesOfContact(ctx, contact.ID, 20)
	if err != nil {
		return goOn, fmt.Errorf("reading the contact's cases: %w", err)
	}
	u.OwnCase = slices.DeleteFunc(known, func(c cases.Case) bool { return !ownedBy(c, u.Sender) })
	return goOn, nil
}

// seen notes that a known address is the sender's for certain, that messages
// reach it again, and what other addresses the sender gave.
func (u *Understood) seen() {
	u.noteFurther(u.Contact.ID)
	if !u.Message.Verified || u.Sender.Channel != u.Inbound.Channel {
		return
	}
	for _, a := range u.Contact.Addresses {
		if a.Address == u.Sender && (a.VerifiedAt == nil || a.UndeliverableAt != nil) {
			u.note(u.Contact.ID, u.Sender, u.Account, true)
		}
	}
}
