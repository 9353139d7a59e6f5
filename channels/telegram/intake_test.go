package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/telegram"
)

// post sends an update to the webhook and returns the answer and what was accepted.
func post(t *testing.T, c telegram.Config, body, header string, fails error) (*httptest.ResponseRecorder, []channels.Inbound) {
	t.Helper()
	var accepted []channels.Inbound
	mux := http.NewServeMux()
	newAdapter(t, c).Routes(mux, func(_ context.Context, batch ...channels.Inbound) error {
		accepted = append(accepted, batch...)
		return fails
	})
	r := httptest.NewRequest(http.MethodPost, "/webhooks/telegram/city", strings.NewReader(body))
	if header != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", header)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w, accepted
}

func TestWebhookIsAuthenticated(t *testing.T) {
	genuine := update(1, "message", private(7, `"text":"No water"`))
	tests := map[string]struct {
		header string
		status int
	}{
		"genuine":            {secret, 200},
		"no secret":          {"", 403},
		"wrong secret":       {secret + "x", 403},
		"part of the secret": {secret[:5], 403},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, accepted := post(t, webhookConfig(""), genuine, tt.header, nil)
			if w.Code != tt.status || (len(accepted) > 0) != (tt.status == 200) {
				t.Errorf("status = %d, accepted %d", w.Code, len(accepted))
			}
		})
	}
	if w, _ := post(t, webhookConfig(""), genuine, secret, errors.New("disk full")); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("not durable: status = %d", w.Code)
	}
	if w, accepted := post(t, webhookConfig(""), strings.Repeat(" ", 2<<20), secret, nil); w.Code != 400 || len(accepted) != 0 {
		t.Errorf("too large: status = %d", w.Code)
	}
	poll := config("")
	if w, _ := post(t, poll, genuine, secret, nil); w.Code != 404 {
		t.Errorf("in poll mode: status = %d, want no such page", w.Code)
	}
}

// TestIntakeTakesWhatIsForUs: the key of an update, or "" where it is none of ours.
func TestIntakeTakesWhatIsForUs(t *testing.T) {
	member := func(status, chat string) string {
		return update(1, "my_chat_member", fmt.Sprintf(`"chat":{"id":%d,"type":"%s"},"from":{"id":%d},"date":1798000000,
			"old_chat_member":{"status":"member"},"new_chat_member":{"status":"%s"}`, asha, chat, asha, status))
	}
	bot := `"reply_to_message":{"message_id":3,"chat":{"id":-100500,"type":"supergroup"},"from":{"id":%d,"is_bot":true}},"text":"done"`
	tests := map[string]struct {
		update string
		want   string
	}{
		"private text":             {update(1, "message", private(7, `"text":"No water"`)), "123456:message:987654321/7"},
		"an id that was reset":     {update(0, "message", private(7, `"text":"No water"`)), "123456:message:987654321/7"},
		"an edit":                  {update(1, "edited_message", private(7, `"edit_date":1798000009,"text":"No water at all"`)), "123456:edit:987654321/7:1798000009:771426544f45"},
		"live location moves":      {update(1, "edited_message", private(7, `"edit_date":1798000009,"location":{"latitude":1,"longitude":2}`)), "123456:live:987654321/7:1798000009:1b2d1da280ae"},
		"a press":                  {update(1, "callback_query", `"id":"4711","from":{"id":987654321},"data":"accept:1"`), "123456:press:4711"},
		"group talk":               {update(1, "message", inGroup(7, `"text":"lunch?"`)), ""},
		"command in a group":       {update(1, "message", inGroup(7, `"text":"/mine"`)), "123456:message:-100500/7"},
		"answer to the bot":        {update(1, "message", inGroup(7, fmt.Sprintf(bot, 123456))), "123456:message:-100500/7"},
		"answer to another bot":    {update(1, "message", inGroup(7, fmt.Sprintf(bot, 42))), ""},
		"group news":               {update(1, "message", inGroup(7, `"new_chat_title":"Staff"`)), ""},
		"pinned in private":        {update(1, "message", private(7, `"pinned_message":{"message_id":3,"chat":{"id":1}}`)), ""},
		"another bot's words":      {update(1, "message", `"message_id":7,"from":{"id":5,"is_bot":true},"chat":{"id":5,"type":"private"},"text":"hi"`), ""},
		"a channel's post":         {update(1, "channel_post", `"message_id":7,"chat":{"id":5,"type":"channel"},"text":"news"`), ""},
		"blocked":                  {member("kicked", "private"), "123456:member:987654321:1798000000:stop"},
		"unblocked":                {member("member", "private"), "123456:member:987654321:1798000000:start"},
		"added to a group":         {member("member", "supergroup"), ""},
		"poison: wrong types":      {`{"update_id":1,"message":{"message_id":"seven"}}`, "123456:raw:7f3ae6c90a1b5c7a"},
		"poison: not an update":    {`[]`, "123456:raw:4f53cda18c2baa0c"},
		"poison: no JSON":          {`{"update_id":`, "123456:raw:"},
		"of a kind not asked for":  {update(1, "poll", `"id":"1"`), ""},
		"a press id without bound": {update(1, "callback_query", `"id":"`+strings.Repeat("9", 1000)+`","from":{"id":1},"data":"x"`), "123456:press:999"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, accepted := post(t, webhookConfig(""), tt.update, secret, nil)
			if w.Code != http.StatusOK {
				t.Fatalf("status = %d", w.Code)
			}
			if tt.want == "" {
				if len(accepted) != 0 {
					t.Errorf("accepted %s", accepted[0].ExternalID)
				}
				return
			}
			if len(accepted) != 1 {
				t.Fatal("not accepted")
			}
			in := accepted[0]
			prefix := strings.Contains(name, "poison") || strings.Contains(name, "bound")
			if in.ExternalID != tt.want && (!prefix || !strings.HasPrefix(in.ExternalID, tt.want[:11])) {
				t.Errorf("key = %s, want %s", in.ExternalID, tt.want)
			}
			if len(in.ExternalID) > 200 || string(in.Raw) != tt.update || in.Sender == "" || !in.ReceivedAt.Equal(now) {
				t.Errorf("inbound = %+v", in)
			}
		})
	}
}

