package store_test

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

func TestTheSameNewSenderTwiceAtOnceIsOneContact(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		var wg sync.WaitGroup
		var made, conflicts atomic.Int32
		for i := range 6 {
			wg.Go(func() {
				step := complaint("C-" + strconv.Itoa(i))
				step.Addresses[0].Address.Value = "+1555"
				switch _, err := s.Record(t.Context(), step); {
				case err == nil:
					made.Add(1)
				case errors.Is(err, store.ErrConflict):
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made.Load() != 1 || conflicts.Load() != 5 {
			t.Errorf("%d made a contact, %d were told to read again; want 1 and 5", made.Load(), conflicts.Load())
		}
		if n := s.count(t, `SELECT count(*) FROM contacts`); n != 1 {
			t.Errorf("%d contacts, want 1", n)
		}
	})
}

func TestAddressesAreMarked(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		c := registered(t, s, "C-1")
		other := registered(t, s, "C-2")
		phone := cases.Address{Channel: "sms", Value: "+1555C-1"}
		later := now.Add(time.Hour)
		mark := func(a store.AddressChange) cases.ContactAddress {
			t.Helper()
			if _, err := s.Record(ctx, store.Step{At: later, Addresses: []store.AddressChange{a}}); err != nil {
				t.Fatal(err)
			}
			contact, err := s.ContactByAddress(ctx, phone)
			if err != nil || contact.ID != c.ContactID {
				t.Fatalf("contact: %+v, %v", contact, err)
			}
			return contact.Addresses[0]
		}
		got := mark(store.AddressChange{ContactID: c.ContactID, Address: phone, OptedOut: &later, Undeliverable: &later, Verified: &later})
		want := cases.ContactAddress{Address: phone, Account: "main", VerifiedAt: &now, OptedOutAt: &later, UndeliverableAt: &later}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error("marked:", diff)
		}
		got = mark(store.AddressChange{ContactID: c.ContactID, Address: phone, Account: "second", OptedIn: true, Reachable: true})
		want = cases.ContactAddress{Address: phone, Account: "second", VerifiedAt: &now}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error("cleared:", diff)
		}
		got = mark(store.AddressChange{ContactID: other.ContactID, Address: phone, OptedOut: &later})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error("marked on behalf of another contact:", diff)
		}
	})
}

func TestALanguageIsChosenForTheContactAndItsOpenCases(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		c := registered(t, s, "C-1")
		_, err := s.Record(t.Context(), store.Step{At: now, Language: &store.ContactLanguage{ContactID: c.ContactID, Language: "hi"}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Case(t.Context(), c.ID)
		if err != nil || got.Language != "hi" {
			t.Errorf("case in %q, %v; want hi", got.Language, err)
		}
		contact, err := s.Contact(t.Context(), c.ContactID)
		if err != nil || contact.Language != "hi" {
			t.Errorf("contact in %q, %v; want hi", contact.Language, err)
		}
		if _, err := s.Record(t.Context(), act(c, cases.EventNote)); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a change that knows the old language: %v, want ErrConflict", err)
		}
	})
}
