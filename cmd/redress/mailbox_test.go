package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	_ "github.com/glebarez/go-sqlite" // registers the driver

	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/scripts/testenv"
)

// fullMailbox is a mailbox of Dovecot in which mails wait, and a program of its
// own process that reads it. What it sends nobody takes, so that only what
// comes in is measured.
type fullMailbox struct {
	tb     testing.TB
	imap   string
	user   string
	folder string
	logs   *syncBuffer
	self   *exec.Cmd
	ended  chan struct{}
}

// newFullMailbox puts n mails of about size bytes into a mailbox, each of
// another sender and, if it is long, with one attachment that no other has.
func newFullMailbox(tb testing.TB, n, size int) *fullMailbox {
	tb.Helper()
	m := &fullMailbox{tb: tb, imap: testenv.Need(tb, testenv.IMAP), user: "full-" + unique(), folder: tb.TempDir(), logs: &syncBuffer{}}
	err := m.connect(func(c *imapclient.Client) error {
		for i := range n {
			if err := m.put(c, waitingMail(i, size)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	m.settings()
	return m
}

func (m *fullMailbox) put(c *imapclient.Client, raw []byte) error {
	command := c.Append("INBOX", int64(len(raw)), nil)
	if _, err := command.Write(raw); err != nil {
		return err
	}
	if err := command.Close(); err != nil {
		return err
	}
	_, err := command.Wait()
	return err
}

// waitingMail is a complaint; of a long one most is a picture.
func waitingMail(n, size int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Received: from mx.citizen.test by city.test; Sun, 22 Nov 2026 06:00:00 +0000\r\n"+
		"From: Citizen %d <citizen-%d@citizen.test>\r\nTo: complaints@city.test\r\nSubject: Leak %d\r\n"+
		"Date: Sun, 22 Nov 2026 06:00:00 +0000\r\nMessage-ID: <%d.%d@citizen.test>\r\nMIME-Version: 1.0\r\n", n, n, n, n, size)
	const text = "Content-Type: text/plain; charset=utf-8\r\n\r\nWater is leaking in Ward 4, in front of the school.\r\n"
	if size < 10_000 {
		return append(b.Bytes(), text...)
	}
	b.WriteString("Content-Type: multipart/mixed; boundary=next\r\n\r\n--next\r\n" + text +
		"--next\r\nContent-Type: image/jpeg; name=leak.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	line := make([]byte, 57)
	copy(line, fmt.Sprintf("\xff\xd8\xff\xe0 picture %d of %d bytes", n, size))
	encoded := base64.StdEncoding.EncodeToString(line) + "\r\n"
	b.WriteString(strings.Repeat(encoded, max(0, size-b.Len())/len(encoded)))
	b.WriteString("--next--\r\n")
	return b.Bytes()
}

// connect runs commands as the mailbox's user.
func (m *fullMailbox) connect(run func(*imapclient.Client) error) error {
	c, err := imapclient.DialInsecure(m.imap, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login(m.user, "secret").Wait(); err != nil {
		return err
	}
	return run(c)
}

// bareFetch is how long a client takes that does nothing but fetch all mails.
func (m *fullMailbox) bareFetch() time.Duration {
	m.tb.Helper()
	began := time.Now()
	err := m.connect(func(c *imapclient.Client) error {
		if _, err := c.Select("INBOX", nil).Wait(); err != nil {
			return err
		}
		all := imap.UIDSet{imap.UIDRange{Start: 1}}
		fetch := c.Fetch(all, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		for msg := fetch.Next(); msg != nil; msg = fetch.Next() {
			for item := msg.Next(); item != nil; item = msg.Next() {
				if body, ok := item.(imapclient.FetchItemDataBodySection); ok {
					if _, err := io.ReadAll(body.Literal); err != nil {
						return err
					}
				}
			}
		}
		return fetch.Close()
	})
	if err != nil {
		m.tb.Fatal(err)
	}
	return time.Since(began)
}

func (m *fullMailbox) settings() {
	m.tb.Helper()
	deaf, err := net.Listen("tcp", "127.0.0.1:0") // connections wait in its backlog
	if err != nil {
		m.tb.Fatal(err)
	}
	m.tb.Cleanup(func() { deaf.Close() })
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.tb.Fatal(err)
	}
	listen := web.Addr().String()
	_ = web.Close()
	organisation, err := os.ReadFile("testdata/organisation.yaml")
	if err != nil {
		m.tb.Fatal(err)
	}
	text := fmt.Sprintf(`data_dir: %q
http: {listen: %q, public_url: "http://%s"}
organisation: {file: organisation.yaml}
channels:
  email:
    - name: complaints
      imap: {address: %q, tls: none, username: %s, password: secret, poll_interval: 5s, after: seen}
      smtp: {address: %q, tls: none}
      from: City of Test <complaints@city.test>
`, m.dataDir(), listen, listen, m.imap, m.user, deaf.Addr().String())
	for name, content := range map[string]string{"redress.yaml": text, "organisation.yaml": string(organisation)} {
		if err := os.WriteFile(filepath.Join(m.folder, name), []byte(content), 0o600); err != nil {
			m.tb.Fatal(err)
		}
	}
}

func (m *fullMailbox) dataDir() string { return filepath.Join(m.folder, "data") }

func (m *fullMailbox) config() string { return filepath.Join(m.folder, "redress.yaml") }

// start runs the program, and returns when it begins to work.
func (m *fullMailbox) start() time.Time {
	m.tb.Helper()
	self, err := os.Executable()
	if err != nil {
		m.tb.Fatal(err)
	}
	m.self, m.ended = exec.Command(self, "serve", "--config", m.config()), make(chan struct{})
	m.self.Env, m.self.Stderr = append(os.Environ(), asProgram+"=1"), m.logs
	if err := m.self.Start(); err != nil {
		m.tb.Fatal(err)
	}
	go func() {
		_ = m.self.Wait() // its end is ours to bring about
		close(m.ended)
	}()
	m.tb.Cleanup(m.stop)
	m.until("readiness", func() bool { return strings.Contains(m.logs.String(), "msg=ready") })
	return time.Now()
}

func (m *fullMailbox) stop() {
	_ = m.self.Process.Kill() // it may have ended
	<-m.ended
}

// until waits, in steps short enough to be measured by.
func (m *fullMailbox) until(what string, done func() bool) {
	m.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			m.tb.Fatalf("waiting for %s; log:\n%s", what, m.logs)
		}
	}
}

// awaitAcknowledgements waits until n are queued.
func (m *fullMailbox) awaitAcknowledgements(n int) {
	m.tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(m.dataDir(), "redress.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		m.tb.Fatal(err)
	}
	defer db.Close()
	m.until(fmt.Sprintf("%d acknowledgements", n), func() bool {
		queued := 0
		err := db.QueryRow(`SELECT count(*) FROM outbox WHERE kind = 'acknowledged'`).Scan(&queued)
		return err == nil && queued >= n
	})
}

// peak is the most memory that the program had, in bytes.
func (m *fullMailbox) peak() int64 {
	m.tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.self.Process.Pid))
	if err != nil {
		m.tb.Skipf("the system does not tell a program's memory: %v", err)
	}
	var kilobytes int64
	for line := range strings.Lines(string(status)) {
		if n, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); n == 1 && err == nil {
			return kilobytes << 10
		}
	}
	m.tb.Skip("the system does not tell a program's memory")
	return 0
}

// TestLargeMails: however much waits in the mailbox, it goes through memory in
// pieces, and every byte of it is kept.
func TestLargeMails(t *testing.T) {
	const n, size = largeMails, 10 << 20
	m := newFullMailbox(t, n, size)
	m.start()
	m.awaitAcknowledgements(n)
	if peak := m.peak(); peak > maxPeak {
		t.Errorf("the program took %d MB for %d mails of 10 MB, want at most %d", peak>>20, n, int64(maxPeak)>>20)
	}
	w := &world{t: t, config: m.config(), logs: m.logs}
	var last int64
	for _, in := range w.inbound("--all") {
		if in.State != "processed" {
			t.Errorf("a mail is %s: %s", in.State, in.Reason)
		}
		last = max(last, in.ID)
	}
	if raw := w.run("inbound", "show", fmt.Sprint(last), "--raw"); raw != string(waitingMail(n-1, size)) {
		t.Errorf("the last mail is not kept as it came: %d bytes", len(raw))
	}
	var list []app.CaseStory
	must(t, json.Unmarshal([]byte(w.run("case", "list", "--json", "--limit", "100")), &list))
	if len(list) != n {
		t.Errorf("%d cases, want %d", len(list), n)
	}
}
