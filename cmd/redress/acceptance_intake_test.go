package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// incoming is the form of a text message as Twilio posts it.
func incoming(w *world, sid, from, body string) url.Values {
	return url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "AccountSid": {w.twilio.AccountSID()},
		"From": {from}, "To": {"+12025550100"}, "Body": {body}, "SmsStatus": {"received"}, "NumMedia": {"0"},
	}
}

func sameTextManyTimes(s *played) {
	c := s.texter()
	form := incoming(s.world, "SM000000000000000000000000000000"+c.number[len(c.number)-2:], c.number, "Water is leaking at the school")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if status, err := s.twilio.Post(s.t.Context(), s.url+"/webhooks/sms/main", form); err != nil || status != 200 {
				s.t.Errorf("answered %d, %v", status, err)
			}
		})
	}
	wg.Wait()
	ref := reference(s.t, c.hear("Water and Sewerage"))
	s.awaitHandled()
	s.awaitOutbound(c.number, "delivered", 1)
	if got := s.texts(c.number); len(got) != 1 {
		s.t.Errorf("the citizen got %d messages, want one: %q", len(got), got)
	}
	if got := s.casesOf("sms:" + c.number); len(got) != 1 || got[0].Reference != ref {
		s.t.Errorf("%d cases, want %s only", len(got), ref)
	}
	if got := s.show(ref).Messages; len(incomingOf(got)) != 1 || got[0].Held {
		s.t.Errorf("the citizen's messages are %q, held for staff: %t; want one, not held", incomingOf(got), got[0].Held)
	}
}

// update is what the bot is told of a person's text in the private chat.
func update(id int, from int64, message int, text any) json.RawMessage {
	raw, err := json.Marshal(map[string]any{"update_id": id, "message": map[string]any{
		"message_id": message, "date": 1_790_000_000, "text": text,
		"from": map[string]any{"id": from, "is_bot": false, "first_name": "Citizen"},
		"chat": map[string]any{"id": from, "type": "private"},
	}})
	if err != nil {
		panic(err)
	}
	return raw
}

func updatesRepeated(s *played) {
	c := s.chatter()
	ref := c.complains("at the well")
	for _, u := range []json.RawMessage{
		update(900_003, c.id, 503, "Third words"), update(900_002, c.id, 502, "Second words"),
		update(900_003, c.id, 503, "Third words"), update(17, c.id, 504, "Words under a low id"),
		update(17, c.id, 504, "Words under a low id"), update(900_002, c.id, 502, "Second words"),
	} {
		must(s.t, s.telegram.Inject(u))
	}
	s.telegram.ResetUpdateIDs(5)
	c.say("Words after a reset")
	want := []string{"Third words", "Second words", "Words under a low id", "Words after a reset"}
	s.eventually("all words in the case", func() error {
		got := incomingOf(s.show(ref).Messages)
		for _, words := range want {
			if n := count(got, words); n != 1 {
				return fmt.Errorf("%q is there %d times in %q", words, n, got)
			}
		}
		return nil
	})
	s.eventually("no update pending", func() error {
		if n := len(s.telegram.Pending()); n > 0 {
			return fmt.Errorf("%d are", n)
		}
		return nil
	})
	s.awaitHandled()
	if got := incomingOf(s.show(ref).Messages); len(got) != 1+len(want) {
		s.t.Errorf("the case has the messages %q", got)
	}
	if got := s.casesOf(fmt.Sprintf("telegram:%d", c.id)); len(got) != 1 {
		s.t.Errorf("%d cases, want one", len(got))
	}
}

func poisonUpdate(s *played) {
	c := s.chatter()
	before := len(s.inbound())
	must(s.t, s.telegram.Inject(update(s.nextUpdate(), c.id, 600, 5))) // a text is no number
	c.say("Water is leaking beside the poison")
	c.hear("Water and Sewerage")
	list := s.inbound()
	if len(list) != before+1 || list[0].State != "quarantined" || list[0].Reason == "" {
		s.t.Fatalf("quarantined: %+v", list)
	}
	id := fmt.Sprint(list[0].ID)
	if raw := s.run("inbound", "show", id, "--raw"); !strings.Contains(raw, `"message_id":600`) {
		s.t.Errorf("the raw message is %q", raw)
	}
	s.run("inbound", "retry", id)
	s.eventually("quarantine once more", func() error {
		if again := s.inbound()[0]; again.State != "quarantined" {
			return fmt.Errorf("it is %s", again.State)
		}
		return nil
	})
	if got := s.casesOf(fmt.Sprintf("telegram:%d", c.id)); len(got) != 1 {
		s.t.Errorf("%d cases, want one", len(got))
	}
}

