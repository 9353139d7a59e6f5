package mail

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// decoded undoes a part's transfer encoding (RFC 2045 section 6). An unknown
// one is taken as none; a corrupt one gives what could be read. about is how
// many bytes will come, where that can be seen.
func (p *parser) decoded(leaf *part, body source) (from source, about int) {
	encoding := strings.ToLower(strings.TrimSpace(leaf.header.Last("Content-Transfer-Encoding")))
	if i := strings.IndexAny(encoding, "; \t("); i >= 0 {
		encoding = encoding[:i]
	}
	first := &started{first: body.next(), from: body}
	about = len(first.first)
	switch strings.Trim(encoding, `"'`) {
	case "base64", "b", "base-64":
		if strings.HasPrefix(leaf.mediaType(), "text/") && looksPlain(first.first) {
			p.defects.add("transfer encoding wrong")
			return first, about
		}
		return &base64Source{from: first, d: &p.defects}, about / 4 * 3
	case "quoted-printable", "q", "quotedprintable":
		return &quotedSource{from: first, d: &p.defects}, about
	case "x-uuencode", "x-uue", "uuencode", "uue":
		return &uuSource{lines: lineSource{from: first}}, about / 4 * 3
	case "x-yencode", "yenc", "x-yenc":
		return &uuSource{lines: lineSource{from: first}, yenc: true}, about
	case "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "8", "7", "none":
	case "":
		leaf.untold = true
	default:
		leaf.untold = true
		p.defects.add("transfer encoding unknown")
	}
	return first, about
}

// started is a source of which the first piece was taken already.
type started struct {
	first []byte
	from  source
}

func (s *started) next() []byte {
	if data := s.first; data != nil {
		s.first = nil
		return data
	}
	return s.from.next()
}

// transferPiece is how much is decoded at a time.
const transferPiece = 32 << 10

// base64Source skips what is no base64 and starts anew after padding, since
// some mailers encode in pieces.
type base64Source struct {
	from  source
	d     *defects // nil: nobody wants to know
	in    []byte   // not yet decoded, of the piece at hand
	chars []byte   // without line breaks; at most three are left over
	out   []byte
	ended bool
}

func (b *base64Source) next() []byte {
	for !b.ended {
		if len(b.in) == 0 {
			b.in = b.from.next()
		}
		b.ended = b.in == nil
		n := min(len(b.in), transferPiece)
		b.chars = appendWithoutBreaks(b.chars, b.in[:n])
		b.in = b.in[n:]
		if out := b.decode(); len(out) > 0 {
			return out
		}
	}
	return nil
}

func appendWithoutBreaks(to, data []byte) []byte {
	for len(data) > 0 {
		i := bytes.IndexByte(data, '\n')
		if i < 0 {
			return append(to, data...)
		}
		to = append(to, bytes.TrimSuffix(data[:i], []byte("\r"))...)
		data = data[i+1:]
	}
	return to
}

// decode takes as many groups of four as there are, at the end all.
func (b *base64Source) decode() []byte {
	if need := len(b.chars)/4*3 + 3; cap(b.out) < need {
		b.out = make([]byte, 0, need)
	}
	whole := len(b.chars) &^ 3
	if n, err := base64.StdEncoding.Decode(b.out[:cap(b.out)], b.chars[:whole]); err == nil && (!b.ended || whole == len(b.chars)) {
		b.chars = append(b.chars[:0], b.chars[whole:]...)
		return b.out[:n]
	}
	out, left, ok := appendBase64(b.out[:0], b.chars, b.ended)
	b.chars = append(b.chars[:0], left...)
	if !ok && b.d != nil {
		b.d.add("transfer encoding corrupt")
	}
	return out
}

// appendBase64 decodes one character after the other. left is an unfinished
// group at the end, which is decoded, too, if the end is the last.
func appendBase64(out, data []byte, last bool) (decoded, left []byte, ok bool) {
	ok = true
	var group [4]byte // the characters, and their values
	var bits uint32
	n := 0
	flush := func() {
		bits <<= 6 * (4 - n)
		out = append(out, []byte{byte(bits >> 16), byte(bits >> 8), byte(bits)}[:max(0, n-1)]...)
		bits, n = 0, 0
	}
	for _, c := range data {
		value, isChar := base64Value(c)
		switch {
		case isChar:
			group[n] = c
			bits, n = bits<<6|value, n+1
			if n == 4 {
				flush()
			}
		case c == '=':
			flush()
		case c == '\r' || c == ' ' || c == '\t' || c == '\n':
		default:
			ok = false
		}
	}
	if !last {
		return out, group[:n:n], ok
	}
	ok = ok && n != 1
	flush()
	return out, nil, ok
}

func base64Value(c byte) (value uint32, ok bool) {
	switch {
	case c >= 'A' && c <= 'Z':
		return uint32(c - 'A'), true
	case c >= 'a' && c <= 'z':
		return uint32(c-'a') + 26, true
	case c >= '0' && c <= '9':
		return uint32(c-'0') + 52, true
	case c == '+':
		return 62, true
	case c == '/':
		return 63, true
	}
	return 0, false
}

func decodeBase64(data []byte) (out []byte, ok bool) {
	out = make([]byte, len(data)/4*3+3)
	if n, err := base64.StdEncoding.Decode(out, data); err == nil {
		return out[:n], true
	}
	out, _, ok = appendBase64(out[:0], data, true)
	return out, ok
}

// quotedSource decodes quoted-printable. An escape that is none is kept as it
// stands.
type quotedSource struct {
	from  source
	d     *defects
	left  []byte // not yet decoded: the start of a line, or of an escape
	out   []byte
	ended bool
}

func (q *quotedSource) next() []byte {
	for !q.ended {
		data := q.from.next()
		if q.ended = data == nil; !q.ended && len(q.left) > 0 {
			q.left = append(q.left, data...)
			data = q.left
		} else if q.ended {
			data = q.left
		}
		n := len(data)
		if !q.ended {
			n = sureQuoted(data)
		}
		out, ok := appendQuoted(q.out[:0], data[:n])
		q.out, q.left = out, append(q.left[:0], data[n:]...)
		if !ok && q.d != nil {
			q.d.add("transfer encoding corrupt")
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// sureQuoted is how much of data can be decoded whatever comes after it: whole
// lines, or of a very long one what does not end in blanks or in an escape.
func sureQuoted(data []byte) int {
	if i := bytes.LastIndexByte(data, '\n'); i >= 0 || len(data) < windowSize {
		return i + 1
	}
	n := len(bytes.TrimRight(data, " \t\r"))
	if i := bytes.LastIndexByte(data[:n], '='); i >= 0 && n-i < 3 {
		n = i
	}
	if n == 0 {
		return len(data)
	}
	return n
}

func appendQuoted(out, data []byte) (decoded []byte, ok bool) {
	ok = true
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
		for {
			i := bytes.IndexByte(text, '=')
			if i < 0 {
				break
			}
			out = append(out, text[:i]...)
			if i+2 < len(text) && hexDigit(text[i+1]) >= 0 && hexDigit(text[i+2]) >= 0 {
				out = append(out, byte(hexDigit(text[i+1])<<4|hexDigit(text[i+2])))
				text = text[i+3:]
				continue
			}
			ok = false
			out = append(out, '=')
			text = text[i+1:]
		}
		out = append(append(out, text...), line...)
	}
	return out, ok
}

func decodeQuotedPrintable(data []byte) (out []byte, ok bool) {
	return appendQuoted(make([]byte, 0, len(data)), data)
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
