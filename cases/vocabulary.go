package cases

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// vocabulary is what Classify looks for, prepared by Index.
type vocabulary struct {
	services lexicon // target: index into Services
	areas    lexicon // target: index into Areas
	urgent   lexicon
	common   map[string]map[string]bool // by language: its common words
}

func newVocabulary(o *Organisation) vocabulary {
	v := vocabulary{common: map[string]map[string]bool{}}
	for _, lang := range o.Jurisdiction.Languages {
		v.common[lang] = commonWordsOf(lang)
	}
	for i, s := range o.Services {
		for _, lang := range slices.Sorted(maps.Keys(s.Keywords)) {
			for _, phrase := range s.Keywords[lang] {
				v.services.add(entry{target: i, phrase: phrase, lang: lang}, tokenise(phrase))
			}
		}
		v.addName(i, s.Name, o.DefaultLanguage())
		for _, lang := range slices.Sorted(maps.Keys(s.Names)) {
			v.addName(i, s.Names[lang], lang)
		}
	}
	for _, phrase := range o.Rules.Urgent {
		v.urgent.add(entry{phrase: phrase}, tokenise(phrase))
	}
	for i, a := range o.Areas {
		for _, name := range append([]string{a.Name}, a.Aliases...) {
			v.areas.add(entry{target: i, phrase: name}, withoutFillers(tokenise(name)))
		}
	}
	for i, a := range o.Areas {
		for _, name := range derivedNames(a.Name) {
			if words := tokenise(name); !v.areas.has(words) {
				v.areas.add(entry{target: i, phrase: name}, words)
			}
		}
	}
	return v
}

// addName makes a service's own name a keyword where it is not one already.
func (v *vocabulary) addName(service int, name, lang string) {
	words := tokenise(name)
	for _, id := range v.services.step(words).ends {
		if v.services.entries[id].target == service {
			return
		}
	}
	v.services.add(entry{target: service, phrase: name, lang: lang}, words)
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

// negated reports whether a phrase is denied where it stands: "no leak",
// "without any leak", "रिसाव नहीं है". A denial further off belongs to
// something else: "they did not fix the leak".
func negated(tokens []token, h hit) bool {
	clause := tokens[h.at].clause
	for i := h.at - 1; i >= 0 && i >= h.at-3 && tokens[i].clause == clause; i-- {
		if isNegator(tokens[i].text) {
			return true
		}
		if !isArticle(tokens[i].text) {
			break
		}
	}
	after := tokens[h.at+h.words:]
	if len(after) == 0 || after[0].clause != clause || after[0].text != "नहीं" && after[0].text != "नही" {
		return false
	}
	return len(after) == 1 || after[1].clause != clause || strings.Contains(" है हैं था थी थे ", " "+after[1].text+" ")
}

func isNegator(word string) bool {
	switch word {
	case "no", "not", "without", "never", "isnt", "arent", "wasnt", "dont", "doesnt", "havent", "hasnt", "sin", "ningun", "ninguna", "nunca", "tampoco", "बिना":
		return true
	}
	return false
}

func isArticle(word string) bool {
	switch word {
	case "a", "an", "any", "the", "more", "much", "longer", "have", "hay", "un", "una", "mas", "es", "कोई":
		return true
	}
	return false
}
