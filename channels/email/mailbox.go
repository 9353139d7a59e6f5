package email

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/redress-cms/redress/channels"
)

// What is done with a mail after it was taken in.
const (
	afterKeep = "keep"
	afterSeen = "seen"
	afterMove = "move:" // and a folder
)

func checkAfter(after string) error {
	if folder, ok := strings.CutPrefix(after, afterMove); ok && folder != "" || after == afterKeep || after == afterSeen {
		return nil
	}
	return fmt.Errorf("after: %q is none of keep, seen, move:Folder", after)
}

// mailbox is a selected mailbox on one connection.
type mailbox struct {
	adapter  *Adapter
	conn     *watched
	client   *imapclient.Client
	stop     func() bool
	arrived  chan struct{} // the server told of a change
	validity uint32
}

func (b *mailbox) close() {
	b.stop()
	if b.client != nil {
		_ = b.client.Close() // nothing of ours is lost with the connection
	}
	_ = b.conn.Close()
}

// cursorName is unique over the accounts of one installation.
func (a *Adapter) cursorName() string {
	return "imap:" + a.config.Account + ":" + a.config.IMAP.Mailbox
}

// cursor is the UID up to which the mailbox was taken in. It starts again
// from the beginning when UIDVALIDITY has changed (RFC 9051 section 2.3.1.1);
// what comes twice then is known by its content.
func (b *mailbox) cursor(ctx context.Context) (imap.UID, error) {
	value, err := b.adapter.config.Cursors.Cursor(ctx, b.adapter.cursorName())
	if err != nil {
		return 0, fmt.Errorf("read the cursor: %w", &fault{text: "the database cannot be read", own: true, err: err})
	}
	validity, uid, ok := strings.Cut(value, ":")
	if !ok || validity != strconv.FormatUint(uint64(b.validity), 10) {
		return 0, nil
	}
	n, err := strconv.ParseUint(uid, 10, 32)
	if err != nil {
		return 0, nil //nolint:nilerr // an unreadable cursor means: from the beginning
	}
	return imap.UID(n), nil
}

func (b *mailbox) setCursor(ctx context.Context, uid imap.UID) error {
	value := fmt.Sprintf("%d:%d", b.validity, uid)
	if err := b.adapter.config.Cursors.SetCursor(ctx, b.adapter.cursorName(), value); err != nil {
		return fmt.Errorf("move the cursor: %w", &fault{text: "the database cannot be written", own: true, err: err})
	}
	return nil
}

// takeIn accepts every mail above the cursor, oldest first, whatever its flags
// and its date.
func (b *mailbox) takeIn(ctx context.Context, accept channels.Accept) error {
	b.conn.allow(b.adapter.config.StallTimeout)
	if err := b.client.Noop().Wait(); err != nil {
		return fmt.Errorf("ask for news: %w", err)
	}
	cursor, err := b.cursor(ctx)
	if err != nil {
		return err
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	mails, err := b.list(cursor)
	if err != nil {
		return fmt.Errorf("list the mailbox: %w", err)
	}
	fetching, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan *batch) // the next is fetched while one is accepted
	go b.fetchAll(fetching, mails, batches)
	for next := range batches {
		err := b.store(ctx, next, accept)
		if err == nil && next.err != nil {
			err = fmt.Errorf("fetch mail: %w", next.err)
		}
		if err != nil {
			stop()
			_ = b.conn.Close() // nobody waits for what is on its way
			for range batches {
			}
			return err
		}
	}
	return nil
}

// listed is a mail that is in the mailbox.
type listed struct {
	uid  imap.UID
	size int64 // bytes
}

func (b *mailbox) list(cursor imap.UID) ([]listed, error) {
	if cursor == math.MaxUint32 {
		return nil, nil
	}
	// Not "n:*": that gives the last mail even when its UID is below n.
	mails, err := b.listSet(imap.UIDSet{imap.UIDRange{Start: cursor + 1, Stop: math.MaxUint32}})
	return slices.DeleteFunc(mails, func(m listed) bool { return m.uid <= cursor }), err
}

// listSet lists those of a set that are in the mailbox, by UID.
func (b *mailbox) listSet(set imap.UIDSet) ([]listed, error) {
	fetch := b.client.Fetch(set, &imap.FetchOptions{UID: true, RFC822Size: true})
	var mails []listed
	for msg := fetch.Next(); msg != nil; msg = fetch.Next() {
		var l listed
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				l.uid = item.UID
			case imapclient.FetchItemDataRFC822Size:
				l.size = item.Size
			}
		}
		if l.uid > 0 {
			mails = append(mails, l)
		}
	}
	if err := fetch.Close(); err != nil {
		return nil, err
	}
	slices.SortFunc(mails, func(a, b listed) int { return cmp.Compare(a.uid, b.uid) })
	return slices.CompactFunc(mails, func(a, b listed) bool { return a.uid == b.uid }), nil
}

