package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/pictures/picturetest"
)

// What files begin with, by which their type is known.
var (
	voiceNote = "OggS\x00\x02" + strings.Repeat("\x00", 22) + "OpusHead and a voice"
	video     = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom and a film"
	letter    = "%PDF-1.7 a letter"
)

// filesSent are the files that a chat got.
func (c *city) filesSent(chat string) []channels.Outbound {
	var sent []channels.Outbound
	for _, out := range c.lines["chat"].sent {
		if out.File != nil && out.To == addresses[chat] {
			sent = append(sent, out)
		}
	}
	return sent
}

func TestWhichFilesStaffGet(t *testing.T) {
	clean := &guard{}
	for name, tt := range map[string]struct {
		say   string
		files []string
		scan  pipeline.Scanner
		want  int
		types string
		text  string
	}{
		"a voice note":                {"eve@chat: It leaks still", []string{voiceNote}, nil, 1, "audio/ogg", "voice note of the complainant"},
		"a video":                     {"eve@chat: It leaks still", []string{video}, nil, 1, "video/mp4", "video of the complainant"},
		"four of five":                {"eve@chat: It leaks", []string{voiceNote, voiceNote + "2", voiceNote + "3", voiceNote + "4", voiceNote + "5"}, nil, 4, "audio/ogg", ""},
		"a letter that was scanned":   {"eve@chat: It leaks still", []string{letter}, clean, 1, "application/pdf", "file of the complainant"},
		"a letter that was not":       {"eve@chat: It leaks still", []string{letter}, nil, 0, "", ""},
		"a program":                   {"eve@chat: It leaks still", []string{"MZ\x90\x00 a program"}, clean, 0, "", ""},
		"a page":                      {"eve@chat: It leaks still", []string{"<html><script>"}, clean, 0, "", ""},
		"harm":                        {"eve@chat: It leaks still", []string{voiceNote + "harm"}, clean, 0, "", ""},
		"more than the chat takes":    {"eve@chat: It leaks still", []string{voiceNote + strings.Repeat("x", 2000)}, nil, 0, "", ""},
		"a stranger's":                {"bob@letter (unverified): C1 is mine", []string{voiceNote}, nil, 0, "", ""},
		"an officer's own voice note": {"asha@chat: /note C1 seen", []string{voiceNote}, nil, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t, nil)
			c.lines["chat"].format.MaxFile = 2000
			c.play("eve@chat: Water is leaking\n-> eve@chat acknowledged C1\n-> asha@chat assigned C1\n.. 5m")
			c.with(tt.files...)
			c.say(tt.say)
			c.deliver()
			e := c.examiner(tt.scan)
			for range tt.files {
				if worked, err := e.Next(t.Context()); !worked || err != nil {
					t.Fatal(worked, err)
				}
			}
			c.deliver()
			sent := c.filesSent("asha@chat")
			if len(sent) != tt.want {
				t.Fatalf("%d files were sent to staff, want %d", len(sent), tt.want)
			}
			for _, out := range sent {
				named := strings.HasPrefix(out.File.Name, string(c.refs[0])+".")
				if out.File.ContentType != tt.types || !strings.Contains(out.Text, tt.text) || out.Thread.InReplyTo == "" || !named {
					t.Errorf("%+v: %q, in answer to %q", out.File, out.Text, out.Thread.InReplyTo)
				}
			}
		})
	}
}

// A voice note without words reaches who gets the case once the words tell its
// department, and who it is passed on to.
func TestFilesComeWithTheFirstCard(t *testing.T) {
	c := newCity(t, nil)
	c.lines["chat"].format.MaxFile, c.lines["chat"].format.Pictures = 1<<20, true
	c.with(voiceNote, string(picturetest.JPEG(400, 300, 1, nil)), string(picturetest.JPEG(90, 90, 1, nil)))
	c.say("eve@text:")
	c.deliver()
	c.number()
	for e := c.examiner(nil); ; {
		if worked, err := e.Next(t.Context()); err != nil {
			t.Fatal(err)
		} else if !worked {
			break
		}
	}
	c.deliver()
	if n := len(c.filesSent("asha@chat")); n != 0 {
		t.Fatalf("%d files went to who does not have the case", n)
	}
	c.clock.advance(time.Minute)
	c.say("eve@text: Water is leaking in Ward 4")
	for range 3 { // files wait for their card
		c.deliver()
		c.clock.advance(time.Minute)
	}
	if n, shown := len(c.filesSent("asha@chat")), c.pictures(); n != 1 || shown != 1 {
		t.Errorf("%d files and %d pictures came with the card, want one of each", n, shown)
	}
	c.say("asha@chat: /escalate C1 too large")
	for range 3 {
		c.deliver()
		c.clock.advance(time.Minute)
	}
	if n := len(c.filesSent("asha@chat")); n != 1 {
		t.Errorf("asha got the voice note %d times", n)
	}
	if n := len(c.filesSent("mira@chat")) + len(c.filesSent("ravi@chat")); n == 0 {
		t.Error("the supervisor did not get the voice note")
	}
}
