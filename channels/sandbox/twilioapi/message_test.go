package twilioapi_test

import (
	"strings"
	"testing"

	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

func TestSegments(t *testing.T) {
	tests := []struct {
		name string
		text string
		want int
	}{
		{"empty", "", 1},
		{"one", strings.Repeat("a", 160), 1},
		{"two", strings.Repeat("a", 161), 2},
		{"two, full", strings.Repeat("a", 306), 2},
		{"extension takes two", strings.Repeat("€", 81), 2},
		{"Hindi", strings.Repeat("प", 70), 1},
		{"Hindi, two", strings.Repeat("प", 71), 2},
		{"an emoji takes two units", strings.Repeat("a", 69) + "🙂", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := twilioapi.Segments(test.text); got != test.want {
				t.Errorf("%d segments, want %d", got, test.want)
			}
		})
	}
}
