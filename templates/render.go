package templates

import (
	"fmt"
	htmltemplate "html/template"
	"io"
	"regexp"
	"strings"
)

// maxSubject keeps a mail's subject line readable, in characters.
const maxSubject = 120

// view is what a template sees as its dot.
type view struct {
	Data
	Medium string
}

// Email reports whether the message goes by mail, where words like STATUS are
// sent as a reply.
func (v view) Email() bool { return v.Medium == Email }

// Late reports whether the time to resolve is over.
func (v view) Late() bool { return v.Due != nil && v.Now.After(*v.Due) }

// executor is what both template engines have in common.
type executor interface {
	ExecuteTemplate(w io.Writer, name string, data any) error
}

func execute(t executor, name string, v view) (string, error) {
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, name, v); err != nil {
		return "", err
	}
	return tidy(b.String()), nil
}

// sms writes the short text. The tracking link is left out where it would
// cost another segment.
func (m message) sms(v view) (Rendered, error) {
	text, err := execute(m.text, "sms", v)
	if err != nil {
		return Rendered{}, err
	}
	text = spellGSM7(text)
	if v.TrackURL != "" && !oneSegment(text) {
		v.TrackURL = ""
		return m.sms(v)
	}
	return Rendered{Text: text}, nil
}

// chat writes the message in the subset of HTML that Telegram shows
// (https://core.telegram.org/bots/api#html-style), and as plain text.
func (m message) chat(v view) (Rendered, error) {
	text, err := execute(m.text, "body", v)
	if err != nil {
		return Rendered{}, err
	}
	html, err := execute(m.html, "body", v)
	if err != nil {
		return Rendered{}, err
	}
	return Rendered{Text: text, HTML: strings.ReplaceAll(html, newline, "\n")}, nil
}

// email writes subject, text and an HTML page without remote content. The
// subject of a complainant's mail is the same for the whole case, since mail
// programs split a thread when it changes.
func (m message) email(v view, l *language, layout *htmltemplate.Template) (Rendered, error) {
	subject, err := execute(m.text, "subject", v)
	if err != nil {
		return Rendered{}, err
	}
	subject = shorten(maxSubject, oneLine(subject))
	if v.Reference != "" {
		subject = strings.TrimSpace("[" + v.Reference + "] " + subject)
	}
	text, err := execute(m.text, "body", v)
	if err != nil {
		return Rendered{}, err
	}
	html, err := execute(m.html, "body", v)
	if err != nil {
		return Rendered{}, err
	}
	greeting := ""
	if m.audience == "complainant" {
		greeting = l.words.Greeting
		text = greeting + "\n\n" + text
	}
	if v.Jurisdiction != "" {
		text += "\n\n-- \n" + v.Jurisdiction // RFC 3676 section 4.3: the signature separator
	}
	var page strings.Builder
	err = layout.Execute(&page, struct {
		Lang, Title, Greeting, Jurisdiction, Reference string
		Body                                           htmltemplate.HTML
	}{l.code, subject, greeting, v.Jurisdiction, v.Reference, paragraphs(html)})
	if err != nil {
		return Rendered{}, fmt.Errorf("mail layout: %w", err)
	}
	return Rendered{Subject: subject, Text: text + "\n", HTML: page.String()}, nil
}

var blankLines = regexp.MustCompile(`\n{3,}`)

// tidy takes out what conditions in a template leave behind: lines of absent
// fields, trailing spaces and runs of empty lines.
func tidy(s string) string {
	lines := strings.Split(s, "\n")
	kept := lines[:0]
	for _, line := range lines {
		line = strings.TrimRight(line, " \t")
		if line == absent {
			continue
		}
		kept = append(kept, strings.ReplaceAll(line, absent, ""))
	}
	s = blankLines.ReplaceAllString(strings.Join(kept, "\n"), "\n\n")
	return strings.Trim(s, "\n ")
}

// paragraphs wraps the blocks of an escaped fragment, which empty lines part,
// in the elements of a mail.
func paragraphs(fragment string) htmltemplate.HTML {
	var b strings.Builder
	for block := range strings.SplitSeq(fragment, "\n\n") {
		block = strings.ReplaceAll(strings.TrimSpace(block), "\n", "<br>\n")
		block = strings.ReplaceAll(block, newline, "<br>")
		switch {
		case block == "":
		case strings.HasPrefix(block, "<blockquote>") && strings.HasSuffix(block, "</blockquote>"):
			b.WriteString(block + "\n")
		default:
			b.WriteString("<p>" + block + "</p>\n")
		}
	}
	return htmltemplate.HTML(b.String()) // escaped by html/template before
}
