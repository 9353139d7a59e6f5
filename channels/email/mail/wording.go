package mail

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
)

// wordings are parts of regular expressions, lower case, of which a text may
// hold any. Go's regular expressions look at each byte for each of them; most
// need a word that is not there, and that is found out much faster.
type wordings []wordingOf

// wordingOf is one of them. Of a text that it fits, at least one of needs is a
// part; none: that is not known.
type wordingOf struct {
	needs   []string
	pattern func() *regexp.Regexp // made when first needed
}

func anyOf(words ...string) wordings {
	list := make(wordings, len(words))
	for i, word := range words {
		list[i] = wordingOf{needs: needs(word), pattern: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(word) })}
	}
	return list
}

// anyBetween is anyOf with the same before and after each.
func anyBetween(before string, words []string, after string) wordings {
	whole := make([]string, len(words))
	for i, word := range words {
		whole[i] = before + "(?:" + word + ")" + after
	}
	return anyOf(whole...)
}

// fits reports whether one of the wordings is in text, upper case or lower.
func (w wordings) fits(text string) bool { return w.MatchString(strings.ToLower(text)) }

// within are those that may be in a part of text, which is lower case.
func (w wordings) within(text string) wordings {
	var some wordings
	for i := range w {
		if w[i].mayFit(text) {
			some = append(some, w[i])
		}
	}
	return some
}

// MatchString reports whether one of the wordings is in text, which is lower
// case.
func (w wordings) MatchString(text string) bool {
	for i := range w {
		if w[i].mayFit(text) && w[i].pattern().MatchString(text) {
			return true
		}
	}
	return false
}

func (w *wordingOf) mayFit(text string) bool {
	return len(w.needs) == 0 || slices.ContainsFunc(w.needs, func(need string) bool { return strings.Contains(text, need) })
}

// needs are strings of which at least one is in every text that fits pattern;
// nil where there is no such list.
func needs(pattern string) []string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil // regexp will say so
	}
	return needsOf(parsed.Simplify())
}

func needsOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return needsOf(re.Sub[0])
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if found := needsOf(sub); worth(found) > worth(best) {
				best = found
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			found := needsOf(sub)
			if len(found) == 0 {
				return nil
			}
			all = append(all, found...)
		}
		return all
	}
	return nil
}

// worth prefers long strings, and few of them.
func worth(needs []string) int {
	shortest := 0
	for i, need := range needs {
		if i == 0 || len(need) < shortest {
			shortest = len(need)
		}
	}
	return shortest*10 - len(needs)
}
