package pipeline

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/templates"
)

// answerOnlyWith answers the sender where the message came from, about the
// case only where the sender may see it. Whoever opted out hears nothing more.
func (p *Pipeline) answerOnlyWith(ctx context.Context, u *Understood, kind cases.NoticeKind) error {
	if u.Silent != "" || u.Sender.Value == "" || optedOut(u) && kind != cases.NoticeOptedIn {
		return nil
	}
	s := p.sendingTo(u, kind)
	r, ok := s.at(cases.Address{Channel: u.Sender.Channel, Value: u.address()}, u.Account, channels.ForComplainants)
	if !ok {
		return nil
	}
	r.language = u.Language
	return s.tell(ctx, cases.Notice{Kind: kind, To: cases.ToComplainant}, r)
}

// sendingTo prepares an answer; the case and the list of cases are shown only
// in answers to STATUS.
func (p *Pipeline) sendingTo(u *Understood, kind cases.NoticeKind) *sending {
	s := &sending{Office: p.Office, org: u.Org, step: &u.Step, contact: u.Contact, answering: p.answering(u)}
	switch kind {
	case cases.NoticeStatus, cases.NoticeNotSplit:
		s.kase = *u.Case
	case cases.NoticeSplit:
		s.choices = openChoices(u.Listed)
	case cases.NoticeStatusList:
		s.choices = openChoices(u.OwnCase)
	}
	return s
}

// openChoices are the open ones of the cases.
func openChoices(list []cases.Case) []templates.Choice {
	var open []templates.Choice
	for _, c := range list {
		if c.Status.Open() {
			open = append(open, choice(c))
		}
	}
	return open
}

func choice(c cases.Case) templates.Choice {
	return templates.Choice{Reference: string(c.Reference), Subject: brief(c), Status: string(c.Status), Due: c.DueAt}
}

// address is where the sender talks: the conversation, or the own address.
func (u *Understood) address() string {
	if u.Message.Conversation != "" && u.Sender.Channel == u.Inbound.Channel {
		return u.Message.Conversation
	}
	return u.Sender.Value
}

// answerStaff answers an order where it was given. An order by a button is
// also answered at the button, which shows it for a moment.
func (p *Pipeline) answerStaff(ctx context.Context, u *Understood, c *cases.Case, n cases.Notice, queue ...cases.Case) error {
	s := &sending{Office: p.Office, org: u.Org, step: &u.Step}
	if c != nil {
		s.kase = *c
		if err := s.withHistory(ctx, n.Kind); err != nil {
			return err
		}
	}
	for _, q := range queue {
		s.choices = append(s.choices, choice(q))
	}
	n.To = cases.ToStaff
	r, ok := s.at(cases.Address{Channel: u.Inbound.Channel, Value: u.address()}, u.Inbound.Account, channels.ForStaff)
	if !ok {
		return nil
	}
	r.language = s.staffLanguage("")
	if u.Staff != nil {
		r.login, r.language = u.Staff.Login, s.staffLanguage(u.Staff.Login)
	}
	row := store.Outbound{
		To: cases.ToStaff, Login: r.login, Automatic: true, InboundID: u.Inbound.ID,
		Dedupe: fmt.Sprintf("staff:%d", u.Inbound.ID), ExpiresAt: expiry(u.Now, u.Org.Rules.AlertExpiry),
	}
	if u.Message.Press != "" && u.Message.PressID != "" {
		done, err := s.answerPress(n, r, row, u)
		if done || err != nil {
			return err
		}
	}
	switch {
	case r.format.Threads:
	case u.Message.Press == "":
		row.InReplyTo = u.Message.ID
	case u.Message.Conversation != "" && len(u.Message.InReplyTo) > 0: // in the topic of the card
		row.InReplyTo = u.Message.InReplyTo[0]
	}
	if r.format.Threads {
		row.InReplyTo = u.Message.ID
		row.References = []string{u.Message.ID}
	}
	if n.Kind == cases.AnswerCase && s.hasFuller && r.format.Buttons {
		row.Buttons = [][]store.Button{{{Label: s.Templates.Label(r.language, "full"), Data: "/full " + string(c.Reference)}}}
	}
	if n.Kind == cases.AnswerPrompt {
		row.Prompt, row.Context = true, n.Data["action"]
		row.Buttons = s.choicesOf(n, r)
	}
	return s.add(n, r, row, false)
}

