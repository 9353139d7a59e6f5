package cases

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMatters(t *testing.T) {
	o := city(t)
	for name, tt := range map[string]struct {
		text    string
		items   []string // nil: it is one complaint
		unsure  bool
		opening string
	}{
		"paren":         {"1) water leak near the school 2) pothole in Ward 4", []string{"water leak near the school", "pothole in Ward 4"}, false, ""},
		"opening":       {"Dear sir, in Ward 4: 1) water leak. 2) pothole", []string{"water leak.", "pothole"}, false, "Dear sir, in Ward 4"},
		"dots, lines":   {"1. Water leak\n2. Garbage not collected\n3. Pothole", []string{"Water leak", "Garbage not collected", "Pothole"}, false, ""},
		"dots, inline":  {"1. Water leak 2. Garbage", []string{"Water leak", "Garbage"}, false, ""},
		"dashes":        {"1- water leak\n2 - pothole", []string{"water leak", "pothole"}, false, ""},
		"brackets":      {"(1) water leak, (2) pothole", []string{"water leak", "pothole"}, false, ""},
		"letters":       {"a) water leak b) pothole", []string{"water leak", "pothole"}, false, ""},
		"big letters":   {"(A) water leak (B) pothole", []string{"water leak", "pothole"}, false, ""},
		"keycaps":       {"1️⃣ water leak 2️⃣ pothole", []string{"water leak", "pothole"}, false, ""},
		"devanagari":    {"१) पाइप फटा है २) कचरा नहीं उठाया गया", []string{"पाइप फटा है", "कचरा नहीं उठाया गया"}, false, ""},
		"words":         {"First, water leak at the gate. Second, garbage at the market.", []string{"water leak at the gate", "garbage at the market."}, false, ""},
		"hindi words":   {"पहला: पाइप फटा है। दूसरा: कचरा नहीं उठाया", []string{"पाइप फटा है", "कचरा नहीं उठाया"}, false, ""},
		"bullets":       {"Please help:\n- water leak\n- pothole", []string{"water leak", "pothole"}, false, "Please help"},
		"two places":    {"1) pothole at Lake Road 2) pothole at MG Road", []string{"pothole at Lake Road", "pothole at MG Road"}, false, ""},
		"two wards":     {"1) pothole, ward 4 2) pothole, ward 12", []string{"pothole, ward 4", "pothole, ward 12"}, false, ""},
		"other numbers": {"1) water leak since 2 days, house no. 7 2) pothole 3 feet wide", []string{"water leak since 2 days, house no. 7", "pothole 3 feet wide"}, false, ""},
		"one unknown":   {"1) water leak 2) pothole 3) the office clerk was rude to me", []string{"water leak", "pothole", "the office clerk was rude to me"}, true, ""},

		"facts":                   {"Water leak. 1) since 2 days 2) house no. 14 3) nobody came", nil, false, ""},
		"facts that match":        {"1) water leak since Monday 2) the leak is big 3) leak reported twice", nil, false, ""},
		"details":                 {"1) Name: Ravi 2) Address: pothole road 3) Phone: 98", nil, false, ""},
		"complaint, then details": {"1) water leak 2) pothole 3) Phone: 9876543210", nil, false, ""},
		"dates":                   {"Water leak on 1. May and 2. June", nil, false, ""},
		"one item":                {"1) water leak", nil, false, ""},
		"not from one":            {"2) water leak 3) pothole", nil, false, ""},
		"bullets of facts":        {"Water leak:\n- since Monday\n- house 14", nil, false, ""},
		"first and second":        {"First I called, second time nobody came to the leak", nil, false, ""},
		"house numbers":           {"House 1) and house 2) have a water leak", nil, false, ""},
		"version":                 {"pothole 1.5 m wide and 2.5 m long", nil, false, ""},
		"too many":                {listOf(maxMatters + 1), nil, false, ""},
		"no list":                 {"water leak and pothole", nil, false, ""},
		"nothing":                 {"", nil, false, ""},
		"markers only":            {"1) 2) 3)", nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := o.Matters(tt.text, "")
			var got []string
			for _, item := range m.Items {
				got = append(got, item.Text)
			}
			if strings.Join(got, "|") != strings.Join(tt.items, "|") {
				t.Fatalf("items %q, want %q", got, tt.items)
			}
			if got != nil && (m.Certain == tt.unsure || m.Opening != tt.opening) {
				t.Errorf("certain %t, opening %q", m.Certain, m.Opening)
			}
		})
	}
}

func listOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d) %s ", i+1, []string{"water leak", "pothole"}[i%2])
	}
	return b.String()
}

// Whatever is written, what is split is bounded, and no word of it is lost.
func TestMattersLoseNothing(t *testing.T) {
	o := city(t)
	words := []string{"1)", "2)", "3.", "(1)", "a)", "b)", "\n", "- ", "water leak", "pothole", "garbage", "at", "Lake", "2 days", "पाइप फटा", "First,", "Second,", "1️⃣", ":"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(words)).Draw(t, "words"), " ")
		m := o.Matters(text, "")
		if n := len(m.Items); n == 1 || n > maxMatters {
			t.Fatalf("%d items", n)
		}
		if len(m.Items) == 0 {
			return
		}
		kept := m.Opening
		for _, item := range m.Items {
			kept += " " + item.Text
		}
		for _, word := range []string{"leak", "pothole", "garbage", "Lake", "days", "फटा"} {
			if strings.Count(text, word) != strings.Count(kept, word) {
				t.Fatalf("%q of %q is lost: %q", word, text, kept)
			}
		}
	})
}

func FuzzMatters(f *testing.F) {
	o := city(f)
	for _, text := range []string{"1) water leak 2) pothole", "१) पाइप २) कचरा", "a) b)", "First, x. Second, y", "- a\n- b", "1️⃣2️⃣"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := o.Matters(text, "")
		if len(m.Items) == 1 || len(m.Items) > maxMatters {
			t.Errorf("%d items", len(m.Items))
		}
		for _, item := range m.Items {
			if !HasWords(item.Text) {
				t.Errorf("an item says nothing: %q", item.Text)
			}
		}
	})
}
