package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// surfer is a citizen with a browser that runs no script.
type surfer struct {
	*played
	client *http.Client
}

func (s *played) surfer() *surfer {
	return &surfer{played: s, client: &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer of the site.
type page struct {
	status   int
	location string
	html     string
}

// words is the page without its markup.
func (p page) words() string {
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(p.html, " "))
}

func (s *surfer) get(path string) page {
	s.t.Helper()
	response, err := s.client.Get(s.url + path)
	must(s.t, err)
	return s.read(response)
}

func (s *surfer) read(response *http.Response) page {
	s.t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(s.t, err)
	return page{response.StatusCode, response.Header.Get("Location"), string(body)}
}

// submit sends the form of a page that goes to action, as a browser does: with
// what is hidden in it. picture is the bytes of a file; nil: none is chosen.
func (s *surfer) submit(p page, action string, typed map[string]string, picture []byte) page {
	s.t.Helper()
	form, found := cut(p.html, `action="`+action, "</form>")
	token, hidden := cut(form, `name="token" value="`, `"`)
	if !found || !hidden {
		s.t.Fatalf("no form for %s with a token on the page:\n%s", action, p.words())
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	must(s.t, w.WriteField("token", html.UnescapeString(token)))
	for name, value := range typed {
		must(s.t, w.WriteField(name, value))
	}
	if picture != nil {
		file, err := w.CreateFormFile("files", "leak.png")
		must(s.t, err)
		_, err = file.Write(picture)
		must(s.t, err)
	}
	must(s.t, w.Close())
	response, err := s.client.Post(s.url+action, w.FormDataContentType(), &body)
	must(s.t, err)
	return s.read(response)
}

// cut is what stands between two texts.
func cut(s, before, after string) (string, bool) {
	_, s, found := strings.Cut(s, before)
	s, _, ends := strings.Cut(s, after)
	return s, found && ends
}

// complain fills in the public form and follows to the tracking page. The form
// comes back to whoever is quicker than a person.
func (s *surfer) complain(typed map[string]string, picture []byte) (token string, shown page) {
	s.t.Helper()
	form, opened := s.get("/complaints/new?lang=en"), time.Now()
	if quick := s.submit(form, "/complaints", typed, picture); quick.status != http.StatusUnprocessableEntity || !contains(quick.words(), []string{typed["text"]}) {
		s.t.Fatalf("a form filled in at once is answered with %d:\n%s", quick.status, quick.words())
	}
	var taken page
	s.eventually("acceptance of the form", func() error {
		if time.Since(opened) < 4*time.Second { // its time is kept in seconds
			return errors.New("still filling it in")
		}
		if taken = s.submit(form, "/complaints", typed, picture); taken.status != http.StatusSeeOther {
			return fmt.Errorf("%d: %s", taken.status, taken.words())
		}
		return nil
	})
	s.eventually("the tracking page", func() error {
		if strings.HasPrefix(taken.location, "/complaints/received/") {
			taken = s.get(taken.location)
		}
		if !strings.HasPrefix(taken.location, "/track/") {
			return fmt.Errorf("%d to %q", taken.status, taken.location)
		}
		return nil
	})
	to, err := url.Parse(taken.location)
	must(s.t, err)
	return strings.TrimPrefix(to.Path, "/track/"), s.get(taken.location)
}

// png is the smallest picture that is one.
var png = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89")

// TestWebStory walks the story of a citizen with a browser. After it, and after
// the same story on the other channels, the log tells nothing of what was said,
// by whom, or with which secret.
func TestWebStory(t *testing.T) {
	s := newPlayed(t, false)
	s.rewrite("log: {level: warn}", "log: {level: debug}")
	s.start("serve")
	s.awaitReady()
	s.linkStaff()
	t.Run("with a phone", func(t *testing.T) { s.in(t).surfer().walksWithPhone() })
	t.Run("anonymous", func(t *testing.T) { s.in(t).surfer().staysAnonymous() })
	t.Run("unknown tokens", func(t *testing.T) { s.in(t).surfer().guesses() })
	t.Run("other channels", func(t *testing.T) {
		t.Run("SMS", func(t *testing.T) { t.Parallel(); s.in(t).walks("sms", s.in(t).texter()) })
		t.Run("chat", func(t *testing.T) { t.Parallel(); s.in(t).walks("telegram", s.in(t).chatter()) })
		t.Run("mail", func(t *testing.T) { t.Parallel(); s.in(t).writes() })
	})
	s.logsHoldNothingPersonal()
}

func (s *played) writes() {
	from := stranger()
	_, err := s.mail.Write(letter(from, "Leak", "Water is leaking at the old mill"))
	must(s.t, err)
	s.awaitMail(from, "Water and Sewerage")
}

func (s *played) walks(channel string, c citizen) {
	(&story{world: s.world, citizen: c, channel: channel}).walk()
}

// rewrite changes the settings before anything runs.
func (s *played) rewrite(before, after string) {
	s.t.Helper()
	text, err := os.ReadFile(s.config)
	must(s.t, err)
	if !strings.Contains(string(text), before) {
		s.t.Fatalf("no %q in the settings", before)
	}
	must(s.t, os.WriteFile(s.config, []byte(strings.ReplaceAll(string(text), before, after)), 0o600))
}

func (s *surfer) walksWithPhone() {
	phone, asha := s.texter(), s.chat(chatAsha)
	token, thanks := s.complain(map[string]string{
		"text": "Water is leaking from a burst pipe near the school", "area": "ward-4", "name": "Meera Nair", "phone": phone.number, "consent": "yes",
	}, png)
	ref := reference(s.t, thanks.words())
	if got := phone.hear("Water and Sewerage"); !strings.Contains(got, ref) {
		s.t.Errorf("the page says %s, the text message %q", ref, got)
	}
	asha.see(ref, "Water leak", "Ward 4")
	c := s.show(ref)
	if c.Channel != "web" || text(c.Area) != "ward-4" || c.Contact.Name != "Meera Nair" || !slices.Equal(c.Contact.Addresses, []string{"sms:" + phone.number}) {
		s.t.Errorf("case by %s in %s of %+v", c.Channel, text(c.Area), c.Contact)
	}
	if files := c.Messages[0].Attachments; len(files) != 1 || files[0].ContentType != "image/png" || files[0].Size != int64(len(png)) {
		s.t.Errorf("attachments %+v", files)
	}

	track := "/track/" + token
	added := s.submit(s.get(track), track+"/messages", map[string]string{"text": "It now reaches the playground"}, nil)
	if added.status != http.StatusSeeOther {
		s.t.Fatalf("a message was answered with %d: %s", added.status, added.words())
	}
	asha.see(ref, "It now reaches the playground")
	if shown := s.get(added.location); !contains(shown.words(), []string{ref, "It now reaches the playground"}) {
		s.t.Errorf("the page lacks the message:\n%s", shown.words())
	}
	s.resolvedRatedReopened(ref, track, phone)
}

// resolvedRatedReopened ends the story on the tracking page.
func (s *surfer) resolvedRatedReopened(ref, track string, phone *texter) {
	s.t.Helper()
	s.run("case", "resolve", ref, "The pipe was replaced.", "--as", "asha")
	phone.hear(ref, "The pipe was replaced.")
	resolved := s.get(track)
	if !strings.Contains(resolved.words(), "The pipe was replaced.") {
		s.t.Errorf("the page lacks the resolution:\n%s", resolved.words())
	}
	if got := s.submit(resolved, track+"/rating", map[string]string{"rating": "4"}, nil); got.status != http.StatusSeeOther {
		s.t.Errorf("a rating was answered with %d: %s", got.status, got.words())
	}
	s.await(ref, "rating", func(c app.CaseStory) bool { return c.Rating != nil && *c.Rating == 4 })
	if got := s.submit(s.get(track), track+"/reopen", map[string]string{"why": "It leaks again"}, nil); got.status != http.StatusSeeOther {
		s.t.Errorf("reopening was answered with %d: %s", got.status, got.words())
	}
	c := s.await(ref, "reopening", func(c app.CaseStory) bool { return c.Status == "reopened" })
	if c.Level != 2 || text(c.Owner) != "ravi" {
		s.t.Errorf("reopened at level %d with %s", c.Level, text(c.Owner))
	}
	phone.hear(ref)
	s.chat(chatRavi).see(ref, "It leaks again")
	if again := s.get(track); strings.Contains(again.html, track+"/reopen") || strings.Contains(again.html, track+"/rating") {
		s.t.Error("an open case can be reopened or rated")
	}
}

func (s *surfer) staysAnonymous() {
	typed := map[string]string{"text": "The street lamp in Ward 1 is dark", "consent": "yes"}
	form := s.get("/complaints/new")
	if got := s.submit(form, "/complaints", typed, nil); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.html, `href="#keep_link"`) {
		s.t.Errorf("a form without any way to answer: %d\n%s", got.status, got.words())
	}
	typed["keep_link"] = "yes"
	token, thanks := s.complain(typed, nil)
	ref := reference(s.t, thanks.words())
	s.chat(chatLeo).await("card", func(m botapi.Message) bool { return strings.Contains(m.Text, ref) })
	if c := s.show(ref); len(c.Contact.Addresses) != 0 || c.AcknowledgedAt == nil {
		s.t.Errorf("an anonymous case has the contact %+v", c.Contact)
	}
	s.run("case", "reply", ref, "The lamp is on order.", "--as", "leo")
	if shown := s.get("/track/" + token); !strings.Contains(shown.words(), "The lamp is on order.") {
		s.t.Errorf("the answer is not on the page:\n%s", shown.words())
	}
}

// guesses: a reference or an invented token opens nothing, and all look alike.
func (s *surfer) guesses() {
	ref := s.cases()[0].Reference
	var pages []string
	for _, guess := range []string{ref, strings.Repeat("A", 22), strings.Repeat("z", 43), "%2e%2e%2fhealthz"} {
		p := s.get("/track/" + guess)
		if p.status != http.StatusNotFound || strings.Contains(p.html, ref) {
			s.t.Errorf("%s: status %d\n%s", guess, p.status, p.words())
		}
		pages = append(pages, p.words())
	}
	if len(slices.Compact(pages)) != 1 {
		s.t.Errorf("the answers to wrong tokens differ:\n%s", strings.Join(pages, "\n---\n"))
	}
}

// logsHoldNothingPersonal looks for all that the database knows of people, and
// for the secrets of the settings.
func (s *played) logsHoldNothingPersonal() {
	s.t.Helper()
	secrets := map[string]string{
		s.twilio.AuthToken(): "auth token", s.telegram.Token(): "bot token", "password: secret": "password",
		strings.TrimPrefix(s.telegram.Token(), "7000000001:"): "bot token",
	}
	for _, listed := range s.cases() {
		c := s.show(listed.Reference)
		secrets[filepath.Base(c.TrackURL)] = "tracking token"
		secrets[c.Description] = "description"
		for _, address := range c.Contact.Addresses {
			_, value, _ := strings.Cut(address, ":")
			secrets[value] = "address of a contact"
		}
		for _, m := range c.Messages {
			secrets[strings.TrimSpace(m.Text)] = "message"
			secrets[m.Address] = "address of a message"
		}
	}
	for _, m := range s.twilio.Messages() {
		secrets[m.Body] = "text message"
	}
	for chat := int64(chatAsha); chat <= chatLina; chat++ {
		for _, m := range s.telegram.Messages(chat) { // link codes among them
			secrets[strings.TrimPrefix(m.Text, "/start ")] = "chat message"
		}
	}
	logs := s.logs.String()
	for secret, what := range secrets {
		if len(secret) < 6 { // a rating
			continue
		}
		if i := strings.Index(logs, secret); i >= 0 {
			s.t.Errorf("the log tells a %s:\n%s", what, logs[max(0, i-200):min(len(logs), i+len(secret)+100)])
		}
	}
	if !strings.Contains(logs, "ready") {
		s.t.Errorf("the log is empty, so nothing was looked at:\n%s", logs)
	}
}

// TestWebStoryOnSharedEngines is the walk by the form with gateway and worker
// apart.
func TestWebStoryOnSharedEngines(t *testing.T) {
	s := newPlayed(t, true)
	s.open()
	s.linkStaff()
	s.in(t).surfer().walksWithPhone()
}
