package mailserver

import (
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// SMTPFault is how the SMTP server treats one message.
type SMTPFault struct {
	// Code refuses the message after DATA, or each recipient when AtRcpt.
	Code     int
	Enhanced [3]int // RFC 3463
	Text     string
	AtRcpt   bool
	// CutAfterAccept keeps the message, then closes the connection in place
	// of the answer.
	CutAfterAccept bool
}

// FailNext applies fault to the next n messages.
func (s *Server) FailNext(n int, fault SMTPFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults = append(s.faults, fault)
	}
}

// SetDelay makes every message take d of real time before it is answered.
func (s *Server) SetDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// RequireAuth refuses mail from connections that did not sign in.
func (s *Server) RequireAuth() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auth = true
}

// Sent is one message as the SMTP server took it.
type Sent struct {
	From string   // envelope sender; empty: null return path
	To   []string // envelope recipients
	Mail Mail
}

// Sent lists what was taken by SMTP, oldest first.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

func (s *Server) takeFault(atRcpt bool) (SMTPFault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) == 0 || s.faults[0].AtRcpt != atRcpt {
		return SMTPFault{}, false
	}
	fault := s.faults[0]
	s.faults = s.faults[1:]
	return fault, true
}

func (f SMTPFault) err() error {
	return &smtp.SMTPError{Code: f.Code, EnhancedCode: f.Enhanced, Message: f.Text}
}

// smtpSession is one connection to the SMTP server.
type smtpSession struct {
	server *Server
	conn   *smtp.Conn
	signed bool
	from   string
	to     []string
}

var _ smtp.AuthSession = (*smtpSession)(nil)

// AuthMechanisms implements smtp.AuthSession.
func (s *smtpSession) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

// Auth implements smtp.AuthSession.
func (s *smtpSession) Auth(mechanism string) (sasl.Server, error) {
	check := func(username, password string) error {
		own := s.server.config.Complaints
		login := own.Login
		if login == "" {
			login = own.Address
		}
		if username != login || subtle.ConstantTimeCompare([]byte(password), []byte(own.Password)) != 1 {
			return smtp.ErrAuthFailed
		}
		s.signed = true
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, username, password string) error { return check(username, password) }), nil
	case sasl.Login:
		return &loginServer{check: check}, nil
	default:
		return nil, smtp.ErrAuthUnknownMechanism
	}
}

// loginServer is the LOGIN mechanism (draft-murchison-sasl-login), which many
// mail libraries still try first.
type loginServer struct {
	check    func(username, password string) error
	username string
	step     int
}

// Next implements sasl.Server.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch {
	case l.step == 1 && response == nil:
		return []byte("Username:"), false, nil
	case l.username == "":
		l.username = string(response)
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.check(l.username, string(response))
	}
}

// Mail implements smtp.Session.
func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	s.server.mu.Lock()
	refuse := s.server.auth && !s.signed
	s.server.mu.Unlock()
	if refuse {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return nil
}

// Rcpt implements smtp.Session.
func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if fault, ok := s.server.takeFault(true); ok {
		return fault.err()
	}
	if _, err := s.server.boxFor(to); err != nil {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user here"}
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("reading the message: %w", err)
	}
	s.server.wait()
	fault, faulty := s.server.takeFault(false)
	if faulty && !fault.CutAfterAccept {
		return fault.err()
	}
	if err := s.server.take(s.from, s.to, raw); err != nil {
		return err
	}
	if faulty {
		_ = s.conn.Conn().Close() // what the client sees is a lost connection
	}
	return nil
}

// Reset implements smtp.Session.
func (s *smtpSession) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *smtpSession) Logout() error { return nil }

// wait keeps the client waiting as long as SetDelay said.
func (s *Server) wait() {
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	if delay <= 0 {
		return
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.closing:
	}
}

// take delivers a message that came by SMTP into each recipient's mailbox.
func (s *Server) take(from string, to []string, raw []byte) error {
	var kept Mail
	for _, address := range to {
		b, err := s.boxFor(address)
		if err != nil {
			return err
		}
		trace := fmt.Sprintf("Return-Path: <%s>\r\nDelivered-To: %s\r\nReceived: from redress by localhost with ESMTP; %s\r\n",
			from, address, s.config.Now().Format(time.RFC1123Z))
		kept, err = s.keep(b, append([]byte(trace), raw...), false)
		if err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.sent = append(s.sent, Sent{From: from, To: to, Mail: kept})
	s.mu.Unlock()
	s.ring()
	return nil
}

// boxFor finds the mailbox of an address; what stands after a plus sign in it
// makes no difference. One outside the city's own domain is
// made when it is first used: anyone may have given an address in the web form.
func (s *Server) boxFor(address string) (*box, error) {
	s.mu.Lock()
	b := s.boxes[strings.ToLower(address)]
	s.mu.Unlock()
	if b != nil {
		return b, nil
	}
	at := strings.LastIndexByte(address, '@')
	if local, _, detail := strings.Cut(address[:max(at, 0)], "+"); detail { // RFC 5233
		return s.boxFor(local + address[at:])
	}
	if at < 1 || at == len(address)-1 {
		return nil, fmt.Errorf("not a mail address")
	}
	own := s.config.Complaints.Address
	if strings.EqualFold(address[at:], own[strings.LastIndexByte(own, '@'):]) {
		return nil, fmt.Errorf("no such mailbox in the city")
	}
	return s.addBox(Account{Address: address, Password: s.config.Complaints.Password})
}
