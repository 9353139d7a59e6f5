package pipeline_test

import (
	"testing"

	"github.com/redress-cms/redress/cases"
)

// plays runs each script in a city of its own.
func plays(t *testing.T, scripts map[string]string) {
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, script)
		})
	}
}

func TestComplaintsByText(t *testing.T) {
	plays(t, map[string]string{
		"a complaint gets a number, an officer and a clock": `
			eve@text: Water is leaking in Ward 4
			-> eve@text acknowledged C1 STOP
			-> asha@chat assigned C1 Ward_4
			== C1 pending asha water leak ward-4 en
			++ C1 registered routed assigned acknowledged
			eve@text: STATUS
			-> eve@text status C1 Water
			++ C1
		`,
		"texts in a row are one complaint": `
			eve@text: Water is leaking
			-> eve@text acknowledged C1
			-> asha@chat assigned
			eve@text: near the school
			-> asha@chat follow_up near_the_school
			-> asha@chat updated
			eve@text: since yesterday
			-> asha@chat follow_up
			-> asha@chat updated
			.. 40s
			-> eve@text added C1 2_messages
			++ C1 registered routed assigned acknowledged follow_up follow_up
		`,
		"a later text is added": `
			eve@text: Water is leaking
			-> eve@text acknowledged
			-> asha@chat assigned
			.. 10m
			eve@text: It is getting worse
			-> eve@text added C1
			-> asha@chat follow_up worse
		`,
		"several open cases: the newest, with a hint": `
			eve@text: Water is leaking
			-> eve@text acknowledged C1
			-> asha@chat assigned
			eve@text: NEW the street lamp is out
			-> eve@text acknowledged C2
			-> leo@text assigned C2
			.. 10m
			eve@text: It is still dark
			-> eve@text added_newest C2
			-> leo@text follow_up C2
			eve@text: C1 it leaks more
			-> eve@text added C1
			-> asha@chat follow_up C1
			eve@text: status
			-> eve@text status_list 2_open C1 C2
			eve@text: status C2
			-> eve@text status C2 -C1
		`,
		"nothing resolved, nothing to ask": `
			eve@text: STATUS
			-> eve@text no_cases
			eve@text: RATE 4
			-> eve@text no_cases
			eve@text: reopen
			-> eve@text no_cases
			eve@text: HELP
			-> eve@text help STATUS
			eve@text: new
			-> eve@text in_words
			eve@text (sticker):
			-> eve@text in_words
		`,
		"sentences that begin with a keyword": `
			eve@text: stop the sewage flooding my street
			-> eve@text acknowledged C1
			-> asha@chat assigned
			bob@text: Help the street lamp fell on a car
			-> bob@text acknowledged C2
			-> leo@text assigned
			bob@chat: cancel the noise next door please
			-> bob@chat acknowledged C3
			-> dora@letter assigned
		`,
		"a picture alone is a complaint, and so is a place": `
			eve@text (photo):
			-> eve@text acknowledged
			-> dora@letter assigned
		`,
		"a number card belongs to the sender": `
			eve@chat: Water is leaking
			-> eve@chat acknowledged C1
			-> asha@chat assigned
			.. 10m
			eve@chat (card=+15550001):
			-> eve@chat added
			-> asha@chat follow_up
			!! eve@chat unreachable
			asha@chat: /reply C1 We come today
			-> asha@chat done
			-> asha@chat undelivered
			-> eve@text reply We_come_today
		`,
	})
}

const resolved = `
	eve@text: Water is leaking
	-> eve@text acknowledged C1
	-> asha@chat assigned
	.. 1h
	asha@chat: /resolve C1 The pipe is repaired
	-> eve@text resolved C1 REOPEN
	-> asha@chat done
	-> asha@chat updated
	++ C1 registered routed assigned acknowledged resolved
`

