package cases

import (
	"embed"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

//go:embed languages/*.txt
var languageWords embed.FS // read only: frequent words of each language

// Bounds and weights of telling languages apart.
const (
	maxIdentified = 60 // words read
	gramWeight    = 0.35
	wordWeight    = 1.6
	sureMargin    = 2.0 // by which the best must lead
	gramSmoothing = 0.3
)

// profiles are the languages of one script that can be told apart.
type profiles struct {
	tags  []string             // "hi-Latn" is Hindi in Latin letters
	words map[string]uint32    // in which a word is frequent, by bits
	grams map[string][]float64 // what three letters speak for, by language
}

// identified is what a text's own words say of its language.
type identified struct {
	tag   string // empty: nothing
	known int    // frequent words of the language in it
	sure  bool
}

// languageTags are the languages that are built in, by script.
func languageTags() map[string][]string {
	return map[string][]string{
		"Latn": {"en", "es", "fr", "pt", "de", "it", "nl", "hi-Latn", "ur-Latn"},
		"Deva": {"hi", "mr", "ne"},
		"Arab": {"ur", "ar", "fa"},
	}
}

// newProfiles reads the built-in words.
func newProfiles() map[string]*profiles {
	all := map[string]*profiles{}
	for script, tags := range languageTags() {
		p := &profiles{tags: tags, words: map[string]uint32{}, grams: map[string][]float64{}}
		for i, tag := range tags {
			list, err := languageWords.ReadFile("languages/" + tag + ".txt")
			if err != nil {
				continue // the files are built in; a test reads them all
			}
			p.learn(i, tokenise(string(list)))
		}
		all[script] = p
	}
	return all
}

// learn adds a language by its frequent words.
func (p *profiles) learn(language int, words []token) {
	count, total := map[string]float64{}, 0.0
	for _, t := range words {
		if p.words[t.text]&(1<<language) != 0 {
			continue
		}
		p.words[t.text] |= 1 << language
		for gram := range grams(t.text) {
			count[gram]++
			total++
		}
	}
	for gram, n := range count {
		if p.grams[gram] == nil {
			p.grams[gram] = make([]float64, len(p.tags))
		}
		p.grams[gram][language] = gramWeight * math.Log((n+gramSmoothing)/gramSmoothing)
	}
}

// grams yields the word's runs of three letters, its borders counted as one.
func grams(word string) func(func(string) bool) {
	return func(yield func(string) bool) {
		padded := " " + word + " "
		var ends [4]int // of the last letters
		n := 0
		for at := 0; at < len(padded); n++ {
			_, size := utf8.DecodeRuneInString(padded[at:])
			at += size
			copy(ends[:], ends[1:])
			ends[3] = at
			if n >= 2 && !yield(padded[ends[0]:at]) {
				return
			}
		}
	}
}

// identify finds the language of a text in the script.
func (p *profiles) identify(text []token, script string) identified {
	if p == nil {
		return identified{}
	}
	scores, known := make([]float64, len(p.tags)), make([]int, len(p.tags))
	read := 0
	for _, t := range text {
		if t.number || t.latin != (script == "Latn") {
			continue
		}
		if read++; read > maxIdentified {
			break
		}
		languages := p.words[t.text]
		for i := range p.tags {
			if languages&(1<<i) != 0 {
				known[i]++
				scores[i] += wordWeight * (1 + math.Log(float64(len(p.tags))/float64(bits.OnesCount32(languages))))
			}
		}
		for gram := range grams(t.text) {
			for i, s := range p.grams[gram] {
				scores[i] += s
			}
		}
	}
	best := 0
	for i, s := range scores {
		if s > scores[best] {
			best = i
		}
	}
	if scores[best] == 0 {
		return identified{}
	}
	found := identified{tag: p.tags[best], known: known[best], sure: true}
	for i, s := range scores {
		if !sameSpeech(p.tags[i], found.tag) && scores[best]-s < sureMargin {
			found.sure = false
		}
	}
	return found
}

// sameSpeech reports whether two tags are written alike: Hindi and Urdu in
// Latin letters.
func sameSpeech(a, b string) bool {
	return a == b || strings.HasSuffix(a, "-Latn") && strings.HasSuffix(b, "-Latn")
}

// foreign are the tongues that a text surely is not written in. Hindustani is
// full of English words, so English is not foreign to it.
func (i identified) foreign() [tongues]bool {
	var f [tongues]bool
	if !i.sure {
		return f
	}
	own := tongueOf(i.tag)
	for t := english; t < tongues; t++ {
		f[t] = t != own
	}
	if own == hindustani {
		f[english], f[consonants] = false, false
	}
	return f
}

// baseOf a tag: its language without script and region.
func baseOf(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	return base
}
