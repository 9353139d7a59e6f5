package pipeline

import (
	"slices"
	"strings"
)

// minMisspelt is how many letters a keyword has at least to be known with one
// of them wrong.
const minMisspelt = 5

// maxMisspelt is the length of a word, in bytes, beyond which no keyword is near.
const maxMisspelt = 100

// misspelt finds the keyword that the first word of a text is but for one
// letter wrong, left out, added or swapped with its neighbour. Words of their
// own are none, nor is what is as near to another command. Opting out and in
// are by the carriers' exact words only, and what follows "new" can be
// anything, so neither is guessed.
func (w *Words) misspelt(text string, head []string) (Keyword, bool) {
	if len(head) == 0 || len(head[0]) > maxMisspelt || len([]rune(head[0])) < minMisspelt-1 || w.ordinary[head[0]] {
		return Keyword{}, false
	}
	var best *spelled
	for i, k := range w.keywords {
		guessed := k.kind != IntentStop && k.kind != IntentStart && k.kind != IntentComplaint
		if !guessed || len(k.words) != 1 || len([]rune(k.words[0])) < minMisspelt || !oneEdit(head[0], k.words[0]) {
			continue
		}
		if best != nil && best.kind != k.kind {
			return Keyword{}, false
		}
		best = &w.keywords[i]
	}
	if best == nil {
		return Keyword{}, false
	}
	taken, rest := cutWords(text, 1)
	found := Keyword{
		Kind: best.kind, Language: best.language, Rest: rest, Misspelt: true,
		Shouted: taken == strings.ToUpper(taken) || len(head) == 1,
	}
	if best.kind == IntentLanguage {
		code, ok := w.languages(strings.Trim(rest, " .!"))
		if !ok {
			return Keyword{}, false
		}
		found.Rest = code
	}
	return found, true
}

// oneEdit reports whether two words differ by one letter: another one, one too
// many or too few, or two neighbours swapped (Damerau's edits).
func oneEdit(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) > 1 {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	switch {
	case len(x) < len(y):
		return slices.Equal(x[i:], y[i+1:])
	case i == len(x):
		return false // the same word
	case slices.Equal(x[i+1:], y[i+1:]):
		return true
	}
	return i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && slices.Equal(x[i+2:], y[i+2:])
}
