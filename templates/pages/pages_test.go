package pages

import (
	"io/fs"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// textsOf are the texts of a file by their full key.
func textsOf(t *testing.T, file string) map[string]string {
	t.Helper()
	raw, err := embedded.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(raw, &tree); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	texts := map[string]string{}
	for section, value := range tree {
		switch value := value.(type) {
		case string:
			texts[section] = value
		case map[string]any:
			for key, text := range value {
				texts[section+"."+key], _ = text.(string)
			}
		}
	}
	return texts
}

var placeholder = regexp.MustCompile(`\{\{\.\w+\}\}`)

func TestEveryLanguageHasEveryText(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	english := textsOf(t, "text/en.yaml")
	if len(english) < 100 {
		t.Fatalf("only %d texts", len(english))
	}
	for _, lang := range p.Languages() {
		texts := textsOf(t, "text/"+lang+".yaml")
		for key, text := range english {
			own := texts[key]
			if own == "" {
				t.Errorf("%s lacks %s", lang, key)
			}
			want, got := placeholder.FindAllString(text, -1), placeholder.FindAllString(own, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %s has %v, want %v", lang, key, got, want)
			}
			if said, err := p.Text(lang, key); err != nil || said == "" {
				t.Errorf("%s: %s: %q, %v", lang, key, said, err)
			}
		}
		for key := range maps.Keys(texts) {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %s, which English lacks", lang, key)
			}
		}
	}
}

func TestPagesUseTextsThatExist(t *testing.T) {
	english := textsOf(t, "text/en.yaml")
	used := regexp.MustCompile(`\bt "([a-z_.]+)"`)
	files, err := fs.Glob(embedded, "*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		page, err := embedded.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range used.FindAllStringSubmatch(string(page), -1) {
			if _, ok := english[match[1]]; !ok {
				t.Errorf("%s uses %s, which there is no text for", file, match[1])
			}
		}
	}
}

func TestDatesInWords(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 12, 3, 9, 5, 0, 0, time.UTC)
	for lang, want := range map[string][2]string{
		"en": {"Thursday, 3 December 2026", "3 December 2026, 09:05"},
		"hi": {"गुरुवार, 3 दिसंबर 2026", "3 दिसंबर 2026, 09:05"},
		"es": {"jueves, 3 de diciembre de 2026", "3 de diciembre de 2026, 09:05"},
	} {
		date, err := p.readers[lang].date(at)
		if err != nil || date != want[0] {
			t.Errorf("%s: date %q, %v", lang, date, err)
		}
		moment, err := p.readers[lang].moment(at)
		if err != nil || moment != want[1] {
			t.Errorf("%s: moment %q, %v", lang, moment, err)
		}
	}
}

func TestUnknownLanguageIsAnError(t *testing.T) {
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Render(Form, "xx", nil); err == nil {
		t.Error("a page in no language was rendered")
	}
	if _, err := p.Text("xx", "direction"); err == nil {
		t.Error("a text in no language was found")
	}
}

// TestContrast holds the colours to WCAG 2.2: 4.5 to 1 for text (1.4.3), 3 to 1
// for the edges of controls (1.4.11).
func TestContrast(t *testing.T) {
	sheet, err := embedded.ReadFile("site.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, found := strings.Cut(string(sheet), "@media (prefers-color-scheme: dark)") //nolint:misspell // CSS says so
	if !found {
		t.Fatal("no dark scheme")
	}
	dark, _, _ = strings.Cut(dark, "\n}")
	for scheme, css := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]+);`).FindAllStringSubmatch(css, -1) {
			colours[m[1]] = m[2]
		}
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"ink", "ground", 4.5}, {"ink", "sheet", 4.5}, {"ink", "sunk", 4.5}, {"ink", "tint", 4.5}, {"ink", "good-tint", 4.5},
			{"ink", "bad-tint", 4.5}, {"quiet", "ground", 4.5}, {"quiet", "sheet", 4.5}, {"quiet", "sunk", 4.5},
			{"quiet", "tint", 4.5}, {"quiet", "good-tint", 4.5}, {"brand", "ground", 4.5}, {"brand", "sheet", 4.5}, {"brand", "tint", 4.5},
			{"brand-deep", "tint", 4.5}, {"on-brand", "brand", 4.5}, {"on-brand", "brand-deep", 4.5}, {"bad", "sheet", 4.5},
			{"bad", "bad-tint", 4.5}, {"edge", "sheet", 3}, {"edge", "sunk", 3}, {"focus", "sheet", 3}, {"focus", "ground", 3},
		} {
			if got := contrast(t, colours[pair.front], colours[pair.back]); got < pair.least {
				t.Errorf("%s: %s on %s has %.2f to 1, want %.1f", scheme, pair.front, pair.back, got, pair.least)
			}
		}
	}
}

// contrast is the ratio defined by WCAG 2.2.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	digits := strings.TrimPrefix(colour, "#")
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	value, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || len(digits) != 6 {
		t.Fatalf("colour %q", colour)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(value>>(16-8*i)&255) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
