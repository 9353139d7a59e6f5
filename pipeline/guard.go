package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// guard takes out what no person wrote: delivery reports have their effect on
// the message they are about, automatic mail is kept but never answered, and a
// flood of one sender is answered once.
func (p *Pipeline) guard(ctx context.Context, u *Understood) (Verdict, error) {
	m := &u.Message
	if len(m.Receipts) > 0 {
		if err := p.Office.report(ctx, u); err != nil {
			return goOn, fmt.Errorf("applying delivery reports: %w", err)
		}
		return stop("delivery report"), nil
	}
	switch m.Automatic.Kind {
	case channels.AutomaticBounce, channels.AutomaticDelay, channels.AutomaticFeedbackReport,
		channels.AutomaticReceipt, channels.AutomaticLoop:
		return stop("automatic: " + string(m.Automatic.Kind)), nil
	case channels.AutomaticReply, channels.AutomaticList:
		u.Silent = "automatic: " + string(m.Automatic.Kind)
	}

	limit := u.Org.Rules.FloodLimit
	if limit <= 0 || u.Silent != "" {
		return goOn, nil
	}
	count, err := p.before(ctx, u)
	if err != nil {
		return goOn, fmt.Errorf("counting the sender's messages: %w", err)
	}
	if count > limit {
		u.Silent, u.Flood = "flood", true
	}
	return goOn, nil
}

// before counts what the sender sent in the flood window up to this message.
// What came later does not count: it may have piled up while nobody worked.
func (p *Pipeline) before(ctx context.Context, u *Understood) (int, error) {
	in := u.Inbound
	all, err := p.Store.CountSender(ctx, in.Channel, in.Sender, in.ReceivedAt.Add(-u.Org.Rules.FloodWindow))
	if err != nil || all <= u.Org.Rules.FloodLimit {
		return all, err
	}
	later, err := p.Store.CountSender(ctx, in.Channel, in.Sender, in.ReceivedAt.Add(time.Millisecond))
	return all - later, err
}

// reportOf turns a channel's delivery report into the store's.
func reportOf(in store.Inbound, r channels.DeliveryReport) store.Report {
	return store.Report{
		Channel: in.Channel, Account: in.Account,
		ProviderID: r.ProviderID, MessageID: r.MessageID,
		State: store.OutboundState(r.State), Code: r.Code, Text: r.Text,
		Hard: r.Hard, OptedOut: r.OptedOut, At: in.ReceivedAt,
	}
}
