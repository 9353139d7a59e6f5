package web

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/redress-cms/redress/templates/pages"
)

// frame is what every page needs besides its own content.
type frame struct {
	Lang         string
	Jurisdiction string
	Languages    []languageLink // to switch to; none where typed text would be lost
	NoIndex      bool
	Refresh      int // seconds; 0: the page stays
}

type languageLink struct {
	Code, Name, URL string
	Current         bool
}

type problemPage struct {
	frame
	Heading, Text string
}

// fault is something to put right, with the id of its field.
type fault struct{ Field, Text string }

type faults []fault

// For is the fault of a field, nil when it has none.
func (f faults) For(field string) *fault {
	for i := range f {
		if f[i].Field == field {
			return &f[i]
		}
	}
	return nil
}

// languages are those the jurisdiction offers and the pages have.
func (a *Adapter) languages() []string {
	have := a.pages.Languages()
	var offered []string
	for _, lang := range a.config.Jurisdiction().Languages {
		if slices.Contains(have, lang) {
			offered = append(offered, lang)
		}
	}
	if len(offered) == 0 {
		return []string{pages.Default}
	}
	return offered
}

// lang is the language to answer in: the one asked for by ?lang=, else preferred
// (the language of a case), else the best for the browser.
func (a *Adapter) lang(r *http.Request, preferred string) string {
	offered := a.languages()
	for _, wanted := range []string{r.URL.Query().Get("lang"), preferred} {
		if slices.Contains(offered, wanted) {
			return wanted
		}
	}
	tags := make([]language.Tag, len(offered))
	for i, code := range offered {
		tags[i] = language.Make(code)
	}
	accepted := r.Header.Get("Accept-Language")
	if len(accepted) > 200 {
		return offered[0]
	}
	_, best := language.MatchStrings(language.NewMatcher(tags), accepted)
	return offered[best]
}

// frame is the surroundings of a page in lang.
func (a *Adapter) frame(r *http.Request, lang string) frame {
	f := frame{Lang: lang, Jurisdiction: a.config.Jurisdiction().Name}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return f
	}
	for _, code := range a.languages() {
		query := url.Values{"lang": {code}}
		if r.URL.Query().Get("new") != "" {
			query.Set("new", "1")
		}
		f.Languages = append(f.Languages, languageLink{
			Code: code, Name: a.text(code, "language_name"), Current: code == lang,
			URL: r.URL.EscapedPath() + "?" + query.Encode(),
		})
	}
	return f
}

// text is a text of the pages. A missing one is a fault of the build that the
// tests of the texts rule out; its key is shown.
func (a *Adapter) text(lang, key string, pairs ...any) string {
	text, err := a.pages.Text(lang, key, pairs...)
	if err != nil {
		a.config.Logger.Error("page text", "channel", Channel, "account", a.config.Account, "error", err)
		return key
	}
	return text
}

func (a *Adapter) render(w http.ResponseWriter, status int, page pages.Page, lang string, data any) {
	body, err := a.pages.Render(page, lang, data)
	if err != nil {
		a.config.Logger.Error("page", "channel", Channel, "account", a.config.Account, "error", err)
		http.Error(w, "This page cannot be shown just now.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", lang)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client's loss
}

// problem answers with a page that says what went wrong and where to go on.
func (a *Adapter) problem(w http.ResponseWriter, r *http.Request, status int, kind string, pairs ...any) {
	lang := a.lang(r, "")
	f := a.frame(r, lang)
	f.NoIndex, f.Languages = true, nil
	a.render(w, status, pages.Problem, lang, problemPage{
		frame: f, Heading: a.text(lang, "problem."+kind+"_title"), Text: a.text(lang, "problem."+kind, pairs...),
	})
}

// local is t in the jurisdiction's time zone.
func (a *Adapter) local(t time.Time) time.Time {
	if zone := a.config.Jurisdiction().Location; zone != nil {
		return t.In(zone)
	}
	return t.UTC()
}

func (a *Adapter) localOrNil(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	local := a.local(*t)
	return &local
}
