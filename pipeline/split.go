package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// matters are the complaints that the text of a new case lists, where the
// organisation handles such apart.
func (p *Pipeline) matters(u *Understood, text string) cases.Matters {
	if u.Org.Rules.Splitting == cases.SplitNever {
		return cases.Matters{}
	}
	return u.Org.Matters(text, u.Language)
}

// lists reports whether the case's text lists complaints that were not split.
func (p *Pipeline) lists(u *Understood, c cases.Case) bool {
	return c.Status.Open() && len(p.matters(u, c.Description).Items) > 1
}

// chooseListed picks, of the sender's own cases, the newest that can be split;
// where none can, the newest.
func (p *Pipeline) chooseListed(u *Understood) {
	chooseOwn(u, IntentStatus)
	for i := range u.OwnCase {
		if u.Case != nil && p.lists(u, u.OwnCase[i]) {
			u.Case = &u.OwnCase[i]
			return
		}
	}
}

// split files the complaints that a case lists as cases of their own. Asked
// for again, it answers with the same cases.
func (p *Pipeline) split(ctx context.Context, u *Understood) error {
	made, err := p.splitBefore(ctx, *u.Case)
	if err != nil {
		return err
	}
	if len(made) > 0 {
		return p.answerListing(ctx, u, made)
	}
	if !p.lists(u, *u.Case) {
		return p.answerOnlyWith(ctx, u, cases.NoticeNotSplit)
	}
	talk, err := p.Office.Store.Messages(ctx, u.Case.ID)
	if err != nil {
		return fmt.Errorf("reading the conversation: %w", err)
	}
	list := p.matters(u, u.Case.Description)
	others, err := p.otherCases(ctx, u, *u.Case, list)
	if err != nil {
		return err
	}
	change, err := p.desk(u).Split(*u.Case, list, referencesOf(others))
	if err != nil {
		return err
	}
	u.Listed = append([]cases.Case{change.Case}, casesOf(others)...)
	if err := p.save(ctx, u, change); err != nil {
		return err
	}
	entry := cases.Message{}
	if len(talk) > 0 {
		entry = talk[0]
	}
	return p.further(ctx, u, others, entry)
}

// registerApart registers each of the complaints that a message lists.
func (p *Pipeline) registerApart(ctx context.Context, u *Understood, whole cases.Draft, list cases.Matters) error {
	draft := list.Draft(0, cases.Case{
		Type: whole.Type, ContactID: whole.ContactID, Intake: whole.Intake, Channel: whole.Channel, Account: whole.Account,
		Address: whole.Address, Place: whole.Place, Language: u.Language, ReceivedAt: whole.ReceivedAt,
	})
	if draft.Classification.Point == nil {
		draft.Classification.Point = u.Classification.Point
	}
	draft.Subject, draft.Quiet = whole.Subject, whole.Quiet
	var err error
	if u.Load, err = p.Office.load(ctx, ""); err != nil {
		return err
	}
	change, err := p.Office.registration(u.Org, u.Load, u.Now, p.desk(u).By, draft)
	if err != nil {
		return err
	}
	others, err := p.otherCases(ctx, u, change.Case, list)
	if err != nil {
		return err
	}
	for i, ref := range referencesOf(others) {
		change.Events = append(change.Events, linkedBySplit(u, ref, i+2))
	}
	for i := range change.Notices {
		if change.Notices[i].Kind == cases.NoticeAcknowledged {
			change.Notices[i].Kind = cases.NoticeSplit
		}
	}
	u.Listed = append([]cases.Case{change.Case}, casesOf(others)...)
	if err := p.save(ctx, u, change); err != nil {
		return err
	}
	return p.further(ctx, u, others, u.Step.Messages[0])
}

