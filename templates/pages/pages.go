// Package pages holds the public web pages: their HTML, stylesheet, crest and
// texts by language. It knows no complaint and no request: package web hands it
// data and writes what it renders.
package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"
)

//go:embed *.html *.css *.svg text/*.yaml
var embedded embed.FS

// Default is the language of readers whose own languages we do not have.
const Default = "en"

// Page names a page that can be rendered.
type Page string

// The pages.
const (
	Form    Page = "form"    // a new complaint
	Wait    Page = "wait"    // it is received and not yet registered
	Lookup  Page = "lookup"  // asks for a tracking link
	Story   Page = "story"   // a complaint as its complainant sees it
	Problem Page = "problem" // anything that went wrong
)

// Pages renders pages in every language there is a text file for.
type Pages struct {
	readers map[string]*reader
	assets  []Asset
}

// reader is everything for readers of one language.
type reader struct {
	localizer *i18n.Localizer
	pages     map[Page]*template.Template
}

// Asset is a file that pages link to. Its Path changes with its content, so it
// may be cached for ever.
type Asset struct {
	Name        string // "site.css"
	Path        string // "/static/site.0a1b2c3d.css"
	ContentType string
	Body        []byte
}

// New loads the embedded pages. Its errors are faults of the files.
func New() (*Pages, error) {
	p := &Pages{readers: map[string]*reader{}}
	for name, contentType := range map[string]string{
		"site.css":  "text/css; charset=utf-8",
		"crest.svg": "image/svg+xml",
	} {
		body, err := embedded.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read page asset: %w", err)
		}
		sum := sha256.Sum256(body)
		base, ext, _ := strings.Cut(name, ".")
		p.assets = append(p.assets, Asset{
			Name: name, ContentType: contentType, Body: body,
			Path: "/static/" + base + "." + hex.EncodeToString(sum[:6]) + "." + ext,
		})
	}
	texts, err := fs.Glob(embedded, "text/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("find page texts: %w", err)
	}
	bundle := i18n.NewBundle(language.MustParse(Default))
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	for _, file := range texts {
		if _, err := bundle.LoadMessageFileFS(embedded, file); err != nil {
			return nil, fmt.Errorf("load page texts %s: %w", file, err)
		}
	}
	for _, file := range texts {
		lang := strings.TrimSuffix(path.Base(file), ".yaml")
		if p.readers[lang], err = p.newReader(bundle, lang); err != nil {
			return nil, fmt.Errorf("pages in %s: %w", lang, err)
		}
	}
	return p, nil
}

func (p *Pages) newReader(bundle *i18n.Bundle, lang string) (*reader, error) {
	r := &reader{localizer: i18n.NewLocalizer(bundle, lang), pages: map[Page]*template.Template{}}
	layout, err := template.New("layout.html").Funcs(template.FuncMap{
		"t": r.text, "date": r.date, "moment": r.moment, "asset": p.assetPath,
	}).ParseFS(embedded, "layout.html")
	if err != nil {
		return nil, err
	}
	for _, page := range []Page{Form, Wait, Lookup, Story, Problem} {
		clone, err := layout.Clone()
		if err != nil {
			return nil, err
		}
		if r.pages[page], err = clone.ParseFS(embedded, string(page)+".html"); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Languages are those that pages can be read in, sorted.
func (p *Pages) Languages() []string {
	langs := make([]string, 0, len(p.readers))
	for lang := range p.readers {
		langs = append(langs, lang)
	}
	slices.Sort(langs)
	return langs
}

// Assets are the files to serve at their paths.
func (p *Pages) Assets() []Asset { return p.assets }

// Render makes a whole page. A language without texts is an error.
func (p *Pages) Render(page Page, lang string, data any) ([]byte, error) {
	r, ok := p.readers[lang]
	if !ok {
		return nil, fmt.Errorf("render page %s: no texts in %q", page, lang)
	}
	var out bytes.Buffer
	if err := r.pages[page].Execute(&out, data); err != nil {
		return nil, fmt.Errorf("render page %s in %s: %w", page, lang, err)
	}
	return out.Bytes(), nil
}

// Text is one text of the pages by its key ("problem.busy"), with pairs of a
// name and a value put in.
func (p *Pages) Text(lang, key string, pairs ...any) (string, error) {
	r, ok := p.readers[lang]
	if !ok {
		return "", fmt.Errorf("page text %s: no texts in %q", key, lang)
	}
	return r.text(key, pairs...)
}

func (p *Pages) assetPath(name string) (string, error) {
	for _, a := range p.assets {
		if a.Name == name {
			return a.Path, nil
		}
	}
	return "", fmt.Errorf("no page asset %q", name)
}

func (r *reader) text(key string, pairs ...any) (string, error) {
	data := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	text, err := r.localizer.Localize(config) //nolint:misspell // the library's name
	if err != nil {
		return "", fmt.Errorf("page text %s: %w", key, err)
	}
	return text, nil
}

// date is a day in words, in t's own location.
func (r *reader) date(t time.Time) (string, error) {
	month, err := r.text(fmt.Sprintf("months.m%d", t.Month()))
	if err != nil {
		return "", err
	}
	weekday, err := r.text(fmt.Sprintf("weekdays.d%d", t.Weekday()))
	if err != nil {
		return "", err
	}
	return r.text("dates.day", "Weekday", weekday, "Day", t.Day(), "Month", month, "Year", t.Year())
}

// moment is a day and time in words, in t's own location.
func (r *reader) moment(t time.Time) (string, error) {
	month, err := r.text(fmt.Sprintf("months.m%d", t.Month()))
	if err != nil {
		return "", err
	}
	return r.text("dates.moment", "Day", t.Day(), "Month", month, "Year", t.Year(), "Time", t.Format("15:04"))
}
