package cases

import (
	"cmp"
	"fmt"
	"maps"
	"math"
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
	Learned     *Opinion // of the lessons; nil: none
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
	Alarm        *Reason       // the danger the text speaks of; nil: none
	Facts        []Fact        // numbers and addresses it names
}

// Alternative is a service that was considered.
type Alternative struct {
	Service string
	Score   int
}

// found is a service with what speaks for it.
type found struct {
	service int
	score   float64
	first   int // token at which the first of it stands
	why     []string
}

// textPart is a piece of the text with its weight.
type textPart struct {
	name   string
	tokens []token
	weight float64
}

// Weights of what is found. They were chosen on half of the labelled texts.
const (
	wordScore     = 10   // of a keyword of one word; of n words it is n² times that
	foreignWeight = 0.7  // of a keyword of another language than the text's
	placeWeight   = 0.35 // of one that only says where …
	placeScore    = 8    // … and at most so much: less than one keyword
	crossedWeight = 0.4  // of one around a keyword of another service
)

// Classify finds service, priority, area and language of a text by the
// organisation's words, in any form, with other words between them. The more
// words a phrase has, the more it counts; words of the subject count double,
// those of a language other than the text's and those that say where less.
// Of equal services the first in the text is taken, then the first in the
// organisation's order.
func (o *Organisation) Classify(in Text) Classification {
	v := o.lookup().vocabulary
	parts := []textPart{
		{"subject", tokenise(in.Subject), 2},
		{"text", tokenise(in.Body), 1},
	}
	var c Classification
	words := slices.Concat(parts[0].tokens, parts[1].tokens)
	script := mainScript(words)
	said := v.profiles[script].identify(words, script)
	foreign := said.foreign()
	for _, p := range parts {
		v.read(p.tokens, foreign)
	}
	hits := v.serviceHits(parts, foreign)
	c.language(o, in, words, said, v.votes(hits))
	ranked := v.rankServices(parts, hits, c.Language)
	c.service(o, in, ranked)
	c.priority(o, parts, foreign)
	c.area(o, in, parts)
	c.Facts = o.FindFacts(in.Subject, in.Body, in.Place)
	return c
}

func (c *Classification) because(decision, value, format string, args ...any) {
	c.Reasons = append(c.Reasons, Reason{Decision: decision, Value: value, Why: fmt.Sprintf(format, args...)})
}

// serviceHits are the keywords found, by part, without the denied ones.
func (v *vocabulary) serviceHits(parts []textPart, foreign [tongues]bool) [][]match {
	hits := make([][]match, len(parts))
	for i, p := range parts {
		v.services.find(p.tokens, foreign, func(m match) {
			if v.denied(p.tokens, m, &v.services.phrases[m.phrase]) {
				return
			}
			m.place = v.landmark(p.tokens, m)
			hits[i] = append(hits[i], m)
		})
		v.crossed(hits[i])
	}
	return hits
}

// crossed lowers phrases that close around a keyword of another service: in
// "no tanker of water came" it is the tanker that did not come.
func (v *vocabulary) crossed(hits []match) {
	single := map[int]map[int]bool{} // by token: services it alone speaks for
	for _, m := range hits {
		if m.from == m.to {
			if single[m.from] == nil {
				single[m.from] = map[int]bool{}
			}
			single[m.from][v.services.phrases[m.phrase].target] = true
		}
	}
	for i := range hits {
		m := &hits[i]
		own := v.services.phrases[m.phrase].target
		for at := m.from + 1; at < m.to; at++ {
			if s := single[at]; len(s) > 0 && !s[own] && m.gap > 0 {
				m.quality *= crossedWeight
				break
			}
		}
	}
}

// votes counts, by language, the keywords found as the administrator wrote them.
func (v *vocabulary) votes(hits [][]match) map[string]int {
	votes := map[string]int{}
	seen := map[int]bool{}
	for _, list := range hits {
		for _, m := range list {
			if p := v.services.phrases[m.phrase]; m.exact && !seen[m.phrase] {
				seen[m.phrase] = true
				votes[p.lang] += p.worth
			}
		}
	}
	return votes
}

func (c *Classification) language(o *Organisation, in Text, words []token, said identified, votes map[string]int) {
	lang, why := o.language(words, said, in.Language, votes)
	c.Language = lang
	c.because("language", lang, "%s", why)
}

// evidence is the best place of one phrase.
type evidence struct {
	score    float64
	part     int
	from, to int
	phrase   *phrase
}

// rankServices weighs the services whose keywords were found, best first. A
// phrase counts once, where it weighs most, and a word of the text counts once
// for each service, in the phrase that gives it most.
func (v *vocabulary) rankServices(parts []textPart, hits [][]match, lang string) []found {
	best := map[int]evidence{}
	for i, list := range hits {
		for _, m := range list {
			p := &v.services.phrases[m.phrase]
			score := wordScore * float64(p.worth*p.worth) * p.weight * m.quality * parts[i].weight
			if tongueOf(p.lang) != tongueOf(lang) || baseOf(p.lang) != baseOf(lang) && tongueOf(lang) == plain {
				score *= foreignWeight
			}
			if m.place {
				score = min(score*placeWeight, placeScore)
			}
			if score > best[m.phrase].score {
				best[m.phrase] = evidence{score, i, m.from, m.to, p}
			}
		}
	}
	byService := map[int][]evidence{}
	for _, id := range slices.Sorted(maps.Keys(best)) {
		target := best[id].phrase.target
		byService[target] = append(byService[target], best[id])
	}
	ranked := make([]found, 0, len(byService))
	for service, list := range byService {
		ranked = append(ranked, summed(service, list, parts))
	}
	slices.SortFunc(ranked, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.first, b.first), cmp.Compare(a.service, b.service))
	})
	return ranked
}

