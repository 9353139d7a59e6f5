package store

import (
	"context"
	"fmt"

	"github.com/redress-cms/redress/cases"
)

// Participants are the people whom the complainant of a case put in copy, in
// the order in which they were.
func (s *Store) Participants(ctx context.Context, caseID int64) ([]cases.Participant, error) {
	rows, err := all[participantRow](s.read(ctx), participantsSQL, caseID)
	list, err := converted(rows, err, participantRow.domain)
	if err != nil {
		return nil, fmt.Errorf("read who takes part in case %d: %w", caseID, err)
	}
	return list, nil
}

const participantsSQL = `SELECT channel, address, name, added_at FROM participants WHERE case_id = ? ORDER BY id`

// participantRow is a row of participants.
type participantRow struct {
	Channel key
	Address key
	Name    text
	AddedAt instant
}

func (r participantRow) domain() cases.Participant {
	return cases.Participant{
		Address: cases.Address{Channel: string(r.Channel), Value: string(r.Address)}, Name: string(r.Name), AddedAt: r.AddedAt.Time,
	}
}

// CasesByMessage are the cases to which messages with these ids of theirs were
// added, the one of the earliest message first. What is held counts for none.
func (s *Store) CasesByMessage(ctx context.Context, channel string, ids []string) ([]cases.Case, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := all[caseRow](s.read(ctx), casesByMessageSQL, key(channel), keys(ids))
	list, err := converted(rows, err, caseRow.domain)
	if err != nil {
		return nil, fmt.Errorf("read the cases of messages: %w", err)
	}
	return list, nil
}

const casesByMessageSQL = `SELECT c.* FROM cases c JOIN (
		SELECT case_id, min(id) AS first FROM messages
		WHERE channel = ? AND external_id IN ? AND direction = 'in' AND external_id <> '' AND NOT held
		GROUP BY case_id ORDER BY first LIMIT 5) AS found ON found.case_id = c.id
	ORDER BY found.first`

// saveParticipants adds who was put in copy. Who is known is left as is.
func (r *recording) saveParticipants() error {
	for _, p := range r.step.Participants {
		if _, err := change(r.tx, `INSERT INTO participants (case_id, channel, address, name, added_at)
			VALUES (?, ?, ?, ?, ?) ON CONFLICT (case_id, channel, address) DO NOTHING`,
			r.caseID, key(p.Address.Channel), key(p.Address.Value), text(p.Name), instant{r.step.At}); err != nil {
			return err
		}
	}
	return nil
}
