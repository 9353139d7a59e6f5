package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"golang.org/x/sync/errgroup"

	"github.com/redress-cms/redress/channels"
)

// A batch is fetched by one command and taken in by one accept.
const (
	batchMails = 100
	batchBytes = 64 << 20 // as the server tells; so much is fetched again after a break
	heldBytes  = 2 << 20  // of small mails
	// smallMail is what is held, and kept in the database. A longer mail goes
	// to the files while it comes.
	smallMail = 64 << 10
	// keptTimes the limit of what is read of a mail is kept of it.
	keptTimes = 8
	// asks is how often a mail is asked for that the server lists. go-imap
	// takes news of its flags that come in between for the mail itself.
	asks = 3
	// syncing files at a time, while the next mails come.
	syncing = 4
)

func batchLength(mails []listed) int {
	total, held := int64(0), int64(0)
	for i, m := range mails {
		total += m.size
		if m.size <= smallMail {
			held += m.size
		}
		if i > 0 && (i >= batchMails || total > batchBytes || held > heldBytes) {
			return i
		}
	}
	return len(mails)
}

// batch is what came of the mails that were asked for, up to the UID upTo.
type batch struct {
	mails []*fetched
	upTo  imap.UID
	err   error // why no more came
}

// fetched is a mail that is durable or held.
type fetched struct {
	uid imap.UID
	in  channels.Inbound
}

func (b *batch) inbounds() []channels.Inbound {
	list := make([]channels.Inbound, len(b.mails))
	for i, m := range b.mails {
		list[i] = m.in
	}
	return list
}

func (b *batch) uids() imap.UIDSet {
	var set imap.UIDSet
	for _, m := range b.mails {
		set.AddNum(m.uid)
	}
	return set
}

// fetchAll fetches mails batch by batch until one fails or ctx ends.
func (b *mailbox) fetchAll(ctx context.Context, mails []listed, batches chan<- *batch) {
	defer close(batches)
	for len(mails) > 0 {
		n := batchLength(mails)
		next := b.fetchBatch(ctx, mails[:n])
		mails = mails[n:]
		select {
		case batches <- next:
		case <-ctx.Done():
			return
		}
		if next.err != nil {
			return
		}
	}
}

// fetchBatch fetches mails. When it fails what came before counts: the batch
// then holds the mails up to the first that is missing.
func (b *mailbox) fetchBatch(ctx context.Context, mails []listed) *batch {
	b.conn.allow(b.adapter.config.StallTimeout)
	got := map[imap.UID]*fetched{}
	missing, err := mails, error(nil)
	for ask := 0; err == nil && len(missing) > 0; ask++ {
		if ask == asks {
			err = &fault{text: "the server does not give a mail that it lists"}
			break
		}
		if err = b.fetch(ctx, missing, got); err == nil {
			missing, err = b.stillThere(without(missing, got))
		}
	}
	next := &batch{err: err}
	for _, m := range mails {
		if f := got[m.uid]; f != nil {
			next.mails = append(next.mails, f)
		} else if err != nil && slices.ContainsFunc(missing, func(x listed) bool { return x.uid == m.uid }) {
			break
		}
		next.upTo = m.uid
	}
	return next
}

func without(mails []listed, got map[imap.UID]*fetched) []listed {
	return slices.DeleteFunc(slices.Clone(mails), func(m listed) bool { return got[m.uid] != nil })
}

// stillThere tells mails that were deleted meanwhile from those that the
// server did not give.
func (b *mailbox) stillThere(mails []listed) ([]listed, error) {
	if len(mails) == 0 {
		return nil, nil
	}
	var set imap.UIDSet
	for _, m := range mails {
		set.AddNum(m.uid)
	}
	there, err := b.listSet(set)
	if err != nil {
		return mails, fmt.Errorf("list mail again: %w", err)
	}
	return there, nil
}

