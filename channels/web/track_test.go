package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/web"
)

func isUnreadable(err error) bool { return errors.Is(err, channels.ErrUnreadable) }

func TestTrackingPageTellsTheStory(t *testing.T) {
	c := newCity(t)
	w := c.get("/track/" + testToken)
	wantText(t, w, http.StatusOK, "We are working on it", testReference, "Water and Sewerage", "Ward 4", "Water leak",
		"Sunday, 29 November 2026", "Is it before or behind the school gate?", "An officer took it on",
		"19 November 2026, 08:00", `<bdi>leak.jpg</bdi>`, `aria-current="step"`, `name="robots" content="noindex`)
	for _, absent := range []string{"internal remark", "Not put right?", "How well did we"} {
		if strings.Contains(w.Body.String(), absent) {
			t.Errorf("the page has %q", absent)
		}
	}
	c.stories[testToken] = resolvedStory(c.now)
	wantText(t, c.get("/track/"+testToken), http.StatusOK, "Not put right?", "until Sunday, 20 December 2026", "How well did we",
		"Friday, 20 November 2026")
}

func TestEveryStatusHasWords(t *testing.T) {
	c := newCity(t)
	for _, status := range []string{"pending", "deferred", "reforwarded", "reopened", "escalated", "resolved", "closed", "a later one"} {
		for _, lang := range []string{"en", "hi", "es"} {
			story := resolvedStory(c.now)
			story.Status, story.Rating = status, 4
			c.stories[testToken] = story
			w := c.get("/track/" + testToken + "?lang=" + lang)
			wantText(t, w, http.StatusOK, `lang="`+lang+`"`)
			for _, raw := range []string{"status.", "meaning.", "no value"} {
				if strings.Contains(w.Body.String(), raw) {
					t.Errorf("%s in %s: the page has %q", status, lang, raw)
				}
			}
		}
	}
	if c.log.Len() > 0 {
		t.Error(c.log.String())
	}
}

func TestActionsOnTheTrackingPage(t *testing.T) {
	for name, test := range map[string]struct {
		path   string
		form   map[string]string
		action channels.Action
		text   string
		done   string
	}{
		"add":    {"messages", map[string]string{"text": "STATUS is a word"}, channels.ActionAdd, "STATUS is a word", "We have your message"},
		"reopen": {"reopen", map[string]string{"why": "still leaking"}, channels.ActionReopen, "still leaking", "open the complaint again"},
		"rate":   {"rating", map[string]string{"rating": "4"}, channels.ActionRate, "4", "Thank you for your rating"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			c.stories[testToken] = resolvedStory(c.now)
			test.form["token"] = c.formToken("/track/" + testToken)
			target := "/track/" + testToken + "/" + test.path
			for range 2 { // pressed twice
				to := wantRedirect(t, c.do(post(t, target, test.form)), "/track/"+testToken)
				wantText(t, c.get(to.String()), http.StatusOK, test.done)
			}
			m := c.read(0)
			if m.Action != test.action || m.Written != test.text || m.Token != testToken || !m.Verified || m.VerifiedBy != "tracking token" {
				t.Errorf("%+v", m)
			}
			if strings.Contains(c.accepted[0].Sender, testToken) || strings.Contains(c.accepted[0].ExternalID, testToken) {
				t.Error("the tracking token is in the sender or the key")
			}
		})
	}
}

