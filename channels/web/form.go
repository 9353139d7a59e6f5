package web

import (
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/templates/pages"
)

// How long after it was handed out a form may come back: a person needs some
// seconds to fill it in, a robot does not.
const (
	minFormAge = 3 * time.Second
	maxFormAge = 24 * time.Hour
)

const purposeForm = "form"

type formPage struct {
	frame
	uploadLimits
	Token              string
	Typed              typed
	Errors             faults
	Services           []optionGroup
	Areas              []Option
	AskPhone, AskEmail bool
}

// uploadLimits are told beside a field for files.
type uploadLimits struct {
	MaxText, MaxFiles int
	MaxMegabytes      int64
}

// typed is what somebody put into the form.
type typed struct {
	Text, Service, Area, Place, Name, Phone, Email string
	KeepLink, Consent                              bool
}

type optionGroup struct {
	Name    string
	Options []Option
}

func (s *site) newForm(w http.ResponseWriter, r *http.Request) {
	// Kept by the browser until looked at again, so that going back to it
	// finds the text still there.
	w.Header().Set("Cache-Control", "private, no-cache")
	s.showForm(w, r, http.StatusOK, formPage{})
}

// submit takes a new complaint.
func (s *site) submit(w http.ResponseWriter, r *http.Request) {
	if !s.readForm(w, r) {
		return
	}
	lang := s.lang(r, "")
	page := formPage{Typed: typedIn(r.PostForm)}
	sub, wrong := s.check(r, lang, page.Typed)
	nonce, suspicion := s.robotCheck(r.PostForm, lang)
	if nonce != "" {
		page.Token = r.PostForm.Get("token")
	}
	if len(wrong) == 0 {
		wrong = suspicion
	}
	if len(wrong) > 0 {
		page.Errors = s.withoutFiles(wrong, sub.Files, lang)
		s.showForm(w, r, http.StatusUnprocessableEntity, page)
		return
	}
	in, err := s.inbound(sub, nonce)
	if err == nil {
		err = s.take(r.Context(), in)
	}
	if err != nil {
		s.config.Logger.Error("web complaint", "channel", Channel, "account", s.config.Account, "error", err)
		page.Errors = s.withoutFiles(faults{{"", s.text(lang, "errors.not_taken")}}, sub.Files, lang)
		s.showForm(w, r, http.StatusServiceUnavailable, page)
		return
	}
	s.confirm(w, r, in.Key, lang)
}

func (s *site) showForm(w http.ResponseWriter, r *http.Request, status int, page formPage) {
	lang := s.lang(r, "")
	if page.Token == "" {
		token, err := s.tokens.fresh(purposeForm)
		if err != nil {
			s.config.Logger.Error("web form", "channel", Channel, "account", s.config.Account, "error", err)
			s.problem(w, r, http.StatusServiceUnavailable, "away")
			return
		}
		page.Token = token
	}
	page.frame, page.uploadLimits = s.frame(r, lang), s.uploadLimits()
	page.AskPhone, page.AskEmail = s.answersOn("sms"), s.answersOn("email")
	page.Services, page.Areas = grouped(options(s.config.Services, lang)), options(s.config.Areas, lang)
	s.render(w, status, pages.Form, lang, page)
}

func (a *Adapter) uploadLimits() uploadLimits {
	return uploadLimits{MaxText: MaxText, MaxFiles: MaxFiles, MaxMegabytes: a.megabytes()}
}

func (a *Adapter) answersOn(channel string) bool { return slices.Contains(a.config.AnswerOn, channel) }

func typedIn(form url.Values) typed {
	return typed{
		Text:     cleanText(form.Get("text")),
		Service:  cleanLine(form.Get("service"), 100),
		Area:     cleanLine(form.Get("area"), 100),
		Place:    cleanLine(form.Get("place"), 300),
		Name:     cleanLine(form.Get("name"), 120),
		Phone:    cleanLine(form.Get("phone"), 40),
		Email:    cleanLine(form.Get("email"), 254), // RFC 5321, section 4.5.3.1.3, less the angle brackets
		KeepLink: form.Get("keep_link") != "",
		Consent:  form.Get("consent") != "",
	}
}

