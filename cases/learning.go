package cases

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Bounds and defaults of learning.
const (
	maxLessonWords    = 80   // of one text
	lessonVocabulary  = 1000 // words a language is taken to have, for smoothing
	fewestLessons     = 3    // of a service before it can be suggested
	fewestKnownWords  = 2    // of a text before anything is said of it
	shownLessonWords  = 5
	defaultConfidence = 0.9
	defaultMinimum    = 50
)

// Learning is how far the organisation goes by what staff confirmed before.
type Learning struct {
	Disabled   bool
	Confidence float64 // from which on it decides; default 0.9
	Minimum    int     // confirmed cases of a language before it speaks; default 50
}

func (l Learning) withDefaults() Learning {
	if l.Confidence == 0 {
		l.Confidence = defaultConfidence
	}
	if l.Minimum == 0 {
		l.Minimum = defaultMinimum
	}
	return l
}

// Lesson is what one case teaches: the words of its text go with its service.
// A case teaches once; a later lesson of it takes the place of the one before.
type Lesson struct {
	Service  string
	Language string
	Words    []string // distinct, as the language compares them
}

// Lessons are the counts that speak of a text: of each service of a language,
// and of the text's words.
type Lessons struct {
	Services map[string]Taught
	Words    map[string]map[string]int // by word and service: lessons with the word
}

// Taught is how much was learned of a service.
type Taught struct{ Cases, Words int }

// Opinion is what the lessons say of a text.
type Opinion struct {
	Service    string   `json:"service"`    // empty: nothing can be said
	Confidence float64  `json:"confidence"` // 0 to 1
	Words      []string `json:"words"`      // that spoke most for it
	Cases      int      `json:"cases"`      // confirmed cases it rests on
	Why        string   `json:"why"`
	Decides    bool     `json:"decides"`
}

// lesson is what the case teaches now that staff have confirmed its service;
// nil where nothing can be learned.
func (d Desk) lesson(c Case) *Lesson {
	if d.By.Kind != ActorStaff || c.Service == "" || d.Org.Learning.Disabled {
		return nil
	}
	words := d.Org.LessonWords(c.Language, c.Subject, c.Description)
	if len(words) == 0 {
		return nil
	}
	return &Lesson{Service: c.Service, Language: c.Language, Words: words}
}

// LessonWords are the words of a text that something can be learned from:
// without numbers and words of no meaning of their own; "no:" goes before what
// is denied. Names of areas are left out, since they say nothing of services.
func (o *Organisation) LessonWords(language string, texts ...string) []string {
	v := o.lookup().vocabulary
	in := tongueOf(language)
	var set [tongues]bool
	set[in] = true
	var words []string
	for _, text := range texts {
		denied := false
		for _, t := range v.annotate(tokenise(text), set) {
			if t.negates {
				denied = true
				continue
			}
			key, ok := t.in(in)
			if !ok || t.number || t.isLight(in) || len(key.key) < 2 {
				continue
			}
			word := key.key
			if denied {
				word = "no:" + word
			}
			denied = false
			if len(words) < maxLessonWords && !slices.Contains(words, word) {
				words = append(words, word)
			}
		}
	}
	return words
}

// Judge is the naive Bayes of the words, distinct ones counted once: with
// Laplace's smoothing, and its confidence tempered, since words of one text
// are not independent. Unknown words say nothing.
func (l Learning) Judge(words []string, taught Lessons) Opinion {
	l = l.withDefaults()
	all := 0
	for _, t := range taught.Services {
		all += t.Cases
	}
	opinion := Opinion{Cases: all, Words: []string{}}
	if all < l.Minimum {
		opinion.Why = fmt.Sprintf("%d confirmed cases of this language, %d are needed", all, l.Minimum)
		return opinion
	}
	known := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return len(taught.Words[w]) == 0 })
	if len(known) < fewestKnownWords {
		opinion.Why = "too few of the words were met before"
		return opinion
	}
	best, confidence := posterior(known, taught, all)
	if best == "" {
		opinion.Why = fmt.Sprintf("no service has %d confirmed cases", fewestLessons)
		return opinion
	}
	opinion.Service, opinion.Confidence = best, confidence
	opinion.Words = telling(known, taught, best)
	opinion.Decides = confidence >= l.Confidence
	opinion.Why = fmt.Sprintf("learned from %d confirmed cases, by '%s', confidence %.2f",
		taught.Services[best].Cases, strings.Join(opinion.Words, "', '"), confidence)
	if !opinion.Decides {
		opinion.Why += fmt.Sprintf(", below %.2f", l.Confidence)
	}
	return opinion
}

// posterior is the likeliest service and how sure that is.
func posterior(known []string, taught Lessons, all int) (string, float64) {
	var services []string
	for s, t := range taught.Services {
		if t.Cases >= fewestLessons {
			services = append(services, s)
		}
	}
	slices.Sort(services)
	temper := math.Sqrt(float64(len(known)))
	scores := make([]float64, len(services))
	best := 0
	for i, s := range services {
		scores[i] = math.Log(float64(taught.Services[s].Cases) / float64(all))
		for _, w := range known {
			scores[i] += likelihood(w, s, taught) * 2 / temper
		}
		if scores[i] > scores[best] {
			best = i
		}
	}
	if len(services) == 0 {
		return "", 0
	}
	sum := 0.0
	for _, score := range scores {
		sum += math.Exp(score - scores[best])
	}
	return services[best], 1 / sum
}

// likelihood is the logarithm of how likely a word is in a text of a service.
func likelihood(word, service string, taught Lessons) float64 {
	return math.Log((float64(taught.Words[word][service]) + 1) / (float64(taught.Services[service].Words) + lessonVocabulary))
}

// telling are the words that speak most for a service, against all others
// together.
func telling(known []string, taught Lessons, service string) []string {
	var rest Taught
	for s, t := range taught.Services {
		if s != service {
			rest.Cases, rest.Words = rest.Cases+t.Cases, rest.Words+t.Words
		}
	}
	weight := func(w string) float64 {
		others := 0
		for s, n := range taught.Words[w] {
			if s != service {
				others += n
			}
		}
		against := math.Log((float64(others) + 1) / (float64(rest.Words) + lessonVocabulary))
		return likelihood(w, service, taught) - against
	}
	words := slices.DeleteFunc(slices.Clone(known), func(w string) bool { return weight(w) <= 0 })
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(weight(b), weight(a)) })
	return words[:min(len(words), shownLessonWords)]
}
