package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// What one INSERT takes: SQLite allows 32,766 values, PostgreSQL 1 GB.
const (
	appendRows  = 500
	appendBytes = 64 << 20
)

// inboundRow is a row of inbound.
type inboundRow struct {
	ID          int64 `gorm:"primaryKey"`
	Channel     key
	Account     key
	ExternalID  key
	Sender      key
	ReceivedAt  instant
	ContentType text
	State       InboundState
	Reason      text
	Tries       int
	NextTryAt   instant
	CaseID      rowID
	ProcessedAt instant
	Raw         []byte
	RawSHA256   *string `gorm:"column:raw_sha256"` // the file that has it; null: Raw has
	RawSize     *int64
}

// TableName implements gorm's Tabler.
func (inboundRow) TableName() string { return "inbound" }

// inboundColumns are those of lists: all but raw.
const inboundColumns = `id, channel, account, external_id, sender, received_at, content_type,
	state, reason, tries, next_try_at, case_id, processed_at`

func newInboundRow(in Inbound) inboundRow {
	row := inboundRow{
		Channel: key(in.Channel).bounded(), Account: key(in.Account).bounded(),
		ExternalID: key(in.ExternalID).bounded(), Sender: key(in.Sender).bounded(),
		ReceivedAt: instant{in.ReceivedAt}, ContentType: text(in.ContentType), State: in.State, Reason: text(in.Reason),
		Tries: in.Tries, NextTryAt: instant{in.NextTryAt}, CaseID: rowID(in.CaseID), ProcessedAt: optional(in.ProcessedAt),
		Raw: in.Raw,
	}
	if in.File.SHA256 != "" {
		row.RawSHA256, row.RawSize = &in.File.SHA256, &in.File.Size
	}
	if row.State == "" {
		row.State = InboundReceived
	}
	if row.NextTryAt.IsZero() {
		row.NextTryAt = row.ReceivedAt
	}
	if row.Raw == nil {
		row.Raw = []byte{}
	}
	return row
}

func (r inboundRow) inbound() Inbound {
	in := Inbound{
		ID: r.ID, Channel: string(r.Channel), Account: string(r.Account), ExternalID: string(r.ExternalID),
		Sender: string(r.Sender), ReceivedAt: r.ReceivedAt.Time, ContentType: string(r.ContentType), Raw: r.Raw,
		State: r.State, Reason: string(r.Reason), Tries: r.Tries, NextTryAt: r.NextTryAt.Time, CaseID: int64(r.CaseID),
		ProcessedAt: r.ProcessedAt.pointer(),
	}
	if r.RawSHA256 != nil && r.RawSize != nil {
		in.File = Stored{SHA256: *r.RawSHA256, Size: *r.RawSize}
	}
	return in
}

// messageKey is what makes a provider message unique.
type messageKey struct{ channel, account, externalID key }

func (r inboundRow) key() messageKey { return messageKey{r.Channel, r.Account, r.ExternalID} }

// AppendInbound keeps provider messages, all or none, and returns what became
// of each, in the same order. A message that is known is left as it is. A zero
// State is received; a zero NextTryAt is ReceivedAt.
func (s *Store) AppendInbound(ctx context.Context, list []Inbound) ([]Appended, error) {
	if len(list) == 0 {
		return nil, nil
	}
	rows := make([]inboundRow, len(list))
	for i, in := range list {
		rows[i] = newInboundRow(in)
	}
	var out []Appended
	appendAll := func(tx *gorm.DB) error {
		out = make([]Appended, 0, len(rows))
		for rest := rows; len(rest) > 0; {
			chunk := firstChunk(rest)
			rest = rest[len(chunk):]
			appended, err := appendChunk(tx, chunk)
			if err != nil {
				return err
			}
			out = append(out, appended...)
		}
		return nil
	}
	write := s.write
	if s.writer.Name() == postgresName && len(firstChunk(rows)) == len(rows) {
		write = s.writeOnce // the INSERT is the transaction
	}
	if err := write(ctx, appendAll); err != nil {
		return nil, fmt.Errorf("keep received messages: %w", err)
	}
	return out, nil
}

// firstChunk is as many of the rows as one INSERT takes, at least one.
func firstChunk(rows []inboundRow) []inboundRow {
	size := 0
	for i, row := range rows {
		if size += len(row.Raw); i > 0 && (i == appendRows || size > appendBytes) {
			return rows[:i]
		}
	}
	return rows
}

// appendChunk inserts what is not known.
func appendChunk(tx *gorm.DB, rows []inboundRow) ([]Appended, error) {
	inserted, err := insertUnless[inboundRow](tx, "ON CONFLICT (channel, external_id, account) DO NOTHING",
		"id, channel, account, external_id", rows)
	if err != nil {
		return nil, err
	}
	ids := make(map[messageKey]int64, len(inserted))
	for _, row := range inserted {
		ids[row.key()] = row.ID
	}
	return matchInbound(tx, rows, ids)
}

