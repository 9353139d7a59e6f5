package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// maxAnswers bounds how many of the ids that a message answers are looked up.
const maxAnswers = 50

// answered is our message that this one answers: by its id in the channel's
// own threads, else by the address it came to.
func (p *Pipeline) answered(ctx context.Context, u *Understood) (store.Outbound, bool, error) {
	m := u.Message
	ids := m.InReplyTo[:min(len(m.InReplyTo), maxAnswers)]
	if len(ids) > 0 {
		rows, err := p.ourMessages(ctx, u, ids)
		if err != nil {
			return store.Outbound{}, false, err
		}
		if row, ok := nearest(rows, ids); ok {
			return row, true, nil
		}
	}
	rows, err := p.Store.OutboundByReplyToken(ctx, m.ReplyToken)
	if err == nil && len(rows) == 0 && m.ReturnToken != "" {
		rows, err = p.Store.OutboundByMessageID(ctx, []string{messageIDOf(m.ReturnToken, u.Org)})
	}
	if err != nil {
		return store.Outbound{}, false, fmt.Errorf("looking for our message by the address it came to: %w", err)
	}
	if len(rows) == 0 {
		return store.Outbound{}, false, nil
	}
	return rows[0], true, nil
}

func (p *Pipeline) ourMessages(ctx context.Context, u *Understood, ids []string) (rows []store.Outbound, err error) {
	if u.Format.Threads {
		rows, err = p.Store.OutboundByMessageID(ctx, ids)
	} else {
		rows, err = p.Store.OutboundByProviderID(ctx, u.Inbound.Channel, u.Inbound.Account, ids)
	}
	if err != nil {
		return nil, fmt.Errorf("looking for our message that it answers: %w", err)
	}
	return rows, nil
}

// nearest is the row that the first of ids names. A message that brought
// several alerts at once names none: its answer has to say which case it means.
func nearest(rows []store.Outbound, ids []string) (store.Outbound, bool) {
	for _, id := range ids {
		var named []store.Outbound
		for _, row := range rows {
			if row.MessageID == id || row.ProviderID == id {
				named = append(named, row)
			}
		}
		if len(named) > 0 && !slices.ContainsFunc(named, func(o store.Outbound) bool { return o.CaseID != named[0].CaseID }) {
			return named[0], true
		}
	}
	return store.Outbound{}, false
}

// byTheirs follows a thread of the complainant's own: an addition to the first
// mail, or the answer to it of somebody in copy. Strangers in such a thread
// have matters of their own, as when many answer one call to complain.
func (p *Pipeline) byTheirs(ctx context.Context, u *Understood) error {
	ids := u.Message.InReplyTo
	if !u.Format.Threads || len(ids) == 0 || u.Staff != nil {
		return nil
	}
	found, err := p.Store.CasesByMessage(ctx, u.Inbound.Channel, ids[:min(len(ids), maxAnswers)])
	if err != nil {
		return fmt.Errorf("looking for the message of theirs that it answers: %w", err)
	}
	for _, c := range found {
		if ownedBy(c, u.Sender) {
			u.Case, u.Found, u.Proof = &c, "thread", p.ownAddress(u, c)
			return nil
		}
		known, err := p.isParticipant(ctx, u, c)
		if err != nil {
			return err
		}
		if known {
			u.Case, u.Found = &c, "thread"
			return nil
		}
	}
	return nil
}

// Our Message-IDs are redress.TOKEN@jurisdiction, without brackets.
const messageIDPrefix = "redress."

func messageIDOf(token string, org *cases.Organisation) string {
	return messageIDPrefix + token + "@" + org.Jurisdiction.ID
}

// tokenOf is the unguessable part of a Message-ID of ours.
func tokenOf(messageID string) string {
	token, ok := strings.CutPrefix(messageID, messageIDPrefix)
	token, _, at := strings.Cut(token, "@")
	if !ok || !at {
		return ""
	}
	return token
}
