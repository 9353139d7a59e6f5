package cases

import "unicode"

// enoughWords is how many words a text must have for its language to be judged
// by them alone.
const enoughWords = 5

// language finds the organisation's language a text is written in: by script,
// by what is typical of each language, in short texts also by the languages of
// the keywords found (votes), and by the hint. why is for staff.
func (o *Organisation) language(text []token, said identified, hint string, votes map[string]int) (lang, why string) {
	words := 0
	for _, t := range text {
		if !t.number {
			words++
		}
	}
	own, spoken := o.serving(said.tag)
	hinted, known := o.MatchLanguage(hint)
	voted := o.mostVotes(votes)
	switch {
	case words == 0 && known:
		return hinted, "the channel or an earlier message says so"
	case words == 0:
		return o.DefaultLanguage(), "the default"
	case spoken && said.sure && (words >= enoughWords || said.known > 1 || voted == "" || voted == own):
		return own, whyIdentified(said)
	case spoken && words >= enoughWords && said.known > 1:
		return own, whyIdentified(said)
	case voted != "" && (spoken || !said.sure || words < enoughWords):
		return voted, "the language of the keywords found"
	case known:
		return hinted, "the channel or an earlier message says so"
	case spoken && said.known > 0:
		return own, whyIdentified(said)
	}
	if candidates := o.languagesOfScript(text); len(candidates) > 0 && mainScript(text) != "Latn" {
		return candidates[0], "its script"
	}
	return o.DefaultLanguage(), "the default"
}

func whyIdentified(said identified) string {
	if said.known > 0 {
		return "its common words"
	}
	return "its letters"
}

func (o *Organisation) mostVotes(votes map[string]int) string {
	best := ""
	for _, lang := range o.Jurisdiction.Languages {
		if votes[lang] > votes[best] {
			best = lang
		}
	}
	return best
}

// serving is the organisation's language for a text written as the tag says:
// Hindi and Urdu in Latin letters serve for one another.
func (o *Organisation) serving(tag string) (string, bool) {
	if tag == "" {
		return "", false
	}
	wanted := []string{baseOf(tag)}
	switch tag {
	case "hi-Latn":
		wanted = append(wanted, "ur")
	case "ur-Latn":
		wanted = append(wanted, "hi")
	}
	for _, base := range wanted {
		for _, lang := range o.Jurisdiction.Languages {
			if baseOf(lang) == base {
				return lang, true
			}
		}
	}
	return "", false
}

func isLatin(tokens []token) bool {
	for _, t := range tokens {
		if !t.latin && !t.number {
			return false
		}
	}
	return true
}

// mainScript of a text. Latin letters count only where they are the great
// majority, since people mix English words into every language.
func mainScript(tokens []token) string {
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
	if latin+len(other) == 0 {
		return ""
	}
	if other[script]*4 < latin || script == "" {
		return "Latn"
	}
	return script
}

// languagesOfScript are the languages written in the script of a text, in the
// jurisdiction's order.
func (o *Organisation) languagesOfScript(tokens []token) []string {
	script := mainScript(tokens)
	var out []string
	for i, tag := range o.lookup().tags {
		s, _ := tag.Script()
		if name := s.String(); script != "" && (name == script || baseScript(name) == script) {
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
