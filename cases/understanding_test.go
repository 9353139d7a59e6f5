package cases

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// wordy is a city with few words for each service, so that it is their forms
// that are understood.
func wordy(t testing.TB) *Organisation {
	t.Helper()
	o := cityUnchecked()
	o.Routes.Routes = nil
	o.Services = []Service{
		{Code: "leak", Name: "Water leak", Keywords: map[string][]string{"en": {"water leak", "burst pipe"}, "hi": {"रिसाव"}, "es": {"fuga de agua"}}},
		{Code: "no-water", Name: "No water", Keywords: map[string][]string{"en": {"no water"}, "hi": {"पानी नहीं"}, "es": {"no hay agua"}}},
		{Code: "light", Name: "Street light", Keywords: map[string][]string{"en": {"street light not working"}, "hi": {"बत्ती"}}},
		{Code: "dogs", Name: "Stray dogs", Keywords: map[string][]string{"en": {"dog bite"}, "hi": {"आवारा कुत्ते"}, "es": {"perro mordió"}}},
		{Code: "flood", Name: "Flooding", Keywords: map[string][]string{"hi": {"पानी भर गया"}}},
		{Code: "drain", Name: "Drain", Keywords: map[string][]string{"en": {"clean the drain"}, "hi": {"naali"}}},
		{Code: "noise", Name: "Noise", Keywords: map[string][]string{"hi": {"shor"}}},
		{Code: "garbage", Name: "Garbage", Keywords: map[string][]string{"en": {"garbage"}, "hi": {"कचरा"}}},
		{Code: "bus", Name: "Bus", Keywords: map[string][]string{"en": {"bus stop"}}},
	}
	if err := o.Index(); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestWordsInAnyForm(t *testing.T) {
	o := wordy(t)
	for _, tt := range []struct{ name, text, service string }{
		{"inflected", "dogs are biting people here", "dogs"},
		{"irregular", "my son was bitten by a neighbour's dog", "dogs"},
		{"with other words between", "the street light near my house is still not working", "light"},
		{"another order", "the pipe in lane 4 has burst", "leak"},
		{"one word of two", "all streetlights are not working", "light"},
		{"a letter left out", "garbge everywhere", "garbage"},
		{"a letter doubled", "garbbage everywhere", "garbage"},
		{"letters swapped", "garbaeg everywhere", "garbage"},
		{"another vowel", "garbege everywhere", "garbage"},
		{"another word is left alone", "the cabbage is cheap", ""},
		{"hindi in latin letters", "mere ghar ke samne paani bhar gaya hai", "flood"},
		{"spelt otherwise", "hamare yahan pani bhr gya h", "flood"},
		{"latin keyword, devanagari text", "हमारी नाली साफ़ नहीं है", "drain"},
		{"devanagari keyword, latin text", "kachraa pada hai", "garbage"},
		{"urdu letters", "ہماری گلی میں کچرا پڑا ہے", "garbage"},
		{"urdu, in two words", "ہمارے گھر میں پانی بھر گیا", "flood"},
		{"tap is no drain", "नल टूटा है", ""},
		{"english is not hindi by ear", "I am not sure about this matter at all", ""},
		{"spanish forms", "dos perros mordieron a mi hijo", "dogs"},
		{"only where it is", "garbage lies near the bus stop", "garbage"},
		{"only where it is, in hindi", "bus stop ke paas kachra hai", "garbage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if c := o.Classify(Text{Body: tt.text}); c.Service != tt.service {
				t.Errorf("%q is %q, want %q: %v", tt.text, c.Service, tt.service, c.Reasons)
			}
		})
	}
}

func TestDenials(t *testing.T) {
	o := wordy(t)
	for _, tt := range []struct{ name, text, service string }{
		{"no water is no leak", "there is no water", "no-water"},
		{"never any water", "we do not get any water", "no-water"},
		{"hindi", "paani nahi aa raha", "no-water"},
		{"spanish", "no hay agua en el barrio", "no-water"},
		{"not a leak", "it is not a water leak", ""},
		{"no leak", "there is no water leak here", ""},
		{"not leaking", "the water is not leaking any more", ""},
		{"has not burst", "the pipe has not burst", ""},
		{"not a leak but none", "it is not a water leak, there is simply no water", "no-water"},
		{"hindi, at the end", "रिसाव नहीं है", ""},
		{"not done is a complaint", "the drain was not cleaned", "drain"},
		{"not provided is a complaint", "no garbage collection since Monday", "garbage"},
		{"a denial of something else", "nobody came for the water leak", "leak"},
		{"another clause", "No, the garbage is still here", "garbage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if c := o.Classify(Text{Body: tt.text}); c.Service != tt.service {
				t.Errorf("%q is %q, want %q: %v", tt.text, c.Service, tt.service, c.Reasons)
			}
		})
	}
}

