package store

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"

	"github.com/redress-cms/redress/cases"
)

// auditBatch is how many cases are verified between two calls of progress.
const auditBatch = 200

// AuditFault is a place where the history of a case was altered.
type AuditFault struct {
	Reference cases.Reference
	Seq       int    // of the event; 0: the case as a whole
	What      string // for people
}

// VerifyAudit checks the chain of events of every case and returns what was
// altered. progress, where given, is told how many cases are done.
func (s *Store) VerifyAudit(ctx context.Context, progress func(done, total int)) ([]AuditFault, error) {
	total, err := one[int](s.read(ctx), `SELECT count(*) FROM cases`)
	if err != nil {
		return nil, fmt.Errorf("verify the audit trail: %w", err)
	}
	var faults []AuditFault
	for done, after := 0, int64(0); ; {
		var batch []caseRow
		snapshot := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true} // what is added meanwhile is no fault
		err := s.read(ctx).Transaction(func(tx *gorm.DB) error {
			batch, err = all[caseRow](tx, `SELECT id, reference, event_count, event_hash FROM cases
				WHERE id > ? ORDER BY id LIMIT ?`, after, auditBatch)
			if err != nil || len(batch) == 0 {
				return err
			}
			found, err := verifyCases(tx, batch)
			faults = append(faults, found...)
			return err
		}, snapshot)
		if err != nil {
			return nil, fmt.Errorf("verify the audit trail: %w", err)
		}
		if len(batch) == 0 {
			return faults, nil
		}
		after = batch[len(batch)-1].ID
		if done += len(batch); progress != nil {
			progress(done, max(total, done))
		}
	}
}

// verifyCases reads the events of cases that follow one another by id.
func verifyCases(db *gorm.DB, batch []caseRow) ([]AuditFault, error) {
	rows, err := all[eventRow](db, `SELECT * FROM events WHERE case_id BETWEEN ? AND ? ORDER BY case_id, seq`,
		batch[0].ID, batch[len(batch)-1].ID)
	if err != nil {
		return nil, err
	}
	events := make(map[int64][]cases.Event, len(batch))
	for _, row := range rows {
		events[row.CaseID] = append(events[row.CaseID], row.domain())
	}
	var faults []AuditFault
	for _, c := range batch {
		history := events[c.ID]
		for _, f := range cases.VerifyChain(history) {
			faults = append(faults, AuditFault{c.Reference, f.Seq, f.What})
		}
		if what := c.endFault(history); what != "" {
			faults = append(faults, AuditFault{c.Reference, c.EventCount, what})
		}
	}
	return faults, nil
}

// endFault compares the end of a history with what the case says it is.
func (r caseRow) endFault(history []cases.Event) string {
	var last cases.Event
	if len(history) > 0 {
		last = history[len(history)-1]
	}
	switch {
	case last.Seq < r.EventCount:
		return fmt.Sprintf("events after %d are missing", last.Seq)
	case !bytes.Equal(last.Hash, r.EventHash):
		return fmt.Sprintf("event %d is not the one the case ended with", last.Seq)
	}
	return ""
}
