package app

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels"
)

// A stop ends open streams after two seconds; a message that a provider is
// handing over just then is accepted all the same.
func TestAMessageInHandOutlastsAStop(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gate := NewGate(t.Context(), listener)
	begun, stopping := make(chan struct{}), make(chan struct{})
	accept := seenThrough(func(ctx context.Context, _ ...channels.Inbound) error {
		close(begun)
		<-stopping
		return ctx.Err()
	})
	gate.Open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := accept(r.Context()); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	gate.end() // as Drain does while the request is in hand
	answer := make(chan int, 1)
	go func() {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+listener.Addr().String(), http.NoBody)
		if err != nil {
			t.Error(err)
		}
		resp, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			close(answer)
			return
		}
		_ = resp.Body.Close()
		answer <- resp.StatusCode
	}()
	<-begun
	drained := make(chan struct{})
	go func() { defer close(drained); gate.Drain(t.Context()) }()
	close(stopping)
	if status := <-answer; status != http.StatusOK {
		t.Errorf("status %d, want 200", status)
	}
	select {
	case <-drained:
	case <-time.After(10 * time.Second):
		t.Error("the gate did not drain")
	}
}
