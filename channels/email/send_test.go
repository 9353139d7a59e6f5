package email

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	smtp "github.com/emersion/go-smtp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
	"github.com/redress-cms/redress/scripts/testenv"
)

// receiver is an SMTP server whose answers a test sets.
type receiver struct {
	mu      sync.Mutex
	rcpt    []error // answers to the next RCPTs; then yes
	data    []error // answers to the next DATAs; then yes
	mails   []received
	clients int
}

type received struct {
	from, to string
	raw      string
}

func newReceiver(t *testing.T) (*receiver, string) {
	r := &receiver{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.clients++
		return &smtpSession{receiver: r}, nil
	}))
	server.Domain = "localhost"
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	listener := listen(t)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return r, listener.Addr().String()
}

type smtpSession struct {
	receiver *receiver
	mail     received
}

func (s *smtpSession) Reset()        { s.mail = received{} }
func (s *smtpSession) Logout() error { return nil }

func (s *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail.from = from
	return nil
}

func (s *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	s.receiver.mu.Lock()
	defer s.receiver.mu.Unlock()
	return shift(&s.receiver.rcpt)
}

func (s *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.receiver.mu.Lock()
	defer s.receiver.mu.Unlock()
	if err := shift(&s.receiver.data); err != nil {
		return err
	}
	s.mail.raw = string(raw)
	s.receiver.mails = append(s.receiver.mails, s.mail)
	return nil
}

func shift(answers *[]error) error {
	if len(*answers) == 0 {
		return nil
	}
	next := (*answers)[0]
	*answers = (*answers)[1:]
	return next
}

func sendingAdapter(t *testing.T, address string) *Adapter {
	config := testConfig(mailServer{})
	config.IMAP = IMAP{}
	config.SMTP = SMTP{Address: address, TLS: "none"}
	return newAdapter(t, config)
}

func acknowledgement() channels.Outbound {
	return channels.Outbound{
		ID: "out-1", To: "asha@example.org", Subject: "Burst pipe [C-7K2M-9QXT] पानी", Text: "We have your complaint.\n", HTML: "<p>We have your complaint.</p>",
		Automatic: true, Thread: channels.Thread{MessageID: "secret-id@city.example", InReplyTo: "1@x", References: []string{"0@x", "1@x"}},
	}
}

func TestSendWritesTheMail(t *testing.T) {
	r, address := newReceiver(t)
	a := sendingAdapter(t, address)
	receipt, err := a.Send(context.Background(), acknowledgement())
	if err != nil || receipt.ProviderID != "secret-id@city.example" || receipt.State != channels.DeliverySent {
		t.Fatalf("receipt %+v, error %v", receipt, err)
	}
	got := r.mails[0]
	if got.from != "" || got.to != "asha@example.org" {
		t.Errorf("envelope from %q to %q, want a null return path", got.from, got.to)
	}
	m := mail.Parse([]byte(got.raw), mail.Limits{})
	if m.Subject != acknowledgement().Subject || m.MessageID != "secret-id@city.example" || m.Header.Get("In-Reply-To") != "<1@x>" ||
		strings.Join(m.References, " ") != "0@x 1@x" || strings.TrimSpace(m.Text) != "We have your complaint." || !strings.Contains(m.HTML, "<p>") ||
		m.Header.Get("Auto-Submitted") != "auto-replied" || m.Header.Get("X-Auto-Response-Suppress") != "All" || m.Header.Has("List-Unsubscribe") {
		t.Errorf("sent:\n%s", got.raw)
	}
	if m.Automatic.Kind != mail.Loop {
		t.Errorf("our own mail coming back is %v, want loop", m.Automatic)
	}

	out := acknowledgement()
	out.Automatic = false
	if _, err := a.Send(context.Background(), out); err != nil {
		t.Fatal(err)
	}
	if got := r.mails[1]; got.from != "complaints@city.example" || strings.Contains(got.raw, "Auto-Submitted") {
		t.Errorf("an officer's answer from %q:\n%s", got.from, got.raw)
	}
	if r.clients != 1 {
		t.Errorf("%d connections for two mails, want 1", r.clients)
	}
}

