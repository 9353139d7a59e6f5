package templates

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// words is messages/<language>/words.yaml: the names of codes, and how a date
// is written.
type words struct {
	Language string            `yaml:"language"` // the language's own name
	Greeting string            `yaml:"greeting"` // opens a mail to a complainant
	Date     string            `yaml:"date"`     // with {day}, {month}, {year}
	Months   []string          `yaml:"months"`
	Status   map[string]string `yaml:"status"`
	Priority map[string]string `yaml:"priority"`
	Type     map[string]string `yaml:"type"`
	Channel  map[string]string `yaml:"channel"`
	Labels   map[string]string `yaml:"labels"`  // buttons and actions
	Prompts  map[string]string `yaml:"prompts"` // what to write for an action
	Done     map[string]string `yaml:"done"`    // what an action did
	Left     map[string]string `yaml:"left"`    // why a linked case was left out
	Facts    map[string]string `yaml:"facts"`   // built-in kinds
	Alarms   map[string]string `yaml:"alarms"`  // built-in dangers to people
}

func loadWords(name string) (words, error) {
	var w words
	if err := decode(name, &w); err != nil {
		return w, err
	}
	if len(w.Months) != 12 {
		return w, fmt.Errorf("%s: %d months, want 12", name, len(w.Months))
	}
	return w, nil
}

// decode reads an embedded YAML file strictly.
func decode(name string, to any) error {
	data, err := files.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// date writes a day the way the language does; empty for no time.
func (w words) date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strings.NewReplacer(
		"{day}", strconv.Itoa(t.Day()),
		"{month}", w.Months[t.Month()-1],
		"{year}", strconv.Itoa(t.Year()),
	).Replace(w.Date)
}

// named is the name of a code, or the code where it has none.
func named(names map[string]string, code string) string {
	if n, ok := names[code]; ok {
		return n
	}
	return code
}

// Label is the text of a button or action: accept, reply, ask, defer, forward,
// resolve, details, track, reopen, …; the code itself where there is none.
func (s *Set) Label(lang, code string) string { return s.name(lang, code, labels) }

// Status is the name of a case status.
func (s *Set) Status(lang, code string) string { return s.name(lang, code, statuses) }

// Priority is the name of a priority.
func (s *Set) Priority(lang, code string) string { return s.name(lang, code, priorities) }

// Type is the name of a case type.
func (s *Set) Type(lang, code string) string { return s.name(lang, code, types) }

// LanguageName is what the language calls itself; the code where unknown.
func (s *Set) LanguageName(lang string) string {
	if l, ok := s.languages[lang]; ok {
		return l.words.Language
	}
	return lang
}

// Date writes a day in the language, in the time's own zone.
func (s *Set) Date(lang string, t time.Time) string { return s.chain(lang)[0].words.date(t) }

func labels(w words) map[string]string     { return w.Labels }
func statuses(w words) map[string]string   { return w.Status }
func priorities(w words) map[string]string { return w.Priority }
func types(w words) map[string]string      { return w.Type }

func (s *Set) name(lang, code string, of func(words) map[string]string) string {
	for _, l := range s.chain(lang) {
		if n, ok := of(l.words)[code]; ok {
			return n
		}
	}
	return code
}
