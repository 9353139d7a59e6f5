package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// ResolveLinked resolves the open cases that are linked to one, each by itself:
// its complainant is told on the own channel, of the own case only. What the
// actor may not handle, and what is finished, is left as it is. It can be
// called again. The number is of those resolved.
func (o *Office) ResolveLinked(ctx context.Context, c cases.Case, by cases.Actor, may func(cases.Case) bool, in cases.Resolution) (int, error) {
	refs, err := o.Store.Links(ctx, c.ID)
	if err != nil {
		return 0, fmt.Errorf("reading the links: %w", err)
	}
	resolved := 0
	for _, ref := range refs {
		linked, err := o.Store.CaseByReference(ctx, ref)
		if err != nil {
			return resolved, fmt.Errorf("reading a linked case: %w", err)
		}
		if !linked.Status.Open() || !may(linked) {
			continue
		}
		_, err = o.Act(ctx, ref, by, func(d cases.Desk, k cases.Case) (cases.Change, error) {
			change, err := d.Resolve(k, in)
			change.Lesson = nil // one event teaches once
			return change, err
		})
		var refused *cases.Error
		if err != nil && !errors.As(err, &refused) {
			return resolved, fmt.Errorf("resolving a linked case: %w", err)
		}
		if err == nil {
			resolved++
		}
	}
	return resolved, nil
}

// resolveLinked is ResolveLinked for a command in chat. The case itself must
// be open, and the text one that can be sent.
func (p *Pipeline) resolveLinked(ctx context.Context, u *Understood, c cases.Case, text string) error {
	desk := p.desk(u)
	in := cases.Resolution{Text: strings.TrimSpace(text)}
	if _, err := desk.Resolve(c, in); err != nil {
		return nil //nolint:nilerr // the command itself will say why
	}
	_, err := p.Office.ResolveLinked(ctx, c, desk.By, func(k cases.Case) bool { return mayHandle(u.Org, *u.Staff, k) }, in)
	return err
}
