package templates

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	texttemplate "text/template"
)

// The media a message is written for.
const (
	Email = "email"
	SMS   = "sms"
	Chat  = "chat"
)

// ErrUnknown is wrapped by Render for a kind or medium that there is none of.
var ErrUnknown = errors.New("no such message template")

// fallback is the language of last resort; every kind exists in it.
const fallback = "en"

//go:embed messages keywords.yaml layout.html
var files embed.FS

// Set holds every message template, parsed. It is safe for concurrent use.
type Set struct {
	languages map[string]*language
	kinds     []string
	keywords  KeywordTable
	layout    *htmltemplate.Template
}

// language is one folder of messages.
type language struct {
	code  string
	words words
	kinds map[string]message
}

// message is one kind in one language. Its source is parsed twice: both
// engines see the same words, and only the HTML one escapes.
type message struct {
	audience string // the folder it is in: "complainant" or "staff"
	text     *texttemplate.Template
	html     *htmltemplate.Template
}

// New parses the embedded templates. An error names the file at fault.
func New() (*Set, error) {
	s := &Set{languages: map[string]*language{}}
	var err error
	if s.keywords, err = loadKeywords(); err != nil {
		return nil, err
	}
	if s.layout, err = htmltemplate.ParseFS(files, "layout.html"); err != nil {
		return nil, fmt.Errorf("parse mail layout: %w", err)
	}
	folders, err := fs.ReadDir(files, "messages")
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	for _, f := range folders {
		l, err := s.loadLanguage(f.Name())
		if err != nil {
			return nil, err
		}
		s.languages[l.code] = l
	}
	base, ok := s.languages[fallback]
	if !ok {
		return nil, fmt.Errorf("no messages in %q, the language of last resort", fallback)
	}
	for kind := range base.kinds {
		s.kinds = append(s.kinds, kind)
	}
	slices.Sort(s.kinds)
	return s, nil
}

// loadLanguage parses messages/<code>: words.yaml, and per audience shared.tmpl
// and one file per kind.
func (s *Set) loadLanguage(code string) (*language, error) {
	dir := path.Join("messages", code)
	l := &language{code: code, kinds: map[string]message{}}
	var err error
	if l.words, err = loadWords(path.Join(dir, "words.yaml")); err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, path.Join(dir, "*", "*.tmpl"))
	if err != nil {
		return nil, fmt.Errorf("list messages of %s: %w", code, err)
	}
	plain, marked := textMarkup(l, s.keywords), htmlMarkup(l, s.keywords)
	for _, name := range names {
		kind := strings.TrimSuffix(path.Base(name), ".tmpl")
		if kind == "shared" {
			continue
		}
		m := message{audience: path.Base(path.Dir(name))}
		shared := path.Join(path.Dir(name), "shared.tmpl")
		m.text, err = texttemplate.New(kind).Funcs(plain).ParseFS(files, shared, name)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		m.html, err = htmltemplate.New(kind).Funcs(marked).ParseFS(files, shared, name)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		l.kinds[kind] = m
	}
	return l, nil
}

// Kinds are the names of all messages, sorted.
func (s *Set) Kinds() []string { return slices.Clone(s.kinds) }

// Languages are the codes of the languages that messages are written in, sorted.
func (s *Set) Languages() []string {
	codes := make([]string, 0, len(s.languages))
	for code := range s.languages {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// Render writes one message. A language without the message falls back to its
// base language ("pt-BR" to "pt"), then to English. It errs, wrapping
// ErrUnknown, for an unknown kind or medium.
func (s *Set) Render(kind, medium, lang string, d Data) (Rendered, error) {
	l, m, ok := s.find(kind, lang)
	if !ok {
		return Rendered{}, fmt.Errorf("render %q: %w", kind, ErrUnknown)
	}
	v := view{Data: clean(d), Medium: medium}
	var (
		r   Rendered
		err error
	)
	switch medium {
	case SMS:
		r, err = m.sms(v)
	case Chat:
		r, err = m.chat(v)
	case Email:
		r, err = m.email(v, l, s.layout)
	default:
		err = fmt.Errorf("medium %q: %w", medium, ErrUnknown)
	}
	if err != nil {
		return Rendered{}, fmt.Errorf("render %s for %s in %s: %w", kind, medium, l.code, err)
	}
	return r, nil
}

// find returns the message in the best language there is of it.
func (s *Set) find(kind, lang string) (*language, message, bool) {
	for _, l := range s.chain(lang) {
		if m, ok := l.kinds[kind]; ok {
			return l, m, true
		}
	}
	return nil, message{}, false
}

// chain is the languages to look in for one that was asked for, best first.
func (s *Set) chain(lang string) []*language {
	lang = strings.ToLower(strings.ReplaceAll(lang, "_", "-"))
	var found []*language
	for lang != "" {
		if l, ok := s.languages[lang]; ok {
			found = append(found, l)
		}
		cut := strings.LastIndexByte(lang, '-')
		lang = lang[:max(cut, 0)]
	}
	return append(found, s.languages[fallback])
}
