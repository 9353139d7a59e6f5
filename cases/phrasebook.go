package cases

import (
	"math"
	"sync"
)

// Bounds of a phrase in a text.
const (
	maxGap         = 3  // further words between those of a phrase
	maxPhraseWords = 12 // of longer phrases, the first are looked for

	gapLoss  = 0.12 // of the quality, for each further word
	disorder = 0.8  // of the quality, where the words stand in another order
)

// phrase is one entry of a phrasebook.
type phrase struct {
	entry
	tongue tongue
	first  int // its words begin here in what was seen
	worth  int // of how many words it counts; 0: those it has
	weight float64
	known  string // what an explanation calls it
	denies bool   // it says itself that something is not there
	arabic bool   // of Arabic letters
}

// posting names a word of a phrase.
type posting struct {
	phrase int
	word   int
	spelt  string // folded
}

// sighting is where a word of a phrase was seen last.
type sighting struct {
	text  int32
	at    int32 // counted from 1
	exact bool  // spelt as in the phrase
}

// phrasebook finds phrases in a text, their words in any form, with a few
// other words between them, and in another order where need be.
type phrasebook struct {
	phrases  []phrase
	postings map[wordKey][]posting
	slots    int       // words of all phrases together
	scratch  sync.Pool // of *sightings
}

// sightings are where the words of all phrases were seen last in a text.
type sightings struct {
	text int32 // counts the texts; what was seen in an earlier one is void
	seen []sighting
}

// wordKey is a word as one tongue compares it.
type wordKey struct {
	tongue tongue
	key    string
}

// match is a phrase found in a text.
type match struct {
	phrase   int
	from, to int     // first and last token
	gap      int     // further words between
	quality  float64 // 1: as written; less with gaps or in another order
	ordered  bool    // its words stand in their order
	exact    bool    // spelt as by the administrator
	place    bool    // it only says where
}

// add puts a phrase in, without words that carry no meaning of their own
// unless it has no others. It reports false for a phrase without words.
func (b *phrasebook) add(p phrase, words []token) bool {
	content := make([]token, 0, len(words))
	for _, w := range words {
		if w.negates || !w.isLight(p.tongue) {
			content = append(content, w)
		}
		p.denies = p.denies || w.negates
		p.arabic = p.arabic || w.arabic
	}
	if len(content) == 0 || len(content) == 1 && (content[0].negates || len(words) > 2) {
		content = words // "se fue el agua" is more than "agua"
	}
	content = content[:min(len(content), maxPhraseWords)]
	if b.postings == nil {
		b.postings = map[wordKey][]posting{}
	}
	p.words, p.first = 0, b.slots
	for _, w := range content {
		if key, ok := w.in(p.tongue); ok {
			b.postings[key] = append(b.postings[key], posting{len(b.phrases), p.words, w.text})
			p.words++
		}
	}
	if p.words == 0 {
		return false
	}
	if p.worth == 0 {
		p.worth = p.words
	}
	b.slots += p.words
	b.phrases = append(b.phrases, p)
	return true
}

// knows reports whether a word stands in any phrase.
func (b *phrasebook) knows(t token) bool {
	for _, key := range t.keys {
		if len(b.postings[key]) > 0 {
			return true
		}
	}
	return false
}

// find offers every place where a phrase stands in the text, from left to
// right. Phrases end with their clause. Words of phrases in a tongue that is
// foreign to the text count only when they are spelt as in the phrase: an
// English "sure" is no Hindi "shor", a "pipe" no Spanish "pipa". So do words
// without a meaning of their own: "mere" (my) is no "mar" (die).
func (b *phrasebook) find(text []token, foreign [tongues]bool, offer func(match)) {
	s, ok := b.scratch.Get().(*sightings)
	if !ok || s.text == math.MaxInt32 {
		s = &sightings{seen: make([]sighting, b.slots)}
	}
	defer b.scratch.Put(s)
	s.text++
	skipped := lightBefore(text)
	for i, t := range text {
		for _, key := range t.keys {
			for _, at := range b.postings[key] {
				exact := t.text == at.spelt
				far := foreign[key.tongue] && t.latin && key.key != negation
				if !exact && (far || t.isLight(key.tongue)) {
					continue
				}
				p := &b.phrases[at.phrase]
				if key.tongue == consonants && !t.arabic && !p.arabic {
					continue
				}
				s.seen[p.first+at.word] = sighting{s.text, int32(i + 1), exact}
				if m, ok := p.here(text, s.seen[p.first:p.first+p.words], s.text, skipped[p.tongue]); ok {
					m.phrase = at.phrase
					offer(m)
				}
			}
		}
	}
}

// here reports whether all words of a phrase were seen close together.
func (p *phrase) here(text []token, seen []sighting, current int32, skipped []int32) (match, bool) {
	from, to := seen[0].at, seen[0].at
	ordered, exact := true, true
	for i, s := range seen {
		if s.text != current {
			return match{}, false
		}
		from, to = min(from, s.at), max(to, s.at)
		exact = exact && s.exact
		if i > 0 && s.at <= seen[i-1].at {
			ordered = false
		}
	}
	if text[from-1].clause != text[to-1].clause || int(to-from)+1 < p.words {
		return match{}, false
	}
	gap := max(int(to-from)+1-p.words-int(skipped[to]-skipped[from-1]), 0)
	if gap > maxGap {
		return match{}, false
	}
	quality := 1 - gapLoss*float64(gap)
	if !ordered && p.denies && p.words > 2 {
		return match{}, false // in "light outside the house is not" there is no "no light in the house"
	}
	if !ordered {
		quality *= disorder
	}
	return match{from: int(from - 1), to: int(to - 1), gap: gap, quality: quality, ordered: ordered, exact: exact}, true
}

// lightBefore counts, by tongue, the light words before each place.
func lightBefore(text []token) [tongues][]int32 {
	var counts [tongues][]int32
	all := make([]int32, int(tongues)*(len(text)+1))
	for t := range counts {
		counts[t] = all[t*(len(text)+1) : (t+1)*(len(text)+1)]
		for i, word := range text {
			counts[t][i+1] = counts[t][i]
			if word.light[t] && !word.negates {
				counts[t][i+1]++
			}
		}
	}
	return counts
}

// begins reports whether the first word of a phrase is this one.
func (b *phrasebook) begins(id int, word token) bool {
	for _, key := range word.keys {
		for _, at := range b.postings[key] {
			if at.phrase == id && at.word == 0 {
				return true
			}
		}
	}
	return false
}
