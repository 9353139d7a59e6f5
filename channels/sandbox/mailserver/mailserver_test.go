package mailserver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/wneessen/go-mail"
	"go.uber.org/goleak"

	"github.com/redress-cms/redress/channels/sandbox/mailserver"
)

const (
	complaints = "complaints@city.example"
	meera      = "meera@home.example"
)

// The IMAP library's server waits for ever for its own lock when a connection
// breaks while it writes an answer; that leak is not ours.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/emersion/go-imap/v2/imapserver.(*Conn).serve"))
}

func start(t *testing.T) *mailserver.Server {
	t.Helper()
	s, err := mailserver.Start(mailserver.Config{
		Complaints: mailserver.Account{Address: complaints, Login: "complaints", Password: "password"},
		People:     []mailserver.Account{{Name: "Meera Iyer", Address: meera, Password: "password"}},
		AuthServID: "mx.city.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// dial signs in to IMAP; news gets a signal at each new message.
func dial(t *testing.T, s *mailserver.Server, user string) (c *imapclient.Client, news chan uint32) {
	t.Helper()
	news = make(chan uint32, 10)
	c, err := imapclient.DialInsecure(s.IMAPAddress(), &imapclient.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(data *imapclient.UnilateralDataMailbox) {
				if data.NumMessages != nil {
					news <- *data.NumMessages
				}
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(user, "password").Wait(); err != nil {
		t.Fatal(err)
	}
	return c, news
}

func send(s *mailserver.Server, to, subject, inReplyTo, text string) error {
	m := mail.NewMsg()
	if err := errors.Join(m.From(complaints), m.To(to)); err != nil {
		return err
	}
	m.Subject(subject)
	m.SetGenHeader("In-Reply-To", "<"+inReplyTo+">")
	m.SetGenHeader("Auto-Submitted", "auto-replied")
	m.SetBodyString(mail.TypeTextPlain, text)
	host, port, _ := net.SplitHostPort(s.SMTPAddress())
	var number int
	_, _ = fmt.Sscan(port, &number)
	c, err := mail.NewClient(host, mail.WithPort(number), mail.WithTLSPolicy(mail.NoTLS), mail.WithoutNoop(),
		mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername("complaints"), mail.WithPassword("password"))
	if err != nil {
		return err
	}
	return c.DialAndSend(m)
}

func TestCitizenWritesAndIsAnswered(t *testing.T) {
	s := start(t)
	reader, news := dial(t, s, "complaints")
	box, err := reader.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	idle, err := reader.Idle()
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Write(mailserver.Letter{FromName: "Meera Iyer", From: meera, Subject: "पानी का रिसाव", Body: "Water is leaking\nsince yesterday"})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case n := <-news:
		if n != 1 {
			t.Errorf("IDLE told of %d messages", n)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("IDLE told of nothing")
	}
	if err := errors.Join(idle.Close(), idle.Wait()); err != nil {
		t.Fatal(err)
	}
	section := &imap.FetchItemBodySection{Peek: true}
	got, err := reader.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil || len(got) != 1 {
		t.Fatalf("fetched %d, %v", len(got), err)
	}
	raw := string(got[0].FindBodySection(section))
	header, _, _ := strings.Cut(raw, "\r\n\r\n")
	for _, want := range []string{
		"Authentication-Results: mx.city.example; dmarc=pass header.from=home.example\r\n",
		"Message-Id: <" + id + ">\r\n", "MIME-Version: 1.0\r\n", "Date: ",
	} {
		if !strings.Contains(strings.ToLower(header), strings.ToLower(want)) {
			t.Errorf("the header has no %q:\n%s", want, header)
		}
	}
	if strings.Count(raw, "\n") != strings.Count(raw, "\r\n") {
		t.Error("lines end with a bare LF")
	}
	if box.UIDValidity < 1_000_000 {
		t.Errorf("UIDVALIDITY %d would be met again after a restart", box.UIDValidity)
	}

	if err := send(s, meera, "[C-7K2M-9QXT] पानी का रिसाव", id, "We have it."); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	answer, err := s.AwaitMail(ctx, meera, func(m mailserver.Mail) bool { return !m.Outgoing })
	if err != nil {
		t.Fatal(err)
	}
	if answer.InReplyTo != id || !answer.Automatic || answer.Subject != "[C-7K2M-9QXT] पानी का रिसाव" || strings.TrimSpace(answer.Text) != "We have it." {
		t.Errorf("answer %+v", answer)
	}
	if sent := s.Sent(); len(sent) != 1 || sent[0].From != complaints || !slices.Equal(sent[0].To, []string{meera}) {
		t.Errorf("sent %+v", sent)
	}

	if _, err := s.Reply(meera, answer.ID, "still leaking"); err != nil {
		t.Fatal(err)
	}
	inbox := s.Mailbox(complaints)
	reply := inbox[len(inbox)-1]
	if reply.InReplyTo != answer.ID || !slices.Contains(reply.Refs, answer.ID) || !strings.HasPrefix(reply.Subject, "Re: ") ||
		!strings.Contains(reply.Text, "> We have it.") {
		t.Errorf("reply %+v", reply)
	}
	if own := s.Mailbox(meera); len(own) != 3 || !own[0].Outgoing || own[1].Outgoing || !own[2].Outgoing {
		t.Errorf("Meera's mailbox has %d mails", len(own))
	}
}

func TestCitizenReadsByIMAP(t *testing.T) {
	s := start(t)
	if err := send(s, meera, "hello", "x@y", "text"); err != nil {
		t.Fatal(err)
	}
	c, _ := dial(t, s, meera)
	status, err := c.Status("INBOX", &imap.StatusOptions{NumMessages: true, UIDValidity: true}).Wait()
	if err != nil || *status.NumMessages != 1 {
		t.Errorf("status %+v, %v", status, err)
	}
}

func TestUIDValidityChanges(t *testing.T) {
	s := start(t)
	c, _ := dial(t, s, "complaints")
	before, err := c.Select("INBOX", nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	s.ChangeUIDValidity()
	if err := c.Noop().Wait(); err == nil {
		t.Error("the old connection still works")
	}
	c, _ = dial(t, s, "complaints")
	after, err := c.Select("INBOX", nil).Wait()
	if err != nil || after.UIDValidity <= before.UIDValidity {
		t.Errorf("UIDVALIDITY %d after %d, %v", after.UIDValidity, before.UIDValidity, err)
	}
}

func TestSMTPRefusals(t *testing.T) {
	tests := []struct {
		name string
		to   string
		set  func(*mailserver.Server)
		code int // 0: the connection is cut
		kept int
	}{
		{name: "no such mailbox", to: "nobody@city.example", code: 550},
		{name: "recipient for now", to: meera, code: 451, set: func(s *mailserver.Server) {
			s.FailNext(1, mailserver.SMTPFault{Code: 451, Enhanced: [3]int{4, 7, 1}, Text: "Greylisted", AtRcpt: true})
		}},
		{name: "message for good", to: meera, code: 554, set: func(s *mailserver.Server) {
			s.FailNext(1, mailserver.SMTPFault{Code: 554, Enhanced: [3]int{5, 7, 1}, Text: "Refused"})
		}},
		{name: "sign in first", to: meera, code: 502, set: func(s *mailserver.Server) { s.RequireAuth() }},
		{name: "cut after accept", to: meera, kept: 1, set: func(s *mailserver.Server) {
			s.FailNext(1, mailserver.SMTPFault{CutAfterAccept: true})
		}},
		{name: "stranger outside the city", to: "ravi@elsewhere.example", code: 250, kept: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			if test.set != nil {
				test.set(s)
			}
			err := smtp.SendMail(s.SMTPAddress(), nil, complaints, []string{test.to}, []byte("Subject: x\r\n\r\ntext\r\n"))
			var refused *textproto.Error
			switch {
			case test.code == 250 && err != nil:
				t.Errorf("refused: %v", err)
			case test.code == 0 && !errors.Is(err, io.EOF):
				t.Errorf("error %v, want a cut connection", err)
			case test.code > 250 && (!errors.As(err, &refused) || refused.Code != test.code):
				t.Errorf("error %v, want %d", err, test.code)
			}
			if n := len(s.Mailbox(test.to)); n != test.kept {
				t.Errorf("%d mails kept, want %d", n, test.kept)
			}
		})
	}
}

func TestForgedResults(t *testing.T) {
	s := start(t)
	raw, _, err := s.Compose(mailserver.Letter{From: meera, Subject: "x", Body: "y"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.DeliverWith(raw, "Authentication-Results: mx.city.example; dmarc=fail header.from=home.example"); err != nil {
		t.Fatal(err)
	}
	got := string(s.Mailbox(complaints)[0].Raw)
	if !strings.HasPrefix(got, "Authentication-Results: mx.city.example; dmarc=fail") || strings.Contains(got, "dmarc=pass") {
		t.Errorf("delivered:\n%s", got)
	}
}

func TestAttachments(t *testing.T) {
	s := start(t)
	_, err := s.Write(mailserver.Letter{From: meera, Subject: "photo", Body: "see",
		Attachments: []mailserver.Attachment{{Filename: "pipe.jpg", ContentType: "image/jpeg", Data: []byte("picture")}}})
	if err != nil {
		t.Fatal(err)
	}
	got := s.Mailbox(complaints)[0]
	if strings.TrimSpace(got.Text) != "see" || !strings.Contains(string(got.Raw), `filename=pipe.jpg`) {
		t.Errorf("delivered:\n%s", got.Raw)
	}
}

func TestWrongPassword(t *testing.T) {
	s := start(t)
	c, err := imapclient.DialInsecure(s.IMAPAddress(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("complaints", "guess").Wait(); err == nil {
		t.Error("signed in with a wrong password")
	}
	host, _, _ := net.SplitHostPort(s.SMTPAddress())
	auth := smtp.PlainAuth("", "complaints", "guess", host)
	if err := smtp.SendMail(s.SMTPAddress(), auth, complaints, []string{meera}, []byte("x")); err == nil {
		t.Error("sent with a wrong password")
	}
}
