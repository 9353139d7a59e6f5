package sms_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/sms"
)

func TestSendAsksForStatusAndSetsValidity(t *testing.T) {
	p := newProvider(t, nil)
	a := newAdapter(t, config(p.URL))
	receipt, err := a.Send(t.Context(), channels.Outbound{To: citizen, Text: "It is fixed.", ExpiresAt: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	got := p.messages()[0]
	for key, want := range map[string]string{
		"To": citizen, "From": ourNumber, "Body": "It is fixed.", "ValidityPeriod": "3600",
		"StatusCallback": publicURL + "/webhooks/sms/main/status", "Sid": receipt.ProviderID,
	} {
		if got.Get(key) != want {
			t.Errorf("%s = %q, want %q", key, got.Get(key), want)
		}
	}
	if receipt.Segments != 1 {
		t.Errorf("segments = %d", receipt.Segments)
	}
}

func TestSendByWhatsApp(t *testing.T) {
	p := newProvider(t, nil)
	c := config(p.URL)
	c.Numbers, c.WhatsAppNumbers = nil, []string{"+15550002222"}
	a := newAdapter(t, c)
	if _, err := a.Send(t.Context(), channels.Outbound{To: citizen, Text: "It is fixed."}); err != nil {
		t.Fatal(err)
	}
	got := p.messages()[0]
	if got.Get("To") != "whatsapp:"+citizen || got.Get("From") != "whatsapp:+15550002222" {
		t.Errorf("from %q to %q", got.Get("From"), got.Get("To"))
	}
}

// An emoji or 1,601 characters: within limits, segments counted as UCS-2.
func TestSendKeepsToTheLimits(t *testing.T) {
	words := strings.TrimSpace(strings.Repeat("leaking ", 250))
	tests := map[string]struct {
		text            string
		parts, segments int
	}{
		"one emoji":         {"Thank you 😀", 1, 1},
		"71 units by emoji": {strings.Repeat("a", 69) + "😀", 1, 2},
		"1,601 characters":  {strings.Repeat("a", 1601), 2, 12},
		"long with words":   {words, 2, 14},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, nil)
			receipt, err := newAdapter(t, config(p.URL)).Send(t.Context(), channels.Outbound{To: citizen, Text: tt.text})
			if err != nil {
				t.Fatal(err)
			}
			sent := p.messages()
			if len(sent) != tt.parts || receipt.Segments != tt.segments {
				t.Errorf("%d parts, %d segments; want %d, %d", len(sent), receipt.Segments, tt.parts, tt.segments)
			}
			for _, m := range sent {
				body := m.Get("Body")
				if n := len(utf16.Encode([]rune(body))); n > 1600 {
					t.Errorf("a part has %d characters", n)
				}
				if tt.text == words && strings.Trim(strings.TrimLeft(body, "(/)12"), "leaking ") != "" {
					t.Errorf("a word was cut: …%q", body[len(body)-20:])
				}
			}
		})
	}
}

func TestSendOfAPartFailsAfterAnother(t *testing.T) {
	var p *provider
	calls := 0
	p = newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			p.take(w, r)
			return
		}
		fail(429, 20429, http.Header{"Retry-After": {"30"}})(w, r)
	})
	a := newAdapter(t, config(p.URL))
	out := channels.Outbound{To: citizen, Text: strings.Repeat("a", 1601)}
	_, err := a.Send(t.Context(), out)
	if se := channels.AsSendError(err); se.Kind != channels.SendUncertain || !strings.Contains(se.Text, "1 of 2 parts") {
		t.Errorf("error = %v, want uncertain: sending it again would send the first part twice", err)
	}
	if _, found, err := a.Reconcile(t.Context(), out, now); found || err == nil {
		t.Errorf("reconcile: found %v, %v; want an error, since half of it was sent", found, err)
	}
}

func TestSendHonoursRetryAfter(t *testing.T) {
	p := newProvider(t, fail(429, 20429, http.Header{"Retry-After": {"30"}}))
	_, err := newAdapter(t, config(p.URL)).Send(t.Context(), channels.Outbound{To: citizen, Text: "x"})
	se := channels.AsSendError(err)
	if se.Kind != channels.SendRetry || se.Scope != "account" || !se.RetryAt.Equal(now.Add(30*time.Second)) {
		t.Errorf("%+v, want the account to wait 30 s", se)
	}
}

func TestSendKeepsOneNumberPerRecipient(t *testing.T) {
	p := newProvider(t, nil)
	c := config(p.URL)
	c.Numbers = []string{"+15550001111", "+15550001112", "+15550001113"}
	a := newAdapter(t, c)
	from := map[string]string{}
	used := map[string]bool{}
	for range 2 {
		for _, to := range []string{"+15551110001", "+15551110002", "+15551110003", "+15551110004", "+15551110005", "+15551110006"} {
			if _, err := a.Send(t.Context(), channels.Outbound{To: to, Text: "x"}); err != nil {
				t.Fatal(err)
			}
			sent := p.messages()
			number := sent[len(sent)-1].Get("From")
			if before, ok := from[to]; ok && before != number {
				t.Errorf("%s was written to from %s and %s", to, before, number)
			}
			from[to], used[number] = number, true
		}
	}
	if len(used) < 2 {
		t.Errorf("only %v used", used)
	}
}

