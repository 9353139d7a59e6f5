package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/redress-cms/redress/cases"
)

// ReceivedMessage is the newest wording of the message of a sender that has an
// id on its channel or, where none has, belongs to an album; no id or album is
// empty. Its attachments are not read. ErrNotFound: no case holds one.
func (s *Store) ReceivedMessage(ctx context.Context, channel, account, address, externalID, album string) (cases.Message, error) {
	row, err := one[messageRow](s.read(ctx), receivedMessageSQL, key(channel), key(account), key(externalID), key(address))
	if errors.Is(err, ErrNotFound) && album != "" {
		row, err = one[messageRow](s.read(ctx), albumMessageSQL, key(channel), key(account), key(album), key(address))
	}
	if err != nil {
		return cases.Message{}, fmt.Errorf("look for an earlier part of a message: %w", err)
	}
	return row.domain(), nil
}

// The conditions of the partial indexes are repeated, so that they are used.
const (
	receivedMessageSQL = `SELECT * FROM messages
		WHERE channel = ? AND account = ? AND external_id = ? AND address = ? AND direction = 'in' AND external_id <> ''
		ORDER BY id DESC LIMIT 1`
	albumMessageSQL = `SELECT * FROM messages
		WHERE channel = ? AND account = ? AND album = ? AND address = ? AND album <> ''
		ORDER BY id DESC LIMIT 1`
)
