package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Command is what a complainant can ask for with a word.
type Command string

// The commands. CommandStopAlone is an opt-out only when its word is the whole
// message; CommandNotFixed and CommandYes are things people say, not keywords.
const (
	CommandStatus    Command = "status"
	CommandReopen    Command = "reopen"
	CommandNew       Command = "new"
	CommandRate      Command = "rate"
	CommandLanguage  Command = "language"
	CommandHelp      Command = "help"
	CommandSplit     Command = "split"
	CommandStop      Command = "stop"
	CommandStopAlone Command = "stop_alone"
	CommandStart     Command = "start"
	CommandNotFixed  Command = "not_fixed"
	CommandYes       Command = "yes"
)

// Keyword is one word or phrase of a command, in lower case.
type Keyword struct {
	Word     string
	Command  Command
	Language string
}

// KeywordTable holds the words of each command by language; the first of each
// is the one that messages name.
type KeywordTable struct {
	Commands  map[Command]map[string][]string `yaml:"commands"`
	Languages map[string][]string             `yaml:"languages"` // what a language is called, by code
	Ordinary  map[string][]string             `yaml:"ordinary"`  // words that are no misspelt keyword, by language
}

func loadKeywords() (KeywordTable, error) {
	var k KeywordTable
	if err := decode("keywords.yaml", &k); err != nil {
		return k, err
	}
	for command, languages := range k.Commands {
		if len(languages[fallback]) == 0 {
			return k, fmt.Errorf("keywords.yaml: %s has no word in %q", command, fallback)
		}
	}
	return k, nil
}

// Keywords is the table by which the words of complainants are understood.
// Messages name its words, so that what they promise works.
func (s *Set) Keywords() KeywordTable { return s.keywords }

// All lists every keyword of every language, longest first, so that the first
// one a text starts with is the right one.
func (k KeywordTable) All() []Keyword {
	var all []Keyword
	for command, languages := range k.Commands {
		for language, list := range languages {
			for _, w := range list {
				all = append(all, Keyword{strings.ToLower(w), command, language})
			}
		}
	}
	slices.SortFunc(all, func(a, b Keyword) int {
		return cmp.Or(len(b.Word)-len(a.Word), strings.Compare(a.Word, b.Word),
			strings.Compare(string(a.Command), string(b.Command)), strings.Compare(a.Language, b.Language))
	})
	return all
}

// Words are the words of a command in all languages, lower case, longest first.
func (k KeywordTable) Words(c Command) []string {
	var found []string
	for _, w := range k.All() {
		if w.Command == c && !slices.Contains(found, w.Word) {
			found = append(found, w.Word)
		}
	}
	return found
}

// Language is the code of the language that word names, in any language
// ("hindi", "हिन्दी", "hi"); false when none.
func (k KeywordTable) Language(word string) (string, bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	for code, names := range k.Languages {
		if word == code || slices.Contains(names, word) {
			return code, true
		}
	}
	return "", false
}

// shown is the word of a command that messages in a language name: in capitals,
// or in quotes where the script has none.
func (k KeywordTable) shown(c Command, language string) string {
	list := k.Commands[c][language]
	if len(list) == 0 {
		list = k.Commands[c][fallback]
	}
	if len(list) == 0 {
		return strings.ToUpper(string(c))
	}
	capitals := strings.ToUpper(list[0])
	if capitals == strings.ToLower(list[0]) {
		return `"` + list[0] + `"`
	}
	return capitals
}
