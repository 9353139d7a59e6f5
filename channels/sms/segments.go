package sms

import (
	"strings"
	"unicode/utf16"
)

// The encodings of a text message.
const (
	GSM7 = "GSM-7"
	UCS2 = "UCS-2"
)

// The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038,
// sections 6.2.1 and 6.2.1.1). A character of the extension takes two septets.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// Segments returns how many segments a text takes as a text message and in
// which encoding: GSM-7 with 160 septets, or 153 in each of several; UCS-2 with
// 70 units, or 67. A character is never cut between two segments. An empty
// text takes none.
func Segments(text string) (n int, encoding string) {
	size, single, several := gsmSize, 160, 153
	encoding = GSM7
	for _, r := range text {
		if gsmSize(r) == 0 {
			size, single, several, encoding = utf16Size, 70, 67, UCS2
			break
		}
	}
	total, used := 0, several // of the segment at hand; the first character opens one
	for _, r := range text {
		s := size(r)
		total += s
		if used+s > several {
			n, used = n+1, 0
		}
		used += s
	}
	if total <= single {
		n = min(n, 1)
	}
	return n, encoding
}

// gsmSize is the number of septets of r, 0 where GSM-7 has no such character.
func gsmSize(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtension, r):
		return 2
	}
	return 0
}

func utf16Size(r rune) int { return max(1, utf16.RuneLen(r)) }
