package web_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
	"github.com/redress-cms/redress/channels/web"
)

var png = []byte("\x89PNG\r\n\x1a\n and a picture")

func TestComplaintFromFormToTrackingPage(t *testing.T) {
	c := newCity(t)
	wantText(t, c.get("/complaints/new"), http.StatusOK, "Tell us what went wrong", "City of Example",
		`<optgroup label="Water">`, `<option value="ward-4">Ward 4</option>`, `enctype="multipart/form-data"`)

	w := c.do(post(t, "/complaints?lang=en", c.filled(nil), upload{"leak.jpg", png}))
	to := wantRedirect(t, w, "/track/"+testToken)
	if to.Query().Get("new") != "1" {
		t.Errorf("redirect to %s does not say that the complaint is new", to)
	}
	wantText(t, c.get(to.String()), http.StatusOK, "Your complaint is registered", testReference,
		"by Sunday, 29 November 2026", "https://complaints.city.example/track/"+testToken)

	m := c.read(0)
	if m.Verified || m.Token != "" {
		t.Error("a phone number that was typed in must not count as verified")
	}
	want := channels.Message{
		From: channels.Party{Address: "+919876543210", Name: "Meera"}, AnswerOn: "sms",
		ID: c.accepted[0].ExternalID, Text: "Water is leaking near the school", Written: "Water is leaking near the school",
		Language: "en", SentAt: c.accepted[0].ReceivedAt, Action: channels.ActionRegister,
		Fields: channels.Fields{Service: "water-leak", Area: "ward-4", Place: "School Road 4"},
		Attachments: []channels.Attachment{{
			Filename: "leak.jpg", ContentType: "image/png",
			Stored: channels.Stored{SHA256: fmt.Sprintf("%x", sha256.Sum256(png)), Size: int64(len(png))},
		}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	if got := c.accepted[0].Sender; got != "+919876543210" {
		t.Errorf("Sender = %q", got)
	}
}

func TestWhereTheAnswerGoes(t *testing.T) {
	for name, test := range map[string]struct {
		typed            map[string]string
		from, on, sender string
	}{
		"phone":     {map[string]string{"phone": "+34 612 34 56 78"}, "+34612345678", "sms", "+34612345678"},
		"email":     {map[string]string{"phone": "", "email": "Meera@Example.ORG"}, "meera@example.org", "email", "meera@example.org"},
		"both":      {map[string]string{"email": "m@example.org"}, "+919876543210", "sms", "+919876543210"},
		"anonymous": {map[string]string{"phone": "", "keep_link": "yes"}, "anonymous:", "", "anonymous:"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			wantRedirect(t, c.do(post(t, "/complaints", c.filled(test.typed))), "/track/")
			m := c.read(0)
			if !strings.HasPrefix(m.From.Address, test.from) || m.AnswerOn != test.on {
				t.Errorf("from %q, answer on %q", m.From.Address, m.AnswerOn)
			}
			if !strings.HasPrefix(c.accepted[0].Sender, test.sender) || m.Verified {
				t.Errorf("sender %q, verified %t", c.accepted[0].Sender, m.Verified)
			}
		})
	}
}

// A number and a mail address typed into one form are not shown to be of one
// person, so they must not become the addresses of one contact.
func TestSecondAddressProvesNothing(t *testing.T) {
	c := newCity(t)
	wantRedirect(t, c.do(post(t, "/complaints", c.filled(map[string]string{"email": "m@example.org"}))), "/track/")
	m := c.read(0)
	if len(m.Also) > 0 {
		t.Errorf("joined to the owner of the number: %+v", m.Also)
	}
	if !strings.HasSuffix(m.Written, "\n\nm@example.org") {
		t.Errorf("staff do not see the address: %q", m.Written)
	}
}

func TestFormIsShownAgainWithWhatWasTyped(t *testing.T) {
	for name, test := range map[string]struct {
		typed map[string]string
		file  []upload
		want  []string
	}{
		"no text": {map[string]string{"text": " \n "}, nil,
			[]string{"Please write what happened.", `id="text-error"`, `aria-describedby="text-hint text-error"`, `href="#text"`}},
		"too long":       {map[string]string{"text": strings.Repeat("र", web.MaxText+1)}, nil, []string{"more than 10000 characters"}},
		"bad phone":      {map[string]string{"phone": "12"}, nil, []string{"check the phone number", `value="12"`}},
		"bad email":      {map[string]string{"email": "a@b@c"}, nil, []string{"check the email address", `value="a@b@c"`}},
		"mail with name": {map[string]string{"email": "X <x@example.org>"}, nil, []string{"check the email address"}},
		"no contact":     {map[string]string{"phone": ""}, nil, []string{"tick that you will keep the tracking link"}},
		"no consent":     {map[string]string{"consent": ""}, nil, []string{"Please tick that you agree"}},
		"web page":       {nil, []upload{{"x.jpg", []byte("<html><script>alert(1)</script>")}}, []string{"only pictures"}},
		"svg":            {nil, []upload{{"x.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)}}, []string{"only pictures"}},
		"many files":     {nil, bytesOf(web.MaxFiles + 1), []string{"at most 10 files"}},
		"files anew":     {map[string]string{"text": ""}, bytesOf(1), []string{"choose your files again"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			w := c.do(post(t, "/complaints?lang=en", c.filled(test.typed), test.file...))
			wantText(t, w, http.StatusUnprocessableEntity, append(test.want, `role="alert"`, `value="School Road 4"`,
				`<option value="ward-4" selected>`, `<option value="water-leak" selected>`)...)
			if len(c.accepted) > 0 {
				t.Error("a faulty form was taken in")
			}
		})
	}
}

func bytesOf(n int) []upload {
	files := make([]upload, n)
	for i := range files {
		files[i] = upload{"p.png", png}
	}
	return files
}

func TestRobotsAreAskedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(c *city, form map[string]string)
		want  string
	}{
		"field for robots": {func(_ *city, f map[string]string) { f["homepage"] = "http://spam.example" }, "meant to stay empty"},
		"at once":          {func(c *city, _ map[string]string) { c.pass(-18 * time.Second) }, "very quickly"},
		"next day":         {func(c *city, _ map[string]string) { c.pass(25 * time.Hour) }, "open for a long time"},
		"no token":         {func(_ *city, f map[string]string) { f["token"] = "" }, "once more"},
		"forged token":     {func(_ *city, f map[string]string) { f["token"] = "B" + f["token"][1:] }, "once more"},
		"other purpose":    {func(c *city, f map[string]string) { f["token"] = c.formToken("/track/" + testToken) }, "once more"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			form := c.filled(nil)
			test.spoil(c, form)
			w := c.do(post(t, "/complaints", form))
			wantText(t, w, http.StatusUnprocessableEntity, test.want, "Water is leaking near the school")
			if len(c.accepted) > 0 {
				t.Fatal("it was taken in")
			}
			// A person just presses the button again.
			form["token"] = hiddenToken.FindStringSubmatch(w.Body.String())[1]
			delete(form, "homepage")
			c.pass(20 * time.Second)
			wantRedirect(t, c.do(post(t, "/complaints", form)), "/track/")
		})
	}
}

func TestSameFormTwiceIsOneComplaint(t *testing.T) {
	c := newCity(t)
	form := c.filled(nil)
	for range 3 {
		wantRedirect(t, c.do(post(t, "/complaints", form)), "/track/"+testToken)
	}
	if len(c.accepted) != 1 {
		t.Errorf("%d messages were taken in", len(c.accepted))
	}
	// Going back and writing about something else is another complaint.
	form["text"] = "The street lamp is broken too"
	wantRedirect(t, c.do(post(t, "/complaints", form)), "/track/"+testToken)
	if len(c.accepted) != 2 {
		t.Errorf("%d messages after a second complaint", len(c.accepted))
	}
}

func TestFloodOfFormsFromOneClient(t *testing.T) {
	c := newCity(t)
	send := func(remote, forwarded string) int {
		r := post(t, "/complaints", map[string]string{"text": "x"})
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", forwarded)
		return c.do(r).Code
	}
	for i := range 20 {
		// A client that is no proxy of ours cannot pass for others.
		if code := send("203.0.113.9:1000", "198.51.100."+string(rune('0'+i%10))); code != http.StatusUnprocessableEntity {
			t.Fatalf("form %d: %d", i, code)
		}
	}
	if code := send("203.0.113.9:1001", ""); code != http.StatusTooManyRequests {
		t.Errorf("form 21: %d", code)
	}
	if code := send("10.1.2.3:1000", "203.0.113.9"); code != http.StatusTooManyRequests {
		t.Errorf("same client through our proxy: %d", code)
	}
	if code := send("10.1.2.3:1000", "203.0.113.9:4711"); code != http.StatusTooManyRequests {
		t.Errorf("same client through a proxy that tells its port: %d", code)
	}
	if code := send("10.1.2.3:1000", "203.0.113.9, 203.0.113.10"); code != http.StatusUnprocessableEntity {
		t.Errorf("another client through our proxy: %d", code)
	}
	c.pass(time.Minute)
	if code := send("203.0.113.9:1000", ""); code != http.StatusUnprocessableEntity {
		t.Errorf("a minute later: %d", code)
	}
}

func TestUploadOverLimit(t *testing.T) {
	c := newCity(t)
	w := c.do(post(t, "/complaints?lang=es", c.filled(nil), upload{"big.png", append(png, make([]byte, 2<<20)...)}))
	wantText(t, w, http.StatusRequestEntityTooLarge, "Los archivos son demasiado grandes", "1\u00a0MB")
	if len(c.accepted) > 0 {
		t.Error("it was taken in")
	}
}

// Many large uploads at a time do not fill the memory, and keep nobody from
// complaining in words.
func TestManyUploadsAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		upload := func() *http.Request {
			body, _ := io.Pipe() // never comes to its end
			r := httptest.NewRequest(http.MethodPost, "/complaints", body).WithContext(t.Context())
			r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			return r
		}
		for range 8 {
			r := upload()
			go c.do(r)
			t.Cleanup(func() { _ = r.Body.Close() })
		}
		synctest.Wait()
		wantText(t, c.do(upload()), http.StatusTooManyRequests)
		wantRedirect(t, c.do(post(t, "/complaints", c.filled(nil))), "/track/")
	})
}