// nextUpdate is an id that no update had.
func (w *world) nextUpdate() int { return 1_000_000 + int(people.Add(1)) }

func poisonMail(s *played) {
	from := stranger()
	poison := "From: " + from + "\r\nSubject: \x00\xff\r\nContent-Type: multipart/mixed; boundary=a\r\n" +
		strings.Repeat("X-Long: "+strings.Repeat("y", 900)+"\r\n", 300) + "\r\n" +
		strings.Repeat("--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n", 2000) +
		"--a\r\nContent-Type: text/plain; charset=klingon\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\x00\r\n"
	must(s.t, s.mail.Deliver([]byte(poison)))
	_, err := s.mail.Write(letter(from, "Leak", "Water is leaking in Ward 4"))
	must(s.t, err)
	ref := reference(s.t, s.awaitMail(from, "Water and Sewerage").Subject)
	s.awaitHandled()
	if got := s.show(ref); got.Subject != "Leak" {
		s.t.Errorf("the case is about %q", got.Subject)
	}
	// The poison is a case of its own, or staff see it in quarantine.
	quarantined := 0
	for _, in := range s.inbound() {
		if in.Channel == "email" {
			quarantined++
		}
	}
	if got := len(s.casesOf("email:"+from)) + quarantined; got != 2 {
		s.t.Errorf("of two mails %d are cases or in quarantine", got)
	}
}

// plain is a raw mail with the header lines given.
func plain(from, body string, lines ...string) []byte {
	header := append([]string{"From: " + from, "To: complaints@city.test", "Subject: Complaint",
		"Date: Sun, 22 Nov 2026 06:00:00 +0000", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"}, lines...)
	return []byte(strings.Join(header, "\r\n") + "\r\n\r\n" + body + "\r\n")
}

func messageIDs(s *played) {
	for name, lines := range map[string][]string{
		"none":   nil,
		"reused": {"Message-ID: <always-the-same@form.test>"},
	} {
		s.t.Run(name, func(t *testing.T) {
			s, from := s.in(t), stranger()
			for _, where := range []string{"at the school", "at the market"} {
				must(t, s.mail.Deliver(plain(from, "Water is leaking "+where, lines...)))
			}
			s.eventually("two acknowledgements", func() error {
				if got := len(s.letters(from)); got < 2 {
					return fmt.Errorf("%d mails", got)
				}
				return nil
			})
			s.awaitHandled()
			s.awaitOutbound(from, "sent", 2)
			if got := s.casesOf("email:" + from); len(got) != 2 {
				t.Errorf("%d cases, want two", len(got))
			}
		})
	}
}

// The same mail to both mailboxes of the city, and twice into one.
func mailByTwoAddresses(s *played) {
	from := stranger()
	raw := plain(from, "Water is leaking in Ward 4", "Message-ID: <both-"+from+">")
	must(s.t, s.mail.DeliverWith(raw, "Delivered-To: complaints@city.test"))
	must(s.t, s.mail.DeliverWith(raw, "Delivered-To: help@city.test", "X-Forwarded-By: alias"))
	must(s.t, sendMail(s.mail.SMTPAddress(), from, raw, "office@city.test"))
	s.awaitMail(from, "Water and Sewerage")
	s.eventually("both mailboxes read", func() error {
		accounts := map[string]bool{}
		for _, in := range s.inbound("--all") {
			if in.Channel == "email" && in.State != "received" {
				accounts[in.Account] = true
			}
		}
		if len(accounts) != 2 {
			return fmt.Errorf("only %v", accounts)
		}
		return nil
	})
	s.awaitOutbound(from, "sent", 1)
	if got := s.casesOf("email:" + from); len(got) != 1 {
		s.t.Errorf("%d cases, want one", len(got))
	}
	if got := s.letters(from); len(got) != 1 {
		s.t.Errorf("%d mails came back, want one", len(got))
	}
}

func newUIDValidity(s *played) {
	from := stranger()
	write := func(place string) {
		_, err := s.mail.Write(letter(from, "Leak", "Water is leaking at the "+place))
		must(s.t, err)
	}
	write("school")
	s.awaitMail(from, "Water and Sewerage")
	before := len(s.inbound("--all"))
	s.mail.ChangeUIDValidity()
	write("market")
	s.awaitOutbound(from, "sent", 2)
	s.awaitHandled()
	if got := s.casesOf("email:" + from); len(got) != 2 {
		s.t.Errorf("%d cases, want two", len(got))
	}
	if after := len(s.inbound("--all")); after != before+1 {
		s.t.Errorf("%d messages were taken in by the rescan, want one", after-before)
	}
	if got := s.letters(from); len(got) != 2 {
		s.t.Errorf("%d mails came back, want two", len(got))
	}
}
