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
	var r recording
	err := s.write(ctx, func(tx *gorm.DB) error {
		r = recording{tx: tx, random: s.random, step: &step}
		return r.save()
	})
	if err != nil {
		return Recorded{}, fmt.Errorf("save a step: %w", mapConflict(err))
	}
	if step.Contact != nil {
		step.Contact.ID = r.contactID
	}
	return Recorded{CaseID: r.caseID, ContactID: r.contactID, Outbox: r.due, Login: r.login}, nil
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

// recording is one Record under way.
type recording struct {
	tx     *gorm.DB
	random io.Reader
	step   *Step

	caseID    int64
	reference string
	contactID int64
	login     string
	dropped   map[string]bool // outbox rows that their dedupe key kept out
	due       []OutboundRef
}

// save runs the parts in the one order in which all steps take their locks.
func (r *recording) save() error {
	for _, part := range []struct {
		name string
		save func() error
	}{
		{"inbound", r.finishInbound},
		{"timer", r.fireTimer},
		{"attachment", r.saveExamined},
		{"contact", r.saveContact},
		{"addresses", r.saveAddresses},
		{"case", r.saveCase},
		{"language", r.setLanguage},
		{"events", r.saveEvents},
		{"timers", r.saveTimers},
		{"links", r.saveLinks},
		{"participants", r.saveParticipants},
		{"outbox", r.saveOutbox},
		{"messages", r.saveMessages},
		{"reports", func() error { return applyReports(r.tx, r.step.Reports) }},
		{"chat", r.linkChat},
		{"inbound", r.nameCase},
	} {
		if err := part.save(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// finishInbound ends the inbound row, in line with the others of its sender.
func (r *recording) finishInbound() error {
	if r.step.Inbound == 0 {
		return nil
	}
	n, err := change(r.tx, `UPDATE inbound SET state = ?, reason = ?, processed_at = ?
		WHERE id = ? AND state = 'received' AND NOT EXISTS (SELECT 1 FROM inbound earlier
			WHERE earlier.channel = inbound.channel AND earlier.sender = inbound.sender
				AND earlier.state = 'received' AND earlier.id < inbound.id)`,
		r.step.InboundState, text(r.step.InboundReason), instant{r.step.At}, r.step.Inbound)
	if err == nil && n == 0 {
		err = ErrDone
	}
	return err
}

// nameCase tells the inbound row its case, which may just have been made.
func (r *recording) nameCase() error {
	caseID := r.caseID
	if caseID == 0 && len(r.step.Messages) > 0 {
		caseID = r.step.Messages[0].CaseID
	}
	if r.step.Inbound == 0 || caseID == 0 {
		return nil
	}
	_, err := change(r.tx, `UPDATE inbound SET case_id = ? WHERE id = ?`, caseID, r.step.Inbound)
	return err
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
