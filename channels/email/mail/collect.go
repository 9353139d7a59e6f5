package mail

import "strings"

// use is what a leaf serves for.
type use int

const (
	useAttachment use = iota
	useText           // part of the text body
	useHTML           // part of the HTML body only
	useInline         // a picture or sound shown in the body; also an attachment
	useOpened         // a wrapping whose content was taken
)

// bodies are the texts of a mail.
type bodies struct {
	text     string // whole text
	html     string // whole HTML; empty: none
	fromHTML bool   // text was made from HTML
	rest     string // text of a cut-off part or of a forwarded mail, where there is no text
}

// place is where a part stands, as far as it decides whether the part belongs
// to the body. Body parts are picked as RFC 8621 section 4.1.4 does, so that a
// mail reads here as it does in a mail program.
type place struct {
	kind             string // of the multipart around it
	alternative      bool   // somewhere within a multipart/alternative
	toText, toHTML   bool   // false where an alternative has already decided against that body
	textHad, htmlHad int    // how many parts the bodies had where it starts
}

// chosen are the parts of the bodies, so far.
type chosen struct{ text, html []*part }

// inside is the place of the parts of a multipart that comes next.
func (s *scanner) inside(child *part) place {
	at := *s.outside()
	at.kind = subtype(child)
	at.alternative = at.alternative || at.kind == "alternative"
	at.textHad, at.htmlHad = len(s.p.chosen.text), len(s.p.chosen.html)
	return at
}

// outside is the place of the innermost multipart that is being read, which
// has a part already or is one itself.
func (s *scanner) outside() *place {
	if len(s.stack) == 0 {
		return &place{kind: "mixed", toText: true, toHTML: true}
	}
	return &s.stack[len(s.stack)-1].place
}

// choose decides whether the part with this index belongs to the body, before
// its content is read.
func (c *chosen) choose(leaf *part, at *place, index int) {
	if !inBody(leaf, index, at.kind) {
		return
	}
	typ := leaf.mediaType()
	if at.kind == "alternative" {
		switch typ {
		case "text/plain":
			c.take(leaf, true, false)
		case "text/html":
			c.take(leaf, false, true)
		}
		return
	}
	if at.alternative {
		at.toHTML = at.toHTML && typ != "text/plain"
		at.toText = at.toText && typ != "text/html"
	}
	c.take(leaf, at.toText, at.toHTML)
}

func (c *chosen) take(leaf *part, text, html bool) {
	if text {
		c.text = append(c.text, leaf)
	}
	if html {
		c.html = append(c.html, leaf)
	}
	switch typ := leaf.mediaType(); {
	case typ == "text/html" && (text || html):
		leaf.use = useHTML
	case typ == "text/plain" && text:
		leaf.use = useText
	case isMedia(typ) && (text || html):
		leaf.use = useInline
	}
}

// closeAlternative lets one form of an alternative serve for the other, too.
func (s *scanner) closeAlternative(top *level) {
	at, c := top.place, &s.p.chosen
	if at.kind != "alternative" || !at.toText || !at.toHTML {
		return
	}
	switch text, html := c.text[at.textHad:], c.html[at.htmlHad:]; {
	case len(text) == 0:
		c.text = append(c.text, html...)
	case len(html) == 0:
		c.html = append(c.html, text...)
	}
}

// inBody tells a body part from an attachment.
func inBody(leaf *part, index int, kind string) bool {
	typ := leaf.mediaType()
	if leaf.disposition().value == "attachment" {
		return false
	}
	if typ != "text/plain" && typ != "text/html" && !isMedia(typ) {
		return false
	}
	if index == 0 {
		return true
	}
	return kind != "related" && (isMedia(typ) || leaf.param("name") == "" && !strings.Contains(leaf.header.Get("Content-Disposition"), "filename"))
}

func isMedia(typ string) bool {
	return strings.HasPrefix(typ, "image/") || strings.HasPrefix(typ, "audio/") || strings.HasPrefix(typ, "video/")
}

func subtype(p *part) string {
	_, sub, _ := strings.Cut(p.mediaType(), "/")
	return sub
}

// collect makes the bodies of what was chosen. A text that was cut off is an
// attachment after all.
func (p *parser) collect(root *part) bodies {
	html, text := joined{limit: p.limits.TextBytes}, joined{limit: p.limits.TextBytes}
	for _, leaf := range p.chosen.html {
		if leaf.mediaType() == "text/html" && !leaf.cutOff {
			html.add(p.leafText(leaf))
		}
	}
	for _, leaf := range p.chosen.text {
		if leaf.mediaType() == "text/plain" && !leaf.cutOff {
			text.add(p.leafText(leaf))
		}
	}
	b := bodies{text: text.String(), html: html.String()}
	for _, inner := range p.opened {
		if strings.TrimSpace(b.text) == "" && strings.TrimSpace(b.html) == "" {
			b = inner
		}
	}
	if strings.Contains(b.text, "-----BEGIN PGP MESSAGE-----") {
		p.defects.add("encrypted with PGP")
	}
	if strings.TrimSpace(b.text) == "" && b.html != "" {
		b.text, b.fromHTML = p.htmlText(b.html), true
	}
	if strings.TrimSpace(b.text) == "" {
		b.rest = p.restText(root)
	}
	if len(b.text) >= p.limits.TextBytes {
		p.defects.add("text too long")
	}
	return b
}