func TestGroupsAreNotHeardByABotForComplainants(t *testing.T) {
	c := webhookConfig("")
	c.Audience = telegram.AudienceComplainants
	if _, accepted := post(t, c, update(1, "message", inGroup(7, `"text":"/mine"`)), secret, nil); len(accepted) != 0 {
		t.Error("accepted")
	}
}

func TestCommandsForOtherBotsAreNotOurs(t *testing.T) {
	for command, ours := range map[string]bool{"/mine": true, "/mine@city_bot": true, "/mine@CITY_bot": true, "/mine@weather_bot": false} {
		a := newAdapter(t, webhookConfig(newProvider(t).URL))
		if err := a.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := false
		mux := http.NewServeMux()
		a.Routes(mux, func(context.Context, ...channels.Inbound) error { got = true; return nil })
		r := httptest.NewRequest(http.MethodPost, "/webhooks/telegram/city", strings.NewReader(update(1, "message", inGroup(7, `"text":"`+command+` C-7K2M-9QXT"`))))
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
		mux.ServeHTTP(httptest.NewRecorder(), r)
		if got != ours {
			t.Errorf("%s: taken = %v", command, got)
		}
	}
}

// inbox accepts as the pipeline does: each key once.
type inbox struct {
	mu   sync.Mutex
	keys []string
	fail int // so many times
}

func (b *inbox) accept(_ context.Context, batch ...channels.Inbound) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail > 0 {
		b.fail--
		return errors.New("the database is away")
	}
	for _, in := range batch {
		if !slices.Contains(b.keys, in.ExternalID) {
			b.keys = append(b.keys, in.ExternalID)
		}
	}
	return nil
}

// queue plays getUpdates as Telegram does: updates before the offset are
// confirmed and forgotten. Once a script of arrivals is over it ends the test.
type queue struct {
	mu       sync.Mutex
	pending  []string
	ids      []int
	arrivals []func(q *queue) // one before each answer
	offsets  []string
	end      func()
}

func (q *queue) add(id int, text string) {
	q.ids = append(q.ids, id)
	q.pending = append(q.pending, update(id, "message", private(len(text), `"text":"`+text+`"`)))
}

func (q *queue) serve(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	offset, _ := strconv.Atoi(r.PostForm.Get("offset"))
	q.offsets = append(q.offsets, r.PostForm.Get("offset"))
	for i := 0; i < len(q.ids); {
		if q.ids[i] < offset {
			q.ids, q.pending = slices.Delete(q.ids, i, i+1), slices.Delete(q.pending, i, i+1)
			continue
		}
		i++
	}
	if len(q.arrivals) == 0 {
		q.end()
	} else {
		q.arrivals[0](q)
		q.arrivals = q.arrivals[1:]
	}
	_, _ = fmt.Fprintf(w, `{"ok":true,"result":[%s]}`, strings.Join(q.pending, ","))
}

// poll runs the poller over a script and returns what came of it.
func poll(t *testing.T, c telegram.Config, p *provider, b *inbox, arrivals ...func(*queue)) *queue {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	q := &queue{arrivals: arrivals, end: cancel}
	p.answers["getUpdates"] = q.serve
	if c.Wait == nil {
		c.Wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	}
	if err := newAdapter(t, c).Poll(ctx, b.accept); !errors.Is(err, context.Canceled) {
		t.Errorf("poll: %v", err)
	}
	return q
}

func nothing(*queue) {}