func TestRatingWithoutMultipart(t *testing.T) {
	c := newCity(t)
	c.stories[testToken] = resolvedStory(c.now)
	form := url.Values{"token": {c.formToken("/track/" + testToken)}, "rating": {"5"}}
	r := httptest.NewRequest(http.MethodPost, "/track/"+testToken+"/rating", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	wantRedirect(t, c.do(r), "/track/"+testToken)
	if m := c.read(0); m.Written != "5" {
		t.Errorf("%+v", m)
	}
}

func TestFaultsOnTheTrackingPage(t *testing.T) {
	for name, test := range map[string]struct {
		path  string
		form  map[string]string
		story func(time.Time) web.Story
		want  string
	}{
		"nothing written":  {"messages", map[string]string{"text": " "}, resolvedStory, "Please write something"},
		"no reason":        {"reopen", map[string]string{"why": ""}, resolvedStory, "what is still wrong"},
		"too late":         {"reopen", map[string]string{"why": "still leaking"}, workingStory, "not possible any more"},
		"rating of 7":      {"rating", map[string]string{"rating": "7"}, resolvedStory, "from 1 to 5"},
		"no rating":        {"rating", nil, resolvedStory, "from 1 to 5"},
		"not to be rated":  {"rating", map[string]string{"rating": "5"}, workingStory, "not possible any more"},
		"other form token": {"messages", map[string]string{"text": "typed text", "token": "x"}, resolvedStory, "typed text"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			c.stories[testToken] = test.story(c.now)
			form := map[string]string{"token": c.formToken("/track/" + testToken)}
			for k, v := range test.form {
				form[k] = v
			}
			wantText(t, c.do(post(t, "/track/"+testToken+"/"+test.path, form)), http.StatusUnprocessableEntity, test.want, `role="alert"`)
			if len(c.accepted) > 0 {
				t.Error("it was taken in")
			}
		})
	}
}

func TestHostileTextStaysText(t *testing.T) {
	const hostile = `"><script>alert(1)</script>{{.Token}}<img src=x onerror=alert(1)>`
	c := newCity(t)
	story := resolvedStory(c.now)
	story.Service, story.Department, story.Area = hostile, hostile, hostile
	story.Messages = []web.StoryMessage{{Text: hostile, Files: []web.StoryFile{{Name: hostile, State: web.FileReady, ID: "file1", Original: true, Picture: true}}}}
	story.Events = append(story.Events, web.StoryEvent{Kind: "resolved", Text: hostile})
	c.stories[testToken] = story
	pages := map[string]*httptest.ResponseRecorder{
		"tracking page": c.get("/track/" + testToken),
		"form": c.do(post(t, "/complaints", c.filled(map[string]string{
			"text": hostile, "name": hostile, "place": hostile, "phone": hostile, "email": hostile, "service": hostile,
		}))),
		"lookup":   c.get("/track?q=" + url.QueryEscape(hostile)),
		"language": c.get("/complaints/new?lang=" + url.QueryEscape(hostile)),
	}
	for name, w := range pages {
		page := w.Body.String()
		if strings.Contains(page, "<script") || strings.Contains(page, "<img src=x") {
			t.Errorf("%s: markup got through", name)
		}
	}
	wantText(t, pages["tracking page"], http.StatusOK, "{{.Token}}")
}

func TestUnknownTokensAreAnsweredAlikeAndThrottled(t *testing.T) {
	c := newCity(t)
	guess := func(token, remote string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/track/"+token, nil)
		r.RemoteAddr = remote
		return c.do(r)
	}
	first := guess("k3m7q2wz5xv4n6p9r8t1k3m7q2wz5xv5", "203.0.113.9:1")
	wantText(t, first, http.StatusNotFound, "nothing to show here")
	for _, token := range []string{"C-7K2M-9QXT", "x", strings.Repeat("y", 500), "%3Cb%3E"} {
		if w := guess(token, "203.0.113.9:1"); w.Code != http.StatusNotFound || w.Body.String() != first.Body.String() {
			t.Errorf("%q is answered differently", token)
		}
	}
	for i := range 10_000 {
		guess(fmt.Sprintf("guess%027d", i), "203.0.113.9:1")
	}
	if c.lookUps > 25 {
		t.Errorf("%d guesses reached the database", c.lookUps)
	}
	w := guess(testToken, "203.0.113.9:1")
	wantText(t, w, http.StatusTooManyRequests, "wait a minute")
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	wantText(t, guess(testToken, "[2001:db8::1]:1"), http.StatusOK, testReference)
}

func TestOwnPageIsNeverThrottled(t *testing.T) {
	c := newCity(t)
	for range 200 {
		if w := c.get("/track/" + testToken); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
	}
}

