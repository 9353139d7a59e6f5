package pipeline

import (
	"context"
	"fmt"

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

	count, err := p.Store.CountSender(ctx, u.Inbound.Channel, u.Inbound.Sender, u.Inbound.ReceivedAt.Add(-u.Org.Rules.FloodWindow))
	if err != nil {
		return goOn, fmt.Errorf("counting the sender's messages: %w", err)
	}
	if limit := u.Org.Rules.FloodLimit; limit > 0 && count > limit && u.Silent == "" {
		u.Silent = "flood"
		u.Flood = true
	}
	return goOn, nil
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
