package mail

import (
	"sort"
	"strconv"
	"strings"
)

// parameters are a structured header value: "text/plain; charset=utf-8".
type parameters struct {
	value  string // lower case
	params map[string]string
}

// parseParameters reads RFC 2045 section 5.1 and RFC 2231, and tolerates
// missing semicolons and quotes. mime.ParseMediaType refuses all of those.
func parseParameters(field string) parameters {
	field = field[:min(len(field), 8<<10)]
	end := strings.IndexAny(field, "; \t")
	if end < 0 {
		end = len(field)
	}
	p := parameters{value: strings.ToLower(strings.Trim(field[:end], `"'`)), params: map[string]string{}}
	extended := map[string][]segment{}
	for rest := field[end:]; rest != ""; {
		var name, value string
		name, value, rest = nextParameter(rest)
		if name == "" {
			continue
		}
		base, number, encoded, isSegment := splitSegment(name)
		if isSegment {
			extended[base] = append(extended[base], segment{number, encoded, value})
		} else if _, have := p.params[name]; !have {
			p.params[name] = value
		}
	}
	for name, segments := range extended {
		p.params[name] = joinSegments(segments)
	}
	return p
}

// nextParameter takes one "name=value" off rest.
func nextParameter(rest string) (name, value, after string) {
	rest = strings.TrimLeft(rest, "; \t")
	eq := strings.IndexByte(rest, '=')
	if semi := strings.IndexByte(rest, ';'); eq < 0 || (semi >= 0 && semi < eq) {
		if semi < 0 {
			return "", "", ""
		}
		return "", "", rest[semi+1:]
	}
	name = strings.ToLower(strings.TrimSpace(rest[:eq]))
	if blank := strings.LastIndexAny(name, " \t"); blank >= 0 {
		name = name[blank+1:]
	}
	rest = strings.TrimLeft(rest[eq+1:], " \t")
	if strings.HasPrefix(rest, `"`) {
		value, after = quoted(rest[1:])
		return name, value, after
	}
	if semi := strings.IndexByte(rest, ';'); semi >= 0 {
		return name, strings.TrimSpace(rest[:semi]), rest[semi+1:]
	}
	return name, strings.TrimSpace(rest), ""
}

// quoted reads a quoted string after its opening quote; an unclosed one ends
// at the end.
func quoted(s string) (value, after string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// segment is one piece of an RFC 2231 parameter.
type segment struct {
	number  int
	encoded bool
	value   string
}

// splitSegment reads "filename*", "filename*0" and "filename*0*".
func splitSegment(name string) (base string, number int, encoded, ok bool) {
	base, tail, found := strings.Cut(name, "*")
	if !found || base == "" {
		return name, 0, false, false
	}
	if tail == "" {
		return base, 0, true, true
	}
	tail, encoded = strings.CutSuffix(tail, "*")
	number, err := strconv.Atoi(tail)
	return base, number, encoded, err == nil
}

func joinSegments(segments []segment) string {
	sort.SliceStable(segments, func(i, j int) bool { return segments[i].number < segments[j].number })
	var raw []byte
	charset := ""
	for i, s := range segments {
		value := s.value
		if s.encoded {
			if i == 0 {
				if parts := strings.SplitN(value, "'", 3); len(parts) == 3 {
					charset, value = parts[0], parts[2]
				}
			}
			value = unescape(value)
		}
		raw = append(raw, value...)
	}
	if charset == "" {
		return string(raw)
	}
	return decodeCharset(raw, charset, nil)
}

// unescape undoes the percent signs of RFC 2231; one that means nothing stays.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0 {
			out = append(out, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

// filename is the name a part was sent under, decoded; empty: none.
func (p *parser) filename(leaf *part) string {
	name := ""
	// Without a type the field means nothing (RFC 2183 section 2).
	if d := leaf.disposition(); d.value != "" {
		name = d.param("filename")
	}
	if name == "" {
		name = leaf.param("name")
	}
	return p.text(name, "")
}

func (p *parameters) param(name string) string { return p.params[name] }
