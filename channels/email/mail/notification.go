package mail

import (
	"encoding/json"
	"regexp"
	"strings"
)

// optOut is what Apple Mail writes when its user presses "Unsubscribe".
var optOut = regexp.MustCompile(`(?i)^\s*.{0,40}sent this email to unsubscribe`)

// notification is a report of Amazon SES, sent by mail as JSON.
// https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
type notification struct {
	Type string `json:"notificationType"`
	Mail struct {
		Headers []struct{ Name, Value string }
	}
	Bounce struct {
		Type       string `json:"bounceType"`
		Recipients []struct {
			Address    string `json:"emailAddress"`
			Action     string
			Status     string
			Diagnostic string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	}
	Delivery struct {
		Recipients []string
		Response   string `json:"smtpResponse"`
	}
}

// isNotification reports whether the text is such a report.
func isNotification(m *Mail) bool {
	return strings.HasPrefix(strings.TrimSpace(m.Text), `{"notificationType"`)
}

func (p *parser) readNotification(m *Mail, r *report) {
	var n notification
	text := strings.ReplaceAll(m.Text, "\n", "")
	// A note on how to unsubscribe follows the object.
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&n); err != nil {
		p.defects.add("notification unreadable")
	}
	for _, h := range n.Mail.Headers {
		if strings.EqualFold(h.Name, "Message-ID") {
			r.returned = messageIDs(h.Value)
		}
	}
	if n.Type == "Complaint" {
		m.Automatic = Automatic{FeedbackReport, "notification"}
		return
	}
	for _, b := range n.Bounce.Recipients {
		kind, words := diagnosticOf(b.Diagnostic)
		bounce := Bounce{Recipient: strings.ToLower(b.Address), Action: firstWord(b.Action), Status: firstWord(b.Status), Diagnostic: words}
		bounce.conclude(tell(""), kind)
		m.Bounces = append(m.Bounces, bounce)
	}
	for _, recipient := range n.Delivery.Recipients {
		bounce := Bounce{Recipient: strings.ToLower(recipient), Action: "delivered", Diagnostic: n.Delivery.Response}
		bounce.conclude(tell(""), "")
		m.Bounces = append(m.Bounces, bounce)
	}
	m.Automatic = bounceKind(m.Bounces, "notification")
}
