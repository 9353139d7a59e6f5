package channels_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/redress-cms/redress/channels"
)

func TestSplitText(t *testing.T) {
	tests := map[string]struct {
		text  string
		limit int
		want  []string
	}{
		"fits":              {"no water", 8, []string{"no water"}},
		"nothing to show":   {" \n ", 8, nil},
		"at a word border":  {"no water since noon", 10, []string{"no water", "since noon"}},
		"at a line border":  {"no water\nsince noon", 10, []string{"no water", "since noon"}},
		"one long word":     {"abcdefghij", 4, []string{"abcd", "efgh", "ij"}},
		"emoji count twice": {"😀😀😀", 4, []string{"😀😀", "😀"}},
		"emoji is not cut":  {"a😀😀", 4, []string{"a😀", "😀"}},
		"limit too small":   {"😀a", 1, []string{"😀", "a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, channels.SplitText(tt.text, tt.limit)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSplitTextKeepsEveryWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab é😀 \n"))).Draw(t, "text")
		limit := rapid.IntRange(2, 12).Draw(t, "limit")
		parts := channels.SplitText(text, limit)
		for _, part := range parts {
			if n := channels.TextUnits(part); n == 0 || n > limit {
				t.Fatalf("part %q has %d units, limit %d", part, n, limit)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := squeeze(strings.Join(parts, "")), squeeze(text); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
