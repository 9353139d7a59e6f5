package pipeline_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
)

// burst are two complaints about one burst pipe.
const burst = `
	eve@text: Water is leaking near the old school in Ward 4
	-> eve@text acknowledged
	-> asha@chat assigned
	bob@text: The old school in Ward 4 is leaking water
	-> bob@text acknowledged
	-> asha@chat assigned
`

// linked are they once the officer has pressed the button.
const linked = burst + `
	asha@chat (press=assigned): /link C2 C1
	-> asha@chat note:done
	-> asha@chat updated
	++ C1 registered routed assigned acknowledged
	++ C2 registered routed assigned acknowledged linked
`

// linkButtons are what the Link buttons of a message send.
func linkButtons(row store.Outbound) []string {
	var data []string
	for _, b := range slices.Concat(row.Buttons...) {
		if strings.HasPrefix(b.Data, "/link ") {
			data = append(data, b.Data)
		}
	}
	return data
}

func TestLinkButtonIsThereUntilPressed(t *testing.T) {
	c := newCity(t, nil)
	c.play(burst)
	want := fmt.Sprintf("/link %s %s", c.refs[1], c.refs[0])
	if got := linkButtons(c.lastRow("asha@chat")); !slices.Equal(got, []string{want}) {
		t.Fatalf("the card has the buttons %q, want %q", got, want)
	}
	c.play(`
		asha@chat (press=assigned): ` + want + `
		-> asha@chat note:done
		-> asha@chat updated
		++ C2 registered routed assigned acknowledged linked
	`)
	if got := linkButtons(c.lastRow("asha@chat")); len(got) > 0 {
		t.Errorf("after linking the card has %q", got)
	}
}

func TestLinkCommand(t *testing.T) {
	plays(t, map[string]string{
		"both numbers": burst + `
			asha@chat: /link C2 C1
			-> asha@chat done Linked
			-> asha@chat updated
		`,
		"the other one alone, in answer to a card": burst + `
			asha@chat (reply=assigned): /link C1
			-> asha@chat done C2 Linked
			-> asha@chat updated
			++ C1 registered routed assigned acknowledged
			++ C2 registered routed assigned acknowledged linked
		`,
		"asked for the other one": burst + `
			asha@chat: /link C2
			-> asha@chat prompt
			asha@chat (reply=prompt): C1
			-> asha@chat done C2 Linked
			-> asha@chat updated
		`,
		"mistakes": burst + `
			asha@chat: /link C2 C2
			-> asha@chat refused another_one
			asha@chat: /link C2 nothing
			-> asha@chat refused Link_it_to_which
			leo@text: link C2 C1
			-> leo@text refused another_department
		`,
	})
}

func TestAllLinkedAreTold(t *testing.T) {
	plays(t, map[string]string{
		"answered": linked + `
			asha@chat: /reply_all C1 Water is back tonight
			-> asha@chat done Linked_cases:_1 -Left
			-> eve@text reply Water_is_back_tonight C1 -C2 -bob
			-> bob@text reply Water_is_back_tonight C2 -C1 -eve
			++ C1 replied
			++ C2 replied
			== C1 pending asha
			== C2 pending asha
		`,
		"answered after a question": linked + `
			asha@chat: /reply_all C1
			-> asha@chat prompt linked
			asha@chat (reply=prompt): Water is back tonight
			-> asha@chat done
			-> eve@text reply Water_is_back_tonight
			-> bob@text reply Water_is_back_tonight
		`,
		"resolved": linked + `
			asha@chat: /resolve_all C1 The pipe was replaced
			-> asha@chat done Linked_cases:_1
			-> asha@chat updated
			-> asha@chat updated
			-> eve@text resolved The_pipe_was_replaced C1 -C2
			-> bob@text resolved The_pipe_was_replaced C2 -C1
			++ C1 resolved
			++ C2 resolved
			asha@chat: /resolve_all C1 The pipe was replaced again
			-> asha@chat refused Already_resolved -Linked
			asha@chat: /reply_all C1 Thank you for your patience
			-> asha@chat done
			-> eve@text reply
			-> bob@text reply
			asha@chat: /close C2
			-> asha@chat done
			-> asha@chat updated
			-> bob@text closed
			asha@chat: /reply_all C1 The meter is next
			-> asha@chat done Left_out:_C2_(already_finished)
			-> eve@text reply
		`,
		"but not the complainants of other departments": linked + `
			ravi@chat: /forward C2 light the lamp fell into it
			-> ravi@chat done
			-> asha@chat updated
			-> leo@text assigned
			-> bob@text forwarded
			asha@chat: /reply_all C1 Water is back tonight
			-> asha@chat done Linked_cases:_0 Left_out:_C2_(another_department)
			-> eve@text reply
			asha@chat: /resolve_all C1 The pipe was replaced
			-> asha@chat done C2_(another_department)
			-> asha@chat updated
			-> eve@text resolved
			== C2 reforwarded leo light
			++ C1 replied resolved
			++ C2 reforwarded
			asha@chat: /reply_all C2 hello
			-> asha@chat refused another_department -Linked
		`,
		"but who stopped messages is not": linked + `
			!! bob@text opted_out
			asha@chat: /ask C2 Which floor?
			-> asha@chat done
			-> asha@chat undelivered
			!! bob@text ok
			asha@chat: /reply_all C1 Water is back tonight
			-> asha@chat done C2_(cannot_be_written_to)
			-> eve@text reply
			asha@chat: /reply_all C2 Water is back tonight
			-> asha@chat refused cannot_be_written_to Linked_cases:_1
			-> eve@text reply
		`,
		"not the parts of a text that was split": `
			eve@text: 1) Water is leaking in Ward 4\n2) The street lamp is out in Ward 4
			-> eve@text acknowledged
			-> asha@chat assigned
			eve@text: SPLIT C1
			-> eve@text split
			-> asha@chat updated
			-> leo@text assigned
			mira@chat: /resolve_all C1 The pipe was replaced
			-> mira@chat done Linked_cases:_0
			-> asha@chat updated
			-> eve@text resolved C1 -C2
			== C2 pending leo
		`,
	})
}

