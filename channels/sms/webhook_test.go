package sms_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/sms"
)

const path = "/webhooks/sms/main"

// post sends a body to the adapter's webhook, which stands behind a proxy: it
// sees its own address, not the public one. It returns what was accepted.
func post(t *testing.T, a channels.Webhook, target, body, signature string, fails error) (*httptest.ResponseRecorder, []channels.Inbound) {
	t.Helper()
	var accepted []channels.Inbound
	mux := http.NewServeMux()
	a.Routes(mux, func(_ context.Context, batch ...channels.Inbound) error {
		accepted = append(accepted, batch...)
		return fails
	})
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080"+target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", signature)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w, accepted
}

func TestWebhookRefusesWhatTwilioDidNotSign(t *testing.T) {
	genuine := sign(publicURL+path, form())
	tests := map[string]struct {
		target, body, signature string
		status                  int
	}{
		"genuine behind a proxy":  {path, form().Encode(), genuine, 200},
		"genuine, signed port":    {path, form().Encode(), sign("https://redress.city.example:443"+path, form()), 200},
		"genuine with a query":    {path + "?a=b", form().Encode(), sign(publicURL+path+"?a=b", form()), 200},
		"no signature":            {path, form().Encode(), "", 403},
		"another key":             {path, form().Encode(), "bm90IHR3aWxpbydzIHNpZ25hdHVyZQ==", 403},
		"wrong port":              {path, form().Encode(), sign("https://redress.city.example:8443"+path, form()), 403},
		"address behind proxy":    {path, form().Encode(), sign("http://127.0.0.1:8080"+path, form()), 403},
		"of the other path":       {path + "/status", form().Encode(), genuine, 403},
		"query added":             {path + "?a=b", form().Encode(), genuine, 403},
		"parameter added":         {path, form().Encode() + "&Extra=1", genuine, 403},
		"parameter changed":       {path, form("From", "+15559990000").Encode(), genuine, 403},
		"second value smuggled":   {path, form().Encode() + "&From=%2B15559990000", genuine, 403},
		"malformed form":          {path, form().Encode() + "&a=%zz", genuine, 403},
		"form over the size":      {path, form("Body", strings.Repeat("x", 300<<10)).Encode(), genuine, 413},
		"genuine, then repeated":  {path, form().Encode(), genuine, 200},
		"unknown account's hook":  {"/webhooks/sms/other", form().Encode(), genuine, 404},
		"status without anything": {path + "/status", "", sign(publicURL+path+"/status", url.Values{}), 200},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, accepted := post(t, newAdapter(t, config("")), tt.target, tt.body, tt.signature, nil)
			if w.Code != tt.status {
				t.Errorf("status = %d, want %d", w.Code, tt.status)
			}
			if stored := len(accepted) > 0; stored != (tt.status == 200 && tt.body != "") {
				t.Errorf("stored = %v", stored)
			}
		})
	}
}

func TestWebhookAccepts(t *testing.T) {
	tests := map[string]struct {
		form   url.Values
		status bool
		want   []channels.Inbound
	}{
		"a text message": {form: form(), want: []channels.Inbound{{
			Key:    channels.Key{Channel: sms.SMS, Account: "main", ExternalID: form().Get("MessageSid")},
			Sender: citizen,
		}}},
		"WhatsApp": {form: form("From", "whatsapp:"+citizen), want: []channels.Inbound{{
			Key:    channels.Key{Channel: sms.WhatsApp, Account: "main", ExternalID: form().Get("MessageSid")},
			Sender: citizen,
		}}},
		"a national number": {form: form("From", "098765 43210"), want: []channels.Inbound{{
			Key:    channels.Key{Channel: sms.SMS, Account: "main", ExternalID: form().Get("MessageSid")},
			Sender: citizen,
		}}},
		"a short code": {form: form("From", "56767"), want: []channels.Inbound{{
			Key:    channels.Key{Channel: sms.SMS, Account: "main", ExternalID: form().Get("MessageSid")},
			Sender: "56767",
		}}},
		"a name": {form: form("From", "TX-BANKCO"), want: []channels.Inbound{{
			Key:    channels.Key{Channel: sms.SMS, Account: "main", ExternalID: form().Get("MessageSid")},
			Sender: "TX-BANKCO",
		}}},
		"no id and no sender": {form: url.Values{"Body": {"x"}}, want: []channels.Inbound{{
			Key:    channels.Key{Channel: sms.SMS, Account: "main", ExternalID: "sha256:ae8ba0dcaa7afcabee3d9ccd9e15953ecae669a5ba102a055e2d0ba1a246babe"},
			Sender: "unknown",
		}}},
		"delivered": {status: true, form: url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}, "From": {ourNumber}}, want: []channels.Inbound{{
			Key:    channels.Key{Channel: sms.SMS, Account: "main", ExternalID: "status:SM1:delivered"},
			Sender: "status:SM1",
		}}},
		"read on WhatsApp": {status: true, form: url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"read"}, "From": {"whatsapp:" + ourNumber}}, want: []channels.Inbound{{
			Key:    channels.Key{Channel: sms.WhatsApp, Account: "main", ExternalID: "status:SM1:read"},
			Sender: "status:SM1",
		}}},
		"queued tells nothing": {status: true, form: url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"queued"}, "From": {ourNumber}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			target := path
			if tt.status {
				target += "/status"
			}
			w, accepted := post(t, newAdapter(t, config("")), target, tt.form.Encode(), sign(publicURL+target, tt.form), nil)
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "<Response></Response>") {
				t.Errorf("answer = %d %s, want an empty TwiML", w.Code, w.Body)
			}
			if diff := cmp.Diff(tt.want, accepted, cmpopts.IgnoreFields(channels.Inbound{}, "Raw", "ContentType", "ReceivedAt")); diff != "" {
				t.Error(diff)
			}
			for _, in := range accepted {
				if string(in.Raw) != tt.form.Encode() || !in.ReceivedAt.Equal(now) {
					t.Errorf("kept %q at %v", in.Raw, in.ReceivedAt)
				}
			}
		})
	}
}

// Twilio has its 2xx only for what is durable.
func TestWebhookAnswersUnavailableWhenNotAccepted(t *testing.T) {
	w, _ := post(t, newAdapter(t, config("")), path, form().Encode(), sign(publicURL+path, form()), errors.New("disk full"))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("answer = %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
}

func TestBothChannelsShareOneWebhook(t *testing.T) {
	c := config("")
	c.WhatsAppNumbers = []string{"+15550002222"}
	adapters, err := sms.New(c)
	if err != nil || len(adapters) != 2 {
		t.Fatal(adapters, err)
	}
	mux := http.NewServeMux() // a second registration would panic
	for _, a := range adapters {
		a.(channels.Webhook).Routes(mux, nil)
	}
}

func TestWebhookShowsInHealth(t *testing.T) {
	a := newAdapter(t, config(""))
	post(t, a, path, form().Encode(), sign(publicURL+path, form()), nil)
	if h := a.Health(); !h.Up || !h.LastSuccess.Equal(now) {
		t.Errorf("health = %+v", h)
	}
}
