package mail

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"time"
)

// Header is a header block, top to bottom, unfolded but not decoded.
type Header []Field

// Field is one header field.
type Field struct {
	Name  string // as written
	Value string
}

// Get is the first value of a field, or empty.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Last is the last value of a field, or empty.
func (h Header) Last(name string) string {
	for i := len(h) - 1; i >= 0; i-- {
		if strings.EqualFold(h[i].Name, name) {
			return h[i].Value
		}
	}
	return ""
}

// Has reports whether a field is there, with or without a value.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// scanHeader reads a header block at pos and returns the index of the body.
// A line that is none of RFC 5322 section 2.2 either is skipped or starts the
// body, whichever loses less. isDelimiter tells lines that end the header
// because they belong to a multipart around it.
func (p *parser) scanHeader(raw []byte, pos int, isDelimiter func([]byte) bool) (Header, int) {
	var h Header
	limit := pos + p.limits.HeaderBytes
	for pos < len(raw) {
		next := lineEnd(raw, pos)
		line := bytes.TrimRight(raw[pos:next], "\r\n")
		if len(line) == 0 {
			return h, next
		}
		if pos > limit {
			p.defects.add("header too long")
			return h, bodyAfter(raw, pos)
		}
		if folded := line[0] == ' ' || line[0] == '\t'; folded && len(h) > 0 {
			f := &h[len(h)-1]
			f.Value = strings.TrimSpace(f.Value + " " + strings.TrimSpace(string(line[:min(len(line), limit-pos+1)])))
			pos = next
			continue
		}
		name, value, ok := splitField(line)
		switch {
		case ok:
			h = append(h, Field{Name: name, Value: strings.TrimSpace(string(value[:min(len(value), limit-pos+1)]))})
		case bytes.HasPrefix(line, []byte("--")) && isDelimiter(line):
			p.defects.add("header not ended")
			return h, pos
		case p.startsBody(raw, next, line):
			p.defects.add("header not ended")
			return h, pos
		default:
			p.defects.add("header line broken")
		}
		pos = next
	}
	return h, pos
}

// bodyAfter skips the rest of an overlong header.
func bodyAfter(raw []byte, pos int) int {
	for pos < len(raw) {
		next := lineEnd(raw, pos)
		if len(bytes.TrimRight(raw[pos:next], "\r\n")) == 0 {
			return next
		}
		pos = next
	}
	return pos
}

// startsBody decides about a line in a header that is no field: it is skipped
// when a field follows, and starts the body otherwise.
func (p *parser) startsBody(raw []byte, next int, line []byte) bool {
	if bytes.HasPrefix(line, []byte("--")) {
		return true
	}
	if bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")) {
		return false
	}
	if next >= len(raw) {
		return true
	}
	following := bytes.TrimRight(raw[next:lineEnd(raw, next)], "\r\n")
	if len(following) > 0 && (following[0] == ' ' || following[0] == '\t') {
		return false
	}
	_, _, field := splitField(following)
	return !field
}

// splitField splits "Name: value". Blanks before the colon are tolerated, as
// the obsolete syntax of RFC 5322 section 4.5 does.
func splitField(line []byte) (name string, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || colon > 128 {
		return "", nil, false
	}
	key := bytes.TrimRight(line[:colon], " \t")
	if len(key) == 0 {
		return "", nil, false
	}
	for _, c := range key {
		if c <= ' ' || c >= 0x7f {
			return "", nil, false
		}
	}
	return string(key), line[colon+1:], true
}

// messageIDs lists the ids of a Message-ID, In-Reply-To or References field
// without their angle brackets, at most 100. In-Reply-To may hold prose.
func messageIDs(value string) []string {
	var ids []string
	rest := value
	for len(ids) < 100 {
		open := strings.IndexByte(rest, '<')
		if open < 0 {
			break
		}
		end := strings.IndexAny(rest[open+1:], "<>")
		if end < 0 {
			break
		}
		id := strings.Join(strings.Fields(rest[open+1:open+1+end]), "")
		if id != "" && len(id) <= 998 {
			ids = append(ids, id)
		}
		rest = rest[open+1+end:]
	}
	if ids == nil {
		// Some mailers leave the brackets out.
		for _, word := range strings.Fields(value) {
			if strings.Contains(word, "@") && len(ids) < 100 && len(word) <= 998 {
				ids = append(ids, strings.Trim(word, `,;"'()`))
			}
		}
	}
	return ids
}

func contentID(value string) string {
	return strings.Trim(strings.TrimSpace(value), "<>")
}

// parseDate reads the forms that mailers write besides RFC 5322 section 3.3.
func parseDate(value string) (time.Time, bool) {
	value = strings.Join(strings.Fields(value[:min(len(value), 200)]), " ")
	if t, err := netmail.ParseDate(value); err == nil {
		return t, true
	}
	if comment := strings.IndexByte(value, '('); comment > 0 {
		value = strings.TrimSpace(value[:comment])
	}
	for _, layout := range []string{
		"Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04 -0700", "Mon, 2 Jan 2006 15:04:05 -07:00",
		"Mon, 2 Jan 2006 15:04:05", "Mon, 02-Jan-2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 January 2006 15:04:05 -0700",
		"Monday, 2 January 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15.04.05 -0700", "2006-01-02 15:04:05 -0700",
		time.RFC3339, time.ANSIC, time.UnixDate, time.RubyDate, time.RFC850, "2006-01-02 15:04:05", "2006-01-02T15:04:05",
		"1/2/2006 3:04:05 PM",
	} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
