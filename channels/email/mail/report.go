package mail

import (
	"bytes"
	"regexp"
	"strings"
)

// readReports finds out whether a machine wrote the mail and, of a report
// about our own mail, what it reports.
func (p *parser) readReports(m *Mail, root *part, raw []byte) {
	m.Bounces = []Bounce{}
	if m.Header.Has(LoopHeader) {
		m.Automatic = automatic(m.Header, m.Subject)
		return
	}
	r := p.findReport(root)
	switch {
	case r.feedback != nil:
		m.Automatic = Automatic{FeedbackReport, "feedback report"} // RFC 5965
	case r.disposition != nil:
		m.Automatic = Automatic{Receipt, "disposition notification"} // RFC 8098
	case r.status != nil:
		if m.Bounces = r.bounces(); len(m.Bounces) == 0 {
			m.Bounces, _ = p.textBounce(m, r)
		}
		m.Automatic = bounceKind(m.Bounces, "delivery status")
	case optOut.MatchString(r.text) && m.Header.Has("Auto-Submitted"):
		m.Automatic = Automatic{FeedbackReport, "request to unsubscribe"}
	case isNotification(m):
		p.readNotification(m, r)
	default:
		m.Automatic = automatic(m.Header, m.Subject)
		if bounces, why := p.textBounce(m, r); why != "" {
			m.Bounces = bounces
			m.Automatic = bounceKind(bounces, why)
		}
	}
	m.Returned = r.returned
	if m.Automatic.Kind == BounceKind || m.Automatic.Kind == Delay {
		m.Bounces = append(m.Bounces, p.nextInMailbox(raw)...)
	}
}

// nextInMailbox reads the bounces of further mails where raw is a file in mbox
// format (RFC 4155); no mailbox hands out more than one.
func (p *parser) nextInMailbox(raw []byte) []Bounce {
	if p.forwards == 0 || !bytes.HasPrefix(raw, []byte("From ")) {
		return nil
	}
	at := mboxLine.FindIndex(raw)
	if at == nil {
		return nil
	}
	next := &parser{limits: p.limits, forwards: p.forwards - 1}
	return next.parse(raw[at[0]+bytes.Index(raw[at[0]:], []byte("\nFrom "))+1:]).Bounces
}

// mboxLine is the line before a further mail of an mbox file.
var mboxLine = regexp.MustCompile(`\n(?:\r?\n|--.{1,80}--\r?\n)From \S+ .{0,60}\d{4}\r?\n[A-Za-z-]{2,40}:`)

// bounceKind tells a bounce from a delay: a delay has nothing that failed.
func bounceKind(bounces []Bounce, why string) Automatic {
	for _, b := range bounces {
		if b.Action != "delayed" {
			return Automatic{BounceKind, why}
		}
	}
	if len(bounces) == 0 {
		return Automatic{BounceKind, why}
	}
	return Automatic{Delay, why}
}

// report is what the parts of a mail say about an earlier mail.
type report struct {
	text        string   // for people
	status      []Header // RFC 3464: the message's fields, then each recipient's
	disposition Header   // RFC 8098
	feedback    Header   // RFC 5965
	original    Header   // of the mail that was returned
	inner       []byte   // that mail
	returned    []string // its Message-IDs
}

func (p *parser) findReport(root *part) *report {
	r := &report{}
	root.walk(func(leaf *part) {
		switch leaf.mediaType() {
		case "message/delivery-status", "message/global-delivery-status":
			r.status = append(r.status, p.blocks(leaf)...)
		case "message/disposition-notification", "message/global-disposition-notification":
			r.disposition = first2(p.blocks(leaf))
		case "message/feedback-report":
			r.feedback = first2(p.blocks(leaf))
		case "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers", "text/rfc822":
			if r.original == nil {
				r.inner = skipEnvelope(p.decoded(leaf), &defects{})
				r.original, _ = (&parser{limits: p.limits}).scanHeader(r.inner, 0, noDelimiter)
			}
		case "text/plain":
			if r.text == "" {
				r.text = p.leafText(leaf)
			}
		case "text/html":
			if r.text == "" {
				r.text = p.htmlText(p.leafText(leaf))
			}
		}
	})
	if r.original != nil {
		r.returned = messageIDs(r.original.Get("Message-ID"))
	}
	if r.disposition != nil {
		r.returned = append(r.returned, messageIDs(r.disposition.Get("Original-Message-ID"))...)
	}
	return r
}

func noDelimiter([]byte) bool { return false }

func first2(blocks []Header) Header {
	if len(blocks) == 0 {
		return Header{}
	}
	return blocks[0]
}

// maxRecipients bounds how many recipients of one report are read. Our own
// mails have one each.
const maxRecipients = 50

// blocks reads the header blocks of a report part, parted by blank lines.
func (p *parser) blocks(leaf *part) []Header {
	raw := p.decoded(leaf)
	var list []Header
	quiet := &parser{limits: p.limits}
	for pos := 0; pos < len(raw) && len(list) < maxRecipients; {
		h, next := quiet.scanHeader(raw, pos, noDelimiter)
		if next == pos { // a line that is no field
			next = lineEnd(raw, pos)
		}
		if len(h) > 0 {
			list = append(list, h)
		}
		pos = next
	}
	return list
}

// bounces reads the recipients of a delivery status (RFC 3464 section 2.3).
func (r *report) bounces() []Bounce {
	list, told := []Bounce{}, tell(r.text)
	for _, h := range r.status {
		recipient := addressOf(h.Get("Final-Recipient"))
		if original := addressOf(h.Get("Original-Recipient")); original != "" {
			recipient = original
		}
		if recipient == "" && !h.Has("Action") && !h.Has("Status") {
			continue
		}
		kind, words := diagnosticOf(h.Get("Diagnostic-Code"))
		if words == "" {
			words = mention(r.text, recipient)
		}
		b := Bounce{Recipient: recipient, Action: firstWord(h.Get("Action")), Status: firstWord(h.Get("Status")), Diagnostic: words}
		b.conclude(told, kind)
		list = append(list, b)
	}
	return list
}

// addressOf takes the type off "rfc822; user@host".
func addressOf(value string) string {
	if _, after, ok := strings.Cut(value, ";"); ok {
		value = after
	}
	return strings.ToLower(strings.Trim(strings.TrimSpace(value), "<>\" "))
}

// diagnosticOf parts "smtp; 550 no such user" (RFC 3464 section 2.3.6).
func diagnosticOf(value string) (kind, words string) {
	if typ, after, ok := strings.Cut(value, ";"); ok && !strings.Contains(strings.TrimSpace(typ), " ") {
		return strings.TrimSpace(typ), strings.TrimSpace(after)
	}
	return "", strings.TrimSpace(value)
}
