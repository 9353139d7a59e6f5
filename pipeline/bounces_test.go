package pipeline_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

const letterComplaint = `
	eve@letter: Water is leaking
	-> eve@letter acknowledged
	-> asha@chat assigned
	++ C1 registered routed assigned acknowledged
`

func TestBounces(t *testing.T) {
	plays(t, map[string]string{
		"hard: told once, and nothing more is sent there": letterComplaint + `
			bob@letter (unverified, bounce=eve@letter, about=eve@letter): Returned mail
			-> asha@chat undelivered user_unknown eve@home.test
			bob@letter (unverified, bounce=eve@letter, about=eve@letter): Returned mail again
			++ C1 undelivered
			asha@chat: /reply C1 We come
			-> asha@chat refused cannot be written to
		`,
		"soft: told, and the address stays in use": letterComplaint + `
			bob@letter (unverified, bounce=eve@letter, about=eve@letter, soft): Mailbox full
			-> asha@chat undelivered
			++ C1 undelivered
			asha@chat: /reply C1 We come
			-> asha@chat done
			-> eve@letter reply
		`,
		"a delay is only noted, once, and may still end in a bounce": letterComplaint + `
			bob@letter (unverified, delay=eve@letter, about=eve@letter): Still trying
			bob@letter (unverified, delay=eve@letter, about=eve@letter): Still trying hard
			++ C1 delayed
			bob@letter (unverified, bounce=eve@letter, about=eve@letter): Given up
			-> asha@chat undelivered
			++ C1 undelivered
		`,
		"about another recipient it says nothing": letterComplaint + `
			bob@letter (unverified, bounce=eve@letter, about=bob@letter): Returned mail
			bob@letter (unverified, delay=eve@letter, about=bob@letter): Still trying
			++ C1
		`,
		"about no message of ours it says nothing": letterComplaint + `
			bob@letter (unverified, bounce=eve@letter, nothing, about=eve@letter): Returned mail
			.. 2s
			++ C1
		`,
		"back at the return path nothing need be left of the message": letterComplaint + `
			bob@letter (unverified, bounce=eve@letter, nothing, returned=eve@letter): Returned mail
			-> asha@chat undelivered
			++ C1 undelivered
			asha@chat: /reply C1 We come
			-> asha@chat refused cannot be written to
		`,
		"back from where it was forwarded to, the own address stays in use": letterComplaint + `
			bob@letter (unverified, bounce=eve@letter, returned=eve@letter, about=bob@letter): Returned mail
			-> asha@chat undelivered
			++ C1 undelivered
			asha@chat: /reply C1 We come
			-> asha@chat done
			-> eve@letter reply
		`,
		"without a recipient it is believed, but no address is given up": letterComplaint + `
			bob@letter (unverified, bounce=eve@letter): Returned mail
			-> asha@chat undelivered
			asha@chat: /reply C1 We come
			-> asha@chat done
			-> eve@letter reply
		`,
		"called unwanted": letterComplaint + `
			bob@letter (unverified, unwanted=eve@letter): abuse report
			bob@letter (unverified, unwanted=eve@letter): abuse report again
			++ C1 unwanted
		`,
	})
}

// reasons are what is noted of the messages that had no effect.
func (c *city) reasons() []string {
	c.t.Helper()
	list, err := c.db.ListInbound(c.t.Context(), store.InboundFilter{States: []store.InboundState{store.InboundIgnored, store.InboundQuarantined}})
	c.must("listing messages", err)
	var reasons []string
	for _, in := range list {
		reasons = append(reasons, string(in.State)+": "+in.Reason)
	}
	return reasons
}

