package email

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// A batch is taken in by one accept.
const (
	batchMails = 50
	batchBytes = 8 << 20
)

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
	mails, err := b.list(cursor)
	if err != nil {
		return fmt.Errorf("list the mailbox: %w", err)
	}
	for len(mails) > 0 {
		n := batchLength(mails, b.adapter.config.MaxBytes)
		if err := b.takeBatch(ctx, mails[:n], accept); err != nil {
			return err
		}
		mails = mails[n:]
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
	above := imap.UIDSet{imap.UIDRange{Start: cursor + 1, Stop: math.MaxUint32}}
	fetch := b.client.Fetch(above, &imap.FetchOptions{UID: true, RFC822Size: true})
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
		if l.uid > cursor {
			mails = append(mails, l)
		}
	}
	if err := fetch.Close(); err != nil {
		return nil, err
	}
	slices.SortFunc(mails, func(a, b listed) int { return int(int64(a.uid) - int64(b.uid)) })
	return mails, nil
}

func batchLength(mails []listed, maxBytes int64) int {
	total := int64(0)
	for i, m := range mails {
		total += min(m.size, maxBytes)
		if i > 0 && (i >= batchMails || total > batchBytes) {
			return i
		}
	}
	return len(mails)
}

// takeBatch fetches mails, accepts them, then moves the cursor, and then
// marks or moves them. A crash in between repeats a step that is harmless.
func (b *mailbox) takeBatch(ctx context.Context, mails []listed, accept channels.Accept) error {
	b.conn.allow(b.adapter.config.StallTimeout)
	raws, err := b.fetch(mails)
	if err != nil {
		return fmt.Errorf("fetch mail: %w", err)
	}
	var batch []channels.Inbound
	var uids imap.UIDSet
	for _, m := range mails {
		if raw, ok := raws[m.uid]; ok { // else it was deleted meanwhile
			batch = append(batch, b.adapter.inbound(raw))
			uids.AddNum(m.uid)
		}
	}
	if len(batch) > 0 {
		if err := accept(ctx, batch...); err != nil {
			return fmt.Errorf("accept mail: %w", &fault{text: "messages cannot be stored", err: err})
		}
	}
	if err := b.setCursor(ctx, mails[len(mails)-1].uid); err != nil {
		return err
	}
	b.adapter.healthy() // a long mailbox takes many batches
	if len(batch) == 0 {
		return nil
	}
	return b.after(ctx, uids)
}

// fetch reads mails whole, up to the limit each. Every literal is read before
// the next answer is asked for: go-imap blocks otherwise.
func (b *mailbox) fetch(mails []listed) (map[imap.UID][]byte, error) {
	limit := b.adapter.config.MaxBytes
	var set imap.UIDSet
	sizes := map[imap.UID]int64{}
	for _, m := range mails {
		set.AddNum(m.uid)
		sizes[m.uid] = m.size
	}
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: limit}}
	fetch := b.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	raws := map[imap.UID][]byte{}
	var failed error
	for msg := fetch.Next(); msg != nil; msg = fetch.Next() {
		var uid imap.UID
		var raw []byte
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataBodySection:
				raw = []byte{} // an empty mail is one, too
				if item.Literal == nil {
					continue
				}
				var err error
				if raw, err = io.ReadAll(io.LimitReader(item.Literal, limit)); err != nil {
					failed = err
				}
			}
		}
		if _, asked := sizes[uid]; asked && raw != nil {
			if size := sizes[uid]; size > limit {
				raw = append([]byte(truncatedHeader+": "+strconv.FormatInt(size, 10)+"\r\n"), raw...)
			}
			raws[uid] = raw
		}
	}
	if err := fetch.Close(); err != nil {
		return nil, err
	}
	return raws, failed
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
