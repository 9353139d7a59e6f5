package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// The carrier confirms STOP and START; the city sends nothing in between and
// no case hears of either.
func stopAndStart(s *played) {
	c := s.texter()
	ref := c.complains("behind the mill")
	before := s.show(ref)
	c.say("STOP")
	s.eventually("the opt-out", func() error {
		if !s.twilio.OptedOut("+12025550100", c.number) {
			return fmt.Errorf("the carrier does not know it")
		}
		return nil
	})
	s.awaitHandled()
	if r := runCommand(s.t.Context(), "", "case", "reply", ref, "A crew is on the way.", "--as", "asha", "--config", s.config); r.code != exitRefused || !strings.Contains(r.errs, "cannot be written to") {
		s.t.Errorf("a reply after STOP: exit code %d, %q", r.code, r.errs)
	}
	c.say("START")
	s.awaitHandled()
	s.run("case", "reply", ref, "The crew has come.", "--as", "asha")
	c.hear("The crew has come.")
	after := s.show(ref)
	if n := len(incomingOf(after.Messages)); n != 1 || after.Status != before.Status {
		s.t.Errorf("the case has %d messages of the citizen and is %s", n, after.Status)
	}
	carrier := 0
	for _, m := range s.twilio.Messages() {
		if m.To == c.number && m.Carrier {
			carrier++
		}
		if m.To == c.number && strings.Contains(m.Body, "on the way") {
			s.t.Error("a message was sent after STOP")
		}
	}
	// Ours are the acknowledgement and the second reply; STOP and START are the
	// carrier's to answer.
	if carrier != 2 || len(s.texts(c.number)) != 2 {
		s.t.Errorf("%d messages of the carrier, want 2; ours are %q", carrier, s.texts(c.number))
	}
}

func stopInASentence(s *played) {
	c := s.texter()
	c.say("stop the sewage flooding my street")
	ref := reference(s.t, c.hear("C-"))
	if got := s.show(ref); got.Description != "stop the sewage flooding my street" || s.twilio.OptedOut("+12025550100", c.number) {
		s.t.Errorf("the case says %q", got.Description)
	}
}

// Two officers answer their prompts at the same time.
func twoResolve(s *played) {
	c := s.chatter()
	ref := c.complains("under the bridge")
	officers := map[*chatter]int{}
	asha, ravi := s.chat(chatAsha), s.chat(chatRavi)
	asha.press(asha.see(ref, "Water leak"), "/resolve "+ref)
	ravi.say("/resolve " + ref)
	for _, o := range []*chatter{asha, ravi} {
		officers[o] = o.await("prompt", func(m botapi.Message) bool { return m.ForceReply && strings.Contains(m.Text, ref) }).ID
	}
	var wg sync.WaitGroup
	for o, prompt := range officers {
		wg.Go(func() { o.answer(fmt.Sprintf("Sealed by %d.", o.id), prompt) })
	}
	wg.Wait()
	c.hear(ref, "Sealed by")
	s.awaitHandled()
	told := 0
	s.eventually("the other officer told", func() error {
		told = 0
		for o := range officers {
			for _, m := range s.telegram.Messages(o.id) {
				if strings.Contains(m.Text, "Already resolved by") && m.ReplyTo != nil && m.ReplyTo.ReplyTo == nil && strings.HasPrefix(m.ReplyTo.Text, "Sealed by") {
					told++
				}
			}
		}
		if told != 1 {
			return fmt.Errorf("%d were told", told)
		}
		return nil
	})
	story := s.show(ref)
	if n := count(kinds(story), "resolved"); n != 1 || story.Status != "resolved" {
		s.t.Errorf("resolved %d times, the case is %s", n, story.Status)
	}
	heard := 0
	for _, m := range s.telegram.Messages(c.id) {
		if m.From.IsBot && strings.Contains(m.Text, "Sealed by") {
			heard++
		}
	}
	if heard != 1 {
		s.t.Errorf("the citizen was told %d times", heard)
	}
}