// store accepts a batch, then moves the cursor, and then marks or moves the
// mails. A crash in between repeats a step that is harmless.
func (b *mailbox) store(ctx context.Context, next *batch, accept channels.Accept) error {
	if next.upTo == 0 {
		return nil
	}
	if len(next.mails) > 0 {
		if err := accept(ctx, next.inbounds()...); err != nil {
			return fmt.Errorf("accept mail: %w", &fault{text: "messages cannot be stored", err: err})
		}
	}
	if err := b.setCursor(ctx, next.upTo); err != nil {
		return err
	}
	b.adapter.healthy() // a long mailbox takes many batches
	b.adapter.unmarked.AddSet(next.uids())
	return b.settle(ctx)
}

// settle marks or moves the mails that were taken in, also those of a
// connection that broke before it was done.
func (b *mailbox) settle(ctx context.Context) error {
	a := b.adapter
	if a.unmarkedIn != b.validity {
		a.unmarked, a.unmarkedIn = nil, b.validity
	}
	if len(a.unmarked) == 0 {
		return nil
	}
	if err := b.after(ctx, a.unmarked); err != nil {
		return err
	}
	a.unmarked = nil
	return nil
}

// after does what the settings say. A server that refuses it is reported, but
// the mail is safe, so reading goes on.
func (b *mailbox) after(ctx context.Context, uids imap.UIDSet) error {
	b.conn.allow(b.adapter.config.StallTimeout)
	var err error
	after := b.adapter.config.IMAP.After
	if folder, ok := strings.CutPrefix(after, afterMove); ok {
		err = b.move(uids, folder)
	} else if after == afterSeen {
		err = b.client.Store(uids, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
	}
	var answer *imap.Error
	if errors.As(err, &answer) {
		b.adapter.log.WarnContext(ctx, "mail was taken in but cannot be marked or moved", "error", networkText(err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("mark mail: %w", err)
	}
	return nil
}

// move uses MOVE, or copies and deletes where the server has none. A missing
// folder is made.
func (b *mailbox) move(uids imap.UIDSet, folder string) error {
	err := b.moveTo(uids, folder)
	var answer *imap.Error
	if !errors.As(err, &answer) {
		return err
	}
	if createErr := b.client.Create(folder, nil).Wait(); createErr != nil {
		return err
	}
	return b.moveTo(uids, folder)
}

// moveTo waits for the copy before it deletes; go-imap's own fallback does
// not. Without UIDPLUS the mail stays marked as deleted, since EXPUNGE would
// also remove what others have marked.
func (b *mailbox) moveTo(uids imap.UIDSet, folder string) error {
	caps := b.client.Caps()
	if caps.Has(imap.CapMove) {
		_, err := b.client.Move(uids, folder).Wait()
		return err
	}
	if _, err := b.client.Copy(uids, folder).Wait(); err != nil {
		return err
	}
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := b.client.Store(uids, deleted, nil).Close(); err != nil || !caps.Has(imap.CapUIDPlus) {
		return err
	}
	return b.client.UIDExpunge(uids).Close()
}

// wait returns when there may be new mail: the server says so, or the poll
// interval is over. An IDLE thus never lasts longer than the 29 minutes of
// RFC 2177.
func (b *mailbox) wait(ctx context.Context) error {
	interval := min(b.adapter.config.IMAP.PollInterval, 25*time.Minute)
	var idle *imapclient.IdleCommand
	if caps := b.client.Caps(); caps.Has(imap.CapIdle) {
		var err error
		if idle, err = b.client.Idle(); err != nil {
			return fmt.Errorf("start idling: %w", err)
		}
	}
	b.conn.allow(interval + b.adapter.config.StallTimeout)
	timer := time.NewTimer(interval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-b.client.Closed():
		return errors.New("the server closed the connection")
	case <-b.arrived:
	case <-timer.C:
	}
	b.conn.allow(b.adapter.config.StallTimeout)
	if idle == nil {
		return nil
	}
	if err := idle.Close(); err != nil {
		return fmt.Errorf("stop idling: %w", err)
	}
	if err := idle.Wait(); err != nil {
		return fmt.Errorf("stop idling: %w", err)
	}
	return nil
}
