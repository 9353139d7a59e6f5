package sms_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
	"github.com/redress-cms/redress/channels/sms"
)

const (
	accountSID = "AC00000000000000000000000000000001"
	authToken  = "0123456789abcdef0123456789abcdef"
	ourNumber  = "+15550001111"
	citizen    = "+919876543210"
	publicURL  = "https://redress.city.example"
)

// now is when all tests take place.
var now = time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)

// provider plays Twilio's API.
type provider struct {
	*httptest.Server
	answer http.HandlerFunc // instead of taking a message; nil: it is taken

	mu   sync.Mutex
	sent []url.Values // messages taken, with the Sid they got
}

func newProvider(t *testing.T, answer http.HandlerFunc) *provider {
	t.Helper()
	p := &provider{answer: answer}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/"+accountSID+"/Messages.json", p.create)
	mux.HandleFunc("GET /2010-04-01/Accounts/"+accountSID+"/Messages.json", p.list)
	mux.HandleFunc("GET /2010-04-01/Accounts/"+accountSID+".json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"sid":"`+accountSID+`","status":"active"}`)
	})
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user != accountSID || password != authToken {
			fail(401, 20003, nil)(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) create(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // the server notices a client that goes away only once the body is read
	if p.answer != nil {
		p.answer(w, r)
		return
	}
	p.take(w, r)
}

func (p *provider) take(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.PostForm.Set("Sid", fmt.Sprintf("SM%032d", len(p.sent)+1))
	p.sent = append(p.sent, r.PostForm)
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(resource(r.PostForm))
}

func (p *provider) list(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	messages := []map[string]string{}
	for _, m := range slices.Backward(p.sent) {
		if m.Get("To") == r.FormValue("To") && m.Get("From") == r.FormValue("From") {
			messages = append(messages, resource(m))
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": messages})
}

func resource(m url.Values) map[string]string {
	return map[string]string{
		"sid": m.Get("Sid"), "status": "queued", "to": m.Get("To"), "from": m.Get("From"), "body": m.Get("Body"),
		"date_created": now.Format(time.RFC1123Z),
	}
}

func (p *provider) messages() []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// fail answers as Twilio does when it refuses a request.
func fail(status, code int, header http.Header) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for key, values := range header {
			w.Header()[key] = values
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"status": status, "code": code, "message": "The number " + citizen + " is not possible",
		})
	}
}

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func config(baseURL string) sms.Config {
	return sms.Config{
		Name: "main", AccountSID: accountSID, AuthToken: authToken, APIBaseURL: baseURL,
		Numbers: []string{ourNumber}, PublicURL: publicURL, DefaultRegion: "IN",
		Files:  &channelstest.Files{},
		Now:    func() time.Time { return now },
		Logger: slog.New(slog.DiscardHandler),
	}
}

// newAdapter is the first adapter of c.
func newAdapter(t *testing.T, c sms.Config) *sms.Adapter {
	t.Helper()
	adapters, err := sms.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return adapters[0].(*sms.Adapter)
}

// form is a message as Twilio posts it; pairs are added or replace.
func form(pairs ...string) url.Values {
	f := url.Values{
		"MessageSid": {"SM0123456789abcdef0123456789abcdef"}, "AccountSid": {accountSID},
		"From": {citizen}, "To": {ourNumber}, "Body": {"No water since noon"}, "NumMedia": {"0"},
	}
	for i := 0; i < len(pairs); i += 2 {
		f.Set(pairs[i], pairs[i+1])
	}
	return f
}

func inbound(f url.Values) channels.Inbound {
	return channels.Inbound{
		Key:         channels.Key{Channel: sms.SMS, Account: "main", ExternalID: f.Get("MessageSid")},
		Sender:      strings.TrimPrefix(f.Get("From"), "whatsapp:"),
		ReceivedAt:  now,
		ContentType: "application/x-www-form-urlencoded",
		Raw:         []byte(f.Encode()),
	}
}

// sign signs as Twilio does, where no key is repeated.
func sign(address string, f url.Values) string {
	keys := make([]string, 0, len(f))
	for key := range f {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	mac := hmac.New(sha1.New, []byte(authToken))
	_, _ = io.WriteString(mac, address)
	for _, key := range keys {
		_, _ = io.WriteString(mac, key+f.Get(key))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