// A right reference from a wrong phone gives away and changes nothing.
func reopenFromAnotherPhone(s *played) {
	own, other := s.texter(), s.texter()
	ref := own.complains("in the cellar of number 12")
	s.run("case", "resolve", ref, "The joint was replaced.", "--as", "asha")
	own.hear(ref, "The joint was replaced.")

	other.say("REOPEN " + ref + " it leaks again")
	answer := other.hear("passed on")
	for _, secret := range []string{ref, "cellar", "Water", "joint", "Asha", "resolved"} {
		if strings.Contains(strings.ToLower(answer), strings.ToLower(secret)) {
			s.t.Errorf("a stranger was told %q: %q", secret, answer)
		}
	}
	held := s.await(ref, "held message", hasEvent("held", 1))
	if held.Status != "resolved" || held.Level != 1 {
		s.t.Errorf("after a stranger's REOPEN the case is %s, level %d", held.Status, held.Level)
	}
	if !slices.ContainsFunc(held.Messages, func(m app.MessageView) bool { return m.Held && m.Address == other.number }) {
		s.t.Errorf("staff do not see the held message: %+v", held.Messages)
	}
	s.chat(chatAsha).see(ref, "it leaks again")
	if got := s.casesOf("sms:" + other.number); len(got) != 0 {
		s.t.Errorf("the stranger has %d cases", len(got))
	}

	own.say("REOPEN " + ref + " it leaks again")
	own.hear(ref, "open again")
	if c := s.show(ref); c.Status != "reopened" || c.Level != 2 || text(c.Owner) != "ravi" {
		s.t.Errorf("after the citizen's REOPEN the case is %s, level %d, with %s", c.Status, c.Level, text(c.Owner))
	}
	s.chat(chatRavi).see(ref)
}

func wrongReferences(s *played) {
	c := s.texter()
	ref := c.complains("at the town hall")
	before := len(s.cases())
	wrong := map[string]string{"one wrong symbol": otherSymbol(ref, 4), "the check symbol wrong": otherSymbol(ref, len(ref)-1), "two swapped": swapped(ref)}
	for name, given := range wrong {
		c.say("STATUS " + given)
		if answer := c.hear("no such number"); strings.Contains(answer, ref) || strings.Contains(answer, "Water") {
			s.t.Errorf("%s: %q", name, answer)
		}
		c.say("REOPEN " + given + " it leaks again")
		c.hear("no such number")
	}
	s.awaitHandled()
	if n := len(s.cases()); n != before {
		s.t.Errorf("%d new cases", n-before)
	}
	if got := s.show(ref); len(incomingOf(got.Messages)) != 1 || got.Status != "pending" {
		s.t.Errorf("the case was touched: %s, %q", got.Status, incomingOf(got.Messages))
	}
}

// otherSymbol is ref with another symbol of the alphabet at i.
func otherSymbol(ref string, i int) string {
	symbol := "7"
	if ref[i] == '7' {
		symbol = "K"
	}
	return ref[:i] + symbol + ref[i+1:]
}

// swapped is ref with two unlike neighbours swapped.
func swapped(ref string) string {
	for i := 2; i < 5; i++ {
		if ref[i] != ref[i+1] {
			return ref[:i] + string(ref[i+1]) + string(ref[i]) + ref[i+2:]
		}
	}
	return ref[:7] + string(ref[8]) + string(ref[7]) + ref[9:]
}

// While no gateway runs, a pressed button waits at Telegram.
func pressWhileAway(s *played) {
	if s.redis == nil {
		s.t.Skip("one process is gateway and worker")
	}
	c := s.texter()
	ref := c.complains("in the park")
	asha := s.chat(chatAsha)
	card := asha.see(ref, "Water leak")
	s.stopGateway()
	press, err := s.telegram.Press(asha.id, asha.id, card.ID, "/accept "+ref)
	must(s.t, err)
	sid, err := s.twilio.SendSMS(twilioapi.Incoming{From: c.number, Body: "It is getting worse"})
	must(s.t, err)
	s.run("case", "note", ref, "The crew was called.", "--as", "asha") // the database is there
	if got := s.show(ref); got.AcceptedAt != nil || len(incomingOf(got.Messages)) != 1 {
		s.t.Errorf("half done while the gateway is away: accepted %v, %q", got.AcceptedAt, incomingOf(got.Messages))
	}

	s.openGateway()
	s.awaitReady()
	s.await(ref, "acceptance", func(c app.CaseStory) bool { return c.AcceptedAt != nil })
	s.eventually("an answer at the button", func() error {
		if p, _ := s.telegram.Pressed(press); !p.Answered {
			return fmt.Errorf("none yet")
		}
		return nil
	})
	s.await(ref, "the text of the citizen", func(c app.CaseStory) bool { return len(incomingOf(c.Messages)) == 2 })
	s.eventually("2xx for the text", func() error {
		for _, m := range s.twilio.Messages() {
			if m.SID == sid && m.Delivered {
				return nil
			}
		}
		return fmt.Errorf("not yet")
	})
	asha.press(card, "/ask "+ref) // the old card still works
	asha.await("prompt", func(m botapi.Message) bool { return m.ForceReply && strings.Contains(m.Text, ref) })
	asha.say("/resolve " + ref + " The pipe is new.")
	c.hear("The pipe is new.")
	if got := kinds(s.show(ref)); count(got, "accepted") != 1 || count(got, "resolved") != 1 {
		s.t.Errorf("events are %v", got)
	}
}