// summed adds up what speaks for one service, strongest first.
func summed(service int, list []evidence, parts []textPart) found {
	slices.SortStableFunc(list, func(a, b evidence) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.part, b.part), cmp.Compare(a.from, b.from))
	})
	f := found{service: service, first: math.MaxInt}
	taken := map[[2]int]bool{}
	for _, e := range list {
		fresh := 0
		for i := e.from; i <= e.to; i++ {
			if !taken[[2]int{e.part, i}] {
				fresh++
			}
			taken[[2]int{e.part, i}] = true
		}
		if fresh == 0 {
			continue
		}
		f.score += e.score * float64(fresh) / float64(e.to-e.from+1)
		f.first = min(f.first, e.part*maxClassified+e.from)
		f.why = append(f.why, fmt.Sprintf("%s '%s' (%s) in %s", e.phrase.known, e.phrase.phrase, e.phrase.lang, parts[e.part].name))
	}
	return f
}

func (c *Classification) service(o *Organisation, in Text, ranked []found) {
	if _, ok := o.Service(in.ServiceHint); ok {
		c.Service = in.ServiceHint
		c.because("service", c.Service, "chosen by the sender")
	} else if _, ok := o.Service(learnedService(in)); ok {
		c.Service = in.Learned.Service
		c.because("service", c.Service, "%s%s", in.Learned.Why, o.keywordsSaid(in.Learned.Service, ranked))
	} else if len(ranked) > 0 {
		c.Service = o.Services[ranked[0].service].Code
		c.because("service", c.Service, "%s", strings.Join(ranked[0].why, "; "))
	} else {
		c.because("service", "", "no keyword of any service found")
	}
	for _, f := range ranked {
		if f.score < wordScore/2 {
			break
		}
		if code := o.Services[f.service].Code; code != c.Service && len(c.Alternatives) < maxAlternatives {
			c.Alternatives = append(c.Alternatives, Alternative{Service: code, Score: int(math.Round(f.score))})
		}
	}
}

// learnedService is the service by an opinion that decides.
func learnedService(in Text) string {
	if in.Learned == nil || !in.Learned.Decides {
		return ""
	}
	return in.Learned.Service
}

// keywordsSaid tells what the keywords would have decided in place of the lessons.
func (o *Organisation) keywordsSaid(service string, ranked []found) string {
	switch {
	case len(ranked) == 0:
		return "; no keyword of any service found"
	case o.Services[ranked[0].service].Code == service:
		return "; so do the keywords: " + strings.Join(ranked[0].why, "; ")
	}
	return fmt.Sprintf("; the keywords say %s: %s", o.Services[ranked[0].service].Code, strings.Join(ranked[0].why, "; "))
}

// priority is the service's, one step higher when the text has an urgent word.
func (c *Classification) priority(o *Organisation, parts []textPart, foreign [tongues]bool) {
	c.Priority = Normal
	why := "the usual one"
	if s, ok := o.Service(c.Service); ok && s.Priority != "" {
		c.Priority = s.Priority
		why = fmt.Sprintf("priority of service %s", s.Name)
	}
	if name, hit := o.lookup().vocabulary.alarmIn(parts, foreign); name != "" {
		c.Priority = Urgent
		c.Alarm = &Reason{Decision: "urgency", Value: name, Why: "an alarm: " + hit}
		c.Reasons = append(c.Reasons, *c.Alarm)
		why += ", made urgent by an alarm: " + name
	} else if hit, ok := o.lookup().vocabulary.urgentIn(parts, foreign); ok {
		c.Priority = c.Priority.above()
		why += ", raised by " + hit
	}
	c.because("priority", string(c.Priority), "%s", why)
}

// urgentIn is the first urgent word of the text that is not denied.
func (v *vocabulary) urgentIn(parts []textPart, foreign [tongues]bool) (string, bool) {
	for _, p := range parts {
		hit := ""
		v.urgent.find(p.tokens, foreign, func(m match) {
			entry := &v.urgent.phrases[m.phrase]
			if hit == "" && !v.denied(p.tokens, m, entry) {
				hit = fmt.Sprintf("'%s' in %s", entry.phrase, p.name)
			}
		})
		if hit != "" {
			return hit, true
		}
	}
	return "", false
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
	v := o.lookup().vocabulary
	parts = append([]textPart{{name: "place", tokens: tokenise(in.Place)}}, parts...)
	if !c.areaIn(o, &v.areas, parts, "'%s' in %s", withoutFillers) {
		c.areaIn(o, &v.byEar, parts, "'%s' by its sound in %s", func(text []token) []token {
			return heard(withoutFillers(text))
		})
	}
}

func (c *Classification) areaIn(o *Organisation, names *lexicon, parts []textPart, why string, read func([]token) []token) bool {
	most := 0
	var phrase, where string
	for _, p := range parts {
		for _, h := range names.find(read(p.tokens), true) {
			e := names.entries[h.ends[0]]
			if h.words > most {
				most, phrase, where = h.words, e.phrase, p.name
				c.Area = o.Areas[e.target].Code
			}
		}
	}
	if most > 0 {
		c.because("area", c.Area, why, phrase, where)
	}
	return most > 0
}
