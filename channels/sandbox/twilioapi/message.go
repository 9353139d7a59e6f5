package twilioapi

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// The directions of a message, from the account's point of view.
const (
	Inbound  = "inbound"
	Outbound = "outbound-api"
)

// Message is one message of the account.
type Message struct {
	SID       string
	Direction string
	From      string // E.164, with "whatsapp:" before it where that was used
	To        string
	Body      string
	Media     []string // media SIDs
	Status    string   // queued, sent, delivered, undelivered, failed; received
	ErrorCode int
	Segments  int
	Created   time.Time
	Sent      time.Time
	Updated   time.Time
	Callback  string   // StatusCallback
	Carrier   bool     // the carrier's own answer to STOP or START
	Delivered bool     // inbound: the app answered 2xx
	History   []string // statuses in order
}

func (m *Message) clone() Message {
	c := *m
	c.Media, c.History = slices.Clone(m.Media), slices.Clone(m.History)
	return c
}

// Media is a file that came with a message.
type Media struct {
	ContentType string
	Data        []byte
}

// json is the Message resource of the REST API.
func (m *Message) json(account string) map[string]any {
	uri := "/2010-04-01/Accounts/" + account + "/Messages/" + m.SID
	values := map[string]any{
		"account_sid": account, "api_version": "2010-04-01", "body": m.Body, "direction": m.Direction,
		"from": m.From, "to": m.To, "sid": m.SID, "status": m.Status, "messaging_service_sid": nil,
		"num_segments": strconv.Itoa(m.Segments), "num_media": strconv.Itoa(len(m.Media)),
		"date_created": m.Created.UTC().Format(time.RFC1123Z), "date_updated": m.Updated.UTC().Format(time.RFC1123Z),
		"date_sent": nil, "price": nil, "price_unit": "USD", "error_code": nil, "error_message": nil,
		"uri": uri + ".json", "subresource_uris": map[string]any{"media": uri + "/Media.json"},
	}
	if !m.Sent.IsZero() {
		values["date_sent"] = m.Sent.UTC().Format(time.RFC1123Z)
	}
	if m.ErrorCode != 0 {
		values["error_code"], values["error_message"] = m.ErrorCode, "Delivery failed"
	}
	return values
}

// Incoming is what a person sends to one of the account's numbers.
type Incoming struct {
	From  string // E.164; "whatsapp:+…" for WhatsApp
	To    string // empty: the account's first number, on the same service as From
	Body  string
	Media []Media
	Name  string     // WhatsApp profile name
	Extra url.Values // further parameters of the webhook, as of a pressed button
}

// SendSMS delivers a message to the app by a signed webhook, which is posted
// again while the app does not answer 2xx. It returns the message's SID at once.
func (s *Server) SendSMS(in Incoming) (sid string, err error) {
	whatsapp := strings.HasPrefix(in.From, "whatsapp:")
	if in.To == "" {
		if len(s.config.Numbers) == 0 {
			return "", fmt.Errorf("the account has no number to write to")
		}
		in.To = s.config.Numbers[0]
		if whatsapp {
			in.To = "whatsapp:" + in.To
		}
	}
	if whatsapp != strings.HasPrefix(in.To, "whatsapp:") {
		return "", fmt.Errorf("both numbers must be on WhatsApp, or none")
	}
	now := s.config.Now()
	s.mu.Lock()
	prefix := "SM"
	if len(in.Media) > 0 {
		prefix = "MM"
	}
	m := &Message{
		SID: s.sid(prefix), Direction: Inbound, From: in.From, To: in.To, Body: in.Body, Status: "received",
		Segments: Segments(in.Body), Created: now, Sent: now, Updated: now,
	}
	for _, file := range in.Media {
		id := s.sid("ME")
		s.media[id] = file
		m.Media = append(m.Media, id)
	}
	s.messages = append(s.messages, m)
	if !whatsapp {
		s.carrier(in)
	}
	webhook, form := s.webhook, s.form(m, in)
	s.mu.Unlock()
	s.enqueue("from "+in.From, func() {
		taken := s.postUntilTaken(webhook, form)
		s.mu.Lock()
		m.Delivered = taken
		s.mu.Unlock()
		s.ring()
	})
	s.ring()
	return m.SID, nil
}

// form holds the parameters of an incoming message's webhook
// (https://www.twilio.com/docs/messaging/guides/webhook-request).
func (s *Server) form(m *Message, in Incoming) url.Values {
	form := url.Values{
		"MessageSid": {m.SID}, "SmsSid": {m.SID}, "SmsMessageSid": {m.SID}, "AccountSid": {s.config.AccountSID},
		"From": {m.From}, "To": {m.To}, "Body": {m.Body}, "SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"},
		"NumMedia": {strconv.Itoa(len(m.Media))}, "NumSegments": {strconv.Itoa(m.Segments)},
	}
	if number, ok := strings.CutPrefix(m.From, "whatsapp:"); ok {
		form.Set("WaId", strings.TrimPrefix(number, "+"))
		form.Set("ProfileName", in.Name)
		form.Set("MessageType", "text")
	} else {
		for _, name := range []string{"City", "State", "Zip", "Country"} {
			form.Set("From"+name, "")
			form.Set("To"+name, "")
		}
	}
	for name, values := range in.Extra {
		form[name] = values
	}
	for i, id := range m.Media {
		form.Set(fmt.Sprintf("MediaUrl%d", i), fmt.Sprintf("%s/2010-04-01/Accounts/%s/Messages/%s/Media/%s",
			s.URL(), s.config.AccountSID, m.SID, id))
		form.Set(fmt.Sprintf("MediaContentType%d", i), s.media[id].ContentType)
	}
	return form
}

// carrier acts on the standard opt-out words, which the provider answers by
// itself (https://help.twilio.com/articles/223134027). The webhook is posted
// all the same.
func (s *Server) carrier(in Incoming) {
	key := in.To + " " + in.From
	var answer string
	switch strings.ToUpper(strings.TrimSpace(in.Body)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT":
		if s.stopped[key] {
			return
		}
		s.stopped[key] = true
		answer = "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe."
	case "START", "UNSTOP", "YES":
		if !s.stopped[key] {
			return
		}
		delete(s.stopped, key)
		answer = "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. Msg&Data Rates May Apply."
	default:
		return
	}
	now := s.config.Now()
	s.messages = append(s.messages, &Message{
		SID: s.sid("SM"), Direction: Outbound, From: in.To, To: in.From, Body: answer, Status: "delivered",
		Segments: Segments(answer), Created: now, Sent: now, Updated: now, Carrier: true, History: []string{"delivered"},
	})
}

// The characters of GSM 03.38's default alphabet, and those of its extension
// table, which take two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "^{}\\[~]|€\f"
)

// Segments counts the SMS segments of a text: 160 septets or 70 UTF-16 units
// in one, 153 or 67 in each of several (GSM 03.40).
func Segments(text string) int {
	septets := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmExtended, r):
			septets += 2
		default:
			return segments(len(utf16.Encode([]rune(text))), 70, 67)
		}
	}
	return segments(septets, 160, 153)
}

func segments(units, one, each int) int {
	if units <= one {
		return 1
	}
	return (units + each - 1) / each
}
