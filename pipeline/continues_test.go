package pipeline_test

import (
	"testing"

	"github.com/redress-cms/redress/cases"
)

// An album is one message: one case, one answer, one conversation entry with
// all files, whichever part comes first.
func TestAlbum(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat (album=A, photo): Water is leaking in Ward 4
		-> eve@chat acknowledged C1 -in_words
		-> asha@chat assigned C1 Files:_1
		eve@chat (album=A, photo):
		-> asha@chat updated Files:_2
		eve@chat (album=A, photo):
		-> asha@chat updated Files:_3
		++ C1 registered routed assigned acknowledged joined joined
		# another album is another message
		eve@chat (album=B, photo): The next morning
		-> asha@chat follow_up C1 Files:_1
		-> asha@chat updated Files:_4
		== C1 pending asha water leak
	`)
	if got := c.talk("C1"); len(got) != 2 || len(got[0].Attachments) != 3 || got[0].Text != "Water is leaking in Ward 4" {
		t.Errorf("the conversation is %+v", got)
	}
}

// A part that comes before the one with the words registers a case without
// words; those route it.
func TestAlbumOutOfOrder(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat (album=A, photo):
		-> eve@chat acknowledged C1 write_in_words
		-> dora@letter assigned C1
		eve@chat (album=A, photo): Water is leaking in Ward 4
		-> asha@chat assigned C1 Files:_2 leaking
		== C1 pending asha water leak
	`)
	if got := c.talk("C1"); len(got) != 1 || len(got[0].Attachments) != 2 || got[0].Text != "Water is leaking in Ward 4" {
		t.Errorf("the conversation is %+v", got)
	}
}

// An album of another person, or held, is not joined to.
func TestAlbumOfAStranger(t *testing.T) {
	play(t, `
		eve@chat (album=A): Water is leaking in Ward 4
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1
		bob@chat (album=A, photo): The lamp is out
		-> bob@chat acknowledged C2
		-> leo@text assigned C2
		bob@chat (album=H, photo): About C1: I saw it too
		-> bob@chat held
		-> asha@chat case_held C1
		bob@chat (album=H, photo):
		== C1 pending asha
	`)
}

// The photos of an officer's answer are one message too.
func TestAlbumOfStaff(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat: Water is leaking in Ward 4
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1
		asha@chat (album=S, photo): /resolve C1 Sealed.
		-> asha@chat done C1
		-> asha@chat updated
		-> eve@chat resolved C1
		asha@chat (album=S, photo):
		-> asha@chat updated
		== C1 resolved
	`)
	var files int
	for _, m := range c.talk("C1") {
		files += len(m.Attachments)
	}
	if files != 2 {
		t.Errorf("%d files", files)
	}
}

func TestEdit(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat: Water is leaking
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1
		eve@chat (edits=1): Water is leaking in Ward 4
		-> asha@chat edited C1 Ward_4
		-> asha@chat updated Ward_4
		++ C1 registered routed assigned acknowledged edited
		# the same words again, as when a link got a preview
		eve@chat (edits=2): Water is leaking in Ward 4
		++ C1
		eve@chat (edits=3): Water is leaking in Ward 5
		-> asha@chat edited C1 Ward_5
		-> asha@chat updated Ward_5
		== C1 pending asha
	`)
	talk := c.talk("C1")
	if len(talk) != 3 || talk[0].Text != "Water is leaking" || talk[1].VersionOf != talk[0].ID || talk[2].VersionOf != talk[0].ID {
		t.Errorf("the conversation is %+v", talk)
	}
	if got := c.caseOf("C1").Description; got != "Water is leaking in Ward 5" {
		t.Errorf("the case says %q", got)
	}
}

// An edit never carries a command out, neither again nor for the first time.
func TestEditedCommands(t *testing.T) {
	play(t, `
		eve@chat: Water is leaking
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1
		eve@chat: STATUS
		-> eve@chat status C1
		eve@chat (edits=1): STATUS C1
		eve@chat (edits=3): STATUS C1
		-> asha@chat edited C1
		-> asha@chat updated
		asha@chat: /note C1 Seen.
		-> asha@chat done
		asha@chat (edits=1): /note C1 Seen twice.
		-> asha@chat refused anew
		++ C1 registered routed assigned acknowledged edited note
	`)
}

