package templates

import "strings"

// segment is how many septets fit into an SMS that is sent in one piece
// (3GPP TS 23.040, 9.2.3.24.1; with more, 153 each).
const segment = 160

// The GSM 7-bit default alphabet and its extension, whose characters count
// twice (3GPP TS 23.038, 6.2.1).
const (
	gsm7 = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsm7Extension = "\f^{}\\[~]|€"
)

// plainSpelling writes what the alphabet lacks with what it has. One accented
// letter more would make every character of the message cost more than twice.
var plainSpelling = strings.NewReplacer(
	"á", "a", "í", "i", "ó", "o", "ú", "u", "Á", "A", "Í", "I", "Ó", "O", "Ú", "U", "È", "E", "À", "A",
	"ç", "Ç", "â", "a", "ê", "e", "î", "i", "ô", "o", "û", "u", "ã", "a", "õ", "o",
	"“", "\"", "”", "\"", "„", "\"", "«", "\"", "»", "\"", "‘", "'", "’", "'",
	"–", "-", "—", "-", "…", "...", "•", "-", "\u00a0", " ", "\u202f", " ",
)

// spellGSM7 returns text in the 7-bit alphabet where leaving out accents is
// enough for that, else text as it is.
func spellGSM7(text string) string {
	plain := plainSpelling.Replace(text)
	if _, ok := septets(plain); ok {
		return plain
	}
	return text
}

// septets counts the length of text in the 7-bit alphabet; false when a
// character is not in it.
func septets(text string) (int, bool) {
	n := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsm7, r):
			n++
		case strings.ContainsRune(gsm7Extension, r):
			n += 2
		default:
			return 0, false
		}
	}
	return n, true
}

// oneSegment reports whether text is a single SMS of the 7-bit alphabet.
func oneSegment(text string) bool {
	n, ok := septets(text)
	return ok && n <= segment
}
