package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// How long a message waits for the one that it answers or edits.
const (
	threadWait    = 2 * time.Second
	maxThreadWait = time.Minute
	editsLooked   = 200 // rows of a case in which a newer edit is looked for
)

// compose makes an outbox row what the adapter sends. When it is not to be
// sent now, instead says what becomes of the row.
func (s *Sender) compose(ctx context.Context, row store.Outbound) (out channels.Outbound, instead *store.Outcome, err error) {
	out = outboundOf(row)
	if row.ReplyToRow != "" {
		id, wait, err := s.earlier(ctx, row.ReplyToRow)
		if err != nil || wait != nil {
			return out, wait, err
		}
		if id != "" { // else it failed: sent without a thread
			out.Thread.InReplyTo = id
		}
	}
	switch {
	case row.Picture == "":
	case row.Kind == cases.AlertFile:
		out.File, err = s.file(ctx, row)
	default:
		out.Picture, err = s.readPicture(ctx, row.Picture)
	}
	if err != nil {
		return out, nil, err
	}
	if row.EditsRow == "" {
		return out, nil, nil
	}
	newer, err := s.superseded(ctx, row)
	if err != nil {
		return out, nil, err
	}
	if newer {
		return out, &store.Outcome{State: store.OutExpired, ErrorCode: codeSuperseded, Error: "a newer version of the message is sent instead"}, nil
	}
	id, wait, err := s.earlier(ctx, row.EditsRow)
	if err != nil || wait != nil {
		return out, wait, err
	}
	if id == "" {
		return out, &store.Outcome{State: store.OutExpired, Error: "the message to change was never sent"}, nil
	}
	out.Edit = id
	return out, nil, nil
}

// maxPictureSent bounds a picture that goes out (sendPhoto: 10 MB).
const maxPictureSent = 10 << 20

// readPicture reads a picture that we made.
func (s *Sender) readPicture(ctx context.Context, name string) (data []byte, err error) {
	file, err := s.Files.Get(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("opening a picture: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if data, err = io.ReadAll(io.LimitReader(file, maxPictureSent)); err != nil {
		return nil, fmt.Errorf("reading a picture: %w", err)
	}
	return data, nil
}

// file names a file of the complainant's for the adapter to read.
func (s *Sender) file(ctx context.Context, row store.Outbound) (file *channels.File, err error) {
	content, err := s.Files.Get(ctx, row.Picture)
	if err != nil {
		return nil, fmt.Errorf("opening a file: %w", err)
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	found, err := mimetype.DetectReader(content)
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	return &channels.File{
		Name: cmp.Or(row.Reference, "file") + found.Extension(), ContentType: baseType(found.String()), SHA256: row.Picture,
	}, nil
}

// earlier is the provider's id of an earlier row. It is empty when that row
// was not sent; wait is set while it may still be.
func (s *Sender) earlier(ctx context.Context, id string) (providerID string, wait *store.Outcome, err error) {
	row, err := s.Store.Outbound(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("reading outbound %s: %w", id, err)
	}
	switch row.State {
	case store.OutPending, store.OutAttempting, store.OutRetry:
		d := row.NextAttemptAt.Sub(s.Clock.Now()) + threadWait
		return "", s.putBack(min(max(threadWait, d), maxThreadWait), "", "waits for the message before it"), nil
	}
	return row.ProviderID, nil, nil
}

// superseded reports whether a later row changes the same message. Only the
// last change matters, and an older one must not undo it.
func (s *Sender) superseded(ctx context.Context, row store.Outbound) (bool, error) {
	if row.CaseID == 0 {
		return false, nil
	}
	rows, err := s.Store.ListOutbound(ctx, store.OutboundFilter{All: true, CaseID: row.CaseID, Limit: editsLooked})
	if err != nil {
		return false, fmt.Errorf("looking for newer changes: %w", err)
	}
	for _, other := range rows {
		if other.EditsRow != row.EditsRow || other.ID <= row.ID {
			continue
		}
		switch other.State {
		case store.OutPending, store.OutAttempting, store.OutRetry, store.OutSent, store.OutDelivered, store.OutUncertain:
			return true, nil
		}
	}
	return false, nil
}

// outboundOf is the row as an adapter takes it, without what refers to other rows.
func outboundOf(row store.Outbound) channels.Outbound {
	out := channels.Outbound{
		ID: row.ID, Account: row.Account, To: row.Address,
		Subject: row.Subject, Text: row.Text, HTML: row.HTML, Automatic: row.Automatic,
		Thread: channels.Thread{
			MessageID: row.MessageID, InReplyTo: row.InReplyTo, References: row.References,
			ReturnToken: tokenOf(row.MessageID), ReplyToken: row.ReplyToken,
		},
		Prompt: row.Prompt, PressID: row.PressID, ExpiresAt: row.ExpiresAt,
	}
	for _, line := range row.Buttons {
		buttons := make([]channels.Button, len(line))
		for i, b := range line {
			buttons[i] = channels.Button(b)
		}
		out.Buttons = append(out.Buttons, buttons)
	}
	return out
}
