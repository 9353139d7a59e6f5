package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases/store"
)

func TestWhatProcessesSayOfTheirAccounts(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		say := func(holder string, at time.Time, list ...store.IntakeHealth) {
			t.Helper()
			if err := s.SaveIntakeHealth(t.Context(), holder, list, at); err != nil {
				t.Fatal(err)
			}
		}
		down := store.IntakeHealth{Channel: "email", Account: "complaints", Error: "login refused"}
		up := store.IntakeHealth{Channel: "email", Account: "complaints", Up: true}
		sms := store.IntakeHealth{Channel: "sms", Account: "main", Up: true}
		say("a", now, down, sms)
		say("a", now.Add(time.Minute), down)
		say("b", now, up)
		say("b", now.Add(time.Minute), down)

		got, err := s.IntakeHealth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []store.IntakeHealth{
			{Channel: "email", Account: "complaints", Holder: "a", Error: "login refused", Since: now, At: now.Add(time.Minute)},
			{Channel: "email", Account: "complaints", Holder: "b", Error: "login refused", Since: now.Add(time.Minute), At: now.Add(time.Minute)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		say("c", now.Add(25*time.Hour), up)
		if got, err = s.IntakeHealth(t.Context()); err != nil || len(got) != 1 || got[0].Holder != "c" {
			t.Errorf("a day later %+v, %v", got, err)
		}
	})
}
