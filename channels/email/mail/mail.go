// Package mail understands a raw mail as it really is: whatever any mailer
// sent gives the best possible text, addresses and files, and a list of
// defects, never an error. It does no I/O and knows no channel.
package mail

import (
	"net/http"
	"strings"
	"time"
)

// Mail is what was understood of one raw mail. It marshals to what
// `redress parse` prints. Everything in it is hostile text.
type Mail struct {
	MessageID   string       `json:"message_id"` // without angle brackets; empty: none
	InReplyTo   []string     `json:"in_reply_to"`
	References  []string     `json:"references"` // oldest first
	Date        *time.Time   `json:"date"`       // as the sender's clock had it; null: none
	From        []Address    `json:"from"`
	ReplyTo     []Address    `json:"reply_to"`
	To          []Address    `json:"to"`
	Cc          []Address    `json:"cc"`
	Subject     string       `json:"subject"`
	Text        string       `json:"text"`       // whole text body, from HTML where there is no text
	HTML        string       `json:"html"`       // as received, unsafe; empty: none
	ReplyText   string       `json:"reply_text"` // what the sender wrote in this very mail
	Attachments []Attachment `json:"attachments"`
	Automatic   Automatic    `json:"automatic"`
	Bounces     []Bounce     `json:"bounces"`
	Defects     []string     `json:"defects"` // each kind once

	Header Header `json:"-"` // of the mail itself, top to bottom
	// Returned are the Message-IDs found in the message that a bounce or
	// receipt gives back.
	Returned []string `json:"-"`
}

// Address is a mail address as written, with the name beside it.
type Address struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Attachment is a part of the mail that is not its text. Size is in bytes
// after decoding.
type Attachment struct {
	Filename    string `json:"filename"`     // as sent; never a path to use
	ContentType string `json:"content_type"` // as declared, lower case; sniffed where nothing is declared
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	Inline      bool   `json:"inline"`

	ContentID string `json:"-"`
	Sniffed   string `json:"-"` // what the first bytes look like (WHATWG sniffing); never trusted alone
	Data      []byte `json:"-"` // by Parse
	File      File   `json:"-"` // by Read: which of the sink's files
}

// Automatic says which kind of machine wrote the mail, if any, and how that
// was seen.
type Automatic struct {
	Kind   Kind   `json:"kind"`
	Reason string `json:"reason"`
}

// Kind is a kind of automatic mail.
type Kind string

// The kinds of automatic mail; None is a person's.
const (
	None           Kind = "none"
	AutoReply      Kind = "auto_reply"
	List           Kind = "list"
	BounceKind     Kind = "bounce"
	Delay          Kind = "delay"
	FeedbackReport Kind = "feedback_report"
	Receipt        Kind = "receipt"
	Loop           Kind = "loop"
)

// Bounce is the fate of a mail for one recipient.
type Bounce struct {
	Recipient  string `json:"recipient"` // empty: the report does not say
	Action     string `json:"action"`    // RFC 3464 section 2.3.3: failed, delayed, delivered, relayed, expanded
	Status     string `json:"status"`    // RFC 3463; empty: unknown
	Hard       bool   `json:"hard"`      // the address will never work
	Reason     Reason `json:"reason"`
	Diagnostic string `json:"diagnostic"`
}

// Limits bound the work on one mail; a limit that is reached is a defect.
type Limits struct {
	Depth       int   // nested multiparts
	Parts       int   // of all levels
	HeaderBytes int   // of one header block
	TextBytes   int   // of text and of HTML, each, after decoding
	MailBytes   int64 // what follows is not looked at
}

// DefaultLimits suit mail that people send.
func DefaultLimits() Limits {
	return Limits{Depth: 100, Parts: 1000, HeaderBytes: 256 << 10, TextBytes: 1 << 20, MailBytes: 256 << 20}
}

// LoopHeader marks mail that we sent; its value is opaque.
const LoopHeader = "X-Redress-Loop"

// parse understands the mail of w. another gives the mail that follows it in
// a file in mbox format, once it was read.
func (p *parser) parse(w *window, another func() []byte) Mail {
	root := p.scan(w)
	if w.cut {
		p.defects.add("mail too long")
	}
	m := Mail{Header: root.header}
	p.readHeader(&m, root)
	bodies := p.collect(root)
	m.Text, m.HTML = bodies.text, bodies.html
	m.Attachments = p.attachments(root)
	for i := range m.Attachments {
		a := &m.Attachments[i]
		a.Inline = a.Inline || a.ContentID != "" && strings.Contains(m.HTML, "cid:"+a.ContentID) // RFC 2392
	}
	p.readReports(&m, root, another)
	if m.Automatic.Kind == BounceKind || m.Automatic.Kind == Delay {
		m.ReplyText = strings.TrimSpace(m.Text) // no person, nothing to tell apart
	} else {
		m.ReplyText = p.written(bodies, passesOn(&m))
	}
	m.Defects = p.defects.list()
	return m
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.Parts <= 0 {
		l.Parts = d.Parts
	}
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = d.HeaderBytes
	}
	if l.TextBytes <= 0 {
		l.TextBytes = d.TextBytes
	}
	if l.MailBytes <= 0 {
		l.MailBytes = d.MailBytes
	}
	return l
}