// A confidential case is acted on only by its own number.
func TestConfidentialIsNeverAnsweredWithOthers(t *testing.T) {
	c := newCity(t, nil)
	c.play(linked)
	by := cases.Actor{Kind: cases.ActorStaff, Login: "asha", Channel: "chat"}
	_, err := c.office.Act(t.Context(), c.refs[1], by, func(d cases.Desk, k cases.Case) (cases.Change, error) {
		change, err := d.Note(k, "keep it to ourselves")
		change.Case.Confidential = true
		return change, err
	})
	c.must("confidential", err)
	c.play(`
		asha@chat: /reply_all C1 Water is back tonight
		-> asha@chat done Linked_cases:_0 Left_out:_C2_(confidential
		-> eve@text reply
		asha@chat: /resolve_all C1 The pipe was replaced
		-> asha@chat done C2_(confidential
		-> asha@chat updated
		-> eve@text resolved
		== C2 pending
		asha@chat: /reply_all C2 We look into it
		-> asha@chat done Linked_cases:_1
		-> bob@text reply
		-> eve@text reply
	`)
}

// What was done for the linked cases is not done again when the message of the
// order is handled anew after a crash.
func TestOrderForAllIsCarriedOutOnce(t *testing.T) {
	c := newCity(t, nil)
	c.play(linked)
	order := answerOrder("inbound:77")
	for range 2 {
		_, together, err := c.office.ActTogether(t.Context(), c.refs[0], order)
		if err != nil || !slices.Equal(together.Done, c.refs[1:]) {
			t.Fatalf("done is %v, %v", together, err)
		}
	}
	c.play(`
		.. 1s
		-> eve@text reply
		-> eve@text reply
		-> bob@text reply
		++ C2 replied
	`)
}

// Five alike are told to the next level once, whoever handles them, and
// whichever of them is finished by then.
func TestMassEventIsToldOnce(t *testing.T) {
	c := newCity(t, func(o *cases.Organisation) {
		o.Rules.MassEvent = 3
		twin := o.Users[1] // of ravi, who is of level 2
		twin.Login, twin.Name, twin.Addresses = "rita", "rita", []cases.Address{{Channel: "text", Value: addresses["bob@text"]}}
		o.Users = append(o.Users, twin)
	})
	var ids []int64
	for i := range 6 {
		raw, err := json.Marshal(channels.Message{
			From: channels.Party{Address: fmt.Sprintf("+1555010%d", i)}, Verified: true, ID: fmt.Sprint("m", i),
			Text: "Water is leaking near the old school in Ward 4", Written: "Water is leaking near the old school in Ward 4",
		})
		c.must("message", err)
		added, err := c.db.AppendInbound(t.Context(), []store.Inbound{{
			Channel: "text", Account: "main", ExternalID: fmt.Sprint("mass-", i), Sender: fmt.Sprintf("+1555010%d", i), ReceivedAt: c.clock.Now(), Raw: raw,
		}})
		c.must("append", err)
		ids = append(ids, added[0].ID)
	}
	c.handle(ids[0])
	c.handle(ids[1])
	var workers sync.WaitGroup
	errs := make([]error, len(ids))
	for i, id := range ids[2:5] {
		workers.Go(func() { errs[i] = c.stages.HandleInbound(t.Context(), id) })
	}
	workers.Wait()
	for _, err := range errs {
		c.must("a worker", err)
	}
	c.deliver()
	c.number()
	c.clock.advance(1)
	_, err := c.office.Act(t.Context(), c.refs[0], cases.System, func(d cases.Desk, k cases.Case) (cases.Change, error) { return d.Withdraw(k, "") })
	c.must("the first is finished", err)
	c.handle(ids[5])
	c.deliver()
	told := 0
	for _, list := range c.last {
		for _, row := range list {
			if row.Kind == cases.AlertMass {
				told++
			}
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

func answerOrder(id string) pipeline.Order {
	order := pipeline.ReplyTogether("Water is back tonight")
	order.By = cases.Actor{Kind: cases.ActorStaff, Login: "asha", Channel: "chat"}
	order.May = func(cases.Case) bool { return true }
	order.ID = id
	return order
}
