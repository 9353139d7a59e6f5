package mail

import (
	"strings"
	"unicode/utf8"
)

// text decodes the encoded words of an unstructured field (RFC 2047) and raw
// 8-bit bytes, for which hint is the charset to try after UTF-8.
func (p *parser) text(value, hint string) string {
	if value == "" {
		return ""
	}
	if !utf8.ValidString(value) || strings.Contains(value, "\x1b$") {
		p.defects.add("8-bit bytes in the header")
		value = decodeCharset([]byte(value), hint, nil)
	}
	if strings.Contains(value, "=?") {
		value = decodeWords(value)
	}
	return clean(value)
}

// decodeWords is more tolerant than mime.WordDecoder: blanks and missing
// padding inside a word are taken, and bytes of one character that were split
// over neighbouring words are joined.
func decodeWords(s string) string {
	var out strings.Builder
	var pending []byte // of neighbouring words in one charset
	charset := ""
	unfinished, unfinishedAt := "", 0 // base64 without its padding, and where it starts in pending
	flush := func() {
		if pending != nil {
			out.WriteString(decodeCharset(pending, charset, nil))
			pending = nil
		}
	}
	for s != "" {
		start := strings.Index(s, "=?")
		if start < 0 {
			break
		}
		word, after, ok := nextWord(s[start:])
		if !ok {
			flush()
			out.WriteString(s[:start+2])
			s = s[start+2:]
			continue
		}
		if between := s[:start]; pending == nil || strings.TrimSpace(between) != "" {
			flush()
			out.WriteString(between)
		}
		if pending != nil && !strings.EqualFold(charset, word.charset) {
			flush()
		}
		if pending != nil && unfinished != "" && word.base64 != "" && (len(unfinished)%4 == 1 || !utf8.Valid(pending) || !utf8.Valid(word.bytes)) {
			// The word before was cut within a group of base64.
			pending = pending[:unfinishedAt]
			word.base64 = unfinished + word.base64
			word.bytes, _ = decodeBase64([]byte(word.base64))
		}
		unfinished, unfinishedAt = "", len(pending)
		if len(word.base64)%4 != 0 {
			unfinished = word.base64
		}
		charset = word.charset
		if pending == nil {
			pending = []byte{}
		}
		pending = append(pending, word.bytes...)
		s = after
	}
	flush()
	out.WriteString(s)
	return out.String()
}

type encodedWord struct {
	charset string
	bytes   []byte
	base64  string // as it stands; empty: quoted-printable
}

// nextWord reads the encoded word at the start of s.
func nextWord(s string) (encodedWord, string, bool) {
	parts := strings.SplitN(s[2:min(len(s), 4096)], "?", 4)
	if len(parts) < 4 || len(parts[1]) != 1 || len(parts[0]) > 64 || !strings.HasPrefix(parts[3], "=") {
		return encodedWord{}, "", false
	}
	charset, _, _ := strings.Cut(parts[0], "*") // RFC 2231 section 5: a language may follow
	var data []byte
	encoded := ""
	switch parts[1] {
	case "b", "B":
		encoded = parts[2]
		data, _ = decodeBase64([]byte(parts[2]))
	case "q", "Q":
		data, _ = decodeQuotedPrintable([]byte(strings.ReplaceAll(parts[2], "_", " ")))
	default:
		return encodedWord{}, "", false
	}
	if data == nil {
		data = []byte{}
	}
	length := 2 + len(parts[0]) + 1 + 1 + 1 + len(parts[2]) + 2
	return encodedWord{charset, data, encoded}, s[length:], true
}

// clean drops control characters and makes line breaks blanks, so that a
// decoded word cannot forge a header.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			return ' '
		case r < ' ' || r == 0x7f:
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}
