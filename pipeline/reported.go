package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// report puts a provider's later word on our messages into the step. Where a
// message did not arrive, its effects follow in the same step. It returns what
// is noted of the report.
func (o *Office) report(ctx context.Context, u *Understood) (string, error) {
	note := "delivery report about no message of ours"
	for _, r := range u.Message.Receipts {
		report := reportOf(u.Inbound, r)
		row, known, err := o.reported(ctx, u, report)
		if err != nil {
			return "", err
		}
		lost := report.State == store.OutUndelivered || report.State == store.OutFailed
		switch {
		case lost && !known && u.Inbound.Tries == 0:
			return "", errTooEarly
		case !known && u.Format.Threads:
			continue // our own id of a message is known before it is sent
		case !known:
			note = "delivery report"
			u.Step.Reports = append(u.Step.Reports, report) // the store keeps it for a while
			continue
		case !concerns(u, row, r, &report):
			note = "delivery report about another recipient"
			continue
		}
		note = "delivery report"
		// A bounce may come in by another account.
		report.Channel, report.Account, report.ProviderID, report.MessageID = row.Channel, row.Account, row.ProviderID, row.MessageID
		u.Step.Reports = append(u.Step.Reports, report)
		if u.Step.Change != nil {
			continue
		}
		if err := o.reportEffects(ctx, u, row, report, r); err != nil {
			return "", err
		}
	}
	return note, nil
}

// concerns reports whether a bounce is about the recipient of our message. Of
// a channel with threads anybody can send one: it must name the message by its
// unguessable id, and the recipient. What came back to the message's own return
// path names the message beyond doubt; about whom, as where mail is forwarded,
// only the recipient's own address says enough to mark it.
func concerns(u *Understood, row store.Outbound, r channels.DeliveryReport, report *store.Report) bool {
	if !u.Format.Threads || strings.EqualFold(r.Address, row.Address) {
		return true
	}
	own := u.Message.ReturnToken != "" && u.Message.ReturnToken == tokenOf(row.MessageID)
	report.Hard = report.Hard && own && r.Address == ""
	return own || r.Address == ""
}

// reportEffects puts into the step what follows from a report about a message.
func (o *Office) reportEffects(ctx context.Context, u *Understood, row store.Outbound, report store.Report, r channels.DeliveryReport) error {
	lost := report.State == store.OutUndelivered || report.State == store.OutFailed
	switch {
	case lost && row.State != store.OutDelivered:
		kind := channels.SendPermanent
		if report.Hard {
			kind = channels.SendUnreachable
		}
		if r.OptedOut {
			kind = channels.SendOptedOut
		}
		return o.undelivered(ctx, u.Org, &u.Step, row, &channels.SendError{Kind: kind, Code: r.Code, Text: r.Text})
	case r.Unwanted:
		return o.tellOnce(ctx, u, row, cases.Desk.Unwanted, whatWas(row)+" by "+row.Channel+" was reported as unwanted.")
	case u.Message.Automatic.Kind == channels.AutomaticDelay:
		return o.tellOnce(ctx, u, row, cases.Desk.Delayed, whatWas(row)+" by "+row.Channel+" is still on its way: "+r.Text)
	}
	return nil
}

// tellOnce records an event about a message in its case, the first time.
func (o *Office) tellOnce(ctx context.Context, u *Understood, row store.Outbound, event func(cases.Desk, cases.Case, string) (cases.Change, error), why string) error {
	if row.CaseID == 0 {
		return nil
	}
	c, err := o.Store.Case(ctx, row.CaseID)
	if err != nil {
		return fmt.Errorf("reading the case: %w", err)
	}
	change, err := event(cases.Desk{Org: u.Org, At: u.Now, By: cases.System}, c, why)
	if err != nil {
		return err
	}
	events, err := o.Store.Events(ctx, row.CaseID)
	if err != nil {
		return fmt.Errorf("reading the events: %w", err)
	}
	change.Events[0].Data[dataOutbound] = row.ID
	if slices.ContainsFunc(events, func(e cases.Event) bool {
		return e.Kind == change.Events[0].Kind && e.Data[dataOutbound] == row.ID
	}) {
		return nil
	}
	return o.apply(ctx, u.Org, &u.Step, change, nil)
}

// reported finds the outbox row that a report is about: by the address it came
// to, else by what it says.
func (o *Office) reported(ctx context.Context, u *Understood, r store.Report) (store.Outbound, bool, error) {
	var rows []store.Outbound
	var err error
	if token := u.Message.ReturnToken; token != "" {
		rows, err = o.Store.OutboundByMessageID(ctx, []string{messageIDOf(token, u.Org)})
	}
	if err == nil && len(rows) == 0 && r.ProviderID != "" {
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

// reportOf turns a channel's delivery report into the store's.
func reportOf(in store.Inbound, r channels.DeliveryReport) store.Report {
	return store.Report{
		Channel: in.Channel, Account: in.Account,
		ProviderID: r.ProviderID, MessageID: r.MessageID,
		State: store.OutboundState(r.State), Code: r.Code, Text: r.Text,
		Hard: r.Hard, OptedOut: r.OptedOut, At: in.ReceivedAt,
	}
}
