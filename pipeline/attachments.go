package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/pictures"
)

// Bounds of what a message brings beside its text.
const (
	defaultAttachments = 20
	maxRemarks         = 2000     // characters
	maxPictureBytes    = 64 << 20 // read of one that cannot be sought in
)

// attachments looks at the files of the message: of what type they are by
// their content, and where photos were taken. What is over the limit stays in
// the raw message.
func (p *Pipeline) attachments(ctx context.Context, u *Understood) (Verdict, error) {
	files := u.Message.Attachments
	limit := cmp.Or(p.Office.MaxAttachments, defaultAttachments)
	if left := len(files) - limit; left > 0 {
		u.Message.Defects = append(u.Message.Defects,
			fmt.Sprintf("%d of %d files were not taken out of the message: more than %d", left, len(files), limit))
	}
	if l := u.Message.Location; l != nil {
		if point := (cases.Point{Latitude: l.Latitude, Longitude: l.Longitude}); point.Valid() {
			u.Point = &cases.Located{Point: point, From: cases.PointShared}
		}
	}
	u.Files = nil
	for _, a := range files[:min(len(files), limit)] {
		file, taken, err := p.Office.attachment(ctx, a)
		if err != nil {
			return goOn, err
		}
		u.Files = append(u.Files, file)
		if u.Point == nil && taken != nil && u.Intent.Kind != IntentCommand {
			u.Point = &cases.Located{Point: *taken, From: cases.PointPhoto}
		}
	}
	return goOn, nil
}

// attachment is a file as a case keeps it, still to be examined, and where it
// was taken if it is a photo that says so.
func (o *Office) attachment(ctx context.Context, a channels.Attachment) (file cases.Attachment, taken *cases.Point, err error) {
	content, err := o.Files.Get(ctx, a.SHA256)
	if err != nil {
		return file, nil, fmt.Errorf("opening an attachment: %w", err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	contentType, facts, _, err := look(content)
	if err != nil {
		return file, nil, err
	}
	return cases.Attachment{
		Filename: cases.SafeFilename(a.Filename), ContentType: contentType, ClaimedType: baseType(a.ContentType),
		Inline: a.Inline, Size: a.Size, SHA256: a.SHA256, State: cases.AttachmentPending,
	}, facts.Point, nil
}

// look reads the type that content has by itself and what a picture says of
// itself. The reader it returns begins with the content again. What is wrong
// with a picture is no error.
func look(content io.Reader) (contentType string, facts pictures.Facts, again io.ReadSeeker, err error) {
	again, ok := content.(io.ReadSeeker)
	if !ok {
		data, err := io.ReadAll(io.LimitReader(content, maxPictureBytes))
		if err != nil {
			return "", facts, nil, fmt.Errorf("reading an attachment: %w", err)
		}
		again = bytes.NewReader(data)
	}
	found, err := mimetype.DetectReader(again)
	if err == nil {
		contentType = baseType(found.String())
		_, err = again.Seek(0, io.SeekStart)
	}
	if err == nil {
		facts, _ = pictures.ReadFacts(again, contentType)
		_, err = again.Seek(0, io.SeekStart)
	}
	if err != nil {
		return "", facts, nil, fmt.Errorf("reading an attachment: %w", err)
	}
	return contentType, facts, again, nil
}

// baseType is a media type without its parameters.
func baseType(contentType string) string {
	base, _, _ := strings.Cut(contentType, ";")
	return beginning(strings.ToLower(strings.TrimSpace(base)), 100)
}

// beginning is at most the first n characters.
func beginning(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
