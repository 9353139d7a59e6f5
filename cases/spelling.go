package cases

import (
	"slices"
	"strings"
)

// Bounds of mending a misspelt word, in letters.
const (
	shortestMended = 6
	longestMended  = 24
)

// spelling mends words of Latin letters that stand in no phrase but differ from
// one that does by a slip: a letter left out, doubled or swapped with its
// neighbour, or another vowel. A consonant for another one is another word
// ("leaning", "leaking") and is left alone.
type spelling struct {
	words   map[string]bool
	without map[string][]string // words by what is left when one letter is taken out
}

func newSpelling() spelling {
	return spelling{words: map[string]bool{}, without: map[string][]string{}}
}

func (s *spelling) add(word token) {
	if !word.latin || len(word.text) < shortestMended-1 || len(word.text) > longestMended || s.words[word.text] {
		return
	}
	s.words[word.text] = true
	for rest := range lettersOut(word.text) {
		s.without[rest] = append(s.without[rest], word.text)
	}
}

// mended is the one word that a misspelt one can be; false when there is none
// or more than one.
func (s *spelling) mended(word string) (string, bool) {
	if len(word) < shortestMended || len(word) > longestMended || s.words[word] {
		return "", false
	}
	var found []string
	consider := func(candidates ...string) {
		for _, c := range candidates {
			if c[0] == word[0] && isSlip(word, c) && !slices.Contains(found, c) {
				found = append(found, c)
			}
		}
	}
	consider(s.without[word]...)
	for rest := range lettersOut(word) {
		if s.words[rest] {
			consider(rest)
		}
		consider(s.without[rest]...)
	}
	switch len(found) {
	case 0:
		return "", false
	case 1:
		return found[0], true
	}
	slices.Sort(found)
	if strings.HasPrefix(found[len(found)-1], found[0]) { // forms of one word
		return found[0], true
	}
	return "", false
}

// lettersOut yields the word without each of its letters but the first.
func lettersOut(word string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for i := 1; i < len(word); i++ {
			if !yield(word[:i] + word[i+1:]) {
				return
			}
		}
	}
}

// isSlip reports whether two words differ by one slip of the hand or ear.
func isSlip(a, b string) bool {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	restA, restB := a[i:], b[i:]
	switch len(a) - len(b) {
	case 1:
		return restA[1:] == restB && len(restB) > 0
	case -1:
		return restB[1:] == restA
	case 0:
		if len(restA) == 0 {
			return false
		}
		swapped := len(restA) > 1 && restA[0] == restB[1] && restA[1] == restB[0] && restA[2:] == restB[2:]
		return swapped || soundAlike(restA[0], restB[0]) && restA[1:] == restB[1:]
	}
	return false
}

func soundAlike(a, b byte) bool {
	for _, group := range []string{"aeiouy", "ckqsz", "vw", "gj", "dt"} {
		if strings.IndexByte(group, a) >= 0 && strings.IndexByte(group, b) >= 0 {
			return true
		}
	}
	return false
}
