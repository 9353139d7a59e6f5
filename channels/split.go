package channels

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// TextUnits counts text as the providers do: in UTF-16 code units, so that an
// emoji outside the basic plane counts as two.
func TextUnits(text string) int {
	n := 0
	for _, r := range text {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// SplitText cuts text into parts of at most limit UTF-16 code units, at word
// borders where there are any. White space at a cut is dropped. It returns no
// part for text without anything to show.
func SplitText(text string, limit int) []string {
	var parts []string
	rest := strings.TrimSpace(text)
	for rest != "" {
		cut := cutAt(rest, limit)
		parts = append(parts, strings.TrimRightFunc(rest[:cut], unicode.IsSpace))
		rest = strings.TrimLeftFunc(rest[cut:], unicode.IsSpace)
	}
	return parts
}

// cutAt returns how many bytes of text, which starts with no space, fit into
// limit units, going back to the last word border that is not at the start.
func cutAt(text string, limit int) int {
	units, border := 0, 0
	for i, r := range text {
		if unicode.IsSpace(r) {
			border = i
		}
		units += max(1, utf16.RuneLen(r))
		if units <= limit {
			continue
		}
		if border > 0 {
			return border
		}
		if i == 0 { // a limit too small for one character
			_, size := utf8.DecodeRuneInString(text)
			return size
		}
		return i
	}
	return len(text)
}
