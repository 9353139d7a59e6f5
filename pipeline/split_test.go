package pipeline_test

import (
	"testing"

	"github.com/redress-cms/redress/cases"
)

// A list of complaints is one case until its sender says otherwise; then each
// is one, linked, and answered together.
func TestSplit(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@text: Two problems in Ward 4. 1) A pipe is leaking near the school 2) The street lamp at the corner is out
		-> eve@text acknowledged C1 2_matters SPLIT
		-> leo@text assigned C1
		eve@text: SPLIT
		-> eve@text split C1 C2 own_number
		-> asha@chat assigned C1 -lamp
		-> leo@text assigned C2
		== C1 pending asha water leak ward-4 of:+15550001
		== C2 pending leo light lamp ward-4 of:+15550001
		++ C1 registered routed assigned acknowledged linked corrected routed
		++ C2 registered routed assigned acknowledged linked
		# said twice, and of the other one
		eve@text: split
		-> eve@text split C1 C2
		eve@text: SPLIT C2
		-> eve@text split C1 C2
		++ C1
		++ C2
	`)
	if got := c.caseOf("C2").Description; got != "Two problems in Ward 4.\nThe street lamp at the corner is out" {
		t.Errorf("the second case says %q", got)
	}
	links, err := c.db.Links(t.Context(), c.caseOf("C1").ID)
	if err != nil || len(links) != 1 || links[0] != c.caseOf("C2").Reference {
		t.Errorf("links %v, %v", links, err)
	}
	if got := c.talk("C1"); len(got) != 2 || got[0].Text == c.caseOf("C1").Description {
		t.Errorf("the conversation must keep what was written: %+v", got)
	}
	if len(c.refs) != 2 {
		t.Errorf("%d cases", len(c.refs))
	}
}

// By a button, by yes, by letter and in other languages.
func TestSplitOnEveryChannel(t *testing.T) {
	play(t, `
		eve@chat (photo): 1. Water leak near the school\n2. The lamp there is broken
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1 Files:_1
		eve@chat (press): SPLIT C1
		-> eve@chat split C1 C2
		-> eve@chat note:split
		-> leo@text assigned C2
		-> asha@chat updated
		eve@letter (subject=Two things): (a) Sewage in the street. (b) Lamp out for days.
		-> eve@letter acknowledged C3 split
		-> asha@chat assigned C3
		eve@letter (reply): Split
		-> eve@letter split C3 C4
		-> leo@text assigned C4
		-> asha@chat updated
		bob@text: १) रिसाव है स्कूल के पास २) lamp बंद है बाज़ार में
		-> bob@text acknowledged C5 अलग
		-> asha@chat assigned C5
		bob@text: हाँ
		-> bob@text split C5 C6
		-> leo@text assigned C6
		-> asha@chat updated
	`)
}

func TestSplitOfOneMatter(t *testing.T) {
	play(t, `
		eve@text: A pipe is leaking. 1) since 2 days 2) at house no. 3
		-> eve@text acknowledged C1 -SPLIT
		-> asha@chat assigned C1
		eve@text: SPLIT
		-> eve@text not_split C1
		bob@text: SPLIT
		-> bob@text no_cases
		bob@text: SPLIT C1
		-> bob@text held
		-> asha@chat case_held
		bob@text: split pipe is leaking everywhere
		-> bob@text acknowledged C2
		-> asha@chat assigned C2
		++ C1 registered routed assigned acknowledged held
	`)
}

func TestSplitAlwaysAndNever(t *testing.T) {
	rule := func(s cases.Splitting) *city {
		return newCity(t, func(o *cases.Organisation) { o.Rules.Splitting = s })
	}
	rule(cases.SplitAlways).play(`
		eve@text: 1) A pipe is leaking 2) The lamp is out
		-> eve@text split C1 C2
		-> asha@chat assigned -lamp
		-> leo@text assigned
		++ C1 registered routed assigned acknowledged linked
		++ C2 registered routed assigned acknowledged linked
		# not certain: somebody is asked
		eve@text: NEW 1) A pipe is leaking 2) The lamp is out 3) a dog barks all night
		-> eve@text acknowledged C3 3_matters
		-> asha@chat assigned C3
	`)
	rule(cases.SplitNever).play(`
		eve@text: 1) A pipe is leaking 2) The lamp is out
		-> eve@text acknowledged C1 -SPLIT
		-> asha@chat assigned C1
		eve@text: SPLIT
		-> eve@text not_split C1
	`)
}
