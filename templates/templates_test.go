package templates

import (
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var media = []string{Email, SMS, Chat}

// noticeKinds reads the kinds from the domain's source, since templates do not
// import it.
func noticeKinds(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../cases/change.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "NoticeKind" {
			for _, v := range spec.Values {
				kinds = append(kinds, strings.Trim(v.(*ast.BasicLit).Value, `"`))
			}
		}
		return true
	})
	slices.Sort(kinds)
	return kinds
}

func newSet(t *testing.T) *Set {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func render(t *testing.T, s *Set, kind, medium, lang string, d Data) Rendered {
	t.Helper()
	r, err := s.Render(kind, medium, lang, d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// names are what the example organisation calls things, by language.
var names = map[string]struct{ service, department, text string }{
	"en": {"Water leak", "Water and Sewerage", "The pipe near the school was replaced today."},
	"hi": {"पानी का रिसाव", "जल और सीवरेज", "स्कूल के पास की पाइप आज बदल दी गई।"},
	"es": {"Fuga de agua", "Agua y Saneamiento", "Hoy se cambió la tubería junto a la escuela."},
}

// typical is data as the pipeline fills it in. A kind is not always given all
// of it.
func typical(lang string) Data {
	kolkata := time.FixedZone("IST", 5*3600+1800)
	due := time.Date(2026, 12, 5, 11, 30, 0, 0, time.UTC)
	deferred := time.Date(2026, 12, 9, 18, 30, 0, 0, time.UTC) // the 10th in Kolkata
	n := names[lang]
	return Data{
		Jurisdiction: "City of Example", Location: kolkata, Now: time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC),
		Reference: "C-7K2M-9QXT", Subject: "Water is leaking from a burst pipe near the school", Type: "complaint",
		Status: "pending", Priority: "high", Service: n.service, Department: n.department, Area: "Ward 4",
		Place: "near the school", Level: 1, Due: &due, Deferred: &deferred,
		ReceivedAt: time.Date(2026, 11, 22, 4, 59, 0, 0, time.UTC),
		Text:       n.text, Count: 2, TrackURL: "https://complaints.city.example/track/MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U",
		FormURL: "https://complaints.city.example/complaints/new", Reopen: 30, Rating: 4, OptOut: true,
		Choices: []Choice{
			{"C-7K2M-9QXT", "Water is leaking from a burst pipe", "pending", &due},
			{"C-3F8A-W1ZR", "Street light out", "reopened", nil},
		},
		Officer: "Asha Rao", Complainant: "Meera Joshi", Contact: "+12025550143", Channel: "sms",
		Reasons: []string{`service: "burst pipe" and "leaking" name Water leak`},
		Events:  []Line{{time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC), "Asha Rao", "accepted"}},
		Facts:   []Fact{{"account", "WS-204417"}, {"meter", "88231907"}}, Danger: "live wire",
		Linked: "3", LeftOut: []LeftOut{{"C-3F8A-W1ZR", "department"}, {"C-5T2N-H8QE", "confidential"}},
		Action: "resolve", Account: "main", Link: "https://complaints.city.example/console/cases/C-7K2M-9QXT",
	}
}

func TestEveryKindInEveryLanguageAndMedium(t *testing.T) {
	s := newSet(t)
	if diff := cmp.Diff(noticeKinds(t), s.Kinds()); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"en", "es", "hi"}, s.Languages()); diff != "" {
		t.Errorf("languages (-want +got):\n%s", diff)
	}
	for _, lang := range s.Languages() {
		for _, kind := range s.Kinds() {
			if _, ok := s.languages[lang].kinds[kind]; !ok {
				t.Errorf("%s is not written in %s", kind, lang)
			}
		}
		if diff := cmp.Diff(keysOf(s.languages["en"].words), keysOf(s.languages[lang].words)); diff != "" {
			t.Errorf("words of %s (-en +%s):\n%s", lang, lang, diff)
		}
	}
}

// keysOf lists the codes that a words file names.
func keysOf(w words) []string {
	var keys []string
	for group, names := range map[string]map[string]string{
		"status": w.Status, "priority": w.Priority, "type": w.Type,
		"channel": w.Channel, "labels": w.Labels, "prompts": w.Prompts, "done": w.Done,
		"left": w.Left, "facts": w.Facts, "alarms": w.Alarms,
	} {
		for code := range names {
			keys = append(keys, group+"."+code)
		}
	}
	slices.Sort(keys)
	return keys
}

