package templates

import (
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// absent stands for a field without a value; tidy drops a line that has
	// nothing else. clean keeps it out of all data.
	absent = "\x00"
	// newline is a line break within a quotation, as HTML. No outside text can
	// hold it, since its ampersand would be escaped.
	newline = "&#10;"
)

// textMarkup is the functions that templates use, for plain text. htmlMarkup
// has the same for HTML.
func textMarkup(l *language, k KeywordTable) map[string]any {
	m := wordFunctions(l, k)
	m["bold"] = func(s string) string { return s }
	m["field"] = func(label, value string) string {
		if value == "" {
			return absent
		}
		return label + ": " + value
	}
	m["quote"] = func(s string) string {
		if s == "" {
			return absent
		}
		return "> " + strings.ReplaceAll(s, "\n", "\n> ")
	}
	m["text"] = func(s string) string { return s }
	m["link"] = func(label, address string) string {
		if !webAddress(address) {
			return absent
		}
		return label + ": " + address
	}
	return m
}

func htmlMarkup(l *language, k KeywordTable) map[string]any {
	m := wordFunctions(l, k)
	m["bold"] = bold
	m["field"] = func(label, value string) template.HTML {
		if value == "" {
			return absent
		}
		return bold(label+":") + " " + escape(value)
	}
	m["quote"] = func(s string) template.HTML {
		if s == "" {
			return absent
		}
		return "<blockquote>" + escape(s) + "</blockquote>"
	}
	m["text"] = escape
	m["link"] = func(label, address string) template.HTML {
		if !webAddress(address) {
			return absent
		}
		return `<a href="` + escape(address) + `">` + escape(label) + "</a>"
	}
	return m
}

// wordFunctions are the ones that are alike in text and HTML: both engines
// treat their results as plain text.
func wordFunctions(l *language, k KeywordTable) map[string]any {
	return map[string]any{
		"keyword":  func(c Command) string { return k.shown(c, l.code) },
		"status":   func(code string) string { return named(l.words.Status, code) },
		"priority": func(code string) string { return named(l.words.Priority, code) },
		"type":     func(code string) string { return named(l.words.Type, code) },
		"channel":  func(code string) string { return named(l.words.Channel, code) },
		"label":    func(code string) string { return named(l.words.Labels, code) },
		"date":     func(t any) string { return l.words.date(moment(t)) },
		"time":     func(t any) string { return clock(moment(t)) },
		"prompt":   func(action string) string { return l.words.Prompts[action] },
		"done":     func(action string) string { return l.words.Done[action] },
		"alarm":    func(name string) string { return named(l.words.Alarms, name) },
		"facts":    func(facts []Fact) string { return factLine(l.words, facts) },
		"left":     func(left []LeftOut) string { return leftLine(l.words, left) },
		"short":    shorten,
		"list":     list,
		"number":   number,
	}
}

// moment takes a time as data holds it: by value or by pointer.
func moment(t any) time.Time {
	switch t := t.(type) {
	case time.Time:
		return t
	case *time.Time:
		if t != nil {
			return *t
		}
	}
	return time.Time{}
}

// list joins what there is with commas, each once.
func list(parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" && !slices.Contains(there, p) {
			there = append(there, p)
		}
	}
	return strings.Join(there, ", ")
}

// factLine writes facts on one line.
func factLine(w words, facts []Fact) string {
	parts := make([]string, len(facts))
	for i, f := range facts {
		parts[i] = named(w.Facts, f.Kind) + " " + f.Value
	}
	return strings.Join(parts, ", ")
}

// leftLine writes cases that were left out, and why, on one line.
func leftLine(w words, left []LeftOut) string {
	parts := make([]string, len(left))
	for i, l := range left {
		parts[i] = l.Reference + " (" + named(w.Left, l.Why) + ")"
	}
	return strings.Join(parts, ", ")
}

// number is n in digits; empty for none.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("15:04")
}

func bold(s string) template.HTML { return "<b>" + escape(s) + "</b>" }

func escape(s string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(s), "\n", newline))
}

// webAddress keeps a link from being anything but a page: no javascript:, no data:.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
