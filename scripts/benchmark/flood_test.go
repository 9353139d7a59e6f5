package main

import (
	"testing"
	"time"
)

func TestASimulatedDay(t *testing.T) {
	for _, tc := range []struct {
		name                         string
		complaints, handle, segments float64
		handled, sent                func(time.Duration) bool
	}{
		{"enough of everything", 86_400, 10, 20, none, none},
		{"slow workers", 864_000, 12, 2000, some, none},
		{"a slow provider", 864_000, 100, 24, none, some},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := simulate(tc.complaints, tc.handle, tc.segments)
			if !tc.handled(d.handled) || !tc.sent(d.sent) || d.peak < tc.complaints/86_400 {
				t.Errorf("%+v", d)
			}
		})
	}
}

func none(d time.Duration) bool { return d == 0 }
func some(d time.Duration) bool { return d > time.Minute }
