package pipeline_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels"
)

const leak = `
	eve@text: Water is leaking in Ward 4
	-> eve@text acknowledged
	-> asha@chat assigned
	++ C1 registered routed assigned acknowledged
`

func TestStaffCommands(t *testing.T) {
	plays(t, map[string]string{
		"by words": leak + `
			asha@chat: /accept C1
			-> asha@chat done
			-> asha@chat updated
			asha@chat: /status C1
			-> asha@chat case Water_is_leaking
			asha@chat: /note C1 it is the main pipe
			-> asha@chat done
			asha@chat: /ask C1 Which house?
			-> asha@chat done
			-> eve@text question Which_house?
			eve@text: number 5
			-> asha@chat follow_up number_5
			-> asha@chat updated
			.. 1m
			-> eve@text added
			asha@chat: /defer C1 3d waiting for a part
			-> asha@chat done
			-> asha@chat updated
			-> eve@text deferred 26_November
			asha@chat: /escalate C1 I need help
			-> asha@chat done
			-> asha@chat updated
			-> ravi@chat case_escalated
			-> eve@text escalated
			ravi@chat: /assign C1 asha your street
			-> ravi@chat done
			-> ravi@chat updated
			-> asha@chat assigned
			-> asha@chat updated
			asha@chat: /resolve C1 Repaired
			-> asha@chat done
			-> asha@chat updated
			-> ravi@chat updated
			-> eve@text resolved Repaired
			asha@chat: /close C1
			-> asha@chat done
			-> asha@chat updated
			-> ravi@chat updated
			-> eve@text closed
			asha@chat: /reopen C1 not good
			-> asha@chat done
			-> asha@chat updated
			-> mira@chat case_reopened
			-> ravi@chat updated
			-> eve@text reopened
			++ C1 accepted note asked follow_up deferred escalated assigned resolved closed reopened
			asha@chat: /mine
			-> asha@chat queue -C1
			mira@chat: /mine
			-> mira@chat queue C1
			ravi@chat: /case C1
			-> ravi@chat case it_is_the_main_pipe eve
		`,
		"by questions": leak + `
			asha@chat (press=assigned): /resolve C1
			-> asha@chat note:done
			-> asha@chat prompt
			asha@chat (reply=prompt): Repaired
			-> asha@chat done
			-> asha@chat updated
			-> eve@text resolved Repaired
			asha@chat: /reply C1
			-> asha@chat prompt
			asha@chat (reply=prompt): /mien
			-> asha@chat staff_help
			asha@chat (reply=prompt): Thank you for telling us
			-> asha@chat done
			-> eve@text reply Thank_you_for_telling_us
			++ C1 resolved replied
		`,
		"to whom to forward": leak + `
			asha@chat (press=assigned): /forward C1
			-> asha@chat note:done
			-> asha@chat prompt
			asha@chat (press=prompt): /forward C1 light
			-> asha@chat note:done
			-> asha@chat updated
			-> leo@text assigned
			-> eve@text forwarded Lighting
			== C1 reforwarded leo light
			asha@chat: /status C1
			-> asha@chat refused another_department
			asha@chat: /forward C1 moon
			-> asha@chat refused
			leo@text: FORWARD C1 moon
			-> leo@text refused no_department
			leo@text: note C1 ask the electricians
			-> leo@text done
		`,
		"twice and late": leak + `
			asha@chat (press=assigned): /accept C1
			-> asha@chat note:done
			-> asha@chat updated
			asha@chat (press=assigned): /accept C1
			-> asha@chat note:refused accepted_it_on
			-> asha@chat refused accepted_it_on
			ravi@chat: /accept C1
			-> ravi@chat refused accepted_by_asha
			ravi@chat: /resolve C1 Done
			-> ravi@chat done
			-> asha@chat updated
			-> eve@text resolved
			.. 4m
			asha@chat (press=assigned): /resolve C1
			-> asha@chat note:done
			-> asha@chat prompt
			asha@chat (reply=prompt): Done too
			-> asha@chat refused Already_resolved_by_ravi
			++ C1 accepted resolved
		`,
		"mistakes": leak + `
			asha@chat: /resolve {wrong C1} done
			-> asha@chat refused no_case
			asha@chat: resolve {swap C1} done
			-> asha@chat refused no_case
			asha@chat: /resolve
			-> asha@chat refused Which_case
			asha@chat: what is this
			-> asha@chat staff_help
			asha@chat: /dance
			-> asha@chat staff_help
			asha@chat: new pump ordered
			-> asha@chat staff_help
			asha@chat: update the list please
			-> asha@chat staff_help
			asha@chat: NEW PUMP ORDERED
			-> asha@chat staff_help
			asha@chat: help
			-> asha@chat staff_help
			asha@chat (reply=assigned): I am on my way
			-> asha@chat refused /reply /note
			asha@chat: /defer C1 sometime
			-> asha@chat refused Until_when
			asha@chat (reply=assigned): /note on my way
			-> asha@chat done
			++ C1 note
		`,
		"more time, once and as far as the policy goes": leak + `
			asha@chat: /extend C1
			-> asha@chat prompt
			asha@chat: /extend C1 9d the part is late
			-> asha@chat refused at_most
			asha@chat: /extend C1 5d the part is late
			-> asha@chat done
			-> asha@chat updated
			-> eve@text extended
			asha@chat: /extend C1 1d still late
			-> asha@chat refused extended_already
			++ C1 extended
		`,
		"others": leak + `
			leo@text: resolve C1 done
			-> leo@text refused another_department
			bob@chat: /resolve C1 done
			-> bob@chat refused not_linked
			eve@chat: /status C1
			-> eve@chat held
			-> asha@chat case_held
			sol@text: note C1 I supervise the lamps
			-> sol@text refused another_department
			mira@chat: /note C1 I watch this
			-> mira@chat done
			== C1 pending asha
			++ C1 held note
		`,
		"an officer without a chat is told by text, one without both by letter": `
			eve@text: The street lamp is out
			-> eve@text acknowledged
			-> leo@text assigned
			bob@text: Something is wrong
			-> bob@text acknowledged
			-> dora@letter assigned [C2]
			dora@letter (reply): /ask C2 What is wrong?
			-> dora@letter done
			-> bob@text question What_is_wrong?
			dora@letter (unverified, reply=assigned, subject=[C2]): /resolve C2 done
			-> dora@letter held
			-> dora@letter case_held
		`,
	})
}

