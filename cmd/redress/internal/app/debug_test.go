package app

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestProfilesAreServedOnTheirOwnAddressOnly(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := ServeDebug(t.Context(), address); err == nil || !strings.HasPrefix(err.Error(), "debug.listen: ") {
		t.Errorf("a port in use: %v", err)
	}
	_ = listener.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := ServeDebug(ctx, address); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/debug/pprof/goroutine?debug=1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); !strings.Contains(string(body), "goroutine profile:") {
		t.Errorf("answer %s: %.100s", response.Status, body)
	}
}