func TestReconcile(t *testing.T) {
	var p *provider
	p = newProvider(t, func(w http.ResponseWriter, r *http.Request) {
		p.take(discard{w}, r) // taken, but the answer is lost
		cut(w, r)
	})
	a := newAdapter(t, config(p.URL))
	out := channels.Outbound{To: citizen, Text: "Your complaint is C-7K2M-9QXT"}
	if _, err := a.Send(t.Context(), out); channels.AsSendError(err).Kind != channels.SendUncertain {
		t.Fatalf("send: %v, want uncertain", err)
	}
	other := out
	other.Text = "Your complaint is C-AAAA-AAAA"
	tests := map[string]struct {
		out   channels.Outbound
		at    time.Time
		found bool
	}{
		"the message":             {out, now, true},
		"our clock was off":       {out, now.Add(2 * time.Hour), true},
		"another text":            {other, now, false},
		"sent the day before":     {out, now.Add(-24 * time.Hour), false},
		"to somebody else":        {channels.Outbound{To: "+15551110001", Text: out.Text}, now, false},
		"a message with no words": {channels.Outbound{To: citizen}, now, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			receipt, found, err := a.Reconcile(t.Context(), tt.out, tt.at)
			if err != nil || found != tt.found {
				t.Fatalf("found = %v, %v", found, err)
			}
			if found && receipt.ProviderID != p.messages()[0].Get("Sid") {
				t.Errorf("receipt = %+v", receipt)
			}
		})
	}
	p.Close()
	if _, found, err := a.Reconcile(t.Context(), out, now); found || err == nil {
		t.Errorf("found = %v, %v; want an error while Twilio is away", found, err)
	}
}

// discard keeps an answer from being written.
type discard struct{ http.ResponseWriter }

func (discard) Header() http.Header         { return http.Header{} }
func (discard) WriteHeader(int)             {}
func (discard) Write(p []byte) (int, error) { return len(p), nil }

func TestPace(t *testing.T) {
	c := config("")
	c.SegmentsPerSecond = 2
	charges := newAdapter(t, c).Pace(channels.Outbound{To: citizen, Text: strings.Repeat("न", 200)})
	want := channels.Charge{Scope: "account", Units: 3, PerSecond: 2, Burst: 3}
	if len(charges) != 1 || charges[0] != want {
		t.Errorf("charges = %+v, want %+v", charges, want)
	}
}

func TestPrepareAndHealth(t *testing.T) {
	suspended := newProvider(t, nil)
	suspended.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"suspended"}`))
	})
	gone := newProvider(t, nil)
	gone.Close()
	tests := map[string]struct {
		baseURL, token string
		up             bool
		says           string
	}{
		"all is well":       {newProvider(t, nil).URL, authToken, true, ""},
		"wrong token":       {newProvider(t, nil).URL, "wrong", false, "refuses the account_sid and auth_token"},
		"account suspended": {suspended.URL, authToken, false, "not active"},
		"no connection":     {gone.URL, authToken, false, "cannot be reached"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := config(tt.baseURL)
			c.AuthToken = tt.token
			a := newAdapter(t, c)
			if h := a.Health(); !h.Up || !h.LastSuccess.IsZero() {
				t.Errorf("before: %+v, want up, never used", h)
			}
			err := a.Prepare(context.Background())
			h := a.Health()
			if (err == nil) != tt.up || h.Up != tt.up || !strings.Contains(h.Error, tt.says) {
				t.Errorf("prepare: %v, health %+v", err, h)
			}
			if tt.up != h.LastSuccess.Equal(now) {
				t.Errorf("last success = %v", h.LastSuccess)
			}
		})
	}
}

func TestNewTellsEveryFault(t *testing.T) {
	_, err := sms.New(sms.Config{Name: "a b", APIBaseURL: "twilio"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"name", "account_sid", "auth_token", "numbers", "public_url", "api_base_url"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told:\n%v", want, err)
		}
	}
	var se *channels.SendError
	if errors.As(err, &se) {
		t.Error("a fault of the settings is no send error")
	}
}

func TestHealthIsMendedByTheNextMessageThatIsTaken(t *testing.T) {
	p := newProvider(t, fail(403, 20005, nil))
	a := newAdapter(t, config(p.URL))
	for _, up := range []bool{false, true} {
		_, err := a.Send(t.Context(), channels.Outbound{To: citizen, Text: "x"})
		if h := a.Health(); (err == nil) != up || h.Up != up || (h.Error == "") != up {
			t.Errorf("send: %v, health %+v, want up: %v", err, h, up)
		}
		p.answer = nil
	}
}
