package cases

import (
	"strings"
	"unicode/utf8"
)

// sound is what a word of Hindustani sounds like, so that "paani", "pani" and
// "पानी" meet: without aspiration, length of vowels, doubled letters and the
// endings of number, gender and case. Both sides of a comparison are treated
// alike, so it need not be a word. It is empty for other scripts.
func sound(word string) string {
	letters := romanised(word)
	if letters == "" {
		return ""
	}
	base := withoutEnding(letters)
	key := classes(base)
	if len(key) >= 3 || base == letters {
		return key
	}
	// Of short words the last vowel tells them apart: nal, nala, nali.
	switch last := letters[len(base)]; last {
	case 'i':
		return key + "I"
	case 'u':
		return key + "U"
	}
	return key + "A"
}

// skeleton is sound without the vowels that Arabic script leaves out or writes
// in two ways.
func skeleton(word string) string {
	key := sound(word)
	var b strings.Builder
	for i, c := range []byte(key) {
		last := i == len(key)-1
		if (c == 'I' || c == 'U' || c == 'v') && i > 0 && (!last || len(key) > 3) {
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// classes merges what is spelt in many ways: vowels between consonants to i
// and u or nothing, double letters to one.
func classes(letters string) string {
	key := make([]byte, 0, len(letters))
	for i := range len(letters) {
		c := letters[i]
		switch c {
		case 'a':
			if i > 0 {
				continue
			}
		case 'i', 'e', 'y':
			c = 'I'
		case 'o', 'u':
			c = 'U'
		}
		if n := len(key); n > 0 && key[n-1] == c {
			continue
		}
		key = append(key, c)
	}
	return string(key)
}

// withoutEnding takes off what nouns, adjectives and verbs change by.
func withoutEnding(w string) string {
	for _, plural := range []string{"iyon", "iyan", "iyo"} {
		if base, ok := strings.CutSuffix(w, plural); ok && len(base) >= 2 {
			return withoutEnding(base + "i")
		}
	}
	for _, verb := range []string{
		"aiye", "aye", "aya", "ayi", "ata", "ate", "ati", "ana", "ane", "ani", "vao", "ao", "te", "ti", "ta", "ne", "na", "kar",
	} {
		if base, ok := strings.CutSuffix(w, verb); ok && consonantsIn(base) >= 3 {
			return base
		}
	}
	for _, ending := range []string{"on", "en", "in"} {
		if base, ok := strings.CutSuffix(w, ending); ok && consonantsIn(base) >= 2 {
			return base
		}
	}
	if n := len(w); n > 2 && strings.IndexByte("aeiou", w[n-1]) >= 0 {
		return w[:n-1]
	}
	return w
}

func consonantsIn(w string) int {
	n := 0
	for i := range len(w) {
		if strings.IndexByte("aeiouy", w[i]) < 0 {
			n++
		}
	}
	return n
}

// romanised spells a word of Latin, Devanagari or Arabic letters in one plain
// way; empty for other scripts.
func romanised(word string) string {
	r, _ := utf8.DecodeRuneInString(word)
	var letters string
	switch scriptOf(r) {
	case "Deva":
		letters = spelt(word, devanagari)
	case "Arab":
		letters = spelt(word, arabic)
	case "":
		if r >= utf8.RuneSelf {
			return ""
		}
		letters = word
	default:
		return ""
	}
	return merged.Replace(letters)
}

// spelt writes the letters of another script; those it does not know are left out.
func spelt(word string, letters func(rune) string) string {
	var b strings.Builder
	for _, r := range word {
		b.WriteString(letters(r))
	}
	return b.String()
}

// merged makes the ways to write one sound alike, longest first.
var merged = strings.NewReplacer(
	"chh", "c", "cch", "c", "tch", "c", "sch", "s", "ch", "c", "sh", "s", "kh", "k", "gh", "g", "jh", "j", "th", "t",
	"dh", "d", "ph", "p", "bh", "b", "ck", "k", "c", "k", "q", "k", "x", "ks", "w", "v", "z", "j", "f", "p",
	"mb", "nb", "mp", "np", "aa", "a", "ee", "i", "ii", "i", "oo", "u", "uu", "u",
	"ai", "e", "ay", "e", "ei", "e", "ey", "e", "au", "o", "ou", "o", "ow", "o", "iy", "iy",
)

// devanagari spells a letter. The vowel that follows a consonant unwritten is
// left out, as "a" is.
func devanagari(r rune) string {
	switch {
	case r >= 'क' && r <= 'ह':
		return []string{
			"k", "kh", "g", "gh", "n", "ch", "chh", "j", "jh", "n", "t", "th", "d", "dh", "n", "t", "th", "d", "dh", "n", "n",
			"p", "ph", "b", "bh", "m", "y", "r", "r", "l", "l", "l", "v", "sh", "sh", "s", "h",
		}[r-'क']
	case r >= 'ा' && r <= 'ौ':
		return []string{"a", "i", "i", "u", "u", "ri", "ri", "e", "e", "e", "e", "o", "o", "o", "o"}[r-'ा']
	case r >= 'अ' && r <= 'औ':
		return []string{"a", "a", "i", "i", "u", "u", "ri", "l", "e", "e", "e", "e", "o", "o", "o", "o"}[r-'अ']
	case r == 'ं':
		return "n"
	}
	return ""
}

// arabic spells a letter of Urdu.
func arabic(r rune) string {
	const from = "اآبپتٹثجچحخدڈذرڑزژسشصضطظعغفقکكگلمنوہهةیيئےى"
	to := [...]string{
		"a", "a", "b", "p", "t", "t", "s", "j", "ch", "h", "k", "d", "d", "j", "r", "d", "j", "j", "s", "s", "s", "j", "t", "j", "",
		"g", "p", "k", "k", "k", "g", "l", "m", "n", "o", "h", "h", "h", "i", "i", "i", "e", "i",
	}
	i := 0
	for _, letter := range from {
		if letter == r {
			return to[i]
		}
		i++
	}
	return ""
}
