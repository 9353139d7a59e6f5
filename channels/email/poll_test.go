package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
)

func TestPollTakesEveryMailOnce(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		s.put(t, letterFrom("before", "1@x"))
		s.put(t, letterFrom("read by somebody", "2@x"), imap.FlagSeen)
		a, box := newAdapter(t, testConfig(s)), newInbox()
		stop := poll(t, a, box.accept)
		for _, want := range []string{"before", "read by somebody"} {
			if in := box.next(t); !strings.Contains(string(in.Raw), "Subject: "+want) || in.Sender != "asha@example.org" {
				t.Errorf("got %q of %s, want the mail %q", in.Raw, in.Sender, want)
			}
		}
		s.put(t, letterFrom("while it idles", "3@x"))
		box.next(t)
		eventually(t, "mails marked as seen", func() bool {
			return !slices.ContainsFunc(s.flags(t, folder), func(f []imap.Flag) bool { return !slices.Contains(f, imap.FlagSeen) })
		})
		eventually(t, "healthy", func() bool { return a.Health().Up && !a.Health().LastSuccess.IsZero() })
		stop()

		s.put(t, letterFrom("while it was away", "4@x"), imap.FlagSeen)
		poll(t, a, box.accept)
		box.next(t)
		box.empty(t)
	})
}

func TestPollSurvivesNewUIDValidity(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		a, box := newAdapter(t, testConfig(s)), newInbox()
		s.put(t, letterFrom("one", "1@x"))
		s.put(t, letterFrom("two", "2@x"))
		stop := poll(t, a, box.accept)
		box.next(t)
		box.next(t)
		stop()
		s.do(t, func(c *imapclient.Client) error {
			if err := c.Delete(folder).Wait(); err != nil {
				return err
			}
			return c.Create(folder, nil).Wait()
		})
		s.put(t, letterFrom("one", "1@x"))
		s.put(t, letterFrom("three", "3@x"))
		poll(t, a, box.accept)
		if in := box.next(t); !strings.Contains(string(in.Raw), "Subject: three") {
			t.Errorf("taken in twice: %s", in.Raw)
		}
		box.empty(t)
	})
}

// A crash after accept and before the cursor moved gives the mail again, under
// the same key.
func TestPollRepeatsUnderTheSameKey(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		config := testConfig(s)
		config.Cursors = &cursors{fail: 2}
		a, box := newAdapter(t, config), newInbox()
		s.put(t, letterFrom("one", "1@x"))
		poll(t, a, box.accept)
		box.next(t)
		eventually(t, "healthy again", func() bool { return a.Health().Up })
		box.empty(t)
		if box.attempts != 3 {
			t.Errorf("accepted %d times, want 3", box.attempts)
		}
	})
}

func TestPollKeepsMailThatCannotBeStored(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		a, box := newAdapter(t, testConfig(s)), newInbox()
		s.put(t, letterFrom("one", "1@x"))
		refusals := 2
		poll(t, a, func(ctx context.Context, batch ...channels.Inbound) error {
			if refusals > 0 {
				refusals--
				if flags := s.flags(t, folder); slices.Contains(flags[0], imap.FlagSeen) {
					t.Error("marked as seen before it was stored")
				}
				return io.ErrShortWrite
			}
			return box.accept(ctx, batch...)
		})
		box.next(t)
	})
}

func TestPollMovesMail(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		config := testConfig(s)
		config.IMAP.After = "move:Done"
		a, box := newAdapter(t, config), newInbox()
		s.put(t, letterFrom("one", "1@x"))
		poll(t, a, box.accept)
		box.next(t)
		eventually(t, "mailbox empty", func() bool { return len(s.flags(t, folder)) == 0 })
		if done := s.flags(t, "Done"); len(done) != 1 {
			t.Errorf("%d mails in Done, want 1", len(done))
		}
	})
}

// However long a mail is, a case can be opened from its start. It is kept whole
// up to eight times the limit.
func TestPollTakesOversizedMail(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		config := testConfig(s)
		config.MaxBytes = 16 << 10
		files := config.Files.(*channelstest.Files)
		a, box := newAdapter(t, config), newInbox()
		big := letterFrom("big", "1@x") + strings.Repeat("and it goes on\r\n", 100<<6)
		huge := letterFrom("huge", "2@x") + strings.Repeat("and it goes on\r\n", 200<<6)
		s.put(t, big)
		s.put(t, huge)
		s.put(t, letterFrom("small", "3@x"))
		poll(t, a, box.accept)
		for _, test := range []struct{ subject, defect, raw string }{
			{"big", "only its start was read", big},
			{"huge", "only its start was taken in", truncatedHeader + ": " + fmt.Sprint(len(huge)) + "\r\n" + huge[:128<<10]},
		} {
			in := box.next(t)
			if len(in.Raw) != 0 || files.Content(in.File) != test.raw {
				t.Errorf("%s: kept are %d bytes, held %d", test.subject, in.Size(), len(in.Raw))
			}
			msg, err := a.Read(context.Background(), in)
			if err != nil || msg.Subject != test.subject || !strings.Contains(msg.Text, "Water is leaking") ||
				!slices.ContainsFunc(msg.Defects, func(d string) bool { return strings.Contains(d, test.defect) }) {
				t.Errorf("subject %q, defects %q, error %v", msg.Subject, msg.Defects, err)
			}
		}
		box.next(t)
	})
}

