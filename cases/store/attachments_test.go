package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

func TestAttachmentsAreExaminedOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		recorded, err := s.Record(ctx, complaint("C-1"))
		if err != nil {
			t.Fatal(err)
		}
		file, err := s.ClaimAttachment(ctx, now, now.Add(time.Minute))
		if err != nil || file.CaseID != recorded.CaseID || file.Filename != "leak.jpg" || file.Tries != 1 {
			t.Fatalf("claimed %+v, %v", file, err)
		}
		if _, err := s.ClaimAttachment(ctx, now, now.Add(time.Minute)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("a claimed attachment was claimed again: %v", err)
		}
		if err := s.PutOffAttachment(ctx, file.ID, "the scanner is away", now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ClaimAttachment(ctx, now.Add(59*time.Minute), now.Add(2*time.Hour)); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an attachment that was put off was claimed early: %v", err)
		}
		again, err := s.ClaimAttachment(ctx, now.Add(time.Hour), now.Add(2*time.Hour))
		if err != nil || again.ID != file.ID || again.Tries != 2 || again.Finding != "the scanner is away" {
			t.Fatalf("claimed %+v, %v", again, err)
		}
		if stats, err := s.AttachmentStats(ctx); err != nil || stats[cases.AttachmentPending] != 1 || stats[cases.AttachmentInfected] != 0 {
			t.Errorf("stats: %v, %v", stats, err)
		}
		found := store.Step{At: now, Examined: &store.Examined{
			ID: file.ID, State: cases.AttachmentInfected, ContentType: "text/plain", Filename: "leak.jpg", Finding: "Eicar", Picture: "p", Thumbnail: "t",
		}}
		if _, err := s.Record(ctx, found); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Record(ctx, found); !errors.Is(err, store.ErrDone) {
			t.Errorf("a second finding: %v, want ErrDone", err)
		}
		if stats, err := s.AttachmentStats(ctx); err != nil || stats[cases.AttachmentPending] != 0 || stats[cases.AttachmentInfected] != 1 {
			t.Errorf("stats: %v, %v", stats, err)
		}
		got, message, err := s.CaseAttachment(ctx, recorded.CaseID, file.PublicID)
		if err != nil || got.State != cases.AttachmentInfected || got.Finding != "Eicar" || got.Picture != "p" || message.Text != "Water is leaking" {
			t.Errorf("attachment %+v of %+v, %v", got, message, err)
		}
	})
}

func TestAttachmentsOpenByTheirCaseOnly(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		first, err := s.Record(ctx, complaint("C-1"))
		if err != nil {
			t.Fatal(err)
		}
		second, err := s.Record(ctx, complaint("C-2"))
		if err != nil {
			t.Fatal(err)
		}
		talk, err := s.Messages(ctx, first.CaseID)
		if err != nil {
			t.Fatal(err)
		}
		file := talk[0].Attachments[0]
		if len(file.PublicID) != 32 {
			t.Errorf("public id %q has not 160 bits", file.PublicID)
		}
		for _, wrong := range []struct {
			caseID int64
			id     string
		}{{second.CaseID, file.PublicID}, {first.CaseID, ""}, {first.CaseID, "1"}, {first.CaseID, file.SHA256}} {
			if _, _, err := s.CaseAttachment(ctx, wrong.caseID, wrong.id); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%q in case %d: %v, want ErrNotFound", wrong.id, wrong.caseID, err)
			}
		}
	})
}

// A version from before the examination adds rows without its columns.
func TestAttachmentsOfAnOlderVersionAreExamined(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		recorded, err := s.Record(ctx, complaint("C-1"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.ExecContext(ctx, `DELETE FROM attachments`); err != nil {
			t.Fatal(err)
		}
		inline := map[string]string{"sqlite": "0", "postgres": "false"}[s.name]
		if _, err := s.db.ExecContext(ctx, `INSERT INTO attachments (message_id, filename, content_type, size, sha256, inline)
			SELECT id, 'old.jpg', 'image/jpeg', 3, 'abc', `+inline+` FROM messages WHERE direction = 'in'`); err != nil {
			t.Fatal(err)
		}
		file, err := s.ClaimAttachment(ctx, now, now.Add(time.Minute))
		if err != nil || file.Filename != "old.jpg" || file.PublicID != "" {
			t.Fatalf("claimed %+v, %v", file, err)
		}
		if _, err := s.Record(ctx, store.Step{At: now, Examined: &store.Examined{ID: file.ID, State: cases.AttachmentSkipped}}); err != nil {
			t.Fatal(err)
		}
		talk, err := s.Messages(ctx, recorded.CaseID)
		if err != nil || len(talk[0].Attachments[0].PublicID) != 32 {
			t.Errorf("the attachment has no public id: %+v, %v", talk[0].Attachments, err)
		}
	})
}