// What was asked to be written in words and then changed is read as new.
func TestEditOfWhatWasNotKept(t *testing.T) {
	play(t, `
		eve@chat: NEW
		-> eve@chat in_words
		eve@chat (edits=1): NEW Water is leaking
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1
		== C1 pending asha
	`)
}

// A change that overtook the first wording.
func TestEditBeforeTheMessage(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat (edits=0): Water is leaking in Ward 4
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1
		eve@chat (late): Water is leaking
		eve@chat (edits=2): Water is leaking in Ward 5
		-> asha@chat edited C1
		-> asha@chat updated Ward_5
	`)
	if got := c.caseOf("C1").Description; got != "Water is leaking in Ward 5" {
		t.Errorf("the case says %q", got)
	}
}

// After the end staff are not called back to work by a corrected word.
func TestEditOfAResolvedCase(t *testing.T) {
	play(t, `
		eve@chat: Water is leaking
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1
		asha@chat: /resolve C1 Sealed.
		-> asha@chat done
		-> asha@chat updated
		-> eve@chat resolved
		eve@chat (edits=2): Water was leaking
		-> asha@chat updated
		== C1 resolved
	`)
}

// Somebody else's words, passed on, are no command.
func TestForwarded(t *testing.T) {
	c := newCity(t, nil)
	c.play(`
		eve@chat (forwarded=Ravi): STATUS of the water leak in Ward 4?
		-> eve@chat acknowledged C1
		-> asha@chat assigned C1 Forwarded_from:_Ravi
		.. 5m
		eve@chat (forwarded=somebody): It leaks since Monday
		-> asha@chat follow_up Forwarded_from:_somebody_not_named
		-> eve@chat added
		asha@chat: /case C1
		-> asha@chat case Forwarded_from:_Ravi
		asha@chat: /accept C1
		-> asha@chat done
		-> asha@chat updated Forwarded_from:_Ravi
		bob@chat (forwarded=asha): /resolve C1 done
		-> bob@chat held
		-> asha@chat case_held C1
		asha@chat (forwarded=asha): /resolve C1 done
		-> asha@chat staff_help
		== C1 pending
	`)
	events, err := c.db.Events(t.Context(), c.caseOf("C1").ID)
	if err != nil || events[0].Note != "Forwarded from Ravi." {
		t.Errorf("events %+v, %v", events, err)
	}
}

// A voice note alone opens a case, flagged for listening, and words are asked for.
func TestVoiceNote(t *testing.T) {
	play(t, `
		eve@chat (voice):
		-> eve@chat acknowledged C1 write_in_words
		-> dora@letter assigned C1 Voice_notes_to_listen_to:_1
		eve@chat: Water is leaking in Ward 4
		-> asha@chat assigned C1 Voice_notes_to_listen_to:_1
		== C1 pending asha water leak ward-4
		leo@text: hello
		-> leo@text acknowledged
		-> dora@letter assigned
		.. 5m
		-> eve@chat added
		eve@chat (video): Look at this
		-> asha@chat follow_up Videos_to_watch:_1
		-> eve@chat added
		bob@text (voice): The lamp is out
		-> bob@text acknowledged C3 -in_words
		-> leo@text assigned C3 Voice_note
	`)
}

// Nothing but a smile is no complaint.
func TestNoWords(t *testing.T) {
	play(t, `
		eve@text: 😡😡
		-> eve@text in_words
		eve@text: ?!
		-> eve@text in_words
		eve@text: Water is leaking
		-> eve@text acknowledged C1
		-> asha@chat assigned C1
		eve@text: 👍
		-> asha@chat follow_up C1
		-> asha@chat updated
	`)
}

func (c *city) caseOf(number string) cases.Case {
	c.t.Helper()
	k, _ := c.kase(number)
	return k
}

// talk is what the complainant's side and staff said on a case.
func (c *city) talk(number string) []cases.Message {
	c.t.Helper()
	list, err := c.db.Messages(c.t.Context(), c.caseOf(number).ID)
	c.must(number, err)
	var in []cases.Message
	for _, m := range list {
		if m.Direction == cases.In {
			in = append(in, m)
		}
	}
	return in
}