// matchInbound finds the id of each row: of those just inserted the first with
// its key is new, the others were there before.
func matchInbound(tx *gorm.DB, rows []inboundRow, inserted map[messageKey]int64) ([]Appended, error) {
	out := make([]Appended, len(rows))
	known := map[messageKey]int64{}
	for i, row := range rows {
		k := row.key()
		id, seen := known[k]
		if !seen {
			var isNew bool
			if id, isNew = inserted[k]; isNew {
				out[i].New = true
			} else {
				found, err := one[inboundRow](tx, `SELECT id FROM inbound
					WHERE channel = ? AND account = ? AND external_id = ?`, k.channel, k.account, k.externalID)
				if err != nil {
					return nil, err
				}
				id = found.ID
			}
			known[k] = id
		}
		out[i].ID = id
	}
	return out, nil
}

// Inbound is a message with its raw bytes.
func (s *Store) Inbound(ctx context.Context, id int64) (Inbound, error) {
	row, err := one[inboundRow](s.read(ctx), `SELECT * FROM inbound WHERE id = ?`, id)
	if err != nil {
		return Inbound{}, fmt.Errorf("read message %d: %w", id, err)
	}
	return row.inbound(), nil
}

// senderQueueBytes is about how many raw bytes SenderQueue reads at a time.
const senderQueueBytes = 16 << 20

// SenderQueue is what a sender sent that is not worked on yet, oldest first,
// with raw bytes, also what is not to be tried yet. Of big messages it is
// fewer than limit, at least one, so that memory stays bounded.
func (s *Store) SenderQueue(ctx context.Context, channel, sender string, limit int) ([]Inbound, error) {
	rows, err := all[inboundRow](s.read(ctx), senderQueueSQL, key(channel), key(sender), limit, senderQueueBytes)
	list, err := converted(rows, err, inboundRow.inbound)
	if err != nil {
		return nil, fmt.Errorf("read a sender's messages: %w", err)
	}
	return list, nil
}

// Both databases tell the length of raw without reading it.
const senderQueueSQL = `SELECT * FROM inbound WHERE id IN (
		SELECT id FROM (SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM (
			SELECT id, length(raw) AS size FROM inbound
			WHERE channel = ? AND sender = ? AND state = 'received' ORDER BY id LIMIT ?) AS waiting) AS summed
		WHERE before < ?)
	ORDER BY id`

// DueInbound names messages to be worked on now, by id, from the one following
// after. What was never put off is due whatever the clock says: the one of the
// gateway that took it in may be ahead.
func (s *Store) DueInbound(ctx context.Context, now time.Time, after int64, limit int) ([]InboundRef, error) {
	rows, err := all[inboundRow](s.read(ctx), dueInboundSQL, after, instant{now}, limit)
	list, err := converted(rows, err, func(r inboundRow) InboundRef {
		return InboundRef{ID: r.ID, Channel: string(r.Channel), Sender: string(r.Sender)}
	})
	if err != nil {
		return nil, fmt.Errorf("look for messages to work on: %w", err)
	}
	return list, nil
}

const dueInboundSQL = `SELECT id, channel, sender FROM inbound
	WHERE ` + waitingInbound + ` AND state = 'received' AND id > ?
		AND (next_try_at <= ? OR next_try_at <= received_at) ORDER BY id LIMIT ?`

// FailInbound puts a message off after a try that failed. ErrDone: it is no
// longer in state received.
func (s *Store) FailInbound(ctx context.Context, id int64, reason string, nextTry time.Time) error {
	return s.changeInbound(ctx, id, `UPDATE inbound SET tries = tries + 1, reason = ?, next_try_at = ?
		WHERE id = ? AND state = 'received'`, text(reason), instant{nextTry}, id)
}

// PutOffInbound puts a message off that is not to blame: the try does not
// count. ErrDone: it is no longer in state received.
func (s *Store) PutOffInbound(ctx context.Context, id int64, reason string, nextTry time.Time) error {
	return s.changeInbound(ctx, id, `UPDATE inbound SET reason = ?, next_try_at = ?
		WHERE id = ? AND state = 'received'`, text(reason), instant{nextTry}, id)
}

// QuarantineInbound takes a message that cannot be handled out of the way of
// the sender's next. ErrDone: it is no longer in state received.
func (s *Store) QuarantineInbound(ctx context.Context, id int64, reason string) error {
	return s.changeInbound(ctx, id, `UPDATE inbound SET state = 'quarantined', tries = tries + 1, reason = ?
		WHERE id = ? AND state = 'received'`, text(reason), id)
}

// RetryInbound lets a quarantined message be tried again. ErrDone: it is not
// in quarantine.
func (s *Store) RetryInbound(ctx context.Context, id int64) error {
	return s.changeInbound(ctx, id, `UPDATE inbound SET state = 'received', tries = 0, next_try_at = received_at
		WHERE id = ? AND state = 'quarantined'`, id)
}

// changeInbound tells a row in another state (ErrDone) from none (ErrNotFound).
func (s *Store) changeInbound(ctx context.Context, id int64, query string, args ...any) error {
	n, err := s.exec(ctx, query, args...)
	if err == nil && n == 0 {
		err = ErrDone
		if _, missing := one[int64](s.read(ctx), `SELECT id FROM inbound WHERE id = ?`, id); missing != nil {
			err = missing
		}
	}
	if err != nil {
		return fmt.Errorf("change message %d: %w", id, err)
	}
	return nil
}
