package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redress-cms/redress/channels/email/mail"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
)

// TestAcceptanceMail lets machines and people do their worst by mail to one
// running installation of each kind, whose mailbox has addresses for answers.
func TestAcceptanceMail(t *testing.T) {
	onEachEngine(t, func(t *testing.T, shared bool) {
		s := newPlayed(t, shared, `return_path: "complaints+bounce-{token}@city.test"`, "plus_address: true",
			"form_senders: [forms@site.test, \"@portal.test\"]", "aliases: [help@city.test]")
		s.open()
		s.linkStaff()
		for _, test := range []struct {
			name string
			run  func(*played)
		}{
			{"two machines facing each other", facingMachines},
			{"out of office", outOfOffice},
			{"mail that is not answered", notAnswered},
			{"web forms", webForms},
			{"a bounce of which nothing is left", bounceToTheReturnPath},
			{"forged bounces", forgedBounces},
			{"a hard bounce, and another channel", hardBounceAndAnotherChannel},
			{"an answer whose thread is lost", lostThread},
			{"people in copy", peopleInCopy},
			{"to two of our addresses", twoOfOurAddresses},
			{"spoofed", spoofed},
			{"a thousand in a minute", aThousandInAMinute},
		} {
			t.Run(test.name, func(t *testing.T) { test.run(s.in(t)) })
		}
	})
}

// machine answers every mail to an address until the test ends.
type machine struct {
	s        *played
	address  string
	mu       sync.Mutex
	answered map[string]bool // by Message-ID
}

func (s *played) machine(address string, answer func(m mailserver.Mail, n int) (to string, raw string)) *machine {
	s.t.Helper()
	machine := &machine{s: s, address: address, answered: map[string]bool{}}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			changed := s.mail.Changed()
			for _, m := range s.letters(address) {
				machine.answer(m, answer)
			}
			select {
			case <-changed:
			case <-stop:
				return
			}
		}
	}()
	s.t.Cleanup(func() { close(stop); <-done })
	return machine
}