// The built-in kinds of facts and dangers are read from the domain's source,
// since templates do not import it.
func TestFactsAndDangersHaveNames(t *testing.T) {
	s := newSet(t)
	for _, tt := range []struct {
		file, function string
		of             func(words) map[string]string
	}{
		{"../cases/fact.go", "builtinFacts", func(w words) map[string]string { return w.Facts }},
		{"../cases/alarm.go", "builtinAlarms", func(w words) map[string]string { return w.Alarms }},
	} {
		codes := firstOfLiterals(t, tt.file, tt.function)
		if len(codes) < 5 {
			t.Errorf("%s lists %q", tt.function, codes)
		}
		for _, lang := range s.Languages() {
			if diff := cmp.Diff(codes, slices.Sorted(maps.Keys(tt.of(s.languages[lang].words)))); diff != "" {
				t.Errorf("%s in %s (-%s +words):\n%s", tt.function, lang, tt.function, diff)
			}
		}
	}
}

// firstOfLiterals are the first elements of the literals in a list that a
// function returns, sorted, each once.
func firstOfLiterals(t *testing.T, name, function string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != function {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if list, ok := n.(*ast.CompositeLit); ok && list.Type == nil && len(list.Elts) > 1 {
				if first, ok := list.Elts[0].(*ast.BasicLit); ok {
					codes = append(codes, strings.Trim(first.Value, `"`))
				}
			}
			return true
		})
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// TestGolden shows every message as its reader gets it; run with -update after
// a change of wording, and read the difference.
func TestGolden(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		for _, medium := range media {
			t.Run(lang+"/"+medium, func(t *testing.T) {
				var b strings.Builder
				for _, kind := range s.Kinds() {
					d := typical(lang)
					switch kind {
					case "deferred":
						d.Status = kind
					case "done":
						d.Text = ""
					case "escalated", "case_escalated":
						d.Now = d.Due.Add(time.Minute)
					}
					r := render(t, s, kind, medium, lang, d)
					fmt.Fprintf(&b, "===== %s\n", kind)
					if medium == SMS {
						fmt.Fprintf(&b, "%s\n(%s)\n\n", r.Text, segmentsOf(r.Text))
						continue
					}
					if r.Subject != "" {
						fmt.Fprintf(&b, "Subject: %s\n\n", r.Subject)
					}
					_, html, _ := strings.Cut(r.HTML, "<body>") // the same head every time
					fmt.Fprintf(&b, "%s\n\n----- HTML\n%s\n\n", strings.TrimSpace(r.Text), strings.TrimSpace(html+onlyChat(r.HTML, medium)))
				}
				golden(t, lang+"."+medium+".golden", b.String())
			})
		}
	}
}

func onlyChat(html, medium string) string {
	if medium == Chat {
		return html
	}
	return ""
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

var (
	doubled  = regexp.MustCompile(`[^\n>]  |\n\n\n| [.,;:!?।](\s|$)|[,:] *\.|\(\)|, ,`)
	unfilled = regexp.MustCompile(`no value|%!|\{\{|\}\}|0001|&#|&amp;|<nil>`)
)

// caseless are the kinds that may be about no case.
var caseless = []string{
	"chat_linked", "done", "flood", "held", "help", "in_words", "language", "no_cases", "opted_in", "opted_out",
	"prompt", "queue", "refused", "sender_flood", "staff_help", "unknown_reference",
}

func TestMessagesAreWhole(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		full := typical(lang)
		late := full
		late.Now = late.Due.Add(time.Minute)
		bare := Data{Reference: "C-7K2M-9QXT", Status: "pending"}
		resolved := full
		resolved.Status, resolved.Rating, resolved.Count, resolved.OptOut = "closed", 1, 1, false
		resolved.Due, resolved.Deferred = nil, nil
		for which, d := range map[string]Data{"full": full, "bare": bare, "empty": {}, "resolved": resolved, "late": late} {
			for _, kind := range s.Kinds() {
				if which == "empty" && !slices.Contains(caseless, kind) {
					continue
				}
				for _, medium := range media {
					r := render(t, s, kind, medium, lang, d)
					for part, text := range map[string]string{"subject": r.Subject, "text": r.Text} {
						text = strings.Replace(text, "\n-- \n", "\n", 1)
						if m := doubled.FindString(text); m != "" {
							t.Errorf("%s %s %s %s: %s has a hole at %q:\n%s", lang, medium, kind, which, part, m, text)
						}
						if m := unfilled.FindString(text); m != "" {
							t.Errorf("%s %s %s %s: %s shows %q:\n%s", lang, medium, kind, which, part, m, text)
						}
					}
					if strings.TrimSpace(r.Text) == "" {
						t.Errorf("%s %s %s %s: no text", lang, medium, kind, which)
					}
					if medium == Email && (r.Subject == "" || r.HTML == "") {
						t.Errorf("%s %s %s %s: subject %q, HTML of %d bytes", lang, medium, kind, which, r.Subject, len(r.HTML))
					}
				}
			}
		}
	}
}

