package mail

import (
	"cmp"
	"strings"
	"sync"
)

// readReports finds out whether a machine wrote the mail and, of a report
// about our own mail, what it reports.
func (p *parser) readReports(m *Mail, root *part, another func() []byte) {
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
	case m.Header.Has("Auto-Submitted") && optOut.MatchString(r.text()):
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
	if next := another(); len(next) > 0 && p.forwards > 0 && (m.Automatic.Kind == BounceKind || m.Automatic.Kind == Delay) {
		inner := p.within()
		inner.forwards--
		m.Bounces = append(m.Bounces, inner.parseBytes(next).Bounces...)
	}
}

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
	text        func() string // for people
	status      []Header      // RFC 3464: the message's fields, then each recipient's
	disposition Header        // RFC 8098
	feedback    Header        // RFC 5965
	original    Header        // of the mail that was returned
	inner       []byte        // that mail
	returned    []string      // its Message-IDs
}

func (p *parser) findReport(root *part) *report {
	r := &report{}
	var plain, html *part
	root.walk(func(leaf *part) {
		switch typ := leaf.mediaType(); typ {
		case "message/delivery-status", "message/global-delivery-status":
			r.status = append(r.status, p.blocks(leaf)...)
		case "message/disposition-notification", "message/global-disposition-notification":
			r.disposition = first2(p.blocks(leaf))
		case "message/feedback-report":
			r.feedback = first2(p.blocks(leaf))
		case "text/plain":
			plain = cmp.Or(plain, leaf)
		case "text/html":
			html = cmp.Or(html, leaf)
		default:
			if r.original == nil && isMessage(typ) {
				r.inner = leaf.held
				r.original = ParseHeader(r.inner, p.limits)
			}
		}
	})
	r.text = sync.OnceValue(func() string {
		switch {
		case plain != nil && len(plain.held) > 0:
			return p.leafText(plain)
		case html != nil:
			return p.htmlText(p.leafText(html))
		}
		return ""
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
	w := windowOf(leaf.held)
	var list []Header
	quiet := newParser(p.limits)
	for len(w.rest()) > 0 && len(list) < maxRecipients {
		before := w.pos
		h := quiet.scanHeader(w, noDelimiter)
		if w.pos == before { // a line that is no field
			w.skipLine()
		}
		if len(h) > 0 {
			list = append(list, h)
		}
	}
	return list
}

// bounces reads the recipients of a delivery status (RFC 3464 section 2.3).
func (r *report) bounces() []Bounce {
	list, told := []Bounce{}, tell(r.text())
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
			words = mention(r.text(), recipient)
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
