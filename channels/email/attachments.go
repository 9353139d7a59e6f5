package email

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

// attachments are the files of one mail on their way to the files.
type attachments struct {
	ctx      context.Context
	files    channels.Files
	maxBytes int64 // of each
}

// Create implements mail.Sink.
func (a attachments) Create() (mail.File, error) {
	w, err := a.files.Create(a.ctx, a.maxBytes)
	if err != nil {
		return nil, fmt.Errorf("keep an attachment: %w", err)
	}
	return &attachment{FileWriter: w}, nil
}

type attachment struct {
	channels.FileWriter
	stored channels.Stored
}

// Close implements mail.File.
func (a *attachment) Close() error {
	var err error
	if a.stored, err = a.Keep(); err != nil {
		return fmt.Errorf("keep an attachment: %w", err)
	}
	return nil
}

// SHA256 implements mail.Summed.
func (a *attachment) SHA256() string { return a.stored.SHA256 }

// readBytes is how much of long mails is read at a time, by all workers.
const readBytes = 64 << 20

// understand reads a mail, its attachments into the files. head is its start:
// the whole header, if it is one that can be proven.
func (a *Adapter) understand(ctx context.Context, in channels.Inbound) (m mail.Mail, head []byte, err error) {
	if in.File.SHA256 != "" {
		weight := min(in.File.Size, readBytes)
		if err := a.reading.Acquire(ctx, weight); err != nil {
			return m, nil, fmt.Errorf("read a mail: %w", err)
		}
		defer a.reading.Release(weight)
	}
	raw, err := in.Open(ctx, a.config.Files)
	if err != nil {
		return m, nil, fmt.Errorf("open a mail in data_dir/files, which gateways and workers share: %w", err)
	}
	defer func() { _ = raw.Close() }() // it was only read
	source := io.LimitReader(raw, a.config.MaxBytes)
	if head = in.Raw; in.File.SHA256 != "" {
		if head, err = io.ReadAll(io.LimitReader(source, maxProvenHeader+8)); err != nil {
			return m, nil, fmt.Errorf("read a mail: %w", err)
		}
		source = io.MultiReader(bytes.NewReader(head), source)
	}
	if m, err = mail.Read(source, attachments{ctx, a.config.Files, a.config.MaxBytes}, a.config.Limits); err != nil {
		return m, nil, fmt.Errorf("read a mail: %w", err)
	}
	return m, head, nil
}

// filesOf are the attachments of a mail that understand read.
func filesOf(m mail.Mail) []channels.Attachment {
	var list []channels.Attachment
	for _, file := range m.Attachments {
		a := channels.Attachment{Filename: file.Filename, ContentType: file.ContentType, ContentID: file.ContentID, Inline: file.Inline}
		if kept, ok := file.File.(*attachment); ok {
			a.Stored = kept.stored
		}
		list = append(list, a)
	}
	return list
}
