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
		From:    author(m, in.Sender),
		ID:      m.MessageID,
		Subject: m.Subject, Text: m.Text, Written: m.ReplyText, HTML: m.HTML,
		InReplyTo: answers(m),
		Others:    append(parties(m.To), parties(m.Cc)...),
		Automatic: channels.Automatic{Kind: channels.AutomaticKind(m.Automatic.Kind), Reason: m.Automatic.Reason},
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
	msg.Automatic.Form = m.Generated()
	if a.ownGroup(m) {
		msg.Automatic = channels.Automatic{Kind: channels.AutomaticNone}
	}
	if person, ok := a.formWriter(m); ok {
		msg.From = person // nothing proves a name in a form
		return msg, nil
	}
	msg.Verified, msg.VerifiedBy = a.verified(ctx, m, in, head)
	return msg, nil
}

// ownGroup reports whether the mailing list that passed the mail on is the
// mailbox itself: a complaints@ that is a group address. Its mails are letters
// to us (RFC 2919, RFC 2369 section 3.4).
func (a *Adapter) ownGroup(m mail.Mail) bool {
	own := canonical(a.from.Address)
	id := strings.ToLower(m.Header.Get("List-Id"))
	post := strings.ToLower(m.Header.Get("List-Post"))
	return m.Automatic.Kind == mail.List &&
		(strings.Contains(id, "<"+strings.Replace(own, "@", ".", 1)+">") || strings.Contains(post, "<mailto:"+own+">"))
}

// formWriter is who filled in the form of a site that the settings name: the
// one address in Reply-To, where it is neither the site's nor ours.
func (a *Adapter) formWriter(m mail.Mail) (channels.Party, bool) {
	if len(m.From) != 1 || len(m.ReplyTo) != 1 || m.ReplyTo[0].Address == "" {
		return channels.Party{}, false
	}
	site, person := canonical(m.From[0].Address), canonical(m.ReplyTo[0].Address)
	if site == person || person == canonical(a.from.Address) || m.Automatic.Kind != mail.None && !m.Generated() {
		return channels.Party{}, false
	}
	for _, sender := range a.config.FormSenders {
		sender = strings.ToLower(sender)
		if site == sender || strings.HasPrefix(sender, "@") && strings.HasSuffix(site, sender) {
			return channels.Party{Address: person, Name: m.ReplyTo[0].Name}, true
		}
	}
	return channels.Party{}, false
}

func author(m mail.Mail, fallback string) channels.Party {
	for _, from := range m.From {
		if from.Address != "" {
			return channels.Party{Address: canonical(from.Address), Name: from.Name}
		}
	}
	return channels.Party{Address: fallback}
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

func parties(list []mail.Address) []channels.Party {
	var out []channels.Party
	for _, a := range list {
		if a.Address != "" {
			out = append(out, channels.Party{Address: canonical(a.Address), Name: a.Name})
		}
	}
	return out
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