// gate stands between adapter and server. Its connections can be made silent
// or cut.
type gate struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	silent   bool
	conns    []net.Conn
	accepted int
	wg       sync.WaitGroup
}

func newGate(t *testing.T, target string) *gate {
	g := &gate{listener: listen(t), target: target}
	g.wg.Add(1)
	go g.serve()
	t.Cleanup(func() { _ = g.listener.Close(); g.cut(); g.wg.Wait() })
	return g
}

func (g *gate) serve() {
	defer g.wg.Done()
	for {
		client, err := g.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", g.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		g.mu.Lock()
		g.conns = append(g.conns, client, server)
		g.accepted++
		g.mu.Unlock()
		g.wg.Add(2)
		go g.copy(client, server)
		go g.copy(server, client)
	}
}

func (g *gate) copy(dst, src net.Conn) {
	defer g.wg.Done()
	defer func() { _ = dst.Close(); _ = src.Close() }()
	buf := make([]byte, 4096)
	for {
		n, err := src.Read(buf)
		if err != nil {
			return
		}
		g.mu.Lock()
		silent := g.silent
		g.mu.Unlock()
		if silent {
			continue
		}
		if _, err := dst.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (g *gate) silence(on bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent = on
}

func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

func (g *gate) connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.accepted
}

func TestPollResumesAfterStallAndDrop(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		g := newGate(t, s.address)
		config := testConfig(s)
		config.IMAP.Address = g.listener.Addr().String()
		config.IMAP.PollInterval = 50 * time.Millisecond
		config.StallTimeout = 300 * time.Millisecond
		a, box := newAdapter(t, config), newInbox()
		s.put(t, letterFrom("one", "1@x"))
		poll(t, a, box.accept)
		box.next(t)

		g.silence(true)
		s.put(t, letterFrom("while it stalls", "2@x"))
		eventually(t, "stall seen", func() bool { return a.Health().Error == "the server does not answer" })
		g.silence(false)
		box.next(t)

		eventually(t, "healthy", func() bool { return a.Health().Up })
		before := g.connections()
		g.cut()
		s.put(t, letterFrom("after the drop", "3@x"))
		box.next(t)
		if g.connections() == before {
			t.Error("no new connection was made")
		}
		box.empty(t)
	})
}

func TestPollTellsOfARefusedLoginWithoutSecrets(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		var log logged
		config := testConfig(s)
		config.IMAP.Username, config.IMAP.Password = "nobody@example.org", "wrong-hunter2"
		if s.username == "complaints" {
			config.IMAP.Username = s.username
		}
		config.Log = slog.New(slog.NewTextHandler(&log, nil))
		config.StallTimeout = 10 * time.Second
		a, box := newAdapter(t, config), newInbox()
		poll(t, a, box.accept)
		eventually(t, "told", func() bool { return strings.Contains(a.Health().Error, "login refused") })
		for _, secret := range []string{"hunter2", "nobody@"} {
			if strings.Contains(log.String()+a.Health().Error, secret) {
				t.Errorf("%q leaked: %s", secret, log.String())
			}
		}
	})
}

func TestPollWithoutLeaseDoesNotConnect(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		g := newGate(t, s.address)
		held, asked := false, make(chan struct{}, 100)
		var mu sync.Mutex
		config := testConfig(s)
		config.IMAP.Address = g.listener.Addr().String()
		config.IMAP.PollInterval = 20 * time.Millisecond
		config.Lease = func(context.Context) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			select {
			case asked <- struct{}{}:
			default:
			}
			return held, nil
		}
		a, box := newAdapter(t, config), newInbox()
		s.put(t, letterFrom("one", "1@x"))
		poll(t, a, box.accept)
		<-asked
		<-asked
		if g.connections() != 0 {
			t.Error("connected without the lease")
		}
		mu.Lock()
		held = true
		mu.Unlock()
		box.next(t)
	})
}

// After minutes without a database the mailbox is read again at once, not
// after the pause that a broken mail server gets.
func TestPollIsBackSoonAfterTheDatabaseIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(10 * time.Minute)
		var asked time.Time
		config := testConfig(mailServer{address: "127.0.0.1:1", username: "asha", password: "x", interval: time.Minute})
		config.Lease = func(context.Context) (bool, error) {
			if time.Now().Before(back) {
				return false, errors.New("the database is away")
			}
			if asked.IsZero() {
				asked = time.Now()
			}
			return false, nil
		}
		a, err := New(config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		_ = a.Poll(ctx, nil)
		if late := asked.Sub(back); asked.IsZero() || late > 15*time.Second {
			t.Errorf("asked again %v after the database was back", late)
		}
		if h := a.Health(); !h.Up {
			t.Errorf("health %+v", h)
		}
	})
}