// long is typical data at its longest: the longest names of the example
// organisation, the longest date, and an officer who writes a sentence.
func long(lang string) Data {
	d := typical(lang)
	due := time.Date(2026, 9, 30, 11, 30, 0, 0, time.UTC)
	d.Due, d.Deferred = &due, &due
	switch lang {
	case "en":
		d.Service, d.Department = "Street light not working", "Electricity and Street Lights"
	case "hi":
		d.Service, d.Department = "लटकता बिजली का तार", "बिजली और स्ट्रीट लाइट"
	case "es":
		d.Service, d.Department = "Cable eléctrico caído", "Electricidad y Alumbrado"
	}
	d.Area, d.Jurisdiction = "Ward 12", "City of Example"
	return d
}

// TestSMSLength holds the price of a message: one segment in the 7-bit
// alphabet, two of 67 UCS-2 units in Hindi. Lists, and help for staff, may be
// longer.
func TestSMSLength(t *testing.T) {
	s := newSet(t)
	free := []string{"staff_help", "queue", "status_list", "prompt"}
	for _, lang := range s.Languages() {
		for _, kind := range s.Kinds() {
			d := long(lang)
			if s.languages[lang].kinds[kind].audience == "staff" {
				d.Complainant = "Meera Joshi"
			}
			for _, opt := range []bool{true, false} {
				d.OptOut = opt
				if opt {
					d.Now = d.Due.Add(time.Minute)
				}
				text := render(t, s, kind, SMS, lang, d).Text
				got := segmentsOf(text)
				if slices.Contains(free, kind) {
					continue
				}
				if got.alphabet == "UCS-2" && lang != "hi" {
					t.Errorf("%s %s needs UCS-2: %s", lang, kind, text)
				}
				if limit := map[bool]int{true: 2, false: 1}[lang == "hi"]; got.segments > limit {
					t.Errorf("%s %s: %s, want at most %d:\n%s", lang, kind, got, limit, text)
				}
			}
		}
	}
}

type size struct {
	segments, units int
	alphabet        string
}

func (s size) String() string {
	return fmt.Sprintf("%d segments, %d units of %s", s.segments, s.units, s.alphabet)
}

// segmentsOf counts as a carrier does (3GPP TS 23.040): 160 or 153 septets,
// 70 or 67 UCS-2 units.
func segmentsOf(text string) size {
	one, part, alphabet := 160, 153, "GSM-7"
	n, ok := septets(text)
	if !ok {
		n, one, part, alphabet = len(utf16.Encode([]rune(text))), 70, 67, "UCS-2"
	}
	if n <= one {
		return size{1, n, alphabet}
	}
	return size{(n + part - 1) / part, n, alphabet}
}

func TestRenderUnknown(t *testing.T) {
	s := newSet(t)
	for _, c := range []struct{ kind, medium string }{{"nonsense", SMS}, {"status", "fax"}, {"shared", SMS}} {
		if _, err := s.Render(c.kind, c.medium, "en", Data{}); !errors.Is(err, ErrUnknown) {
			t.Errorf("Render(%q, %q) = %v, want ErrUnknown", c.kind, c.medium, err)
		}
	}
}

func TestFallback(t *testing.T) {
	s := newSet(t)
	for lang, want := range map[string]string{
		"en": "From now on we write to you in English.", "en-IN": "From now on we write to you in English.",
		"fr": "From now on we write to you in English.", "": "From now on we write to you in English.",
		"ES_mx": "A partir de ahora le escribimos en español.",
	} {
		if got := render(t, s, "language", SMS, lang, Data{}).Text; got != want {
			t.Errorf("in %q: %q, want %q", lang, got, want)
		}
	}
}
