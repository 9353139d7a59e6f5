package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/templates"
)

// A digest brings several alerts in one message. One is made when an alert had
// to wait for its turn under a chat's limit and more wait behind it, so that
// staff read all of them now and not one a second.
const (
	digestAfter  = 5 * time.Second
	digestAlerts = 5  // fewer go by themselves, with their buttons
	digestMost   = 30 // so that it fits into a chat message
	digestLine   = 110
)

// brief is an alert in one line, as it stands in a digest. What is urgent goes
// by itself.
func (s *sending) brief(n cases.Notice, r recipient, row store.Outbound) (string, error) {
	if row.To != cases.ToStaff || row.EditsRow != "" || row.Picture != "" || r.format.Threads || s.kase.Priority == cases.Urgent {
		return "", nil
	}
	switch n.Kind {
	case cases.AlertAssigned, cases.AlertFollowUp, cases.AlertReminder, cases.AlertEscalated, cases.AlertReopened,
		cases.AlertRated, cases.AlertHeld, cases.AlertUndelivered:
	default:
		return "", nil
	}
	line, err := s.Templates.Render(string(n.Kind), "sms", r.language, s.data(n, r))
	if err != nil {
		return "", fmt.Errorf("rendering %s in a line: %w", n.Kind, err)
	}
	text := []rune(strings.Join(strings.Fields(line.Text), " "))
	if len(text) > digestLine {
		text = append(text[:digestLine-1], '…')
	}
	return string(text), nil
}

// Digest writes alerts to one recipient as one message.
func (o *Office) Digest(ctx context.Context, rows []store.Outbound) (templates.Rendered, error) {
	org, err := o.Organisation(ctx)
	if err != nil {
		return templates.Rendered{}, err
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = "- " + row.Brief
	}
	adapter, ok := o.Adapters.Get(rows[0].Channel, rows[0].Account)
	if !ok {
		return templates.Rendered{}, errors.New("no such account in the settings")
	}
	s := &sending{Office: o, org: org}
	digest, err := o.Templates.Render(string(cases.AlertDigest), adapter.Format().Medium, s.staffLanguage(rows[0].Login), templates.Data{
		Jurisdiction: org.Jurisdiction.Name, Location: org.Location(), Now: o.Clock.Now(),
		Count: len(rows), Text: strings.Join(lines, "\n"),
	})
	if !adapter.Format().HTML {
		digest.HTML = ""
	}
	return digest, err
}

// together takes the alerts that wait behind one that had to wait for its turn,
// and makes out the message that brings all of them. Without any it is row alone.
func (s *Sender) together(ctx context.Context, row store.Outbound, out *channels.Outbound) ([]store.Outbound, error) {
	rows := []store.Outbound{row}
	if s.Digest == nil || row.Brief == "" || s.Clock.Now().Sub(row.CreatedAt) < digestAfter {
		return rows, nil
	}
	behind, err := s.Store.ClaimAlerts(ctx, row, digestAlerts-1, digestMost-1, s.Clock.Now())
	if err != nil || len(behind) == 0 {
		return rows, err
	}
	rows = append(rows, behind...)
	digest, err := s.Digest(ctx, rows)
	if err != nil {
		s.Logger.Error("alerts are not sent together", "channel", row.Channel, "account", row.Account, "error", err)
		return nil, errors.Join(err, s.finishAll(ctx, behind, func(store.Outbound) *store.Outcome {
			return s.putBack(threadWait, "", "")
		}))
	}
	out.Subject, out.Text, out.HTML, out.Buttons, out.Thread.InReplyTo = "", digest.Text, digest.HTML, nil, ""
	return rows, nil
}

// finishDigest writes down for each alert what became of the message that
// brought them.
func (s *Sender) finishDigest(ctx context.Context, rows []store.Outbound, receipt channels.Receipt, se *channels.SendError) error {
	return s.finishAll(ctx, rows, func(row store.Outbound) *store.Outcome {
		if se == nil {
			return s.sent(receipt)
		}
		return s.judge(ctx, row, se)
	})
}

func (s *Sender) finishAll(ctx context.Context, rows []store.Outbound, outcome func(store.Outbound) *store.Outcome) error {
	var errs []error
	for _, row := range rows {
		errs = append(errs, s.finish(ctx, row, outcome(row)))
	}
	return errors.Join(errs...)
}