func TestWhyAMessageHadNoEffect(t *testing.T) {
	for line, want := range map[string]string{
		"bob@letter (unverified, bounce=eve@letter, about=bob@letter): x":          "ignored: delivery report about another recipient",
		"bob@letter (unverified, bounce=eve@letter, nothing): x\n.. 2s":            "ignored: delivery report about no message of ours",
		"bob@letter (unverified, delay=eve@letter, about=eve@letter): x":           "ignored: delivery report",
		"bob@letter (automatic=feedback_report): x":                                "ignored: automatic: feedback_report",
		"bob@letter (automatic=auto_reply): x":                                     "ignored: automatic: auto_reply, about no case",
		"bob@letter (own): x":                                                      "quarantined: guard: message cannot be read: it says it is from an address of ours",
		"bob@letter (own, automatic=loop): x":                                      "ignored: automatic: loop",
		"bob@letter (own, unverified, bounce=eve@letter, about=eve@letter, soft):": "ignored: delivery report",
	} {
		c := newCity(t, nil)
		c.play(letterComplaint)
		for part := range strings.SplitSeq(line, "\n") {
			if d, ok := strings.CutPrefix(part, ".. "); ok {
				c.play(".. " + d)
				continue
			}
			c.say(part)
		}
		if got := c.reasons(); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// tell takes in a message that was made by hand.
func (c *city) tell(channel, sender string, m channels.Message) {
	c.t.Helper()
	raw, err := json.Marshal(m)
	c.must("writing a message", err)
	c.take(channel, sender, "", raw)
}

// Our own mail that comes back without its mark is known by its Message-ID.
func TestOurOwnMailComesBack(t *testing.T) {
	c := newCity(t, nil)
	c.play(letterComplaint)
	c.tell("letter", "bob@home.test", channels.Message{
		From: channels.Party{Address: "bob@home.test"}, ID: c.lastRow("eve@letter").MessageID, Text: "Your complaint", Written: "Your complaint",
	})
	if got := c.reasons(); len(got) != 1 || got[0] != "ignored: automatic: loop" {
		t.Errorf("noted %q", got)
	}
}

func TestMachinesThatDoNotSaySo(t *testing.T) {
	const thanks = "Thank you for your message. We have received it and will answer within three days."
	plays(t, map[string]string{
		"in a thread": `
			eve@letter: ` + thanks + ` Water leak
			-> eve@letter acknowledged
			-> asha@chat assigned
			eve@letter (reply): ` + thanks + `
			-> eve@letter added
			-> asha@chat follow_up
			eve@letter (reply): ` + thanks + `
			-> asha@chat follow_up
			bob@letter (subject=[C1]): ` + thanks + `
			-> bob@letter held
			-> asha@chat case_held
			bob@letter (subject=[C1]): ` + thanks + `
			-> asha@chat case_held
		`,
		"with a new ticket for each letter": `
			eve@letter: Ticket 1 was opened about a leak
			-> eve@letter acknowledged
			-> asha@chat assigned
			eve@letter: Ticket 2 was opened about a leak
			-> eve@letter acknowledged
			-> asha@chat assigned
			eve@letter: Ticket 3 was opened about a leak
			-> eve@letter acknowledged
			-> asha@chat assigned
			eve@letter: Ticket 4 was opened about a leak
			-> asha@chat assigned C4
			eve@letter: The leak at my house is another one
			-> eve@letter acknowledged
			-> asha@chat assigned
		`,
		"people may ask the same again": letterComplaint + `
			eve@letter (reply): STATUS
			-> eve@letter status
			eve@letter (reply): STATUS
			-> eve@letter status
			eve@letter (reply): And now?
			-> eve@letter added
			-> asha@chat follow_up
			eve@letter (reply): And now?
			-> eve@letter added
			-> asha@chat follow_up
		`,
	})
}

// An SMS provider may tell that a text was lost before it answers the very
// call that sent it.
func TestAReportBeforeTheAnswer(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat (card=+15550001): Water is leaking
		-> eve@chat acknowledged
		-> asha@chat assigned
		++ C1 registered routed assigned acknowledged
	`)
	chat := c.lines["chat"]
	chat.onSend = func(out channels.Outbound) {
		if out.To != "9001" {
			return
		}
		lost := channels.Message{Verified: true, Receipts: []channels.DeliveryReport{{
			ProviderID: "at " + out.To + " " + out.ID, State: channels.DeliveryUndelivered, Code: "30003", Text: "the phone is off",
		}}}
		c.tell("chat", "status:"+out.ID, lost)
		due, err := c.db.DueInbound(t.Context(), c.clock.Now().Add(2*time.Second), 0, 100)
		c.must("looking for the report", err)
		c.clock.advance(2 * time.Second)
		for _, ref := range due {
			c.handle(ref.ID)
		}
	}
	c.play(`
		asha@chat: /reply C1 We come
		-> asha@chat done
		-> eve@chat reply
		-> asha@chat undelivered the_phone_is_off
		-> eve@text reply We_come
		++ C1 replied undelivered
	`)
	if got := c.delivered("chat 9001"); got != store.OutUndelivered {
		t.Errorf("it is %s", got)
	}
}
