package store

import (
	"context"
	"fmt"
	"io"

	"gorm.io/gorm"
)

// Record saves a step in one transaction, or nothing of it. It returns, wrapped:
// ErrDone when the inbound row or the timer was finished by another worker or
// an earlier message of the sender is not; ErrConflict when somebody else
// changed the case, made a contact of the same address, or used the link code,
// so that the caller must read again; ErrReferenceTaken when the reference or
// token of a new case must be drawn again. Once saved, step.Contact has its id.
func (s *Store) Record(ctx context.Context, step Step) (Recorded, error) {
	recorded, err := s.RecordAll(ctx, []Step{step})
	if err != nil {
		return Recorded{}, err
	}
	return recorded[0], nil
}

// RecordAll saves steps, of different inbound rows and timers, in one
// transaction: all of them or, with an error of Record, none.
func (s *Store) RecordAll(ctx context.Context, steps []Step) ([]Recorded, error) {
	var b *batch
	err := s.write(ctx, func(tx *gorm.DB) error {
		b = newBatch(tx, s.random, steps)
		return b.save()
	})
	if err != nil {
		return nil, fmt.Errorf("save a step: %w", mapConflict(err))
	}
	out := make([]Recorded, len(steps))
	i := -1
	for _, r := range b.recordings {
		if r.first != nil { // a further case of the step before
			out[i].Outbox = append(out[i].Outbox, r.due...)
			continue
		}
		i++
		if steps[i].Contact != nil {
			steps[i].Contact.ID = r.contactID
		}
		out[i] = Recorded{CaseID: r.caseID, ContactID: r.contactID, Outbox: r.due, Login: r.login}
	}
	return out, nil
}

// mapConflict names the constraints by which two steps can cross.
func mapConflict(err error) error {
	switch {
	case violates(err, "cases_reference", "cases.reference"), violates(err, "cases_token", "cases.token"):
		return ErrReferenceTaken
	case violates(err, "contact_addresses_address", "contact_addresses.channel"),
		violates(err, "events_case", "events.case_id"),
		violates(err, "timers_pending", "timers.case_id"),
		isCrossed(err):
		return ErrConflict
	}
	return err
}

// recording is one step under way.
type recording struct {
	tx     *gorm.DB
	random io.Reader
	step   *Step
	batch  *batch
	first  *recording // of the step whose Further has this one; nil: none has

	caseID    int64
	reference string
	contactID int64
	login     string
	sealed    []eventRow      // of a new case
	dropped   map[string]bool // outbox rows that their dedupe key kept out
	due       []OutboundRef
}

// save runs the parts in the one order in which all steps take their locks.
func (b *batch) save() error {
	for _, part := range []struct {
		name string
		save func() error
	}{
		{"inbound", b.lockInbound},
		{"timer", b.each((*recording).fireTimer)},
		{"attachment", b.each((*recording).saveExamined)},
		{"ids", b.drawIDs},
		{"contact", b.each((*recording).saveContact)},
		{"addresses", b.each((*recording).saveAddresses)},
		{"case", b.each((*recording).saveCase)},
		{"language", b.each((*recording).setLanguage)},
		{"events", b.each((*recording).saveEvents)},
		{"timers", b.each((*recording).saveTimers)},
		{"links", b.each((*recording).saveLinks)},
		{"lesson", b.each((*recording).saveLesson)},
		{"participants", b.each((*recording).saveParticipants)},
		{"outbox", b.saveOutbox},
		{"messages", b.each((*recording).saveMessages)},
		{"addition", b.each((*recording).saveAddition)},
		{"reports", b.each((*recording).saveReports)},
		{"chat", b.each((*recording).linkChat)},
		{"inbound", b.finishInbound},
	} {
		if err := part.save(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func (r *recording) fireTimer() error {
	if r.step.Timer == 0 {
		return nil
	}
	n, err := change(r.tx, `UPDATE timers SET state = 'fired', done_at = ? WHERE id = ? AND state = 'pending'`,
		instant{r.step.At}, r.step.Timer)
	if err == nil && n == 0 {
		err = ErrDone
	}
	return err
}

func (r *recording) saveReports() error { return applyReports(r.tx, r.step.Reports) }
