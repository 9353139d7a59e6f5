package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// moved puts the new address of a recipient in place of the old one, wherever
// the next message would look for it: in the organisation for a staff group,
// with the member of staff, or with the contact and the case.
func (o *Office) moved(ctx context.Context, org *cases.Organisation, step *store.Step, row store.Outbound, to cases.Address) error {
	from := cases.Address{Channel: row.Channel, Value: row.Address}
	if row.To == cases.ToComplainant {
		return o.movedContact(ctx, org, step, row, from, to)
	}
	for _, department := range org.Departments {
		if department.Alerts != nil && *department.Alerts == from {
			if err := o.Store.MoveAlerts(ctx, from, to); err != nil {
				return fmt.Errorf("saving the new address of a staff group: %w", err)
			}
			break
		}
	}
	user, err := o.Store.UserByAddress(ctx, from)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for staff: %w", err)
	}
	for i, address := range user.Addresses {
		if address == from {
			user.Addresses[i] = to
		}
	}
	if err := o.Store.SaveUser(ctx, user); err != nil {
		return fmt.Errorf("saving the new address of %s: %w", user.Login, err)
	}
	return nil
}

// movedContact gives the contact the new address, trusted like the old one,
// and the case the new place to talk.
func (o *Office) movedContact(ctx context.Context, org *cases.Organisation, step *store.Step, row store.Outbound, from, to cases.Address) error {
	contact, err := o.Store.ContactByAddress(ctx, from)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("reading the contact: %w", err)
	}
	for _, a := range contact.Addresses {
		if a.Address == from {
			step.Addresses = append(step.Addresses,
				store.AddressChange{ContactID: contact.ID, Account: row.Account, Address: to, Verified: a.VerifiedAt, OptedOut: a.OptedOutAt},
				store.AddressChange{ContactID: contact.ID, Account: row.Account, Address: from, Undeliverable: &step.At})
		}
	}
	if row.CaseID == 0 {
		return nil
	}
	c, err := o.Store.Case(ctx, row.CaseID)
	if err != nil {
		return fmt.Errorf("reading the case: %w", err)
	}
	if c.Channel != from.Channel || c.Address != from.Value {
		return nil
	}
	change, err := cases.Desk{Org: org, At: step.At, By: cases.System}.Moved(c, to.Value)
	if err != nil {
		return err
	}
	return o.apply(ctx, org, step, change, nil)
}