// parser is the state of the reading of one mail.
type parser struct {
	limits   Limits
	sink     Sink  // nil: files are kept nowhere
	failed   error // the first of the sink
	defects  defects
	header   headerScanner
	chosen   chosen
	forwards int          // mails within mails that may still be opened
	files    []*output    // found inside the text or inside a winmail.dat
	wrapped  []Attachment // found inside a signature
	opened   []bodies     // found inside wrappings, for a mail without a text
	holds    holds
}

func newParser(limits Limits) *parser {
	limits = limits.withDefaults()
	return &parser{limits: limits, forwards: maxForwards, holds: holds{text: limits.TextBytes, html: limits.TextBytes, heads: maxHeads}}
}

// within is the parser of a mail inside this one, of which no file is kept.
func (p *parser) within() *parser {
	inner := newParser(p.limits)
	inner.forwards = p.forwards
	return inner
}

// maxForwards is how deep a mail forwarded as a file is opened for its text.
const maxForwards = 3

// defects are what is wrong with a mail, in order of finding, each once.
type defects struct{ found []string }

func (d *defects) add(what string) {
	for _, have := range d.found {
		if have == what {
			return
		}
	}
	d.found = append(d.found, what)
}

// note is add, where somebody wants to know.
func (d *defects) note(what string) {
	if d != nil {
		d.add(what)
	}
}

func (d *defects) list() []string {
	if d.found == nil {
		return []string{}
	}
	return d.found
}

func (p *parser) readHeader(m *Mail, root *part) {
	h := root.header
	hint := root.param("charset")
	m.MessageID = first(messageIDs(h.Get("Message-ID")))
	m.InReplyTo = nonNil(messageIDs(h.Get("In-Reply-To")))
	m.References = nonNil(messageIDs(h.Get("References")))
	m.Subject = p.text(h.Get("Subject"), hint)
	m.From = p.addresses(h.Get("From"), hint)
	m.ReplyTo = p.addresses(h.Get("Reply-To"), hint)
	m.To = p.addresses(h.Get("To"), hint)
	m.Cc = p.addresses(h.Get("Cc"), hint)
	if value := h.Get("Date"); value != "" {
		if date, ok := parseDate(value); ok {
			m.Date = &date
		} else {
			p.defects.add("date unreadable")
		}
	}
	if m.MessageID == "" {
		p.defects.add("message id missing")
	}
}

func (p *parser) attachments(root *part) []Attachment {
	list := []Attachment{}
	root.walk(func(leaf *part) {
		inBody := leaf.use == useText || leaf.use == useHTML
		switch {
		case leaf.use == useOpened, inBody && !leaf.cutOff && leaf.stored == nil, leaf.header == nil && leaf.stored == nil && len(leaf.held) == 0:
			return
		case leaf.stored == nil:
			leaf.stored = p.create(len(leaf.held))
			leaf.stored.put(leaf.held)
			leaf.stored.close()
		}
		a := leaf.stored.attachment(p.filename(leaf), leaf.mediaType())
		a.Inline, a.ContentID = leaf.use == useInline || leaf.disposition().value == "inline", contentID(leaf.header.Get("Content-ID"))
		list = append(list, a)
	})
	for _, f := range p.files {
		typ := f.typ
		if typ == "" {
			typ, _, _ = strings.Cut(http.DetectContentType(f.head), ";")
		}
		list = append(list, f.attachment(p.text(f.name, ""), typ))
	}
	return append(list, p.wrapped...)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// ParseHeader reads only the header of a mail.
func ParseHeader(raw []byte, limits Limits) Header {
	h, _ := headerOf(raw, limits)
	return h
}

// Body is what follows the header of a mail, still encoded.
func Body(raw []byte) []byte {
	_, body := headerOf(raw, Limits{})
	return body
}

func headerOf(raw []byte, limits Limits) (Header, []byte) {
	p := newParser(limits)
	w := windowOf(raw)
	skipEnvelope(w, &p.defects)
	h := p.scanHeader(w, noDelimiter)
	return h, w.rest()
}

// ParseAddresses reads an address list, tolerantly.
func ParseAddresses(value string) []Address {
	return (&parser{}).addresses(value, "")
}
