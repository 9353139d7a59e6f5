package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

func TestACaseTeachesOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		var ids []int64
		for i := range 3 {
			r, err := s.Record(t.Context(), complaint(fmt.Sprintf("C-%d", i)))
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, r.CaseID)
		}
		teach := func(id int64, service string, words ...string) {
			t.Helper()
			c, err := s.Case(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Record(t.Context(), store.Step{At: now, Change: &cases.Change{
				Case: c, Lesson: &cases.Lesson{Service: service, Language: "en", Words: words},
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
		teach(ids[0], "water-leak", "drip", "wall")
		teach(ids[1], "water-leak", "drip", "tap", "drip")
		teach(ids[2], "pothole", "hole")
		teach(ids[2], "water-leak", "hole", "wall") // corrected later
		got, err := s.Lessons(t.Context(), "en", []string{"drip", "hole", "wall", "sky"})
		if err != nil {
			t.Fatal(err)
		}
		want := cases.Lessons{
			Services: map[string]cases.Taught{"water-leak": {Cases: 3, Words: 6}},
			Words: map[string]map[string]int{
				"drip": {"water-leak": 2}, "hole": {"water-leak": 1}, "wall": {"water-leak": 2},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("learned (-want +got):\n%s", diff)
		}
		if other, err := s.Lessons(t.Context(), "hi", []string{"drip"}); err != nil || len(other.Services) > 0 {
			t.Errorf("another language learned %v, %v", other, err)
		}
	})
}
