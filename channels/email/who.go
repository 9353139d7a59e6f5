package email

import (
	"context"
	"strings"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

// who fills in from whom a mail is and what proves it, whom else it went to,
// and whether a person wrote it.
func (a *Adapter) who(ctx context.Context, m mail.Mail, in channels.Inbound, head []byte, msg *channels.Message) {
	msg.From = author(m, in.Sender)
	msg.ReturnToken, msg.ReplyToken = a.own.tokens(m)
	msg.Automatic = channels.Automatic{
		Kind: channels.AutomaticKind(m.Automatic.Kind), Reason: m.Automatic.Reason, Form: m.Generated(),
	}
	switch person, form := a.formWriter(m); {
	case form:
		// Nothing proves a name in a form, and its other recipients are the
		// site's choice.
		msg.From, msg.Automatic = person, channels.Automatic{Kind: channels.AutomaticNone}
		return
	case a.ownGroup(m):
		msg.Automatic = channels.Automatic{Kind: channels.AutomaticNone}
	case msg.ReturnToken != "" && !msg.Automatic.Is():
		// People answer to From or Reply-To; only machines know the envelope.
		msg.Automatic = channels.Automatic{Kind: channels.AutomaticReply, Reason: "sent to a return path"}
	}
	if msg.ReturnToken != "" && msg.Automatic.Kind == channels.AutomaticBounce && len(msg.Receipts) == 0 {
		msg.Receipts = []channels.DeliveryReport{{State: channels.DeliveryUndelivered, Text: "it came back"}}
	}
	msg.Own = a.own.has(msg.From.Address)
	msg.Others = a.others(m, msg.From.Address)
	msg.Verified, msg.VerifiedBy = a.verified(ctx, m, in, head)
}

// author is the address in From. Of several it is the one that sent the mail
// (RFC 5322 section 3.6.2). Who sent it for the author is no party: nothing
// proves the Sender field, and answers go to whom the mail is from.
func author(m mail.Mail, fallback string) channels.Party {
	var authors []channels.Party
	for _, from := range m.From {
		if from.Address != "" {
			authors = append(authors, channels.Party{Address: canonical(from.Address), Name: from.Name})
		}
	}
	if len(authors) == 0 {
		return channels.Party{Address: fallback}
	}
	if len(authors) > 1 {
		for _, sender := range mail.ParseAddresses(m.Header.Get("Sender")) {
			for _, candidate := range authors {
				if candidate.Address == canonical(sender.Address) {
					return candidate
				}
			}
		}
	}
	return authors[0]
}

// others are the further authors and recipients that are none of ours.
func (a *Adapter) others(m mail.Mail, from string) []channels.Party {
	var list []channels.Party
	seen := map[string]bool{from: true}
	for _, addresses := range [][]mail.Address{m.From, m.To, m.Cc} {
		for _, other := range parties(addresses) {
			if !seen[other.Address] && !a.own.has(other.Address) {
				seen[other.Address] = true
				list = append(list, other)
			}
		}
	}
	return list
}

func parties(list []mail.Address) []channels.Party {
	var out []channels.Party
	for _, a := range list {
		if strings.Contains(a.Address, "@") {
			out = append(out, channels.Party{Address: canonical(a.Address), Name: a.Name})
		}
	}
	return out
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

// formWriter is who filled in the form of a site that the settings name, unless
// the site answers or reports by the same address.
func (a *Adapter) formWriter(m mail.Mail) (channels.Party, bool) {
	person, ok := a.formPerson(m.From, m.ReplyTo)
	switch {
	case !ok:
		return person, false
	case m.Automatic.Kind == mail.None, m.Generated():
		return person, true
	}
	// Forms are mailed in bulk and without a return path, too.
	mark := m.Automatic.Reason
	return person, strings.HasPrefix(mark, "header Precedence: ") && m.Automatic.Kind == mail.List || mark == "null return path"
}

// formPerson is the one address in Reply-To of a mail from a site that the
// settings name, where it is neither the site's nor ours.
func (a *Adapter) formPerson(from, replyTo []mail.Address) (channels.Party, bool) {
	if len(from) != 1 || len(replyTo) != 1 || !strings.Contains(replyTo[0].Address, "@") {
		return channels.Party{}, false
	}
	site, person := canonical(from[0].Address), canonical(replyTo[0].Address)
	if site == person || a.own.has(person) {
		return channels.Party{}, false
	}
	for _, sender := range a.config.FormSenders {
		sender = strings.ToLower(sender)
		if site == sender || strings.HasPrefix(sender, "@") && strings.HasSuffix(site, sender) {
			return channels.Party{Address: person, Name: replyTo[0].Name}, true
		}
	}
	return channels.Party{}, false
}
