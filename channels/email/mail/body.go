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

// collector picks the body parts as RFC 8621 section 4.1.4 does, so that a
// mail reads here as it does in a mail program.
type collector struct {
	text, html []*part
}

func (p *parser) collect(root *part) bodies {
	c := &collector{}
	parts := []*part{root}
	kind := "mixed"
	if root.multipart {
		parts, kind = root.children, subtype(root)
	}
	c.parts(parts, kind, kind == "alternative", true, true)
	html, text := joined{limit: p.limits.TextBytes}, joined{limit: p.limits.TextBytes}
	for _, leaf := range c.html {
		if leaf.mediaType() == "text/html" {
			leaf.use = useHTML
			html.add(p.leafText(leaf))
		}
	}
	for _, leaf := range c.text {
		switch leaf.mediaType() {
		case "text/plain":
			leaf.use = useText
			data, files := takeFiles(p.decoded(leaf), p.limits.Parts)
			p.files = append(p.files, files...)
			text.add(p.toText(leaf, data))
		case "text/html":
			leaf.use = useHTML
		}
	}
	for _, leaf := range append(c.text, c.html...) {
		if leaf.use == useAttachment && isMedia(leaf.mediaType()) {
			leaf.use = useInline
		}
	}
	b := bodies{text: text.String(), html: html.String()}
	p.openTNEF(root, &b)
	p.openSealed(root, &b)
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

func subtype(p *part) string {
	_, sub, _ := strings.Cut(p.mediaType(), "/")
	return sub
}

// parts is parseStructure of RFC 8621 section 4.1.4; toText and toHTML are
// false where an alternative has already decided against that body.
func (c *collector) parts(parts []*part, kind string, alternative, toText, toHTML bool) {
	textBefore, htmlBefore := len(c.text), len(c.html)
	for i, leaf := range parts {
		if leaf.multipart {
			sub := subtype(leaf)
			c.parts(leaf.children, sub, alternative || sub == "alternative", toText, toHTML)
			continue
		}
		if !inBody(leaf, i, kind) {
			continue
		}
		typ := leaf.mediaType()
		if kind == "alternative" {
			switch typ {
			case "text/plain":
				c.text = append(c.text, leaf)
			case "text/html":
				c.html = append(c.html, leaf)
			}
			continue
		}
		if alternative {
			toHTML = toHTML && typ != "text/plain"
			toText = toText && typ != "text/html"
		}
		if toText {
			c.text = append(c.text, leaf)
		}
		if toHTML {
			c.html = append(c.html, leaf)
		}
	}
	if kind == "alternative" && toText && toHTML {
		switch text, html := c.text[textBefore:], c.html[htmlBefore:]; {
		case len(text) == 0:
			c.text = append(c.text, html...)
		case len(html) == 0:
			c.html = append(c.html, text...)
		}
	}
}

// inBody tells a body part from an attachment.
func inBody(leaf *part, index int, kind string) bool {
	typ := leaf.mediaType()
	if leaf.disposition() == "attachment" || (leaf.cutOff && strings.HasPrefix(typ, "text/")) {
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

// leafText is a text part in UTF-8, with flowed lines joined (RFC 3676).
func (p *parser) leafText(leaf *part) string { return p.toText(leaf, p.decoded(leaf)) }

func (p *parser) toText(leaf *part, data []byte) string {
	text := decodeCharset(data, leaf.param("charset"), &p.defects)
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	if strings.Contains(text, "\x00") {
		p.defects.add("NUL bytes in the text")
		text = strings.ReplaceAll(text, "\x00", "")
	}
	if strings.EqualFold(leaf.param("format"), "flowed") {
		text = unflow(text, strings.EqualFold(leaf.param("delsp"), "yes"))
	}
	return text
}

// unflow joins the soft line breaks of format=flowed, each quote depth by itself.
func unflow(text string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(text))
	flowing, depth := false, 0
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		quotes := len(line) - len(strings.TrimLeft(line, ">"))
		content := strings.TrimPrefix(line[quotes:], " ")
		if flowing && (quotes != depth || line == "-- ") {
			b.WriteByte('\n')
			flowing = false
		}
		if !flowing && quotes > 0 {
			b.WriteString(line[:quotes] + " ")
		}
		depth = quotes
		flowing = strings.HasSuffix(content, " ") && line != "-- "
		if flowing && delsp {
			content = content[:len(content)-1]
		}
		b.WriteString(content)
		if !flowing {
			b.WriteByte('\n')
		}
	}
	if flowing {
		b.WriteByte('\n')
	}
	return b.String()
}

// openTNEF takes the files out of each winmail.dat, and the text where the mail
// has none. One that cannot be read stays an attachment.
func (p *parser) openTNEF(root *part, b *bodies) {
	root.walk(func(leaf *part) {
		if leaf.use != useAttachment || !isTNEF(leaf.mediaType(), leaf.param("name")) {
			return
		}
		t, ok := readTNEF(p.decoded(leaf), p.limits.Parts)
		if !ok {
			p.defects.add("winmail.dat unreadable")
			return
		}
		leaf.use = useOpened
		p.files = append(p.files, t.files...)
		if strings.TrimSpace(b.text) == "" && b.html == "" {
			b.text, b.html = cut(t.text, p.limits.TextBytes), cut(t.html, p.limits.TextBytes)
		}
	})
}

func isTNEF(typ, name string) bool {
	return typ == "application/ms-tnef" || typ == "application/vnd.ms-tnef" || strings.EqualFold(name, "winmail.dat")
}

// joined is a body of several parts, of at most limit bytes.
type joined struct {
	strings.Builder
	limit int
	open  bool // the last part has no line break at its end
}

func (j *joined) add(part string) {
	if j.open {
		j.WriteByte('\n')
	}
	part = cut(part, j.limit-j.Len())
	j.WriteString(part)
	j.open = j.Len() > 0 && part != "" && !strings.HasSuffix(part, "\n")
}

// cut is the start of text, up to a character's border within size bytes.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	return strings.ToValidUTF8(text[:max(size, 0)], "")
}

