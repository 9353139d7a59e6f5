package store_test

import (
	"errors"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// A further part joins the message it belongs to; a new wording stands beside it.
func TestReceivedMessage(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		step := complaint("C-AAAA-AAAA")
		step.Messages[0].Text, step.Messages[0].Album = "", "A"
		made, err := s.Record(t.Context(), step)
		if err != nil {
			t.Fatal(err)
		}
		of := func(id, album string) (cases.Message, error) {
			return s.ReceivedMessage(t.Context(), "sms", "main", step.Change.Case.Address, id, album)
		}
		first, err := of("SM1", "")
		if err != nil || first.CaseID != made.CaseID || first.Album != "A" {
			t.Fatalf("by id: %+v, %v", first, err)
		}
		if same, err := of("SM2", "A"); err != nil || same.ID != first.ID {
			t.Errorf("by album: %+v, %v", same, err)
		}
		for _, none := range [][2]string{{"", ""}, {"SM2", ""}, {"SM2", "B"}} {
			if _, err := of(none[0], none[1]); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q: %v", none, err)
			}
		}
		if _, err := s.ReceivedMessage(t.Context(), "sms", "main", "+1999", "SM1", "A"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("another sender's: %v", err)
		}

		c, err := s.Case(t.Context(), made.CaseID)
		if err != nil {
			t.Fatal(err)
		}
		wording := cases.Message{Direction: cases.In, To: cases.ToStaff, Channel: "sms", Account: "main",
			Address: step.Change.Case.Address, ExternalID: "SM1", Text: "Water leaks", VersionOf: first.ID}
		_, err = s.Record(t.Context(), store.Step{
			At: now, Change: &cases.Change{Case: c}, Messages: []cases.Message{wording},
			Addition: &store.Addition{MessageID: first.ID, Text: "Leak", Attachments: []cases.Attachment{{Filename: "b.jpg", SHA256: "def"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		talk, err := s.Messages(t.Context(), made.CaseID)
		if err != nil || len(talk) != 3 || talk[0].Text != "Leak" || len(talk[0].Attachments) != 2 || talk[2].VersionOf != first.ID {
			t.Errorf("the conversation is %+v, %v", talk, err)
		}
		if newest, err := of("SM1", ""); err != nil || newest.Text != "Water leaks" {
			t.Errorf("the newest wording: %+v, %v", newest, err)
		}
	})
}

// The cases of one message are saved together or not at all.
func TestFurtherCases(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		further := func(reference string) store.Step {
			step := complaint(reference)
			step.Change.Case.Address = "" // the contact's, which the first step makes
			return store.Step{Change: step.Change, Messages: step.Messages, Outbox: step.Outbox}
		}
		step := complaint("C-AAAA-AAAA")
		step.Further = []store.Step{further("C-BBBB-BBBB"), further("C-CCCC-CCCC")}
		made, err := s.Record(t.Context(), step)
		if err != nil {
			t.Fatal(err)
		}
		if len(made.Outbox) != 3 {
			t.Errorf("%d rows to be sent", len(made.Outbox))
		}
		links, err := s.Links(t.Context(), made.CaseID)
		if err != nil || len(links) != 2 {
			t.Errorf("links %v, %v", links, err)
		}
		for _, ref := range links {
			c, err := s.CaseByReference(t.Context(), ref)
			if err != nil || c.ContactID != made.ContactID {
				t.Errorf("%s: contact %d, %v", ref, c.ContactID, err)
			}
			if back, err := s.Links(t.Context(), c.ID); err != nil || len(back) != 1 || back[0] != "C-AAAA-AAAA" {
				t.Errorf("links of %s: %v, %v", ref, back, err)
			}
			if events, err := s.Events(t.Context(), c.ID); err != nil || len(events) != 2 {
				t.Errorf("%d events, %v", len(events), err)
			}
		}

		step = complaint("C-DDDD-DDDD")
		step.Further = []store.Step{further("C-EEEE-EEEE"), further("C-BBBB-BBBB")}
		if _, err := s.Record(t.Context(), step); !errors.Is(err, store.ErrReferenceTaken) {
			t.Fatalf("a reference is taken: %v", err)
		}
		for _, ref := range []cases.Reference{"C-DDDD-DDDD", "C-EEEE-EEEE"} {
			if _, err := s.CaseByReference(t.Context(), ref); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s was saved: %v", ref, err)
			}
		}
	})
}
