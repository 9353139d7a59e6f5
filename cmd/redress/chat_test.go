package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// TestTextsAndChat plays what people do with texts and chats, through the whole
// program.
func TestTextsAndChat(t *testing.T) {
	onEachEngine(t, textsAndChat)
}

func textsAndChat(t *testing.T, shared bool) {
	s := newPlayed(t, shared)
	s.rewrite(`numbers: ["+12025550100"]`, `numbers: ["+12025550100"], whatsapp_numbers: ["+12025550100"]`)
	s.open()
	s.linkStaff()
	for _, test := range []struct {
		name string
		run  func(*played)
	}{
		{"an album", album},
		{"changed words", changedWords},
		{"several complaints in one text", severalInOne},
		{"several complaints in one mail", severalInOneMail},
		{"a voice note", voiceNote},
		{"a mail with a signature", signedMail},
		{"a live location", liveLocation},
		{"what is passed on", passedOn},
		{"WhatsApp: button, card, reaction", whatsApp},
		{"signs and misspelt keywords", signsAndSlips},
		{"long and coloured texts", longTexts},
		{"code in every field stays text", literalText},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(s.in(t)) })
	}
}

// Three pictures sent together are one message of one case, answered once.
func album(s *played) {
	c := s.chatter()
	_, err := s.telegram.SendAlbum(c.id, c.id, "Water is leaking in Ward 4, by the mill", []byte("one"), []byte("two"), []byte("three"))
	must(s.t, err)
	ref := reference(s.t, c.hear("C-"))
	story := s.await(ref, "three files", func(c app.CaseStory) bool { return files(c) == 3 })
	if in := incomingOf(story.Messages); len(in) != 1 {
		s.t.Errorf("the album is %+v", in)
	}
	s.awaitHandled()
	if n := botMessages(s, c); n != 1 || len(s.casesOf(fmt.Sprintf("telegram:%d", c.id))) != 1 {
		s.t.Errorf("%d answers, cases %v", n, s.casesOf(fmt.Sprintf("telegram:%d", c.id)))
	}
	asha := s.chat(chatAsha)
	s.eventually("the card with all files", func() error {
		for _, m := range s.telegram.Messages(asha.id) {
			if strings.Contains(m.Text, ref) && strings.Contains(m.Text, "Files: 3") {
				return nil
			}
		}
		return fmt.Errorf("no card of %s shows 3 files", ref)
	})
}

// A message that was changed is kept as it was and as it is; commands are not
// carried out again.
func changedWords(s *played) {
	c := s.chatter()
	id, err := s.telegram.Say(c.id, c.id, "Water is leaking in Ward 4", 0)
	must(s.t, err)
	ref := reference(s.t, c.hear("C-"))
	must(s.t, s.telegram.EditText(c.id, c.id, id, "Water is leaking in Ward 4, behind the mosque"))
	story := s.await(ref, "the change", hasEvent("edited", 1))
	if !strings.Contains(story.Description, "behind the mosque") || len(incomingOf(story.Messages)) != 2 {
		s.t.Errorf("%q, %+v", story.Description, incomingOf(story.Messages))
	}
	s.chat(chatAsha).see(ref, "changed a message", "behind the mosque")

	id, err = s.telegram.Say(c.id, c.id, "STATUS", 0)
	must(s.t, err)
	c.hear(ref)
	must(s.t, s.telegram.EditText(c.id, c.id, id, "STATUS "+ref))
	s.awaitHandled()
	if n := botMessages(s, c); n != 2 {
		s.t.Errorf("%d answers, want the number and the status", n)
	}
}

func severalInOne(s *played) {
	c := s.texter()
	c.say("1) Water is leaking in Ward 4 2) The street light near the school is not working")
	ref := reference(s.t, c.hear("C-", "SPLIT"))
	c.say("split")
	answer := c.hear("own number")
	refs := c.references(answer)
	if len(refs) != 2 || refs[0] != ref {
		s.t.Fatalf("the answer lists %q", refs)
	}
	other := s.show(refs[1])
	if !slices.Contains(other.Links, ref) || other.Description != "The street light near the school is not working" {
		s.t.Errorf("the other case: %q, links %q", other.Description, other.Links)
	}
	c.say("SPLIT " + ref)
	c.hear(refs[0], refs[1])
	s.awaitHandled()
	if got := s.casesOf("sms:" + c.number); len(got) != 2 {
		s.t.Errorf("%d cases", len(got))
	}
}

