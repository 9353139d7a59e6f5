package configs_test

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/configs"
)

// labelled is a text with what a person says of it.
type labelled struct {
	line           int
	language, what string
	text           string
}

func readLabelled(t *testing.T, path string) []labelled {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []labelled
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if fields := strings.Split(lines.Text(), "\t"); len(fields) == 3 {
			list = append(list, labelled{n, fields[0], fields[1], fields[2]})
		}
	}
	return list
}

func example(t testing.TB) *cases.Organisation {
	t.Helper()
	o, err := configs.LoadOrganisation("organisation.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// share counts how many of how many are right.
type share struct{ right, all int }

func (s *share) add(right bool) {
	s.all++
	if right {
		s.right++
	}
}

func (s share) percent() int { return s.right * 100 / max(s.all, 1) }

func TestServicesOfLabelledTexts(t *testing.T) {
	o := example(t)
	tuned, held := map[string]*share{}, map[string]*share{}
	var all, unseen share
	for _, l := range readLabelled(t, "testdata/texts.tsv") {
		c := o.Classify(cases.Text{Body: l.text})
		right := c.Service == strings.TrimPrefix(l.what, "-")
		set := tuned
		if l.line%2 == 0 {
			set = held
			unseen.add(right)
		} else if !right {
			t.Logf("%d: %s is %q, not %q: %v", l.line, l.text, c.Service, l.what, c.Reasons)
		}
		if set[l.language] == nil {
			set[l.language] = &share{}
		}
		set[l.language].add(right)
		all.add(right)
	}
	for _, lang := range []string{"en", "hi", "hi-Latn", "es"} {
		t.Logf("%-8s tuned %3d%% of %d, held out %3d%% of %d", lang, tuned[lang].percent(), tuned[lang].all, held[lang].percent(), held[lang].all)
	}
	t.Logf("all %d%% of %d, held out %d%% of %d", all.percent(), all.all, unseen.percent(), unseen.all)
	if all.percent() < 93 || unseen.percent() < 93 {
		t.Errorf("too many texts are misunderstood")
	}
}

func TestTextsInOtherLanguagesAreAnsweredInTheDefault(t *testing.T) {
	o := example(t)
	var told share
	for _, l := range readLabelled(t, "testdata/languages.tsv") {
		if l.language != "fr" && l.language != "de" && l.language != "pt" || len(strings.Fields(l.text)) < 5 {
			continue
		}
		got := o.Classify(cases.Text{Body: l.text}).Language
		told.add(got == "en")
		if got != "en" {
			t.Logf("%s: %s is %q", l.language, l.text, got)
		}
	}
	if told.percent() < 85 {
		t.Errorf("%d%% of %d are answered in the default language", told.percent(), told.all)
	}
}

func BenchmarkClassify(b *testing.B) {
	o := example(b)
	text := cases.Text{Subject: "Water leak", Body: "Water is leaking from a burst pipe near the school in Ward 4 since yesterday, and the street light is not working either"}
	b.ReportAllocs()
	for b.Loop() {
		o.Classify(text)
	}
}

func BenchmarkIndex(b *testing.B) {
	o := example(b)
	for b.Loop() {
		if err := o.Index(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestLanguagesOfLabelledTexts(t *testing.T) {
	all := append(readLabelled(t, "testdata/texts.tsv"), readLabelled(t, "testdata/languages.tsv")...)
	for _, tt := range []struct {
		configured []string
		serves     map[string]string // by the text's language; what is missing is not served
	}{
		{[]string{"en", "hi", "es"}, map[string]string{"en": "en", "hi": "hi", "hi-Latn": "hi", "ur-Latn": "hi", "es": "es"}},
		{[]string{"en", "hi", "es", "ur", "mr", "fr", "de", "pt"}, map[string]string{
			"en": "en", "hi": "hi", "es": "es", "ur": "ur", "mr": "mr", "fr": "fr", "de": "de", "pt": "pt",
		}},
		{[]string{"en", "ur"}, map[string]string{"en": "en", "ur": "ur", "ur-Latn": "ur", "hi-Latn": "ur"}},
		{[]string{"pt", "de", "fr"}, map[string]string{"pt": "pt", "de": "de", "fr": "fr"}},
	} {
		o := example(t)
		o.Jurisdiction.Languages = tt.configured
		_ = o.Index() // it has keywords of other languages too
		results := map[string]*share{}
		for _, l := range all {
			want, ok := tt.serves[l.language]
			if !ok || len(strings.Fields(l.text)) < 5 {
				continue
			}
			if results[l.language] == nil {
				results[l.language] = &share{}
			}
			got := o.Classify(cases.Text{Body: l.text}).Language
			results[l.language].add(got == want)
			if got != want {
				t.Logf("%v: %s is %q, want %q", tt.configured, l.text, got, want)
			}
		}
		for lang, s := range results {
			t.Logf("%v: %-8s %3d%% of %d", tt.configured, lang, s.percent(), s.all)
			if s.percent() < 90 {
				t.Errorf("%v: only %d%% of %d texts in %s are told", tt.configured, s.percent(), s.all, lang)
			}
		}
	}
}
