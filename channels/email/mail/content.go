package mail

import "strings"

// How much of the parts that are no text of the mail is held, in bytes: of one
// part, and of all.
const (
	maxHead  = 256 << 10
	maxHeads = 512 << 10
)

// holds are how many bytes may still be held, of each kind.
type holds struct{ text, html, heads int }

// readLeaf reads the body of the leaf that was opened.
func (s *scanner) readLeaf() {
	index := 0
	if n := len(s.stack); n > 0 {
		index = len(s.stack[n-1].part.children) - 1
	}
	b := &body{s: s}
	s.p.readContent(s.leaf, s.outside(), index, b)
	for b.next() != nil {
		continue // nobody wanted it
	}
	s.leaf = nil
}

// readContent reads a leaf and holds or stores what is in it.
func (p *parser) readContent(leaf *part, at *place, index int, body source) {
	p.chosen.choose(leaf, at, index)
	from, about := p.decoded(leaf, body)
	typ := leaf.mediaType()
	switch {
	case leaf.use == useText:
		taker := &fileTaker{p: p, text: held{p: p, leaf: leaf, left: &p.holds.text}}
		for data := from.next(); data != nil; data = from.next() {
			taker.write(data)
		}
		taker.end()
	case leaf.use == useHTML:
		text := held{p: p, leaf: leaf, left: &p.holds.html}
		for data := from.next(); data != nil; data = from.next() {
			text.write(data)
		}
		text.end()
	case isTNEF(typ, leaf.param("name")):
		p.openTNEF(leaf, from)
	case isSMIME(typ):
		p.openSigned(leaf, from)
	default:
		if typ == "application/pgp-encrypted" {
			p.defects.add("encrypted with PGP")
		}
		p.storeLeaf(leaf, from, about)
	}
}

// storeLeaf stores a leaf, and holds the start of one that may tell something.
func (p *parser) storeLeaf(leaf *part, from source, about int) {
	leaf.stored = p.create(about)
	left := 0
	if tells(leaf.mediaType()) {
		left = min(maxHead, p.holds.heads)
	}
	for data := from.next(); data != nil; data = from.next() {
		if left > 0 {
			head := data[:min(len(data), left)]
			leaf.held = append(leaf.held, head...)
			left -= len(head)
			p.holds.heads -= len(head)
		}
		leaf.stored.put(data)
	}
	leaf.stored.close()
}

// tells reports a type of which the content is looked at.
func tells(typ string) bool {
	return strings.HasPrefix(typ, "message/") || isMessage(typ) || typ == "text/plain" || typ == "text/html" || typ == "text/calendar"
}

// isMessage reports a mail, or the header of one, as a file.
func isMessage(typ string) bool {
	switch typ {
	case "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers", "text/rfc822":
		return true
	}
	return false
}

// held is a text part that is held in memory. One that is too long is stored,
// too, so that nothing of it is lost.
type held struct {
	p    *parser
	leaf *part
	left *int
}

func (h *held) write(data []byte) {
	if h.leaf.stored == nil && len(data) > *h.left {
		h.p.defects.add("text too long")
		h.leaf.stored = h.p.create(0)
		h.leaf.stored.put(h.leaf.held)
	}
	if h.leaf.stored != nil {
		h.leaf.stored.put(data)
	}
	data = data[:min(len(data), *h.left)]
	h.leaf.held = append(h.leaf.held, data...)
	*h.left -= len(data)
}

func (h *held) end() {
	if h.leaf.stored != nil {
		h.leaf.stored.close()
	}
}
