package store_test

import (
	"testing"
	"time"
)

func TestALeaseHasOneHolder(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		for _, tt := range []struct {
			holder string
			after  time.Duration
			want   bool
		}{
			{"a", 0, true}, {"b", time.Second, false}, {"a", 30 * time.Second, true},
			{"b", 70 * time.Second, false}, // renewed at 30 s
			{"b", 90 * time.Second, true}, {"a", 91 * time.Second, false},
		} {
			got, err := s.Lease(t.Context(), "imap/complaints", tt.holder, now.Add(tt.after), time.Minute)
			if err != nil || got != tt.want {
				t.Errorf("%s after %s: %v, %v; want %v", tt.holder, tt.after, got, err, tt.want)
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
