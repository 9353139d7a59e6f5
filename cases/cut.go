package cases

import "strings"

// CutReferences returns the text without its valid references and without the
// punctuation that set them off.
func CutReferences(text string) string {
	var b strings.Builder
	at := 0
	scanReferences(text, func(words []word) bool {
		if _, ok := readReference(joined(words)); !ok || !deliberate(words) {
			return false
		}
		b.WriteString(text[at:words[0].from])
		at = words[len(words)-1].to
		return true
	})
	b.WriteString(text[at:])
	return strings.TrimLeft(strings.TrimSpace(b.String()), ":;,.-–—# ")
}
