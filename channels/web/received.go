package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/templates/pages"
)

// How long a request waits for its message to be worked on, and how often it
// looks.
const (
	patience  = 3 * time.Second
	lookEvery = 100 * time.Millisecond
)

const purposeReceipt = "receipt"

type waitPage struct {
	frame
	Self string // address of this page
	Held bool   // it waits for a person
}

// confirm sends the browser on to the new case, or to a page that waits for it.
func (s *site) confirm(w http.ResponseWriter, r *http.Request, key channels.Key, lang string) {
	if outcome := s.await(r.Context(), key); outcome.Token != "" {
		http.Redirect(w, r, trackPath(outcome.Token, url.Values{"new": {"1"}, "lang": {lang}}), http.StatusSeeOther)
		return
	}
	receipt := s.tokens.seal(purposeReceipt, key.ExternalID)
	http.Redirect(w, r, "/complaints/received/"+receipt+"?lang="+url.QueryEscape(lang), http.StatusSeeOther)
}

// await looks for what becomes of a message until it is worked on, or patience ends.
func (s *site) await(ctx context.Context, key channels.Key) Outcome {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		if outcome := s.outcome(ctx, key); outcome.State != StateReceived {
			return outcome
		}
		select {
		case <-ctx.Done():
			return Outcome{State: StateReceived}
		case <-ticker.C:
		}
	}
}

// outcome is where a message stands; what cannot be found out counts as not
// worked on yet, since it was made durable.
func (s *site) outcome(ctx context.Context, key channels.Key) Outcome {
	outcome, err := s.config.Stories.Outcome(ctx, key)
	if err != nil {
		return Outcome{State: StateReceived}
	}
	return outcome
}

// received waits, by reloading itself, for a complaint to get its number.
func (s *site) received(w http.ResponseWriter, r *http.Request) {
	receipt := r.PathValue("receipt")
	token, err := s.tokens.open(purposeReceipt, receipt)
	if err != nil || token.Age > maxFormAge {
		s.problem(w, r, http.StatusNotFound, "page")
		return
	}
	lang := s.lang(r, "")
	outcome := s.outcome(r.Context(), channels.Key{Channel: Channel, Account: s.config.Account, ExternalID: token.ID})
	if outcome.Token != "" {
		http.Redirect(w, r, trackPath(outcome.Token, url.Values{"new": {"1"}, "lang": {lang}}), http.StatusSeeOther)
		return
	}
	page := waitPage{frame: s.frame(r, lang), Held: outcome.State != StateReceived}
	page.Self = r.URL.EscapedPath() + "?lang=" + url.QueryEscape(lang)
	page.NoIndex = true
	switch {
	case page.Held:
	case token.Age < time.Minute:
		page.Refresh = 2
	default:
		page.Refresh = 15
	}
	s.render(w, http.StatusOK, pages.Wait, lang, page)
}
