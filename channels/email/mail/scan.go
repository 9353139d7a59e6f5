package mail

import (
	"bytes"
	"strings"
)

// part is one MIME entity: a leaf with a body, or a multipart with children.
type part struct {
	header    Header
	typ       *parameters // Content-Type, parsed on first use
	disp      *parameters // Content-Disposition, likewise
	children  []*part
	multipart bool
	plain     bool // a multipart in which no boundary was found: its body is read as text
	digest    bool // below a multipart/digest
	cutOff    bool // the mail ended before the boundary that was due
	use       use
	held      []byte  // decoded: of a body part all of it, of others the start
	stored    *output // where the content went; nil: it is all in held
	untold    bool    // nothing is known of its transfer encoding
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
	if p.digest {
		return "message/rfc822" // RFC 2046 section 5.1.5
	}
	return "text/plain"
}

func (p *part) param(name string) string { return p.contentType().param(name) }

func (p *part) disposition() *parameters {
	if p.disp == nil {
		d := parseParameters(p.header.Get("Content-Disposition"))
		p.disp = &d
	}
	return p.disp
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
	place    place
	start    int64 // of the preamble, in the mail

	// Of a multipart that has no part yet:
	guess string // a delimiter that may be meant
	kept  []byte // the first bytes, once they are too many to go back
}

// scanner cuts a mail into parts in one pass. It looks at each byte once,
// whatever the depth, except for a few tries with a guessed boundary.
type scanner struct {
	p       *parser
	w       *window
	stack   []level
	leaf    *part // whose body comes next; nil in a preamble or epilogue
	at      delimiter
	lost    []string
	parts   int
	guesses int
	stopped bool // by a limit
}

// delimiter is the line at which the window stands, if it is one.
type delimiter struct {
	found   bool
	level   int
	closing bool
}

const (
	maxGuesses = 4
	maxLost    = 64
	// maxDelimiter is how much of a line is looked at: a boundary has at most
	// 70 bytes (RFC 2046 section 5.1.1), in theory.
	maxDelimiter = 256
)

// scan reads the whole mail: what is of the body is held, the rest goes to the
// sink.
func (p *parser) scan(w *window) *part {
	skipEnvelope(w, &p.defects)
	s := &scanner{p: p, w: w, guesses: maxGuesses}
	root := s.open(nil)
	for {
		s.at = delimiter{}
		switch {
		case s.stopped:
		case s.leaf != nil:
			s.readLeaf()
		default:
			s.skip()
		}
		if s.at.found {
			s.delimiter()
		} else if s.pop(0) {
			w.drain()
			return root
		}
	}
}

// skipEnvelope drops what stands before the header: a byte order mark, blank
// lines, and the "From " line of an mbox file.
func skipEnvelope(w *window, d *defects) {
	w.need(8)
	if bytes.HasPrefix(w.rest(), []byte("\xef\xbb\xbf")) {
		w.pos += 3
	}
	w.fixLineBreaks()
	for w.need(8); len(w.rest()) > 0 && (w.rest()[0] == '\r' || w.rest()[0] == '\n'); w.need(8) {
		w.pos++
		d.add("blank line before the header")
	}
	for bytes.HasPrefix(w.rest(), []byte("From ")) || bytes.HasPrefix(w.rest(), []byte(">From ")) {
		w.skipLine()
		w.need(8)
		d.add("mbox From line")
	}
}

// open reads the header that comes next and starts the part below parent.
func (s *scanner) open(parent *part) *part {
	child := &part{}
	s.w.release()
	s.parts++
	if parent == nil {
		s.openMail(child)
	} else {
		child.header = s.p.scanHeader(s.w, s.isDelimiter)
		child.digest = subtype(parent) == "digest"
		parent.children = append(parent.children, child)
	}
	if strings.HasPrefix(child.mediaType(), "multipart/") {
		if len(s.stack) < s.p.limits.Depth {
			child.multipart = true
			boundary := strings.TrimRight(child.param("boundary"), " \t")
			s.stack = append(s.stack, level{part: child, boundary: boundary, place: s.inside(child), start: s.w.offset()})
			s.w.keep()
			return child
		}
		s.p.defects.add("nested too deep")
	}
	s.leaf = child
	return child
}

// openMail reads the header of the mail itself. Where there is none, or it does
// not tell that there are parts, the body is looked at.
func (s *scanner) openMail(root *part) {
	start := s.w.offset()
	s.w.keep()
	root.header = s.p.scanHeader(s.w, s.isDelimiter)
	s.w.need(1)
	if s.w.mark >= 0 && (s.w.offset() > start || len(s.w.rest()) > 0) && !isMailHeader(root.header) {
		s.p.defects.add("header missing")
		s.w.back(start)
		root.header = nil
	}
	s.w.release()
	if root.header.Has("Content-Type") {
		return
	}
	s.w.need(maxPreamble)
	look := s.w.rest()
	// Nothing but "This is a message in MIME format" may stand above: below
	// more it is a mail that somebody quotes.
	lines := 0
	for look = look[:min(len(look), maxPreamble)]; len(look) > 0 && lines < 3; look = look[lineEnd(look, 0):] {
		if boundary := guessBoundary(look); boundary != "" {
			s.p.defects.add("content type missing")
			root.typ = &parameters{value: "multipart/mixed", params: map[string]string{"boundary": boundary}}
			return
		}
		if line := bytes.TrimSpace(look[:lineEnd(look, 0)]); bytes.ContainsAny(line, ":@") {
			return
		} else if len(line) > 0 {
			lines++
		}
	}
}

// maxPreamble is how far down in a mail without a type its parts may start.
const maxPreamble = 2 << 10

