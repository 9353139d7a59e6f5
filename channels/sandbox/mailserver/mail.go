package mailserver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // reads what Redress writes in any charset
	"github.com/emersion/go-message/mail"
)

// Mail is one message in a mailbox, as its owner sees it.
type Mail struct {
	Box       string // address of the mailbox, lower case
	ID        string // Message-ID without angle brackets
	FromName  string
	From      string
	To        []string
	Subject   string
	Date      time.Time
	InReplyTo string
	Refs      []string // References, oldest first
	Automatic bool     // Auto-Submitted is other than "no" (RFC 3834)
	Text      string
	HTML      string
	Outgoing  bool   // written by the mailbox's owner
	Raw       []byte // as in the mailbox
}

// Mailbox lists the mails of an address, oldest first: received ones, and in a
// citizen's mailbox those that the citizen wrote.
func (s *Server) Mailbox(address string) []Mail {
	address = strings.ToLower(address)
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Mail
	for _, m := range s.mails {
		if m.Box == address {
			list = append(list, m)
		}
	}
	return list
}

// Attachment is a file to send with a Letter.
type Attachment struct {
	Filename    string
	ContentType string
	Data        []byte
}

// Letter is what a citizen writes.
type Letter struct {
	FromName    string
	From        string
	To          string // empty: the complaints address
	Subject     string
	Body        string
	InReplyTo   string   // Message-ID without angle brackets
	References  []string // oldest first
	Attachments []Attachment
}

// Compose builds the mail that a citizen's program would send (RFC 5322) and
// returns it with its Message-ID.
func (s *Server) Compose(letter Letter) (raw []byte, id string, err error) {
	if letter.To == "" {
		letter.To = s.config.Complaints.Address
	}
	s.mu.Lock()
	s.counter++
	id = fmt.Sprintf("%x.%d@mail.sandbox.example", s.started.UnixNano(), s.counter)
	s.mu.Unlock()
	var header mail.Header
	header.SetDate(s.config.Now())
	header.SetAddressList("From", []*mail.Address{{Name: letter.FromName, Address: letter.From}})
	header.SetAddressList("To", []*mail.Address{{Address: letter.To}})
	header.SetSubject(letter.Subject)
	header.SetMessageID(id)
	if letter.InReplyTo != "" {
		header.SetMsgIDList("In-Reply-To", []string{letter.InReplyTo})
	}
	if len(letter.References) > 0 {
		header.SetMsgIDList("References", letter.References)
	}
	header.Set("User-Agent", "Redress sandbox")
	var out bytes.Buffer
	if err := writeBody(&out, header, letter); err != nil {
		return nil, "", fmt.Errorf("composing a mail: %w", err)
	}
	return out.Bytes(), id, nil
}

func writeBody(out io.Writer, header mail.Header, letter Letter) error {
	text := strings.ReplaceAll(strings.ReplaceAll(letter.Body, "\r\n", "\n"), "\n", "\r\n")
	if len(letter.Attachments) == 0 {
		header.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
		body, err := mail.CreateSingleInlineWriter(out, header)
		if err != nil {
			return err
		}
		_, err = io.WriteString(body, text)
		return errors.Join(err, body.Close())
	}
	whole, err := mail.CreateWriter(out, header)
	if err != nil {
		return err
	}
	var inline mail.InlineHeader
	inline.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	body, err := whole.CreateSingleInline(inline)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(body, text); err != nil {
		return err
	}
	if err := body.Close(); err != nil {
		return err
	}
	for _, file := range letter.Attachments {
		var attachment mail.AttachmentHeader
		attachment.SetFilename(file.Filename)
		attachment.Set("Content-Type", file.ContentType)
		part, err := whole.CreateAttachment(attachment)
		if err != nil {
			return err
		}
		_, err = part.Write(file.Data)
		if err := errors.Join(err, part.Close()); err != nil {
			return err
		}
	}
	return whole.Close()
}

// Write composes a letter, keeps it in its writer's mailbox and delivers it.
// It returns the Message-ID.
func (s *Server) Write(letter Letter) (id string, err error) {
	raw, id, err := s.Compose(letter)
	if err != nil {
		return "", err
	}
	own, err := s.boxFor(letter.From)
	if err != nil {
		return "", fmt.Errorf("the writer's mailbox: %w", err)
	}
	if err := s.remember(own, raw, true); err != nil {
		return "", err
	}
	return id, s.Deliver(raw)
}