// answerPress answers at the button. It is all there is to say for what was
// done or refused, since the card shows the rest.
func (s *sending) answerPress(n cases.Notice, r recipient, row store.Outbound, u *Understood) (bool, error) {
	row.PressID, row.Dedupe = u.Message.PressID, fmt.Sprintf("press:%d", u.Inbound.ID)
	row.ExpiresAt = u.Inbound.ReceivedAt.Add(pressLife)
	done := n.Kind == cases.AnswerDone
	if !done && n.Kind != cases.AnswerRefused {
		n = cases.Notice{Kind: cases.AnswerDone, To: cases.ToStaff, Data: map[string]string{"action": "case"}}
	}
	// A refusal must not get lost: it is also said in the chat.
	return done, s.add(n, r, row, false)
}

// choicesOf are buttons that save writing the answer to a prompt.
func (s *sending) choicesOf(n cases.Notice, r recipient) [][]store.Button {
	if n.Data["action"] != "forward" || !r.format.Buttons {
		return nil
	}
	var rows [][]store.Button
	for i, department := range s.org.Departments {
		if department.Code == s.kase.Department {
			continue
		}
		button := store.Button{
			Label: s.org.DepartmentName(department.Code, r.language),
			Data:  "/forward " + string(s.kase.Reference) + " " + department.Code,
		}
		if len(button.Data) > 64 || i > 40 {
			continue // it can still be written
		}
		if last := len(rows) - 1; last >= 0 && len(rows[last]) < 2 {
			rows[last] = append(rows[last], button)
		} else {
			rows = append(rows, []store.Button{button})
		}
	}
	return rows
}

// withHistory adds contact and events where the answer shows the whole case.
func (s *sending) withHistory(ctx context.Context, kind cases.NoticeKind) error {
	if kind != cases.AnswerCase {
		return nil
	}
	var err error
	if s.kase.ContactID != 0 {
		if s.contact, err = s.Store.Contact(ctx, s.kase.ContactID); err != nil {
			return fmt.Errorf("reading the contact: %w", err)
		}
	}
	if s.events, err = s.Store.Events(ctx, s.kase.ID); err != nil {
		return fmt.Errorf("reading the events: %w", err)
	}
	return s.countFiles(ctx, []cases.Notice{{Kind: kind}})
}

// refuse tells staff why an order had no effect, and what is true now.
func (p *Pipeline) refuse(ctx context.Context, u *Understood, c *cases.Case, why string) error {
	return p.answerStaff(ctx, u, c, cases.Notice{Kind: cases.AnswerRefused, Text: why})
}

// flood keeps a message beyond the limit with the sender's newest case, and
// tells sender and staff once a day.
func (p *Pipeline) flood(ctx context.Context, u *Understood) error {
	if u.Case == nil {
		u.Case = &u.OwnCase[0]
		u.Proof = p.ownAddress(u, *u.Case)
	}
	change, err := p.desk(u).FollowUp(*u.Case, cases.FollowUp{Text: u.Message.Written, Held: u.Proof == ""})
	if err != nil {
		return err
	}
	u.Step.Messages = append(u.Step.Messages, p.message(u))
	change.Notices = nil
	if err := p.Office.apply(ctx, u.Org, &u.Step, change, nil); err != nil {
		return err
	}
	return p.floodNotices(ctx, u, change.Case)
}

func (p *Pipeline) floodNotices(ctx context.Context, u *Understood, c cases.Case) error {
	sender := fnv.New64a()
	_, _ = sender.Write([]byte(u.Inbound.Channel + " " + u.Inbound.Sender))
	key := fmt.Sprintf("flood:%x:%s", sender.Sum64(), u.Inbound.ReceivedAt.Format(time.DateOnly))

	s := &sending{Office: p.Office, org: u.Org, step: &u.Step, kase: c, contact: u.Contact}
	alert := cases.Notice{Kind: cases.AlertFlood, To: cases.ToStaff}
	for _, r := range s.staffRecipients(alert) {
		row := store.Outbound{To: cases.ToStaff, Login: r.login, Automatic: true, Dedupe: key + ":" + r.login,
			ExpiresAt: expiry(u.Now, u.Org.Rules.AlertExpiry)}
		if err := s.add(alert, r, row, false); err != nil {
			return err
		}
	}
	s.kase = cases.Case{}
	r, ok := s.at(cases.Address{Channel: u.Sender.Channel, Value: u.address()}, u.Account, channels.ForComplainants)
	if !ok || u.Sender.Value == "" || optedOut(u) {
		return nil
	}
	r.language = u.Language
	row := store.Outbound{To: cases.ToComplainant, Automatic: true, InboundID: u.Inbound.ID, Dedupe: key,
		ExpiresAt: expiry(u.Now, u.Org.Rules.NoticeExpiry)}
	return s.add(cases.Notice{Kind: cases.NoticeFlood, To: cases.ToComplainant}, r, row, false)
}
