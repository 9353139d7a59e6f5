package email

import (
	"context"
	"strings"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

// Read implements channels.Reader. It fails only when the files do: every mail
// gives something.
//
// From is the From field even where Reply-To names somebody else: only From
// can be verified, and an answer with the details of a case goes to no address
// that anybody could have written into the mail. The exception is a site that
// the settings trust to write there who filled in its form.
func (a *Adapter) Read(ctx context.Context, in channels.Inbound) (channels.Message, error) {
	m, head, err := a.understand(ctx, in)
	if err != nil {
		return channels.Message{}, err
	}
	msg := channels.Message{
		ID:      m.MessageID,
		Subject: m.Subject, Text: m.Text, Written: m.ReplyText, HTML: m.HTML,
		InReplyTo: answers(m),
		Receipts:  receipts(m),
		Defects:   m.Defects, Attachments: filesOf(m),
		Language: language(m.Header.Get("Content-Language")),
	}
	if strings.TrimSpace(msg.Text) == "" {
		msg.Text = m.ReplyText // a forwarded file, or a text that was cut off
	}
	if m.Date != nil {
		msg.SentAt = *m.Date
	}
	switch {
	case m.Header.Has(truncatedHeader):
		msg.Defects = append(msg.Defects, "longer than the limit; only its start was taken in")
	case in.Size() > a.config.MaxBytes:
		msg.Defects = append(msg.Defects, "longer than the limit; only its start was read")
	}
	a.who(ctx, m, in, head, &msg)
	return msg, nil
}

// answers lists the mails this one answers, nearest first.
func answers(m mail.Mail) []string {
	var ids []string
	seen := map[string]bool{}
	add := func(id string) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for _, id := range m.InReplyTo {
		add(id)
	}
	for i := len(m.References) - 1; i >= 0; i-- {
		add(m.References[i])
	}
	return ids
}

// receipts make each bounced recipient a report about the mail that was
// returned.
func receipts(m mail.Mail) []channels.DeliveryReport {
	var out []channels.DeliveryReport
	id := ""
	if len(m.Returned) > 0 {
		id = m.Returned[0]
	}
	for _, b := range m.Bounces {
		state := channels.DeliveryUndelivered
		switch b.Action {
		case "delivered", "expanded":
			state = channels.DeliveryDelivered
		case "delayed", "relayed":
			state = channels.DeliverySent
		}
		out = append(out, channels.DeliveryReport{MessageID: id, ProviderID: id, Address: b.Recipient, State: state, Code: b.Status, Text: b.Reason.Text(), Hard: b.Hard})
	}
	if m.Automatic.Kind == mail.Receipt && id != "" {
		out = append(out, channels.DeliveryReport{MessageID: id, ProviderID: id, State: channels.DeliveryDelivered, Text: "shown to the recipient"})
	}
	if m.Automatic.Kind == mail.FeedbackReport && id != "" { // RFC 5965
		out = append(out, channels.DeliveryReport{MessageID: id, ProviderID: id, State: channels.DeliverySent, Unwanted: true})
	}
	return out
}

// language takes the first tag of Content-Language (RFC 3282).
func language(value string) string {
	value, _, _ = strings.Cut(value, ",")
	value = strings.TrimSpace(value)
	if len(value) > 35 || strings.ContainsAny(value, " ()") {
		return ""
	}
	return value
}
