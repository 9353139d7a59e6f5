package pipeline_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/pipeline"
)

// state is what became of an inbound row.
func (c *city) state(id int64) (store.InboundState, string) {
	c.t.Helper()
	in, err := c.db.Inbound(c.t.Context(), id)
	c.must("reading an inbound row", err)
	return in.State, in.Reason
}

func TestAPoisonedMessage(t *testing.T) {
	c := newCity(t, nil)
	id := c.take("text", "+15550001", "", []byte("no JSON at all"))
	if state, reason := c.state(id); state != store.InboundQuarantined || !strings.Contains(reason, "no JSON") {
		t.Errorf("it is %s: %s", state, reason)
	}
	c.play(`
		eve@text: Water is leaking
		-> eve@text acknowledged
		-> asha@chat assigned
	`)
}

// A message whose handling fails is tried again; what its sender writes
// meanwhile waits behind it, and is not held up for ever.
func TestAMessageThatKeepsFailing(t *testing.T) {
	for _, how := range []string{"broken", "panic"} {
		t.Run(how, func(t *testing.T) {
			c := newCity(t, nil)
			log := c.log()
			c.lines["text"].failing, c.lines["text"].panics = true, true
			c.play(`
				eve@text (` + how + `): Water is leaking
				eve@text: since yesterday
				.. 2s
				bob@text: The street lamp is out
				-> bob@text acknowledged
				-> leo@text assigned
				.. 10s
				.. 30s
			`)
			c.lines["text"].failing, c.lines["text"].panics = false, false
			c.play(`
				.. 5m
				-> eve@text acknowledged C2
				-> asha@chat assigned Water_is_leaking
				-> asha@chat follow_up since_yesterday
				.. 1m
				-> eve@text added
			`)
			if strings.Contains(log.String(), "leaking") {
				t.Errorf("the log tells what she wrote:\n%s", log)
			}
		})
	}
}

// A message waits for a disk or a server however long that is away.
func TestAnOutageQuarantinesNothing(t *testing.T) {
	c := newCity(t, nil)
	c.lines["text"].failing = true
	c.play(`
		eve@text (full): Water is leaking
		` + strings.Repeat(".. 20m\n", 9) + `
	`)
	if state, reason := c.state(1); state != store.InboundReceived || !strings.Contains(reason, "no space") {
		t.Errorf("after three hours it is %s: %s", state, reason)
	}
	c.lines["text"].failing = false
	c.play(`
		.. 10s
		-> eve@text acknowledged
		-> asha@chat assigned
	`)
}

func TestAMessageThatFailsForGood(t *testing.T) {
	c := newCity(t, nil)
	c.lines["text"].panics = true
	c.play(`
		eve@text (panic): Water is leaking
		eve@text: The street lamp is out
		.. 5s
		.. 5s
		.. 30s
	`)
	if state, _ := c.state(1); state != store.InboundReceived {
		t.Errorf("it is %s after four tries", state)
	}
	c.play(`
		.. 2m
		-> eve@text acknowledged
		-> leo@text assigned
	`)
	state, reason := c.state(1)
	if state != store.InboundQuarantined || !strings.Contains(reason, "panic") || strings.Contains(reason, "goroutine") {
		t.Errorf("it is %s: %s", state, reason)
	}
	c.lines["text"].panics = false
	c.must("retrying", c.db.RetryInbound(t.Context(), 1))
	c.play(`
		.. 1s
		-> leo@text follow_up Water_is_leaking
	`)
}

