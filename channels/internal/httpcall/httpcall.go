// Package httpcall makes one call to a provider's HTTP API so that the sender
// knows afterwards whether the call can have had an effect. The clients of the
// providers' libraries take no context and hide status and headers; a Call is
// put under them.
package httpcall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// ErrTooLarge says that an answer was larger than allowed.
var ErrTooLarge = errors.New("answer is too large")

// Call is one HTTP exchange. Make one per request with New.
type Call struct {
	// Status and Header are those of the answer; zero while there is none.
	Status int
	Header http.Header

	ctx      context.Context
	client   *http.Client
	maxBytes int64

	begun bool
	// The dialling goroutine of the transport may outlive the call.
	asked     atomic.Bool // the transport was asked for a connection
	connected atomic.Bool // it had one
}

// New prepares a call under ctx, which bounds its time. Answers are cut off
// with ErrTooLarge after maxBytes. Redirects are not followed, since the
// request carries credentials.
func New(ctx context.Context, client *http.Client, maxBytes int64) *Call {
	own := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if client != nil {
		own.Transport = client.Transport
	}
	return &Call{ctx: ctx, client: &own, maxBytes: maxBytes}
}

// Do makes the call. Its errors name neither the address, which may hold a
// secret, nor anything else of the request.
func (c *Call) Do(req *http.Request) (*http.Response, error) {
	trace := &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.connected.Store(true) },
	}
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	c.begun = true
	resp, err := c.client.Do(req.WithContext(httptrace.WithClientTrace(c.ctx, trace)))
	if err != nil {
		return nil, WithoutURL(err)
	}
	c.Status, c.Header = resp.StatusCode, resp.Header
	resp.Body = &bounded{body: resp.Body, left: c.maxBytes}
	return resp, nil
}

// RoundTrip is Do, for libraries that take a transport.
func (c *Call) RoundTrip(req *http.Request) (*http.Response, error) { return c.Do(req) }

// Unsent reports whether the request surely never left: the call was not made,
// or no connection came about.
func (c *Call) Unsent() bool {
	return !c.begun || c.asked.Load() && !c.connected.Load()
}

// RetryAt reads the answer's Retry-After (RFC 9110 section 10.2.3): seconds or
// a date. It is zero where there is none; never more than a day off.
func (c *Call) RetryAt(now time.Time) time.Time {
	value := c.Header.Get("Retry-After")
	if value == "" {
		return time.Time{}
	}
	at := now.Add(24 * time.Hour)
	if seconds, err := strconv.Atoi(value); err == nil {
		if seconds < 0 {
			return time.Time{}
		}
		if seconds < 24*60*60 {
			at = now.Add(time.Duration(seconds) * time.Second)
		}
		return at
	}
	date, err := http.ParseTime(value)
	if err != nil || date.Before(now) {
		return time.Time{}
	}
	if date.Before(at) {
		return date
	}
	return at
}

// WithoutURL takes the address, which may hold a secret, out of an error of net/http.
func WithoutURL(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		return fmt.Errorf("call the provider: %w", ue.Err)
	}
	return err
}

// bounded fails once more than left bytes were read, where io.LimitReader
// would pass a cut answer off as a whole one.
type bounded struct {
	body io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n, ErrTooLarge
	}
	return n, err
}

func (b *bounded) Close() error { return b.body.Close() }
