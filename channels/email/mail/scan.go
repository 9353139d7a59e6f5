package mail

import (
	"bytes"
	"strings"
)

// part is one MIME entity: a leaf with a body, or a multipart with children.
type part struct {
	header    Header
	typ       *parameters // Content-Type, parsed on first use
	children  []*part
	body      []byte // as sent, still encoded
	multipart bool
	plain     bool // a multipart in which no boundary was found: its body is read as text
	cutOff    bool // the mail ended before the boundary that was due
	use       use
}

func (p *part) contentType() *parameters {
	if p.typ == nil {
		// Of several fields the last counts: the one nearest to the body was
		// written by whoever wrote the body.
		t := parseParameters(p.header.Last("Content-Type"))
		p.typ = &t
	}
	return p.typ
}

// mediaType is the declared type, or the default of RFC 2045 section 5.2.
func (p *part) mediaType() string {
	if p.plain {
		return "text/plain"
	}
	if t := p.contentType().value; strings.Contains(t, "/") {
		return t
	}
	return "text/plain"
}

func (p *part) param(name string) string { return p.contentType().params[name] }

func (p *part) disposition() string {
	return parseParameters(p.header.Get("Content-Disposition")).value
}

// walk calls visit for every leaf in document order.
func (p *part) walk(visit func(*part)) {
	if !p.multipart {
		visit(p)
		return
	}
	for _, child := range p.children {
		child.walk(visit)
	}
}

// level is a multipart that is being read.
type level struct {
	part     *part
	boundary string
	start    int // of the preamble
}

// scanner cuts a mail into parts in one pass over its lines. It looks at each
// line once, whatever the depth, except for a few tries with a guessed
// boundary.
type scanner struct {
	p       *parser
	raw     []byte
	pos     int
	stack   []level
	leaf    *part // being read; nil in a preamble or epilogue
	start   int   // of leaf's body
	lost    []string
	parts   int
	guesses int
}

const (
	maxGuesses = 4
	maxLost    = 64
)

func (p *parser) scan(raw []byte) *part {
	s := &scanner{p: p, raw: skipEnvelope(raw, &p.defects), guesses: maxGuesses}
	root := s.open(nil)
	for {
		s.run()
		if s.finish() {
			return root
		}
	}
}

// run reads lines to the end of the mail.
func (s *scanner) run() {
	for s.pos < len(s.raw) {
		next := lineEnd(s.raw, s.pos)
		line := s.raw[s.pos:next]
		if len(s.stack) > 0 && bytes.HasPrefix(line, []byte("--")) {
			if at, closing, ok := s.match(line); ok {
				s.delimiter(at, closing, next)
				continue
			}
		}
		s.pos = next
	}
}

// skipEnvelope drops what stands before the header: a byte order mark, blank
// lines, and the "From " line of an mbox file.
func skipEnvelope(raw []byte, d *defects) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	for len(raw) > 0 && (raw[0] == '\r' || raw[0] == '\n') {
		raw = raw[1:]
		d.add("blank line before the header")
	}
	for bytes.HasPrefix(raw, []byte("From ")) || bytes.HasPrefix(raw, []byte(">From ")) {
		raw = raw[lineEnd(raw, 0):]
		d.add("mbox From line")
	}
	return raw
}

// open reads the header at pos and starts the part below parent.
func (s *scanner) open(parent *part) *part {
	child := &part{}
	child.header, s.pos = s.p.scanHeader(s.raw, s.pos, s.isDelimiter)
	s.parts++
	if parent != nil {
		parent.children = append(parent.children, child)
	}
	boundary := child.param("boundary")
	if strings.HasPrefix(child.mediaType(), "multipart/") {
		switch {
		case len(s.stack) >= s.p.limits.Depth:
			s.p.defects.add("nested too deep")
		default:
			child.multipart = true
			s.stack = append(s.stack, level{part: child, boundary: boundary, start: s.pos})
			return child
		}
	}
	s.leaf, s.start = child, s.pos
	return child
}

// isDelimiter tells a header that was not ended by a blank line.
func (s *scanner) isDelimiter(line []byte) bool {
	_, _, ok := s.match(line)
	return ok
}

// match finds the multipart to which a delimiter line belongs. Innermost
// first, since some mailers use one boundary on several levels. A boundary
// whose multipart an outer one has ended still separates parts.
func (s *scanner) match(line []byte) (at int, closing, ok bool) {
	text := strings.TrimRight(string(line[:min(len(line), 256)]), " \t\r\n")
	if len(text) < 3 || text[:2] != "--" {
		return 0, false, false
	}
	name := text[2:]
	closed, hasEnd := strings.CutSuffix(name, "--")
	for i := len(s.stack) - 1; i >= 0; i-- {
		switch b := s.stack[i].boundary; {
		case b == "":
		case name == b:
			return i, false, true
		case hasEnd && closed == b:
			return i, true, true
		}
	}
	for _, b := range s.lost {
		if name == b && len(s.stack) > 0 {
			return len(s.stack) - 1, false, true
		}
	}
	return 0, false, false
}

