package pipeline_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/queue"
)

// Ten people complain at once, one of them twice, and a broken message comes
// between: each complaint is one case with one answer, shared out evenly.
func TestMessagesOfManySendersAreHandledTogether(t *testing.T) {
	c := newCity(t, nil)
	var list []store.Inbound
	add := func(number, text string) {
		raw, err := json.Marshal(channels.Message{
			From: channels.Party{Address: number}, Verified: true, ID: fmt.Sprint("m", len(list)), Text: text, Written: text,
		})
		c.must("a message", err)
		list = append(list, store.Inbound{
			Channel: "text", Account: "main", ExternalID: fmt.Sprint("in-", len(list)), Sender: number, ReceivedAt: c.clock.Now(), Raw: raw,
		})
	}
	for n := range 10 {
		add(fmt.Sprintf("+155500010%02d", n), "Water is leaking in Ward 4")
	}
	add("+15550001003", "It is the blue house")
	add("+15550001099", "never read")
	list[11].Raw = []byte("no JSON")
	added, err := c.db.AppendInbound(t.Context(), list)
	c.must("keeping them", err)
	items := make([]queue.Item, len(added))
	for i, a := range added {
		items[i] = pipeline.InboundItem(store.InboundRef{ID: a.ID, Channel: "text", Sender: list[i].Sender})
	}
	c.must("handling them", c.stages.HandleItems(t.Context(), items))
	c.must("handling them again", c.stages.HandleItems(t.Context(), items))

	all, err := c.db.ListCases(t.Context(), store.CaseFilter{})
	c.must("reading the cases", err)
	if len(all) != 10 {
		t.Errorf("%d cases, want 10", len(all))
	}
	quarantined, err := c.db.ListInbound(t.Context(), store.InboundFilter{States: []store.InboundState{store.InboundQuarantined}})
	c.must("reading the quarantine", err)
	if len(quarantined) != 1 || quarantined[0].Sender != "+15550001099" {
		t.Errorf("in quarantine: %+v", quarantined)
	}
	answers := map[string]int{}
	for _, row := range c.deliver() {
		if row.Kind == cases.NoticeAcknowledged {
			answers[row.Address]++
		}
	}
	if len(answers) != 10 {
		t.Errorf("acknowledged to %d people, want 10", len(answers))
	}
	for to, n := range answers {
		if n != 1 {
			t.Errorf("%d acknowledgements to %s", n, to)
		}
	}
}
