package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// carryOut does what the sender wants: it puts the change and the answer into
// the step, which is saved with the end of the inbound row in one transaction.
func (p *Pipeline) carryOut(ctx context.Context, u *Understood) error {
	if u.Flood && (u.Case != nil || len(u.OwnCase) > 0) && u.Intent.Kind != IntentCommand && u.Earlier == nil {
		return p.flood(ctx, u)
	}
	switch u.Intent.Kind {
	case IntentCommand:
		return p.command(ctx, u)
	case IntentLink:
		return p.linkChat(ctx, u)
	case IntentComplaint:
		return p.register(ctx, u)
	case IntentPart:
		return p.join(ctx, u)
	case IntentReword:
		return p.reword(ctx, u)
	case IntentStop, IntentStart, IntentLanguage, IntentHelp, IntentInWords, IntentUnknown, IntentNoCase:
		return p.answerOnly(ctx, u)
	}
	if u.Participant {
		return p.fromParticipant(ctx, u)
	}
	if u.Proof == "" {
		return p.hold(ctx, u)
	}
	switch u.Intent.Kind {
	case IntentStatus:
		return p.status(ctx, u)
	case IntentSplit:
		return p.split(ctx, u)
	}
	return p.changeOwn(ctx, u)
}

// message is the entry of the conversation that the inbound message makes.
func (p *Pipeline) message(u *Understood) cases.Message {
	m := u.Message
	entry := cases.Message{
		Direction: cases.In, To: cases.ToStaff,
		Channel: u.Inbound.Channel, Account: u.Inbound.Account, Address: m.From.Address,
		Subject: m.Subject, Text: m.Written, ExternalID: m.ID, InboundID: u.Inbound.ID,
		At: u.Inbound.ReceivedAt, Held: u.Found != "" && u.Proof == "" && !u.Participant, Participant: u.Participant, Album: m.Album,
		Attachments: u.Files, Remarks: beginning(strings.Join(m.Defects, "\n"), maxRemarks),
	}
	if u.Staff != nil && u.Intent.Kind == IntentCommand {
		entry.Login = u.Staff.Login
	}
	if m.Text != m.Written {
		entry.FullText = m.Text
	}
	switch {
	case strings.TrimSpace(entry.Text) != "":
	case m.Location != nil:
		entry.Text = locationText(*m.Location)
	case len(m.Also) > 0:
		entry.Text = m.Also[0].Address
	}
	return entry
}

// linkChat spends a link code: from now on the chat is that of its user.
func (p *Pipeline) linkChat(ctx context.Context, u *Understood) error {
	login, err := p.Store.LinkCodeUser(ctx, u.Intent.Code, u.Now)
	if errors.Is(err, store.ErrNotFound) {
		if u.Staff == nil && strings.HasPrefix(strings.ToLower(u.Message.Written), "/start") {
			return p.answerOnlyWith(ctx, u, cases.NoticeHelp) // a link of somebody else's making
		}
		return p.refuse(ctx, u, nil, "This code is unknown or used up. Ask for a new one.")
	}
	if err != nil {
		return fmt.Errorf("looking up the link code: %w", err)
	}
	user, ok := u.Org.User(login)
	if !ok {
		return p.refuse(ctx, u, nil, "This code belongs to nobody any more. Ask for a new one.")
	}
	u.Staff = &user
	u.Step.Link = &store.LinkUse{Code: u.Intent.Code, Address: u.Sender}
	return p.answerStaff(ctx, u, nil, cases.Notice{Kind: cases.AnswerLinked})
}