// A Telegram update repeated, reordered, or with its id reset lower: one
// effect, none dropped.
func TestPollTakesEachUpdateOnce(t *testing.T) {
	p, b := newProvider(t), &inbox{}
	q := poll(t, config(p.URL), p, b,
		func(q *queue) { q.add(1001, "second"); q.add(1000, "a"); q.add(1000, "a") },
		nothing, // the idle week
		func(q *queue) { q.add(5, "idle week") },
		nothing,
	)
	want := []string{"123456:message:987654321/6", "123456:message:987654321/1", "123456:message:987654321/9"}
	if diff := cmp.Diff(want, b.keys); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"", "1002", "", "6", ""}, q.offsets); diff != "" {
		t.Errorf("offsets: %s", diff)
	}
	if got := p.of("getUpdates")[0]; got.Get("timeout") != "50" || !strings.Contains(got.Get("allowed_updates"), "callback_query") {
		t.Errorf("asked with %v", got)
	}
}

func TestPollKeepsItsPlaceWhenNothingCanBeStored(t *testing.T) {
	p, b := newProvider(t), &inbox{fail: 2}
	q := poll(t, config(p.URL), p, b, func(q *queue) { q.add(7, "water") }, nothing, nothing, nothing)
	if len(b.keys) != 1 {
		t.Errorf("taken: %v", b.keys)
	}
	if diff := cmp.Diff([]string{"", "", "", "8", ""}, q.offsets); diff != "" {
		t.Errorf("offsets: %s", diff)
	}
}

func TestPollGoesOnAfterPoison(t *testing.T) {
	p, b := newProvider(t), &inbox{}
	poll(t, config(p.URL), p, b, func(q *queue) {
		q.ids, q.pending = append(q.ids, 7), append(q.pending, `{"update_id":7,"message":{"message_id":"seven"}}`)
		q.add(8, "water")
	}, nothing)
	if len(b.keys) != 2 || b.keys[1] != "123456:message:987654321/5" {
		t.Errorf("taken: %v", b.keys)
	}
}

func TestPollWaitsAsTelegramAsks(t *testing.T) {
	p, b := newProvider(t), &inbox{}
	var waits []time.Duration
	ctx, cancel := context.WithCancel(t.Context())
	answers := []http.HandlerFunc{
		refuse(500, "Internal Server Error"),
		cut,
		refuse(429, "Too Many Requests: retry after 30", `{"retry_after":30}`),
		refuse(409, "Conflict: terminated by other getUpdates request"),
	}
	p.answers["getUpdates"] = func(w http.ResponseWriter, r *http.Request) {
		answer := answers[0]
		if answers = answers[1:]; len(answers) == 0 {
			defer cancel()
		}
		answer(w, r)
	}
	c := config(p.URL)
	c.Wait = func(ctx context.Context, d time.Duration) error {
		waits = append(waits, d)
		return ctx.Err()
	}
	a := newAdapter(t, c)
	if err := a.Poll(ctx, b.accept); !errors.Is(err, context.Canceled) {
		t.Errorf("poll: %v", err)
	}
	if len(waits) < 3 || waits[0] != time.Second || waits[1] != 2*time.Second || waits[2] != 30*time.Second {
		t.Errorf("waited %v", waits)
	}
	if h := a.Health(); h.Up || h.Error == "" {
		t.Errorf("health = %+v", h)
	}
}

func TestPollOnlyWithTheLease(t *testing.T) {
	p, b := newProvider(t), &inbox{}
	held := []bool{false, false, true, true}
	c := config(p.URL)
	c.Lease = func(_ context.Context, name string, ttl time.Duration) (bool, error) {
		if name != "telegram:city" || ttl < time.Minute {
			t.Errorf("lease %q for %v", name, ttl)
		}
		if len(held) == 0 {
			return true, nil
		}
		h := held[0]
		held = held[1:]
		if !h && len(p.of("getUpdates")) > 0 {
			t.Error("polled without the lease")
		}
		return h, nil
	}
	poll(t, c, p, b, func(q *queue) { q.add(7, "water") }, nothing)
	if len(b.keys) != 1 {
		t.Errorf("taken: %v", b.keys)
	}
}

// Once another process polls, a fault of before no longer holds /readyz down.
func TestHealthWhileAnotherProcessPolls(t *testing.T) {
	p, b := newProvider(t), &inbox{}
	p.answers["getUpdates"] = refuse(500, "Internal Server Error")
	ctx, cancel := context.WithCancel(t.Context())
	c, asked := config(p.URL), 0
	c.Lease = func(context.Context, string, time.Duration) (bool, error) {
		asked++
		return asked == 1, nil
	}
	var a *telegram.Adapter
	c.Wait = func(ctx context.Context, _ time.Duration) error {
		if up := a.Health().Up; up != (asked > 1) {
			t.Errorf("after asking %d times for the lease up is %v", asked, up)
		}
		if asked > 1 {
			cancel()
		}
		return ctx.Err()
	}
	a = newAdapter(t, c)
	if err := a.Poll(ctx, b.accept); !errors.Is(err, context.Canceled) {
		t.Errorf("poll: %v", err)
	}
}