// delimiter handles the delimiter line at pos, of the multipart at index at.
func (s *scanner) delimiter(at int, closing bool, next int) {
	end := s.pos
	s.endLeaf(end)
	if !s.pop(at+1, end) {
		return
	}
	s.pos = next
	switch {
	case closing:
		if s.pop(at, end) {
			s.lost = s.lost[:max(0, len(s.lost)-1)]
		}
	case s.parts >= s.p.limits.Parts:
		s.p.defects.add("too many parts")
		s.pos = len(s.raw)
	default:
		s.open(s.stack[at].part)
	}
}

// endLeaf ends the open leaf before the line break that belongs to the
// delimiter (RFC 2046 section 5.1.1).
func (s *scanner) endLeaf(end int) {
	if s.leaf == nil {
		return
	}
	body := s.raw[min(s.start, end):end]
	body = bytes.TrimSuffix(body, []byte("\n"))
	s.leaf.body = bytes.TrimSuffix(body, []byte("\r"))
	s.leaf = nil
}

// pop ends the multiparts from index down on and remembers their boundaries as
// lost. It returns false when it went back to read one again with a guessed
// boundary.
func (s *scanner) pop(down, end int) bool {
	for len(s.stack) > down {
		top := &s.stack[len(s.stack)-1]
		if len(top.part.children) == 0 && !s.readAsText(top, s.raw[top.start:max(end, top.start)]) {
			return false
		}
		s.lost = append(s.lost, top.boundary)
		if len(s.lost) > maxLost {
			s.lost = s.lost[1:]
		}
		s.stack = s.stack[:len(s.stack)-1]
	}
	return true
}

// readAsText makes a multipart without any part a text, unless a boundary can
// be guessed: then it returns false and reading goes on from its start.
func (s *scanner) readAsText(top *level, body []byte) bool {
	if s.guesses > 0 {
		if guess, ok := guessBoundary(body); ok && guess != top.boundary {
			s.guesses--
			s.p.defects.add("boundary wrong")
			top.boundary, s.pos = guess, top.start
			return false
		}
	}
	s.p.defects.add("boundary missing")
	top.part.multipart, top.part.plain, top.part.body = false, true, body
	return true
}

// finish ends everything at the end of the mail. It returns false when a part
// is to be read again with a guessed boundary.
func (s *scanner) finish() bool {
	if s.leaf != nil && len(s.stack) > 0 {
		s.endCutOff()
	} else if s.leaf != nil {
		s.leaf.body, s.leaf = s.raw[min(s.start, len(s.raw)):], nil
	}
	return s.pop(0, len(s.raw))
}

// endCutOff ends a leaf whose delimiter never came. A closing delimiter at the
// very end of the last line, without a line break before it, is taken.
func (s *scanner) endCutOff() {
	body := s.raw[min(s.start, len(s.raw)):]
	trimmed := bytes.TrimRight(body, " \t\r\n")
	for i := len(s.stack) - 1; i >= 0; i-- {
		b := s.stack[i].boundary
		if b != "" && bytes.HasSuffix(trimmed, []byte("--"+b+"--")) {
			s.leaf.body, s.leaf = trimmed[:len(trimmed)-len(b)-4], nil
			return
		}
	}
	s.leaf.body = body
	s.leaf.cutOff = len(trimmed) > 0
	if s.leaf.cutOff {
		s.p.defects.add("cut off before the last boundary")
	}
	s.leaf = nil
}

// guessBoundary finds the first line that looks like a delimiter: two dashes,
// a name, and a MIME header on the next line.
func guessBoundary(body []byte) (string, bool) {
	for pos := 0; pos < len(body); {
		next := lineEnd(body, pos)
		line := bytes.TrimRight(body[pos:next], " \t\r\n")
		if len(line) > 2 && len(line) <= 202 && bytes.HasPrefix(line, []byte("--")) {
			following := body[next:min(len(body), next+8)]
			if bytes.EqualFold(following, []byte("Content-")) {
				return string(line[2:]), true
			}
		}
		pos = next
	}
	return "", false
}

// lineEnd is the index after the line that starts at pos.
func lineEnd(raw []byte, pos int) int {
	if i := bytes.IndexByte(raw[pos:], '\n'); i >= 0 {
		return pos + i + 1
	}
	return len(raw)
}
