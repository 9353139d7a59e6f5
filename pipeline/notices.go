package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/templates"
)

// pressLife is how long a chat provider waits for the answer to a pressed button.
const pressLife = 150 * time.Second

// answering says which inbound message the notices of a step answer.
type answering struct {
	inbound   int64
	channel   string
	messageID string // of the message, for threads
	pressID   string // of the button that was pressed
	own       []cases.Case
	listed    []cases.Case
}

func (p *Pipeline) answering(u *Understood) *answering {
	return &answering{
		inbound: u.Inbound.ID, channel: u.Inbound.Channel, messageID: u.Message.ID, pressID: u.Message.PressID,
		own: u.OwnCase, listed: u.Listed,
	}
}

// apply puts a change into the step and renders its notices into outbox rows.
func (o *Office) apply(ctx context.Context, org *cases.Organisation, step *store.Step, change cases.Change, to *answering) error {
	contact := cases.Contact{}
	switch {
	case step.Contact != nil:
		contact = *step.Contact
	case change.Case.ContactID != 0:
		var err error
		if contact, err = o.Store.Contact(ctx, change.Case.ContactID); err != nil {
			return fmt.Errorf("reading the contact: %w", err)
		}
	}
	if err := o.links(ctx, step, change.Events); err != nil {
		return err
	}
	notices := change.Notices
	change.Notices = nil
	c := &sending{Office: o, org: org, step: step, kase: change.Case, isNew: change.New, contact: contact, answering: to}
	if err := c.mustReach(notices, &change); err != nil {
		return err
	}
	if err := c.countFiles(ctx, notices); err != nil {
		return err
	}
	step.Change = &change
	for _, n := range notices {
		if err := c.notice(ctx, n); err != nil {
			return fmt.Errorf("preparing notice %s: %w", n.Kind, err)
		}
	}
	return nil
}

// mustReach refuses to say something to a complainant who cannot be written to
// any more. A resolution is no less true for that: the history then tells that
// nobody was told. Who left no address reads on the tracking page.
func (s *sending) mustReach(notices []cases.Notice, change *cases.Change) error {
	if s.kase.Address == "" {
		return nil
	}
	for _, n := range notices {
		if n.To != cases.ToComplainant || !personal(n.Kind) {
			continue
		}
		if _, ok := s.complainant(cases.Address{}); ok {
			continue
		}
		if n.Kind != cases.NoticeResolved {
			return cases.Refuse(cases.Conflict, "The complainant cannot be written to: messages were stopped, or the address is dead, and no other way is known. A note can be kept with /note.")
		}
		change.Events = append(change.Events, cases.Event{
			CaseID: s.kase.ID, At: s.step.At, Actor: cases.System, Kind: cases.EventUndelivered,
			Note: "The complainant was not told: messages were stopped, or the address is dead, and no other way is known.",
		})
	}
	return nil
}

// links puts the cases that events link to into the step.
func (o *Office) links(ctx context.Context, step *store.Step, events []cases.Event) error {
	for _, e := range events {
		if e.Kind != cases.EventLinked || e.Data[cases.DataSplit] != "" {
			continue // what a split makes is linked when it is saved
		}
		ref := cases.Reference(e.Data["reference"])
		other, err := o.Store.CaseByReference(ctx, ref)
		if errors.Is(err, store.ErrNotFound) {
			return cases.Refuse(cases.NotFound, "There is no case %s.", ref)
		}
		if err != nil {
			return fmt.Errorf("reading the linked case: %w", err)
		}
		step.Links = append(step.Links, other.ID)
	}
	return nil
}

// sending renders the notices of one step.
type sending struct {
	*Office
	org       *cases.Organisation
	step      *store.Step
	kase      cases.Case // zero: about no case
	isNew     bool
	contact   cases.Contact
	answering *answering
	answered  bool // the one automatic answer to the inbound message was made
	cards     []store.Outbound
	haveCards bool
	choices   []templates.Choice // of a list of cases
	events    []cases.Event      // of the whole story

	withMessage attached // the message at hand
	withCase    attached
	earlier     []cases.Message // of the case, where it is shown whole
	hasFuller   bool            // a message has more words than are shown
}

