package mail

import "strings"

const maxAddresses = 500

// addresses reads an address list. net/mail refuses most of what real mailers
// write (unquoted specials, missing brackets, raw 8-bit), so this one takes
// apart what is there: groups are flattened, comments serve as names.
func (p *parser) addresses(value, hint string) []Address {
	list := []Address{}
	value = p.sevenBit(value, hint)
	for _, entry := range splitAddresses(value) {
		if len(list) >= maxAddresses {
			p.defects.add("too many addresses")
			break
		}
		a := parseAddress(entry)
		a.Name = clean(decodeWords(a.Name))
		a.Address = clean(decodeWords(a.Address))
		if a.Address == "" && a.Name == "" {
			continue
		}
		if a.Address == "" && strings.Contains(a.Name, "@") && !strings.ContainsAny(a.Name, " \t") {
			a.Name, a.Address = "", a.Name
		}
		list = append(list, a)
	}
	return list
}

func (p *parser) sevenBit(value, hint string) string {
	for i := 0; i < len(value); i++ {
		if value[i] >= 0x80 || value[i] == 0x1B {
			return decodeCharset([]byte(value), hint, nil)
		}
	}
	return value
}

// splitAddresses cuts at commas and semicolons outside quotes, comments and
// angle brackets; "Group: a, b;" gives a and b.
func splitAddresses(value string) []string {
	var entries []string
	start, comment, angle, inQuote := 0, 0, false, false
	cut := func(end int) {
		if entry := strings.TrimSpace(value[start:end]); entry != "" {
			entries = append(entries, entry)
		}
		start = end + 1
	}
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case c == '"' && comment == 0:
			inQuote = !inQuote
		case inQuote:
		case c == '(':
			comment++
		case c == ')' && comment > 0:
			comment--
		case comment > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case angle:
		case c == ',' || c == ';':
			cut(i)
		case c == ':' && !strings.Contains(value[start:i], "@"):
			start = i + 1
		}
	}
	if start < len(value) {
		cut(len(value))
	}
	return entries
}

// parseAddress reads `Name <address>`, `address (Name)` or a bare address.
func parseAddress(entry string) Address {
	text, comment := removeComments(entry)
	open := strings.LastIndexByte(text, '<')
	if open < 0 {
		bare := strings.TrimSpace(text)
		if strings.Contains(bare, "@") && !strings.ContainsAny(bare, " \t") {
			return Address{Name: comment, Address: strings.Trim(bare, `"'`)}
		}
		return lastWithAt(bare, comment)
	}
	address := text[open+1:]
	if end := strings.IndexByte(address, '>'); end >= 0 {
		address = address[:end]
	}
	if route := strings.LastIndexByte(address, ':'); route >= 0 && strings.HasPrefix(address, "@") {
		address = address[route+1:] // obsolete source route, RFC 5322 section 4.4
	}
	name := unquote(strings.TrimSpace(text[:open]))
	if name == "" {
		name = comment
	} else if comment != "" && !strings.Contains(name, comment) {
		name += " (" + comment + ")"
	}
	return Address{Name: name, Address: strings.Join(strings.Fields(address), "")}
}

// lastWithAt takes the word with an @ of a list entry without brackets.
func lastWithAt(bare, comment string) Address {
	words := strings.Fields(bare)
	for i := len(words) - 1; i >= 0; i-- {
		if strings.Contains(words[i], "@") {
			name := strings.Join(append(words[:i:i], words[i+1:]...), " ")
			return Address{Name: unquote(name), Address: words[i]}
		}
	}
	if bare == "" {
		bare = comment
	}
	return Address{Name: unquote(bare)}
}

// removeComments takes "(…)" out of s, outside quotes.
func removeComments(s string) (text, comment string) {
	var t, c strings.Builder
	depth, inQuote := 0, false
	for i := 0; i < len(s); i++ {
		ch := s[i]
		switch {
		case ch == '\\' && i+1 < len(s):
			i++
			if depth > 0 {
				c.WriteByte(s[i])
			} else {
				t.WriteByte('\\')
				t.WriteByte(s[i])
			}
			continue
		case ch == '"' && depth == 0:
			inQuote = !inQuote
		case ch == '(' && !inQuote:
			depth++
			if depth == 1 {
				continue
			}
		case ch == ')' && depth > 0:
			depth--
			if depth == 0 {
				continue
			}
		}
		if depth > 0 {
			c.WriteByte(ch)
		} else {
			t.WriteByte(ch)
		}
	}
	return t.String(), strings.TrimSpace(c.String())
}

// unquote reads the quoted strings of a display name.
func unquote(s string) string {
	if !strings.ContainsAny(s, `"\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
		default:
			b.WriteByte(s[i])
		}
	}
	return strings.TrimSpace(b.String())
}
