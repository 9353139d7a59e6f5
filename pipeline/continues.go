package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// continues finds the message that this one is a further part of (the next
// photo of an album) or a new wording of. The case and its messages say so,
// whichever came first and however long ago: nothing is waited for.
func (p *Pipeline) continues(ctx context.Context, u *Understood) (Verdict, error) {
	m, in := &u.Message, u.Inbound
	if !u.Format.Edits || m.ID == "" || m.Press != "" || m.OptOut != "" || m.Edited && u.Staff != nil {
		return goOn, nil
	}
	earlier, err := p.Store.ReceivedMessage(ctx, in.Channel, in.Account, m.From.Address, m.ID, m.Album)
	if errors.Is(err, store.ErrNotFound) {
		return goOn, nil
	}
	if err != nil {
		return goOn, fmt.Errorf("looking for what it continues: %w", err)
	}
	c, err := p.Store.Case(ctx, earlier.CaseID)
	if err != nil {
		return goOn, fmt.Errorf("reading the case of what it continues: %w", err)
	}
	if m.Edited && earlier.ExternalID == m.ID && strings.TrimSpace(earlier.Text) == strings.TrimSpace(m.Written) {
		return stop("a change of a message that leaves its words as they were"), nil
	}
	u.Earlier, u.Case, u.Found = &earlier, &c, "earlier"
	if !earlier.Held {
		u.Proof = "a message of the case continues"
	}
	return goOn, nil
}

// continuation is what a message is that continues an earlier one. One that is
// not marked as edited and yet has its id is the first wording, come late.
func continuation(u *Understood, text string) Intent {
	if !u.Message.Edited && u.Earlier.ExternalID != u.Message.ID {
		return Intent{Kind: IntentPart, Text: text}
	}
	return Intent{Kind: IntentReword, Text: text}
}

// isTalk reports whether the sender tells something, rather than asks for it
// by a command.
func (i Intent) isTalk() bool {
	switch i.Kind {
	case IntentComplaint, IntentFollowUp, IntentNotFixed, IntentInWords:
		return true
	}
	return false
}

// join adds a further part to the message that has the others.
func (p *Pipeline) join(ctx context.Context, u *Understood) error {
	entry := p.message(u)
	if err := p.loadForNews(ctx, u); err != nil {
		return err
	}
	change, err := p.desk(u).Join(*u.Case, cases.Continuation{
		Text: u.Message.Written, Held: u.Earlier.Held, Found: u.Classification,
	})
	if err != nil {
		return err
	}
	u.Step.Addition = &store.Addition{
		MessageID: cmp.Or(u.Earlier.VersionOf, u.Earlier.ID), Text: entry.Text, Attachments: entry.Attachments,
	}
	return p.Office.apply(ctx, u.Org, &u.Step, change, nil)
}

// reword keeps a new wording beside the earlier ones. Of the first wording that
// comes after its change, only the record is kept.
func (p *Pipeline) reword(ctx context.Context, u *Understood) error {
	entry := p.message(u)
	if !u.Message.Edited {
		entry.ExternalID = "" // the newest wording is the one that further changes follow
	}
	entry.Album, entry.VersionOf = "", cmp.Or(u.Earlier.VersionOf, u.Earlier.ID)
	u.Step.Messages = append(u.Step.Messages, entry)
	if err := p.loadForNews(ctx, u); err != nil {
		return err
	}
	change, err := p.desk(u).Reword(*u.Case, cases.Continuation{
		Before: u.Earlier.Text, Text: u.Message.Written, Held: u.Earlier.Held,
		Late: !u.Message.Edited, Found: u.Classification,
	})
	if err != nil {
		return err
	}
	return p.Office.apply(ctx, u.Org, &u.Step, change, nil)
}

// loadForNews reads how much each officer has to do where the message may tell
// whose case it is.
func (p *Pipeline) loadForNews(ctx context.Context, u *Understood) (err error) {
	located := u.Classification.Point != nil && u.Case.Latitude == nil // its area may route the case anew
	if located || u.Case.Service == "" && u.Classification.Service != "" && u.Case.AcceptedAt == nil {
		u.Load, err = p.Office.load(ctx, "")
	}
	return err
}
