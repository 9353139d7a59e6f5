package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// Twilio asks for a pause: only its account waits, and one message is sent.
func tooManyRequests(s *played) {
	phone, chat := s.texter(), s.chatter()
	s.twilio.FailNext(1, twilioapi.TooManyRequests(30*time.Second))
	phone.say("Water is leaking in Ward 1")
	s.eventually("the message put off", func() error {
		for _, o := range s.outbound(phone.number) {
			if o.State == "retry" && o.NextAttemptAt != nil && o.NextAttemptAt.After(s.clock.Now().Add(10*time.Second)) {
				return nil
			}
		}
		return fmt.Errorf("outbox: %+v", s.outbound(phone.number))
	})
	chat.complains("in Ward 4")
	if got := s.texts(phone.number); len(got) != 0 {
		s.t.Errorf("sent before its time: %q", got)
	}
	s.clock.step(31 * time.Second)
	phone.hear("Water and Sewerage")
	if got := s.awaitOutbound(phone.number, "delivered", 1)[0]; got.Attempts != 2 {
		s.t.Errorf("%d attempts, want 2", got.Attempts)
	}
	if got := s.texts(phone.number); len(got) != 1 {
		s.t.Errorf("%d messages: %q", len(got), got)
	}
}

// After an answer that tells nothing the provider is asked; only what it
// surely does not have is sent again.
func uncertain(s *played) {
	for name, test := range map[string]struct {
		fault    twilioapi.Fault
		attempts int
	}{
		"refused with 500":     {twilioapi.Fault{Status: 500}, 2},
		"cut after the accept": {twilioapi.Fault{CutAfterAccept: true}, 1},
	} {
		phone := s.texter()
		s.twilio.HoldCallbacks(true)
		s.twilio.FailNext(1, test.fault)
		phone.say("Water is leaking in Ward 1")
		first := s.awaitOutbound(phone.number, "uncertain", 1)[0]
		if first.ProviderID != nil || first.Attempts != 1 {
			s.t.Errorf("%s: %d attempts, provider id %v", name, first.Attempts, text(first.ProviderID))
		}
		s.clock.step(3 * time.Minute)
		sent := s.awaitOutbound(phone.number, "sent", 1)[0]
		s.twilio.HoldCallbacks(false)
		var sids []string
		for _, m := range s.twilio.Messages() {
			if m.To == phone.number && m.Direction == twilioapi.Outbound {
				sids = append(sids, m.SID)
			}
		}
		if len(sids) != 1 || text(sent.ProviderID) != sids[0] || sent.Attempts != test.attempts {
			s.t.Errorf("%s: the provider has %q; ours is %s after %d attempts", name, sids, text(sent.ProviderID), sent.Attempts)
		}
	}
}

func smtpAnswers(s *played) {
	from := stranger()
	s.mail.FailNext(1, mailserver.SMTPFault{Code: 451, Enhanced: [3]int{4, 7, 1}, Text: "Greylisted, try again later"})
	_, err := s.mail.Write(letter(from, "Leak", "Water is leaking in Ward 1"))
	must(s.t, err)
	s.awaitOutbound(from, "retry", 1)
	s.clock.step(time.Minute)
	s.awaitMail(from, "Water and Sewerage")
	if got := s.awaitOutbound(from, "sent", 1)[0]; got.Attempts != 2 || len(s.letters(from)) != 1 {
		s.t.Errorf("%d attempts, %d mails", got.Attempts, len(s.letters(from)))
	}

	from = stranger()
	s.mail.FailNext(1, mailserver.SMTPFault{Code: 550, Enhanced: [3]int{5, 1, 1}, Text: "No such user", AtRcpt: true})
	_, err = s.mail.Write(letter(from, "Leak", "Water is leaking in Ward 4"))
	must(s.t, err)
	if got := s.awaitOutbound(from, "failed", 1)[0]; got.Attempts != 1 || text(got.Error) == "-" {
		s.t.Errorf("%d attempts, error %s", got.Attempts, text(got.Error))
	}
	ref := s.casesOf("email:" + from)[0].Reference
	s.await(ref, "event", hasEvent("undelivered", 1))
	s.chat(chatAsha).see(ref, "not delivered")
	s.clock.step(2 * time.Hour)
	s.awaitHandled()
	if got := s.letters(from); len(got) != 0 || s.outbound(from)[0].State != "failed" {
		s.t.Errorf("%d mails were sent all the same", len(got))
	}
}

