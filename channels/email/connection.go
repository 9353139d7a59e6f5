package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// watched is a connection that ends when the server stays silent for longer
// than allowed. go-imap has no timeout of its own for a command's answer: the
// deadlines it sets are ignored, and each Read sets ours anew, so that a long
// mail that arrives slowly is no stall.
type watched struct {
	net.Conn
	allowed atomic.Int64 // time.Duration
	stalled atomic.Bool
}

func (w *watched) Read(b []byte) (int, error) {
	if err := w.Conn.SetReadDeadline(time.Now().Add(time.Duration(w.allowed.Load()))); err != nil {
		return 0, err
	}
	n, err := w.Conn.Read(b)
	if isTimeout(err) {
		w.stalled.Store(true)
		_ = w.Close() // go-imap would try again several times
	}
	return n, err
}

// explain names a stall, which go-imap's errors do not.
func (w *watched) explain(err error) error {
	if err != nil && w.stalled.Load() {
		return &fault{text: "the server does not answer", err: err}
	}
	return err
}

func (w *watched) SetReadDeadline(time.Time) error { return nil }

// allow sets how long the server may be silent from now on. It also holds for
// a Read that is waiting already.
func (w *watched) allow(d time.Duration) {
	w.allowed.Store(int64(d))
	_ = w.Conn.SetReadDeadline(time.Now().Add(d)) // a closed connection fails at its next Read
}

// connect opens, secures and authenticates a connection and selects the mailbox.
func (a *Adapter) connect(ctx context.Context) (*mailbox, error) {
	c := a.config.IMAP
	dialer := net.Dialer{Timeout: a.config.StallTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return nil, fmt.Errorf("connect to the mailbox: %w", err)
	}
	w := &watched{Conn: conn}
	w.allow(a.config.StallTimeout)
	box := &mailbox{adapter: a, conn: w, arrived: make(chan struct{}, 1)}
	box.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	if err := box.open(ctx); err != nil {
		box.close()
		return nil, w.explain(err)
	}
	return box, nil
}

func (b *mailbox) open(ctx context.Context) error {
	var err error
	if b.client, err = b.start(ctx); err != nil {
		return fmt.Errorf("greet the server: %w", err)
	}
	if err := b.login(ctx); err != nil {
		return loginFault(err)
	}
	c := b.adapter.config.IMAP
	data, err := b.client.Select(c.Mailbox, &imap.SelectOptions{ReadOnly: c.After == afterKeep}).Wait()
	if err != nil {
		var answer *imap.Error
		if errors.As(err, &answer) {
			return &fault{text: "the mailbox cannot be opened: check its name", err: err}
		}
		return fmt.Errorf("open the mailbox: %w", err)
	}
	b.validity = data.UIDValidity
	return nil
}

// start sets up TLS and reads the greeting.
func (b *mailbox) start(ctx context.Context) (*imapclient.Client, error) {
	a := b.adapter
	options := &imapclient.Options{TLSConfig: a.imapTLS, UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages == nil {
				return
			}
			select {
			case b.arrived <- struct{}{}:
			default:
			}
		},
	}}
	switch a.config.IMAP.TLS {
	case tlsStart:
		return imapclient.NewStartTLS(b.conn, options)
	case tlsNone:
		client := imapclient.New(b.conn, options)
		return client, client.WaitGreeting()
	}
	secure := tls.Client(b.conn, a.imapTLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	client := imapclient.New(secure, options)
	return client, client.WaitGreeting()
}

func (b *mailbox) login(ctx context.Context) error {
	user := b.adapter.imapLogin
	if user.oauth2 != nil {
		token, err := user.accessToken(ctx)
		if err != nil {
			return err
		}
		return b.client.Authenticate(xoauth2{user.username, token})
	}
	caps := b.client.Caps()
	if caps.Has(imap.CapLoginDisabled) && caps.Has(imap.AuthCap(sasl.Plain)) {
		return b.client.Authenticate(sasl.NewPlainClient("", user.username, user.password))
	}
	return b.client.Login(user.username, user.password).Wait()
}
