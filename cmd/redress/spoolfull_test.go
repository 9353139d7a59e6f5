package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/redress-cms/redress/scripts/testenv"
)

// TestSpoolFull: while the database is away and the spool is full, providers
// are told to keep their messages, a mail stays unmarked in Dovecot, and the
// log raises an alarm. Once the database is back all of it is taken in.
func TestSpoolFull(t *testing.T) {
	w := newWorld(t, true)
	w.run("migrate")
	s := &played{world: w}
	database := urlIn(t, w.config)
	wire := newRelay(t, database.Host)
	through := *database
	through.Host = wire.address
	s.rewrite(database.String(), through.String())
	s.rewrite("channels:\n", "limits: {message_bytes: 65536, spool_bytes: 65536}\nchannels:\n")
	wire.connect()
	w.start("gateway")
	w.awaitReady()
	wire.disconnect()
	w.awaitNoDatabase()

	m := &fullMailbox{tb: t, imap: testenv.Need(t, testenv.IMAP), user: w.mailbox}
	must(t, m.connect(func(c *imapclient.Client) error { return m.put(c, waitingMail(1, 200<<10)) }))
	accepted := w.fillSpool()
	if got := w.lines("ALARM", "neither database nor spool"); len(got) == 0 {
		t.Errorf("no alarm in the log:\n%s", w.logs)
	}
	if m.seen() {
		t.Error("the mail is marked although it is kept nowhere")
	}
	wire.connect()
	w.start("worker", "REDRESS_HTTP_LISTEN="+freeAddress(t))
	w.eventually("everything taken in", func() error {
		mails, all := len(w.casesOf("email:citizen-1@citizen.test")), len(w.cases())
		if mails != 1 || all != 1+accepted || !m.seen() {
			return fmt.Errorf("%d cases by mail, marked %t, %d in all of %d", mails, m.seen(), all, 1+accepted)
		}
		return nil
	})
}

// fillSpool posts texts until they are refused, and returns how many were not.
func (w *world) fillSpool() (accepted int) {
	w.t.Helper()
	body := "Water is leaking " + strings.Repeat("in Ward 4 ", 150)
	for i := range 1000 {
		form := incoming(w, fmt.Sprintf("SM%032d", i), fmt.Sprintf("+1202555%04d", i), body)
		status, err := w.twilio.Post(w.t.Context(), w.url+"/webhooks/sms/main", form)
		must(w.t, err)
		switch status {
		case http.StatusOK:
			accepted++
		case http.StatusServiceUnavailable:
			if accepted == 0 {
				w.t.Fatal("nothing is spooled")
			}
			return accepted
		default:
			w.t.Fatalf("answered %d", status)
		}
	}
	w.t.Fatal("the spool takes more than it may")
	return 0
}

// seen reports whether all mails of the mailbox are marked.
func (m *fullMailbox) seen() bool {
	m.tb.Helper()
	seen := true
	err := m.connect(func(c *imapclient.Client) error {
		if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
			return err
		}
		mails, err := c.Fetch(imap.SeqSet{imap.SeqRange{Start: 1}}, &imap.FetchOptions{Flags: true}).Collect()
		for _, mail := range mails {
			seen = seen && slices.Contains(mail.Flags, imap.FlagSeen)
		}
		return err
	})
	if err != nil {
		m.tb.Fatal(err)
	}
	return seen
}
