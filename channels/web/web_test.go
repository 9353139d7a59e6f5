package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
	"github.com/redress-cms/redress/channels/web"
)

const (
	testToken     = "k3m7q2wz5xv4n6p9r8t1k3m7q2wz5xv4"
	testReference = "C-7K2M-9QXT"
)

// city is a public site with everything behind it played by the test.
type city struct {
	t       *testing.T
	handler http.Handler
	adapter *web.Adapter
	log     bytes.Buffer

	mu        sync.Mutex
	now       time.Time
	accepted  []channels.Inbound // each key once, as the database has it
	acceptErr error
	lookUps   int
	files     map[string]string // by token, id and version

	stories  map[string]web.Story
	storyErr error
	// outcome tells what became of the n-th look at a message.
	outcome func(looks int) (web.Outcome, error)
	looks   int
}

func newCity(t *testing.T, change ...func(*web.Config)) *city {
	t.Helper()
	c := &city{t: t, now: time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC), stories: map[string]web.Story{}}
	c.outcome = func(int) (web.Outcome, error) {
		return web.Outcome{State: "processed", Reference: testReference, Token: testToken}, nil
	}
	c.stories[testToken] = workingStory(c.now)
	config := web.Config{
		PublicURL:      "https://complaints.city.example",
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Secret:         []byte("0123456789abcdef0123456789abcdef"),
		AnswerOn:       []string{"sms", "email"},
		MaxBytes:       1 << 20,
		Files:          &channelstest.Files{},
		Jurisdiction: func() web.Jurisdiction {
			return web.Jurisdiction{
				Name: "City of Example", Location: time.FixedZone("IST", 5*3600+1800),
				Languages: []string{"en", "hi", "es"}, DefaultRegion: "IN",
			}
		},
		Services: func(lang string) []web.Option {
			if lang == "hi" {
				return []web.Option{{Code: "water-leak", Name: "पानी का रिसाव", Group: "पानी"}}
			}
			return []web.Option{
				{Code: "water-leak", Name: "Water leak", Group: "Water"},
				{Code: "no-water", Name: "No water", Group: "Water"},
				{Code: "pothole", Name: "Pothole", Group: "Roads"},
			}
		},
		Areas: func(string) []web.Option {
			return []web.Option{{Code: "ward-4", Name: "Ward 4"}, {Code: "ward-5", Name: "Ward 5"}}
		},
		Stories: c,
		Now:     c.clock,
		Random:  &counter{},
		Logger:  slog.New(slog.NewTextHandler(&c.log, nil)),
	}
	for _, f := range change {
		f(&config)
	}
	adapter, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	adapter.Routes(mux, c.accept)
	c.adapter, c.handler = adapter, mux
	return c
}

// counter is randomness that never repeats itself.
type counter struct{ n byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 0
	}
	c.n++
	p[0] = c.n
	return len(p), nil
}

func (c *city) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *city) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *city) accept(_ context.Context, batch ...channels.Inbound) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.acceptErr != nil {
		return c.acceptErr
	}
next:
	for _, in := range batch {
		for _, known := range c.accepted {
			if known.Key == in.Key {
				continue next
			}
		}
		c.accepted = append(c.accepted, in)
	}
	return nil
}

func (c *city) Story(_ context.Context, token string) (web.Story, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookUps++
	if c.storyErr != nil {
		return web.Story{}, c.storyErr
	}
	story, ok := c.stories[token]
	if !ok {
		return web.Story{}, web.ErrNotFound
	}
	return story, nil
}

func (c *city) File(_ context.Context, token, id string, version web.FileVersion) (web.OpenFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookUps++
	content, ok := c.files[token+"/"+id+"/"+string(version)]
	if !ok {
		return web.OpenFile{}, web.ErrNotFound
	}
	return web.OpenFile{Name: "leak.jpg", Size: int64(len(content)), Content: io.NopCloser(strings.NewReader(content))}, nil
}

func (c *city) Outcome(context.Context, channels.Key) (web.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	return c.outcome(c.looks)
}

