package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redress-cms/redress/cases"
)

// defaultLimit of lists that name none.
const defaultLimit = 100

func limitOr(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return limit
}

// InboundFilter chooses received messages.
type InboundFilter struct {
	States []InboundState // none: all
	Limit  int            // 0: 100
}

// ListInbound lists messages without raw bytes, newest first.
func (s *Store) ListInbound(ctx context.Context, f InboundFilter) ([]Inbound, error) {
	db := s.read(ctx).Table("inbound").Select(inboundColumns)
	if len(f.States) > 0 {
		db = db.Where("state IN ?", f.States)
		waiting := func(state InboundState) bool { return state == InboundReceived || state == InboundQuarantined }
		if !slices.ContainsFunc(f.States, func(state InboundState) bool { return !waiting(state) }) {
			db = db.Where(waitingInbound)
		}
	}
	var rows []inboundRow
	err := db.Order("id DESC").Limit(limitOr(f.Limit)).Scan(&rows).Error
	list, err := converted(rows, err, inboundRow.inbound)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return list, nil
}

// waitingInbound is the condition of the index inbound_waiting, word for word,
// as SQLite demands it.
const waitingInbound = "state IN ('received', 'quarantined')"

// CountSender is how many messages a sender sent since a time, that time
// included, up to the one of the id; at most limit.
func (s *Store) CountSender(ctx context.Context, channel, sender string, since time.Time, upTo int64, limit int) (int, error) {
	n, err := one[int](s.read(ctx), countSenderSQL, key(channel), key(sender), instant{since}, upTo, limit)
	if err != nil {
		return 0, fmt.Errorf("count a sender's messages: %w", err)
	}
	return n, nil
}

const countSenderSQL = `SELECT count(*) FROM (SELECT id FROM inbound
	WHERE channel = ? AND sender = ? AND received_at >= ? AND id <= ? LIMIT ?) AS counted`

// FirstSeen is the smallest id under which a message came, over all accounts:
// the same mail can arrive in two mailboxes.
func (s *Store) FirstSeen(ctx context.Context, channel, externalID string) (int64, error) {
	id, err := one[int64](s.read(ctx), `SELECT id FROM inbound
		WHERE channel = ? AND external_id = ? ORDER BY id LIMIT 1`, key(channel), key(externalID))
	if err != nil {
		return 0, fmt.Errorf("look for a message: %w", err)
	}
	return id, nil
}

// InboundStats are figures about what is not processed.
type InboundStats struct {
	Received    int
	Quarantined int
	Oldest      *time.Time // receipt of the oldest in state received; nil: none
}

// InboundStats counts what is not processed.
func (s *Store) InboundStats(ctx context.Context) (InboundStats, error) {
	rows, err := all[struct {
		State  InboundState
		N      int
		Oldest instant
	}](s.read(ctx), `SELECT state, count(*) AS n, min(received_at) AS oldest FROM inbound
		WHERE `+waitingInbound+` GROUP BY state`)
	if err != nil {
		return InboundStats{}, fmt.Errorf("count messages: %w", err)
	}
	var stats InboundStats
	for _, row := range rows {
		if row.State == InboundReceived {
			stats.Received, stats.Oldest = row.N, row.Oldest.pointer()
		} else {
			stats.Quarantined = row.N
		}
	}
	return stats, nil
}

// InboundCase is what became of a provider message: its row without raw bytes,
// and its case, zero while it has none. ErrNotFound: the message is unknown.
func (s *Store) InboundCase(ctx context.Context, channel, account, externalID string) (Inbound, cases.Case, error) {
	row, err := one[inboundRow](s.read(ctx), `SELECT `+inboundColumns+` FROM inbound
		WHERE channel = ? AND account = ? AND external_id = ?`, key(channel), key(account), key(externalID))
	if err != nil {
		return Inbound{}, cases.Case{}, fmt.Errorf("look for a message: %w", err)
	}
	in := row.inbound()
	if in.CaseID == 0 {
		return in, cases.Case{}, nil
	}
	c, err := s.Case(ctx, in.CaseID)
	if errors.Is(err, ErrNotFound) {
		return in, cases.Case{}, nil
	}
	return in, c, err
}