func TestAfterTheResolution(t *testing.T) {
	plays(t, map[string]string{
		"a bare number is a rating": resolved + `
			eve@text: 4
			-> eve@text rated 4
			-> asha@chat case_rated 4
			-> asha@chat updated
			== C1 resolved rating:4
			eve@text: RATE 2 it took long
			-> eve@text rated 2
			-> asha@chat case_rated 2 it_took_long
			-> asha@chat updated
			.. 169h
			-> eve@text closed
			-> asha@chat updated
			== C1 closed rating:2
			++ C1 rated rated closed
		`,
		"a bare number is no rating of what is open": `
			eve@text: Water is leaking
			-> eve@text acknowledged
			-> asha@chat assigned
			.. 10m
			eve@text: 4
			-> eve@text added
			-> asha@chat follow_up
			eve@text: rate 5
			-> eve@text status C1
			-> asha@chat follow_up
		`,
		"a rating in spite of another open case": `
			eve@text: The lamp is out
			-> eve@text acknowledged
			-> leo@text assigned
			eve@text: NEW Water is leaking
			-> eve@text acknowledged C2
			-> asha@chat assigned
			.. 1h
			asha@chat: /resolve C2 Done
			-> eve@text resolved
			-> asha@chat done
			-> asha@chat updated
			eve@text: 5.
			-> eve@text rated C2
			-> asha@chat case_rated
			-> asha@chat updated
			eve@text: 5
			-> eve@text added C1
			-> leo@text follow_up
		`,
		"not fixed is offered, not guessed": resolved + `
			eve@text: it is not fixed
			-> eve@text offer_reopen REOPEN C1
			-> asha@chat follow_up
			== C1 resolved
			eve@text: REOPEN still leaking
			-> eve@text reopened C1
			-> ravi@chat case_reopened still_leaking
			-> asha@chat updated
			== C1 reopened ravi level:2
			++ C1 follow_up reopened
			eve@text: reopen
			-> eve@text not_reopened still_open
			-> ravi@chat follow_up
		`,
		"from another phone it is held": resolved + `
			bob@text: REOPEN C1 still leaking
			-> bob@text held -C1 -leak
			-> asha@chat case_held C1 still_leaking +15550002 -eve
			== C1 resolved
			++ C1 held
			bob@text: STATUS C1
			-> bob@text held -C1
			-> asha@chat case_held
			bob@chat: C1
			-> bob@chat held
			-> asha@chat case_held
			bob@chat (reply): and what now?
			-> bob@chat held
			-> asha@chat case_held and_what_now?
			++ C1 held held held
		`,
		"a wrong number touches nothing": resolved + `
			eve@text: REOPEN {wrong C1} still leaking
			-> eve@text unknown_reference
			eve@text: status {swap C1}
			-> eve@text unknown_reference
			eve@text: {wrong C1}
			-> eve@text unknown_reference
			bob@text: RATE {swap C1} 1
			-> bob@text unknown_reference
			== C1 resolved rating:0
			++ C1
		`,
		"a new matter is a new case": resolved + `
			eve@text: The street lamp is out
			-> eve@text acknowledged C2
			-> leo@text assigned C2
			++ C1
		`,
		"too late": resolved + `
			.. 1000h
			-> eve@text closed
			-> asha@chat updated
			eve@text: REOPEN C1 again
			-> eve@text not_reopened NEW
			-> asha@chat follow_up
		`,
		"the buttons of a chat": `
			eve@chat: Water is leaking
			-> eve@chat acknowledged
			-> asha@chat assigned
			eve@chat (press=acknowledged): STATUS C1
			-> eve@chat note:status
			-> eve@chat status C1
			asha@chat: /resolve C1 Done
			-> eve@chat resolved
			-> asha@chat done
			-> asha@chat updated
			eve@chat (press=resolved): RATE C1 2
			-> eve@chat note:rated
			-> eve@chat rated 2
			-> asha@chat case_rated -"2"
			-> asha@chat updated
			== C1 rating:2
			eve@chat (press=resolved): REOPEN C1
			-> eve@chat note:reopened
			-> eve@chat reopened
			-> ravi@chat case_reopened
			-> asha@chat updated
		`,
	})
}

func TestAFloodIsAnsweredOnce(t *testing.T) {
	c := newCity(t, func(o *cases.Organisation) { o.Rules.FloodLimit = 3 })
	c.play(`
		eve@text: Water is leaking
		-> eve@text acknowledged
		-> asha@chat assigned
		eve@text: STATUS
		-> eve@text status
		eve@text: STATUS
		-> eve@text status
		eve@text: STATUS
		-> eve@text flood
		-> asha@chat sender_flood
		eve@text: leaking leaking
		eve@text: leaking leaking leaking
		.. 2m
		eve@text: STATUS
		-> eve@text status
		++ C1 registered routed assigned acknowledged follow_up follow_up follow_up
	`)
	k, _ := c.kase("C1")
	talk, err := c.db.Messages(t.Context(), k.ID)
	c.must("reading the conversation", err)
	kept := 0
	for _, m := range talk {
		if m.Direction == cases.In && !m.Held {
			kept++
		}
	}
	if kept != 4 { // the complaint and three beyond the limit; STATUS is no talk
		t.Errorf("%d messages are kept with the case", kept)
	}
}
