package cases

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"unicode"
)

// Weights of what speaks for a service.
const (
	telltalePhrases = 3    // a word in so many keywords of one service …
	telltaleShare   = 0.6  // … and in few of others speaks for it by itself,
	telltaleWeight  = 0.45 // by so much of a keyword of one word
)

// vocabulary is what Classify looks for, prepared by Index.
type vocabulary struct {
	lexis    lexis
	profiles map[string]*profiles // by script
	tongues  [tongues]bool        // that texts are compared in
	spelling spelling
	known    map[string]token // words of the keywords, annotated, by folded spelling

	services phrasebook // target: index into Services
	urgent   phrasebook
	danger   phrasebook // target: index into alarms
	alarms   []Alarm
	areas    lexicon // target: index into Areas
	byEar    lexicon // the same by sound, for names in another script
}

func newVocabulary(o *Organisation) *vocabulary {
	v := &vocabulary{lexis: newLexis(), profiles: newProfiles(), spelling: newSpelling(), known: map[string]token{}}
	v.tongues[plain] = true
	for _, lang := range o.Jurisdiction.Languages {
		v.tongues[tongueOf(lang)] = true
	}
	for _, s := range o.Services {
		for lang := range s.Keywords {
			v.tongues[tongueOf(lang)] = true
		}
	}
	v.tongues[consonants] = v.tongues[hindustani]
	for word := range v.lexis.light {
		v.remember(tokenise(word))
	}
	for i, s := range o.Services {
		v.addService(o, i, s)
	}
	v.addTelltales()
	v.addUrgent(o)
	v.addAlarms(o)
	v.addAreas(o)
	return v
}

func (v *vocabulary) addService(o *Organisation, i int, s Service) {
	for _, lang := range slices.Sorted(maps.Keys(s.Keywords)) {
		for _, text := range s.Keywords[lang] {
			v.addPhrase(&v.services, entry{target: i, phrase: text, lang: lang}, s.Weight(lang, text))
		}
	}
	v.addPhrase(&v.services, entry{target: i, phrase: s.Name, lang: o.DefaultLanguage()}, 1)
	for _, lang := range slices.Sorted(maps.Keys(s.Names)) {
		v.addPhrase(&v.services, entry{target: i, phrase: s.Names[lang], lang: lang}, 1)
	}
}

// addPhrase puts a phrase into a book, and the words of it into the spelling.
func (v *vocabulary) addPhrase(book *phrasebook, e entry, weight float64) {
	words := v.remember(tokenise(e.phrase))
	p := phrase{entry: e, tongue: tongueOf(e.lang), weight: weight, known: "keyword"}
	if p.tongue == hindustani {
		if isLatin(words) || mainScript(words) == "Deva" {
			book.add(p, words)
		}
		p.tongue = consonants
	}
	book.add(p, words)
	for _, w := range words {
		v.spelling.add(w)
	}
	if len(words) == 2 && words[0].latin && words[1].latin && p.tongue != consonants { // "streetlight"
		joined := v.remember(tokenise(words[0].text + words[1].text))
		if len(joined) == 1 && len(joined[0].text) >= shortestMended {
			p.worth = 2
			book.add(p, joined)
			v.spelling.add(joined[0])
		}
	}
}

// addTelltales lets single words speak that stand in many keywords of one
// service and hardly in those of others: "mosquito", "manhole".
func (v *vocabulary) addTelltales() {
	book := &v.services
	for _, key := range slices.SortedFunc(maps.Keys(book.postings), compareKeys) {
		uses := map[int]map[string]bool{} // by service: which phrases
		for _, at := range book.postings[key] {
			p := book.phrases[at.phrase]
			if uses[p.target] == nil {
				uses[p.target] = map[string]bool{}
			}
			uses[p.target][p.phrase] = true
		}
		all, most, target := 0, 0, 0
		for _, service := range slices.Sorted(maps.Keys(uses)) {
			n := len(uses[service])
			all += n
			if n > most {
				most, target = n, service
			}
		}
		if most < telltalePhrases || float64(most) < telltaleShare*float64(all) || key.key == negation || key.key[0] == '#' {
			continue
		}
		first := book.postings[key][slices.IndexFunc(book.postings[key], func(at posting) bool {
			return book.phrases[at.phrase].target == target
		})]
		book.add(phrase{
			entry:  entry{target: target, phrase: first.spelt, lang: book.phrases[first.phrase].lang},
			tongue: key.tongue, weight: telltaleWeight, known: fmt.Sprintf("word of %d keywords", most),
		}, []token{{text: first.spelt, keys: []wordKey{key}}})
	}
}

func compareKeys(a, b wordKey) int {
	return cmp.Or(cmp.Compare(a.tongue, b.tongue), cmp.Compare(a.key, b.key))
}

