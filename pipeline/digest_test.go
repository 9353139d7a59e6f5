package pipeline_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// flood has so many people complain before anything is sent.
func (c *city) flood(people int, text string) {
	c.t.Helper()
	for i := range people {
		number := fmt.Sprintf("+1555000%04d", i)
		raw, err := json.Marshal(channels.Message{
			From: channels.Party{Address: number}, Verified: true, ID: fmt.Sprint("m", i), Text: text, Written: text,
		})
		if err != nil {
			c.t.Fatal(err)
		}
		c.take("text", number, "", raw)
	}
	c.number()
}

// toAsha are the messages that reached her chat.
func (c *city) toAsha() []channels.Outbound {
	var sent []channels.Outbound
	for _, out := range c.lines["chat"].sent {
		if out.To == "501" {
			sent = append(sent, out)
		}
	}
	return sent
}

func TestManyAlertsComeInOneMessage(t *testing.T) {
	c := newCity(t, nil)
	c.flood(40, "Water is leaking in <b>Ward 4</b>")
	c.deliver()
	sent := c.toAsha()
	if len(sent) == 0 || len(sent) > 12 {
		t.Fatalf("40 alerts are %d messages", len(sent))
	}
	digest := sent[0]
	if strings.Count(digest.Text, "\n- ") != 30 || !strings.HasPrefix(digest.Text, "30 messages in one") || len(digest.Buttons) > 0 {
		t.Errorf("the first is %q with buttons %v", digest.Text, digest.Buttons)
	}
	if len(digest.Text) > 4096 || strings.Contains(digest.HTML, "<b>Ward 4</b>") {
		t.Errorf("it has %d characters, HTML %.300q", len(digest.Text), digest.HTML)
	}
	all := ""
	for _, out := range sent {
		all += out.Text
	}
	for _, ref := range c.refs {
		if strings.Count(all, string(ref)) != 1 {
			t.Errorf("%s is named %d times", ref, strings.Count(all, string(ref)))
		}
	}
	rows, err := c.db.ListOutbound(t.Context(), store.OutboundFilter{All: true, Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row.State != store.OutSent {
			t.Errorf("%s to %s is %s", row.Kind, row.Address, row.State)
		}
	}

	// An answer to it names no case, and no card stands for one of them.
	c.play("asha@chat (reply): /note looked at it\n.. 2s\n-> asha@chat refused")
	c.play("asha@chat: /accept C3\n-> asha@chat done")
}

func TestUrgentAlertsGoByThemselves(t *testing.T) {
	c := newCity(t, func(o *cases.Organisation) { o.Services[0].Priority = cases.Urgent })
	c.flood(8, "Water is leaking")
	c.deliver()
	if sent := c.toAsha(); len(sent) != 8 {
		t.Errorf("8 urgent alerts are %d messages", len(sent))
	}
}

func TestFewAlertsKeepTheirButtons(t *testing.T) {
	c := newCity(t, nil)
	c.flood(4, "Water is leaking")
	c.clock.advance(time.Minute)
	c.deliver()
	sent := c.toAsha()
	if len(sent) != 4 || len(sent[0].Buttons) == 0 {
		t.Errorf("%d messages, the first %+v", len(sent), sent)
	}
}

// An outage of the chat has the alerts of a digest wait, each as it was.
func TestADigestThatFailsIsTriedAgain(t *testing.T) {
	c := newCity(t, nil)
	c.flood(10, "Water is leaking")
	c.lines["chat"].failures["501"] = &channels.SendError{Kind: channels.SendRetry, Text: "server error"}
	c.deliver()
	if sent := c.toAsha(); len(sent) != 0 {
		t.Fatalf("sent %+v", sent)
	}
	delete(c.lines["chat"].failures, "501")
	c.clock.advance(time.Minute)
	c.deliver()
	sent := c.toAsha()
	if len(sent) != 1 || strings.Count(sent[0].Text, "\n- ") != 10 {
		t.Errorf("%d messages: %+v", len(sent), sent)
	}
}
