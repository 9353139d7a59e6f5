package mail

import (
	"bytes"
	"unicode/utf8"
)

// looksPlain reports a text that was never base64, though its header says so:
// it has words.
func looksPlain(start []byte) bool {
	start = start[:min(len(start), 1<<10)]
	blanks, strange := 0, 0
	for i, c := range start {
		_, isChar := base64Value(c)
		switch {
		case c == ' ' && i > 0 && i+1 < len(start) && start[i-1] > ' ' && start[i+1] > ' ':
			blanks++
		case !isChar && c > ' ' && c != '=':
			strange++
		}
	}
	return blanks > 1 && blanks*16 > len(start) || strange*4 > len(start)
}

// untold decodes a text of which the header does not say that it is encoded:
// that field got lost, or nobody knows its value.
func (p *parser) untold(data []byte) []byte {
	if len(data) < 40 || !isASCII(data) {
		return data
	}
	if isBase64Text(data) {
		if plain, ok := decodeBase64(data); ok && readable(plain) {
			p.defects.add("transfer encoding missing")
			return plain
		}
	}
	if isQuotedText(data) {
		if plain, ok := decodeQuotedPrintable(data); ok && utf8.Valid(plain) {
			p.defects.add("transfer encoding missing")
			return plain
		}
	}
	return data
}

// isBase64Text reports lines of base64, all but the last of one length.
func isBase64Text(data []byte) bool {
	data = bytes.TrimSpace(data)
	width := len(bytes.TrimRight(data[:lineEnd(data, 0)], "\r\n"))
	if width < 40 || width%4 != 0 {
		return false
	}
	for len(data) > 0 {
		end := lineEnd(data, 0)
		line := bytes.TrimRight(data[:end], "\r\n")
		data = data[end:]
		if len(line)%4 != 0 || len(line) > width || len(line) < width && len(data) > 0 {
			return false
		}
		for _, c := range bytes.TrimRight(line, "=") {
			if _, ok := base64Value(c); !ok {
				return false
			}
		}
	}
	return true
}

// readable reports UTF-8 with blanks, and without what no text has.
func readable(text []byte) bool {
	if !utf8.Valid(text) {
		return false
	}
	blanks := 0
	for _, c := range text {
		switch {
		case c == ' ' || c == '\n':
			blanks++
		case c < ' ' && c != '\r' && c != '\t':
			return false
		}
	}
	return blanks*100 > len(text)
}

// isQuotedText reports soft line breaks beside characters of quoted-printable.
func isQuotedText(data []byte) bool {
	soft := bytes.Count(data, []byte("=\n")) + bytes.Count(data, []byte("=\r\n"))
	if soft == 0 {
		return false
	}
	escapes := 0
	for rest := data; ; {
		i := bytes.IndexByte(rest, '=')
		if i < 0 || i+2 >= len(rest) {
			return escapes > 1
		}
		switch a, b := rest[i+1], rest[i+2]; {
		case a == '\n' || a == '\r':
		case hexDigit(a) < 0 || hexDigit(b) < 0 || a >= 'a' || b >= 'a':
			return false
		default:
			escapes++
		}
		rest = rest[i+1:]
	}
}