// isDelimiter tells a header that was not ended by a blank line.
func (s *scanner) isDelimiter(line []byte) bool { return s.match(line).found }

// match finds the multipart to which a delimiter line belongs. Innermost
// first, since some mailers use one boundary on several levels. A boundary
// whose multipart an outer one has ended still separates parts.
func (s *scanner) match(line []byte) delimiter {
	line = line[:min(len(line), maxDelimiter)]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	name := bytes.TrimRight(line, " \t\r")
	if len(name) < 3 || name[0] != '-' || name[1] != '-' {
		return delimiter{}
	}
	name = name[2:]
	closed, hasEnd := bytes.CutSuffix(name, []byte("--"))
	for i := len(s.stack) - 1; i >= 0; i-- {
		switch b := s.stack[i].boundary; {
		case b == "":
		case string(name) == b:
			return delimiter{true, i, false}
		case hasEnd && string(closed) == b:
			return delimiter{true, i, true}
		}
	}
	for _, b := range s.lost {
		if string(name) == b && len(s.stack) > 0 {
			return delimiter{true, len(s.stack) - 1, false}
		}
	}
	return delimiter{}
}

// delimiter handles the delimiter line that comes next.
func (s *scanner) delimiter() {
	at := s.at
	if !s.pop(at.level + 1) {
		return
	}
	switch {
	case at.closing:
		if s.pop(at.level) {
			s.w.skipLine()
			s.lost = s.lost[:max(0, len(s.lost)-1)]
		}
	case s.parts >= s.p.limits.Parts:
		s.p.defects.add("too many parts")
		s.stopped, s.guesses = true, 0
	default:
		s.w.skipLine()
		s.open(s.stack[at.level].part)
	}
}

// pop ends the multiparts from index down on and remembers their boundaries as
// lost. It returns false when it went back to read one again with a guessed
// boundary.
func (s *scanner) pop(down int) bool {
	for len(s.stack) > down {
		top := &s.stack[len(s.stack)-1]
		if len(top.part.children) == 0 && !s.readAsText(top) {
			return false
		}
		s.lost = append(s.lost, top.boundary)
		if len(s.lost) > maxLost {
			s.lost = s.lost[1:]
		}
		s.closeAlternative(top)
		s.stack = s.stack[:len(s.stack)-1]
	}
	return true
}

// readAsText makes a multipart without any part a text, unless a boundary can
// be guessed: then it returns false and reading goes on from its start.
func (s *scanner) readAsText(top *level) bool {
	if s.takeGuess(top) {
		return false
	}
	s.p.defects.add("boundary missing")
	text := top.kept
	if text == nil {
		text = s.w.buf[int(top.start-s.w.base):s.w.pos]
		text = text[:min(len(text), s.p.limits.TextBytes)]
	}
	s.w.release()
	top.part.multipart, top.part.plain = false, true
	above := &place{kind: "mixed", toText: true, toHTML: true}
	index := 0
	if n := len(s.stack); n > 1 {
		above, index = &s.stack[n-2].place, len(s.stack[n-2].part.children)-1
	}
	s.p.readContent(top.part, above, index, &piece{text})
	return true
}

// takeGuess goes back to the start of a multipart to read it with the boundary
// that was guessed.
func (s *scanner) takeGuess(top *level) bool {
	if s.guesses == 0 || top.guess == "" || top.guess == top.boundary {
		return false
	}
	s.guesses--
	s.p.defects.add("boundary wrong")
	top.boundary, top.guess = top.guess, ""
	s.w.back(top.start)
	return true
}

// skip goes to the next delimiter in a preamble or epilogue.
func (s *scanner) skip() {
	top := (*level)(nil)
	if n := len(s.stack); n > 0 && len(s.stack[n-1].part.children) == 0 {
		top = &s.stack[n-1]
	}
	for lineStart := true; ; {
		s.w.need(2 * maxDelimiter)
		rest := s.w.rest()
		if len(rest) == 0 {
			return
		}
		if top != nil && top.kept == nil && s.w.offset()-top.start > int64(s.p.limits.TextBytes) && s.tooLate(top) {
			lineStart = true
			continue
		}
		if lineStart && len(s.stack) > 0 && rest[0] == '-' {
			if s.at = s.match(rest); s.at.found {
				return
			}
			if top != nil && top.kept == nil && top.guess == "" {
				top.guess = guessBoundary(rest)
			}
		}
		i := bytes.IndexByte(rest, '\n')
		if lineStart = i >= 0; lineStart {
			s.w.pos += i + 1
		} else {
			s.w.pos += len(rest)
		}
	}
}

// tooLate is for a preamble longer than what can be kept: a guess is taken,
// or the start is kept as the text, in case that no part comes.
func (s *scanner) tooLate(top *level) bool {
	if s.takeGuess(top) {
		return true
	}
	start := int(top.start - s.w.base)
	top.kept = s.w.buf[start : start+s.p.limits.TextBytes]
	s.w.leave()
	return false
}

// guessBoundary is the name of what looks like a delimiter: two dashes, a
// name, and a MIME header on the next line.
func guessBoundary(text []byte) string {
	end := bytes.IndexByte(text, '\n')
	if end < 0 {
		return ""
	}
	line := bytes.TrimRight(text[:end], " \t\r")
	following := text[end+1:]
	const mime = "Content-"
	if len(line) > 2 && len(line) <= 202 && len(following) >= len(mime) && bytes.EqualFold(following[:len(mime)], []byte(mime)) {
		return string(line[2:])
	}
	return ""
}

// lineEnd is the index after the line that starts at pos.
func lineEnd(raw []byte, pos int) int {
	if i := bytes.IndexByte(raw[pos:], '\n'); i >= 0 {
		return pos + i + 1
	}
	return len(raw)
}
