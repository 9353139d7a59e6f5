package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// Which pictures staff get in their chat.
const (
	minPictureSide       = 200 // pixels; smaller ones are logos
	maxPicturesForwarded = 4   // of one message
)

// examined ends the waiting of an attachment that is not harmful. A picture of
// the complainant's is sent to where the cards of the case are.
func (o *Office) examined(ctx context.Context, file store.PendingAttachment, found store.Examined, shorter int) error {
	at := o.Clock.Now()
	step := store.Step{At: at, Examined: &found}
	if found.Picture != "" && shorter >= minPictureSide && file.PublicID != "" { // without: from before pictures were sent
		forward, err := o.forwards(ctx, file)
		if err != nil {
			return err
		}
		if forward {
			if err := o.forwardPicture(ctx, &step, file, found); err != nil {
				return err
			}
		}
	}
	_, err := o.save(ctx, step)
	return err
}

// forwards reports whether staff get the picture: the complainant sent it, and
// it is one of the first of its message.
func (o *Office) forwards(ctx context.Context, file store.PendingAttachment) (bool, error) {
	messages, err := o.Store.Messages(ctx, file.CaseID)
	if err != nil {
		return false, fmt.Errorf("reading the message of an attachment: %w", err)
	}
	i := slices.IndexFunc(messages, func(m cases.Message) bool { return m.ID == file.MessageID })
	if i < 0 || messages[i].Held || messages[i].Login != "" || messages[i].Direction != cases.In {
		return false, nil
	}
	before := 0
	for _, other := range messages[i].Attachments {
		if other.ID < file.ID && shownAsPicture(other.ContentType) {
			before++
		}
	}
	return before < maxPicturesForwarded, nil
}

// forwardPicture sends a picture under the newest card of each place.
func (o *Office) forwardPicture(ctx context.Context, step *store.Step, file store.PendingAttachment, found store.Examined) error {
	org, err := o.Organisation(ctx)
	if err != nil {
		return err
	}
	c, err := o.Store.Case(ctx, file.CaseID)
	if err != nil {
		return fmt.Errorf("reading the case of an attachment: %w", err)
	}
	s := &sending{Office: o, org: org, step: step, kase: c}
	places, err := s.cardPlaces(ctx)
	if err != nil {
		return err
	}
	for _, place := range places {
		if !place.format.Pictures {
			continue
		}
		row := store.Outbound{
			To: cases.ToStaff, Login: place.login, Automatic: true, ReplyToRow: place.card.ID, Picture: found.Picture,
			Dedupe:    fmt.Sprintf("picture:%d:%s", file.ID, place.card.ID),
			ExpiresAt: expiry(step.At, org.Rules.AlertExpiry),
		}
		n := cases.Notice{Kind: cases.AlertPicture, To: cases.ToStaff, Text: found.Filename}
		if err := s.add(n, place.recipient, row, true); err != nil {
			return err
		}
	}
	return nil
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
