package pipeline_test

import (
	"slices"
	"testing"

	"github.com/redress-cms/redress/cases"
)

func TestLetters(t *testing.T) {
	plays(t, map[string]string{
		"a reply joins its case, a new letter is a new case": `
			eve@letter (subject=Water leak): Water is leaking in Ward 4
			-> eve@letter acknowledged [C1]_Water_leak
			-> asha@chat assigned
			eve@letter (reply, subject=Re: Water leak): It is near the school
			-> eve@letter added [C1]
			-> asha@chat follow_up near_the_school
			eve@letter (subject=Lamp): The street lamp is out
			-> eve@letter acknowledged [C2]_Lamp
			-> leo@text assigned
			eve@letter (subject=Re: [C1] Water leak): It got worse
			-> eve@letter added [C1]
			-> asha@chat follow_up
		`,
		"without proof a reference is no right": `
			eve@letter (subject=Water leak): Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			eve@letter (unverified, subject=Re: [C1] Water leak): What is the status?
			-> eve@letter held -C1
			-> asha@chat case_held C1 What_is_the_status?
			eve@letter (unverified, subject=[C1]): STATUS
			-> eve@letter held -C1
			-> asha@chat case_held
			eve@letter (unverified, reply=acknowledged): It got worse
			-> eve@letter added
			-> asha@chat follow_up
			eve@letter (unverified): STATUS
			-> eve@letter no_cases
			++ C1 registered routed assigned acknowledged held held follow_up
		`,
		"a third person in copy is held, also in answer to what we told them": `
			eve@letter: Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			bob@letter (to=eve@letter, subject=Re: [C1]): I want to know too
			-> bob@letter held -C1
			-> asha@chat case_held bob@home.test
			bob@letter (reply): And now?
			-> bob@letter held -C1
			-> asha@chat case_held
			bob@letter (reply, unverified): And now?
			-> bob@letter held -C1
			-> asha@chat case_held
			++ C1 registered routed assigned acknowledged held held held
		`,
		"automatic mail": `
			eve@letter: Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			eve@letter (reply, automatic=auto_reply): I am on holiday
			-> asha@chat follow_up
			eve@letter (automatic=auto_reply): I am on holiday
			eve@letter (automatic=list): Water is leaking, dear list
			eve@letter (automatic=bounce): Returned mail
			eve@letter (automatic=loop): Water is leaking
			eve@letter (form, subject=Form): The street lamp is out
			-> leo@text assigned C2
			++ C1 registered routed assigned acknowledged follow_up
			++ C2 registered routed assigned
		`,
		"words of a letter": `
			eve@letter: New water leak in our street
			-> eve@letter acknowledged C1
			-> asha@chat assigned
			eve@letter (reply): status
			-> eve@letter status C1
			eve@letter (subject=hello): STATUS\n\nEve
			-> eve@letter status C1
			asha@chat: /resolve C1 Done
			-> eve@letter resolved
			-> asha@chat done
			-> asha@chat updated
			eve@letter (reply): 5
			-> eve@letter rated
			-> asha@chat case_rated
			-> asha@chat updated
			eve@letter (reply): still leaking
			-> eve@letter offer_reopen
			-> asha@chat follow_up
			eve@letter (reply): Reopen, it is still leaking
			-> eve@letter reopened
			-> ravi@chat case_reopened
			-> asha@chat updated
			== C1 reopened ravi
		`,
		"a keyword names its case, whatever it answers": `
			eve@letter (subject=Leak): Water is leaking
			-> eve@letter acknowledged C1
			-> asha@chat assigned
			eve@letter (subject=Lamp): The street lamp is out
			-> eve@letter acknowledged C2
			-> leo@text assigned
			eve@letter (reply, subject=Re: [C2] Lamp): STATUS C1
			-> eve@letter status C1 -C2
			eve@letter (reply, subject=Re: [C2] Lamp): STATUS {wrong C1}
			-> eve@letter unknown_reference
			eve@letter (unverified, reply=acknowledged, subject=Re: [C2] Lamp): REOPEN C1 now
			-> eve@letter held -C1
			-> asha@chat case_held C1
			asha@chat: /resolve C1 Done
			-> eve@letter resolved
			-> asha@chat done
			-> asha@chat updated
			eve@letter (unverified, reply, subject=Re: [C1] Leak): REOPEN C1 still leaking
			-> eve@letter reopened
			-> ravi@chat case_reopened
			-> asha@chat updated
		`,
		"a subject is enough": `
			eve@letter (subject=The street lamp is out):
			-> eve@letter acknowledged C1
			-> leo@text assigned
		`,
	})
}