// check makes a submission of what was typed, with everything to put right in
// the order of the form.
func (s *site) check(r *http.Request, lang string, in typed) (Submission, faults) {
	var wrong faults
	say := func(field, key string, pairs ...any) {
		wrong = append(wrong, fault{field, s.text(lang, "errors."+key, pairs...)})
	}
	sub := Submission{
		Action: channels.ActionRegister, Language: lang,
		Text: in.Text, Place: in.Place, Name: in.Name, Consent: in.Consent,
		// A choice that is no longer in the list is left to be found from the text.
		Service: oneOf(options(s.config.Services, lang), in.Service),
		Area:    oneOf(options(s.config.Areas, lang), in.Area),
	}
	if in.Text == "" {
		say("text", "text_missing")
	}
	wrong = append(wrong, s.checkLength("text", lang, in.Text)...)
	files, fault := s.checkFiles(r, lang)
	sub.Files, wrong = files, append(wrong, fault...)
	var ok bool
	if sub.Phone, ok = s.phone(in.Phone); !ok {
		say("phone", "phone")
	}
	if sub.Email, ok = s.email(in.Email); !ok {
		say("email", "email")
	}
	askPhone, askEmail := s.answersOn("sms"), s.answersOn("email")
	switch given := in.Phone != "" || in.Email != "" || in.KeepLink; {
	case given:
	case askPhone && askEmail:
		say("keep_link", "contact_missing")
	case askPhone || askEmail:
		say("keep_link", "contact_missing_one")
	}
	if !in.Consent {
		say("consent", "consent")
	}
	return sub, wrong
}

func (s *site) checkLength(field, lang, text string) faults {
	if utf8.RuneCountInString(text) <= MaxText {
		return nil
	}
	return faults{{field, s.text(lang, "errors.text_long", "Max", MaxText)}}
}

func (s *site) checkFiles(r *http.Request, lang string) ([]File, faults) {
	files, err := filesOf(r)
	switch {
	case err != nil:
		return nil, faults{{"files", s.text(lang, "errors.files_type")}}
	case len(files) > MaxFiles:
		return nil, faults{{"files", s.text(lang, "errors.files_many", "Count", MaxFiles)}}
	}
	return files, nil
}

// withoutFiles adds that chosen files are not kept by a form shown again.
func (s *site) withoutFiles(wrong faults, files []File, lang string) faults {
	if len(files) == 0 {
		return wrong
	}
	return append(wrong, fault{"files", s.text(lang, "errors.files_again")})
}

// robotCheck finds out whether a person filled in the form. Whatever it
// suspects, it only asks to send the form again: a person loses nothing. nonce
// is empty when the form needs a new token.
func (s *site) robotCheck(form url.Values, lang string) (nonce string, wrong faults) {
	token, err := s.tokens.open(purposeForm, form.Get("token"))
	switch {
	case err != nil, token.Age > maxFormAge:
		return "", faults{{"", s.text(lang, "errors.once_more")}}
	case token.Age < minFormAge:
		return token.ID, faults{{"", s.text(lang, "errors.too_quick")}}
	case form.Get("homepage") != "":
		return token.ID, faults{{"", s.text(lang, "errors.trap")}}
	}
	return token.ID, nil
}

// phone is a typed number in E.164; ok is false when it cannot be one.
func (a *Adapter) phone(in string) (number string, ok bool) {
	if in == "" || !a.answersOn("sms") {
		return "", true
	}
	parsed, err := phonenumbers.Parse(in, a.config.Jurisdiction().DefaultRegion)
	if err != nil || !phonenumbers.IsValidNumber(parsed) {
		return "", false
	}
	return phonenumbers.Format(parsed, phonenumbers.E164), true
}

// email is a typed address in lower case; ok is false when it cannot be one.
func (a *Adapter) email(in string) (address string, ok bool) {
	if in == "" || !a.answersOn("email") {
		return "", true
	}
	parsed, err := mail.ParseAddress(in)
	if err != nil || parsed.Address != in || !strings.Contains(in[strings.LastIndex(in, "@"):], ".") {
		return "", false
	}
	return strings.ToLower(in), true
}

func options(list func(string) []Option, lang string) []Option {
	if list == nil {
		return nil
	}
	return list(lang)
}

func oneOf(list []Option, code string) string {
	if slices.ContainsFunc(list, func(o Option) bool { return o.Code == code }) {
		return code
	}
	return ""
}

func grouped(list []Option) []optionGroup {
	var groups []optionGroup
	for _, o := range list {
		if len(groups) == 0 || groups[len(groups)-1].Name != o.Group {
			groups = append(groups, optionGroup{Name: o.Group})
		}
		last := &groups[len(groups)-1]
		last.Options = append(last.Options, o)
	}
	return groups
}