func TestLookup(t *testing.T) {
	c := newCity(t)
	for _, typed := range []string{testToken, " https://complaints.city.example/track/" + testToken + "?new=1 ", "/track/" + testToken} {
		to := wantRedirect(t, c.get("/track?q="+url.QueryEscape(typed)), "/track/"+testToken)
		wantText(t, c.get(to.String()), http.StatusOK)
	}
	c.lookUps = 0
	known := c.get("/track?q=" + testReference)
	wantText(t, known, http.StatusOK, "a complaint number alone shows nothing here", "write STATUS")
	if unknown := c.get("/track?q=C-0000-0000"); unknown.Body.String() != known.Body.String() {
		t.Error("a reference that exists is answered differently")
	}
	if c.lookUps > 0 {
		t.Error("a reference was looked up")
	}
	wantText(t, c.get("/track"), http.StatusOK, "Your tracking link")
}

func TestDatabaseAway(t *testing.T) {
	c := newCity(t)
	c.storyErr = errDown
	w := c.get("/track/" + testToken)
	wantText(t, w, http.StatusServiceUnavailable, "Your complaint is safe")
	if strings.Contains(w.Body.String()+c.log.String(), testToken) {
		t.Error("the token is in the page or the log")
	}
}

func TestHeaders(t *testing.T) {
	c := newCity(t)
	for path, cache := range map[string]string{
		"/complaints/new": "private, no-cache", "/track": "no-store", "/track/" + testToken: "no-store", "/track/unknown": "no-store",
	} {
		h := c.get(path).Header()
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: Content-Security-Policy %q", path, policy)
		}
		for name, want := range map[string]string{
			"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": cache,
			"Content-Type": "text/html; charset=utf-8",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
	}
	if h := c.get("/track/" + testToken).Header(); !strings.Contains(h.Get("X-Robots-Tag"), "noindex") {
		t.Error("a tracking page may be indexed")
	}
	w := c.get("/")
	if to := w.Header().Get("Location"); to != "/complaints/new" {
		t.Errorf("/ leads to %q", to)
	}
}

func TestPagesNeedNothingFromElsewhere(t *testing.T) {
	c := newCity(t)
	c.stories[testToken] = resolvedStory(c.now)
	for _, path := range []string{"/complaints/new", "/track", "/track/" + testToken, "/track/unknown"} {
		page := c.get(path).Body.String()
		for _, bad := range []string{"<script", " style=", "<style", `src="http`, `src="//`, `href="http`, "javascript:"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
		_, rest, _ := strings.Cut(page, `rel="stylesheet" href="`)
		sheet, _, _ := strings.Cut(rest, `"`)
		w := c.get(sheet)
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: stylesheet %q: %d", path, sheet, w.Code)
		}
	}
}

func TestLanguages(t *testing.T) {
	c := newCity(t)
	for name, test := range map[string]struct{ path, accept, want string }{
		"default":         {"/complaints/new", "", "Tell us what went wrong"},
		"browser":         {"/complaints/new", "hi-IN,hi;q=0.9,en;q=0.5", "पानी का रिसाव"},
		"asked for":       {"/complaints/new?lang=es", "hi", "Cuéntenos qué ha pasado"},
		"none of ours":    {"/complaints/new?lang=xx", "ja", "Tell us what went wrong"},
		"of the case":     {"/track/" + testToken, "es", "We are working on it"},
		"other than case": {"/track/" + testToken + "?lang=es", "", "Estamos en ello"},
	} {
		r := httptest.NewRequest(http.MethodGet, test.path, nil)
		r.Header.Set("Accept-Language", test.accept)
		t.Run(name, func(t *testing.T) { wantText(t, c.do(r), http.StatusOK, test.want) })
	}
	w := c.do(post(t, "/complaints?lang=hi", c.filled(map[string]string{"consent": ""})))
	wantText(t, w, http.StatusUnprocessableEntity, "कृपया सहमति का निशान लगाइए")
}

