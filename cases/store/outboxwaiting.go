package store

import (
	"context"
	"fmt"
)

// Waiting is a message that waits to be sent, with its place in the line of
// its account.
type Waiting struct {
	Outbound Outbound
	Place    int // from 1
	Line     int // how many wait on the account
}

type waitingRow struct {
	Row   outboxRow `gorm:"embedded"`
	Place int
	Line  int
}

const waitingSQL = `SELECT o.*, line.place, line.line
	FROM (
		SELECT id, row_number() OVER (PARTITION BY channel, account ORDER BY created_at, id) AS place,
			count(*) OVER (PARTITION BY channel, account) AS line
		FROM outbox WHERE state IN ('pending', 'retry')
	) line JOIN outbox o ON o.id = line.id
	WHERE (line.place - 1) % (CASE WHEN line.line > ? THEN line.line / ? ELSE 1 END) = 0
	ORDER BY o.channel, o.account, line.place`

// WaitingSample is what waits to be sent, in order: of each account all, or
// where more than sample wait about that many, evenly spread over the line.
func (s *Store) WaitingSample(ctx context.Context, sample int) ([]Waiting, error) {
	rows, err := all[waitingRow](s.read(ctx), waitingSQL, sample, sample)
	list, err := converted(rows, err, func(r waitingRow) Waiting {
		return Waiting{Outbound: r.Row.outbound(), Place: r.Place, Line: r.Line}
	})
	if err != nil {
		return nil, fmt.Errorf("read what waits to be sent: %w", err)
	}
	return list, nil
}
