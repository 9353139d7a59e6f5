package cases

import "unicode/utf8"

// maxEnding is how many characters a word of another script may be longer
// than a keyword it begins with.
const maxEnding = 3

// entry is a phrase that stands for something.
type entry struct {
	target int    // index into the organisation's list
	phrase string // as written by the administrator
	lang   string // empty: any
	words  int
}

// lexicon finds phrases in a text in one pass: a tree whose edges are stems.
type lexicon struct {
	entries []entry
	root    node
}

type node struct {
	next map[string]*node
	ends []int // entries that end here
}

// hit is a phrase found in a text.
type hit struct {
	ends  []int // of lexicon.entries; several things can share a phrase
	at    int   // first token
	words int
}

// add puts a phrase in. It reports false for a phrase without words.
func (l *lexicon) add(e entry, words []token) bool {
	if len(words) == 0 {
		return false
	}
	e.words = len(words)
	n := l.step(words)
	n.ends = append(n.ends, len(l.entries))
	l.entries = append(l.entries, e)
	return true
}

// has reports whether exactly this phrase is in.
func (l *lexicon) has(words []token) bool { return len(l.step(words).ends) > 0 }

func (l *lexicon) step(words []token) *node {
	n := &l.root
	for _, w := range words {
		if n.next == nil {
			n.next = map[string]*node{}
		}
		child := n.next[w.stem]
		if child == nil {
			child = &node{}
			n.next[w.stem] = child
		}
		n = child
	}
	return n
}

// find returns the phrases in a text, longest first at each place, none
// overlapping another. Phrases end with their clause unless across is set.
func (l *lexicon) find(text []token, across bool) []hit {
	var hits []hit
	for i := 0; i < len(text); {
		ends, words := l.root.longest(text[i:], text[i].clause, across)
		if words == 0 {
			i++
			continue
		}
		hits = append(hits, hit{ends: ends, at: i, words: words})
		i += words
	}
	return hits
}

func (n *node) longest(text []token, clause int, across bool) (ends []int, words int) {
	if len(text) == 0 || len(n.next) == 0 || !across && text[0].clause != clause {
		return n.ends, 0
	}
	ends = n.ends
	text[0].forms(func(form string) {
		child := n.next[form]
		if child == nil {
			return
		}
		if found, more := child.longest(text[1:], clause, across); len(found) > 0 && more+1 > words {
			ends, words = found, more+1
		}
	})
	return ends, words
}

// forms offers the spellings under which a word may be known: its stem, and
// for scripts without a stem rule the word with a shorter ending.
func (t token) forms(offer func(string)) {
	offer(t.stem)
	if t.latin || t.number {
		return
	}
	form := t.text
	for range maxEnding {
		_, size := utf8.DecodeLastRuneInString(form)
		form = form[:len(form)-size]
		if utf8.RuneCountInString(form) < 3 {
			return
		}
		if form != t.stem {
			offer(form)
		}
	}
}