func (v *vocabulary) addUrgent(o *Organisation) {
	for _, text := range o.Rules.Urgent {
		words := v.remember(tokenise(text))
		for t := plain; t < tongues; t++ { // they are of any language
			if v.tongues[t] {
				v.urgent.add(phrase{entry: entry{phrase: text}, tongue: t, weight: 1}, words)
			}
		}
	}
}

func (v *vocabulary) addAreas(o *Organisation) {
	for i, a := range o.Areas {
		for _, name := range append([]string{a.Name}, a.Aliases...) {
			words := withoutFillers(tokenise(name))
			v.areas.add(entry{target: i, phrase: name}, words)
			if heard := byEar(words); heard != nil {
				v.byEar.add(entry{target: i, phrase: name}, heard)
			}
		}
	}
	for i, a := range o.Areas {
		for _, name := range derivedNames(a.Name) {
			if words := tokenise(name); !v.areas.has(words) {
				v.areas.add(entry{target: i, phrase: name}, words)
			}
		}
	}
}

// annotate adds to each word what it is compared by, in the tongues of the set.
func (v *vocabulary) annotate(words []token, in [tongues]bool) []token {
	for i := range words {
		w := &words[i]
		if known, ok := v.known[w.text]; ok {
			w.keys, w.light, w.negates = known.keys, known.light, known.negates
			continue
		}
		w.light = v.lexis.light[w.text]
		w.negates = v.lexis.negator[w.text]
		for t := plain; t < tongues; t++ {
			if !in[t] {
				continue
			}
			key := negation
			if !w.negates {
				key = keyIn(t, *w)
			}
			if key != "" {
				w.keys = append(w.keys, wordKey{t, key})
			}
		}
	}
	return words
}

// remember annotates words of keywords, once each.
func (v *vocabulary) remember(words []token) []token {
	for i, w := range v.annotate(words, v.tongues) {
		if _, ok := v.known[w.text]; !ok {
			v.known[w.text] = words[i]
		}
	}
	return words
}

// read prepares a text for look-up: as annotate, with misspelt words mended.
// Of foreign tongues only known words are of use.
func (v *vocabulary) read(words []token, foreign [tongues]bool) {
	in := v.tongues
	for t := range in {
		in[t] = in[t] && !foreign[t]
	}
	for i, w := range v.annotate(words, in) {
		if !w.latin || w.negates || w.light != [tongues]bool{} || v.services.knows(w) || v.urgent.knows(w) || v.danger.knows(w) {
			continue
		}
		if right, ok := v.spelling.mended(w.text); ok {
			words[i].keys = v.known[right].keys
		}
	}
}

// byEar is a name by the sound of its words, nil where it has too little of it
// to be told from others.
func byEar(name []token) []token {
	words := heard(name)
	length := 0
	for _, w := range words {
		if w.stem == "" {
			return nil
		}
		if !w.number {
			length += len(w.stem)
		}
	}
	if length < 5 {
		return nil
	}
	return words
}

// heard is the words by their sound.
func heard(words []token) []token {
	out := slices.Clone(words)
	for i := range out {
		if !out[i].number {
			out[i].stem, out[i].latin = sound(out[i].text), true // no further endings
		}
	}
	return out
}

// derivedNames of an area called by a word and a number: "Ward 4" is also
// W-4, and Ward 4 in the other languages that have such wards.
func derivedNames(name string) []string {
	words := withoutFillers(tokenise(name))
	if len(words) != 2 || !words[1].number || words[0].number {
		return nil
	}
	var out []string
	kinds := []string{"ward", "वार्ड", "वॉर्ड", "distrito", "district"}
	isKind := func(k string) bool { return plainWords(k) == words[0].stem }
	if slices.ContainsFunc(kinds, isKind) {
		for _, k := range kinds {
			out = append(out, k+" "+words[1].text)
		}
	}
	if first := rune(words[0].text[0]); first < unicode.MaxASCII {
		out = append(out, string(first)+" "+words[1].text)
	}
	return out
}

// withoutFillers drops what people put between "ward" and its number: "no.",
// "number", "n.º".
func withoutFillers(tokens []token) []token {
	kept := make([]token, 0, len(tokens))
	numberFollows := false
	for _, t := range slices.Backward(tokens) {
		if numberFollows && isFiller(t.text) {
			continue
		}
		numberFollows = t.number
		kept = append(kept, t)
	}
	slices.Reverse(kept)
	return kept
}

func isFiller(word string) bool {
	switch word {
	case "no", "nr", "nro", "num", "number", "numero", "n", "o", "न", "नं", "नंबर", "नम्बर", "संख्या", "क्रमांक":
		return true
	}
	return false
}
