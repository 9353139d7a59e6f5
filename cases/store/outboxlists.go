package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// Outbound reads a message to be sent.
func (s *Store) Outbound(ctx context.Context, id string) (Outbound, error) {
	row, err := one[outboxRow](s.read(ctx), `SELECT * FROM outbox WHERE id = ?`, key(id))
	if err != nil {
		return Outbound{}, fmt.Errorf("read message %s: %w", id, err)
	}
	return row.outbound(), nil
}

// OutboundByMessageID are the messages with one of these Message-IDs of ours,
// oldest first.
func (s *Store) OutboundByMessageID(ctx context.Context, ids []string) ([]Outbound, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return outbounds(s.read(ctx), outboundByMessageIDSQL, keys(ids))
}

const outboundByMessageIDSQL = `SELECT * FROM outbox WHERE message_id IN ? ORDER BY created_at, id`

// OutboundByReplyToken are the messages that asked for answers to the address
// with this token, oldest first.
func (s *Store) OutboundByReplyToken(ctx context.Context, token string) ([]Outbound, error) {
	if token == "" {
		return nil, nil
	}
	return outbounds(s.read(ctx), outboundByReplyTokenSQL, key(token))
}

const outboundByReplyTokenSQL = `SELECT * FROM outbox WHERE reply_token = ? ORDER BY created_at, id LIMIT 1`

// OutboundByProviderID are the messages of an account that the provider knows
// by these ids, oldest first.
func (s *Store) OutboundByProviderID(ctx context.Context, channel, account string, ids []string) ([]Outbound, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return outbounds(s.read(ctx), outboundByProviderIDSQL, key(channel), key(account), keys(ids))
}

const outboundByProviderIDSQL = `SELECT * FROM outbox
	WHERE channel = ? AND account = ? AND provider_id IN ? ORDER BY created_at, id`

// Uncertain are messages of which nobody knows whether they were sent, oldest first.
func (s *Store) Uncertain(ctx context.Context, limit int) ([]Outbound, error) {
	return outbounds(s.read(ctx), `SELECT * FROM outbox WHERE `+openStates+` AND state = 'uncertain'
		ORDER BY attempted_at, id LIMIT ?`, limitOr(limit))
}

// Cards are the messages with buttons that staff got about a case, newest
// first; redrawings of them are left out.
func (s *Store) Cards(ctx context.Context, caseID int64) ([]Outbound, error) {
	return outbounds(s.read(ctx), `SELECT * FROM outbox WHERE case_id = ? AND audience = 'staff'
		AND buttons IS NOT NULL AND edits_row = '' ORDER BY id DESC`, caseID)
}

func outbounds(db *gorm.DB, query string, args ...any) ([]Outbound, error) {
	rows, err := all[outboxRow](db, query, args...)
	list, err := converted(rows, err, outboxRow.outbound)
	if err != nil {
		return nil, fmt.Errorf("read messages to send: %w", err)
	}
	return list, nil
}

// OutboundFilter chooses messages to be sent.
type OutboundFilter struct {
	All    bool  // also what is finished
	CaseID int64 // 0: of all cases and of none
	Limit  int   // 0: 100
}

// ListOutbound lists messages to be sent, newest first.
func (s *Store) ListOutbound(ctx context.Context, f OutboundFilter) ([]Outbound, error) {
	db := s.read(ctx).Table("outbox")
	if !f.All {
		db = db.Where(openStates)
	}
	if f.CaseID != 0 {
		db = db.Where("case_id = ?", f.CaseID)
	}
	var rows []outboxRow
	err := db.Order("id DESC").Limit(limitOr(f.Limit)).Scan(&rows).Error
	list, err := converted(rows, err, outboxRow.outbound)
	if err != nil {
		return nil, fmt.Errorf("list messages to send: %w", err)
	}
	return list, nil
}

// OutboundStats counts, by state, the messages that are not finished: pending,
// attempting, retry and uncertain.
func (s *Store) OutboundStats(ctx context.Context) (map[OutboundState]int, error) {
	counts, err := counted[OutboundState](all[count](s.read(ctx),
		`SELECT state AS name, count(*) AS n FROM outbox WHERE `+openStates+` GROUP BY state`))
	if err != nil {
		return nil, fmt.Errorf("count messages to send: %w", err)
	}
	return counts, nil
}