// Status callbacks may overtake each other.
func deliveredThenSent(s *played) {
	phone := s.texter()
	s.twilio.HoldCallbacks(true)
	defer s.twilio.HoldCallbacks(false)
	ref := phone.complains("at the pump")
	sid := text(s.awaitOutbound(phone.number, "sent", 1)[0].ProviderID)
	for _, status := range []string{"delivered", "sent", "delivered", "queued"} {
		if code, err := s.twilio.PostStatus(s.t.Context(), sid, status, 0); err != nil || code != 200 {
			s.t.Errorf("callback answered %d, %v", code, err)
		}
	}
	s.awaitOutbound(phone.number, "delivered", 1)
	s.awaitHandled()
	for _, m := range s.show(ref).Messages {
		if m.Direction == "out" && m.Address == phone.number && m.State != "delivered" {
			s.t.Errorf("the message is %s", m.State)
		}
	}
}

// Long texts stay within the providers' limits and lose no word.
func longAnswers(s *played) {
	phone, chat := s.texter(), s.chatter()
	byPhone, byChat := phone.complains("at the shop"), chat.complains("at the inn")
	emoji := "Done 🙂 " + strings.TrimSpace(strings.Repeat("नल ठीक ", 12))
	long := strings.TrimSpace(strings.Repeat("repaired ", 178)) // 1,601 characters
	s.run("case", "reply", byPhone, emoji, "--as", "asha")
	s.run("case", "reply", byPhone, long, "--as", "asha")
	s.awaitOutbound(phone.number, "delivered", 3)
	var all strings.Builder
	for _, m := range s.twilio.Messages() {
		if m.To != phone.number || m.Direction != twilioapi.Outbound {
			continue
		}
		all.WriteString(m.Body + " ")
		if n := len([]rune(m.Body)); n > 1600 {
			s.t.Errorf("a text has %d characters", n)
		}
		if units := len(utf16.Encode([]rune(m.Body))); strings.Contains(m.Body, "🙂") && m.Segments != (units+66)/67 {
			s.t.Errorf("%d units of UCS-2 in %d segments", units, m.Segments)
		}
	}
	if !strings.Contains(all.String(), emoji) || strings.Count(all.String(), "repaired") < 150 {
		s.t.Errorf("words were lost by SMS: %s", all.String())
	}

	answer := strings.TrimSpace(strings.Repeat("word 🙂 ", 715)) // 5,000 characters and more
	s.run("case", "reply", byChat, answer, "--as", "asha")
	s.awaitOutbound(fmt.Sprint(chat.id), "delivered", 2)
	all.Reset()
	for _, m := range s.telegram.Messages(chat.id) {
		if !m.From.IsBot {
			continue
		}
		if units := len(utf16.Encode([]rune(m.Text))); units > 4096 {
			s.t.Errorf("a chat message has %d units", units)
		}
		for _, word := range strings.Fields(m.Text) {
			if strings.HasPrefix("word", word) && word != "word" {
				s.t.Errorf("a word was cut: %q", word)
			}
		}
		all.WriteString(m.Text + " ")
	}
	if strings.Count(all.String(), "word") != 715 {
		s.t.Errorf("of 715 words %d arrived", strings.Count(all.String(), "word"))
	}
}

// A mail server that takes its time delays neither texts nor chat.
func slowMailServer(s *played) {
	s.mail.SetDelay(2 * time.Second)
	defer s.mail.SetDelay(0)
	var writers []string
	for range 24 {
		from := stranger()
		writers = append(writers, from)
		_, err := s.mail.Write(letter(from, "Leak", "Water is leaking in Ward 1"))
		must(s.t, err)
	}
	s.eventually("all letters as cases", func() error {
		if n := len(s.mailCases(writers)); n != len(writers) {
			return fmt.Errorf("%d of %d", n, len(writers))
		}
		return nil
	})
	phone, chat := s.texter(), s.chatter()
	phone.complains("in Ward 4")
	chat.complains("in Ward 4")
	waiting := 0
	for _, from := range writers {
		if len(s.letters(from)) == 0 {
			waiting++
		}
	}
	if waiting == 0 {
		s.t.Error("text and chat waited for the mail server")
	}
	s.mail.SetDelay(0)
	for _, from := range writers {
		s.awaitMail(from, "Water and Sewerage")
	}
	s.clock.step(time.Minute) // alerts to one chat are paced
}

// mailCases are the cases of those who wrote.
func (w *world) mailCases(writers []string) []app.CaseView {
	var list []app.CaseView
	for _, c := range w.cases() {
		for _, from := range writers {
			if c.Contact.Addresses[0] == "email:"+from {
				list = append(list, c)
			}
		}
	}
	return list
}
