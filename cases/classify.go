package cases

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// maxAlternatives is how many other services a Classification names.
const maxAlternatives = 3

// Text is what there is to classify. Everything but the hints is free text; of
// each, the first 20,000 characters are read.
type Text struct {
	Subject     string
	Body        string
	Place       string   // where, in words
	Language    string   // BCP 47 hint; empty: none
	ServiceHint string   // code chosen on a form; unknown codes are ignored
	AreaHint    string   // likewise
	Point       *Located // from beside the text; nil: one in the text is looked for
}

// Classification is what a text is about. What is not known is empty; Priority
// and Language never are. Reasons name the administrator's words only, never
// the sender's.
type Classification struct {
	Service      string
	Priority     Priority
	Area         string
	Language     string
	Point        *Located // nil: none known
	Reasons      []Reason
	Alternatives []Alternative // other services, best first, at most 3
}

// Alternative is a service that was considered.
type Alternative struct {
	Service string
	Score   int
}

// found is a service with what speaks for it.
type found struct {
	service int
	score   int
	why     []string
}

// textPart is a piece of the text with its weight.
type textPart struct {
	name   string
	tokens []token
	weight int
}

// Classify finds service, priority, area and language of a text by the
// organisation's words. The more words a phrase has, the more it counts; words
// of the subject count double, those of a language other than the text's
// less. The first of equal services in the organisation's order is taken.
func (o *Organisation) Classify(in Text) Classification {
	parts := []textPart{
		{"subject", tokenise(in.Subject), 2},
		{"text", tokenise(in.Body), 1},
	}
	var c Classification
	hits := o.serviceHits(parts)
	c.language(o, in, parts, hits)
	ranked := o.rankServices(parts, hits, c.Language)
	c.service(o, in, ranked)
	c.priority(o, parts)
	c.area(o, in, parts)
	return c
}

func (c *Classification) because(decision, value, format string, args ...any) {
	c.Reasons = append(c.Reasons, Reason{Decision: decision, Value: value, Why: fmt.Sprintf(format, args...)})
}

// serviceHits are the keywords found, by part, without the denied ones.
func (o *Organisation) serviceHits(parts []textPart) [][]hit {
	hits := make([][]hit, len(parts))
	for i, p := range parts {
		for _, h := range o.lookup().vocabulary.services.find(p.tokens, false) {
			if !negated(p.tokens, h) {
				hits[i] = append(hits[i], h)
			}
		}
	}
	return hits
}

func (c *Classification) language(o *Organisation, in Text, parts []textPart, hits [][]hit) {
	votes := map[string]int{}
	entries := o.lookup().vocabulary.services.entries
	for _, list := range hits {
		for _, h := range list {
			seen := map[string]bool{}
			for _, id := range h.ends {
				if lang := entries[id].lang; !seen[lang] {
					seen[lang] = true
					votes[lang]++
				}
			}
		}
	}
	lang, why := o.guessLanguage(slices.Concat(parts[0].tokens, parts[1].tokens), in.Language, votes)
	c.Language = lang
	c.because("language", lang, "%s", why)
}

// evidence is a phrase found for a service. Spellings that compare alike
// ("bache", "baches") are one phrase: the first stands for all.
type evidence struct{ service, phrase int }

// rankServices weighs the services whose keywords were found, best first. A
// phrase counts once, where it weighs most.
func (o *Organisation) rankServices(parts []textPart, hits [][]hit, lang string) []found {
	entries := o.lookup().vocabulary.services.entries
	best, why := map[evidence]int{}, map[evidence]string{}
	for i, list := range hits {
		for _, h := range list {
			for _, id := range h.ends {
				e := entries[id]
				score := 10 * e.words * e.words * parts[i].weight
				if e.lang != lang {
					score = score * 7 / 10
				}
				if key := (evidence{e.target, h.ends[0]}); score > best[key] {
					best[key] = score
					why[key] = fmt.Sprintf("keyword '%s' (%s) in %s", e.phrase, e.lang, parts[i].name)
				}
			}
		}
	}
	return rank(best, why)
}

// rank adds up what speaks for each service.
func rank(best map[evidence]int, why map[evidence]string) []found {
	byService := map[int]*found{}
	for _, key := range slices.SortedFunc(maps.Keys(best), func(a, b evidence) int { return cmp.Compare(a.phrase, b.phrase) }) {
		f := byService[key.service]
		if f == nil {
			f = &found{service: key.service}
			byService[key.service] = f
		}
		f.score += best[key]
		f.why = append(f.why, why[key])
	}
	ranked := make([]found, 0, len(byService))
	for _, f := range byService {
		ranked = append(ranked, *f)
	}
	slices.SortFunc(ranked, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.service, b.service))
	})
	return ranked
}

func (c *Classification) service(o *Organisation, in Text, ranked []found) {
	if _, ok := o.Service(in.ServiceHint); ok {
		c.Service = in.ServiceHint
		c.because("service", c.Service, "chosen by the sender")
	} else if len(ranked) > 0 {
		c.Service = o.Services[ranked[0].service].Code
		c.because("service", c.Service, "%s", strings.Join(ranked[0].why, "; "))
	} else {
		c.because("service", "", "no keyword of any service found")
	}
	for _, f := range ranked {
		if code := o.Services[f.service].Code; code != c.Service && len(c.Alternatives) < maxAlternatives {
			c.Alternatives = append(c.Alternatives, Alternative{Service: code, Score: f.score})
		}
	}
}

// priority is the service's, one step higher when the text has an urgent word.
func (c *Classification) priority(o *Organisation, parts []textPart) {
	c.Priority = Normal
	why := "the usual one"
	if s, ok := o.Service(c.Service); ok && s.Priority != "" {
		c.Priority = s.Priority
		why = fmt.Sprintf("priority of service %s", s.Name)
	}
	urgent := &o.lookup().vocabulary.urgent
	for _, p := range parts {
		for _, h := range urgent.find(p.tokens, false) {
			if negated(p.tokens, h) {
				continue
			}
			c.Priority = c.Priority.above()
			c.because("priority", string(c.Priority), "%s, raised by '%s' in %s", why, urgent.entries[h.ends[0]].phrase, p.name)
			return
		}
	}
	c.because("priority", string(c.Priority), "%s", why)
}

// above is the next higher priority.
func (p Priority) above() Priority {
	switch p {
	case Low:
		return Normal
	case Normal:
		return High
	}
	return Urgent
}

// area is the one whose name or alias in the text has the most words; of
// equal ones that in the place, then the first in subject and text.
func (c *Classification) area(o *Organisation, in Text, parts []textPart) {
	if _, ok := o.Area(in.AreaHint); ok {
		c.Area = in.AreaHint
		c.because("area", c.Area, "chosen by the sender")
	}
	if c.locate(o, in); c.Area != "" {
		return
	}
	areas := &o.lookup().vocabulary.areas
	most := 0
	var phrase, where string
	for _, p := range append([]textPart{{name: "place", tokens: tokenise(in.Place)}}, parts...) {
		for _, h := range areas.find(withoutFillers(p.tokens), true) {
			e := areas.entries[h.ends[0]]
			if h.words > most {
				most, phrase, where = h.words, e.phrase, p.name
				c.Area = o.Areas[e.target].Code
			}
		}
	}
	if most > 0 {
		c.because("area", c.Area, "'%s' in %s", phrase, where)
	}
}
