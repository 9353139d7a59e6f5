package cases

import (
	"strings"

	"github.com/kljensen/snowball"
)

// tongue is how words of a language are compared. Languages that are spoken
// alike and written in several scripts share one.
type tongue uint8

// The tongues. A key of one never meets that of another.
const (
	plain      tongue = iota // no rule of its own: light endings only
	english                  // the rest of them: stems of Snowball
	spanish                  //
	french                   //
	russian                  //
	hindustani               // Hindi, Urdu, Marathi, Nepali in any script: by sound
	consonants               // the same for Arabic letters, which leave out most vowels
	tongues                  // how many there are
)

// tongueOf the language of a tag.
func tongueOf(lang string) tongue {
	base, _, _ := strings.Cut(lang, "-")
	switch base {
	case "en":
		return english
	case "es":
		return spanish
	case "fr":
		return french
	case "ru":
		return russian
	case "hi", "ur", "mr", "ne":
		return hindustani
	}
	return plain
}

// keyIn is what a folded word is compared by in a tongue: words of the same
// key count as forms of one word. It is empty where the word has none.
func keyIn(t tongue, word token) string {
	if word.number {
		return "#" + word.text
	}
	switch t {
	case english, spanish, french, russian:
		if word.latin == (t == russian) {
			return ""
		}
		return snowballStem(t, word.text)
	case hindustani:
		return sound(word.text)
	case consonants:
		return skeleton(word.text)
	}
	return word.stem
}

func snowballStem(t tongue, word string) string {
	name := map[tongue]string{english: "english", spanish: "spanish", french: "french", russian: "russian"}[t]
	switch t {
	case english:
		word = regularEnglish(word)
	case spanish:
		word = regularSpanish(word)
	}
	stem, err := snowball.Stem(word, name, true)
	if err != nil {
		return word
	}
	if t == spanish && len(stem) > 4 { // "desborda", "desbordó": vowels that are left over
		stem = strings.TrimRight(stem, "aeio")
	}
	return stem
}

// regularEnglish makes irregular forms regular, and British spelling American,
// so that stemming meets them.
func regularEnglish(word string) string {
	switch word {
	case "bit", "bitten", "bites", "biting":
		return "bite"
	case "broke", "broken":
		return "break"
	case "fell", "fallen":
		return "fall"
	case "hung":
		return "hang"
	case "stole", "stolen":
		return "steal"
	case "overflowed", "overflown":
		return "overflow"
	case "burnt":
		return "burn"
	case "dug":
		return "dig"
	case "threw", "thrown":
		return "throw"
	case "leaves":
		return "leaf"
	case "wires", "wiring":
		return "wire"
	case "bought":
		return "buy"
	case "taken", "took":
		return "take"
	case "came":
		return "come"
	case "blew", "blown":
		return "blow"
	case "dead", "died", "dying":
		return "die"
	case "smelt", "smelly":
		return "smell"
	case "sunk", "sank", "sunken":
		return "sink"
	case "swept":
		return "sweep"
	case "mice":
		return "mouse"
	case "kerb", "kerbs":
		return "curb"
	case "licence", "licences", "licencing":
		return "license"
	case "neighbours":
		return "neighbour"
	case "colour", "coloured":
		return "color"
	case "misspelt":
		return "misspell"
	case "sewerage":
		return "sewage"
	case "stinks", "stinking", "stank", "stinky":
		return "stink"
	case "choked", "choking":
		return "choke"
	}
	if len(word) < 8 {
		return word
	}
	for _, s := range []string{"ised", "ise", "ising", "isation", "ises"} {
		if head, ok := strings.CutSuffix(word, s); ok {
			return head + "ize"
		}
	}
	return word
}

// regularSpanish undoes the changes of the stem in verbs that complaints are
// made of.
func regularSpanish(word string) string {
	switch word {
	case "rompio", "rompe", "rompieron", "rota", "roto", "rotas", "rotos":
		return "romper"
	case "muerde", "muerden", "mordio", "mordieron", "mordido", "mordida", "morder":
		return "morder"
	case "cayo", "cae", "caen", "caida", "caidas", "caido", "caidos", "cayeron", "cayendo", "caerse", "caer":
		return "caer"
	case "muerto", "muerta", "muertos", "muertas", "murio":
		return "morir"
	case "huele", "huelen", "olia", "oler":
		return "oler"
	case "cuelga", "cuelgan", "colgando", "colgado":
		return "colgar"
	case "pidio", "pide", "piden", "pidieron", "pidiendo", "pedi", "pedimos", "pedir":
		return "pedir"
	case "suelto", "suelta", "sueltos", "sueltas":
		return "suelto"
	case "bloquea", "bloquean", "bloqueado", "bloqueando", "bloquear":
		return "bloquear"
	case "sucia", "sucio", "sucias", "sucios":
		return "sucio"
	case "tira", "tiran", "tirando", "tirar", "tirada", "tirado":
		return "tirar"
	}
	return word
}
