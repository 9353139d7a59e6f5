package pipeline_test

import (
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

func TestDeliveries(t *testing.T) {
	plays(t, map[string]string{
		"not delivered: the case tells it, the owner is told": leak + `
			<< eve@text undelivered
			-> asha@chat undelivered text +15550001
			<< eve@text undelivered
			++ C1 undelivered
			eve@text: are you there?
			-> asha@chat follow_up
			-> asha@chat updated
		`,
		"a dead address gets nothing more; another verified one does": `
			eve@chat (card=+15550001): Water is leaking
			-> eve@chat acknowledged
			-> asha@chat assigned
			<< eve@chat undelivered hard
			-> eve@text acknowledged
			-> asha@chat undelivered sent_by_text_instead
			asha@chat: /reply C1 We come
			-> asha@chat done
			-> eve@text reply
			eve@chat: thanks
			-> asha@chat follow_up
			-> asha@chat updated
			asha@chat: /reply C1 We are here
			-> asha@chat done
			-> eve@chat reply
		`,
		"opted out at the provider": `
			eve@chat (card=+15550001): Water is leaking
			-> eve@chat acknowledged
			-> asha@chat assigned
			!! eve@chat opted_out
			asha@chat: /reply C1 We come
			-> asha@chat done
			-> asha@chat undelivered
			-> eve@text reply We_come
			!! eve@chat ok
			asha@chat: /reply C1 We are here
			-> asha@chat done
			-> eve@text reply
			!! eve@text opted_out
			asha@chat: /reply C1 It is done
			-> asha@chat done
			-> asha@chat undelivered
			asha@chat: /reply C1 Goodbye
			-> asha@chat refused cannot be written to
			asha@chat: /resolve C1 It is mended
			-> asha@chat updated
			-> asha@chat done
			++ C1 registered routed assigned acknowledged replied undelivered replied replied undelivered resolved undelivered
		`,
		"an alert that fails goes another way": `
			!! asha@chat unreachable
			eve@text: Water is leaking
			-> eve@text acknowledged
			-> asha@text assigned
			++ C1 registered routed assigned acknowledged undelivered
		`,
		"a refused redrawing is nothing to tell": leak + `
			!! asha@chat unreachable
			ravi@chat: /accept C1
			-> ravi@chat done
			++ C1 accepted
		`,
		"delivered, then sent": leak + `
			<< eve@text delivered
			<< eve@text sent
			<< eve@text undelivered hard
			++ C1
		`,
	})
}

// delivered is the state of the last message to a place.
func (c *city) delivered(at string) store.OutboundState {
	c.t.Helper()
	list := c.last[at]
	row, err := c.db.Outbound(c.t.Context(), list[len(list)-1].ID)
	c.must("reading a message", err)
	return row.State
}

func TestDeliveredStaysDelivered(t *testing.T) {
	c := newCity(t, nil)
	c.play(leak + `
		<< eve@text delivered
		<< eve@text sent
	`)
	if got := c.delivered("text +15550001"); got != store.OutDelivered {
		t.Errorf("it is %s", got)
	}
}

// The sender may tell of one message twice; its effects come once.
func TestAFailureIsToldOnce(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat (card=+15550001): Water is leaking
		-> eve@chat acknowledged
		-> asha@chat assigned
		++ C1 registered routed assigned acknowledged
	`)
	row := c.last["chat 9001"][0]
	row.State = store.OutFailed
	for range 2 {
		if err := c.office.Failed(t.Context(), row, &channels.SendError{Kind: channels.SendUnreachable, Text: "gone"}); err != nil {
			t.Fatal(err)
		}
	}
	c.play(`
		.. 1s
		-> eve@text acknowledged
		-> asha@chat undelivered
		++ C1 undelivered
	`)
}

// A report can overtake the provider's answer to the very sending.
func TestAReportThatComesTooEarly(t *testing.T) {
	c := newCity(t, nil)
	c.play(leak)
	row := c.last["text +15550001"][0]
	c.last["text +15550001"] = []store.Outbound{{ProviderID: "not known yet"}}
	c.play("<< eve@text undelivered")
	row.ProviderID = "not known yet"
	c.must("naming the message", c.rename(row))
	c.play(`
		.. 2s
		-> asha@chat undelivered
		++ C1 undelivered
	`)
}

// rename has a message that is being sent again get the provider's id.
func (c *city) rename(row store.Outbound) error {
	ctx := c.t.Context()
	if err := c.db.Finish(ctx, row.ID, store.Outcome{State: store.OutFailed, At: c.clock.Now(), From: store.OutSent}); err != nil {
		return err
	}
	if err := c.db.RetryOutbound(ctx, row.ID, c.clock.Now()); err != nil {
		return err
	}
	if _, err := c.db.Claim(ctx, []string{row.ID}, c.clock.Now()); err != nil {
		return err
	}
	return c.db.Finish(ctx, row.ID, store.Outcome{State: store.OutSent, ProviderID: row.ProviderID, At: c.clock.Now()})
}

// A complainant and an officer who moved are known by the new address.
func TestRecipientsMove(t *testing.T) {
	addresses := map[string]string{"eve": "9001", "ravi": "502"}
	c := newCity(t, nil)
	c.play(`
		eve@chat: Water is leaking
		-> eve@chat acknowledged
		-> asha@chat assigned
		!! eve@chat moved bob@chat
		asha@chat: /reply C1 We come
		-> asha@chat done
		-> bob@chat reply
		== C1 of:9002
		!! eve@chat unreachable
		asha@chat: /reply C1 We are here
		-> asha@chat done
		-> bob@chat reply
		!! ravi@chat moved leo@chat
		asha@chat: /escalate C1
		-> asha@chat done
		-> asha@chat updated
		-> leo@chat case_escalated
		-> bob@chat escalated
		bob@chat: STATUS
		-> bob@chat status C1
		++ C1 registered routed assigned acknowledged replied corrected replied escalated
	`)
	for login, old := range addresses {
		if user, err := c.db.UserByAddress(t.Context(), cases.Address{Channel: "chat", Value: old}); err == nil {
			t.Errorf("%s is still at the old address: %v", login, user)
		}
	}
}
