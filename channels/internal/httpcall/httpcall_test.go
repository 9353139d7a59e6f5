package httpcall_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels/internal/httpcall"
)

func TestCallBoundsTheAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 100))
	}))
	defer server.Close()
	for limit, want := range map[int64]error{99: httpcall.ErrTooLarge, 100: nil} {
		call := httpcall.New(t.Context(), nil, limit)
		resp, err := call.Do(request(t, server.URL))
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(resp.Body)
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if !errors.Is(err, want) {
			t.Errorf("limit %d: %v, want %v", limit, err, want)
		}
	}
}

func TestUnsent(t *testing.T) {
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	tests := map[string]struct {
		ctx    context.Context
		url    string
		unsent bool
	}{
		"nobody listens":      {t.Context(), gone.URL + "/secret", true},
		"cancelled before":    {cancelled, cut.URL + "/secret", true},
		"cut after the write": {t.Context(), cut.URL + "/secret", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			call := httpcall.New(tt.ctx, nil, 1)
			resp, err := call.Do(request(t, tt.url))
			if err == nil {
				_ = resp.Body.Close()
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("error tells the address: %v", err)
			}
			if call.Unsent() != tt.unsent {
				t.Errorf("unsent = %v after %v", call.Unsent(), err)
			}
		})
	}
}

func TestRetryAt(t *testing.T) {
	now := time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)
	tests := map[string]time.Time{
		"":                              {},
		"30":                            now.Add(30 * time.Second),
		"-1":                            {},
		"soon":                          {},
		"99999999":                      now.Add(24 * time.Hour),
		"Mon, 04 Jan 2027 09:01:00 GMT": now.Add(time.Minute),
		"Mon, 04 Jan 2026 09:01:00 GMT": {},
		"Mon, 04 Jan 2037 09:01:00 GMT": now.Add(24 * time.Hour),
	}
	for value, want := range tests {
		call := &httpcall.Call{Header: http.Header{"Retry-After": {value}}}
		if got := call.RetryAt(now); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func request(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("x=1"))
	if err != nil {
		t.Fatal(err)
	}
	return req
}