// Somebody acts on the case while a message about it is handled: the stages
// run again on what is true now.
func TestACaseChangesUnderTheStages(t *testing.T) {
	c := newCity(t, nil)
	c.play(leak)
	meddling := &meddler{Store: c.db, do: func() {
		by := cases.Actor{Kind: cases.ActorStaff, Login: "asha", Channel: "console"}
		_, err := c.office.Act(t.Context(), c.refs[0], by, func(d cases.Desk, k cases.Case) (cases.Change, error) {
			return d.Resolve(k, cases.Resolution{Text: "Repaired"})
		})
		c.must("resolving", err)
	}}
	c.stages.Store = meddling
	c.play(`
		.. 5m
		eve@text: REOPEN it is not repaired
		-> eve@text resolved
		-> eve@text reopened
		-> ravi@chat case_reopened
		-> asha@chat updated reopened
		== C1 reopened ravi
		++ C1 resolved reopened
	`)
}

// meddler lets somebody else act once, after the stages have read the cases.
type meddler struct {
	*store.Store
	do func()
}

func (m *meddler) CasesOfContact(ctx context.Context, id int64, limit int) ([]cases.Case, error) {
	list, err := m.Store.CasesOfContact(ctx, id, limit)
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return list, err
}

// An answer can overtake the provider's word on the message that it answers.
func TestAnAnswerThatComesTooEarly(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat: Water is leaking
		-> eve@chat acknowledged
		-> asha@chat assigned
	`)
	c.last["chat 9001"] = []store.Outbound{{ProviderID: "not known yet"}}
	c.play(`eve@chat (reply): near the school`)
	if state, _ := c.state(2); state != store.InboundReceived {
		t.Errorf("it is %s at once", state)
	}
	c.play(`
		.. 2s
		-> asha@chat follow_up near_the_school
		-> asha@chat updated
	`)
}

// One provider message is one effect, also when two workers have it.
func TestTwoWorkersHaveOneMessage(t *testing.T) {
	c := newCity(t, nil)
	raw := []byte(`{"From": {"Address": "+15550001"}, "Verified": true, "Written": "Water is leaking"}`)
	added, err := c.db.AppendInbound(t.Context(), []store.Inbound{{
		Channel: "text", Account: "main", ExternalID: "one", Sender: "+15550001", ReceivedAt: c.clock.Now(), Raw: raw,
	}})
	c.must("keeping", err)
	done := make(chan error)
	for range 4 {
		go func() { done <- c.stages.HandleInbound(t.Context(), added[0].ID) }()
	}
	for range 4 {
		c.must("handling", <-done)
	}
	c.play(`
		.. 1s
		-> eve@text acknowledged
		-> asha@chat assigned
	`)
	if len(c.refs) != 1 {
		t.Errorf("%d cases", len(c.refs))
	}
}

func TestRegisteringByPhone(t *testing.T) {
	c := newCity(t, nil)
	by := cases.Actor{Kind: cases.ActorStaff, Channel: "command"}
	if _, err := c.office.Register(t.Context(), by, spokenOf("  ")); err == nil {
		t.Error("nothing was said, and yet a case was opened")
	}
	_, err := c.office.Register(t.Context(), by, spokenOf("Water is leaking"))
	c.must("registering", err)
	c.play(`
		.. 1s
		-> eve@text acknowledged C1
		-> asha@chat assigned
		eve@text: STATUS
		-> eve@text status C1
	`)
	_, err = c.office.Register(t.Context(), by, spokenOf("The street lamp is out"))
	c.must("registering", err)
	c.play(`
		.. 1s
		-> eve@text acknowledged C2
		-> leo@text assigned
		eve@text: STATUS
		-> eve@text status_list C1 C2
	`)
	_, err = c.office.Act(t.Context(), "C-0000-0000", by, func(d cases.Desk, k cases.Case) (cases.Change, error) { return d.Accept(k) })
	var refused *cases.Error
	if !errors.As(err, &refused) || refused.Code != cases.NotFound {
		t.Errorf("acting on no case: %v", err)
	}
	c.pass(time.Second)
}

func spokenOf(text string) pipeline.Spoken {
	return pipeline.Spoken{
		Intake: "phone", Name: "eve", Text: text,
		Addresses: []cases.Address{{Channel: "text", Value: addresses["eve@text"]}, {Channel: "letter", Value: addresses["eve@letter"]}},
	}
}
