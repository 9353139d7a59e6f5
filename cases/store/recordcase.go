package store

import (
	"strings"

	"gorm.io/gorm/clause"

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
	if row.ContactID == 0 {
		row.ContactID = rowID(r.contactID)
	}
	if c.New {
		row.ID, row.Version = 0, 1
		if err := r.tx.Create(&row).Error; err != nil {
			return err
		}
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
	if r.step.Change == nil || len(r.step.Change.Events) == 0 {
		return nil
	}
	end, err := one[caseRow](r.tx, `SELECT event_count, event_hash FROM cases WHERE id = ?`, r.caseID)
	if err != nil {
		return err
	}
	rows := make([]eventRow, len(r.step.Change.Events))
	for i, e := range r.step.Change.Events {
		e = cleanEvent(e)
		end.EventCount++
		e.CaseID, e.Seq = r.caseID, end.EventCount
		if e.At.IsZero() {
			e.At = r.step.At
		}
		if err := cases.Seal(end.EventHash, &e, r.random); err != nil {
			return err
		}
		end.EventHash, rows[i] = e.Hash, newEventRow(e)
	}
	if err := r.tx.Create(&rows).Error; err != nil {
		return err
	}
	_, err = change(r.tx, `UPDATE cases SET event_count = ?, event_hash = ? WHERE id = ?`,
		end.EventCount, end.EventHash, r.caseID)
	return err
}

// saveTimers drops the timers that are cancelled or replaced and sets the new
// ones. Cancelling "remind" cancels "remind:0", "remind:1", … too.
func (r *recording) saveTimers() error {
	c := r.step.Change
	if c == nil || len(c.Cancel)+len(c.Timers) == 0 {
		return nil
	}
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
	var rows []timerRow
	for i, t := range c.Timers {
		if !replaced(t.Kind, c.Timers[i+1:]) {
			rows = append(rows, timerRow{CaseID: r.caseID, Kind: t.Kind, DueAt: instant{t.At}, State: "pending"})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return r.tx.Create(&rows).Error
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
	for _, other := range r.step.Links {
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
		if err := r.tx.Create(&row).Error; err != nil {
			return err
		}
		if len(m.Attachments) == 0 {
			continue
		}
		files := make([]attachmentRow, len(m.Attachments))
		for i, a := range m.Attachments {
			if a.PublicID == "" {
				var err error
				if a.PublicID, err = cases.NewToken(r.random); err != nil {
					return err
				}
			}
			files[i] = newAttachmentRow(row.ID, a)
		}
		if err := r.tx.Create(&files).Error; err != nil {
			return err
		}
	}
	return nil
}

// saveOutbox adds messages to be sent, each dedupe key once for ever.
func (r *recording) saveOutbox() error {
	r.dropped = map[string]bool{}
	for _, o := range r.step.Outbox {
		row, err := r.outboxRow(o)
		if err != nil {
			return err
		}
		result := r.tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "dedupe"}}, DoNothing: true}).Create(&row)
		if result.Error != nil {
			return result.Error
		}
		switch {
		case result.RowsAffected == 0:
			r.dropped[o.ID] = true
		case !row.NextAttemptAt.After(r.step.At) && (row.State == OutPending || row.State == OutRetry):
			r.due = append(r.due, row.ref())
		}
	}
	return nil
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
