package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

// truncatedHeader is put on top of a mail of which only the start was taken
// in; its value is the whole size in bytes.
const truncatedHeader = "X-Redress-Truncated"

// contentHeaders are the fields that a sender writes and no server changes on
// the way. Together with the body they are a mail's identity: UIDs change with
// UIDVALIDITY and differ between mailboxes; trace fields (Received,
// Return-Path, Delivered-To, Authentication-Results, ARC, X-…) differ between
// two deliveries of one mail; a Message-ID alone may be missing, or reused by
// a different mail.
var contentHeaders = []string{"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
	"Content-Type", "Content-Transfer-Encoding", "Auto-Submitted"}

// identity finds, while a mail is written to it, what is the same for the same
// mail wherever and however often it was delivered. Line breaks, blanks at the
// ends of lines and the blanks of folded header lines do not count.
type identity struct {
	limits mail.Limits
	header mail.Header // nil until its end was written
	head   []byte      // what was written until then
	window int         // bytes of head in which every header ends that is read to its end
	sum    hash.Hash
	out    []byte // on its way to sum
	blanks []byte // at the end of what was written of the line
	begun  bool   // the last line has something in it
}

const (
	sumPiece = 16 << 10
	// maxBlanks in a row are held; more count even at the end of a line.
	maxBlanks = 64 << 10
)

func newIdentity(limits mail.Limits) *identity {
	if limits.HeaderBytes <= 0 {
		limits.HeaderBytes = mail.DefaultLimits().HeaderBytes
	}
	return &identity{limits: limits, window: 2 * limits.HeaderBytes, sum: sha256.New(), out: make([]byte, 0, sumPiece)}
}

// Write implements io.Writer and never fails. How a mail is cut into pieces
// makes no difference: its header is looked for in the first window bytes.
func (id *identity) Write(p []byte) (int, error) {
	n := len(p)
	if id.header == nil {
		take := min(n, id.window-len(id.head))
		id.head, p = append(id.head, p[:take]...), p[take:]
		if len(p) == 0 {
			return n, nil
		}
		id.begin()
	}
	id.body(p)
	return n, nil
}

// begin reads the header, and what of the body was written with it.
func (id *identity) begin() {
	id.header = mail.ParseHeader(id.head, id.limits)
	if id.header == nil {
		id.header = mail.Header{}
	}
	for _, name := range contentHeaders {
		for _, field := range id.header {
			if strings.EqualFold(field.Name, name) {
				_, _ = io.WriteString(id.sum, strings.ToLower(name)+":"+strings.Join(strings.Fields(field.Value), " ")+"\n")
			}
		}
	}
	id.body(mail.Body(id.head))
	id.head = nil
}

func (id *identity) body(p []byte) {
	for len(p) > 0 {
		line, rest, ended := bytes.Cut(p, []byte{'\n'})
		p = rest
		id.begun = id.begun || len(line) > 0
		if text := bytes.TrimRight(line, " \t\r"); len(text) > 0 {
			id.put(id.blanks)
			id.put(text)
			id.blanks, line = id.blanks[:0], line[len(text):]
		}
		if ended {
			id.put([]byte{'\n'})
			id.blanks, id.begun = id.blanks[:0], false
			continue
		}
		if id.blanks = append(id.blanks, line...); len(id.blanks) > maxBlanks {
			id.put(id.blanks)
			id.blanks = id.blanks[:0]
		}
	}
}

func (id *identity) put(p []byte) {
	if len(id.out)+len(p) > sumPiece {
		id.sum.Write(id.out)
		id.out = id.out[:0]
	}
	if len(p) > sumPiece {
		id.sum.Write(p)
		return
	}
	id.out = append(id.out, p...)
}

// externalID is the identity of all that was written.
func (id *identity) externalID() string {
	if id.header == nil {
		id.begin()
	}
	if id.begun { // the last line has no break
		id.put([]byte{'\n'})
		id.begun = false
	}
	id.sum.Write(id.out)
	id.out = id.out[:0]
	return hex.EncodeToString(id.sum.Sum(nil))
}

// inbound makes raw the message that is stored. It reads the header only.
func (a *Adapter) inbound(raw []byte) channels.Inbound {
	id := newIdentity(a.config.Limits)
	_, _ = id.Write(raw)
	in := a.named(id)
	in.Raw = raw
	return in
}

// named is the message, without its content, that was written to id.
func (a *Adapter) named(id *identity) channels.Inbound {
	external := id.externalID()
	return channels.Inbound{
		Key:         channels.Key{Channel: ChannelName, Account: a.config.Account, ExternalID: external},
		Sender:      a.sender(id.header),
		ReceivedAt:  a.config.Now(),
		ContentType: "message/rfc822",
	}
}

// sender is the address whose mails take effect in order. A mail without one
// is ordered with others of its kind.
func (a *Adapter) sender(header mail.Header) string {
	if person, ok := a.formPerson(mail.ParseAddresses(header.Get("From")), mail.ParseAddresses(header.Get("Reply-To"))); ok {
		return person.Address // of a form, who filled it in
	}
	for _, name := range []string{"From", "Sender", "Return-Path"} {
		for _, a := range mail.ParseAddresses(header.Get(name)) {
			if address := canonical(a.Address); address != "" {
				return address
			}
		}
	}
	return "unknown"
}

func canonical(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	return address[:min(len(address), 320)]
}
