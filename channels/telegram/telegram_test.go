package telegram_test

import (
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

	"github.com/redress-cms/redress/channels/channelstest"
	"github.com/redress-cms/redress/channels/telegram"
)

const (
	token  = "123456:AAH-the_secret_part_of_it"
	asha   = 987654321 // a person; also the id of the private chat with her
	group  = -100500
	secret = "webhook-secret_1"
)

// now is when all tests take place.
var now = time.Date(2027, 1, 4, 9, 0, 0, 0, time.UTC)

// call is one request that Telegram got.
type call struct {
	method string
	params url.Values
}

// provider plays Telegram's API.
type provider struct {
	*httptest.Server
	answers map[string]http.HandlerFunc // by method, in place of the usual ones

	mu    sync.Mutex
	calls []call
	next  int // message id
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{answers: map[string]http.HandlerFunc{}}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutPrefix(r.URL.Path, "/file/bot"+token+"/"); ok {
		_, _ = io.WriteString(w, "content of "+name)
		return
	}
	method, ok := strings.CutPrefix(r.URL.Path, "/bot"+token+"/")
	if !ok {
		refuse(401, "Unauthorized")(w, r) //nolint:misspell // Telegram's word
		return
	}
	_ = r.ParseMultipartForm(1 << 20) // or a form without files
	p.mu.Lock()
	p.calls = append(p.calls, call{method, r.PostForm})
	p.next++
	id := p.next
	p.mu.Unlock()
	if answer := p.answers[method]; answer != nil {
		answer(w, r)
		return
	}
	switch method {
	case "getMe":
		result(w, map[string]any{"id": 123456, "is_bot": true, "username": "city_bot"})
	case "sendMessage":
		result(w, map[string]any{"message_id": id, "chat": map[string]any{"id": json.Number(r.PostForm.Get("chat_id"))}})
	case "getFile":
		result(w, map[string]any{"file_path": "photos/" + r.PostForm.Get("file_id")})
	case "getUpdates":
		result(w, []any{})
	default:
		result(w, true)
	}
}

// of returns the calls of a method.
func (p *provider) of(method string) []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []url.Values
	for _, c := range p.calls {
		if c.method == method {
			all = append(all, c.params)
		}
	}
	return all
}

func (p *provider) methods() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, c := range p.calls {
		all = append(all, c.method)
	}
	return slices.Compact(all)
}

func result(w http.ResponseWriter, v any) {
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "result": v})
}

// refuse answers as Telegram does; parameters is "" or a JSON object.
func refuse(code int, description string, parameters ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		answer := map[string]any{"ok": false, "error_code": code, "description": description}
		if len(parameters) > 0 {
			answer["parameters"] = json.RawMessage(parameters[0])
		}
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func config(baseURL string) telegram.Config {
	return telegram.Config{
		Name: "city", Token: token, APIBaseURL: baseURL,
		Files:  &channelstest.Files{},
		Now:    func() time.Time { return now },
		Logger: slog.New(slog.DiscardHandler),
	}
}

func newAdapter(t *testing.T, c telegram.Config) *telegram.Adapter {
	t.Helper()
	a, err := telegram.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// update is an update with one part: "message", "callback_query", ….
func update(id int, kind, body string) string {
	return fmt.Sprintf(`{"update_id":%d,"%s":{%s}}`, id, kind, body)
}

// private is the beginning of a message of Asha's in private chat.
func private(messageID int, rest string) string {
	return fmt.Sprintf(`"message_id":%d,"date":1798000000,
		"from":{"id":%d,"first_name":"Asha","last_name":"Rao","language_code":"hi"},
		"chat":{"id":%d,"type":"private"},%s`, messageID, asha, asha, rest)
}

// inGroup is the beginning of a message of hers in a group.
func inGroup(messageID int, rest string) string {
	return fmt.Sprintf(`"message_id":%d,"date":1798000000,"from":{"id":%d,"first_name":"Asha"},
		"chat":{"id":%d,"type":"supergroup","title":"Water staff"},%s`, messageID, asha, group, rest)
}

func TestNewTellsEveryFault(t *testing.T) {
	_, err := telegram.New(telegram.Config{Name: "a b", APIBaseURL: "telegram", Mode: "webhook", Audience: "all", Token: "a b"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"name", "token", "api_base_url", "secret_token", "public_url", "audience"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not told:\n%v", want, err)
		}
	}
}

func TestPrepare(t *testing.T) {
	t.Run("polling takes the webhook away", func(t *testing.T) {
		p := newProvider(t)
		a := newAdapter(t, config(p.URL))
		if h := a.Health(); h.Up {
			t.Error("up before it was ever connected")
		}
		if err := a.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(p.of("deleteWebhook")) != 1 || !a.Health().Up || !a.Health().LastSuccess.Equal(now) {
			t.Errorf("calls %v, health %+v", p.methods(), a.Health())
		}
	})
	t.Run("webhook is set", func(t *testing.T) {
		p := newProvider(t)
		if err := newAdapter(t, webhookConfig(p.URL)).Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		set := p.of("setWebhook")[0]
		if set.Get("url") != "https://redress.city.example/webhooks/telegram/city" || set.Get("secret_token") != secret {
			t.Errorf("set to %v", set)
		}
	})
	t.Run("wrong token", func(t *testing.T) {
		p := newProvider(t)
		c := config(p.URL)
		c.Token = "123456:wrong"
		a := newAdapter(t, c)
		err := a.Prepare(t.Context())
		if err == nil || strings.Contains(err.Error(), c.Token) {
			t.Errorf("error = %v", err)
		}
		if h := a.Health(); h.Up || h.Error != "Telegram refuses the bot's token" {
			t.Errorf("health = %+v", h)
		}
	})
}

func webhookConfig(baseURL string) telegram.Config {
	c := config(baseURL)
	c.Mode, c.SecretToken, c.PublicURL = telegram.ModeWebhook, secret, "https://redress.city.example/"
	return c
}