func (c *city) do(r *http.Request) *httptest.ResponseRecorder {
	c.t.Helper()
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

func (c *city) get(target string) *httptest.ResponseRecorder {
	c.t.Helper()
	return c.do(httptest.NewRequest(http.MethodGet, target, nil))
}

// upload is a file put into a form.
type upload struct {
	name string
	data []byte
}

func post(t *testing.T, target string, values map[string]string, uploads ...upload) *http.Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range values {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, u := range uploads {
		part, err := form.CreateFormFile("files", u.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(u.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, target, &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

var hiddenToken = regexp.MustCompile(`name="token" value="([^"]+)"`)

// formToken reads the form at target, as a browser does, and takes some time.
func (c *city) formToken(target string) string {
	c.t.Helper()
	w := c.get(target)
	found := hiddenToken.FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusOK || found == nil {
		c.t.Fatalf("GET %s: %d without a form token", target, w.Code)
	}
	c.pass(20 * time.Second)
	return found[1]
}

// filled is a form as a careful person fills it in, with changes.
func (c *city) filled(changes map[string]string) map[string]string {
	values := map[string]string{
		"token": c.formToken("/complaints/new"), "text": "Water is leaking near the school", "place": "School Road 4",
		"service": "water-leak", "area": "ward-4", "name": "Meera", "phone": "098765 43210", "consent": "yes",
	}
	maps.Copy(values, changes)
	return values
}

func (c *city) read(n int) channels.Message {
	c.t.Helper()
	if len(c.accepted) != n+1 {
		c.t.Fatalf("%d messages were taken in, want %d", len(c.accepted), n+1)
	}
	m, err := c.adapter.Read(c.t.Context(), c.accepted[n])
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func wantText(t *testing.T, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the page lacks %q", text)
		}
	}
	if t.Failed() {
		t.Logf("page: %s", w.Body)
	}
}

func wantRedirect(t *testing.T, w *httptest.ResponseRecorder, prefix string) *url.URL {
	t.Helper()
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, prefix) {
		t.Fatalf("%d to %q, want 303 to %s…\n%s", w.Code, to, prefix, w.Body)
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func at(t time.Time, d time.Duration) *time.Time {
	t = t.Add(d)
	return &t
}

func workingStory(now time.Time) web.Story {
	return web.Story{
		Reference: testReference, Status: "pending", Type: "complaint", Service: "Water leak",
		Department: "Water and Sewerage", Area: "Ward 4", ReceivedAt: now.Add(-50 * time.Hour),
		DueAt: at(now, 9*24*time.Hour), Language: "en",
		Messages: []web.StoryMessage{
			{At: now.Add(-50 * time.Hour), Text: "Water is leaking from a burst pipe near the school in Ward 4 since yesterday.\nChildren have to walk through it.", Files: []web.StoryFile{{Name: "leak.jpg", State: web.FileReady, ID: "file1", Original: true, Picture: true}}},
			{FromUs: true, At: now.Add(-30 * time.Hour), Text: "Thank you. Is it before or behind the school gate?"},
			{At: now.Add(-29 * time.Hour), Text: "Behind it, next to the playground."},
		},
		Events: []web.StoryEvent{
			{At: now.Add(-50 * time.Hour), Kind: "registered"},
			{At: now.Add(-50 * time.Hour), Kind: "routed", Text: "Water and Sewerage"},
			{At: now.Add(-49 * time.Hour), Kind: "note", Text: "internal remark"},
			{At: now.Add(-31 * time.Hour), Kind: "accepted"},
		},
	}
}

func resolvedStory(now time.Time) web.Story {
	story := workingStory(now)
	story.Status, story.CanReopen, story.CanRate = "resolved", true, true
	story.ResolvedAt, story.ReopenUntil = at(now, -2*time.Hour), at(now, 30*24*time.Hour)
	story.Messages = append(story.Messages, web.StoryMessage{
		FromUs: true, At: now.Add(-2 * time.Hour), Text: "The pipe behind the school is repaired and the ground is dry.",
	})
	story.Events = append(story.Events, web.StoryEvent{At: now.Add(-2 * time.Hour), Kind: "resolved"})
	return story
}

var errDown = errors.New("database is down")
