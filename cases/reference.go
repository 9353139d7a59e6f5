package cases

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Reference is an acknowledgement number in canonical form: C-7K2M-9QXT. It is
// a prefix of 1 to 4 letters, seven random symbols and a check symbol.
type Reference string

// alphabet is Crockford's base 32: no I, L, O, U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	bodyLength   = 8      // symbols after the prefix, the check symbol included
	prefixMax    = 4      // letters
	maxFindBytes = 64_000 // of a text searched for references
	maxFound     = 16     // references taken from one text
)

// NewReference draws a reference. The prefix must be 1 to 4 letters A to Z.
func NewReference(prefix string, random io.Reader) (Reference, error) {
	prefix = strings.ToUpper(prefix)
	if !validPrefix(prefix) {
		return "", fmt.Errorf("draw a reference: prefix %q is not 1 to 4 letters", prefix)
	}
	var bits [7]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return "", fmt.Errorf("draw a reference: %w", err)
	}
	var body [bodyLength]byte
	for i, b := range bits {
		body[i] = b & 31
	}
	body[7] = checksum(body[:7])
	return format(prefix, body), nil
}

// NewToken draws a tracking token: 160 random bits as 32 characters a-z, 2-7.
func NewToken(random io.Reader) (string, error) {
	var bits [20]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return "", fmt.Errorf("draw a token: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(bits[:])), nil
}

// Prefix is the part before the first dash.
func (r Reference) Prefix() string {
	prefix, _, _ := strings.Cut(string(r), "-")
	return prefix
}

// ParseReference reads a reference back as people write it: in any case, with
// or without spaces and dashes of any kind, O for 0, I or L for 1. The error is
// an *Error with code Invalid.
func ParseReference(s string) (Reference, error) {
	if len(s) <= 100 {
		if ref, ok := readReference(strings.Join(strings.FieldsFunc(s, separates), "")); ok {
			return ref, nil
		}
	}
	return "", Refuse(Invalid, "This is not a valid reference number. Please check it: it looks like C-7K2M-9QXT.")
}

// FindReferences returns the valid references in a text, in order, each once;
// at most 16, from its first 64,000 bytes.
func FindReferences(text string) []Reference {
	var found []Reference
	seen := map[Reference]bool{}
	scanReferences(text, func(words []word) bool {
		ref, ok := readReference(joined(words))
		if !ok || !deliberate(words) {
			return false
		}
		if !seen[ref] && len(found) < maxFound {
			seen[ref] = true
			found = append(found, ref)
		}
		return true
	})
	return found
}

// FindReferenceLike returns what in a text was meant as a reference with this
// prefix but is none: a symbol is wrong, missing or too much. It is returned
// as it was written, at most 16 of them.
func FindReferenceLike(prefix, text string) []string {
	prefix = strings.ToUpper(prefix)
	var found []string
	scanReferences(text, func(words []word) bool {
		all := strings.ToUpper(joined(words))
		if _, valid := readReference(all); valid && deliberate(words) {
			return true
		}
		if !strings.HasPrefix(all, prefix) || !looksMeant(words, len(prefix), len(all)) {
			return false
		}
		if len(found) < maxFound {
			found = append(found, text[words[0].from:words[len(words)-1].to])
		}
		return true
	})
	return found
}

// word is a run of ASCII letters and digits of a text.
type word struct {
	text     string
	from, to int
	dash     bool // a dash stands between it and the word before
	joins    bool // nothing but a dash or blanks stand between
}

// scanReferences offers every run of one to three words that can be a
// reference by its length, longest run first. When take returns true the run
// is consumed.
func scanReferences(text string, take func([]word) bool) {
	words := asciiWords(text)
	for i := 0; i < len(words); {
		used := 1
		for n := min(3, len(words)-i); n > 0; n-- {
			run := words[i : i+n]
			if plausible(run) && take(run) {
				used = n
				break
			}
		}
		i += used
	}
}

func plausible(run []word) bool {
	size := 0
	for i, w := range run {
		if i > 0 && !w.joins {
			return false
		}
		size += len(w.text)
	}
	return size >= bodyLength && size <= prefixMax+bodyLength+1
}

// asciiWords splits the searched part of a text. Letters beyond ASCII end a
// word: people glue a reference to words of their own script.
func asciiWords(text string) []word {
	if len(text) > maxFindBytes {
		text = text[:maxFindBytes]
	}
	var words []word
	start, gap, dash, joins := -1, 0, false, false
	flush := func(end int) {
		if start >= 0 {
			words = append(words, word{text: text[start:end], from: start, to: end, dash: dash, joins: joins})
			start, gap, dash, joins = -1, 0, false, true
		}
	}
	for i, r := range text {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			if start < 0 {
				start = i
			}
			continue
		}
		flush(i)
		gap++
		dash = dash || isDash(r)
		joins = joins && separates(r) && gap <= 3 && r != '\n'
	}
	flush(len(text))
	return words
}

