package pipeline

import (
	"context"
	"fmt"

	"github.com/redress-cms/redress/cases"
)

// similar looks for open cases about the same matter as the draft.
func (o *Office) similar(ctx context.Context, org *cases.Organisation, draft *cases.Draft) error {
	class := draft.Classification
	if class.Service == "" || class.Area == "" || draft.Confidential {
		return nil
	}
	since := o.Clock.Now().Add(-org.Rules.WithDefaults().Similar)
	open, err := o.Store.SimilarCases(ctx, class.Service, class.Area, since, cases.MaxSimilar)
	if err != nil {
		return fmt.Errorf("looking for similar cases: %w", err)
	}
	if found, ok := org.FindSimilar(class.Language, draft.Subject, draft.Description, open); ok {
		draft.Similar = &found
	}
	return nil
}

// linkTo reads the reference of the case to link to.
func linkTo(d cases.Desk, c cases.Case, text string) (cases.Change, error) {
	refs := cases.FindReferences(text)
	if len(refs) != 1 {
		return cases.Change{}, cases.Refuse(cases.Invalid, "Link it to which case? Write its number.")
	}
	return d.Link(c, refs[0])
}
