package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels"
)

func TestParticipants(t *testing.T) {
	plays(t, map[string]string{
		"who is in copy adds to the case, and has no right to it": `
			eve@letter (subject=Leak, copy=bob@letter+eve@letter+leo@letter): Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			++ C1 registered routed assigned acknowledged copied
			bob@letter (theirs=0): I live next door and saw it too
			-> asha@chat case_participant bob bob@home.test next_door
			bob@letter (to=eve@letter, subject=Re: [C1] Leak): STATUS
			-> asha@chat case_participant STATUS
			bob@letter (subject=[C1]): reopen it
			-> asha@chat case_participant
			++ C1 participant participant participant
			asha@chat: /resolve C1 Done
			-> eve@letter resolved
			-> asha@chat done
			-> asha@chat updated
			bob@letter (theirs=0): REOPEN it is not fixed
			-> asha@chat case_participant
			bob@letter (theirs=0): 1
			-> asha@chat case_participant
			== C1 resolved rating:0
			bob@letter: NEW The street lamp is out
			-> bob@letter acknowledged C2
			-> leo@text assigned
		`,
		"a reference is not enough without proof": `
			eve@letter (copy=bob@letter): Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			bob@letter (unverified, subject=[C1]): I saw it too
			-> bob@letter held -C1
			-> asha@chat case_held
			bob@letter (unverified, theirs=0): I saw it too
			-> asha@chat case_participant
			++ C1 registered routed assigned acknowledged copied held participant
		`,
		"strangers in a thread of theirs have matters of their own": `
			eve@letter: Water is leaking
			-> eve@letter acknowledged C1
			-> asha@chat assigned
			bob@letter (theirs=0): The street lamp is out
			-> bob@letter acknowledged C2
			-> leo@text assigned
		`,
		"only the complainant puts others in copy": `
			eve@letter (copy=bob@letter): Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			bob@letter (theirs=0, copy=dora@letter+eve@letter): Look at this
			-> asha@chat case_participant
			++ C1 registered routed assigned acknowledged copied participant
			eve@letter (unverified, subject=[C1], copy=leo@letter): Look at this
			-> eve@letter held
			-> asha@chat case_held
			++ C1 held
		`,
		"an addition to the own first letter": `
			eve@letter: Water is leaking
			-> eve@letter acknowledged C1
			-> asha@chat assigned
			eve@letter (theirs=0, subject=Re: Leak): I forgot: it is number 5
			-> eve@letter added C1
			-> asha@chat follow_up
			eve@letter (theirs=0, unverified): And the cellar is wet
			-> eve@letter held -C1
			-> asha@chat case_held
			++ C1 registered routed assigned acknowledged follow_up held
		`,
		"not once it is closed": `
			eve@letter (copy=bob@letter): Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			asha@chat: /resolve C1 Done
			-> eve@letter resolved
			-> asha@chat done
			-> asha@chat updated
			.. 200h
			-> asha@chat updated
			-> eve@letter closed
			== C1 closed
			bob@letter (subject=[C1]): Thank you
			-> bob@letter held
			-> asha@chat case_held
		`,
	})
}

func TestAnswersToAnAddressOfTheCase(t *testing.T) {
	plays(t, map[string]string{
		"the thread is lost, the address is not": `
			eve@letter (subject=Leak): Water is leaking
			-> eve@letter acknowledged C1
			-> asha@chat assigned
			eve@letter (unverified, subject=Something new, token of=eve@letter): It is worse
			-> eve@letter added C1
			-> asha@chat follow_up worse
			eve@letter (unverified, token of=eve@letter): STATUS
			-> eve@letter status C1
			++ C1 registered routed assigned acknowledged follow_up
		`,
		"it is a right for the one who got it only": `
			eve@letter: Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			bob@letter (token of=eve@letter): STATUS
			-> bob@letter held -C1
			-> asha@chat case_held
			bob@letter (token of=bob@letter): STATUS
			-> bob@letter no_cases
		`,
		"a machine answers to the return path": `
			eve@letter: Water is leaking
			-> eve@letter acknowledged
			-> asha@chat assigned
			eve@letter (unverified, returned=eve@letter, automatic=auto_reply): I am on holiday
			-> asha@chat follow_up holiday
			++ C1 registered routed assigned acknowledged follow_up
		`,
	})
}

// Each recipient has one address per case, and staff and strangers have none.
func TestReplyTokens(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@letter: Water is leaking
		-> eve@letter acknowledged
		-> asha@chat assigned
		eve@letter (reply): It is worse
		-> eve@letter added
		-> asha@chat follow_up
		eve@letter: A street lamp is out
		-> eve@letter acknowledged C2
		-> leo@text assigned
		eve@letter: The park is dirty
		-> eve@letter acknowledged C3
		-> dora@letter assigned
		bob@letter (subject=[C1]): And now?
		-> bob@letter held
		-> asha@chat case_held
	`)
	var tokens []string
	for _, out := range c.lines["letter"].sent {
		if out.To != "eve@home.test" {
			if out.Thread.ReplyToken != "" {
				t.Errorf("%s has the token of a case", out.To)
			}
			continue
		}
		tokens = append(tokens, out.Thread.ReplyToken)
		if len(out.Thread.ReturnToken) != 32 || len(out.Thread.ReplyToken) != 26 {
			t.Errorf("tokens %+v", out.Thread)
		}
	}
	if len(tokens) != 4 || tokens[0] != tokens[1] || tokens[0] == tokens[2] || tokens[2] == tokens[3] {
		t.Errorf("tokens of two mails about one case and one about each of two others: %q", tokens)
	}
	k, _ := c.kase("C1")
	other := cases.ReplyToken(k, cases.Address{Channel: "letter", Value: "bob@home.test"})
	if tokens[0] != cases.ReplyToken(k, cases.Address{Channel: "letter", Value: "eve@home.test"}) || tokens[0] == other {
		t.Error("the token is not the recipient's")
	}
}

func TestManyInCopy(t *testing.T) {
	for _, n := range []int{1, 20, 200} {
		c := newCity(t, nil)
		m := channels.Message{From: channels.Party{Address: "eve@home.test"}, Verified: true, ID: "1@home", Written: "Water is leaking", Text: "Water is leaking"}
		for i := range n {
			m.Others = append(m.Others, channels.Party{Address: fmt.Sprintf("p%d@home.test", i)})
		}
		c.tell("letter", "eve@home.test", m)
		c.number()
		k, _ := c.kase("C1")
		got, err := c.db.Participants(t.Context(), k.ID)
		if err != nil || len(got) != min(n, 20) {
			t.Errorf("of %d in copy %d are known, %v", n, len(got), err)
		}
	}
}

// For whom somebody complains is kept in their words.
func TestOnBehalf(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@letter: I write on behalf of my mother, who has no water. The pipe is leaking
		-> eve@letter acknowledged
		-> asha@chat assigned on_behalf_of_my_mother
	`)
	if k, _ := c.kase("C1"); k.OnBehalf != "on behalf of my mother" {
		t.Errorf("it is %q", k.OnBehalf)
	}
}