func joined(words []word) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(w.text)
	}
	return b.String()
}

// deliberate tells a reference from ordinary words that happen to read as one
// ("I have many", "C-sections"): it is cut where a reference is cut, and has a
// digit, only capitals, or all the dashes.
func deliberate(words []word) bool {
	all := joined(words)
	prefix := len(all) - bodyLength
	at := 0
	for _, w := range words {
		if at != 0 && at != prefix && at != prefix+4 {
			return false
		}
		at += len(w.text)
	}
	return hasDigit(all) || all == strings.ToUpper(all) || fullyDashed(words)
}

// looksMeant reports whether words that begin with the prefix were written as
// a reference: they are cut as one, hold a digit or all the dashes, and have
// as many symbols, or with a dash one more or less.
func looksMeant(words []word, prefix, size int) bool {
	if first := len(words[0].text); len(words) > 1 && first != prefix && first != prefix+4 {
		return false
	}
	digit := hasDigit(joined(words))
	switch size - prefix {
	case bodyLength:
		return digit || fullyDashed(words)
	case bodyLength - 1, bodyLength + 1:
		return digit && len(words) > 1 && words[1].dash
	}
	return false
}

func fullyDashed(words []word) bool {
	return len(words) == 3 && words[1].dash && words[2].dash
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// readReference reads letters and digits without separators.
func readReference(s string) (Reference, bool) {
	at := len(s) - bodyLength
	if at < 1 || at > prefixMax {
		return "", false
	}
	s = strings.ToUpper(s)
	if !validPrefix(s[:at]) {
		return "", false
	}
	var body [bodyLength]byte
	for i := range body {
		v, ok := symbol(s[at+i])
		if !ok {
			return "", false
		}
		body[i] = v
	}
	if checksum(body[:7]) != body[7] {
		return "", false
	}
	return format(s[:at], body), true
}

func validPrefix(s string) bool {
	if len(s) < 1 || len(s) > prefixMax {
		return false
	}
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}

// symbol is the value of an upper-case character, O read as 0, I and L as 1.
func symbol(c byte) (byte, bool) {
	switch c {
	case 'O':
		return 0, true
	case 'I', 'L':
		return 1, true
	}
	i := strings.IndexByte(alphabet, c)
	return byte(i), i >= 0
}

func format(prefix string, body [bodyLength]byte) Reference {
	var b strings.Builder
	b.WriteString(prefix)
	for i, v := range body {
		if i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(alphabet[v])
	}
	return Reference(b.String())
}

// checksum is the sum over GF(32) of the symbols, each weighted by a power of
// the generator: the first by x^7, the last by x. With the check symbol, whose
// weight is 1, all weights differ and none is zero, so a wrong symbol and a
// swap of any two always change the sum.
func checksum(symbols []byte) byte {
	var sum byte
	for _, s := range symbols {
		sum = timesX(sum ^ s)
	}
	return sum
}

// timesX multiplies by x modulo x^5 + x^2 + 1, which is primitive.
func timesX(a byte) byte {
	a <<= 1
	if a&32 != 0 {
		a ^= 0b100101
	}
	return a
}

// separates reports whether people put r between the parts of a reference:
// blanks, dashes and characters that are not seen.
func separates(r rune) bool {
	return unicode.IsSpace(r) || isDash(r) || unicode.Is(unicode.Cf, r)
}

// isDash includes the minus sign, the hyphen bullet and the soft hyphen, which
// are no dashes to Unicode (category Pd).
func isDash(r rune) bool {
	return unicode.Is(unicode.Pd, r) || r == '_' || r == '\u2212' || r == '\u2043' || r == '\u00ad'
}