// recipient is where one copy of a notice goes.
type recipient struct {
	login    string
	language string
	address  cases.Address
	account  string
	format   channels.Format
}

func (s *sending) notice(ctx context.Context, n cases.Notice) error {
	if n.To == cases.ToComplainant {
		return s.toComplainant(ctx, n)
	}
	if n.Kind == cases.AlertUpdated {
		return s.updateCards(ctx)
	}
	for _, r := range s.staffRecipients(n) {
		if err := s.toStaff(ctx, n, r); err != nil {
			return err
		}
	}
	return nil
}

// personal are the notices a person wrote; all others are automatic answers.
func personal(kind cases.NoticeKind) bool {
	return kind == cases.NoticeQuestion || kind == cases.NoticeReply || kind == cases.NoticeResolved
}

func (s *sending) toComplainant(ctx context.Context, n cases.Notice) error {
	r, ok := s.complainant(cases.Address{})
	if !ok {
		return nil // opted out everywhere, or left no address
	}
	switch {
	case s.answering == nil:
	case n.Kind == cases.NoticeAddedNewest:
		s.choices = openChoices(s.answering.own)
	case n.Kind == cases.NoticeSplit:
		s.choices = openChoices(s.answering.listed)
	}
	return s.tell(ctx, n, r)
}

// tell sends one notice to the complainant's side; at most one answers an
// inbound message.
func (s *sending) tell(ctx context.Context, n cases.Notice, r recipient) error {
	row := store.Outbound{To: cases.ToComplainant, Automatic: !personal(n.Kind)}
	if s.answering != nil {
		if s.answered {
			return nil
		}
		s.answered = true
		row.InboundID = s.answering.inbound
		row.Dedupe = fmt.Sprintf("answer:%d", s.answering.inbound)
	}
	if r.format.Threads {
		if err := s.intoThread(ctx, &row, r.address.Channel); err != nil {
			return err
		}
	}
	row.Buttons = s.complainantButtons(n, r)
	row.ExpiresAt = expiry(s.step.At, s.org.Rules.NoticeExpiry)
	if err := s.add(n, r, row, true); err != nil {
		return err
	}
	return s.release(n, r)
}

// release ends the waiting of a button that the complainant pressed; what there
// is to say is in the message.
func (s *sending) release(n cases.Notice, r recipient) error {
	if s.answering == nil || s.answering.pressID == "" || s.answering.channel != r.address.Channel {
		return nil
	}
	row := store.Outbound{
		To: cases.ToComplainant, Automatic: true, InboundID: s.answering.inbound, PressID: s.answering.pressID,
		Dedupe: fmt.Sprintf("press:%d", s.answering.inbound), ExpiresAt: s.step.At.Add(pressLife),
	}
	if err := s.add(n, r, row, false); err != nil {
		return err
	}
	last := &s.step.Outbox[len(s.step.Outbox)-1]
	last.Text, last.HTML = "", ""
	return nil
}

// intoThread places an outgoing mail in its conversation: it answers the
// complainant's last one.
func (s *sending) intoThread(ctx context.Context, row *store.Outbound, channel string) error {
	if s.answering != nil && s.answering.channel == channel {
		row.InReplyTo = s.answering.messageID
	}
	if s.kase.ID == 0 {
		if row.InReplyTo != "" {
			row.References = []string{row.InReplyTo}
		}
		return nil
	}
	talk, err := s.Store.Messages(ctx, s.kase.ID)
	if err != nil {
		return fmt.Errorf("reading the conversation: %w", err)
	}
	last := ""
	for _, m := range talk {
		if m.Channel != channel || m.ExternalID == "" || m.Held || m.Participant || (m.Direction == cases.Out && m.To != cases.ToComplainant) {
			continue
		}
		row.References = append(row.References, m.ExternalID)
		if m.Direction == cases.In {
			last = m.ExternalID
		}
	}
	if row.InReplyTo == "" {
		row.InReplyTo = last
	} else {
		row.References = append(row.References, row.InReplyTo)
	}
	if n := len(row.References); n > 20 {
		row.References = append(row.References[:1:1], row.References[n-19:]...)
	}
	return nil
}