func TestPlainFormOverLimit(t *testing.T) {
	c := newCity(t)
	r := httptest.NewRequest(http.MethodPost, "/complaints", strings.NewReader("text="+strings.Repeat("x", 2<<20)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	wantText(t, c.do(r), http.StatusRequestEntityTooLarge, "too big")
}

func TestBrokenForm(t *testing.T) {
	c := newCity(t)
	r := post(t, "/complaints", nil)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=other")
	wantText(t, c.do(r), http.StatusBadRequest, "did not reach us whole")
}

func TestFormOfAnotherSite(t *testing.T) {
	c := newCity(t)
	r := post(t, "/complaints", c.filled(nil))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	wantText(t, c.do(r), http.StatusForbidden, "another website")
	if len(c.accepted) > 0 {
		t.Error("it was taken in")
	}
	// A browser without Sec-Fetch-Site, under our no-referrer policy.
	r = post(t, "/complaints", c.filled(nil))
	r.Header.Del("Sec-Fetch-Site")
	r.Header.Set("Origin", "null")
	wantRedirect(t, c.do(r), "/track/")
}

func TestStorageAway(t *testing.T) {
	c := newCity(t)
	c.acceptErr = errDown
	w := c.do(post(t, "/complaints", c.filled(nil)))
	wantText(t, w, http.StatusServiceUnavailable, "could not take this in just now", "Water is leaking near the school")
	if h := c.adapter.Health(); h.Up || h.Error == "" {
		t.Errorf("health %+v", h)
	}
	if log := c.log.String(); strings.Contains(log, "leaking") || strings.Contains(log, "98765") {
		t.Errorf("the log has content: %s", log)
	}
	c.acceptErr = nil
	form := c.filled(nil)
	form["token"] = hiddenToken.FindStringSubmatch(w.Body.String())[1]
	wantRedirect(t, c.do(post(t, "/complaints", form)), "/track/")
	if h := c.adapter.Health(); !h.Up || h.Error != "" || !h.LastSuccess.Equal(c.clock()) {
		t.Errorf("health after recovery %+v", h)
	}
}

func TestWaitingForTheNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.outcome = func(int) (web.Outcome, error) { return web.Outcome{}, web.ErrNotFound } // spooled
		form := c.filled(nil)
		start := time.Now()
		to := wantRedirect(t, c.do(post(t, "/complaints?lang=hi", form)), "/complaints/received/")
		if waited := time.Since(start); waited != 3*time.Second {
			t.Errorf("waited %s", waited)
		}
		wantText(t, c.get(to.String()), http.StatusOK, "आपकी शिकायत हमें मिल गई", `http-equiv="refresh" content="2"`)
		c.pass(2 * time.Minute)
		wantText(t, c.get(to.String()), http.StatusOK, `content="15"`)

		c.outcome = func(int) (web.Outcome, error) { return web.Outcome{State: "quarantined"}, nil }
		w := c.get(to.String() + "&lang=en")
		if strings.Contains(w.Body.String(), "http-equiv") {
			t.Error("a page that waits for a person reloads itself")
		}
		c.outcome = func(int) (web.Outcome, error) {
			return web.Outcome{State: "processed", Reference: testReference, Token: testToken}, nil
		}
		wantRedirect(t, c.get(to.String()), "/track/"+testToken)

		wantText(t, c.get("/complaints/received/"+form["token"]), http.StatusNotFound, "does not exist")
		c.pass(25 * time.Hour)
		wantText(t, c.get(to.String()), http.StatusNotFound)
	})
}

func TestNumberArrivesWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.outcome = func(looks int) (web.Outcome, error) {
			if looks < 6 {
				return web.Outcome{State: web.StateReceived}, nil
			}
			return web.Outcome{State: "processed", Reference: testReference, Token: testToken}, nil
		}
		start := time.Now()
		wantRedirect(t, c.do(post(t, "/complaints", c.filled(nil))), "/track/"+testToken)
		if waited := time.Since(start); waited != 500*time.Millisecond {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestFormAsksOnlyWhereWeCanAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		on    []string
		phone bool
		email bool
	}{
		"sms": {[]string{"sms"}, true, false}, "email": {[]string{"email"}, false, true}, "none": {nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t, func(config *web.Config) { config.AnswerOn = test.on })
			page := c.get("/complaints/new").Body.String()
			if strings.Contains(page, `name="phone"`) != test.phone || strings.Contains(page, `name="email"`) != test.email {
				t.Error("the form asks for the wrong addresses")
			}
			wantRedirect(t, c.do(post(t, "/complaints", c.filled(map[string]string{"keep_link": "yes", "email": "m@example.org"}))), "/track/")
		})
	}
}

func TestReadRefusesWhatNoFormMade(t *testing.T) {
	c := newCity(t)
	for name, raw := range map[string]string{
		"no JSON": "text", "no action": `{}`, "unknown action": `{"action":"delete"}`, "no token": `{"action":"reopen","text":"x"}`,
		"long": `{"action":"register","text":"` + strings.Repeat("x", web.MaxText+1) + `"}`,
	} {
		if _, err := c.adapter.Read(context.Background(), channels.Inbound{Raw: []byte(raw)}); !isUnreadable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTypedControlCharactersAreDropped(t *testing.T) {
	c := newCity(t)
	wantRedirect(t, c.do(post(t, "/complaints", c.filled(map[string]string{
		"text": "a\x00b\r\nc\xff", "name": "Me\r\nBcc: x@example.org", "service": "no-such", "place": strings.Repeat("p", 999),
	}))), "/track/")
	m := c.read(0)
	if m.Text != "ab\nc\ufffd" || m.From.Name != "Me Bcc: x@example.org" || m.Fields.Service != "" || len(m.Fields.Place) != 300 {
		t.Errorf("%+v", m)
	}
	if bytes.ContainsRune(c.accepted[0].Raw, 0) {
		t.Error("NUL was kept")
	}
}

func FuzzRead(f *testing.F) {
	for _, raw := range []string{
		`{"action":"register","language":"en","text":"Water","phone":"+919876543210","files":[{"name":"a.png","data":"iVBORw=="}]}`,
		`{"action":"rate","token":"k3m7q2wz5xv4n6p9r8t1","text":"4"}`, `{"files":[null]}`, `[]`, ``,
	} {
		f.Add([]byte(raw))
	}
	adapter, err := web.New(web.Config{PublicURL: "https://complaints.city.example", Secret: make([]byte, 32), Files: &channelstest.Files{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := adapter.Read(t.Context(), channels.Inbound{Raw: raw})
		switch {
		case err != nil && !isUnreadable(err):
			t.Errorf("would be tried for ever: %v", err)
		case err == nil && m.Verified != (m.Token != ""):
			t.Errorf("verified %t with token %q", m.Verified, m.Token)
		case err == nil && m.From.Address == "":
			t.Error("a message of nobody")
		}
	})
}
