package pipeline

import (
	"context"
	"fmt"

	"github.com/redress-cms/redress/channels"
)

// guard takes out what no person wrote: delivery reports have their effect on
// the message they are about, automatic mail is kept but never answered, and a
// flood of one sender is answered once.
func (p *Pipeline) guard(ctx context.Context, u *Understood) (Verdict, error) {
	m := &u.Message
	if len(m.Receipts) > 0 {
		reason, err := p.Office.report(ctx, u)
		if err != nil {
			return goOn, fmt.Errorf("applying delivery reports: %w", err)
		}
		return stop(reason), nil
	}
	switch m.Automatic.Kind {
	case channels.AutomaticBounce, channels.AutomaticDelay, channels.AutomaticFeedbackReport,
		channels.AutomaticReceipt, channels.AutomaticLoop:
		return stop("automatic: " + string(m.Automatic.Kind)), nil
	case channels.AutomaticReply, channels.AutomaticList:
		u.Silent = "automatic: " + string(m.Automatic.Kind)
	}
	if verdict, err := p.ownMail(ctx, u); verdict.Stop || err != nil {
		return verdict, err
	}

	limit := u.Org.Rules.FloodLimit
	if limit <= 0 || u.Silent != "" {
		return goOn, nil
	}
	// What came later does not count: it may have piled up while nobody worked.
	in := u.Inbound
	count, err := p.Store.CountSender(ctx, in.Channel, in.Sender, in.ReceivedAt.Add(-u.Org.Rules.FloodWindow), in.ID, limit+1)
	if err != nil {
		return goOn, fmt.Errorf("counting the sender's messages: %w", err)
	}
	if count > limit {
		u.Silent, u.Flood = "flood", true
	}
	return goOn, nil
}

// ownMail takes out our own mail that comes back without its mark, by its
// Message-ID. What else says it is from an address of ours is pretended, or a
// form that the settings do not name: staff see it in quarantine.
func (p *Pipeline) ownMail(ctx context.Context, u *Understood) (Verdict, error) {
	m := u.Message
	if u.Format.Threads && tokenOf(m.ID) != "" {
		rows, err := p.Store.OutboundByMessageID(ctx, []string{m.ID})
		if err != nil {
			return goOn, fmt.Errorf("looking for a message of our own: %w", err)
		}
		if len(rows) > 0 {
			return stop("automatic: loop"), nil
		}
	}
	if m.Own {
		return goOn, fmt.Errorf("%w: it says it is from an address of ours and is neither our mail nor a form of form_senders", channels.ErrUnreadable)
	}
	return goOn, nil
}