func (c *texter) references(text string) []string {
	var refs []string
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(word, "C-") {
			refs = append(refs, strings.Trim(word, ".,:"))
		}
	}
	return refs
}

func severalInOneMail(s *played) {
	const from = "lister@home.test"
	must(s.t, s.mail.Deliver([]byte("From: "+from+"\r\nTo: complaints@city.test\r\nSubject: Two things\r\nMessage-ID: <two@home.test>\r\n\r\n"+
		"Dear all,\r\n\r\n(a) Water is leaking in Ward 4.\r\n(b) The street light at the gate is out.\r\n")))
	mail := s.awaitMail(from, "SPLIT")
	if !strings.Contains(string(mail.Raw), "C-") {
		s.t.Error("no number")
	}
}

// A voice note opens a case; staff are told to listen.
func voiceNote(s *played) {
	c := s.chatter()
	note := []byte("OggS\x00\x02" + strings.Repeat("\x00", 22) + "OpusHead and a voice")
	_, err := s.telegram.SendVoice(c.id, c.id, note, 9)
	must(s.t, err)
	ref := reference(s.t, c.hear("C-", "in words"))
	c.say("Water is leaking in Ward 4")
	asha := s.chat(chatAsha)
	asha.see(ref, "listen")
	spoken := asha.await("the voice note", func(m botapi.Message) bool { return m.Voice != nil && strings.Contains(m.Caption, ref) })
	if got := s.telegram.Content(spoken.Voice.FileID); !bytes.Equal(got, note) || spoken.ReplyTo == nil {
		s.t.Errorf("a voice note of %d bytes, in answer to %v", len(got), spoken.ReplyTo)
	}
	_, err = s.telegram.SendVideoNote(c.id, c.id, []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom a film"))
	must(s.t, err)
	asha.see(ref, "watch")
	asha.await("the video", func(m botapi.Message) bool { return m.Video != nil && strings.Contains(m.Caption, ref) })
	if story := s.show(ref); files(story) != 2 || story.Description != "Water is leaking in Ward 4" {
		s.t.Errorf("%d files, %q", files(story), story.Description)
	}
}

// What a mail has beside its words is one step away for staff, and not on the
// tracking page.
func signedMail(s *played) {
	from := stranger()
	must(s.t, s.mail.Deliver([]byte("From: "+from+"\r\nTo: complaints@city.test\r\nSubject: A leak\r\nMessage-ID: <signed@home.test>\r\n\r\n"+
		"Water is leaking in Ward 4.\r\n\r\n-- \r\nEve Rao\r\n7 Hill Road\r\n")))
	s.awaitMail(from, "number")
	story := s.show(s.casesOf("email:" + from)[0].Reference)
	if got := s.run("case", "show", story.Reference); strings.Contains(got, "Hill Road") || story.Messages[0].FullText != "" {
		s.t.Errorf("without --full:\n%s", got)
	}
	if got := s.run("case", "show", story.Reference, "--full"); !strings.Contains(got, "7 Hill Road") {
		s.t.Errorf("with --full:\n%s", got)
	}
	if got := s.run("case", "show", story.Reference, "--full", "--json"); !strings.Contains(got, `"full_text"`) {
		s.t.Errorf("with --full --json:\n%s", got)
	}
	if _, page := fetch(s.t, story.TrackURL); bytes.Contains(page, []byte("Hill Road")) {
		s.t.Error("the tracking page shows the signature")
	}
	asha := s.chat(chatAsha)
	asha.see(story.Reference, "Ward 4")
	asha.say("/case " + story.Reference)
	details := asha.await("details with a button", func(m botapi.Message) bool {
		return strings.Contains(m.Text, story.Reference) && m.ReplyMarkup != nil && m.ReplyMarkup.Keyboard[0][0].Data == "/full "+story.Reference
	})
	asha.press(details, "/full "+story.Reference)
	asha.see(story.Reference, "7 Hill Road")
}

func liveLocation(s *played) {
	c := s.chatter()
	id, err := s.telegram.SendLocation(c.id, c.id, 18.52, 73.85)
	must(s.t, err)
	ref := reference(s.t, c.hear("C-"))
	for i := range 3 {
		must(s.t, s.telegram.Move(c.id, c.id, id, 18.52+float64(i)/100, 73.85))
	}
	s.eventually("the moves kept", func() error {
		n := 0
		for _, in := range s.inbound("--all") {
			if strings.Contains(in.ExternalID, "live:") && in.State == "ignored" {
				n++
			}
		}
		if n != 3 {
			return fmt.Errorf("%d of 3", n)
		}
		return nil
	})
	if story := s.show(ref); len(incomingOf(story.Messages)) != 1 || botMessages(s, c) != 1 {
		s.t.Errorf("%+v, %d answers", incomingOf(story.Messages), botMessages(s, c))
	}
}

func passedOn(s *played) {
	c := s.chatter()
	_, err := s.telegram.Forward(c.id, c.id, "Neighbour", "STATUS: water is leaking in Ward 4")
	must(s.t, err)
	ref := reference(s.t, c.hear("C-"))
	if e := s.show(ref).Events[0]; string(e.Note) != "Forwarded from Neighbour." {
		s.t.Errorf("the first event says %q", e.Note)
	}
}

func whatsApp(s *played) {
	c := s.texter()
	send := func(in twilioapi.Incoming) {
		in.From = "whatsapp:" + c.number
		_, err := s.twilio.SendSMS(in)
		must(s.t, err)
	}
	send(twilioapi.Incoming{Body: "Water is leaking in Ward 4", Extra: url.Values{"Latitude": {"18.52"}, "Longitude": {"73.85"}}})
	var ref string
	s.eventually("the case", func() error {
		list := s.casesOf("whatsapp:" + c.number)
		if len(list) != 1 {
			return fmt.Errorf("%d cases", len(list))
		}
		ref = list[0].Reference
		return nil
	})
	send(twilioapi.Incoming{Body: "👍", Extra: url.Values{"MessageType": {"reaction"}}})
	send(twilioapi.Incoming{Media: []twilioapi.Media{{ContentType: "text/vcard", Data: []byte("BEGIN:VCARD\nFN:Ravi\nTEL:+91 98\nEND:VCARD\n")}}})
	send(twilioapi.Incoming{Body: "Where is it?", Extra: url.Values{"ButtonPayload": {"STATUS"}, "ButtonText": {"Where is it?"}}})
	s.eventually("the status", func() error {
		for _, m := range s.twilio.Messages() {
			if m.To == "whatsapp:"+c.number && strings.Contains(m.Body, ref) && strings.Contains(m.Body, "in progress") {
				return nil
			}
		}
		return fmt.Errorf("no answer with %s", ref)
	})
	in := incomingOf(s.show(ref).Messages)
	if len(in) != 2 || in[1] != "Ravi +91 98" {
		s.t.Errorf("the case has %q", in)
	}
}

func signsAndSlips(s *played) {
	c := s.texter()
	c.say("😡😡")
	c.hear("in words")
	ref := c.complains("at the depot")
	c.say("Statsu " + ref)
	c.hear(ref, "in progress")
	c.say("states of the drains are bad too")
	s.awaitHandled()
	if got := s.casesOf("sms:" + c.number); len(got) != 1 {
		s.t.Errorf("%d cases", len(got))
	}
}

// 1,601 characters with an emoji come in whole; an answer of 5,000 goes out in
// numbered parts, no word cut.
func longTexts(s *played) {
	c := s.texter()
	long := "Water is leaking in Ward 4 🙂 " + strings.Repeat("and nobody came ", 99)
	c.say(long)
	ref := reference(s.t, c.hear("C-"))
	if got := s.show(ref).Description; got != strings.TrimSpace(long) {
		s.t.Errorf("%d characters were kept of %d", len(got), len(long))
	}
	s.run("case", "reply", ref, strings.TrimSpace(strings.Repeat("repaired today ", 333)), "--as", "asha")
	for i := 1; i <= 4; i++ {
		part := c.hear(fmt.Sprintf("(%d/4)", i))
		if len(part) > 1600 {
			s.t.Errorf("part %d has %d characters", i, len(part))
		}
		for _, word := range strings.Fields(part)[1:] {
			if word != "repaired" && word != "today" && !strings.HasPrefix(word, "C-") {
				s.t.Errorf("a word was cut: %q", word)
			}
		}
	}
}

// literalText: what looks like code of ours, of a mail, a sheet, a database or
// an address is text wherever it comes in and goes out.
func literalText(s *played) {
	const attack = `{{.TrackURL}} =cmd|'/c calc'!A1 file:///etc/passwd '; DROP TABLE cases; -- <script>alert(1)</script> %s ${HOME}`
	phone, chat := s.texter(), s.chatter()
	phone.say("Water is leaking in Ward 4 " + attack)
	byPhone := reference(s.t, phone.hear("C-"))
	chat.say("Water is leaking in Ward 4 " + attack)
	byChat := reference(s.t, chat.hear("C-"))
	for _, ref := range []string{byPhone, byChat} {
		if got := s.show(ref).Description; got != "Water is leaking in Ward 4 "+attack {
			s.t.Errorf("%s says %q", ref, got)
		}
		s.chat(chatAsha).see(ref, attack)
		s.run("case", "reply", ref, attack, "--as", "asha")
	}
	phone.hear(attack)
	chat.hear(attack)

	const from = "attacker@home.test"
	must(s.t, s.mail.Deliver([]byte("From: "+from+"\r\nTo: complaints@city.test\r\nMessage-ID: <attack@home.test>\r\n"+
		"Subject: =?utf-8?q?Leak=0D=0ABcc:_victim@home.test=0D=0A=0D=0A{{.TrackURL}}?=\r\n\r\nWater is leaking in Ward 4 "+attack+"\r\n")))
	mail := s.awaitMail(from, "C-")
	head, _, _ := strings.Cut(string(mail.Raw), "\r\n\r\n")
	if strings.Contains(head, "\nBcc:") || slices.Contains(mail.To, "victim@home.test") {
		s.t.Errorf("a line break in the subject made a header:\n%s", head)
	}
	if len(s.letters("victim@home.test")) != 0 {
		s.t.Error("a stranger got mail")
	}
	for _, filter := range [][]string{{"--department", "x' OR '1'='1"}, {"--status", "pending'; DROP TABLE cases; --"}, {"--search", "%' OR 1=1 --"}} {
		r := runCommand(s.t.Context(), "", append([]string{"case", "list", "--json", "--config", s.config}, filter...)...)
		if r.code == exitOK && strings.TrimSpace(r.out) != "[]" {
			s.t.Errorf("%q lists %s", filter, r.out)
		}
	}
	if len(s.cases()) == 0 {
		s.t.Error("the cases are gone")
	}
}

// TestMediaElsewhere: a file that Twilio's post names at another host is not
// fetched, nor is one there asked for with our credentials; the message is kept.
func TestMediaElsewhere(t *testing.T) {
	s := newPlayed(t, false)
	s.open()
	s.linkStaff()
	asked := make(chan string, 10)
	inner := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		asked <- r.URL.Path + " " + user
	}))
	t.Cleanup(inner.Close)
	for i, address := range []string{
		inner.URL + "/latest/meta-data", "http://169.254.169.254/latest", "file:///etc/passwd", "https://evil.test/x.jpg",
		"http://user:pass@" + strings.TrimPrefix(s.twilio.URL(), "http://") + "/media/ME1", "gopher://x", "//evil.test", "",
	} {
		number := fmt.Sprintf("+1202555%04d", 9000+i)
		form := url.Values{
			"MessageSid": {fmt.Sprintf("MM%032d", i)}, "AccountSid": {s.twilio.AccountSID()}, "From": {number}, "To": {"+12025550100"},
			"Body": {"Water is leaking in Ward 4"}, "NumMedia": {"1"}, "MediaUrl0": {address}, "MediaContentType0": {"image/jpeg"},
		}
		path := "/webhooks/sms/main"
		if got := s.post(path, form, twilioapi.Sign(s.twilio.AuthToken(), s.url+path, form)); got != http.StatusOK {
			t.Errorf("%q: answered with %d", address, got)
		}
		s.eventually("the case", func() error {
			if n := len(s.casesOf("sms:" + number)); n != 1 {
				return fmt.Errorf("%d cases", n)
			}
			return nil
		})
		if story := s.show(s.casesOf("sms:" + number)[0].Reference); files(story) != 0 {
			t.Errorf("%q was fetched", address)
		}
	}
	select {
	case request := <-asked:
		t.Errorf("an inner address was asked: %s", request)
	default:
	}
}

func files(c app.CaseStory) int {
	n := 0
	for _, m := range c.Messages {
		n += len(m.Attachments)
	}
	return n
}

func botMessages(s *played, c *chatter) int {
	n := 0
	for _, m := range s.telegram.Messages(c.id) {
		if m.From != nil && m.From.IsBot {
			n++
		}
	}
	return n
}
