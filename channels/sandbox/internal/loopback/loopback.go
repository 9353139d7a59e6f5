// Package loopback keeps the sandbox on this machine: it listens on, and calls,
// loopback addresses only.
package loopback

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// Check reports whether addr ("host:port") is on this machine only. Of names
// it takes "localhost"; an empty host means all interfaces and is refused.
func Check(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address %q: %w", addr, err)
	}
	if strings.EqualFold(host, "localhost") {
		return nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.Unmap().IsLoopback() {
		return fmt.Errorf("the sandbox has no sign-in, so it listens on loopback only: use 127.0.0.1 in place of %q", addr)
	}
	return nil
}

// Listen opens a TCP listener after Check. An empty addr is any free port of
// 127.0.0.1.
func Listen(addr string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	if err := Check(addr); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	return listener, nil
}

// Caller posts webhooks to the app as if it stood behind its public address.
type Caller struct {
	client *http.Client

	mu     sync.RWMutex
	public string
	target string
}

// NewCaller returns a caller that reaches loopback addresses only.
func NewCaller() *Caller {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return Check(address)
	}}
	return &Caller{client: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 8},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// Route says where the app really listens: a URL below public is called at
// target instead, with the public host in its Host header. Both without a
// trailing slash; an empty target is the public URL itself.
func (c *Caller) Route(public, target string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.public, c.target = strings.TrimSuffix(public, "/"), strings.TrimSuffix(target, "/")
}

// Post sends body to url and returns the status of the answer.
func (c *Caller) Post(ctx context.Context, url string, header http.Header, body string) (int, error) {
	c.mu.RLock()
	reached := url
	if rest, ok := strings.CutPrefix(url, c.public); ok && c.target != "" && strings.HasPrefix(rest, "/") {
		reached = c.target + rest
	}
	c.mu.RUnlock()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return 0, fmt.Errorf("webhook address: %w", err)
	}
	host := request.URL.Host
	request, err = http.NewRequestWithContext(ctx, http.MethodPost, reached, strings.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("webhook address: %w", err)
	}
	request.Host = host
	request.Header = header
	response, err := c.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("calling the webhook: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)) // only the status counts
	return response.StatusCode, nil
}

// Close drops idle connections.
func (c *Caller) Close() { c.client.CloseIdleConnections() }
