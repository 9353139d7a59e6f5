package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/jackc/pgx/v5"
)

// mail measures a mailbox full of mails, from start until each is a case with
// its acknowledgement queued, against a client that only fetches them.
func (b *bench) mail(ctx context.Context) error {
	for _, m := range []struct {
		name  string
		count int
		size  int // bytes of the attachment
		aim   bound
	}{
		{"plain mails", b.size(200, 1000), 0, atMost(3)},
		{"mails of 200 kB", b.size(40, 200), 200 << 10, atMost(2)},
		{"mails of 10 MB", b.size(4, 40), 10 << 20, atMost(2)},
	} {
		mailbox := fmt.Sprintf("bench%d", time.Now().UnixNano())
		if err := b.fillMailbox(mailbox, m.count, m.size); err != nil {
			return err
		}
		fetched, err := b.fetchMailbox(mailbox)
		if err != nil {
			return err
		}
		took, peak, err := b.readMailbox(ctx, mailbox, m.count)
		if err != nil {
			return err
		}
		b.report.relative(fmt.Sprintf("%d %s to cases", m.count, m.name), took.Seconds(), "s", "fetched by go-imap", fetched.Seconds(), m.aim)
		if m.size > 1<<20 {
			b.report.absolute("  peak memory", peak, "MB", atMost(100))
		}
	}
	return nil
}

func (b *bench) openMailbox(mailbox string) (*imapclient.Client, error) {
	c, err := imapclient.DialInsecure(b.imap, nil)
	if err != nil {
		return nil, err
	}
	if err := c.Login(mailbox, "secret").Wait(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	_, err = c.Select("INBOX", nil).Wait()
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// fillMailbox puts letters into a mailbox.
func (b *bench) fillMailbox(mailbox string, count, size int) error {
	c, err := b.openMailbox(mailbox)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	for n := range count {
		text := letter(n, size)
		command := c.Append("INBOX", int64(len(text)), nil)
		if _, err := command.Write(text); err != nil {
			return err
		}
		if err := command.Close(); err != nil {
			return err
		}
		if _, err := command.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// letter is the nth person's mail, with an attachment if it has a size.
func letter(n, size int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Person %d <person-%d@citizen.test>\r\nTo: complaints@redress.test\r\nSubject: Complaint %d\r\n"+
		"Date: %s\r\nMessage-ID: <%s@citizen.test>\r\nMIME-Version: 1.0\r\n", n, n, n, time.Now().Format(time.RFC1123Z), rand.Text())
	if size == 0 {
		fmt.Fprintf(&b, "Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", complaint(n))
		return b.Bytes()
	}
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=part\r\n\r\n--part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n"+
		"--part\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=scan.bin\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n", complaint(n))
	raw := make([]byte, size*3/4)
	_, _ = rand.Read(raw) // never fails
	for encoded := base64.StdEncoding.EncodeToString(raw); encoded != ""; {
		line := encoded[:min(76, len(encoded))]
		encoded = encoded[len(line):]
		b.WriteString(line + "\r\n")
	}
	b.WriteString("--part--\r\n")
	return b.Bytes()
}

// fetchMailbox only fetches all mails.
func (b *bench) fetchMailbox(mailbox string) (time.Duration, error) {
	began := time.Now()
	c, err := b.openMailbox(mailbox)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	fetch := c.Fetch(imap.SeqSet{imap.SeqRange{Start: 1, Stop: 0}}, &imap.FetchOptions{
		UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}},
	})
	for message := fetch.Next(); message != nil; message = fetch.Next() {
		for item := message.Next(); item != nil; item = message.Next() {
			if section, ok := item.(imapclient.FetchItemDataBodySection); ok {
				if _, err := io.Copy(io.Discard, section.Literal); err != nil {
					return 0, err
				}
			}
		}
	}
	return time.Since(began), fetch.Close()
}

// readMailbox runs the product on a mailbox until each mail is a case whose
// acknowledgement is queued. The clock runs from when it listens.
func (b *bench) readMailbox(ctx context.Context, mailbox string, count int) (took time.Duration, peak float64, err error) {
	p, e, err := b.ready(ctx, true, "", mailbox)
	if err != nil {
		return 0, 0, err
	}
	conn, err := pgx.Connect(ctx, e.database)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := b.startUntil(ctx, p, "serve", "/healthz"); err != nil {
		return 0, 0, err
	}
	began := time.Now()
	for queued := 0; queued < count; time.Sleep(10 * time.Millisecond) {
		if err := conn.QueryRow(ctx, `SELECT count(DISTINCT case_id) FROM outbox`).Scan(&queued); err != nil {
			return 0, 0, err
		}
		if time.Since(began) > 5*time.Minute {
			return 0, 0, fmt.Errorf("%d of %d mails are cases after %s", queued, count, time.Since(began))
		}
	}
	took = time.Since(began)
	u, err := p.usage()
	if err != nil {
		return 0, 0, err
	}
	return took, u.peak, p.stop()
}
