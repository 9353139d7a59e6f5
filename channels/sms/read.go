package sms

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/redress-cms/redress/channels"
)

const verifiedBy = "webhook signature"

// deliveryStates are Twilio's message states that say what became of a message.
var deliveryStates = map[string]channels.DeliveryState{
	"sent":        channels.DeliverySent,
	"delivered":   channels.DeliveryDelivered,
	"read":        channels.DeliveryDelivered, // WhatsApp
	"undelivered": channels.DeliveryUndelivered,
	"failed":      channels.DeliveryFailed,
	"canceled":    channels.DeliveryFailed,
}

// Read implements channels.Reader. Media are fetched from Twilio; one that is
// refused becomes a defect of the message, one that cannot be had now an error.
func (a *Adapter) Read(ctx context.Context, in channels.Inbound) (channels.Message, error) {
	form, err := url.ParseQuery(string(in.Raw))
	if err != nil || len(in.Raw) > maxForm {
		return channels.Message{}, fmt.Errorf("read a form of Twilio: %w", channels.ErrUnreadable)
	}
	if in.ContentType == contentStatus {
		return readStatus(form)
	}
	if sid(form) == "" || form.Get("From") == "" {
		return channels.Message{}, fmt.Errorf("read a message of Twilio without sender or id: %w", channels.ErrUnreadable)
	}
	text := clean(form.Get("Body"))
	msg := channels.Message{
		From:       channels.Party{Address: canonical(form.Get("From"), a.DefaultRegion), Name: clean(form.Get("ProfileName"))},
		Verified:   true,
		VerifiedBy: verifiedBy,
		ID:         sid(form),
		Text:       text,
		Written:    text,
		Location:   location(form),
		OptOut:     optOut(form.Get("OptOutType")),
	}
	if msg.OptOut == "" && a.prefix == "" {
		msg.OptOut = a.carriersWord(text)
	}
	readWhatsApp(&msg, form)
	msg.Attachments, msg.Defects, err = a.media(ctx, form)
	if err != nil {
		return channels.Message{}, err
	}
	cards, err := a.cardText(ctx, msg.Attachments)
	if err != nil {
		return channels.Message{}, err
	}
	if cards != "" {
		msg.Text = strings.TrimSpace(msg.Text + "\n" + cards)
		msg.Written = msg.Text
	}
	if strings.TrimSpace(msg.Text) == "" && len(msg.Attachments)+len(msg.Defects) == 0 && msg.Location == nil {
		msg.Unusable = "empty"
	}
	return msg, nil
}

// readStatus understands a status callback.
func readStatus(form url.Values) (channels.Message, error) {
	state, known := deliveryStates[messageStatus(form)]
	id := sid(form)
	if !known || id == "" {
		return channels.Message{}, fmt.Errorf("read a status of Twilio: %w", channels.ErrUnreadable)
	}
	report := channels.DeliveryReport{
		ProviderID: id,
		Address:    strings.TrimPrefix(form.Get("To"), whatsAppPrefix),
		State:      state,
	}
	if code, err := strconv.Atoi(form.Get("ErrorCode")); err == nil && code != 0 {
		f := faults[code]
		report.Code, report.Text = strconv.Itoa(code), f.text
		report.Hard, report.OptedOut = f.hard, f.kind == channels.SendOptedOut
	}
	return channels.Message{Verified: true, VerifiedBy: verifiedBy, Receipts: []channels.DeliveryReport{report}}, nil
}

// optOut is Twilio's finding that the text was one of its own words, which it
// has acted on and answered.
func optOut(kind string) string {
	switch kind {
	case "STOP", "START", "HELP":
		return strings.ToLower(kind)
	}
	return ""
}

// carriersWord is "stop" or "start" where a text is nothing but a word that
// Twilio acts on and answers by itself on every number, unless its support
// turned that off; and "help" where the account leaves that answer to Twilio.
// Any text of ours would be refused or come twice.
// https://help.twilio.com/articles/223134027
func (a *account) carriersWord(text string) string {
	switch strings.ToUpper(strings.TrimSpace(text)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "QUIT", "REVOKE", "OPTOUT", "CANCEL", "END":
		return "stop"
	case "START", "UNSTOP":
		return "start"
	case "HELP", "INFO":
		if a.CarrierHelp {
			return "help"
		}
	}
	return ""
}

// location is the point that a WhatsApp user sent.
func location(form url.Values) *channels.Location {
	lat, err1 := strconv.ParseFloat(form.Get("Latitude"), 64)
	lon, err2 := strconv.ParseFloat(form.Get("Longitude"), 64)
	// Written so that NaN, which ParseFloat reads, is out of range too.
	if err1 != nil || err2 != nil || !(lat >= -90 && lat <= 90) || !(lon >= -180 && lon <= 180) {
		return nil
	}
	var label []string
	for _, key := range []string{"Label", "Address"} {
		if s := clean(form.Get(key)); s != "" {
			label = append(label, s)
		}
	}
	return &channels.Location{Latitude: lat, Longitude: lon, Label: strings.Join(label, ", ")}
}

// clean makes text fit for storing: valid UTF-8 without NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
