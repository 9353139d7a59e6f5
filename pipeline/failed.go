package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// Failed has the effects of a message that finally failed: the address is
// marked, the case tells it, the owner is told, and another address that is
// known is tried. A recipient that moved is known by the new address from then
// on. It may be called again for one row; the effects come once.
func (o *Office) Failed(ctx context.Context, row store.Outbound, se *channels.SendError) error {
	for range maxConflicts {
		org, err := o.Organisation(ctx)
		if err != nil {
			return err
		}
		step := store.Step{At: o.Clock.Now()}
		if se.Kind == channels.SendMoved && se.NewAddress != "" && row.State == store.OutRetry {
			err = o.moved(ctx, org, &step, row, cases.Address{Channel: row.Channel, Value: se.NewAddress})
		} else {
			err = o.undelivered(ctx, org, &step, row, se)
		}
		if err != nil {
			return err
		}
		_, err = o.save(ctx, step)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("telling of message %s: %w", row.ID, store.ErrConflict)
}

// dataOutbound names, in the event that tells of it, the message that was not
// delivered.
const dataOutbound = "outbound"

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
	events, err := o.Store.Events(ctx, row.CaseID)
	if err != nil {
		return fmt.Errorf("reading the events: %w", err)
	}
	if slices.ContainsFunc(events, func(e cases.Event) bool {
		return e.Kind == cases.EventUndelivered && e.Data[dataOutbound] == row.ID
	}) {
		return nil
	}
	instead, err := o.instead(ctx, org, step, c, row)
	if err != nil {
		return err
	}
	why := fmt.Sprintf("%s by %s was not delivered: %s", whatWas(row), row.Channel, se.Text)
	if instead != nil {
		why += fmt.Sprintf(" It was sent by %s instead.", instead.Channel)
	}
	change, err := cases.Desk{Org: org, At: step.At, By: cases.System}.Undelivered(c, why)
	if err != nil {
		return err
	}
	change.Events[0].Data[dataOutbound] = row.ID
	for i := range change.Notices {
		change.Notices[i].Data = map[string]string{"address": row.Address, "channel": row.Channel}
	}
	if row.To == cases.ToStaff {
		change.Notices = nil // an alert about an alert would run in circles
	}
	return o.apply(ctx, org, step, change, nil)
}

func whatWas(row store.Outbound) string {
	switch {
	case row.To == cases.ToComplainant:
		return "A message"
	case row.Login != "":
		return "An alert to " + row.Login
	}
	return "An alert"
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

const fallbackPrefix = "fallback:"

// instead puts the same words, to the next address that is known, into the
// step; nil: there is none.
func (o *Office) instead(ctx context.Context, org *cases.Organisation, step *store.Step, c cases.Case, row store.Outbound) (*store.Outbound, error) {
	if strings.HasPrefix(row.Dedupe, fallbackPrefix) {
		return nil, nil // one other way is tried, not a circle of them
	}
	s := &sending{Office: o, org: org, step: step, kase: c}
	var next recipient
	var ok bool
	if row.To == cases.ToComplainant {
		if c.ContactID != 0 {
			var err error
			if s.contact, err = o.Store.Contact(ctx, c.ContactID); err != nil {
				return nil, fmt.Errorf("reading the contact: %w", err)
			}
		}
		next, ok = s.complainant(cases.Address{Channel: row.Channel, Value: row.Address})
		ok = ok && disclosed(row.Kind) // what a stranger was told is not the complainant's
	} else {
		next, ok = s.nextOf(row)
	}
	if !ok {
		return nil, nil
	}
	again, err := s.again(row, next)
	if err != nil {
		return nil, err
	}
	step.Outbox = append(step.Outbox, again)
	step.Messages = append(step.Messages, s.entryOf(again))
	return &again, nil
}

// again is the row once more, for another recipient.
func (s *sending) again(row store.Outbound, to recipient) (store.Outbound, error) {
	again := store.Outbound{
		Dedupe: fallbackPrefix + row.ID, CaseID: row.CaseID, Kind: row.Kind, To: row.To, Login: to.login,
		Channel: to.address.Channel, Account: to.account, Address: to.address.Value,
		Subject: row.Subject, Text: row.Text, Automatic: row.Automatic, ExpiresAt: row.ExpiresAt,
		State: store.OutPending, CreatedAt: s.step.At, NextAttemptAt: s.step.At,
	}
	var err error
	if again.ID, err = s.newID(s.step.At); err != nil {
		return again, err
	}
	if to.format.Threads {
		if again.Subject == "" {
			again.Subject = "[" + string(s.kase.Reference) + "]"
		}
		again.MessageID, err = s.messageID()
		again.ReplyToken = s.replyToken(again)
	}
	return again, err
}

// nextOf is an address of a member of staff on a channel other than the one
// that failed; of a staff group, the owner's.
func (s *sending) nextOf(row store.Outbound) (recipient, bool) {
	login := row.Login
	if login == "" {
		login = s.kase.Owner
	}
	user, _ := s.org.User(login)
	if user.Disabled {
		return recipient{}, false
	}
	for _, a := range user.Addresses {
		if r, ok := s.at(a, "", channels.ForStaff); ok && a.Channel != row.Channel {
			r.login = login
			return r, true
		}
	}
	return recipient{}, false
}
