package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// examined ends the waiting of an attachment that is not harmful. What a chat
// can show of the complainant's is sent to where the cards of the case are.
func (o *Office) examined(ctx context.Context, file store.PendingAttachment, found store.Examined, shorter int) error {
	step := store.Step{At: o.Clock.Now(), Examined: &found}
	a := file.Attachment
	a.State, a.Finding, a.Filename, a.ContentType, a.Picture = found.State, found.Finding, found.Filename, found.ContentType, found.Picture
	shown, ok := forChat(a)
	if shown.kind == cases.AlertPicture {
		ok = shorter >= minPictureSide
	}
	if ok && file.PublicID != "" { // without: from before files were sent
		if err := o.forwardFile(ctx, &step, file.CaseID, shown); err != nil {
			return err
		}
	}
	_, err := o.save(ctx, step)
	return err
}

// infected ends the waiting of a harmful attachment: it stays in quarantine,
// and both sides are told.
func (o *Office) infected(ctx context.Context, file store.PendingAttachment, found store.Examined) error {
	for range maxConflicts {
		err := o.infectedOnce(ctx, file, found)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("noting a harmful attachment: %w", store.ErrConflict)
}

func (o *Office) infectedOnce(ctx context.Context, file store.PendingAttachment, found store.Examined) error {
	org, err := o.Organisation(ctx)
	if err != nil {
		return err
	}
	c, err := o.Store.Case(ctx, file.CaseID)
	if err != nil {
		return fmt.Errorf("reading the case of an attachment: %w", err)
	}
	messages, err := o.Store.Messages(ctx, file.CaseID)
	if err != nil {
		return fmt.Errorf("reading the message of an attachment: %w", err)
	}
	events, err := o.Store.Events(ctx, file.CaseID)
	if err != nil {
		return fmt.Errorf("reading the history of an attachment's case: %w", err)
	}
	// Who sends harm by a machine that answers ours is told once per case.
	told := slices.ContainsFunc(events, func(e cases.Event) bool { return e.Kind == cases.EventInfected })
	own := slices.ContainsFunc(messages, func(m cases.Message) bool {
		return m.ID == file.MessageID && !m.Held && m.Login == "" && m.Direction == cases.In
	})
	desk := cases.Desk{Org: org, At: o.Clock.Now(), By: cases.System}
	change, err := desk.Infected(c, cases.InfectedFile{
		ID: file.ID, Filename: found.Filename, Finding: found.Finding, Tell: own && !told,
	})
	if err != nil {
		return err
	}
	step := store.Step{At: desk.At, Examined: &found}
	if err := o.apply(ctx, org, &step, change, nil); err != nil {
		return err
	}
	_, err = o.save(ctx, step)
	return err
}
