package store

import (
	"context"
	"fmt"
	"time"
)

// InLine is the first waiting message of a sender.
type InLine struct {
	Inbound
	Waiting int // messages of the sender, with this one
}

// FirstInLine reads, with raw bytes, the first waiting message of each sender
// of the messages with these ids. Of big messages it is fewer, at least one.
func (s *Store) FirstInLine(ctx context.Context, ids []int64) ([]InLine, error) {
	rows, err := all[struct {
		Row     inboundRow `gorm:"embedded"`
		Waiting int
	}](s.read(ctx), firstInLineSQL, ids, senderQueueBytes)
	if err != nil {
		return nil, fmt.Errorf("read the first messages of senders: %w", err)
	}
	list := make([]InLine, len(rows))
	for i, row := range rows {
		list[i] = InLine{row.Row.inbound(), row.Waiting}
	}
	return list, nil
}

// CROSS JOIN has SQLite begin with the few rows that are named.
const firstInLineSQL = `SELECT i.*, summed.waiting FROM (
		SELECT id, waiting, sum(size) OVER (ORDER BY id) - size AS before FROM (
			SELECT first.id, first.waiting, (SELECT length(raw) FROM inbound r WHERE r.id = first.id) AS size FROM (
				SELECT min(w.id) AS id, count(*) AS waiting
				FROM (SELECT DISTINCT channel, sender FROM inbound WHERE id IN ? AND state = 'received') AS named
				CROSS JOIN inbound w
				WHERE w.channel = named.channel AND w.sender = named.sender AND w.state = 'received'
				GROUP BY w.channel, w.sender) AS first) AS sized) AS summed
	JOIN inbound i ON i.id = summed.id
	WHERE summed.before < ? ORDER BY i.id`

// Ahead is what is known about messages of a channel and their senders.
type Ahead struct {
	First   map[string]int64 // by external id: the smallest id under which a message came
	Sent    map[string]int   // by sender: messages since the time asked for
	asked   map[string]bool
	contact map[string]bool
	staff   map[string]bool
}

// Stranger reports that an address, of a sender that was asked for, belongs to
// no contact and no member of staff.
func (a Ahead) Stranger(address string) bool {
	return a.asked[address] && !a.contact[address] && !a.staff[address]
}

// LookAhead answers, for messages of a channel, what FirstSeen, CountSender,
// ContactByAddress and UserByAddress would be asked one by one.
func (s *Store) LookAhead(ctx context.Context, channel string, externalIDs, senders []string, since time.Time) (Ahead, error) {
	a := Ahead{
		First: map[string]int64{}, Sent: map[string]int{},
		asked: map[string]bool{}, contact: map[string]bool{}, staff: map[string]bool{},
	}
	name := key(channel)
	rows, err := all[struct {
		What string
		Name string
		N    int64
	}](s.read(ctx), lookAheadSQL, name, keys(externalIDs), name, keys(senders), instant{since}, name, keys(senders), name, keys(senders))
	if err != nil {
		return a, fmt.Errorf("look ahead: %w", err)
	}
	for _, sender := range senders {
		a.asked[sender] = true
	}
	for _, row := range rows {
		switch row.What {
		case "first":
			a.First[row.Name] = row.N
		case "sent":
			a.Sent[row.Name] = int(row.N)
		case "contact":
			a.contact[row.Name] = true
		case "staff":
			a.staff[row.Name] = true
		}
	}
	return a, nil
}

const lookAheadSQL = `SELECT 'first' AS what, external_id AS name, min(id) AS n FROM inbound
		WHERE channel = ? AND external_id IN ? GROUP BY external_id
	UNION ALL SELECT 'sent', sender, count(*) FROM inbound
		WHERE channel = ? AND sender IN ? AND received_at >= ? GROUP BY sender
	UNION ALL SELECT 'contact', value, 1 FROM contact_addresses WHERE channel = ? AND value IN ?
	UNION ALL SELECT 'staff', value, 1 FROM user_addresses WHERE channel = ? AND value IN ?`