func TestSendNeutralisesLineBreaks(t *testing.T) {
	r, address := newReceiver(t)
	a := sendingAdapter(t, address)
	out := acknowledgement()
	out.Subject = "Pipe\r\nBcc: everybody@example.org\r\n\r\n<b>body</b>"
	out.Thread = channels.Thread{MessageID: "a@b>\r\nBcc: x@y", InReplyTo: "1@x\r\nX: y", References: []string{"0@x\n\nbody"}}
	if _, err := a.Send(context.Background(), out); err != nil {
		t.Fatal(err)
	}
	m := mail.Parse([]byte(r.mails[0].raw), mail.Limits{})
	if m.Header.Has("Bcc") || m.Header.Has("X") || m.Header.Has("In-Reply-To") || m.Header.Has("References") || m.Subject != "Pipe Bcc: everybody@example.org <b>body</b>" {
		t.Errorf("sent:\n%s", r.mails[0].raw)
	}
	out = acknowledgement()
	out.To = "asha@example.org>\r\nRCPT TO:<other@example.org"
	if _, err := a.Send(context.Background(), out); kindOf(err) != channels.SendPermanent {
		t.Errorf("a recipient with a line break: %v", err)
	}
}

func kindOf(err error) channels.SendErrorKind {
	if err == nil {
		return ""
	}
	return channels.AsSendError(err).Kind
}

func TestSendErrors(t *testing.T) {
	answer := func(code int, a, b, c int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "no, asha@example.org hunter2"}
	}
	none := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: "no, asha@example.org"}
	}
	for _, test := range []struct {
		name       string
		rcpt, data error
		kind       channels.SendErrorKind
		code       string
	}{
		{name: "greylisted", rcpt: answer(450, 4, 7, 1), kind: channels.SendRetry, code: "450 4.7.1"},
		{name: "busy after data", data: answer(451, 4, 3, 0), kind: channels.SendRetry, code: "451 4.3.0"},
		{name: "closing", rcpt: answer(421, 4, 3, 2), kind: channels.SendRetry, code: "421 4.3.2"},
		{name: "no mailbox", rcpt: answer(550, 5, 1, 1), kind: channels.SendUnreachable, code: "550 5.1.1"},
		{name: "no domain", rcpt: answer(550, 5, 1, 2), kind: channels.SendUnreachable, code: "550 5.1.2"},
		{name: "null mx", rcpt: answer(556, 5, 1, 10), kind: channels.SendUnreachable, code: "556 5.1.10"},
		{name: "disabled", rcpt: answer(550, 5, 2, 1), kind: channels.SendUnreachable, code: "550 5.2.1"},
		{name: "no mailbox, no enhanced code", rcpt: none(550), kind: channels.SendUnreachable, code: "550"},
		{name: "no mailbox, told after data", data: answer(550, 5, 1, 1), kind: channels.SendUnreachable, code: "550 5.1.1"},
		{name: "full", rcpt: answer(552, 5, 2, 2), kind: channels.SendPermanent, code: "552 5.2.2"},
		{name: "policy", data: answer(554, 5, 7, 1), kind: channels.SendPermanent, code: "554 5.7.1"},
		{name: "spam, no enhanced code", data: none(550), kind: channels.SendPermanent, code: "550"},
		{name: "login required", rcpt: answer(530, 5, 7, 0), kind: channels.SendMisconfigured, code: "530 5.7.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, address := newReceiver(t)
			r.rcpt, r.data = []error{test.rcpt}, []error{test.data}
			a := sendingAdapter(t, address)
			_, err := a.Send(context.Background(), acknowledgement())
			var se *channels.SendError
			if !errors.As(err, &se) || se.Kind != test.kind || se.Code != test.code || se.Text == "" {
				t.Fatalf("error %v, want %s (%s)", err, test.kind, test.code)
			}
			for _, secret := range []string{"asha", "hunter2"} {
				if strings.Contains(fmt.Sprintf("%v %v", err, errors.Unwrap(err)), secret) {
					t.Errorf("%q leaked: %v", secret, err)
				}
			}
			if len(r.mails) != 0 {
				t.Fatal("the mail was taken in spite of the error")
			}
			if _, err := a.Send(context.Background(), acknowledgement()); err != nil || len(r.mails) != 1 {
				t.Errorf("the next try: %v, %d mails, want 1", err, len(r.mails))
			}
		})
	}
}

