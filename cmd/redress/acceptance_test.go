package main

import "testing"

// TestAcceptance lets providers, networks and people do their worst to one
// running installation of each kind.
func TestAcceptance(t *testing.T) {
	onEachEngine(t, func(t *testing.T, shared bool) {
		s := newPlayed(t, shared)
		s.open()
		s.linkStaff()
		for _, test := range []struct {
			name string
			run  func(*played)
		}{
			{"the same text 50 times at once", sameTextManyTimes},
			{"updates repeated, reordered, ids reset", updatesRepeated},
			{"poison update", poisonUpdate},
			{"poison mail", poisonMail},
			{"mail without or with a used Message-ID", messageIDs},
			{"mail by two addresses", mailByTwoAddresses},
			{"new UIDVALIDITY", newUIDValidity},
			{"STOP and START", stopAndStart},
			{"stop in a sentence", stopInASentence},
			{"two officers resolve", twoResolve},
			{"REOPEN from another phone", reopenFromAnotherPhone},
			{"wrong references", wrongReferences},
			{"a press while the gateway is away", pressWhileAway},
			{"delivered, then sent", deliveredThenSent},
			{"long answers", longAnswers},
			{"too many requests", tooManyRequests},
			{"uncertain", uncertain},
			{"SMTP refuses for now, and for good", smtpAnswers},
			{"a slow mail server", slowMailServer},
		} {
			t.Run(test.name, func(t *testing.T) { test.run(s.in(t)) })
		}
	})
}
