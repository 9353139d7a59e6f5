package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// report puts a provider's later word on our messages into the step. Where a
// message did not arrive, its effects follow in the same step.
func (o *Office) report(ctx context.Context, u *Understood) error {
	for _, r := range u.Message.Receipts {
		report := reportOf(u.Inbound, r)
		u.Step.Reports = append(u.Step.Reports, report)
		if report.State != store.OutUndelivered && report.State != store.OutFailed {
			continue
		}
		row, ok, err := o.reported(ctx, report)
		if err != nil {
			return err
		}
		if !ok || row.State == store.OutDelivered || row.State == store.OutUndelivered || row.State == store.OutFailed || u.Step.Change != nil {
			continue // known already, or a case of this step has had its effect
		}
		kind := channels.SendPermanent
		if r.Hard {
			kind = channels.SendUnreachable
		}
		if r.OptedOut {
			kind = channels.SendOptedOut
		}
		se := &channels.SendError{Kind: kind, Code: r.Code, Text: r.Text}
		if err := o.undelivered(ctx, u.Org, &u.Step, row, se); err != nil {
			return err
		}
	}
	return nil
}

const fallbackPrefix = "fallback:"

// reported finds the outbox row that a report is about.
func (o *Office) reported(ctx context.Context, r store.Report) (store.Outbound, bool, error) {
	var rows []store.Outbound
	var err error
	if r.ProviderID != "" {
		rows, err = o.Store.OutboundByProviderID(ctx, r.Channel, r.Account, []string{r.ProviderID})
	}
	if err == nil && len(rows) == 0 && r.MessageID != "" {
		rows, err = o.Store.OutboundByMessageID(ctx, []string{r.MessageID})
	}
	if err != nil {
		return store.Outbound{}, false, fmt.Errorf("looking for the reported message: %w", err)
	}
	if len(rows) == 0 {
		return store.Outbound{}, false, nil
	}
	return rows[0], true, nil
}

// Failed has the effects of a message that finally failed: the address is
// marked, the case tells it, the owner is told, and another address that is
// known is tried. It is called once the row itself is finished.
func (o *Office) Failed(ctx context.Context, row store.Outbound, se *channels.SendError) error {
	for range maxConflicts {
		org, err := o.Organisation(ctx)
		if err != nil {
			return err
		}
		step := store.Step{At: o.Clock.Now()}
		if err := o.undelivered(ctx, org, &step, row, se); err != nil {
			return err
		}
		_, err = o.save(ctx, step)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("telling of message %s: %w", row.ID, store.ErrConflict)
}

// undelivered puts the effects of a failed message into a step.
func (o *Office) undelivered(ctx context.Context, org *cases.Organisation, step *store.Step, row store.Outbound, se *channels.SendError) error {
	if row.EditsRow != "" || row.PressID != "" {
		return nil // a card that was not redrawn loses nothing
	}
	address := cases.Address{Channel: row.Channel, Value: row.Address}
	if row.To == cases.ToComplainant {
		if err := o.mark(ctx, step, address, row.Account, se); err != nil {
			return err
		}
	}
	if row.CaseID == 0 {
		return nil
	}
	c, err := o.Store.Case(ctx, row.CaseID)
	if err != nil {
		return fmt.Errorf("reading the case: %w", err)
	}
	desk := cases.Desk{Org: org, At: step.At, By: cases.System}
	why := fmt.Sprintf("A message by %s was not delivered: %s", row.Channel, se.Text)
	change, err := desk.Undelivered(c, why)
	if err != nil {
		return err
	}
	if row.To == cases.ToStaff {
		change.Notices = nil // an alert about an alert would run in circles
	}
	if err := o.apply(ctx, org, step, change, nil); err != nil {
		return err
	}
	return o.fallback(ctx, org, step, c, row)
}

// mark notes on the contact's address that it is dead or refuses us.
func (o *Office) mark(ctx context.Context, step *store.Step, address cases.Address, account string, se *channels.SendError) error {
	if se.Kind != channels.SendUnreachable && se.Kind != channels.SendOptedOut {
		return nil
	}
	contact, err := o.Store.ContactByAddress(ctx, address)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the contact: %w", err)
	}
	change := store.AddressChange{ContactID: contact.ID, Account: account, Address: address}
	if se.Kind == channels.SendOptedOut {
		change.OptedOut = &step.At
	} else {
		change.Undeliverable = &step.At
	}
	step.Addresses = append(step.Addresses, change)
	return nil
}

// fallback sends the same words to the next address that is known.
func (o *Office) fallback(ctx context.Context, org *cases.Organisation, step *store.Step, c cases.Case, row store.Outbound) error {
	if strings.HasPrefix(row.Dedupe, fallbackPrefix) {
		return nil // one other way is tried, not a circle of them
	}
	s := &sending{Office: o, org: org, step: step, kase: c}
	var next recipient
	var ok bool
	if row.To == cases.ToComplainant {
		if c.ContactID != 0 {
			var err error
			if s.contact, err = o.Store.Contact(ctx, c.ContactID); err != nil {
				return fmt.Errorf("reading the contact: %w", err)
			}
		}
		next, ok = s.complainant()
	} else {
		next, ok = s.nextOf(row)
	}
	if !ok || (next.address.Channel == row.Channel && next.address.Value == row.Address) {
		return nil
	}
	id, err := o.newID(step.At)
	if err != nil {
		return err
	}
	again := store.Outbound{
		ID: id, Dedupe: fallbackPrefix + row.ID, CaseID: row.CaseID, Kind: row.Kind, To: row.To, Login: row.Login,
		Channel: next.address.Channel, Account: next.account, Address: next.address.Value,
		Subject: row.Subject, Text: row.Text, Automatic: row.Automatic, ExpiresAt: row.ExpiresAt,
		State: store.OutPending, CreatedAt: step.At, NextAttemptAt: step.At,
	}
	if next.format.Threads && again.Subject == "" {
		again.Subject = "[" + string(c.Reference) + "]"
	}
	step.Outbox = append(step.Outbox, again)
	step.Messages = append(step.Messages, cases.Message{
		CaseID: c.ID, Direction: cases.Out, To: row.To, Channel: again.Channel, Account: again.Account,
		Address: again.Address, Subject: again.Subject, Text: again.Text, OutboundID: again.ID, At: step.At,
	})
	return nil
}

// nextOf is an address of a member of staff on a channel other than the one
// that failed; of a staff group, the owner's.
func (s *sending) nextOf(row store.Outbound) (recipient, bool) {
	login := row.Login
	if login == "" {
		login = s.kase.Owner
	}
	user, _ := s.org.User(login)
	for _, a := range user.Addresses {
		if r, ok := s.at(a, ""); ok && a.Channel != row.Channel {
			r.login = login
			return r, true
		}
	}
	return recipient{}, false
}
