package pipeline_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/templates"
)

func words(t testing.TB) (*pipeline.Words, templates.KeywordTable) {
	t.Helper()
	set, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	return pipeline.NewWords(set.Keywords()), set.Keywords()
}

// What messages promise to understand is understood, in whatever way it is written.
func TestEveryKeyword(t *testing.T) {
	w, table := words(t)
	kinds := map[templates.Command]pipeline.IntentKind{
		templates.CommandStatus: pipeline.IntentStatus, templates.CommandReopen: pipeline.IntentReopen,
		templates.CommandNew: pipeline.IntentComplaint, templates.CommandRate: pipeline.IntentRate,
		templates.CommandHelp: pipeline.IntentHelp, templates.CommandStart: pipeline.IntentStart,
		templates.CommandStop: pipeline.IntentStop, templates.CommandStopAlone: pipeline.IntentStop, templates.CommandSplit: pipeline.IntentSplit,
		templates.CommandLanguage: pipeline.IntentLanguage,
	}
	for _, k := range table.All() {
		want, ok := kinds[k.Command]
		if !ok {
			continue
		}
		rest := ""
		if k.Command == templates.CommandLanguage {
			rest = " hindi"
		}
		for _, text := range []string{k.Word, strings.ToUpper(k.Word), " " + k.Word + "! ", "/" + k.Word, strings.ToTitle(k.Word) + "."} {
			got, ok := w.Keyword(strings.TrimRight(text, " ") + rest)
			if !ok || got.Kind != want {
				t.Errorf("%q is %q, want %q", text+rest, got.Kind, want)
			}
		}
		got, ok := w.Keyword(k.Word + " the tap")
		switch alone := k.Command == templates.CommandStopAlone || k.Command == templates.CommandLanguage; {
		case ok == alone:
			t.Errorf("%q with more words: a keyword: %t", k.Word, ok)
		case ok && got.Rest != "the tap":
			t.Errorf("%q leaves %q", k.Word, got.Rest)
		}
	}
}

func TestKeyword(t *testing.T) {
	w, _ := words(t)
	for text, want := range map[string]pipeline.Keyword{
		"Status C-7K2M-9QXT":     {Kind: pipeline.IntentStatus, Language: "en", Rest: "C-7K2M-9QXT"},
		"STATUS: C-7K2M-9QXT?":   {Kind: pipeline.IntentStatus, Language: "en", Rest: "C-7K2M-9QXT?", Shouted: true},
		"re-open it leaks":       {Kind: pipeline.IntentReopen, Language: "en", Rest: "it leaks"},
		"Reopen\n\nit leaks":     {Kind: pipeline.IntentReopen, Language: "en", Rest: "it leaks", Shouted: true},
		"calificación 4":         {Kind: pipeline.IntentRate, Language: "es", Rest: "4"},
		"CALIFICACION 4":         {Kind: pipeline.IntentRate, Language: "es", Rest: "4", Shouted: true},
		"स्थिति?":                {Kind: pipeline.IntentStatus, Language: "hi", Rest: "?", Shouted: true},
		"stop":                   {Kind: pipeline.IntentStop, Shouted: true}, // a word of several languages
		"idioma español":         {Kind: pipeline.IntentLanguage, Language: "es", Rest: "es"},
		"phirse kholo paani":     {Kind: pipeline.IntentReopen, Language: "hi", Rest: "paani"},
		"statuses are confusing": {},
		"the status is unknown":  {},
		"newly broken":           {},
		"language is bad here":   {},
		"cancel my bus":          {},
		"":                       {},
		"...":                    {},
	} {
		got, ok := w.Keyword(text)
		if strings.Trim(got.Rest, "?") == "" && strings.Trim(want.Rest, "?") == "" {
			got.Rest = want.Rest
		}
		if ok != (want.Kind != "") || got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}

func TestNotFixed(t *testing.T) {
	w, _ := words(t)
	for text, want := range map[string]bool{
		"It is NOT fixed!":              true,
		"it isn’t fixed":                true,
		"still leaking since yesterday": true,
		"todavía no lo han hecho":       true,
		"Sigue igual":                   true,
		"पानी अभी भी बह रहा है": true,
		"koi nahi aaya sir":              true,
		"Thank you, all is fixed":        false,
		"The lamp in our street is dark": false,
		"":                               false,
	} {
		if got := w.NotFixed(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// Whatever comes, a keyword leaves no more than what followed it.
func FuzzKeyword(f *testing.F) {
	w, table := words(f)
	for _, k := range table.All() {
		f.Add(k.Word + " C-7K2M-9QXT")
	}
	f.Add("/start\x00")
	f.Add("STOP\u200b.")
	f.Add("re\u0301-open \xff")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := w.Keyword(text)
		w.NotFixed(text)
		switch {
		case !ok && got != (pipeline.Keyword{}):
			t.Errorf("no keyword, and yet %+v", got)
		case ok && got.Kind != pipeline.IntentLanguage && !strings.HasSuffix(strings.TrimSpace(text), strings.TrimSpace(got.Rest)):
			t.Errorf("%q leaves %q", text, got.Rest)
		case utf8.ValidString(text) && !utf8.ValidString(got.Rest):
			t.Errorf("%q is cut within a character", text)
		}
	})
}
