package store

import (
	"strings"

	"github.com/redress-cms/redress/cases"
)

// saveCase inserts the case or updates it, if it still has the version that
// was read. The case's row is locked from here on, so that its events follow
// one another.
func (r *recording) saveCase() error {
	c := r.step.Change
	if c == nil {
		return nil
	}
	row := newCaseRow(c.Case)
	row.Version++
	if r.first != nil {
		r.contactID = r.first.contactID
	}
	if row.ContactID == 0 {
		row.ContactID = rowID(r.contactID)
	}
	if c.New {
		row.ID, row.Version = r.batch.nextID("cases"), 1
		var err error
		if r.sealed, err = r.seal(row.ID, &row.EventCount, &row.EventHash); err != nil {
			return err
		}
		r.batch.cases = append(r.batch.cases, row)
	} else {
		result := r.tx.Model(&row).Where("version = ?", c.Case.Version).
			Select("*").Omit("id", "reference", "token", "event_count", "event_hash").Updates(&row)
		if result.Error != nil {
			return result.Error
		}
		if result.RowsAffected == 0 {
			return ErrConflict
		}
	}
	r.caseID, r.reference = row.ID, string(row.Reference)
	return nil
}

// saveEvents seals the events onto the chain of the case.
func (r *recording) saveEvents() error {
	c := r.step.Change
	if c == nil || len(c.Events) == 0 {
		return nil
	}
	if c.New {
		r.batch.events = append(r.batch.events, r.sealed...)
		return nil
	}
	end, err := one[caseRow](r.tx, `SELECT event_count, event_hash FROM cases WHERE id = ?`, r.caseID)
	if err != nil {
		return err
	}
	rows, err := r.seal(r.caseID, &end.EventCount, &end.EventHash)
	if err != nil {
		return err
	}
	r.batch.events = append(r.batch.events, rows...)
	_, err = change(r.tx, `UPDATE cases SET event_count = ?, event_hash = ? WHERE id = ?`,
		end.EventCount, end.EventHash, r.caseID)
	return err
}

// seal makes the rows of the step's events, onto a chain of count events that
// ends in hash.
func (r *recording) seal(caseID int64, count *int, hash *[]byte) ([]eventRow, error) {
	rows := make([]eventRow, len(r.step.Change.Events))
	for i, e := range r.step.Change.Events {
		e = cleanEvent(e)
		*count++
		e.CaseID, e.Seq = caseID, *count
		if e.At.IsZero() {
			e.At = r.step.At
		}
		if err := cases.Seal(*hash, &e, r.random); err != nil {
			return nil, err
		}
		*hash, rows[i] = e.Hash, newEventRow(e)
	}
	return rows, nil
}

// saveTimers drops the timers that are cancelled or replaced and sets the new
// ones. Cancelling "remind" cancels "remind:0", "remind:1", … too.
func (r *recording) saveTimers() error {
	c := r.step.Change
	if c == nil || len(c.Cancel)+len(c.Timers) == 0 {
		return nil
	}
	if !c.New {
		if err := r.dropTimers(c); err != nil {
			return err
		}
	}
	for i, t := range c.Timers {
		if !replaced(t.Kind, c.Timers[i+1:]) {
			r.batch.timers = append(r.batch.timers, timerRow{CaseID: r.caseID, Kind: t.Kind, DueAt: instant{t.At}, State: "pending"})
		}
	}
	return nil
}

// dropTimers takes the timers that a change cancels or replaces out of the way.
func (r *recording) dropTimers(c *cases.Change) error {
	pending, err := all[timerRow](r.tx, `SELECT * FROM timers WHERE case_id = ? AND state = 'pending'`, r.caseID)
	if err != nil {
		return err
	}
	var drop []int64
	for _, p := range pending {
		if replaced(p.Kind, c.Timers) || cancelled(p.Kind, c.Cancel) {
			drop = append(drop, p.ID)
		}
	}
	if len(drop) > 0 {
		if _, err := change(r.tx, `UPDATE timers SET state = 'cancelled', done_at = ? WHERE id IN ?`,
			instant{r.step.At}, drop); err != nil {
			return err
		}
	}
	return nil
}

func replaced(kind cases.TimerKind, timers []cases.Timer) bool {
	for _, t := range timers {
		if t.Kind == kind {
			return true
		}
	}
	return false
}

func cancelled(kind cases.TimerKind, kinds []cases.TimerKind) bool {
	for _, k := range kinds {
		if k == kind || strings.HasPrefix(string(kind), string(k)+":") {
			return true
		}
	}
	return false
}

// saveLinks links the case to others, in both directions.
func (r *recording) saveLinks() error {
	links := r.step.Links
	if r.first != nil {
		links = []int64{r.first.caseID}
	}
	for _, other := range links {
		if _, err := change(r.tx, `INSERT INTO links (case_id, other_id) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING`,
			r.caseID, other, other, r.caseID); err != nil {
			return err
		}
	}
	return nil
}

// saveMessages adds to the conversation. What its outbox row's dedupe key kept
// out was said before and is no message.
func (r *recording) saveMessages() error {
	for _, m := range r.step.Messages {
		if r.dropped[m.OutboundID] {
			continue
		}
		if m.CaseID == 0 {
			m.CaseID = r.caseID
		}
		if m.At.IsZero() {
			m.At = r.step.At
		}
		row := newMessageRow(m)
		row.ID = r.batch.nextID("messages")
		r.batch.messages = append(r.batch.messages, row)
		if err := r.attach(row.ID, m.Attachments); err != nil {
			return err
		}
	}
	return nil
}

func (r *recording) attach(message int64, list []cases.Attachment) error {
	for _, a := range list {
		if a.PublicID == "" {
			var err error
			if a.PublicID, err = cases.NewToken(r.random); err != nil {
				return err
			}
		}
		r.batch.attachments = append(r.batch.attachments, newAttachmentRow(message, a))
	}
	return nil
}

// saveAddition completes a message with a part that came by itself.
func (r *recording) saveAddition() error {
	a := r.step.Addition
	if a == nil {
		return nil
	}
	if a.Text != "" {
		if _, err := change(r.tx, `UPDATE messages SET text = ? WHERE id = ? AND text = ''`, text(a.Text), a.MessageID); err != nil {
			return err
		}
	}
	return r.attach(a.MessageID, a.Attachments)
}

// outboxRow fills in what the step left open.
func (r *recording) outboxRow(o Outbound) (outboxRow, error) {
	row := newOutboxRow(o)
	if row.Dedupe == "" {
		row.Dedupe = key(o.ID)
	}
	if row.State == "" {
		row.State = OutPending
	}
	if row.CreatedAt.IsZero() {
		row.CreatedAt = instant{r.step.At}
	}
	if row.NextAttemptAt.IsZero() {
		row.NextAttemptAt = row.CreatedAt
	}
	if row.CaseID == 0 {
		row.CaseID = rowID(r.caseID)
	}
	switch int64(row.CaseID) {
	case 0:
	case r.caseID:
		row.Reference = r.reference
	default:
		var err error
		if row.Reference, err = one[string](r.tx, `SELECT reference FROM cases WHERE id = ?`, row.CaseID); err != nil {
			return row, err
		}
	}
	return row, nil
}
