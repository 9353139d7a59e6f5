package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

var referencePattern = regexp.MustCompile(`C-[0-9A-Z]{4}-[0-9A-Z]{4}`)

// TestStory walks the whole story on every channel, on both kinds of engines.
func TestStory(t *testing.T) {
	for _, shared := range []bool{false, true} {
		t.Run(map[bool]string{false: "embedded", true: "shared"}[shared], func(t *testing.T) {
			w := newWorld(t, shared)
			if shared {
				w.run("migrate")
				w.start("gateway")
				w.awaitReady()
				w.startWorker()
			} else {
				w.start("serve")
				w.awaitReady()
			}
			w.linkStaff()
			for name, person := range map[string]func(*world) citizen{
				"sms":      func(w *world) citizen { return w.texter() },
				"telegram": func(w *world) citizen { return w.chatter() },
				"email":    func(w *world) citizen { return w.writer() },
			} {
				t.Run(name, func(t *testing.T) {
					w := w.in(t)
					(&story{world: w, citizen: person(w), channel: name}).walk()
				})
			}
			t.Run("nobody acts", func(t *testing.T) {
				w := w.in(t)
				(&story{world: w, citizen: w.texter(), channel: "sms"}).nobodyActs()
			})
		})
	}
}

// in is the same world for a subtest.
func (w *world) in(t *testing.T) *world { next := *w; next.t = t; return &next }

// startWorker starts a worker with an address of its own.
func (w *world) startWorker() {
	w.t.Helper()
	w.start("worker", "REDRESS_HTTP_LISTEN="+freeAddress(w.t))
}

// story is one citizen's.
type story struct {
	*world
	citizen
	channel string
	ref     string
}

func (s *story) walk() {
	s.registers()
	card := s.officerAccepts()
	s.conversation()
	s.officerAsks(card)
	s.resolvesAndReopens()
	s.everyStepIsAnEvent()
}

// registers: a citizen writes, and has a number; the case is complete.
func (s *story) registers() {
	s.begin("Water is leaking from a burst pipe near the school in Ward 4 since yesterday")
	answer := s.hear("Water and Sewerage")
	s.ref = referencePattern.FindString(answer)
	if s.ref == "" {
		s.t.Fatalf("no reference in the acknowledgement: %q", answer)
	}
	if letters, ok := s.citizen.(*writer); ok {
		m := letters.last
		if !slices.Equal(m.InReplyTo, []string{letters.sent}) || !slices.Contains(m.References, letters.sent) || !strings.Contains(m.Subject, s.ref) {
			s.t.Errorf("the answer is not in the thread of %s: In-Reply-To %v, References %v, subject %q", letters.sent, m.InReplyTo, m.References, m.Subject)
		}
	}
	if !strings.Contains(answer, "STATUS") && s.channel == "sms" {
		s.t.Errorf("the acknowledgement does not say how to ask for the status: %q", answer)
	}
	c := s.show(s.ref)
	got := fmt.Sprint(text(c.Service), " ", text(c.Area), " ", text(c.Department), " ", text(c.Owner), " ", text(c.Policy), " ", c.Priority, " ", c.Channel)
	if want := "water-leak ward-4 water asha standard high " + s.channel; got != want {
		s.t.Errorf("the case is %s, want %s", got, want)
	}
	if c.DueAt == nil || c.AcknowledgedAt == nil || len(c.Contact.Addresses) != 1 {
		s.t.Errorf("due %v, acknowledged %v, contact %v", c.DueAt, c.AcknowledgedAt, c.Contact)
	}
	for _, decision := range []string{"service", "area", "department", "owner", "policy", "due"} {
		if !slices.ContainsFunc(c.Reasons, func(r cases.Reason) bool { return r.Decision == decision && r.Why != "" }) {
			s.t.Errorf("no reason for the %s in %v", decision, c.Reasons)
		}
	}
}

// officerAccepts: the owner has a card with buttons and accepts by one; the
// card then shows it.
func (s *story) officerAccepts() int {
	asha := s.chat(chatAsha)
	card := asha.see(s.ref, "Water leak", "Ward 4")
	asha.press(card, "/accept "+s.ref)
	s.await(s.ref, "acceptance", func(c app.CaseStory) bool { return c.AcceptedAt != nil })
	s.eventually("the card without Accept", func() error {
		for _, m := range s.telegram.Messages(chatAsha) {
			if m.ID == card.ID && !strings.Contains(fmt.Sprint(m.ReplyMarkup), "/accept") {
				return nil
			}
		}
		return fmt.Errorf("the card still has the button")
	})
	return card.ID
}

