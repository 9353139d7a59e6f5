package sms

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/redress-cms/redress/channels"
)

// The content types of what is kept: Twilio's form as it came.
const (
	contentMessage = "application/x-www-form-urlencoded"
	contentStatus  = "application/x-www-form-urlencoded; status"
)

const (
	maxForm    = 256 << 10 // bytes; a message with ten media takes less than 40 kB
	maxSID     = 64        // bytes; Twilio's have 34
	emptyTwiML = `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`
	retryAfter = "15" // seconds
)

// Routes implements channels.Webhook: /webhooks/sms/{account} for messages of
// both channels and, below it, /status for the later fate of ours.
func (a *Adapter) Routes(mux *http.ServeMux, accept channels.Accept) {
	if !a.primary {
		return
	}
	mux.Handle("POST "+a.path(), a.handler(a.path(), accept, a.message))
	mux.Handle("POST "+a.statusPath(), a.handler(a.statusPath(), accept, a.status))
}

func (a *account) path() string       { return "/webhooks/sms/" + a.Name }
func (a *account) statusPath() string { return a.path() + "/status" }

// publicURL is the address of a path as Twilio calls and signs it.
func (a *account) publicURL(path string) string {
	return strings.TrimSuffix(a.PublicURL, "/") + path
}

// handler checks a form's signature and hands on what understand makes of it;
// understand may say that there is nothing to keep.
func (a *account) handler(path string, accept channels.Accept,
	understand func(url.Values, []byte) (channels.Inbound, bool),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
		if err != nil {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				http.Error(w, "form is too large", http.StatusRequestEntityTooLarge)
				return
			}
			http.Error(w, "form was cut off", http.StatusBadRequest)
			return
		}
		address := a.publicURL(path)
		if r.URL.RawQuery != "" {
			address += "?" + r.URL.RawQuery
		}
		form, err := url.ParseQuery(string(body))
		if err != nil || !signed(address, form, r.Header.Get("X-Twilio-Signature"), a.AuthToken) {
			a.Logger.WarnContext(r.Context(), "webhook refused: its signature does not fit; compare public_url and auth_token",
				"channel", SMS, "account", a.Name)
			http.Error(w, "signature does not fit", http.StatusForbidden)
			return
		}
		if in, keep := understand(form, body); keep {
			if err := accept(r.Context(), in); err != nil {
				a.Logger.ErrorContext(r.Context(), "message was not accepted; Twilio is asked to try again",
					"channel", in.Channel, "account", a.Name, "error", err)
				w.Header().Set("Retry-After", retryAfter)
				http.Error(w, "try again later", http.StatusServiceUnavailable)
				return
			}
		}
		a.setHealth("")
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = io.WriteString(w, emptyTwiML) // Twilio may be gone; the message is kept
	}
}

// message is a genuine form of the message webhook. One without its id is kept
// too, under a hash, so that nothing is lost: reading it fails and staff see it.
func (a *account) message(form url.Values, raw []byte) (channels.Inbound, bool) {
	in := a.inbound(form.Get("From"), contentMessage, raw)
	in.Sender = canonical(form.Get("From"), a.DefaultRegion)
	if in.Sender == "" {
		in.Sender = "unknown"
	}
	if in.ExternalID = sid(form); in.ExternalID == "" {
		sum := sha256.Sum256(raw)
		in.ExternalID = "sha256:" + hex.EncodeToString(sum[:])
	}
	return in, true
}

// status is a genuine status callback. States that say nothing new about
// delivery, such as "queued", are not kept.
func (a *account) status(form url.Values, raw []byte) (channels.Inbound, bool) {
	id, state := sid(form), messageStatus(form)
	if _, known := deliveryStates[state]; !known || id == "" {
		return channels.Inbound{}, false
	}
	in := a.inbound(form.Get("From"), contentStatus, raw) // From is our number
	in.Sender = "status:" + id
	in.ExternalID = "status:" + id + ":" + state
	return in, true
}

func (a *account) inbound(from, contentType string, raw []byte) channels.Inbound {
	channel := SMS
	if strings.HasPrefix(from, whatsAppPrefix) {
		channel = WhatsApp
	}
	return channels.Inbound{
		Key:         channels.Key{Channel: channel, Account: a.Name},
		ReceivedAt:  a.Now(),
		ContentType: contentType,
		Raw:         raw,
	}
}

// sid is the message's id at Twilio, under its present or its older names.
func sid(form url.Values) string {
	for _, key := range []string{"MessageSid", "SmsMessageSid", "SmsSid"} {
		if id := form.Get(key); id != "" && len(id) <= maxSID && strings.IndexFunc(id, notAlphanumeric) < 0 {
			return id
		}
	}
	return ""
}

func notAlphanumeric(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

func messageStatus(form url.Values) string {
	if s := form.Get("MessageStatus"); s != "" {
		return s
	}
	return form.Get("SmsStatus")
}