func TestStaffGroup(t *testing.T) {
	group := cases.Address{Channel: "chat", Value: addresses["all@group"]}
	c := newCity(t, func(o *cases.Organisation) { o.Departments[1].Alerts = &group })
	c.play(`
		eve@text: Water is leaking
		-> eve@text acknowledged
		-> all@group assigned C1
		bob@group: hello all
		bob@group: /accept C1
		-> all@group refused not_linked
		bob@group (press=assigned): /accept C1
		-> all@group note:refused not_linked
		-> all@group refused
		asha@group (press=assigned): /accept C1
		-> all@group note:done
		-> all@group updated asha
		asha@group (press=assigned): /ask C1
		-> all@group note:done
		-> all@group prompt
		asha@group (reply=prompt): Which house?
		-> all@group done
		-> eve@text question
		eve@text: number 5
		-> all@group follow_up
		-> all@group updated
		.. 1m
		-> eve@text added
		asha@group: /escalate C1
		-> all@group done
		-> all@group case_escalated
		-> all@group updated
		-> ravi@chat case_escalated
		-> eve@text escalated
		== C1 escalated ravi
		!! all@group moved all@newgroup
		eve@text: are you coming?
		-> all@newgroup follow_up
		-> eve@text added
		!! all@group unreachable
		.. 3h
		eve@text: are you there?
		-> all@newgroup follow_up
		-> eve@text added
	`)
}

func TestLinkingAChat(t *testing.T) {
	c := newCity(t, nil)
	c.must("code", c.db.NewLinkCode(t.Context(), "leo", "K3Y", c.clock.now.AddDate(0, 0, 1)))
	c.play(`
		eve@group: /link K3Y
		leo@chat: /start K3Y
		-> leo@chat chat_linked leo
		bob@chat: /link K3Y
		-> bob@chat refused unknown
		eve@text: The street lamp is out
		-> eve@text acknowledged
		-> leo@chat assigned
		leo@chat: /accept C1
		-> leo@chat done
		-> leo@chat updated
	`)
}

// Two officers press Resolve at the same time: one wins, the other is told.
func TestTwoOfficersResolveAtOnce(t *testing.T) {
	c := newCity(t, nil)
	c.play(leak)
	errs := make(chan error, 2)
	var wg sync.WaitGroup
	for _, login := range []string{"asha", "ravi"} {
		wg.Go(func() {
			by := cases.Actor{Kind: cases.ActorStaff, Login: login, Channel: "console"}
			_, err := c.office.Act(t.Context(), c.refs[0], by, func(d cases.Desk, k cases.Case) (cases.Change, error) {
				return d.Resolve(k, cases.Resolution{Text: "Repaired by " + login})
			})
			errs <- err
		})
	}
	wg.Wait()
	var refused *cases.Error
	if a, b := <-errs, <-errs; (a == nil) == (b == nil) || !errors.As(errors.Join(a, b), &refused) || refused.Code != cases.Conflict {
		t.Errorf("one is told %v, the other %v", a, b)
	}
	c.play(`
		.. 1s
		-> eve@text resolved Repaired
		-> asha@chat updated
		++ C1 resolved
	`)
}

// Nobody acts: a reminder, then the ladder, each step told once.
func TestNobodyActs(t *testing.T) {
	play(t, leak+`
		.. 121h
		-> asha@chat reminder
		.. 120h
		-> ravi@chat case_escalated
		-> eve@text escalated
		-> asha@chat updated
		== C1 escalated ravi level:2
		.. 48h
		-> mira@chat case_escalated
		-> eve@text escalated
		-> asha@chat updated
		-> ravi@chat updated
		== C1 escalated mira level:3
		++ C1 reminded escalated escalated
		.. 1000h
	`)
}

func TestABotKeptForOneSide(t *testing.T) {
	c := newCity(t, nil)
	c.lines["chat"].format.Audience = channels.ForStaff
	c.play(`
		eve@chat: Water is leaking
		-> eve@chat refused /link
		eve@text: Water is leaking
		-> eve@text acknowledged
		-> asha@chat assigned
	`)
	c = newCity(t, nil)
	c.lines["chat"].format.Audience = channels.ForComplainants
	c.play(`
		eve@chat: Water is leaking
		-> eve@chat acknowledged
		-> asha@text assigned
	`)
}

// Staff have complaints of their own, too: begun with a slash, they go on like
// anybody's.
func TestStaffComplain(t *testing.T) {
	play(t, `
		leo@chat: /new Water is leaking
		-> leo@chat acknowledged C1
		-> asha@chat assigned C1
		.. 5m
		leo@chat: status
		-> leo@chat status C1
		asha@chat: /ask C1 Which house?
		-> asha@chat done
		-> leo@chat question
		leo@chat (reply=question): Number 4
		-> asha@chat follow_up Number_4
		-> leo@chat added
	`)
}
