package store_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases"
)

func TestVerifyFindsWhatWasAltered(t *testing.T) {
	tests := map[string]struct {
		alter string
		seq   []int // events of C-2 at which something is found
	}{
		"nothing":            {`SELECT 1`, nil},
		"note edited":        {`UPDATE events SET note = 'all is well' WHERE case_id = 2 AND seq = 1`, []int{1}},
		"actor edited":       {`UPDATE events SET actor_login = 'ravi' WHERE case_id = 2 AND seq = 2`, []int{2}},
		"data edited":        {`UPDATE events SET data = '{"owner.after":"ravi"}' WHERE case_id = 2 AND seq = 2`, []int{2}},
		"removed":            {`DELETE FROM events WHERE case_id = 2 AND seq = 2`, []int{2, 3}},
		"last one removed":   {`DELETE FROM events WHERE case_id = 2 AND seq = 3`, []int{3}},
		"all removed":        {`DELETE FROM events WHERE case_id = 2`, []int{3}},
		"moved to another":   {`UPDATE events SET case_id = 3, seq = 9 WHERE case_id = 2 AND seq = 3`, []int{3}},
		"note erased":        {`UPDATE events SET note = '', note_salt = NULL WHERE case_id = 2 AND seq = 1`, nil},
		"case's end changed": {`UPDATE cases SET event_hash = NULL WHERE id = 2`, []int{3}},
	}
	each(t, func(t *testing.T, s engine) {
		for _, reference := range []string{"C-1", "C-2", "C-3"} {
			c := registered(t, s, reference)
			if _, err := s.Record(t.Context(), act(c, cases.EventNote)); err != nil {
				t.Fatal(err)
			}
		}
		s.exec(t, `CREATE TABLE sound_events AS SELECT * FROM events`)
		s.exec(t, `CREATE TABLE sound_cases AS SELECT id, event_hash FROM cases`)
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				s.exec(t, tt.alter)
				var done, total int
				faults, err := s.VerifyAudit(t.Context(), func(d, n int) { done, total = d, n })
				if err != nil || done != 3 || total != 3 {
					t.Errorf("verified %d of %d cases, %v; want 3 of 3", done, total, err)
				}
				var seq []int
				for _, f := range faults {
					if f.Reference == "C-2" {
						seq = append(seq, f.Seq)
					}
				}
				slices.Sort(seq)
				if diff := cmp.Diff(tt.seq, slices.Compact(seq)); diff != "" {
					t.Errorf("%s\nfaults: %+v", diff, faults)
				}
				s.exec(t, `DELETE FROM events`)
				s.exec(t, `INSERT INTO events SELECT * FROM sound_events`)
				s.exec(t, `UPDATE cases SET event_hash = (SELECT event_hash FROM sound_cases WHERE sound_cases.id = cases.id)`)
			})
		}
	})
}
