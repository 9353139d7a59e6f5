package mail

import (
	"bytes"
	netmail "net/mail"
	"slices"
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
	for i := range h {
		if h[i].is(name) {
			return h[i].Value
		}
	}
	return ""
}

// is compares with a name of ASCII.
func (f *Field) is(name string) bool {
	return len(f.Name) == len(name) && f.Name[0]|0x20 == name[0]|0x20 && strings.EqualFold(f.Name, name)
}

// Last is the last value of a field, or empty.
func (h Header) Last(name string) string {
	for i := len(h) - 1; i >= 0; i-- {
		if h[i].is(name) {
			return h[i].Value
		}
	}
	return ""
}

// Has reports whether a field is there, with or without a value.
func (h Header) Has(name string) bool {
	for i := range h {
		if h[i].is(name) {
			return true
		}
	}
	return false
}

// headerScanner collects the fields of one header block.
type headerScanner struct {
	fields Header
	field  []byte // being read, unfolded
	colon  int
}

func (f *headerScanner) start(line []byte, colon int) {
	f.end()
	f.field, f.colon = append(f.field, line...), colon
}

// fold adds a continuation (RFC 5322 section 2.2.3).
func (f *headerScanner) fold(line []byte) {
	f.field = append(append(f.field, ' '), bytes.TrimSpace(line)...)
}

func (f *headerScanner) end() {
	if len(f.field) > 0 {
		s := string(f.field)
		f.fields = append(f.fields, Field{Name: strings.TrimRight(s[:f.colon], " \t"), Value: strings.TrimSpace(s[f.colon+1:])})
		f.field = f.field[:0]
	}
}

// scanHeader reads a header block and goes to the body. A line that is none of
// RFC 5322 section 2.2 either is skipped or starts the body, whichever loses
// less. isDelimiter tells lines that end the header because they belong to a
// multipart around it.
func (p *parser) scanHeader(w *window, isDelimiter func([]byte) bool) Header {
	f := &p.header
	f.fields = f.fields[:0]
	p.scanFields(w, f, isDelimiter)
	f.end()
	if len(f.fields) == 0 {
		return nil
	}
	return slices.Clone(f.fields)
}

func (p *parser) scanFields(w *window, f *headerScanner, isDelimiter func([]byte) bool) {
	for left := p.limits.HeaderBytes; ; {
		line, size, ok := w.line(max(left, 0) + maxFollowing)
		switch {
		case !ok:
			return
		case len(line) == 0:
			w.pos += size
			return
		case left < 0:
			p.defects.add("header too long")
			w.release()
			w.skipToBlank()
			return
		}
		line = line[:min(len(line), left+1)]
		left -= size
		folded := line[0] == ' ' || line[0] == '\t'
		switch colon := fieldColon(line); {
		case line[0] == '-' && isDelimiter(line):
			p.defects.add("header not ended")
			return
		case folded && len(f.field) > 0:
			f.fold(line)
		case colon > 0:
			f.start(line, colon)
		case p.endsHeader(w, size):
			p.defects.add("header not ended")
			return
		default:
			p.defects.add("header line broken")
		}
		if w.pos += size - 1; w.rest()[0] != '\n' {
			w.release()
			w.skipLine()
		} else {
			w.pos++
		}
	}
}

// maxFollowing is how much is looked at of the line after one that is no
// field.
const maxFollowing = 512

// endsHeader decides about the next line, of so many bytes, which is no field:
// it is skipped when a field follows, and starts the body otherwise.
func (p *parser) endsHeader(w *window, size int) bool {
	w.need(size + maxFollowing)
	rest := w.rest()
	line, following := rest[:size], rest[size:min(len(rest), size+maxFollowing)]
	switch {
	case bytes.HasPrefix(line, []byte("--")):
		return true
	case bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From ")):
		return false
	case len(following) == 0:
		return true
	case following[0] == ' ' || following[0] == '\t':
		return false
	}
	following = following[:lineEnd(following, 0)]
	return fieldColon(following) <= 0
}

// fieldColon is where the colon of "Name: value" stands, or -1. Blanks before
// it are tolerated, as the obsolete syntax of RFC 5322 section 4.5 does.
func fieldColon(line []byte) int {
	colon := bytes.IndexByte(line[:min(len(line), 129)], ':')
	if colon <= 0 {
		return -1
	}
	key := bytes.TrimRight(line[:colon], " \t")
	for _, c := range key {
		if c <= ' ' || c >= 0x7f {
			return -1
		}
	}
	if len(key) == 0 {
		return -1
	}
	return colon
}

// isMailHeader reports at least one field that mail has. A line of prose may
// have a colon, too.
func isMailHeader(h Header) bool {
	for i := range h {
		name := strings.ToLower(h[i].Name)
		switch name {
		case "from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "mime-version", "sender", "reply-to", "in-reply-to", "references",
			"delivered-to", "precedence", "auto-submitted", "importance", "priority":
			return true
		}
		if strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "resent-") || strings.HasPrefix(name, "list-") || strings.HasPrefix(name, "dkim-") || strings.HasPrefix(name, "arc-") {
			return true
		}
	}
	return false
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
	usual := value
	if len(usual) > 5 && usual[3] == ',' && usual[4] == ' ' {
		usual = usual[5:]
	}
	if t, err := time.Parse("2 Jan 2006 15:04:05 -0700", usual); err == nil {
		return t, true
	}
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