// scripted is a server that follows the dialogue up to a point and then cuts
// the connection.
func scripted(t *testing.T, cutAt string) string {
	listener := listen(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			dialogue(conn, cutAt)
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}

func dialogue(conn net.Conn, cutAt string) {
	defer func() { _ = conn.Close() }()
	say := func(s string) { _, _ = io.WriteString(conn, s+"\r\n") }
	if cutAt == "greeting" {
		return
	}
	say("220 ready")
	lines := bufio.NewScanner(conn)
	inData := false
	for lines.Scan() {
		line := lines.Text()
		switch {
		case inData && line == ".":
			return // cutAt is "answer"
		case inData:
		case strings.HasPrefix(line, cutAt):
			return
		case strings.HasPrefix(line, "EHLO"):
			say("250 localhost")
		case line == "DATA":
			say("354 go on")
			inData = true
		default:
			say("250 ok")
		}
	}
}

func TestSendWhenTheConnectionBreaks(t *testing.T) {
	for cutAt, kind := range map[string]channels.SendErrorKind{
		"greeting": channels.SendRetry, "EHLO": channels.SendRetry, "MAIL": channels.SendRetry, "RCPT": channels.SendRetry, "DATA": channels.SendRetry,
		"answer": channels.SendUncertain,
	} {
		t.Run(cutAt, func(t *testing.T) {
			a := sendingAdapter(t, scripted(t, cutAt))
			if _, err := a.Send(context.Background(), acknowledgement()); kindOf(err) != kind {
				t.Errorf("error %v, want %s", err, kind)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		listener := listen(t)
		_ = listener.Close()
		if _, err := sendingAdapter(t, listener.Addr().String()).Send(context.Background(), acknowledgement()); kindOf(err) != channels.SendRetry {
			t.Errorf("error %v, want retry", err)
		}
	})
	t.Run("stall after the data", func(t *testing.T) {
		listener := listen(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			dialogue(holdOpen{conn}, "answer")
			_, _ = io.Copy(io.Discard, conn) // until the client gives up
			_ = conn.Close()
		}()
		t.Cleanup(func() { _ = listener.Close(); <-done })
		a := sendingAdapter(t, listener.Addr().String())
		a.smtp.timeout = 100 * time.Millisecond
		if _, err := a.Send(context.Background(), acknowledgement()); kindOf(err) != channels.SendUncertain {
			t.Errorf("error %v, want uncertain", err)
		}
	})
}

// holdOpen does not close its connection.
type holdOpen struct{ net.Conn }

func (holdOpen) Close() error { return nil }

func TestSendRefusesPasswordsInTheClear(t *testing.T) {
	config := testConfig(mailServer{})
	config.IMAP = IMAP{}
	config.SMTP = SMTP{Address: "smtp.example.org:25", TLS: "none", Username: "u", Password: "p"}
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "clear") {
		t.Errorf("error %v, want a refusal", err)
	}
}

// OpenSMTPD delivers to Dovecot: what goes out comes in again.
func TestSendThroughARealServer(t *testing.T) {
	smtpAddress := testenv.Need(t, testenv.SMTP)
	s := dovecot(t)
	user := "round" + strings.NewReplacer(".", "", "-", "").Replace(time.Now().Format("150405.000000"))
	s.username = user
	config := testConfig(s)
	config.IMAP.Mailbox = "INBOX"
	config.SMTP = SMTP{Address: smtpAddress, TLS: "none"}
	a, box := newAdapter(t, config), newInbox()
	poll(t, a, box.accept)
	out := acknowledgement()
	out.To = user + "@redress.test"
	if _, err := a.Send(context.Background(), out); err != nil {
		t.Fatal(err)
	}
	msg, err := a.Read(context.Background(), box.next(t))
	if err != nil || msg.ID != "secret-id@city.example" || msg.Subject != out.Subject || strings.TrimSpace(msg.Text) != strings.TrimSpace(out.Text) {
		t.Errorf("read %+v, %v", msg, err)
	}
	if msg.Automatic.Kind != channels.AutomaticLoop {
		t.Errorf("our own mail is %v", msg.Automatic)
	}
}

// loginSession lets in only "u" with "right".
type loginSession struct{ smtpSession }

func (*loginSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (*loginSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username == "u" && password == "right" {
			return nil
		}
		return smtp.ErrAuthFailed
	}), nil
}

// Login goes over STARTTLS; a refused one is the operator's to mend.
func TestSendLogsIn(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &receiver{}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &loginSession{smtpSession{receiver: r}}, nil
	}))
	server.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates}
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	listener := listen(t)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	for _, test := range []struct {
		name, password, ca string
		kind               channels.SendErrorKind
	}{
		{"right", "right", ca, ""},
		{"wrong password", "hunter2", ca, channels.SendMisconfigured},
		{"unknown certificate", "right", "", channels.SendRetry},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := testConfig(mailServer{})
			config.IMAP = IMAP{}
			config.SMTP = SMTP{Address: listener.Addr().String(), TLS: "starttls", Username: "u", Password: test.password, CAFile: test.ca}
			_, err := newAdapter(t, config).Send(context.Background(), acknowledgement())
			if kindOf(err) != test.kind {
				t.Errorf("error %v, want %q", err, test.kind)
			}
			if err != nil && strings.Contains(fmt.Sprintf("%v %v", err, errors.Unwrap(err)), "hunter2") {
				t.Errorf("the password leaked: %v", err)
			}
		})
	}
	if len(r.mails) != 1 {
		t.Errorf("%d mails, want 1", len(r.mails))
	}
}
