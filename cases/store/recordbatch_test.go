package store_test

import (
	"errors"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

func TestStepsAreSavedTogetherOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		other := func(reference, number string) store.Step {
			step := complaint(reference)
			step.Contact = &cases.Contact{Name: reference}
			step.Addresses = []store.AddressChange{{Address: cases.Address{Channel: "sms", Value: number}}}
			return step
		}
		recorded, err := s.RecordAll(t.Context(), []store.Step{other("C-1", "+1"), other("C-2", "+2")})
		if err != nil {
			t.Fatal(err)
		}
		for i, reference := range []cases.Reference{"C-1", "C-2"} {
			c, err := s.CaseByReference(t.Context(), reference)
			if err != nil || c.ID != recorded[i].CaseID || c.ContactID != recorded[i].ContactID {
				t.Errorf("%+v, %v; want case %d of contact %d", c, err, recorded[i].CaseID, recorded[i].ContactID)
			}
			if contact, err := s.Contact(t.Context(), c.ContactID); err != nil || contact.Name != string(reference) || len(contact.Addresses) != 1 {
				t.Errorf("%+v, %v; want the contact of %s", contact, err, reference)
			}
			if talk, err := s.Messages(t.Context(), c.ID); err != nil || len(talk) != 2 || talk[0].Direction != cases.In {
				t.Errorf("%+v, %v; want two messages, the complaint first", talk, err)
			}
		}
		if faults, err := s.VerifyAudit(t.Context(), nil); err != nil || len(faults) != 0 {
			t.Errorf("audit: %+v, %v", faults, err)
		}
		_, err = s.RecordAll(t.Context(), []store.Step{other("C-3", "+3"), other("C-4", "+2")})
		if !errors.Is(err, store.ErrConflict) {
			t.Errorf("got %v, want a conflict: the number is somebody's", err)
		}
		if n := s.count(t, `SELECT count(*) FROM cases`); n != 2 {
			t.Errorf("%d cases, want 2", n)
		}
	})
}
