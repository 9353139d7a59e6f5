package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/redress-cms/redress/scripts/testenv"
)

// stage is the sandbox in a browser.
type stage struct {
	t   *testing.T
	ctx context.Context
	n   int
}

// openSandbox starts `redress sandbox` and opens its page.
func openSandbox(t *testing.T) *stage {
	t.Helper()
	address := freeAddress(t)
	ctx, stop := context.WithCancel(context.Background())
	logs := &syncBuffer{}
	done := make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{"sandbox", "--listen", address}, Streams{In: strings.NewReader(""), Out: io.Discard, Err: logs}, nil)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-done; code != exitOK {
			t.Errorf("the sandbox ended with code %d:\n%s", code, logs)
		}
	})
	(&world{t: t, url: "http://" + address, logs: logs}).awaitReady()

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(testenv.Need(t, testenv.Chromium)), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.WindowSize(1440, 900))
	browser, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	tab, cancel = context.WithTimeout(tab, 3*time.Minute)
	t.Cleanup(cancel)
	must(t, chromedp.Run(tab)) // the browser lives as long as this context, not as that of one action
	s := &stage{t: t, ctx: tab}
	s.do("open the page", chromedp.Navigate("http://"+address+"/sandbox/"), chromedp.WaitVisible("#live.on"))
	return s
}

func (s *stage) do(what string, actions ...chromedp.Action) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		s.shoot("failed")
		s.t.Fatalf("%s: %v", what, err)
	}
}

// see waits until an element of the page contains the text.
func (s *stage) see(place, text string) {
	s.t.Helper()
	s.do("see "+text, chromedp.WaitVisible(fmt.Sprintf(`//*[@id=%q]//*[contains(., %q)]`, place, text), chromedp.BySearch))
}

// press presses the newest button with the label.
func (s *stage) press(place, label string) {
	s.t.Helper()
	s.do("press "+label, chromedp.Click(fmt.Sprintf(`(//*[@id=%q]//button[contains(., %q)])[last()]`, place, label), chromedp.BySearch))
}

// write sends a text from one of the page's composers.
func (s *stage) write(who, text string) {
	s.t.Helper()
	s.do("write "+text, chromedp.SendKeys("#"+who+"text", text, chromedp.ByQuery),
		chromedp.Click("#"+who+"form .send", chromedp.ByQuery))
}

// shoot keeps a picture where REDRESS_SCREENSHOTS names a folder.
func (s *stage) shoot(name string) {
	s.t.Helper()
	folder := os.Getenv("REDRESS_SCREENSHOTS")
	if folder == "" {
		return
	}
	var png []byte
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		s.t.Fatal(err)
	}
	s.n++
	must(s.t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("sandbox-%d-%s.png", s.n, name)), png, 0o600))
}

// TestSandboxStory plays the story on the page: complaint by SMS, card,
// resolution, reopening, escalation by the clock.
func TestSandboxStory(t *testing.T) {
	s := openSandbox(t)
	s.write("phone", "Water is leaking from a burst pipe near the school in Ward 4 since yesterday")
	s.see("phonethread", "Water and Sewerage")
	s.see("staffthread", "Water leak")
	s.see("casebody", "Registered")
	s.shoot("registered")

	s.press("staffthread", "Accept")
	s.see("casebody", "Accepted")
	s.press("staffthread", "Resolve")
	s.see("staffthread", "Write what was done")
	s.write("staff", "The pipe was replaced this morning.")
	s.see("phonethread", "The pipe was replaced this morning.")
	s.see("casebody", "Resolved")
	s.shoot("resolved")

	s.write("phone", "REOPEN still leaking")
	s.see("phonethread", "is open again")
	s.see("casebody", "Reopened")
	s.see("casebody", "level 2")
	s.shoot("reopened")

	s.do("move the clock by two weeks", chromedp.Click(`[data-advance="168h"]`, chromedp.ByQuery))
	s.see("casebody", "Reminded")
	s.see("casebody", "Escalated")
	s.see("casebody", "level 3")
	s.shoot("escalated")
}
