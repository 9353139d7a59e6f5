package telegram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/internal/httpcall"
)

const (
	maxFile     = 20 << 20 // bytes; Telegram gives bots no larger ones (getFile)
	fileTimeout = 60 * time.Second
)

// Why a file is not taken; each is told as a defect of its message.
var (
	errTooLarge = errors.New("it is too large")
	errGone     = errors.New("the provider no longer has it")
)

// remoteFile is a file that a message names.
type remoteFile struct {
	id, name, contentType string
	size                  int
}

// filesOf lists the files of a message; of a photo the largest size. Telegram
// sends a file as one of these only, except that an animation is a document
// too.
func filesOf(m *tgbotapi.Message) []remoteFile {
	var files []remoteFile
	var best tgbotapi.PhotoSize
	for _, p := range m.Photo {
		if p.Width*p.Height >= best.Width*best.Height && p.FileSize <= maxFile {
			best = p
		}
	}
	if best.FileID != "" {
		files = append(files, remoteFile{best.FileID, "photo.jpg", "image/jpeg", best.FileSize})
	}
	if f := m.Document; f != nil {
		files = append(files, remoteFile{f.FileID, f.FileName, f.MimeType, f.FileSize})
	}
	if f := m.Voice; f != nil {
		files = append(files, remoteFile{f.FileID, "voice.ogg", f.MimeType, f.FileSize})
	}
	if f := m.Audio; f != nil {
		files = append(files, remoteFile{f.FileID, f.FileName, f.MimeType, f.FileSize})
	}
	if f := m.Video; f != nil {
		files = append(files, remoteFile{f.FileID, f.FileName, f.MimeType, f.FileSize})
	}
	if f := m.VideoNote; f != nil {
		files = append(files, remoteFile{f.FileID, "video.mp4", "video/mp4", f.FileSize})
	}
	return files
}

// attachments fetches the files of a message. One that is refused becomes a
// defect; an error means that another try may help.
func (a *Adapter) attachments(ctx context.Context, m *tgbotapi.Message) ([]channels.Attachment, []string, error) {
	var taken []channels.Attachment
	var defects []string
	for _, f := range filesOf(m) {
		stored, err := a.fetch(ctx, f)
		switch {
		case err == nil:
			taken = append(taken, channels.Attachment{Filename: clean(f.name), ContentType: clean(f.contentType), Stored: stored})
		case errors.Is(err, errTooLarge), errors.Is(err, httpcall.ErrTooLarge):
			defects = append(defects, "a file was not taken: "+errTooLarge.Error())
		case errors.Is(err, errGone):
			defects = append(defects, "a file was not taken: "+errGone.Error())
		default:
			return nil, nil, fmt.Errorf("fetch a file of a message: %w", err)
		}
	}
	return taken, defects, nil
}

// fetch gets one file, from the API's host only.
func (a *Adapter) fetch(ctx context.Context, f remoteFile) (channels.Stored, error) {
	if f.size > maxFile {
		return channels.Stored{}, errTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	bot, call := a.bot(ctx)
	file, err := bot.GetFile(tgbotapi.FileConfig{FileID: f.id})
	switch {
	case refused(err, "file is too big"):
		return channels.Stored{}, errTooLarge
	case refused(err, ""):
		return channels.Stored{}, errGone
	case err != nil:
		return channels.Stored{}, a.sendError(call, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.files+escapePath(file.FilePath), nil)
	if err != nil {
		return channels.Stored{}, errGone
	}
	resp, err := httpcall.New(ctx, a.Client, maxFile).Do(req) //nolint:contextcheck // New has it
	if err != nil {
		return channels.Stored{}, a.redact(err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return channels.Stored{}, errGone
	default:
		return channels.Stored{}, fmt.Errorf("telegram answered %d", resp.StatusCode)
	}
	return a.Files.Put(ctx, resp.Body, maxFile)
}

// escapePath keeps the path of a file below the address of files.
func escapePath(path string) string {
	var parts []string
	for part := range strings.SplitSeq(path, "/") {
		if part != "" && part != "." && part != ".." {
			parts = append(parts, url.PathEscape(part))
		}
	}
	return strings.Join(parts, "/")
}
