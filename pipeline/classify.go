package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/redress-cms/redress/cases"
)

// classify finds service, priority and area of a new complaint, and the
// language to answer in.
func (p *Pipeline) classify(ctx context.Context, u *Understood) (Verdict, error) {
	m := u.Message
	text := cases.Text{
		Subject: m.Subject, Body: u.Intent.Text, Place: m.Fields.Place, Language: m.Language,
		ServiceHint: m.Fields.Service, AreaHint: m.Fields.Area, Point: u.Point,
	}
	if u.Intent.Kind != IntentComplaint {
		u.Classification = u.Org.Classify(text)
	} else if found, err := p.Office.Classify(ctx, u.Org, text); err != nil {
		return goOn, err
	} else {
		u.Classification = found
	}
	u.Language = chooseLanguage(u)
	return goOn, nil
}

// Classify finds what a text is about by the organisation's words and, where
// that is sure enough, by what staff confirmed of texts like it.
func (o *Office) Classify(ctx context.Context, org *cases.Organisation, text cases.Text) (cases.Classification, error) {
	found := org.Classify(text)
	opinion, err := o.Opinion(ctx, org, found.Language, text)
	if err != nil || !opinion.Decides {
		return found, err
	}
	text.Learned = &opinion
	return org.Classify(text), nil
}

// Opinion is what the lessons say of a text in the language.
func (o *Office) Opinion(ctx context.Context, org *cases.Organisation, language string, text cases.Text) (cases.Opinion, error) {
	if org.Learning.Disabled {
		return cases.Opinion{Words: []string{}, Why: "learning is switched off"}, nil
	}
	words := org.LessonWords(language, text.Subject, text.Body)
	taught, err := o.Store.Lessons(ctx, language, words)
	if err != nil {
		return cases.Opinion{}, fmt.Errorf("asking the lessons: %w", err)
	}
	return org.Learning.Judge(words, taught), nil
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