// fetch asks for mails once, each up to the limit of what is kept, and puts
// those that came whole into got. Every literal is read before the next answer
// is asked for: go-imap blocks otherwise.
func (b *mailbox) fetch(ctx context.Context, mails []listed, got map[imap.UID]*fetched) error {
	var set imap.UIDSet
	sizes := map[imap.UID]int64{}
	for _, m := range mails {
		set.AddNum(m.uid)
		sizes[m.uid] = m.size
	}
	section := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: 0, Size: b.adapter.maxKept()}}
	fetch := b.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
	var files errgroup.Group
	files.SetLimit(syncing)
	came := map[imap.UID]*fetched{}
	err := b.each(fetch, func(uid imap.UID, literal imap.LiteralReader) error {
		size, asked := sizes[uid]
		if !asked {
			return nil
		}
		f := &fetched{uid: uid}
		if err := b.adapter.take(ctx, f, literal, size, &files); err != nil {
			return err
		}
		came[uid] = f
		return nil
	})
	if kept := files.Wait(); kept != nil {
		return kept // of the files that are durable none is told from the others
	}
	for uid, f := range came {
		got[uid] = f
	}
	return err
}

// each calls take with every mail that comes. When take fails the connection is
// closed, since what else is on its way is not waited for.
func (b *mailbox) each(fetch *imapclient.FetchCommand, take func(imap.UID, imap.LiteralReader) error) error {
	for msg := fetch.Next(); msg != nil; msg = fetch.Next() {
		var uid imap.UID
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataBodySection:
				literal := &literal{LiteralReader: item.Literal}
				if item.Literal == nil {
					literal.LiteralReader = bytes.NewReader(nil) // an empty mail is one, too
				}
				if err := take(uid, literal); err != nil {
					_ = b.conn.Close()
					_, _ = io.Copy(io.Discard, literal) // go-imap waits for its end, and only once
					return err
				}
			}
		}
	}
	return fetch.Close()
}

// literal is not read again after its end or an error: from then on go-imap
// reads the connection itself.
type literal struct {
	imap.LiteralReader
	err error
}

func (l *literal) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.LiteralReader.Read(p)
	l.err = err
	return n, err
}

// maxKept is how much is kept of one mail, in bytes.
func (a *Adapter) maxKept() int64 { return keptTimes * a.config.MaxBytes }

var errCutOff = errors.New("the mail was cut off")

// take reads one mail. A long one goes to the files, and is durable when files
// is done. size is the mail's as it was listed.
func (a *Adapter) take(ctx context.Context, f *fetched, literal imap.LiteralReader, size int64, files *errgroup.Group) error {
	if literal.Size() <= smallMail && size <= a.maxKept() {
		raw := make([]byte, literal.Size())
		if _, err := io.ReadFull(literal, raw); err != nil {
			return errors.Join(errCutOff, err)
		}
		f.in = a.inbound(raw)
		return nil
	}
	w, err := a.config.Files.Create(ctx, a.maxKept()+truncatedLine)
	if err != nil {
		return fmt.Errorf("keep a mail: %w", fileFault(err))
	}
	if f.in, err = a.copyMail(w, literal, size); err != nil {
		return errors.Join(err, w.Discard())
	}
	files.Go(func() error {
		if f.in.File, err = w.Keep(); err != nil {
			return fmt.Errorf("keep a mail: %w", fileFault(err))
		}
		return nil
	})
	return nil
}

// copyMail writes a mail to its file, and finds out by the way whose it is.
func (a *Adapter) copyMail(w io.Writer, literal imap.LiteralReader, size int64) (channels.Inbound, error) {
	if size > a.maxKept() {
		if _, err := fmt.Fprintf(w, "%s: %s\r\n", truncatedHeader, strconv.FormatInt(size, 10)); err != nil {
			return channels.Inbound{}, fmt.Errorf("keep a mail: %w", fileFault(err))
		}
	}
	id := newIdentity(a.config.Limits)
	piece := make([]byte, copyPiece)
	left := min(literal.Size(), a.maxKept())
	for left > 0 {
		n, err := io.ReadFull(literal, piece[:min(left, copyPiece)])
		if err != nil {
			return channels.Inbound{}, errors.Join(errCutOff, err)
		}
		if _, err := w.Write(piece[:n]); err != nil {
			return channels.Inbound{}, fmt.Errorf("keep a mail: %w", fileFault(err))
		}
		_, _ = id.Write(piece[:n])
		left -= int64(n)
	}
	return a.named(id), nil
}

const (
	copyPiece     = 128 << 10
	truncatedLine = 64 // bytes, at most, of the field truncatedHeader
)

func fileFault(err error) error {
	return &fault{text: "messages cannot be stored", own: true, err: err}
}
