package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

const waitingAlertsSQL = `SELECT id FROM outbox
	WHERE channel = ? AND account = ? AND address = ? AND id > ?
		AND state IN ('pending', 'retry', 'attempting') AND state <> 'attempting'
		AND audience = 'staff' AND brief <> '' AND (expires_at IS NULL OR expires_at > ?)
	ORDER BY id LIMIT ?`

// ClaimAlerts takes the alerts that wait behind first, which is attempting, for
// the same recipient, to send all of them as one message: at least atLeast, at
// most atMost, in order, or none. They and first lose their buttons, since no
// button of one message could mean all of them.
func (s *Store) ClaimAlerts(ctx context.Context, first Outbound, atLeast, atMost int, now time.Time) ([]Outbound, error) {
	var taken []outboxRow
	err := s.write(ctx, func(tx *gorm.DB) error {
		taken = nil
		query, clock := waitingAlertsSQL, "NULL"
		if s.writer.Name() == postgresName {
			query, clock = query+" FOR UPDATE SKIP LOCKED", "clock_timestamp()"
		}
		ids, err := all[string](tx, query, key(first.Channel), key(first.Account), key(first.Address), key(first.ID), instant{now}, atMost)
		if err != nil || len(ids) < atLeast {
			return err
		}
		if _, err := change(tx, `UPDATE outbox SET buttons = NULL WHERE id = ?`, key(first.ID)); err != nil {
			return err
		}
		taken, err = all[outboxRow](tx, `UPDATE outbox SET state = 'attempting', attempts = attempts + 1, attempted_at = ?,
				attempted_by = ?, claimed_at = `+clock+`, buttons = NULL
			WHERE id IN ? RETURNING *`, instant{now}, key(s.holder), keys(ids))
		return err
	})
	list, err := converted(taken, err, outboxRow.outbound)
	if err != nil {
		return nil, fmt.Errorf("take the alerts behind %s: %w", first.ID, err)
	}
	slices.SortFunc(list, func(a, b Outbound) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}