func TestSoundsMeet(t *testing.T) {
	for _, same := range [][]string{
		{"paani", "pani", "paanee", "पानी", "پانی"},
		{"bijli", "bijlee", "bijali", "बिजली"},
		{"kachra", "kachara", "कचरा", "कचरे"},
		{"machhar", "machar", "machchhar", "मच्छर"},
		{"awara", "aawara", "aawaara", "आवारा"},
		{"kutta", "kutte", "kutton", "कुत्ता", "कुत्तों"},
		{"naali", "nali", "नाली", "naaliyan"},
		{"sadak", "sadakon", "सड़क", "सड़कों"},
		{"gandhi", "gaandhi", "गांधी"},
	} {
		for _, other := range same[1:] {
			a, b := sound(folded(same[0])), sound(folded(other))
			if scriptOf([]rune(other)[0]) == "Arab" {
				a, b = skeleton(folded(same[0])), skeleton(folded(other))
			}
			if a != b {
				t.Errorf("%s sounds like %q, %s like %q", same[0], a, other, b)
			}
		}
	}
	for _, other := range [][2]string{{"nal", "nali"}, {"nal", "naala"}, {"paani", "pan"}, {"ghar", "gir"}, {"bijli", "bakri"}} {
		if sound(other[0]) == sound(other[1]) {
			t.Errorf("%s and %s sound alike: %q", other[0], other[1], sound(other[0]))
		}
	}
}

func TestWeightsDecide(t *testing.T) {
	o := wordy(t)
	text := Text{Body: "garbage and a burst pipe"}
	if c := o.Classify(text); c.Service != "leak" {
		t.Fatalf("without weights it is %s", c.Service)
	}
	o.Services[7].Weights = map[string]map[string]float64{"en": {"garbage": 5}}
	if err := o.Index(); err != nil {
		t.Fatal(err)
	}
	if c := o.Classify(text); c.Service != "garbage" {
		t.Errorf("with a weight of 5 it is %s: %v", c.Service, c.Reasons)
	}
}

// TestAddingWordsThatSayNothing: what is understood does not depend on polite
// words around it.
func TestAddingWordsThatSayNothing(t *testing.T) {
	o := wordy(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"garbage everywhere", "burst pipe", "there is no water", "dogs are biting", "paani bhar gaya"}).Draw(t, "text")
		around := rapid.SliceOfN(rapid.SampledFrom([]string{"hello.", "dear sir,", "thank you.", "regards,", "नमस्ते।", "123.", "🙏\n"}), 0, 4)
		padded := strings.Join(around.Draw(t, "before"), " ") + " " + text + ". " + strings.Join(around.Draw(t, "after"), " ")
		if a, b := o.Classify(Text{Body: text}), o.Classify(Text{Body: padded}); a.Service != b.Service {
			t.Fatalf("%q is %s, %q is %s: %v", text, a.Service, padded, b.Service, b.Reasons)
		}
	})
}

func TestEveryBuiltInLanguageIsThere(t *testing.T) {
	for script, tags := range languageTags() {
		p := newProfiles()[script]
		for i, tag := range tags {
			words := 0
			for _, languages := range p.words {
				if languages&(1<<i) != 0 {
					words++
				}
			}
			if words < 50 {
				t.Errorf("%s has %d words", tag, words)
			}
		}
	}
}

func FuzzSound(f *testing.F) {
	for _, word := range []string{"paani", "पानी", "پانی", "ﷺ", "水", "a", ""} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if len(sound(word)) > 6*len(word)+2 || len(skeleton(word)) > len(sound(word)) {
			t.Errorf("%q sounds like %q, %q", word, sound(word), skeleton(word))
		}
	})
}

func FuzzMended(f *testing.F) {
	s := newSpelling()
	for _, w := range tokenise("garbage manhole streetlight mosquitoes electricity") {
		s.add(w)
	}
	f.Add("garbge")
	f.Fuzz(func(t *testing.T, word string) {
		if right, ok := s.mended(word); ok && (!s.words[right] || word[0] != right[0] || len(right) < len(word)-1 || len(right) > len(word)+1) {
			t.Errorf("%q became %q", word, right)
		}
	})
}
