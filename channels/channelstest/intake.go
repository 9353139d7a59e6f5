package channelstest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redress-cms/redress/channels"
)

const (
	bodySize = 64 << 20 // bytes of a body that no webhook should read whole
	bodyRead = 32 << 20
)

func (h Harness) testRead(t *testing.T) {
	log := newLog(t, h)
	a, ok := h.New(t, log.logger()).(channels.Reader)
	if !ok || h.Inbound.Raw == nil {
		t.Skip("nothing to read")
	}
	msg, err := a.Read(t.Context(), h.Inbound)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if msg.From.Address != h.Inbound.Sender {
		t.Errorf("from %q, want %q", msg.From.Address, h.Inbound.Sender)
	}
	again, err := a.Read(t.Context(), h.Inbound)
	if err != nil || again.Text != msg.Text {
		t.Errorf("read again: %q, %v; want %q", again.Text, err, msg.Text)
	}
}

// testGarbage: whatever came in, reading it gives a message or the finding that
// it is unreadable; the pipeline then keeps it and goes on.
func (h Harness) testGarbage(t *testing.T) {
	log := newLog(t, h)
	a, ok := h.New(t, log.logger()).(channels.Reader)
	if !ok {
		t.Skip("nothing to read")
	}
	raw := h.Inbound.Raw
	flipped := bytes.Clone(raw)
	for i := range flipped {
		if i%7 == 3 {
			flipped[i] ^= 0x55
		}
	}
	garbage := map[string][]byte{
		"nothing":              nil,
		"NUL":                  {0},
		"no UTF-8":             {0xff, 0xfe, 0x80, 0xc0},
		"percent signs":        []byte("%%%=%zz&=;&&"),
		"a brace":              []byte("{"),
		"deep nesting":         []byte(strings.Repeat("[", 100_000)),
		"null":                 []byte("null"),
		"other JSON":           []byte(`{"message":{"chat":null,"from":null}}`),
		"a long line":          bytes.Repeat([]byte("A"), 4<<20),
		"line breaks":          bytes.Repeat([]byte("\r\n"), 1<<20),
		"half a message":       raw[:len(raw)/2],
		"a damaged message":    flipped,
		"a message twice over": append(bytes.Clone(raw), raw...),
	}
	for name, raw := range garbage {
		t.Run(name, func(t *testing.T) {
			in := h.Inbound
			in.Raw = raw
			err := within(t, func() error {
				_, err := a.Read(t.Context(), in)
				return err
			})
			if err != nil && !errors.Is(err, channels.ErrUnreadable) {
				t.Errorf("error is not ErrUnreadable: %v", err)
			}
		})
	}
}

// testWebhook: without the provider's proof nothing is stored, and a body
// without end is not read to its end.
func (h Harness) testWebhook(t *testing.T) {
	a, ok := h.New(t, newLog(t, h).logger()).(channels.Webhook)
	if !ok || h.WebhookPath == "" {
		t.Skip("no webhook")
	}
	mux := http.NewServeMux()
	a.Routes(mux, func(context.Context, ...channels.Inbound) error {
		t.Error("a message without proof was accepted")
		return nil
	})
	post := func(body *zeroes, contentType string) int {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, h.WebhookPath, body)
		req.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		return w.Code
	}
	small, large := &zeroes{left: 100}, &zeroes{left: bodySize}
	if code := post(small, h.Inbound.ContentType); code != http.StatusForbidden {
		t.Errorf("without proof: %d, want 403", code)
	}
	if code := post(large, h.Inbound.ContentType); code < 400 || code > 499 {
		t.Errorf("oversized: %d, want a refusal", code)
	}
	if read := bodySize - large.left; read > bodyRead {
		t.Errorf("%d bytes of an oversized body were read", read)
	}
}

// zeroes is a body of so many bytes.
type zeroes struct{ left int }

func (z *zeroes) Read(p []byte) (int, error) {
	n := min(len(p), z.left)
	if n == 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	z.left -= n
	return n, nil
}
