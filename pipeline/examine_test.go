package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/pictures/picturetest"
	"github.com/redress-cms/redress/pipeline/scanner"
)

// guard is a scanner that knows one harm, or an error.
type guard struct{ err error }

func (g *guard) Scan(_ context.Context, file io.Reader, _ int64) (string, error) {
	content, err := io.ReadAll(file)
	if g.err != nil || err != nil {
		return "", errors.Join(g.err, err)
	}
	if bytes.Contains(content, []byte("harm")) {
		return "Harm-1", nil
	}
	return "", nil
}

// with puts files into the next message.
func (c *city) with(files ...string) {
	c.t.Helper()
	for _, content := range files {
		stored, err := c.files.Put(c.t.Context(), strings.NewReader(content), 1<<20)
		c.must("keeping a file", err)
		c.brings = append(c.brings, channels.Attachment{Filename: "../a\u200b.jpg", ContentType: "text/html; x=y", Stored: stored})
	}
}

// file is the state of the only file of the newest message that has one.
func (c *city) file(number int) cases.Attachment {
	c.t.Helper()
	k, err := c.db.CaseByReference(c.t.Context(), c.refs[number-1])
	c.must("the case", err)
	messages, err := c.db.Messages(c.t.Context(), k.ID)
	c.must("its messages", err)
	var last cases.Attachment
	for _, m := range messages {
		for _, a := range m.Attachments {
			last = a
		}
	}
	return last
}

func (c *city) examiner(s pipeline.Scanner) *pipeline.Examiner {
	return &pipeline.Examiner{Store: c.db, Office: c.office, Scanner: s, Clock: c.clock, Logger: quiet}
}

// pictures are what was shown to a chat.
func (c *city) pictures() int {
	n := 0
	for _, out := range c.lines["chat"].sent {
		if len(out.Picture) > 0 {
			n++
		}
	}
	return n
}

func TestAttachmentsAreHeldWhileTheScannerIsAway(t *testing.T) {
	c := newCity(t, nil)
	c.lines["chat"].format.Pictures = true
	c.with(string(picturetest.JPEG(400, 300, 1, nil)))
	c.say("eve@text: Water is leaking")
	c.deliver()
	c.number()
	if f := c.file(1); f.State != cases.AttachmentPending || f.Filename != "a.jpg" || f.ContentType != "image/jpeg" || f.ClaimedType != "text/html" {
		t.Errorf("%+v", f)
	}
	away := &guard{err: errors.New("away")}
	e := c.examiner(away)
	for try, wait := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
		if worked, err := e.Next(t.Context()); !worked || err == nil {
			t.Fatalf("try %d: %t, %v", try, worked, err)
		}
		c.clock.advance(wait - time.Second)
		if worked, err := e.Next(t.Context()); worked || err != nil {
			t.Fatalf("try %d came early: %v", try+1, err)
		}
		c.clock.advance(time.Second)
	}
	if f := c.file(1); f.State != cases.AttachmentPending || f.Picture != "" {
		t.Errorf("while the scanner is away: %+v", f)
	}
	away.err = nil
	if _, err := e.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.deliver()
	if f := c.file(1); f.State != cases.AttachmentClean || f.Picture == "" || f.Thumbnail == "" {
		t.Errorf("once it is back: %+v", f)
	}
	if n := c.pictures(); n != 1 {
		t.Errorf("%d pictures were sent to staff, want 1", n)
	}
}

func TestWhichPicturesStaffGet(t *testing.T) {
	photo := func(side int) string { return string(picturetest.JPEG(side, side, 1, nil)) }
	for name, tt := range map[string]struct {
		say   string
		files []string
		want  int
	}{
		"a photo":             {"eve@chat: It leaks still", []string{photo(300)}, 1},
		"four of six":         {"eve@chat: It leaks still", []string{photo(300), photo(301), photo(302), photo(303), photo(304), photo(305)}, 4},
		"a logo":              {"eve@chat: It leaks still", []string{photo(150)}, 0},
		"a stranger's":        {"bob@letter (unverified): C1 is mine", []string{photo(300)}, 0},
		"an officer's own":    {"asha@chat: /note C1 seen", []string{photo(300)}, 0},
		"no picture, a text":  {"eve@chat: It leaks still", []string{"text"}, 0},
		"called one, an HTML": {"eve@chat: It leaks still", []string{"<html><script>"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t, nil)
			c.lines["chat"].format.Pictures = true
			c.play("eve@chat: Water is leaking\n-> eve@chat acknowledged C1\n-> asha@chat assigned C1\n.. 5m")
			c.with(tt.files...)
			c.say(tt.say)
			c.deliver()
			e := c.examiner(nil)
			for range tt.files {
				if worked, err := e.Next(t.Context()); !worked || err != nil {
					t.Fatal(worked, err)
				}
			}
			c.deliver()
			if n := c.pictures(); n != tt.want {
				t.Errorf("%d pictures were sent to staff, want %d", n, tt.want)
			}
		})
	}
}

func TestHarmfulFilesAreToldOncePerCase(t *testing.T) {
	c := newCity(t, nil)
	c.with("harm")
	c.say("eve@chat: Water is leaking")
	c.deliver()
	c.number()
	e := c.examiner(&guard{})
	told := func() (eve, asha int) {
		for _, out := range c.lines["chat"].sent {
			switch {
			case !strings.Contains(out.Text, "a.jpg"):
			case out.To == addresses["eve@chat"]:
				eve++
			default:
				asha++
			}
		}
		return eve, asha
	}
	for i := range 2 {
		if worked, err := e.Next(t.Context()); !worked || err != nil {
			t.Fatal(worked, err)
		}
		c.deliver()
		if eve, asha := told(); eve != 1 || asha != i+1 {
			t.Errorf("after %d harmful files: eve was told %d times, asha %d", i+1, eve, asha)
		}
		if f := c.file(1); f.State != cases.AttachmentInfected || f.Finding != "Harm-1" || f.Picture != "" {
			t.Errorf("%+v", f)
		}
		if i == 0 {
			c.clock.advance(5 * time.Minute)
			c.with("more harm")
			c.say("eve@chat: Look again")
			c.deliver()
		}
	}
}

func TestTooLargeToBeScanned(t *testing.T) {
	c := newCity(t, nil)
	c.with(string(picturetest.JPEG(400, 300, 1, nil)))
	c.say("eve@text: Water is leaking")
	c.deliver()
	c.number()
	if _, err := c.examiner(&guard{err: scanner.ErrTooLarge}).Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f := c.file(1); f.State != cases.AttachmentSkipped || f.Picture != "" || f.Finding == "" {
		t.Errorf("%+v, want it skipped and not opened", f)
	}
}