func (a *machine) answer(m mailserver.Mail, answer func(m mailserver.Mail, n int) (to string, raw string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.answered[m.ID] {
		return
	}
	a.answered[m.ID] = true
	to, raw := answer(m, len(a.answered))
	if to == "" {
		return
	}
	if err := sendMail(a.s.mail.SMTPAddress(), "", []byte(raw), to); err != nil {
		a.s.t.Errorf("the machine's answer is refused: %v", err)
	}
}

// atRest waits until every mail was answered, every answer handled, and
// nothing is left to send.
func (a *machine) atRest() {
	a.s.t.Helper()
	a.s.atLast("silence", func() error {
		before := len(a.s.mail.Mailbox("complaints@city.test"))
		kept := 0
		for _, in := range a.s.inbound("--all") {
			if in.Channel != "email" || in.Account != "complaints" {
				continue
			}
			if kept++; in.State == "received" {
				return fmt.Errorf("message %d waits", in.ID)
			}
		}
		if kept < before {
			return fmt.Errorf("%d of %d mails were taken in", kept, before)
		}
		if err := a.s.unsent("", "pending", "attempting", "retry"); err != nil {
			return err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if got := len(a.s.letters(a.address)); got != len(a.answered) || before != len(a.s.mail.Mailbox("complaints@city.test")) {
			return fmt.Errorf("%d of %d mails are answered", len(a.answered), got)
		}
		return nil
	})
}

func returnPath(m mailserver.Mail) string {
	line, _, _ := strings.Cut(string(m.Raw), "\r\n")
	return strings.Trim(strings.TrimPrefix(line, "Return-Path: "), "<>")
}

const received = "Thank you for your message. It has been received and will be answered within five working days."

func facingMachines(s *played) {
	for name, test := range map[string]struct {
		answer func(from string, m mailserver.Mail, n int) (to, raw string)
		most   int // mails to the machine
		cases  int // at most
	}{
		"one that says so, to the return path": {func(from string, m mailserver.Mail, n int) (string, string) {
			return returnPath(m), string(plain(from, received, "Auto-Submitted: auto-replied", fmt.Sprintf("Message-ID: <%d.%s>", n, from)))
		}, 1, 1},
		"one that says nothing, in the thread": {func(from string, m mailserver.Mail, n int) (string, string) {
			return "complaints@city.test", string(plain(from, received, fmt.Sprintf("Message-ID: <%d.%s>", n, from),
				"In-Reply-To: <"+m.ID+">", "References: <"+m.ID+">"))
		}, 2, 1},
		"one that says nothing, with a new ticket each time": {func(from string, m mailserver.Mail, n int) (string, string) {
			return "complaints@city.test", string(plain(from, fmt.Sprintf("Ticket %d: %s", n, received), fmt.Sprintf("Message-ID: <%d.%s>", n, from)))
		}, 4, 5},
		"one that says nothing, the same each time": {func(from string, m mailserver.Mail, n int) (string, string) {
			return "complaints@city.test", string(plain(from, received, fmt.Sprintf("Message-ID: <%d.%s>", n, from)))
		}, 2, 3},
	} {
		s.t.Run(name, func(t *testing.T) {
			s, from := s.in(t), stranger()
			machine := s.machine(from, func(m mailserver.Mail, n int) (string, string) { return test.answer(from, m, n) })
			_, err := s.mail.Write(letter(from, "Leak", "Water is leaking in Ward 1"))
			must(t, err)
			s.awaitMail(from, "Water and Sewerage")
			machine.atRest()
			got := s.outbound(from)
			if len(got) == 0 || len(got) > test.most {
				t.Errorf("%d mails went to the machine, want at most %d", len(got), test.most)
			}
			if list := s.casesOf("email:" + from); len(list) == 0 || len(list) > test.cases {
				t.Errorf("%d cases, want at most %d", len(list), test.cases)
			}
		})
	}
}

// complainsByMail writes a letter and returns the reference with the mail that
// acknowledges it.
func (s *played) complainsByMail(from, place string) (ref string, acknowledgement mailserver.Mail) {
	s.t.Helper()
	_, err := s.mail.Write(letter(from, "Leak at "+place, "Water is leaking at "+place))
	must(s.t, err)
	acknowledgement = s.awaitMail(from, "Leak at "+place, "Water and Sewerage")
	return reference(s.t, acknowledgement.Subject), acknowledgement
}

func outOfOffice(s *played) {
	from := stranger()
	ref, ack := s.complainsByMail(from, "the school")
	must(s.t, s.mail.DeliverWith(plain(from, "I am away until Monday.", "In-Reply-To: <"+ack.ID+">", "Auto-Submitted: auto-replied", "Message-ID: <away."+from+">")))
	story := s.await(ref, "attached note", hasEvent("follow_up", 1))
	if got := incomingOf(story.Messages); !slices.Contains(got, "I am away until Monday.") {
		s.t.Errorf("of the complainant there are %q", got)
	}
	s.awaitHandled()
	s.awaitOutbound(from, "sent", 1)
}

func notAnswered(s *played) {
	for name, lines := range map[string][]string{
		"a mailing list":           {"List-Id: <news.example.test>"},
		"sent in bulk":             {"Precedence: bulk"},
		"an auto-reply":            {"Auto-Submitted: auto-replied"},
		"no return path":           {"Return-Path: <>"},
		"our own loop":             {"X-Redress-Loop: complaints"},
		"a challenge":              {"Auto-Submitted: auto-generated", "In-Reply-To: <unknown@city.test>"},
		"a form nobody configured": {"Auto-Submitted: auto-generated"},
	} {
		s.t.Run(name, func(t *testing.T) {
			s, from := s.in(t), stranger()
			must(t, s.mail.DeliverWith(plain(from, "Water is leaking in Ward 4", append(lines, "Message-ID: <1."+from+">")...)))
			_, err := s.mail.Write(letter(from, "Lamp", "The street lamp is out, says a person"))
			must(t, err)
			s.awaitMail(from, "Street Lighting") // what came before was handled by then
			s.awaitOutbound(from, "sent", 1)
			if got, want := len(s.casesOf("email:"+from)), 1+count([]string{name}, "a form nobody configured"); got != want {
				t.Errorf("%d cases, want %d", got, want)
			}
		})
	}
}

func webForms(s *played) {
	form := func(site, person, text string, lines ...string) []byte {
		return plain(site, text, append(lines, "Reply-To: Asha <"+person+">", "Message-ID: <"+fmt.Sprint(people.Add(1))+"@site.test>")...)
	}
	for site, lines := range map[string][]string{
		"forms@site.test": {"Auto-Submitted: auto-generated"},
		"www@portal.test": {"Return-Path: <>", "Precedence: bulk"},
	} {
		// The site answers whatever it is sent, and so does the person's mailbox.
		machine := s.machine(site, func(m mailserver.Mail, n int) (string, string) {
			return "complaints@city.test", string(form(site, "nobody@site.test", received))
		})
		person := stranger()
		away := s.machine(person, func(m mailserver.Mail, n int) (string, string) {
			return returnPath(m), string(plain(person, received, "Auto-Submitted: auto-replied"))
		})
		must(s.t, s.mail.DeliverWith(form(site, person, "Water is leaking in Ward 4", lines...)))
		ref := reference(s.t, s.awaitMail(person, "Water and Sewerage").Subject)
		machine.atRest()
		away.atRest()
		s.awaitOutbound(person, "sent", 1)
		if got := s.letters(site); len(got) != 0 {
			s.t.Errorf("%d mails went to the site", len(got))
		}
		if story := s.show(ref); story.Contact.Name != "Asha" || !slices.Equal(story.Contact.Addresses, []string{"email:" + person}) {
			s.t.Errorf("the contact is %+v", story.Contact)
		}
	}
}

// dsn is a delivery status notification (RFC 3464).
func dsn(recipient, status, returned string) []byte {
	return []byte("From: Mail Delivery System <MAILER-DAEMON@mx.home.test>\r\nTo: complaints@city.test\r\nSubject: Undelivered Mail Returned to Sender\r\n" +
		"Message-ID: <" + fmt.Sprint(people.Add(1)) + "@mx.home.test>\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nYour message could not be delivered.\r\n" +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.home.test\r\n\r\nFinal-Recipient: rfc822; " + recipient +
		"\r\nAction: failed\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; 550 " + status + " no such user\r\n\r\n" + returned + "--b--\r\n")
}

func returnedPart(id string) string {
	return "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: complaints@city.test\r\nMessage-ID: <" + id + ">\r\nSubject: x\r\n\r\n"
}

func bounceToTheReturnPath(s *played) {
	from := stranger()
	ref, ack := s.complainsByMail(from, "the bridge")
	other, _ := s.complainsByMail(from, "the station")
	if !ack.Automatic || !strings.HasPrefix(returnPath(ack), "complaints+bounce-") {
		s.t.Fatalf("the acknowledgement: automatic %v, return path %s", ack.Automatic, returnPath(ack))
	}
	must(s.t, sendMail(s.mail.SMTPAddress(), "", dsn(from, "5.1.1", ""), returnPath(ack)))
	s.await(ref, "the bounce", hasEvent("undelivered", 1))
	s.chat(chatAsha).see(ref, "not delivered")
	states := map[string]string{}
	for _, o := range s.outbound(from) {
		states[text(o.Reference)] = o.State
	}
	if states[ref] != "undelivered" || states[other] != "sent" {
		s.t.Errorf("states are %v, want the first undelivered", states)
	}
}

func forgedBounces(s *played) {
	from := stranger()
	ref, ack := s.complainsByMail(from, "the tower")
	before := len(s.inbound("--all"))
	for _, raw := range [][]byte{
		dsn(stranger(), "5.1.1", returnedPart(ack.ID)),
		dsn(from, "5.1.1", returnedPart("redress."+strings.Repeat("a", 32)+"@city.test")),
		dsn(from, "5.1.1", ""),
	} {
		must(s.t, sendMail(s.mail.SMTPAddress(), "", raw, "complaints@city.test"))
	}
	s.eventually("three kept", func() error {
		if got := len(s.inbound("--all")) - before; got != 3 {
			return fmt.Errorf("%d kept", got)
		}
		return nil
	})
	s.clock.step(5 * time.Second)
	s.awaitHandled()
	s.awaitOutbound(from, "sent", 1)
	if story := s.show(ref); slices.Contains(kinds(story), "undelivered") {
		s.t.Errorf("it happened %v", kinds(story))
	}
}

func hardBounceAndAnotherChannel(s *played) {
	from, phone := stranger(), s.texter()
	s.run("register", "--via", "phone", "--name", "Eve", "--phone", phone.number, "--email", from, "--text", "The street lamp is out at the tower")
	phone.hear("Street Lighting")
	phone.say("It is dark here") // proves the number
	ref, ack := s.complainsByMail(from, "the garden")
	must(s.t, sendMail(s.mail.SMTPAddress(), "", dsn(from, "5.1.1", returnedPart(ack.ID)), "complaints@city.test"))
	phone.hear(ref)
	s.await(ref, "the bounce", hasEvent("undelivered", 1))
	s.chat(chatAsha).see(ref, "not delivered")
	s.run("case", "reply", ref, "We come tomorrow", "--as", "asha")
	phone.hear("We come tomorrow")
	if got := s.letters(from); len(got) != 1 {
		s.t.Errorf("%d mails went to the dead address", len(got))
	}
}

func lostThread(s *played) {
	from := stranger()
	ref, ack := s.complainsByMail(from, "the market")
	replyTo := mail.Parse(ack.Raw, mail.Limits{}).ReplyTo[0].Address
	if !strings.HasPrefix(replyTo, "complaints+") {
		s.t.Fatalf("answers are to come to %q", replyTo)
	}
	answer := plain(from, "It is in the cellar now", "Message-ID: <lost."+from+">")
	answer = []byte(strings.Replace(string(answer), "To: complaints@city.test", "To: "+replyTo, 1))
	must(s.t, sendMail(s.mail.SMTPAddress(), from, answer, replyTo)) // nothing but the address proves it
	story := s.await(ref, "addition", hasEvent("follow_up", 1))
	if got := incomingOf(story.Messages); !slices.Contains(got, "It is in the cellar now") {
		s.t.Errorf("of the complainant there are %q", got)
	}
	// Whoever got the letter forwarded has the address, and no right by it.
	leaked := plain(stranger(), "STATUS", "Message-ID: <leak."+from+">")
	must(s.t, sendMail(s.mail.SMTPAddress(), "x@citizen.test", []byte(strings.Replace(string(leaked), "complaints@", replyTo[:strings.IndexByte(replyTo, '@')]+"@", 1)), replyTo))
	s.await(ref, "held", hasEvent("held", 1))
}

func peopleInCopy(s *played) {
	from, friend := stranger(), stranger()
	raw := plain(from, "Water is leaking at the mill", "Cc: Ravi <"+friend+">, help@city.test", "Message-ID: <first."+from+">")
	must(s.t, s.mail.Deliver(raw))
	ref := reference(s.t, s.awaitMail(from, "Water and Sewerage").Subject)
	must(s.t, s.mail.Deliver(plain(friend, "REOPEN I saw it too", "In-Reply-To: <first."+from+">", "Message-ID: <second."+friend+">")))
	story := s.await(ref, "the friend's words", hasEvent("participant", 1))
	if got := story.Participants; len(got) != 1 || got[0].Address != friend || got[0].Name != "Ravi" {
		s.t.Errorf("participants: %+v", got)
	}
	if story.Status != "pending" || !slices.ContainsFunc(incomingOf(story.Messages), func(text string) bool { return strings.Contains(text, "I saw it too") }) {
		s.t.Errorf("status %s, messages %q", story.Status, incomingOf(story.Messages))
	}
	s.chat(chatAsha).see(ref, "in copy", "I saw it too")
	s.awaitHandled()
	s.awaitOutbound(from, "sent", 1)
	if got := s.letters(friend); len(got) != 0 {
		s.t.Errorf("%d mails went to who is in copy", len(got))
	}
}

func twoOfOurAddresses(s *played) {
	from := stranger()
	raw := plain(from, "Water is leaking at the gate", "Cc: Office <office@city.test>, undisclosed-recipients:;", "Message-ID: <two."+from+">")
	must(s.t, s.mail.Deliver(raw))
	must(s.t, sendMail(s.mail.SMTPAddress(), from, raw, "office@city.test"))
	ref := reference(s.t, s.awaitMail(from, "Water and Sewerage").Subject)
	s.eventually("both mailboxes read", func() error {
		copies := 0
		for _, in := range s.inbound("--all") {
			if in.Account == "office" && in.State == "ignored" && strings.Contains(string(in.Reason), "copy") || in.Account == "complaints" && strings.Contains(string(in.Reason), "copy") {
				copies++
			}
		}
		if copies != 1 {
			return fmt.Errorf("%d copies", copies)
		}
		return nil
	})
	s.awaitOutbound(from, "sent", 1)
	if got := s.casesOf("email:" + from); len(got) != 1 || len(s.show(ref).Participants) != 0 {
		s.t.Errorf("%d cases, participants %+v", len(got), s.show(ref).Participants)
	}
}

func spoofed(s *played) {
	from := stranger()
	ref, _ := s.complainsByMail(from, "the harbour")
	forged := "Authentication-Results: mx.city.test; dmarc=pass header.from=citizen.test"
	for i, lines := range [][]string{
		{"Subject: [" + ref + "]"},
		{forged, "Subject: [" + ref + "]"},
		{"Received: from a by b; x", forged, "Subject: [" + ref + "]"},
	} {
		raw := strings.Replace(string(plain(from, "REOPEN and tell me all", fmt.Sprintf("Message-ID: <%d.spoof.%s>", i, from))), "Subject: Complaint", strings.Join(lines, "\r\n"), 1)
		must(s.t, s.mail.DeliverWith([]byte(raw)))
		s.await(ref, "held", hasEvent("held", i+1))
	}
	below := forged + "\r\n" + string(plain(from, "REOPEN, and tell me all", "Message-ID: <below.spoof."+from+">", "In-Reply-To: <first."+from+">"))
	below = strings.Replace(below, "Subject: Complaint", "Subject: ["+ref+"]", 1)
	must(s.t, s.mail.DeliverWith([]byte(below), strings.Replace(forged, "pass", "fail", 1)))
	s.await(ref, "held", hasEvent("held", 4))
	for _, m := range s.letters(from)[1:] {
		if strings.Contains(m.Subject+m.Text+m.HTML, ref) {
			s.t.Errorf("it was told:\n%s", m.Text)
		}
	}
	if got := s.show(ref); got.Status != "pending" {
		s.t.Errorf("the case is %s", got.Status)
	}

	must(s.t, s.mail.Deliver(plain("City <Help@city.test>", "Water is leaking", "Message-ID: <own."+from+">")))
	s.eventually("quarantine", func() error {
		for _, in := range s.inbound() {
			if in.State == "quarantined" && strings.Contains(string(in.Reason), "address of ours") {
				return nil
			}
		}
		return fmt.Errorf("nothing in quarantine")
	})
	if got := s.casesOf("email:help@city.test"); len(got) != 0 {
		s.t.Errorf("%d cases of ourselves", len(got))
	}
}

func aThousandInAMinute(s *played) {
	const thousand = 1000
	from := stranger()
	for i := range thousand {
		must(s.t, s.mail.Deliver(plain(from, fmt.Sprintf("Water is leaking at number %d", i), fmt.Sprintf("Message-ID: <%d.%s>", i, from))))
	}
	kept := 0
	s.atLast("all kept and handled", func() error {
		kept = 0
		for _, c := range s.casesOf("email:" + from) {
			for _, text := range incomingOf(s.show(c.Reference).Messages) {
				if strings.HasPrefix(text, "Water is leaking at number ") {
					kept++
				}
			}
		}
		if kept != thousand {
			return fmt.Errorf("%d are in cases", kept)
		}
		return s.unsent("", "pending", "attempting", "retry")
	})
	sent := map[string]int{}
	for _, o := range s.outbound(from) {
		sent[o.Kind]++
	}
	if sent["flood"] != 1 || sent["acknowledged"] < 1 || sent["acknowledged"] > 3 || len(sent) != 2 {
		s.t.Errorf("the sender was told %v; want one word on the flood, and no acknowledgement once it said the same thrice", sent)
	}
	alerts := 0
	for _, m := range s.telegram.Messages(chatAsha) {
		if strings.Contains(m.Text, "many messages") {
			alerts++
		}
	}
	if alerts != 1 {
		s.t.Errorf("staff was told %d times", alerts)
	}
}
