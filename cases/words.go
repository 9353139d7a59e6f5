package cases

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxClassified bounds how much of a text is read for classification, in characters.
const maxClassified = 20_000

// token is one word or number of a text.
type token struct {
	text   string // folded: lower case, without accents
	stem   string // without the light endings of English, Spanish and Hindi
	number bool
	latin  bool
	arabic bool // of Arabic letters, which leave out vowels
	clause int  // number of its clause; phrases do not reach across

	// Set by annotate.
	keys    []wordKey     // what it is compared by, in each tongue
	light   [tongues]bool // it has no meaning of its own
	negates bool          // "no", "नहीं", "sin"
}

// isLight reports whether the word carries no meaning of its own in a tongue.
func (t token) isLight(in tongue) bool { return t.light[in] }

// in is what the word is compared by in a tongue.
func (t token) in(in tongue) (wordKey, bool) {
	for _, key := range t.keys {
		if key.tongue == in {
			return key, true
		}
	}
	return wordKey{}, false
}

// tokenise cuts a text into words and numbers ("W4" is a word and a number).
// In scripts that write no blanks every character is a word, so that a phrase
// matches wherever its characters stand together.
func tokenise(text string) []token {
	var tokens []token
	var b strings.Builder
	clause, kind := 0, separator
	flush := func() {
		if b.Len() > 0 {
			tokens = append(tokens, newToken(b.String(), kind, clause))
			b.Reset()
		}
	}
	for _, r := range norm.NFKD.String(firstRunes(text, maxClassified)) {
		r = fold(r)
		if r == 0 {
			continue
		}
		next := kindOf(r)
		if next != kind || next == character {
			flush()
		}
		kind = next
		if kind == separator {
			if endsClause(r) {
				clause++
			}
			continue
		}
		b.WriteRune(r)
	}
	flush()
	return tokens
}

func newToken(text string, kind runeKind, clause int) token {
	t := token{text: text, stem: text, number: kind == digit, clause: clause}
	switch {
	case t.number:
		if text = strings.TrimLeft(text, "0"); text == "" {
			text = "0"
		}
		t.text, t.stem = text, text
	case text[0] < utf8.RuneSelf:
		t.latin, t.stem = true, stemLatin(text)
	default:
		t.stem = stemIndic(text)
		first, _ := utf8.DecodeRuneInString(text)
		t.arabic = unicode.Is(unicode.Arabic, first)
	}
	return t
}

func firstRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	count := 0
	for i := range s {
		if count == n {
			return s[:i]
		}
		count++
	}
	return s
}

// fold makes spellings alike that people do not tell apart; 0 drops the
// character. It expects decomposed text.
func fold(r rune) rune {
	switch {
	case r >= 0x300 && r <= 0x36f, r == '\u093c': // accents, nukta
		return 0
	case r == '\'', r == '\u2019', r == '\u02bc': // don't → dont
		return 0
	case unicode.Is(unicode.Cf, r): // zero-width joiners
		return 0
	case r == '\u0901': // candrabindu → anusvara
		return '\u0902'
	case unicode.Is(unicode.Nd, r):
		return '0' + digitValue(r)
	}
	return unicode.ToLower(r)
}

// digitValue of a decimal digit of any script: they stand in runs of ten.
func digitValue(r rune) rune {
	zero := r
	for unicode.Is(unicode.Nd, zero-1) {
		zero--
	}
	return (r - zero) % 10
}

type runeKind int

const (
	separator runeKind = iota
	letter
	digit
	character // a letter of a script without blanks
)

func kindOf(r rune) runeKind {
	switch {
	case r >= '0' && r <= '9':
		return digit
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' {
			return letter
		}
		return separator
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return character
	case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r):
		return letter
	}
	return separator
}

func endsClause(r rune) bool {
	return strings.ContainsRune(".,;:!?\n()…।॥؟،。、", r)
}

// stemLatin takes off plural, -ing and -ed and what they leave behind, so that
// "leaking pipes" is "leak pipe" and "baches" is "bache". Both sides of a
// comparison are treated alike, so a stem need not be a word.
func stemLatin(w string) string {
	if len(w) < 4 {
		return w
	}
	switch {
	case strings.HasSuffix(w, "ies") && len(w) > 4:
		w = w[:len(w)-3] + "y"
	case hasAnySuffix(w, "ses", "xes", "zes", "ches", "shes"):
		w = w[:len(w)-2]
	case strings.HasSuffix(w, "s") && !hasAnySuffix(w, "ss", "us", "is"):
		w = w[:len(w)-1]
	case strings.HasSuffix(w, "ing") && len(w) > 5:
		w = w[:len(w)-3]
	case strings.HasSuffix(w, "ed") && len(w) > 4:
		w = w[:len(w)-2]
	}
	if len(w) > 3 && w[len(w)-1] == 'e' {
		w = w[:len(w)-1]
	}
	if n := len(w); n > 3 && w[n-1] == w[n-2] && !strings.ContainsRune("aeiou", rune(w[n-1])) {
		w = w[:n-1]
	}
	return w
}

func hasAnySuffix(w string, suffixes ...string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(w, s) })
}

// stemIndic takes off the vowel signs at the end, by which Hindi and its
// sisters tell number and case: गड्ढा, गड्ढे, गड्ढों.
func stemIndic(w string) string {
	stem := strings.TrimRight(w, "\u0902\u093e\u093f\u0940\u0941\u0942\u0947\u0948\u094b\u094c")
	if utf8.RuneCountInString(stem) < 2 {
		return w
	}
	return stem
}

// plainWords is a phrase as it is compared; two phrases alike here mean the same.
func plainWords(phrase string) string {
	var words []string
	for _, t := range tokenise(phrase) {
		words = append(words, t.stem)
	}
	return strings.Join(words, " ")
}