// toStaff sends an alert: a card with buttons, or a message in the thread of
// the card the recipient has already.
func (s *sending) toStaff(ctx context.Context, n cases.Notice, r recipient) error {
	row := store.Outbound{
		To: cases.ToStaff, Login: r.login, Automatic: true,
		ExpiresAt: expiry(s.step.At, s.org.Rules.AlertExpiry),
	}
	if once := n.Data["once"]; once != "" {
		row.Dedupe = once // whoever of the level it is that is told
	}
	if !isCard(n.Kind) {
		card, ok, err := s.cardOf(ctx, r)
		if err != nil {
			return err
		}
		if ok {
			row.ReplyToRow = card.ID
		}
	}
	row.Buttons = s.staffButtons(n, r)
	if err := s.add(n, r, row, s.kase.Reference != ""); err != nil || !isCard(n.Kind) {
		return err
	}
	return s.earlierFiles(ctx, r)
}

// add renders the notice and appends its outbox row, and the entry of the
// conversation where the row is one.
func (s *sending) add(n cases.Notice, r recipient, row store.Outbound, talk bool) error {
	rendered, err := s.Templates.Render(string(n.Kind), r.format.Medium, r.language, s.data(n, r))
	if err != nil {
		return fmt.Errorf("rendering %s: %w", n.Kind, err)
	}
	if row.ID, err = s.newID(s.step.At); err != nil {
		return err
	}
	row.CaseID, row.Kind = s.kase.ID, n.Kind
	row.Channel, row.Account, row.Address = r.address.Channel, r.account, r.address.Value
	row.Subject, row.Text = rendered.Subject, rendered.Text
	if row.Brief, err = s.brief(n, r, row); err != nil {
		return err
	}
	if r.format.HTML {
		row.HTML = rendered.HTML
	}
	if r.format.Threads && row.MessageID == "" {
		row.MessageID, err = s.messageID()
		if err != nil {
			return err
		}
		row.ReplyToken = s.replyToken(row)
	}
	row.State, row.CreatedAt, row.NextAttemptAt = store.OutPending, s.step.At, s.step.At
	s.step.Outbox = append(s.step.Outbox, row)
	if talk && s.kase.Reference != "" {
		s.step.Messages = append(s.step.Messages, s.entryOf(row))
	}
	return nil
}

// entryOf is the entry of the conversation that an outbox row makes.
func (s *sending) entryOf(row store.Outbound) cases.Message {
	return cases.Message{
		CaseID: s.kase.ID, Direction: cases.Out, To: row.To,
		Channel: row.Channel, Account: row.Account, Address: row.Address,
		Subject: row.Subject, Text: row.Text, ExternalID: row.MessageID,
		OutboundID: row.ID, At: s.step.At,
	}
}

// replyToken is the token of the address that the complainant answers to.
func (s *sending) replyToken(row store.Outbound) string {
	if row.To != cases.ToComplainant || s.kase.Token == "" || !disclosed(row.Kind) {
		return ""
	}
	return cases.ReplyToken(s.kase, cases.Address{Channel: row.Channel, Value: row.Address})
}

// messageID draws an unguessable Message-ID of ours, without brackets.
func (s *sending) messageID() (string, error) {
	token, err := cases.NewToken(s.Random)
	if err != nil {
		return "", fmt.Errorf("drawing a Message-ID: %w", err)
	}
	return messageIDOf(token, s.org), nil
}

func expiry(at time.Time, after time.Duration) time.Time {
	if after == 0 {
		return time.Time{}
	}
	return at.Add(after)
}
