package mail

import "strings"

// leafText is a text part in UTF-8, with flowed lines joined (RFC 3676).
func (p *parser) leafText(leaf *part) string {
	if leaf.untold {
		return p.toText(leaf, p.untold(leaf.held))
	}
	return p.toText(leaf, leaf.held)
}

// lineBreaks are those of all systems, and what gateways made of them.
var lineBreaks = strings.NewReplacer("\r\r\n", "\n", "\r\n", "\n", "\r", "\n")

func (p *parser) toText(leaf *part, data []byte) string {
	text := decodeCharset(data, leaf.param("charset"), &p.defects)
	text = strings.TrimPrefix(text, "\ufeff")
	if strings.Contains(text, "\r") {
		text = lineBreaks.Replace(text)
	}
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
// part that was cut off or stands in a strange place, or the mail that was
// forwarded as a file.
func (p *parser) restText(root *part) string {
	text := ""
	root.walk(func(leaf *part) {
		if strings.TrimSpace(text) != "" {
			return
		}
		switch typ := leaf.mediaType(); {
		case leaf.cutOff && typ == "text/plain":
			text = p.leafText(leaf)
		case leaf.cutOff && typ == "text/html":
			text = p.htmlText(p.leafText(leaf))
		case typ == "text/calendar":
			text = calendarText(p.leafText(leaf))
		case typ == "text/plain" && !isNamed(leaf):
			text = p.leafText(leaf)
		case typ == "text/html" && !isNamed(leaf):
			text = p.htmlText(p.leafText(leaf))
		case isMessage(typ) && p.forwards > 0:
			p.forwards--
			inner := p.within()
			b := inner.collect(inner.scan(windowOf(leaf.held)))
			if text = b.text; strings.TrimSpace(text) == "" {
				text = b.rest
			}
		}
	})
	return cut(text, p.limits.TextBytes)
}

// isNamed reports that the sender saw a file in it.
func isNamed(leaf *part) bool {
	return leaf.disposition().param("filename") != "" || leaf.param("name") != ""
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
