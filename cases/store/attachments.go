package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/redress-cms/redress/cases"
)

// attachmentRow is a row of attachments.
type attachmentRow struct {
	ID          int64 `gorm:"primaryKey"`
	MessageID   int64
	PublicID    outsideID
	Filename    text
	ContentType text
	ClaimedType text
	Size        int64
	SHA256      string `gorm:"column:sha256"`
	Inline      bool
	State       cases.AttachmentState
	Finding     text
	Picture     string
	Thumbnail   string
	Tries       int
	NextTryAt   instant
}

// TableName implements gorm's Tabler.
func (attachmentRow) TableName() string { return "attachments" }

func newAttachmentRow(messageID int64, a cases.Attachment) attachmentRow {
	if a.State == "" {
		a.State = cases.AttachmentPending
	}
	return attachmentRow{
		MessageID: messageID, PublicID: outsideID(a.PublicID), Filename: text(a.Filename),
		ContentType: text(a.ContentType), ClaimedType: text(a.ClaimedType),
		Size: a.Size, SHA256: a.SHA256, Inline: a.Inline,
		State: a.State, Finding: text(a.Finding), Picture: a.Picture, Thumbnail: a.Thumbnail,
		NextTryAt: instant{time.Unix(0, 0)}, // at once, before those that were put off
	}
}

func (r attachmentRow) domain() cases.Attachment {
	return cases.Attachment{
		ID: r.ID, MessageID: r.MessageID, PublicID: string(r.PublicID), Filename: string(r.Filename),
		ContentType: string(r.ContentType), ClaimedType: string(r.ClaimedType),
		Size: r.Size, SHA256: r.SHA256, Inline: r.Inline,
		State: r.State, Finding: string(r.Finding), Picture: r.Picture, Thumbnail: r.Thumbnail,
	}
}

// PendingAttachment is an attachment to be examined.
type PendingAttachment struct {
	cases.Attachment
	CaseID int64
	Tries  int // this one included
}

// ClaimAttachment takes the attachment that waited longest of those due to be
// examined. It is due again at until, should nothing be heard of it.
// ErrNotFound: none is due.
func (s *Store) ClaimAttachment(ctx context.Context, now, until time.Time) (PendingAttachment, error) {
	lock := ""
	if s.writer.Name() == postgresName {
		lock = "FOR UPDATE SKIP LOCKED"
	}
	row, err := one[struct {
		Row    attachmentRow `gorm:"embedded"`
		CaseID int64
	}](s.writer.WithContext(ctx), `UPDATE attachments SET tries = tries + 1, next_try_at = ?
		WHERE id = (`+dueAttachmentSQL+` `+lock+`)
		RETURNING *, (SELECT m.case_id FROM messages m WHERE m.id = attachments.message_id) AS case_id`,
		instant{until}, instant{now})
	if err != nil {
		return PendingAttachment{}, fmt.Errorf("take an attachment to examine: %w", err)
	}
	return PendingAttachment{Attachment: row.Row.domain(), CaseID: row.CaseID, Tries: row.Row.Tries}, nil
}

const dueAttachmentSQL = `SELECT id FROM attachments
	WHERE state = 'pending' AND next_try_at <= ? ORDER BY next_try_at, id LIMIT 1`

// PutOffAttachment has a pending attachment examined again at a later time.
func (s *Store) PutOffAttachment(ctx context.Context, id int64, finding string, until time.Time) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		_, err := change(tx, `UPDATE attachments SET finding = ?, next_try_at = ? WHERE id = ? AND state = 'pending'`,
			text(finding), instant{until}, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("put an attachment off: %w", err)
	}
	return nil
}

// saveExamined ends the waiting of an attachment.
func (r *recording) saveExamined() error {
	e := r.step.Examined
	if e == nil {
		return nil
	}
	id, err := cases.NewToken(r.random)
	if err != nil {
		return err
	}
	n, err := change(r.tx, `UPDATE attachments SET state = ?, content_type = ?, filename = ?, finding = ?, picture = ?, thumbnail = ?,
			public_id = coalesce(public_id, ?)
		WHERE id = ? AND state = 'pending'`,
		e.State, text(e.ContentType), text(e.Filename), text(e.Finding), e.Picture, e.Thumbnail, id, e.ID)
	if err == nil && n == 0 {
		err = ErrDone
	}
	return err
}

// CaseAttachment is an attachment of a case by its public id, with its message.
func (s *Store) CaseAttachment(ctx context.Context, caseID int64, publicID string) (cases.Attachment, cases.Message, error) {
	file, err := one[attachmentRow](s.read(ctx), caseAttachmentSQL, key(publicID), caseID)
	if err != nil {
		return cases.Attachment{}, cases.Message{}, fmt.Errorf("read an attachment: %w", err)
	}
	message, err := one[messageRow](s.read(ctx), `SELECT * FROM messages WHERE id = ?`, file.MessageID)
	if err != nil {
		return cases.Attachment{}, cases.Message{}, fmt.Errorf("read the message of an attachment: %w", err)
	}
	return file.domain(), message.domain(), nil
}

const caseAttachmentSQL = `SELECT a.* FROM attachments a JOIN messages m ON m.id = a.message_id
	WHERE a.public_id = ? AND m.case_id = ?`

// AttachmentStats counts the attachments that are not simply in order, by state.
func (s *Store) AttachmentStats(ctx context.Context) (map[cases.AttachmentState]int, error) {
	counts, err := counted[cases.AttachmentState](all[count](s.read(ctx), attachmentStatsSQL))
	if err != nil {
		return nil, fmt.Errorf("count attachments: %w", err)
	}
	return counts, nil
}

const attachmentStatsSQL = `SELECT 'pending' AS name, count(*) AS n FROM attachments WHERE state = 'pending'
	UNION ALL SELECT 'infected', count(*) FROM attachments WHERE state = 'infected'`
