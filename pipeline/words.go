package pipeline

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/redress-cms/redress/templates"
)

// Words is the Vocabulary of the message templates: what messages promise to
// understand is understood.
type Words struct {
	keywords  []spelled
	notFixed  [][]string
	yes       [][]string
	ordinary  map[string]bool // near a keyword, but no misspelt one
	languages func(word string) (string, bool)
}

// spelled is a keyword as folded words.
type spelled struct {
	words    []string
	kind     IntentKind
	alone    bool // counts only as the whole message
	language string
}

// NewWords reads the vocabulary from the table.
func NewWords(table templates.KeywordTable) *Words {
	kinds := map[templates.Command]IntentKind{
		templates.CommandStatus: IntentStatus, templates.CommandReopen: IntentReopen,
		templates.CommandNew: IntentComplaint, templates.CommandRate: IntentRate,
		templates.CommandLanguage: IntentLanguage, templates.CommandHelp: IntentHelp,
		templates.CommandStop: IntentStop, templates.CommandStopAlone: IntentStop,
		templates.CommandStart: IntentStart, templates.CommandSplit: IntentSplit,
	}
	w := &Words{languages: table.Language, ordinary: map[string]bool{}}
	for _, list := range table.Ordinary {
		for _, word := range list {
			w.ordinary[strings.Join(fold(word), " ")] = true
		}
	}
	for _, keyword := range table.All() {
		words := fold(keyword.Word)
		switch keyword.Command {
		case templates.CommandNotFixed:
			w.notFixed = append(w.notFixed, words)
			continue
		case templates.CommandYes:
			w.yes = append(w.yes, words)
			continue
		}
		if kind, ok := kinds[keyword.Command]; ok && len(words) > 0 {
			w.add(spelled{
				words: words, kind: kind, language: keyword.Language,
				alone: keyword.Command == templates.CommandStopAlone,
			})
		}
	}
	return w
}

// add takes a keyword once; one of several languages tells no language.
func (w *Words) add(k spelled) {
	for i, known := range w.keywords {
		if known.kind == k.kind && slices.Equal(known.words, k.words) {
			if known.language != k.language {
				w.keywords[i].language = ""
			}
			return
		}
	}
	w.keywords = append(w.keywords, k)
}

// Keyword implements Vocabulary. A chat's leading slash is no part of the word.
func (w *Words) Keyword(text string) (Keyword, bool) {
	text = strings.TrimPrefix(strings.TrimSpace(text), "/")
	line, _, _ := strings.Cut(text, "\n")
	head := fold(firstWords(line, 6))
	for _, k := range w.keywords {
		if !startsWith(head, k.words) {
			continue
		}
		taken, rest := cutWords(text, len(k.words))
		if k.alone && strings.TrimSpace(rest) != "" {
			continue
		}
		found := Keyword{
			Kind: k.kind, Language: k.language, Rest: rest,
			Shouted: taken == strings.ToUpper(taken) || len(head) == len(k.words),
		}
		if k.kind == IntentLanguage {
			code, ok := w.languages(strings.Trim(rest, " .!"))
			if !ok {
				continue
			}
			found.Rest = code
		}
		return found, true
	}
	return w.misspelt(text, head)
}

// NotFixed implements Vocabulary.
func (w *Words) NotFixed(text string) bool {
	words := fold(firstWords(text, 40))
	for i := range words {
		for _, phrase := range w.notFixed {
			if startsWith(words[i:], phrase) {
				return true
			}
		}
	}
	return false
}

// Yes implements Vocabulary.
func (w *Words) Yes(text string) bool {
	words := fold(firstWords(text, 6))
	return slices.ContainsFunc(w.yes, func(yes []string) bool { return slices.Equal(yes, words) })
}

// fold splits a text into lower-case words without punctuation and without
// accents, as people type on a phone.
func fold(text string) []string {
	text = strings.ToLower(strings.NewReplacer("’", "", "'", "").Replace(text))
	return strings.FieldsFunc(withoutAccents(text), separatesWords)
}

// withoutAccents takes the accents off Latin letters; the vowel signs of other
// scripts are part of their words.
func withoutAccents(text string) string {
	var b strings.Builder
	latin := false
	for _, r := range norm.NFD.String(text) {
		if unicode.Is(unicode.Mn, r) && latin {
			continue
		}
		latin = unicode.Is(unicode.Latin, r)
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

func separatesWords(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}

func startsWith(words, prefix []string) bool {
	if len(words) < len(prefix) {
		return false
	}
	for i := range prefix {
		if words[i] != prefix[i] {
			return false
		}
	}
	return true
}

func firstWords(text string, n int) string {
	fields := strings.Fields(text)
	return strings.Join(fields[:min(n, len(fields))], " ")
}

// cutWords splits a text after its first n words, counted as fold counts.
func cutWords(text string, n int) (taken, rest string) {
	inWord := false
	for i, r := range text {
		separates := separatesWords(r) && r != '\'' && r != '’'
		if inWord && separates {
			inWord = false
			n--
			if n == 0 {
				return strings.TrimLeftFunc(text[:i], separatesWords), strings.TrimLeft(text[i:], " \t\r\n:;,.!-–—")
			}
		} else if !separates {
			inWord = true
		}
	}
	return strings.TrimLeftFunc(text, separatesWords), ""
}
