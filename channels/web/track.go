package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/templates/pages"
)

// purposeTrack, with the tracking token after it, is what the forms of a
// tracking page are signed for.
const purposeTrack = "track:"

type lookupPage struct {
	frame
	Asked bool // something was handed in that opens nothing
}

func trackPath(token string, query url.Values) string {
	return "/track/" + url.PathEscape(token) + "?" + query.Encode()
}

// lookup asks for a tracking link. What is no token, such as a reference, gets
// one answer, whether there is such a case or not: nothing is looked up.
func (s *site) lookup(w http.ResponseWriter, r *http.Request) {
	lang := s.lang(r, "")
	asked := strings.TrimSpace(r.URL.Query().Get("q"))
	if token := tokenIn(asked); token != "" {
		http.Redirect(w, r, trackPath(token, url.Values{"lang": {lang}}), http.StatusSeeOther)
		return
	}
	s.render(w, http.StatusOK, pages.Lookup, lang, lookupPage{frame: s.frame(r, lang), Asked: asked != ""})
}

// tokenIn is the tracking token in what somebody pasted: a link or the token alone.
func tokenIn(asked string) string {
	if _, after, ok := strings.Cut(asked, "/track/"); ok {
		asked = after
		if end := strings.IndexAny(asked, "/?#"); end >= 0 {
			asked = asked[:end]
		}
	}
	const symbols = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(asked) < 20 || len(asked) > 64 || strings.Trim(asked, symbols) != "" {
		return ""
	}
	return asked
}

// find is the story that the request's token opens. When it returns false it
// has answered the request: alike for every token that opens nothing.
func (s *site) find(w http.ResponseWriter, r *http.Request) (Story, bool) {
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	client := s.client(r)
	if !s.guesses.take(client, s.config.Now()) {
		s.busy(w, r)
		return Story{}, false
	}
	token := r.PathValue("token")
	err := ErrNotFound
	var story Story
	if len(token) <= 200 {
		story, err = s.config.Stories.Story(r.Context(), token)
	}
	if errors.Is(err, ErrNotFound) {
		s.problem(w, r, http.StatusNotFound, "unknown")
		return Story{}, false
	}
	s.guesses.giveBack(client, s.config.Now())
	if err != nil {
		s.config.Logger.Error("tracking page", "channel", Channel, "account", s.config.Account, "error", err)
		s.problem(w, r, http.StatusServiceUnavailable, "away")
		return Story{}, false
	}
	return story, true
}

func (s *site) story(w http.ResponseWriter, r *http.Request) {
	story, ok := s.find(w, r)
	if !ok {
		return
	}
	page := storyPage{New: r.URL.Query().Get("new") != ""}
	lang := s.lang(r, story.Language)
	switch channels.Action(r.URL.Query().Get("done")) {
	case channels.ActionAdd:
		page.Done = s.text(lang, "story.added")
	case channels.ActionReopen:
		page.Done = s.text(lang, "story.reopened")
	case channels.ActionRate:
		page.Done = s.text(lang, "story.rated_now")
	}
	s.showStory(w, r, http.StatusOK, story, page)
}

func (s *site) add(w http.ResponseWriter, r *http.Request)    { s.act(w, r, channels.ActionAdd) }
func (s *site) reopen(w http.ResponseWriter, r *http.Request) { s.act(w, r, channels.ActionReopen) }
func (s *site) rate(w http.ResponseWriter, r *http.Request)   { s.act(w, r, channels.ActionRate) }

// act takes what a form of a tracking page hands in.
func (s *site) act(w http.ResponseWriter, r *http.Request, action channels.Action) {
	story, ok := s.find(w, r)
	if !ok || !s.readForm(w, r) {
		return
	}
	lang := s.lang(r, story.Language)
	sub, wrong := s.checkAction(r, action, story, lang)
	token, err := s.tokens.open(purposeTrack+sub.Token, r.PostForm.Get("token"))
	if err != nil || token.Age > maxFormAge {
		wrong = append(wrong, fault{"", s.text(lang, "errors.once_more")})
	}
	page := storyPage{}
	switch action {
	case channels.ActionAdd:
		page.TypedText = sub.Text
	case channels.ActionReopen:
		page.TypedWhy = sub.Text
	}
	if len(wrong) > 0 {
		page.Errors = s.withoutFiles(wrong, sub.Files, lang)
		s.showStory(w, r, http.StatusUnprocessableEntity, story, page)
		return
	}
	in, err := s.inbound(sub, token.ID)
	if err == nil {
		err = s.take(r.Context(), in)
	}
	if err != nil {
		s.config.Logger.Error("tracking page", "channel", Channel, "account", s.config.Account, "error", err)
		page.Errors = s.withoutFiles(faults{{"", s.text(lang, "errors.not_taken")}}, sub.Files, lang)
		s.showStory(w, r, http.StatusServiceUnavailable, story, page)
		return
	}
	s.await(r.Context(), in.Key) // so that the page shows it already
	http.Redirect(w, r, trackPath(sub.Token, url.Values{"done": {string(action)}, "lang": {lang}}), http.StatusSeeOther)
}

// checkAction makes a submission of a form of a tracking page, with what there
// is to put right.
func (s *site) checkAction(r *http.Request, action channels.Action, story Story, lang string) (Submission, faults) {
	sub := Submission{Action: action, Language: lang, Token: r.PathValue("token")}
	say := func(field, key string) faults { return faults{{field, s.text(lang, "errors."+key)}} }
	switch action {
	case channels.ActionAdd:
		sub.Text = cleanText(r.PostForm.Get("text"))
		files, wrong := s.checkFiles(r, lang)
		sub.Files = files
		if sub.Text == "" && len(files) == 0 && len(wrong) == 0 {
			return sub, say("text", "message_missing")
		}
		return sub, append(s.checkLength("text", lang, sub.Text), wrong...)
	case channels.ActionReopen:
		sub.Text = cleanText(r.PostForm.Get("why"))
		switch {
		case !story.CanReopen:
			return sub, say("", "no_longer")
		case sub.Text == "":
			return sub, say("why", "why_missing")
		}
		return sub, s.checkLength("why", lang, sub.Text)
	default:
		sub.Text = r.PostForm.Get("rating")
		switch {
		case !story.CanRate:
			return sub, say("", "no_longer")
		case utf8.RuneCountInString(sub.Text) != 1 || !strings.Contains("12345", sub.Text):
			return sub, say("rating", "rating_missing")
		}
		return sub, nil
	}
}
