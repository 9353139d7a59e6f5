package mail

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// decoded undoes a part's transfer encoding (RFC 2045 section 6). An unknown
// one is taken as none; a corrupt one gives what could be read.
func (p *parser) decoded(leaf *part) []byte {
	encoding := strings.ToLower(strings.TrimSpace(leaf.header.Last("Content-Transfer-Encoding")))
	if i := strings.IndexAny(encoding, "; \t("); i >= 0 {
		encoding = encoding[:i]
	}
	ok := true
	data := leaf.body
	switch strings.Trim(encoding, `"'`) {
	case "base64", "b":
		data, ok = decodeBase64(leaf.body)
	case "quoted-printable", "q":
		data, ok = decodeQuotedPrintable(leaf.body)
	case "x-uuencode", "x-uue", "uuencode":
		if plain, found := decodeUU(leaf.body); found {
			data = plain
		}
	case "", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "8", "7":
	default:
		p.defects.add("transfer encoding unknown")
	}
	if !ok {
		p.defects.add("transfer encoding corrupt")
	}
	return data
}

// decodeBase64 skips what is no base64 and starts anew after padding, since
// some mailers encode in pieces. ok is false when anything was skipped.
func decodeBase64(data []byte) (out []byte, ok bool) {
	out = make([]byte, len(data)/4*3+3)
	if n, err := base64.StdEncoding.Decode(out, data); err == nil {
		return out[:n], true
	}
	ok, out = true, out[:0]
	quad := make([]byte, 0, 4)
	var buf [3]byte
	flush := func() {
		if n, err := base64.RawStdEncoding.Decode(buf[:], quad); err == nil || n > 0 {
			out = append(out, buf[:n]...)
		}
		quad = quad[:0]
	}
	for _, c := range data {
		switch {
		case isBase64(c):
			quad = append(quad, c)
			if len(quad) == 4 {
				flush()
			}
		case c == '=':
			if len(quad) > 1 {
				flush()
			}
			quad = quad[:0]
		case c == '\r' || c == '\n' || c == ' ' || c == '\t':
		default:
			ok = false
		}
	}
	if len(quad) == 1 {
		return out, false
	}
	flush()
	return out, ok
}

// decodeQuotedPrintable keeps an escape that is none as it stands.
func decodeQuotedPrintable(data []byte) (out []byte, ok bool) {
	ok = true
	out = make([]byte, 0, len(data))
	for len(data) > 0 {
		end := lineEnd(data, 0)
		line := data[:end]
		data = data[end:]
		text := bytes.TrimRight(line, " \t\r\n")
		if bytes.HasSuffix(text, []byte("=")) {
			text, line = text[:len(text)-1], nil // soft line break
		} else if n := len(line) - len(bytes.TrimRight(line, "\r\n")); n > 0 {
			line = line[len(line)-n:] // blanks at the end of a line were added on the way
		} else {
			text, line = line, nil
		}
		for i := 0; i < len(text); i++ {
			if text[i] != '=' {
				out = append(out, text[i])
				continue
			}
			if i+2 < len(text) && hexDigit(text[i+1]) >= 0 && hexDigit(text[i+2]) >= 0 {
				out = append(out, byte(hexDigit(text[i+1])<<4|hexDigit(text[i+2])))
				i += 2
				continue
			}
			ok = false
			out = append(out, '=')
		}
		out = append(out, line...)
	}
	return out, ok
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// decodeUU reads a uuencoded body between its "begin" and "end" lines.
func decodeUU(data []byte) (out []byte, found bool) {
	for len(data) > 0 {
		end := lineEnd(data, 0)
		line := bytes.TrimRight(data[:end], "\r\n")
		data = data[end:]
		switch {
		case !found:
			found = bytes.HasPrefix(line, []byte("begin "))
		case len(line) == 0 || bytes.Equal(line, []byte("end")):
			return out, true
		default:
			out = append(out, uuLine(line)...)
		}
	}
	return out, found
}

func uuLine(line []byte) []byte {
	n := int(line[0]-' ') & 63
	var out []byte
	for i := 1; i < len(line) && len(out) < n; i += 4 {
		var quad [4]byte
		for j := range quad {
			if i+j < len(line) {
				quad[j] = (line[i+j] - ' ') & 63
			}
		}
		out = append(out, quad[0]<<2|quad[1]>>4, quad[1]<<4|quad[2]>>2, quad[2]<<6|quad[3])
	}
	return out[:min(n, len(out))]
}
