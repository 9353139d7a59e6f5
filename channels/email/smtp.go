package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	smtp "github.com/emersion/go-smtp"
)

// transport hands letters to the SMTP server. It is go-smtp's client and not
// go-mail's, which writes the letters: a null return path is not to be had
// from go-mail, and here each step of the dialogue is one call, so that it is
// plain which failure leaves the fate of a mail unknown.
type transport struct {
	address string
	mode    string
	tls     *tls.Config
	login   *login // nil: without authentication
	hello   string
	timeout time.Duration // for one answer
	now     func() time.Time

	mu     sync.Mutex
	idle   *smtpConn // kept for the next letter; at most one
	expiry *time.Timer
}

// idleTime is how long a connection is kept for the next letter; servers
// allow at least five minutes (RFC 5321 section 4.5.3.2.7).
const idleTime = 30 * time.Second

type smtpConn struct {
	*smtp.Client
	conn net.Conn
}

// step is how far the dialogue had come.
type step int

const (
	stepConnect step = iota
	stepLogin
	stepSender
	stepRecipient
	stepData
	stepSent // the end of the data was written; only the answer is missing
)

// stepError is a failure and where it happened.
type stepError struct {
	step step
	err  error
}

func (e *stepError) Error() string { return e.err.Error() }

func (e *stepError) Unwrap() error { return e.err }

// deliver sends one letter. Every error is a *stepError.
func (t *transport) deliver(ctx context.Context, l letter) error {
	c, err := t.connection(ctx)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.conn.Close() })
	err = c.dialogue(l)
	if !stop() || err != nil {
		_ = c.Close() // broken, about to be, or within an unfinished transaction
		return err
	}
	t.keep(c)
	return err
}

func (c *smtpConn) dialogue(l letter) error {
	international := strings.IndexFunc(l.from+l.to, func(r rune) bool { return r >= 0x80 }) >= 0
	if ok, _ := c.Extension("SMTPUTF8"); international && !ok {
		return &stepError{stepSender, errNoUTF8}
	}
	if err := c.Mail(l.from, &smtp.MailOptions{UTF8: international}); err != nil {
		return &stepError{stepSender, err}
	}
	if err := c.Rcpt(l.to, nil); err != nil {
		return &stepError{stepRecipient, err}
	}
	data, err := c.Data()
	if err != nil {
		return &stepError{stepData, err}
	}
	if _, err := data.Write(l.raw); err != nil {
		return &stepError{stepData, err} // without the final dot the server takes nothing
	}
	if err := data.Close(); err != nil {
		return &stepError{stepSent, err}
	}
	return nil
}

// connection is the kept one if it still answers, or a new one.
func (t *transport) connection(ctx context.Context) (*smtpConn, error) {
	if c := t.take(); c != nil {
		// Not RSET, after which go-smtp greets again; some servers refuse that.
		if err := c.Noop(); err == nil {
			return c, nil
		}
		_ = c.Close()
	}
	c, err := t.dial(ctx)
	var answer *smtp.SMTPError
	if step := (*stepError)(nil); errors.As(err, &step) && step.step == stepLogin && errors.As(err, &answer) && t.login.forget() {
		return t.dial(ctx) // the access token was refused: once with a new one
	}
	return c, err
}

func (t *transport) dial(ctx context.Context) (*smtpConn, error) {
	dialer := net.Dialer{Timeout: t.timeout}
	conn, err := dialer.DialContext(ctx, "tcp", t.address)
	if err != nil {
		return nil, &stepError{stepConnect, err}
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c, err := t.start(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return nil, &stepError{stepConnect, err}
	}
	c.CommandTimeout, c.SubmissionTimeout = t.timeout, 2*t.timeout
	if t.login == nil {
		return c, nil
	}
	if err := t.authenticate(ctx, c); err != nil {
		_ = c.Close()
		return nil, &stepError{stepLogin, err}
	}
	return c, nil
}

func (t *transport) start(ctx context.Context, conn net.Conn) (*smtpConn, error) {
	if err := conn.SetDeadline(time.Now().Add(t.timeout)); err != nil {
		return nil, err
	}
	var client *smtp.Client
	switch t.mode {
	case tlsStart:
		var err error
		if client, err = smtp.NewClientStartTLS(conn, t.tls); err != nil {
			return nil, err
		}
	case tlsImplicit:
		secure := tls.Client(conn, t.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		client = smtp.NewClient(secure)
	default:
		client = smtp.NewClient(conn)
	}
	client.CommandTimeout = t.timeout
	if err := client.Hello(t.hello); err != nil {
		return nil, err
	}
	return &smtpConn{client, conn}, nil
}

func (t *transport) authenticate(ctx context.Context, c *smtpConn) error {
	if t.login.oauth2 != nil {
		token, err := t.login.accessToken(ctx)
		if err != nil {
			return err
		}
		return c.Auth(xoauth2{t.login.username, token})
	}
	switch {
	case c.SupportsAuth(sasl.Plain):
		return c.Auth(sasl.NewPlainClient("", t.login.username, t.login.password))
	case c.SupportsAuth(sasl.Login):
		return c.Auth(sasl.NewLoginClient(t.login.username, t.login.password))
	}
	return errNoAuth
}

var (
	errNoAuth = errors.New("the server offers no way to log in by password")
	// errNoUTF8: an address needs SMTPUTF8 (RFC 6531).
	errNoUTF8 = errors.New("the server takes no address with other than ASCII letters")
)

// take returns the kept connection, if there is one.
func (t *transport) take() *smtpConn {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.idle
	t.idle = nil
	if t.expiry != nil {
		t.expiry.Stop()
	}
	return c
}

// keep holds on to c for a while; a second connection is closed.
func (t *transport) keep(c *smtpConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.idle != nil {
		_ = c.Close()
		return
	}
	t.idle = c
	t.expiry = time.AfterFunc(idleTime, t.close)
}

func (t *transport) close() {
	if c := t.take(); c != nil {
		_ = c.Quit()
	}
}