func TestSendIsRefused(t *testing.T) {
	c := newCity(t)
	_, err := c.adapter.Send(t.Context(), channels.Outbound{To: "anonymous:x"})
	if kind := channels.AsSendError(err).Kind; kind != channels.SendPermanent {
		t.Error(kind)
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	for name, config := range map[string]web.Config{
		"public URL": {PublicURL: "complaints.city.example", Secret: make([]byte, 32)},
		"secret":     {PublicURL: "https://complaints.city.example", Secret: []byte("short")},
	} {
		if _, err := web.New(config); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFilesAreDownloadsOrPicturesOfOurs(t *testing.T) {
	c := newCity(t)
	c.stories[testToken] = workingStory(c.now)
	c.files = map[string]string{
		testToken + "/file1/": "<script>alert(1)</script>", testToken + "/file1/picture": "\xff\xd8 picture", testToken + "/file1/thumbnail": "\xff\xd8 small",
	}
	for path, want := range map[string]struct{ body, contentType, disposition string }{
		"files/file1":           {"<script>alert(1)</script>", "application/octet-stream", "attachment; filename=leak.jpg"},
		"files/file1/picture":   {"\xff\xd8 picture", "image/jpeg", "inline"},
		"files/file1/thumbnail": {"\xff\xd8 small", "image/jpeg", "inline"},
	} {
		w := c.get("/track/" + testToken + "/" + path)
		h := w.Header()
		if w.Code != http.StatusOK || w.Body.String() != want.body || h.Get("Content-Type") != want.contentType ||
			h.Get("Content-Disposition") != want.disposition {
			t.Errorf("%s: %d, %v, %q", path, w.Code, h, w.Body)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") ||
			h.Get("Cache-Control") != "no-store" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestUnknownFilesAreAnsweredAlikeAndThrottled(t *testing.T) {
	c := newCity(t)
	c.stories[testToken] = workingStory(c.now)
	c.files = map[string]string{testToken + "/file1/": "mine", "othercase" + testToken + "/file2/": "theirs"}
	unknown := c.get("/track/nosuchtokennosuchtoken")
	for _, path := range []string{
		testToken + "/files/file2", testToken + "/files/1", testToken + "/files/..%2ffile1", testToken + "/files/file1/thumbnail",
		"nosuchtoken/files/file1", testToken + "/files/" + strings.Repeat("x", 500),
	} {
		w := c.get("/track/" + path)
		if w.Code != http.StatusNotFound || w.Body.String() != unknown.Body.String() {
			t.Errorf("%s: %d, %s", path, w.Code, w.Body)
		}
	}
	for range 1000 {
		c.get("/track/" + testToken + "/files/guess")
	}
	if c.lookUps > 30 {
		t.Errorf("%d guesses reached the database", c.lookUps)
	}
	wantText(t, c.get("/track/"+testToken+"/files/file1"), http.StatusTooManyRequests, "wait a minute")
}

func TestTrackingPageShowsFiles(t *testing.T) {
	c := newCity(t)
	story := workingStory(c.now)
	story.Messages = []web.StoryMessage{
		{Text: "Look", Files: []web.StoryFile{
			{Name: "leak.jpg", State: web.FileReady, ID: "file1", Original: true, Picture: true},
			{Name: "letter.pdf", State: web.FileReady, ID: "file2", Original: true},
			{Name: "new.jpg", State: web.FileHeld}, {Name: "bad.doc", State: web.FileRefused},
		}},
		{FromUs: true, Files: []web.StoryFile{{Name: "repaired.jpg", State: web.FileReady, ID: "file3", Picture: true}}},
	}
	c.stories[testToken] = story
	w := c.get("/track/" + testToken + "?lang=en")
	files := "/track/" + testToken + "/files/"
	wantText(t, w, http.StatusOK, `<img src="`+files+`file1/thumbnail" alt="Photo: leak.jpg"`, `<a href="`+files+`file1" download>`,
		`<a href="`+files+`file2" download><bdi>letter.pdf</bdi>`, "being checked", "could be harmful", files+"file3/picture")
	if page := w.Body.String(); strings.Contains(page, files+`file3" download`) || strings.Contains(page, `bad.doc</bdi></a>`) {
		t.Error("a file is offered that is not for the complainant")
	}
}