// conversation: more words join the case, STATUS answers, NEW is another case.
func (s *story) conversation() {
	s.say("The water now reaches the playground")
	s.hear("added")
	s.chat(chatAsha).see(s.ref, "playground")
	s.say("STATUS")
	s.hear(s.ref, "Water and Sewerage")
	if s.channel != "email" { // a second letter is a second complaint by itself
		s.say("NEW the street lamp at 5 Oak Road is dark")
		other := referencePattern.FindString(s.hear("Street Lighting"))
		if other == s.ref || other == "" {
			s.t.Fatalf("a second complaint got the reference %q, the first has %q", other, s.ref)
		}
		s.run("case", "resolve", other, "The lamp was changed.", "--as", "leo")
		s.hear(other, "The lamp was changed")
	}
}

// officerAsks: the question reaches the citizen, the answer the card's thread.
func (s *story) officerAsks(card int) {
	asha := s.chat(chatAsha)
	asha.answer("/ask "+s.ref+" Which side of the school?", 0)
	s.hear("Which side of the school?")
	s.say(s.ref + " On the north side")
	s.hear(s.ref)
	reply := asha.see(s.ref, "north side")
	if reply.ReplyTo == nil || reply.ReplyTo.ID != card {
		s.t.Errorf("the answer is not in the thread of the card: %+v", reply.ReplyTo)
	}
}

// resolvesAndReopens: resolved by prompt, reopened by the citizen one level
// higher, resolved again, rated.
func (s *story) resolvesAndReopens() {
	asha, ravi := s.chat(chatAsha), s.chat(chatRavi)
	card := asha.see(s.ref, "Water leak")
	asha.press(card, "/resolve "+s.ref)
	prompt := asha.await("prompt", func(m botapi.Message) bool { return m.ForceReply && strings.Contains(m.Text, s.ref) })
	asha.answer("The pipe was replaced this morning.", prompt.ID)
	s.hear(s.ref, "The pipe was replaced this morning.", "REOPEN")
	s.say("REOPEN " + s.ref + " still leaking")
	s.hear(s.ref)
	c := s.await(s.ref, "reopening", func(c app.CaseStory) bool { return c.Status == "reopened" })
	if c.Level != 2 || text(c.Owner) != "ravi" {
		s.t.Errorf("reopened at level %d with %s, want level 2 with ravi", c.Level, text(c.Owner))
	}
	again := ravi.see(s.ref)
	ravi.answer("/resolve "+s.ref+" The joint was sealed too.", again.ID)
	s.hear("The joint was sealed too.")
	s.say("RATE " + s.ref + " 5")
	s.await(s.ref, "rating", func(c app.CaseStory) bool { return c.Rating != nil && *c.Rating == 5 })
}

// everyStepIsAnEvent: the history tells it all, in order, and verifies.
func (s *story) everyStepIsAnEvent() {
	var kinds []string
	for _, e := range s.show(s.ref).Events {
		kinds = append(kinds, e.Kind)
	}
	want := []string{"registered", "routed", "assigned", "acknowledged", "accepted", "follow_up", "asked", "follow_up", "resolved", "reopened", "resolved", "rated"}
	if !slices.Equal(kinds, want) {
		s.t.Errorf("events are\n%v, want\n%v", kinds, want)
	}
	if out := s.run("case", "show", s.ref); !strings.Contains(out, "The joint was sealed too.") {
		s.t.Errorf("the printed story lacks the resolution:\n%s", out)
	}
	s.run("audit", "verify")
}

// nobodyActs: a reminder, then both escalations, each with an alert and told
// to the citizen once; resolved, it closes by itself.
func (s *story) nobodyActs() {
	s.begin("The street lamp in Ward 1 is dark")
	s.ref = referencePattern.FindString(s.hear("Street Lighting"))
	s.chat(chatLeo).see(s.ref)
	s.await(s.ref, "reminder", hasEvent("reminded", 1))
	s.await(s.ref, "first escalation", hasEvent("escalated", 1))
	s.chat(chatLina).see(s.ref)
	s.hear(s.ref)
	s.await(s.ref, "second escalation", hasEvent("escalated", 2))
	s.chat(chatMeera).see(s.ref)
	s.hear(s.ref)
	s.run("case", "resolve", s.ref, "A new lamp is in place.", "--as", "meera")
	s.hear("A new lamp is in place.")
	s.await(s.ref, "closing", func(c app.CaseStory) bool { return c.Status == "closed" && c.ClosedAt != nil })
}

func hasEvent(kind string, times int) func(app.CaseStory) bool {
	return func(c app.CaseStory) bool {
		n := 0
		for _, e := range c.Events {
			if e.Kind == kind {
				n++
			}
		}
		return n >= times
	}
}