func TestLettersKeepTheirThread(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@letter (subject=Water leak): Water is leaking
		-> eve@letter acknowledged
		-> asha@chat assigned
		asha@chat: /ask C1 Which house?
		-> eve@letter question Which_house?
		-> asha@chat done
		eve@letter (reply): Number 5
		-> eve@letter added
		-> asha@chat follow_up Number_5
	`)
	sent := c.lines["letter"].sent
	ids := []string{"their-0", sent[0].Thread.MessageID, "their-2"}
	for i, want := range []struct {
		to         string
		references []string
	}{
		{"their-0", ids[:1]},
		{"their-0", ids[:2]},
		{"their-2", []string{ids[0], ids[1], sent[1].Thread.MessageID, ids[2]}},
	} {
		if got := sent[i].Thread; got.InReplyTo != want.to || !slices.Equal(got.References, want.references) {
			t.Errorf("mail %d answers %q, references %q", i, got.InReplyTo, got.References)
		}
		if sent[i].Automatic == (i == 1) {
			t.Errorf("mail %d is automatic: %t", i, sent[i].Automatic)
		}
	}
}

func TestPages(t *testing.T) {
	plays(t, map[string]string{
		"without an address": `
			eve@page (action=register): Water is leaking
			-> asha@chat assigned
			== C1 pending
			eve@page (action=add, token=C1): STATUS of the leak is bad
			-> asha@chat follow_up STATUS_of_the_leak
			asha@chat: /reply C1 We come
			-> asha@chat done
			asha@chat: /resolve C1 Done
			-> asha@chat done
			-> asha@chat updated
			eve@page (action=rate, token=C1): 4
			-> asha@chat case_rated
			-> asha@chat updated
			eve@page (action=reopen, token=C1): still leaking
			-> ravi@chat case_reopened
			-> asha@chat updated
			== C1 reopened level:2 complaint
			++ C1 registered routed assigned acknowledged follow_up replied resolved rated reopened
		`,
		"answers go to the number that was left": `
			eve@page (action=register, answer=eve@text, type=petition): Water is leaking
			-> eve@text acknowledged C1
			-> asha@chat assigned
			== C1 petition of:+15550001
			eve@text: STATUS
			-> eve@text status C1
			eve@page (action=register, answer=eve@text, type=nonsense): The street lamp is out
			-> eve@text acknowledged C2
			-> leo@text assigned
			== C2 complaint
			eve@page (action=add, token=C1): It got worse
			-> eve@text added C1
			-> asha@chat follow_up
		`,
		"who typed another's number into a form does not read that one's texts": `
			eve@page (action=register, answer=eve@text): Water is leaking
			-> eve@text acknowledged C1
			-> asha@chat assigned
			eve@text: The street lamp is out
			-> eve@text acknowledged C2
			-> leo@text assigned
			eve@text: C1 it got worse
			-> eve@text added C1
			-> asha@chat follow_up
		`,
	})
}

func TestAPhotoIsKept(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@text (photo): Water is leaking
		-> eve@text acknowledged
		-> asha@chat assigned
		asha@chat (press=assigned): /resolve C1
		-> asha@chat note:done
		-> asha@chat prompt
		asha@chat (reply=prompt, photo): Repaired, see the picture
		-> eve@text resolved Repaired
		-> asha@chat done
		-> asha@chat updated
	`)
	k, _ := c.kase("C1")
	talk, err := c.db.Messages(t.Context(), k.ID)
	c.must("reading the conversation", err)
	photos := 0
	for _, m := range talk {
		photos += len(m.Attachments)
		if m.Held || m.Direction == cases.In && m.Text == "" {
			t.Errorf("kept as %+v", m)
		}
	}
	if photos != 2 {
		t.Errorf("%d photos are kept with the case", photos)
	}
}
