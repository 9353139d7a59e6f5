package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/redress-cms/redress/channels"
)

// understand has the adapter read the raw message.
func (p *Pipeline) understand(ctx context.Context, u *Understood) (Verdict, error) {
	in := u.Inbound
	adapter, ok := p.Adapters.Get(in.Channel, in.Account)
	if !ok {
		return goOn, fmt.Errorf("no account %q of channel %q in the settings", in.Account, in.Channel)
	}
	reader, ok := adapter.(channels.Reader)
	if !ok {
		return goOn, fmt.Errorf("%w: the account takes nothing in", channels.ErrUnreadable)
	}
	first, err := p.Store.FirstSeen(ctx, in.Channel, in.ExternalID)
	if err != nil {
		return goOn, fmt.Errorf("looking for copies: %w", err)
	}
	if first != 0 && first < in.ID {
		return stop("a copy of a message that another account took in"), nil
	}
	u.Format = adapter.Format()
	u.Message, err = reader.Read(ctx, channels.Inbound{
		Key:         channels.Key{Channel: in.Channel, Account: in.Account, ExternalID: in.ExternalID},
		Sender:      in.Sender,
		ReceivedAt:  in.ReceivedAt,
		ContentType: in.ContentType,
		Raw:         in.Raw,
		File:        channels.Stored(in.File),
	})
	if err != nil {
		return goOn, err
	}
	if u.Message.NoEffect != "" {
		return stop(u.Message.NoEffect), nil
	}
	// A pressed button speaks the words of a command. Where a provider sends the
	// words on the button too, what it stands for need not be any.
	_, command := p.Words.Keyword(u.Message.Press)
	if u.Message.Press != "" && (command || u.Message.Written == "") {
		u.Message.Text, u.Message.Written = u.Message.Press, u.Message.Press
	}
	if strings.TrimSpace(u.Message.Written) == "" {
		u.Message.Written = u.Message.Text
	}
	return goOn, nil
}

// reasonOf is what staff read about a message that could not be handled: the
// error without anything after the first line.
func reasonOf(err error) string {
	reason, _, _ := strings.Cut(err.Error(), "\n")
	if len(reason) > 300 {
		reason = reason[:300]
	}
	return strings.ToValidUTF8(reason, "")
}
