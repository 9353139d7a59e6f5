package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	browserlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/web"
	"github.com/redress-cms/redress/scripts/testenv"
)

// browser is Chromium without scripts, as the strictest visitor has it.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(testenv.Need(t, testenv.Chromium)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	chromedp.ListenTarget(ctx, func(event any) {
		if entry, ok := event.(*browserlog.EventEntryAdded); ok && entry.Entry.Source != browserlog.SourceNetwork {
			t.Errorf("the browser complains: %s %s", entry.Entry.Text, entry.Entry.URL)
		}
	})
	if err := chromedp.Run(ctx, browserlog.Enable(), emulation.SetScriptExecutionDisabled(true)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// look is how a visitor looks at a page.
type look struct {
	width int64
	dark  bool
	lang  string
}

func (l look) apply() chromedp.Action {
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	return chromedp.Tasks{
		chromedp.EmulateViewport(l.width, 800),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, //nolint:misspell // CSS says so
		}),
	}
}

func TestBrowserWithoutScripts(t *testing.T) {
	ctx := browser(t)
	c := newCity(t, func(config *web.Config) { config.PublicURL = "http://localhost" })
	server := httptest.NewServer(c.handler)
	defer server.Close()
	picture := filepath.Join(t.TempDir(), "leak.png")
	if err := os.WriteFile(picture, png, 0o600); err != nil {
		t.Fatal(err)
	}
	var reference, note string
	err := chromedp.Run(ctx,
		chromedp.Navigate(server.URL+"/"),
		chromedp.SendKeys("#text", "Water is leaking near the school"),
		chromedp.SetUploadFiles("#files", []string{picture}),
		chromedp.SendKeys("#phone", "098765 43210"),
		chromedp.Click("#consent"),
		chromedp.ActionFunc(func(context.Context) error { c.pass(time.Minute); return nil }),
		chromedp.Click(`form.complaint button`),
		chromedp.Text("p.reference", &reference),
		chromedp.SendKeys("#text", "It is getting worse"),
		chromedp.Click("form.add button"),
		chromedp.Text(".panel.slim", &note),
	)
	if err != nil {
		t.Fatal(err)
	}
	if reference != testReference || note == "" {
		t.Errorf("the pages show reference %q and note %q", reference, note)
	}
	if len(c.accepted) != 2 {
		t.Fatalf("%d messages were taken in", len(c.accepted))
	}
	if in := c.accepted[1]; in.Sender == c.accepted[0].Sender {
		t.Errorf("the message from the tracking page came from %q", in.Sender)
	}
	first, err := c.adapter.Read(t.Context(), c.accepted[0])
	if err != nil || len(first.Attachments) != 1 || first.Action != channels.ActionRegister {
		t.Errorf("the complaint is %+v, %v", first, err)
	}
}

// receipt is the page that waits for a complaint to get its number.
func (c *city) receipt() string {
	c.t.Helper()
	c.outcome = func(int) (web.Outcome, error) { return web.Outcome{State: web.StateReceived}, nil }
	ctx, cancel := context.WithCancel(c.t.Context())
	r := post(c.t, "/complaints", c.filled(nil)).WithContext(ctx)
	cancel() // a browser that does not wait
	return wantRedirect(c.t, c.do(r), "/complaints/received/").EscapedPath()
}

// TestPagesFitEveryScreen looks for sideways scrolling, and leaves screenshots
// for people to look at in the folder that go test keeps when asked to.
func TestPagesFitEveryScreen(t *testing.T) {
	ctx := browser(t)
	c := newCity(t, func(config *web.Config) { config.MaxBytes = web.DefaultMaxBytes })
	server := httptest.NewServer(c.handler)
	defer server.Close()
	const resolvedToken = "resolved5xv4n6p9r8t1k3m7q2wz5xv4"
	c.stories[resolvedToken] = resolvedStory(c.now)
	faulty := chromedp.Tasks{
		chromedp.SendKeys("#text", "Water"), chromedp.SendKeys("#phone", "12"), chromedp.Click("#consent"),
		chromedp.Click("form.complaint button"), chromedp.WaitVisible("#phone-error"),
	}
	pages := map[string]struct {
		path string
		then chromedp.Tasks
	}{
		"form": {"/complaints/new?", nil}, "faults": {"/complaints/new?", faulty}, "lookup": {"/track?q=C-7K2M-9QXT&", nil},
		"new": {"/track/" + testToken + "?new=1&", nil}, "story": {"/track/" + testToken + "?", nil},
		"resolved": {"/track/" + resolvedToken + "?", nil}, "problem": {"/track/unknown?", nil},
		"wait": {c.receipt() + "?", nil},
	}
	for _, l := range []look{
		{320, false, "hi"}, {320, true, "es"}, {360, false, "en"}, {360, true, "en"}, {1280, false, "en"}, {1280, true, "en"},
	} {
		for name, page := range pages {
			var excess int
			var shot []byte
			err := chromedp.Run(ctx, l.apply(), chromedp.Navigate(server.URL+page.path+"lang="+l.lang), page.then,
				chromedp.Evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth", &excess),
				chromedp.FullScreenshot(&shot, 100))
			if err != nil {
				t.Fatalf("%s in %s: %v", name, l.lang, err)
			}
			if excess > 0 {
				t.Errorf("%s in %s is %d pixels wider than a screen of %d", name, l.lang, excess, l.width)
			}
			file := fmt.Sprintf("%s-%s-%d-%t.png", name, l.lang, l.width, l.dark)
			if err := os.WriteFile(filepath.Join(t.ArtifactDir(), file), shot, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
