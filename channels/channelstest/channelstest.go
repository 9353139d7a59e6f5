// Package channelstest is the suite that every adapter passes: what the
// pipeline relies on whatever the provider.
package channelstest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels"
)

// patience is how long a call may take that should return at once.
const patience = 10 * time.Second

// Harness is an adapter with a provider that the test plays.
type Harness struct {
	// New returns an adapter that logs to logger and whose provider takes every
	// message. It is called for each test anew and cleans up by t.
	New func(t *testing.T, logger *slog.Logger) channels.Adapter
	// Outbound is a message that the provider takes. To and Text must be long
	// enough to be recognised where they must not appear.
	Outbound channels.Outbound
	// Faults are what the provider may do instead, at least one of each kind
	// that the adapter tells apart.
	Faults []Fault
	// Stalled returns an adapter whose provider takes a message and never
	// answers, and a channel that is closed once it took one. nil: not tested.
	Stalled func(t *testing.T, logger *slog.Logger) (channels.Adapter, <-chan struct{})
	// Secrets are tokens and passwords given to the adapter.
	Secrets []string

	// Inbound is a genuine message, for an adapter that reads. It has a sender.
	Inbound channels.Inbound
	// WebhookPath is where an adapter with a webhook takes messages; empty: none.
	WebhookPath string
}

// Fault is one thing a provider does other than taking a message.
type Fault struct {
	Name string
	New  func(t *testing.T, logger *slog.Logger) channels.Adapter
	// Outbound is the message to send; nil: that of the Harness.
	Outbound *channels.Outbound
	Want     channels.SendErrorKind
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Run("name and format", h.testNameAndFormat)
	t.Run("a message is taken", h.testSend)
	t.Run("faults", h.testFaults)
	t.Run("cancelled before the call", h.testCancelled)
	t.Run("cancelled while the provider is silent", h.testStalled)
	t.Run("pace", h.testPace)
	t.Run("read", h.testRead)
	t.Run("read garbage", h.testGarbage)
	t.Run("webhook", h.testWebhook)
}

func (h Harness) testNameAndFormat(t *testing.T) {
	log := newLog(t, h)
	a := h.New(t, log.logger())
	if name := a.Name(); name.Channel == "" || name.Account == "" {
		t.Errorf("name = %+v, want a channel and an account", name)
	}
	f := a.Format()
	switch f.Medium {
	case "email", "sms", "chat":
	default:
		t.Errorf("medium = %q, want a template family", f.Medium)
	}
	if f.MaxText < 0 {
		t.Errorf("longest text = %d", f.MaxText)
	}
	if c, ok := a.(channels.Checker); ok && c.Health().Name != a.Name() {
		t.Errorf("health is of %+v, want %+v", c.Health().Name, a.Name())
	}
}

func (h Harness) testSend(t *testing.T) {
	log := newLog(t, h)
	receipt, err := h.New(t, log.logger()).Send(t.Context(), h.Outbound)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	if receipt.ProviderID == "" {
		t.Error("the receipt names no message")
	}
	if receipt.State != channels.DeliverySent && receipt.State != channels.DeliveryDelivered {
		t.Errorf("state = %q", receipt.State)
	}
}

func (h Harness) testFaults(t *testing.T) {
	for _, f := range h.Faults {
		t.Run(f.Name, func(t *testing.T) {
			log := newLog(t, h)
			out := h.Outbound
			if f.Outbound != nil {
				out = *f.Outbound
			}
			_, err := f.New(t, log.logger()).Send(t.Context(), out)
			if got := log.sendError(t, err); got.Kind != f.Want {
				t.Errorf("kind = %s, want %s: %v", got.Kind, f.Want, err)
			}
		})
	}
}

func (h Harness) testCancelled(t *testing.T) {
	log := newLog(t, h)
	a := h.New(t, log.logger())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := within(t, func() error {
		_, err := a.Send(ctx, h.Outbound)
		return err
	})
	if got := log.sendError(t, err); got.Kind != channels.SendRetry {
		t.Errorf("kind = %s, want retry: nothing was sent", got.Kind)
	}
}

func (h Harness) testStalled(t *testing.T) {
	if h.Stalled == nil {
		t.Skip("no silent provider")
	}
	log := newLog(t, h)
	a, reached := h.Stalled(t, log.logger())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		select {
		case <-reached:
		case <-time.After(patience):
		}
		cancel()
	}()
	err := within(t, func() error {
		_, err := a.Send(ctx, h.Outbound)
		return err
	})
	if got := log.sendError(t, err); got.Kind != channels.SendUncertain {
		t.Errorf("kind = %s, want uncertain: it may have been sent", got.Kind)
	}
}

func (h Harness) testPace(t *testing.T) {
	a, ok := h.New(t, newLog(t, h).logger()).(channels.Pacer)
	if !ok {
		t.Skip("not paced")
	}
	long := h.Outbound
	long.Text = strings.Repeat("word ", 5000)
	for _, out := range []channels.Outbound{h.Outbound, long, {To: h.Outbound.To}} {
		for _, c := range a.Pace(out) {
			if c.Scope == "" || c.Units <= 0 || c.PerSecond <= 0 {
				t.Errorf("charge %+v", c)
			}
			if c.Burst < c.Units {
				t.Errorf("charge %+v can never be paid", c)
			}
		}
	}
}

// within calls f and fails when it does not return in time.
func within(t *testing.T, f func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("did not return in time")
		return nil
	}
}

// log collects what an adapter logs, and checks it when the test ends.
type log struct {
	forbidden []string

	mu  sync.Mutex
	buf bytes.Buffer
}

func newLog(t *testing.T, h Harness) *log {
	l := &log{}
	for _, s := range append([]string{h.Outbound.To, h.Outbound.Text, h.Inbound.Sender}, h.Secrets...) {
		if s != "" {
			l.forbidden = append(l.forbidden, s)
		}
	}
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.check(t, "the log", l.buf.String())
	})
	return l
}

func (l *log) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write implements io.Writer for the logger.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// check fails when text holds a secret, an address or a message.
func (l *log) check(t *testing.T, where, text string) {
	t.Helper()
	for _, s := range l.forbidden {
		if strings.Contains(text, s) {
			t.Errorf("%s holds %q", where, s)
		}
	}
}

// sendError checks what every error of Send must be.
func (l *log) sendError(t *testing.T, err error) *channels.SendError {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("error is no *channels.SendError: %v", err)
	}
	if se.Text == "" {
		t.Error("the error has no text for staff")
	}
	l.check(t, "the error's text", se.Text+" "+se.Code)
	for e := err; e != nil; e = errors.Unwrap(e) {
		l.check(t, "the error", e.Error())
	}
	return se
}
