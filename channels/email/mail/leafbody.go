package mail

import "bytes"

// body is the encoded body of a leaf, up to the delimiter that ends it.
type body struct {
	s       *scanner
	started bool
	ended   bool
	filled  bool // more than blanks was given
}

// next implements source.
func (b *body) next() []byte {
	for !b.ended {
		w := b.s.w
		w.need(windowSize / 2)
		rest := w.rest()
		end := b.end(rest)
		if w.pos += end; b.s.at.found {
			b.ended = true
			end -= len(lineBreakAt(rest[:end]))
		} else if w.ended {
			b.ended = true
			end = b.cutOff(rest)
		}
		b.started = true
		if end > 0 {
			b.filled = b.filled || len(bytes.TrimSpace(rest[:end])) > 0
			return rest[:end]
		}
	}
	return nil
}

// end is where in rest the delimiter line starts, or else how much of rest is
// surely of the body.
func (b *body) end(rest []byte) int {
	s := b.s
	if len(s.stack) == 0 {
		return len(rest)
	}
	if !b.started {
		if s.at = s.match(rest); s.at.found {
			return 0
		}
	}
	sure := len(rest)
	if !s.w.ended {
		if sure -= holdBack; rest[sure-1] == '\r' {
			sure--
		}
	}
	for from := 0; ; {
		i := bytes.Index(rest[from:], []byte("\n--"))
		if i < 0 || from+i >= sure {
			return sure
		}
		from += i + 1
		if s.at = s.match(rest[from:]); s.at.found {
			return from
		}
	}
}

// lineBreakAt is the line break at the end of a body, which belongs to the
// delimiter (RFC 2046 section 5.1.1).
func lineBreakAt(body []byte) []byte {
	n := len(bytes.TrimSuffix(bytes.TrimSuffix(body, []byte("\n")), []byte("\r")))
	return body[n:]
}

// cutOff is where in rest a body ends whose delimiter never came. A closing
// delimiter at the very end of the last line, without a line break before it,
// is taken.
func (b *body) cutOff(rest []byte) int {
	s := b.s
	if len(s.stack) == 0 {
		return len(rest)
	}
	tail := len(rest) - min(len(rest), holdBack)
	trimmed := bytes.TrimRight(rest[tail:], " \t\r\n")
	for i := len(s.stack) - 1; i >= 0; i-- {
		b := s.stack[i].boundary
		if b != "" && bytes.HasSuffix(trimmed, []byte("--"+b+"--")) {
			return tail + len(trimmed) - len(b) - 4
		}
	}
	if b.filled || len(bytes.TrimSpace(rest)) > 0 {
		s.leaf.cutOff = true
		s.p.defects.add("cut off before the last boundary")
	}
	return len(rest)
}
