package sms

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/redress-cms/redress/channels"
)

// readWhatsApp takes what only WhatsApp's messages have
// (https://www.twilio.com/docs/messaging/guides/webhook-request).
func readWhatsApp(msg *channels.Message, form url.Values) {
	if earlier := form.Get("OriginalRepliedMessageSid"); earlier != "" {
		msg.InReplyTo = []string{earlier}
	}
	// A pressed button or chosen line of a list: what it stands for, beside the
	// words that the person saw.
	if payload := clean(cmp.Or(form.Get("ButtonPayload"), form.Get("ListId"))); payload != "" {
		msg.Press = payload
		msg.Text = cmp.Or(msg.Text, clean(cmp.Or(form.Get("ButtonText"), form.Get("ListTitle"))))
		msg.Written = msg.Text
	}
	if form.Get("Forwarded") == "true" || form.Get("FrequentlyForwarded") == "true" {
		msg.Forwarded = "somebody" // WhatsApp does not tell whom
	}
	if strings.EqualFold(form.Get("MessageType"), "reaction") {
		msg.NoEffect = "a reaction to a message"
	}
}
