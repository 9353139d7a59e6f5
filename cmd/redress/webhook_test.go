package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// TestSignatures posts to the running program behind a proxy that ends TLS:
// people know it as https, it listens on plain HTTP.
func TestSignatures(t *testing.T) {
	const public = "https://complaints.city.test"
	s := newPlayed(t, false)
	s.rewrite(fmt.Sprintf("public_url: %q", s.url), fmt.Sprintf("public_url: %q", public))
	s.twilio.Route(public, s.url) // the proxy
	s.start("serve")
	s.awaitReady()
	const message, status = "/webhooks/sms/main", "/webhooks/sms/main/status"
	form := url.Values{
		"MessageSid": {"SM00000000000000000000000000000035"}, "AccountSid": {s.twilio.AccountSID()},
		"From": {"+12025550135"}, "To": {"+12025550100"}, "Body": {"Water is leaking in Ward 4"}, "NumMedia": {"0"},
	}
	sign := func(path string) string { return twilioapi.Sign(s.twilio.AuthToken(), public+path, form) }

	for name, test := range map[string]struct {
		path      string
		form      url.Values
		signature string
	}{
		"no signature":        {message, form, ""},
		"forged signature":    {message, form, "Zm9yZ2VkIGZvcmdlZCBmb3JnZWQ="},
		"another's token":     {message, form, twilioapi.Sign("another-token", public+message, form)},
		"wrong port":          {message, form, twilioapi.Sign(s.twilio.AuthToken(), strings.Replace(public, ".test", ".test:8443", 1)+message, form)},
		"address behind":      {message, form, twilioapi.Sign(s.twilio.AuthToken(), s.url+message, form)},
		"extra parameter":     {message, with(form, "Extra", "x"), sign(message)},
		"changed parameter":   {message, with(form, "Body", "Send money"), sign(message)},
		"parameter in URL":    {message + "?Body=x", form, sign(message)},
		"signature of status": {message, form, sign(status)},
		"status, no sign":     {status, form, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.in(t).post(test.path, test.form, test.signature); got != http.StatusForbidden {
				t.Errorf("answered with %d, want 403", got)
			}
		})
	}
	if stored := s.inbound("--all"); len(stored) != 0 {
		t.Errorf("refused posts were stored: %+v", stored)
	}
	if got := s.post(message, form, sign(message)); got != http.StatusOK {
		t.Fatalf("the genuine post is answered with %d", got)
	}
	s.eventually("the case", func() error {
		if n := len(s.casesOf("sms:+12025550135")); n != 1 {
			return fmt.Errorf("%d cases", n)
		}
		return nil
	})
	if got := s.post(message, form, sign(message)); got != http.StatusOK {
		t.Errorf("a replay is answered with %d; Twilio would send it for ever", got)
	}
	other := func(in app.InboundView) bool { return in.ExternalID != form.Get("MessageSid") }
	if stored := slices.DeleteFunc(s.inbound("--all"), other); len(stored) != 1 {
		t.Errorf("a replay was stored again: %+v", stored)
	}
	s.awaitOutbound("+12025550135", "delivered", 1) // by a genuine callback
}

// TestWebhookSecret posts updates to a bot in webhook mode.
func TestWebhookSecret(t *testing.T) {
	const secret = "a-secret-for-the-hook"
	s := newPlayed(t, false)
	s.rewrite("mode: poll,", "mode: webhook, secret_token: "+secret+",")
	s.start("serve")
	s.awaitReady()
	send := func(header http.Header) int {
		t.Helper()
		raw := update(1, 9135, 1, "Water is leaking in Ward 4")
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/webhooks/telegram/city", bytes.NewReader(raw))
		must(t, err)
		request.Header = header
		response, err := http.DefaultClient.Do(request)
		must(t, err)
		defer response.Body.Close()
		return response.StatusCode
	}
	const name = "X-Telegram-Bot-Api-Secret-Token"
	for _, header := range []http.Header{{}, {name: {""}}, {name: {"another-secret"}}, {name: {secret + "x"}}} {
		if got := send(header); got != http.StatusForbidden {
			t.Errorf("%v: answered with %d, want 403", header, got)
		}
	}
	if stored := s.inbound("--all"); len(stored) != 0 {
		t.Errorf("refused updates were stored: %+v", stored)
	}
	if got := send(http.Header{name: {secret}}); got != http.StatusOK {
		t.Errorf("the genuine update is answered with %d", got)
	}
	if !slices.ContainsFunc(s.inbound("--all"), func(in app.InboundView) bool { return in.Channel == "telegram" }) {
		t.Error("the genuine update is not stored")
	}
	if strings.Contains(s.logs.String(), secret) {
		t.Errorf("the log tells the secret:\n%s", s.logs)
	}
}

// with is a form with one parameter added or changed.
func with(form url.Values, key, value string) url.Values {
	next := url.Values{key: {value}}
	for k, v := range form {
		if k != key {
			next[k] = v
		}
	}
	return next
}

// post posts a form with a signature, if there is one, and returns the status.
func (s *played) post(path string, form url.Values, signature string) int {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	must(s.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("X-Forwarded-Proto", "https")
	if signature != "" {
		request.Header.Set("X-Twilio-Signature", signature)
	}
	response, err := http.DefaultClient.Do(request)
	must(s.t, err)
	defer response.Body.Close()
	return response.StatusCode
}
