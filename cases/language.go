package cases

import (
	"strings"
	"unicode"
)

// guessLanguage finds the organisation's language a text is written in: by
// script, then by common words and by the languages of the keywords found
// (votes), then by the hint. why is for staff.
func (o *Organisation) guessLanguage(tokens []token, hint string, votes map[string]int) (lang, why string) {
	candidates := o.languagesOfScript(tokens)
	best, most := "", 0
	for _, lang := range candidates {
		n := votes[lang] + commonWords(tokens, o.lookup().vocabulary.common[lang])
		if n > most {
			best, most = lang, n
		}
	}
	hinted, known := o.MatchLanguage(hint)
	switch {
	case most >= 2 || most == 1 && len(tokens) <= 6:
		return best, "its common words"
	case len(candidates) == 1 && !isLatin(tokens):
		return candidates[0], "its script"
	case known:
		return hinted, "the channel or an earlier message says so"
	case len(candidates) > 0:
		return candidates[0], "its script"
	}
	return o.DefaultLanguage(), "the default"
}

func isLatin(tokens []token) bool {
	for _, t := range tokens {
		if !t.latin && !t.number {
			return false
		}
	}
	return true
}

// languagesOfScript are the languages written in the script of a text, in the
// jurisdiction's order. Latin letters count only where they are the great
// majority, since people mix English words into every language.
func (o *Organisation) languagesOfScript(tokens []token) []string {
	x := o.lookup()
	latin, other, script := 0, map[string]int{}, ""
	for _, t := range tokens {
		if t.latin {
			latin++
		} else if !t.number {
			name := scriptOf([]rune(t.text)[0])
			other[name]++
			if script == "" || other[name] > other[script] {
				script = name
			}
		}
	}
	if other[script]*4 < latin || script == "" {
		script = "Latn"
	}
	if latin+len(other) == 0 {
		return nil
	}
	var out []string
	for i, tag := range x.tags {
		s, _ := tag.Script()
		if name := s.String(); name == script || baseScript(name) == script {
			out = append(out, o.Jurisdiction.Languages[i])
		}
	}
	return out
}

// baseScript names the script that tells a mixed writing system apart.
func baseScript(name string) string {
	switch name {
	case "Hans", "Hant", "Jpan":
		return "Hani"
	case "Kore":
		return "Hang"
	}
	return name
}

// scriptOf is the ISO 15924 code of a letter's script, empty for one that no
// table below names.
func scriptOf(r rune) string {
	for _, s := range []struct {
		code  string
		table *unicode.RangeTable
	}{
		{"Deva", unicode.Devanagari}, {"Arab", unicode.Arabic}, {"Cyrl", unicode.Cyrillic},
		{"Beng", unicode.Bengali}, {"Guru", unicode.Gurmukhi}, {"Gujr", unicode.Gujarati},
		{"Orya", unicode.Oriya}, {"Taml", unicode.Tamil}, {"Telu", unicode.Telugu},
		{"Knda", unicode.Kannada}, {"Mlym", unicode.Malayalam}, {"Sinh", unicode.Sinhala},
		{"Hani", unicode.Han}, {"Hani", unicode.Hiragana}, {"Hani", unicode.Katakana},
		{"Hang", unicode.Hangul}, {"Thai", unicode.Thai}, {"Grek", unicode.Greek},
		{"Hebr", unicode.Hebrew}, {"Ethi", unicode.Ethiopic}, {"Khmr", unicode.Khmer},
		{"Mymr", unicode.Myanmar}, {"Laoo", unicode.Lao}, {"Geor", unicode.Georgian},
		{"Armn", unicode.Armenian},
	} {
		if unicode.Is(s.table, r) {
			return s.code
		}
	}
	return ""
}

// commonWords counts the words of a text that are in a set, each once.
func commonWords(tokens []token, set map[string]bool) int {
	seen := map[string]bool{}
	for _, t := range tokens {
		if set[t.text] {
			seen[t.text] = true
		}
	}
	return len(seen)
}

// commonWordsOf are frequent words that tell a language from others of its
// script, folded.
func commonWordsOf(lang string) map[string]bool {
	base, _, _ := strings.Cut(lang, "-")
	words := map[string]string{
		"en": "the is are was has have been and of in on at to for from with not near since this that my our please there it we you your no very been days yesterday street road",
		"es": "el la los las un una de del en y que es esta estan hay por para con no se mi nuestra nuestro desde cerca ayer calle muy al lo su hace dias hola gracias",
		"fr": "le la les un une des du de en et est sont dans pour par avec pas ne se mon ma notre depuis pres hier rue tres il y a bonjour merci",
		"pt": "o a os as um uma de do da dos das em no na e que esta estao ha por para com nao meu minha nosso desde perto ontem rua muito ola obrigado",
		"de": "der die das ein eine und ist sind im in auf fur mit nicht kein seit bei mein unser unsere gestern strasse sehr bitte es wir ich",
		"it": "il lo la gli le un una di del della in e che sono per con non si mio nostra nostro da vicino ieri via molto ciao grazie",
		"hi": "है हैं का की के में से और को पर नहीं यह मेरे हमारे हमारी मेरी कल बहुत कृपया रहा रही रहे",
		"mr": "आहे आहेत चा ची चे मध्ये आणि ला नाही हे माझ्या आमच्या काल खूप कृपया झाला झाली पासून",
		"ne": "छ छन् को मा बाट र लाई छैन यो मेरो हाम्रो हिजो धेरै कृपया भयो",
	}[base]
	set := map[string]bool{}
	for _, t := range tokenise(words) {
		set[t.text] = true
	}
	return set
}
