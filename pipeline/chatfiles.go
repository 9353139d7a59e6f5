package pipeline

import (
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"slices"
	"strings"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// Which files staff get in their chat.
const (
	minPictureSide    = 200 // pixels; smaller ones are logos
	maxFilesForwarded = 4   // pictures, and as many other files, of one message
)

// chatFile is a file of the complainant's as staff get it under a card.
type chatFile struct {
	cases.Attachment
	kind   cases.NoticeKind
	sha256 string
}

// forChat is what staff get of a file that was found harmless: a picture as it
// was made anew, a sound or video as it came. What another program opens is
// sent only when a scanner has looked at it.
func forChat(a cases.Attachment) (chatFile, bool) {
	if a.Picture != "" {
		return chatFile{a, cases.AlertPicture, a.Picture}, true
	}
	scanned := a.State == cases.AttachmentClean
	harmless := a.State.Shown() && a.Finding == "" && (played(a.ContentType) || scanned)
	return chatFile{a, cases.AlertFile, a.SHA256}, harmless && sentAsFile(a.ContentType)
}

// sentAsFile are the types that are sent as files. Letters, tables, archives
// and pages can carry commands; they stay downloads of the tracking page.
func sentAsFile(contentType string) bool {
	return played(contentType) || contentType == "application/pdf"
}

// played reports whether a chat plays a type by itself.
func played(contentType string) bool {
	return strings.HasPrefix(contentType, "audio/") || strings.HasPrefix(contentType, "video/") || contentType == "application/ogg"
}

// forwards reports whether staff get the file of a message: the complainant
// sent it, and it is one of the first of its kind.
func forwards(m cases.Message, file chatFile) bool {
	if m.Held || m.Login != "" || m.Direction != cases.In {
		return false
	}
	alike := sentAsFile
	if file.kind == cases.AlertPicture {
		alike = shownAsPicture
	}
	before := 0
	for _, other := range m.Attachments {
		if other.ID < file.ID && alike(other.ContentType) {
			before++
		}
	}
	return before < maxFilesForwarded
}

// forwardFile sends a file under the newest card of each place.
func (o *Office) forwardFile(ctx context.Context, step *store.Step, caseID int64, file chatFile) error {
	messages, err := o.Store.Messages(ctx, caseID)
	if err != nil {
		return fmt.Errorf("reading the message of an attachment: %w", err)
	}
	i := slices.IndexFunc(messages, func(m cases.Message) bool { return m.ID == file.MessageID })
	if i < 0 || !forwards(messages[i], file) {
		return nil
	}
	org, err := o.Organisation(ctx)
	if err != nil {
		return err
	}
	c, err := o.Store.Case(ctx, caseID)
	if err != nil {
		return fmt.Errorf("reading the case of an attachment: %w", err)
	}
	s := &sending{Office: o, org: org, step: step, kase: c}
	places, err := s.cardPlaces(ctx)
	if err != nil {
		return err
	}
	for _, place := range places {
		if err := s.addFile(file, place.recipient, place.card.ID); err != nil {
			return err
		}
	}
	return nil
}

// earlierFiles sends what the complainant sent before under the first card that
// a place gets: a voice note that opened the case, photos of one that was
// passed on.
func (s *sending) earlierFiles(ctx context.Context, r recipient) error {
	if !r.format.Pictures && r.format.MaxFile == 0 {
		return nil
	}
	card := s.step.Outbox[len(s.step.Outbox)-1].ID
	if _, known, err := s.cardOf(ctx, r); known || err != nil {
		return err
	}
	for _, m := range s.earlier {
		for _, a := range m.Attachments {
			file, ok := forChat(a)
			if !ok || !forwards(m, file) {
				continue
			}
			if file.kind == cases.AlertPicture {
				if large, err := s.large(ctx, file.Picture); err != nil || !large {
					continue // it is on the tracking page
				}
			}
			if err := s.addFile(file, r, card); err != nil {
				return err
			}
		}
	}
	return nil
}

// large reports whether a picture that we made is more than a logo.
func (s *sending) large(ctx context.Context, picture string) (bool, error) {
	content, err := s.Files.Get(ctx, picture)
	if err != nil {
		return false, fmt.Errorf("opening a picture: %w", err)
	}
	size, err := jpeg.DecodeConfig(content)
	return min(size.Width, size.Height) >= minPictureSide, errors.Join(err, content.Close())
}

// addFile sends a file under a card, where the place takes it.
func (s *sending) addFile(file chatFile, r recipient, card string) error {
	if file.kind == cases.AlertPicture && !r.format.Pictures || file.kind == cases.AlertFile && file.Size > r.format.MaxFile {
		return nil
	}
	row := store.Outbound{
		To: cases.ToStaff, Login: r.login, Automatic: true, ReplyToRow: card, Picture: file.sha256,
		Dedupe:    fmt.Sprintf("%s:%d:%s", file.kind, file.ID, card),
		ExpiresAt: expiry(s.step.At, s.org.Rules.AlertExpiry),
	}
	about := *s // the file, not the message at hand
	about.withMessage = attached{}
	about.withMessage.count(cases.Message{Direction: cases.In, Attachments: []cases.Attachment{file.Attachment}})
	return about.add(cases.Notice{Kind: file.kind, To: cases.ToStaff, Text: file.Filename}, r, row, true)
}
