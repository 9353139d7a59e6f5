package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/pipeline/pictures"
	"github.com/redress-cms/redress/pipeline/scanner"
)

// Bounds of examining attachments.
const (
	examineEvery  = time.Second
	examineLease  = 10 * time.Minute // longer than a scan and the making of pictures
	firstScanWait = 5 * time.Second
	maxScanWait   = 15 * time.Minute
)

// PendingAttachments are those that wait to be examined.
type PendingAttachments interface {
	ClaimAttachment(ctx context.Context, now, until time.Time) (store.PendingAttachment, error)
	PutOffAttachment(ctx context.Context, id int64, finding string, until time.Time) error
}

// Scanner finds what is harmful. Each error but scanner.ErrTooLarge means that
// it is away.
type Scanner interface {
	Scan(ctx context.Context, file io.Reader, size int64) (finding string, err error)
}

// Examiner looks at attachments once their case is saved: it has them scanned,
// and makes the pictures that others are shown. While the scanner is away they
// are held: neither shown nor lost. Several processes share the work.
type Examiner struct {
	Store   PendingAttachments
	Office  *Office
	Scanner Scanner // nil: nothing is scanned
	Clock   Clock
	Logger  *slog.Logger
}

// Run examines what is pending until ctx ends.
func (e *Examiner) Run(ctx context.Context) error {
	for {
		worked, err := e.Next(ctx)
		if err != nil && ctx.Err() == nil {
			e.Logger.Warn("an attachment could not be examined yet", "error", err)
		}
		if worked && err == nil {
			continue
		}
		if !waitUntil(ctx, e.Clock, e.Clock.Now().Add(examineEvery)) {
			return nil
		}
	}
}

// Next examines one attachment; false when none is due.
func (e *Examiner) Next(ctx context.Context) (bool, error) {
	now := e.Clock.Now()
	file, err := e.Store.ClaimAttachment(ctx, now, now.Add(examineLease))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = guarded(func() error { return e.examine(ctx, file) })
	if err == nil || errors.Is(err, store.ErrDone) {
		return true, nil
	}
	wait := min(firstScanWait<<min(file.Tries-1, 10), maxScanWait)
	if off := e.Store.PutOffAttachment(ctx, file.ID, "not examined yet", e.Clock.Now().Add(wait)); off != nil {
		err = errors.Join(err, off)
	}
	return true, fmt.Errorf("case %d: %w", file.CaseID, err)
}

func (e *Examiner) examine(ctx context.Context, file store.PendingAttachment) (err error) {
	found := store.Examined{ID: file.ID, Filename: cases.SafeFilename(file.Filename), ContentType: file.ContentType}
	if found.State, found.Finding, err = e.scan(ctx, file); err != nil {
		return err
	}
	if found.State == cases.AttachmentInfected {
		return e.Office.infected(ctx, file, found)
	}
	shorter := 0
	if found.Finding == "" { // what is too large to be scanned is not opened either
		if shorter, err = e.picture(ctx, file, &found); err != nil {
			return err
		}
	}
	return e.Office.examined(ctx, file, found, shorter)
}

// scan has the file scanned where there is a scanner.
func (e *Examiner) scan(ctx context.Context, file store.PendingAttachment) (state cases.AttachmentState, finding string, err error) {
	if e.Scanner == nil {
		return cases.AttachmentSkipped, "", nil
	}
	content, err := e.Office.Files.Get(ctx, file.SHA256)
	if err != nil {
		return "", "", fmt.Errorf("opening an attachment: %w", err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	name, err := e.Scanner.Scan(ctx, content, file.Size)
	switch {
	case errors.Is(err, scanner.ErrTooLarge):
		return cases.AttachmentSkipped, "too large to be scanned", nil
	case err != nil:
		return "", "", fmt.Errorf("scanning an attachment: %w", err)
	case name != "":
		return cases.AttachmentInfected, beginning(name, 200), nil
	}
	return cases.AttachmentClean, "", nil
}

// picture makes what others are shown of a picture, and returns its shorter
// side in pixels; 0: it is not shown as one.
func (e *Examiner) picture(ctx context.Context, file store.PendingAttachment, found *store.Examined) (shorter int, err error) {
	content, err := e.Office.Files.Get(ctx, file.SHA256)
	if err != nil {
		return 0, fmt.Errorf("opening an attachment: %w", err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	contentType, facts, again, err := look(content)
	if err != nil {
		return 0, err
	}
	found.ContentType = contentType
	if !shownAsPicture(contentType) {
		return 0, nil
	}
	shown, err := pictures.Make(again, facts.Orientation)
	if errors.Is(err, pictures.ErrNotShown) {
		return 0, nil // a download is left of it
	}
	if err != nil {
		return 0, err
	}
	for _, version := range []struct {
		data []byte
		name *string
	}{{shown.Picture, &found.Picture}, {shown.Thumbnail, &found.Thumbnail}} {
		stored, err := e.Office.Files.Put(ctx, bytes.NewReader(version.data), int64(len(version.data)))
		if err != nil {
			return 0, fmt.Errorf("keeping a picture: %w", err)
		}
		*version.name = stored.SHA256
	}
	return shown.Shorter, nil
}

// shownAsPicture are the types that are made into pictures. What can carry
// script (SVG) or needs a large decoder (HEIC) is a download only.
func shownAsPicture(contentType string) bool {
	switch contentType {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
		return true
	}
	return false
}
