package configs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Fault is one thing wrong with settings or an organisation file.
type Fault struct {
	Place   string `json:"place"`   // file:line, or the name of an environment variable
	Path    string `json:"path"`    // channels.sms[0].auth_token; empty: the file as a whole
	Message string `json:"message"` // what is wrong; way out
}

func (f Fault) String() string {
	if f.Path == "" {
		return f.Place + ": " + f.Message
	}
	return f.Place + ": " + f.Path + ": " + f.Message
}

// Faults are all that is wrong, in the order of the file.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// inOrder sorts by place: by line within the file, variables after it.
func (f Faults) inOrder() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Compare(a.line(), b.line())
	})
	return f
}

// line is the number at the end of Place; a fault without one comes last.
func (f Fault) line() int {
	if i := strings.LastIndexByte(f.Place, ':'); i >= 0 {
		if n, err := strconv.Atoi(f.Place[i+1:]); err == nil {
			return n
		}
	}
	return 1 << 30
}

// nearest returns the known word that was probably meant; empty when none is
// near.
func nearest(word string, known []string) string {
	best, distance := "", 1+len(word)/3
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), k); d <= distance && (best == "" || d < distance) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance is Levenshtein's, by bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// didYouMean ends a message about an unknown word.
func didYouMean(word string, known []string) string {
	if near := nearest(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "known are " + strings.Join(known, ", ")
}
