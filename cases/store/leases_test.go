package store_test

import (
	"fmt"
	"testing"
	"time"
)

// PostgreSQL goes by its own clock, which a test cannot move: there the lease
// is made older.
func TestALeaseHasOneHolder(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		at := now
		for _, tt := range []struct {
			holder string
			passed time.Duration
			want   bool
		}{
			{"a", 0, true}, {"b", time.Second, false}, {"a", 29 * time.Second, true},
			{"b", 40 * time.Second, false}, // renewed 40 s ago
			{"b", 20 * time.Second, true}, {"a", time.Second, false},
		} {
			at = at.Add(tt.passed)
			if s.name == "postgres" {
				s.exec(t, fmt.Sprintf(`UPDATE leases SET expires_at = expires_at - %d * interval '1 second'`, int(tt.passed.Seconds())))
				at = now.Add(-2 * time.Hour) // the clock of a process does not count
			}
			got, err := s.Lease(t.Context(), "imap/complaints", tt.holder, at, time.Minute)
			if err != nil || got != tt.want {
				t.Errorf("%s after %s: %v, %v; want %v", tt.holder, tt.passed, got, err, tt.want)
			}
		}
		for holder, want := range map[string]bool{"a": false, "b": true} {
			if err := s.ReleaseLease(t.Context(), "imap/complaints", holder); err != nil {
				t.Fatal(err)
			}
			if free := s.count(t, `SELECT count(*) FROM leases`) == 0; holder == "b" && free != want {
				t.Errorf("released by %s: free %v, want %v", holder, free, want)
			}
		}
	})
}

func TestTheClockOfTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		shown, within, err := s.Clock(t.Context())
		if err != nil || shown.IsZero() != (s.name == "sqlite") || within < 0 {
			t.Fatalf("%s give or take %s, %v", shown, within, err)
		}
		if off := time.Since(shown); s.name == "postgres" && off.Abs() > time.Minute { // on this machine
			t.Errorf("off by %s", off)
		}
	})
}

func TestACursorIsKept(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		for _, want := range []string{"", "7:100", "8:1"} {
			if want != "" {
				if err := s.SetCursor(t.Context(), "imap/complaints", want); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := s.Cursor(t.Context(), "imap/complaints"); err != nil || got != want {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		}
	})
}