// restText finds what a person wrote in a mail without a text body: a text
// part that was cut off, or the mail that was forwarded as a file.
func (p *parser) restText(root *part) string {
	text := ""
	root.walk(func(leaf *part) {
		if text != "" {
			return
		}
		switch {
		case leaf.cutOff && leaf.mediaType() == "text/plain":
			text = p.leafText(leaf)
		case leaf.cutOff && leaf.mediaType() == "text/html":
			text = p.htmlText(p.leafText(leaf))
		case leaf.mediaType() == "text/calendar":
			text = calendarText(p.leafText(leaf))
		case leaf.mediaType() == "message/rfc822" && p.forwards > 0:
			p.forwards--
			inner := &parser{limits: p.limits, forwards: p.forwards}
			b := inner.collect(inner.scan(p.decoded(leaf)))
			text = b.text
			if strings.TrimSpace(text) == "" {
				text = b.rest
			}
		}
	})
	return cut(text, p.limits.TextBytes)
}

// written is what the sender wrote in this very mail. passedOn: the mail
// answers nothing, so that a mail below a header block belongs to it.
func (p *parser) written(b bodies, passedOn bool) string {
	switch {
	case strings.TrimSpace(b.text) == "":
		return strings.TrimSpace(b.rest)
	case b.fromHTML && !passedOn:
		return p.htmlReply(b.html, b.text)
	}
	return replyText(b.text, passedOn)
}

// passesOn reports a mail that forwards another one, by its subject, or
// because it is no answer at all.
func passesOn(m *Mail) bool {
	if forwardSubject.MatchString(m.Subject) {
		return true
	}
	return len(m.InReplyTo) == 0 && len(m.References) == 0 && !replySubject.MatchString(m.Subject)
}

// trimBlank drops blank lines at both ends.
func trimBlank(lines []string) []string {
	for len(lines) > 0 && isBlank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && isBlank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func isBlank(line string) bool {
	return strings.TrimSpace(line) == ""
}
