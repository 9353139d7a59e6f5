package pipeline

import (
	"context"
	"slices"

	"github.com/redress-cms/redress/cases"
)

// classify finds service, priority and area of a new complaint, and the
// language to answer in.
func (p *Pipeline) classify(_ context.Context, u *Understood) (Verdict, error) {
	m := u.Message
	u.Classification = u.Org.Classify(cases.Text{
		Subject: m.Subject, Body: u.Intent.Text, Place: m.Fields.Place, Language: m.Language,
		ServiceHint: m.Fields.Service, AreaHint: m.Fields.Area, Point: u.Point,
	})
	u.Language = chooseLanguage(u)
	return goOn, nil
}

// chooseLanguage prefers what the contact chose, then the language of the
// message where it is a new complaint, then the keyword's, then the provider's hint.
func chooseLanguage(u *Understood) string {
	languages := u.Org.Jurisdiction.Languages
	guess := ""
	if u.Intent.Kind == IntentComplaint {
		guess = u.Classification.Language
	}
	if u.Intent.Kind == IntentLanguage && slices.Contains(languages, u.Intent.Language) {
		return u.Intent.Language
	}
	inCase := ""
	if u.Case != nil && u.Proof != "" {
		inCase = u.Case.Language
	}
	for _, language := range []string{u.Contact.Language, inCase, guess, u.Intent.Language, u.Message.Language} {
		if slices.Contains(languages, language) {
			return language
		}
	}
	return languages[0]
}