// otherCases registers all but the first of the matters of a case.
func (p *Pipeline) otherCases(ctx context.Context, u *Understood, first cases.Case, list cases.Matters) ([]cases.Change, error) {
	load, err := p.Office.load(ctx, "")
	if err != nil {
		return nil, err
	}
	changes := make([]cases.Change, 0, len(list.Items)-1)
	for i := 1; i < len(list.Items); i++ {
		change, err := p.Office.registration(u.Org, load, u.Now, p.desk(u).By, list.Draft(i, first))
		if err != nil {
			return nil, err
		}
		if load != nil && change.Case.Owner != "" {
			load[change.Case.Owner]++
		}
		change.Events = append(change.Events, linkedBySplit(u, first.Reference, 1))
		change.Notices = staffOnly(change.Notices) // one answer lists them all
		changes = append(changes, change)
	}
	return changes, nil
}

// further puts the other cases into the step, each with what the sender wrote
// and sent along.
func (p *Pipeline) further(ctx context.Context, u *Understood, others []cases.Change, entry cases.Message) error {
	entry.ID, entry.CaseID, entry.Album, entry.FullText = 0, 0, "", ""
	entry.Direction, entry.To = cases.In, cases.ToStaff
	if !u.Format.Threads {
		entry.ExternalID = "" // a change of the message is one of the first case
	}
	entry.Attachments = slices.Clone(entry.Attachments)
	for i := range entry.Attachments {
		entry.Attachments[i].ID, entry.Attachments[i].MessageID, entry.Attachments[i].PublicID = 0, 0, ""
	}
	for _, change := range others {
		entry.Text = change.Case.Description
		// The contact may be one that this step makes: cards name it.
		step := store.Step{At: u.Now, Contact: u.Step.Contact, Messages: []cases.Message{entry}}
		if err := p.Office.apply(ctx, u.Org, &step, change, nil); err != nil {
			return err
		}
		u.Step.Further = append(u.Step.Further, step)
	}
	return nil
}

// splitBefore are the cases that a case was split into, itself first; none
// where it was not.
func (p *Pipeline) splitBefore(ctx context.Context, c cases.Case) ([]cases.Case, error) {
	linked, err := p.linkedBySplit(ctx, c)
	if err != nil || len(linked) == 0 {
		return nil, err
	}
	if linked[0].part == 1 { // c is one of the others
		if c, err = p.Store.CaseByReference(ctx, linked[0].reference); err != nil {
			return nil, fmt.Errorf("reading the case it was split from: %w", err)
		}
		if linked, err = p.linkedBySplit(ctx, c); err != nil {
			return nil, err
		}
	}
	list := []cases.Case{c}
	for _, l := range linked {
		other, err := p.Store.CaseByReference(ctx, l.reference)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading a case that a split made: %w", err)
		}
		list = append(list, other)
	}
	return list, nil
}

// splitLink is a link that a split made: to the part of the list.
type splitLink struct {
	reference cases.Reference
	part      int
}

func (p *Pipeline) linkedBySplit(ctx context.Context, c cases.Case) ([]splitLink, error) {
	events, err := p.Store.Events(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the events: %w", err)
	}
	var links []splitLink
	for _, e := range events {
		if part, err := strconv.Atoi(e.Data[cases.DataSplit]); err == nil && e.Kind == cases.EventLinked {
			links = append(links, splitLink{cases.Reference(e.Data["reference"]), part})
		}
	}
	return links, nil
}

func linkedBySplit(u *Understood, ref cases.Reference, part int) cases.Event {
	return cases.Event{
		At: u.Now, Actor: cases.System, Kind: cases.EventLinked,
		Data: map[string]string{"reference": string(ref), cases.DataSplit: strconv.Itoa(part)},
	}
}

// answerListing answers with the cases that a split made.
func (p *Pipeline) answerListing(ctx context.Context, u *Understood, list []cases.Case) error {
	u.Listed = list
	return p.answerOnlyWith(ctx, u, cases.NoticeSplit)
}

func referencesOf(changes []cases.Change) []cases.Reference {
	refs := make([]cases.Reference, len(changes))
	for i, change := range changes {
		refs[i] = change.Case.Reference
	}
	return refs
}

func casesOf(changes []cases.Change) []cases.Case {
	list := make([]cases.Case, len(changes))
	for i, change := range changes {
		list[i] = change.Case
	}
	return list
}