// Reply writes to whoever sent a mail of the mailbox from, in its thread: with
// In-Reply-To, References (RFC 5322 section 3.6.4), "Re:" and the mail quoted
// below. It returns the Message-ID.
func (s *Server) Reply(from, messageID, body string) (id string, err error) {
	for _, m := range s.Mailbox(from) {
		if m.ID != messageID {
			continue
		}
		subject := m.Subject
		if !strings.HasPrefix(strings.ToLower(subject), "re:") {
			subject = "Re: " + subject
		}
		to := m.From
		if m.Outgoing && len(m.To) > 0 {
			to = m.To[0]
		}
		quoted := fmt.Sprintf("%s\n\nOn %s, %s wrote:\n> %s\n", body, m.Date.Format("2 Jan 2006 at 15:04"), m.FromName,
			strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(m.Text, "\r\n", "\n")), "\n", "\n> "))
		return s.Write(Letter{
			FromName: s.nameOf(from), From: from, To: to, Subject: subject, Body: quoted,
			InReplyTo: m.ID, References: append(append([]string(nil), m.Refs...), m.ID),
		})
	}
	return "", fmt.Errorf("no such mail in the mailbox")
}

func (s *Server) nameOf(address string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.boxes[strings.ToLower(address)]; b != nil {
		return b.account.Name
	}
	return ""
}

// Deliver puts a raw mail into the complaints mailbox as the city's mail
// server would: with trace fields and an Authentication-Results field that
// finds DMARC passed for its From domain.
func (s *Server) Deliver(raw []byte) error {
	domain := "unknown.invalid"
	if m := understand(raw); strings.Contains(m.From, "@") {
		domain = m.From[strings.LastIndexByte(m.From, '@')+1:]
	}
	return s.DeliverWith(raw, fmt.Sprintf("Authentication-Results: %s; dmarc=pass header.from=%s", s.config.AuthServID, domain))
}

// DeliverWith is Deliver with other header lines in place of the
// Authentication-Results field; none: none.
func (s *Server) DeliverWith(raw []byte, lines ...string) error {
	b, err := s.boxFor(s.config.Complaints.Address)
	if err != nil {
		return err
	}
	var top strings.Builder
	for _, line := range lines {
		top.WriteString(line + "\r\n")
	}
	fmt.Fprintf(&top, "Received: from mail.sandbox.example by %s with ESMTPS; %s\r\n",
		s.config.AuthServID, s.config.Now().Format(time.RFC1123Z))
	if _, err := s.keep(b, append([]byte(top.String()), raw...), false); err != nil {
		return err
	}
	s.ring()
	return nil
}

// keep adds a mail to a mailbox, where IMAP and Mailbox show it.
func (s *Server) keep(b *box, raw []byte, outgoing bool) (Mail, error) {
	if err := s.remember(b, raw, outgoing); err != nil {
		return Mail{}, err
	}
	literal := literalReader{bytes.NewReader(raw)}
	if _, err := b.user.Append("INBOX", literal, &imap.AppendOptions{Time: s.config.Now()}); err != nil {
		return Mail{}, fmt.Errorf("adding to a mailbox: %w", err)
	}
	m := understand(raw)
	m.Box = strings.ToLower(b.account.Address)
	return m, nil
}

func (s *Server) remember(b *box, raw []byte, outgoing bool) error {
	if len(raw) > maxMessageBytes {
		return fmt.Errorf("the mail is larger than %d bytes", maxMessageBytes)
	}
	m := understand(raw)
	m.Box, m.Outgoing = strings.ToLower(b.account.Address), outgoing
	if m.Date.IsZero() {
		m.Date = s.config.Now()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	return nil
}

func (s *Server) ring() {
	s.changed.Ring()
	if s.config.OnChange != nil {
		s.config.OnChange()
	}
}

type literalReader struct{ *bytes.Reader }

// Size implements imap.LiteralReader.
func (r literalReader) Size() int64 { return r.Reader.Size() }

// understand reads what a mail program shows. What cannot be read stays empty.
func understand(raw []byte) Mail {
	m := Mail{Raw: raw}
	reader, err := mail.CreateReader(bytes.NewReader(raw))
	if reader == nil || err != nil && !message.IsUnknownCharset(err) {
		return m
	}
	defer func() { _ = reader.Close() }()
	header := reader.Header
	m.ID, _ = header.MessageID()
	m.Subject, _ = header.Subject()
	m.Date, _ = header.Date()
	m.Refs, _ = header.MsgIDList("References")
	if ids, _ := header.MsgIDList("In-Reply-To"); len(ids) > 0 {
		m.InReplyTo = ids[0]
	}
	if from, _ := header.AddressList("From"); len(from) > 0 {
		m.FromName, m.From = from[0].Name, from[0].Address
	}
	to, _ := header.AddressList("To")
	for _, address := range to {
		m.To = append(m.To, address.Address)
	}
	kind := strings.TrimSpace(header.Get("Auto-Submitted"))
	m.Automatic = kind != "" && !strings.EqualFold(kind, "no")
	for {
		part, err := reader.NextPart()
		if part == nil || err != nil && !message.IsUnknownCharset(err) {
			return m
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		body, _ := io.ReadAll(part.Body)
		switch {
		case m.Text == "" && (kind == "text/plain" || kind == ""):
			m.Text = string(body)
		case m.HTML == "" && kind == "text/html":
			m.HTML = string(body)
		}
	}
}
