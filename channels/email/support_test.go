package email

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"go.uber.org/goleak"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
	"github.com/redress-cms/redress/scripts/testenv"
)

// The IMAP library's server waits for ever for its own lock when a connection
// breaks while it writes an answer; that leak is not ours.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/emersion/go-imap/v2/imapserver.(*Conn).serve"))
}

// mailServer is an IMAP server that a test talks to beside the adapter.
type mailServer struct {
	address, username, password string
	// interval is how often to look without being told: the server in memory
	// does not tell of what arrives just before IDLE.
	interval time.Duration
}

const folder = "Complaints"

// mailServers are the servers that every test of the poller runs against.
var mailServers = map[string]func(t *testing.T) mailServer{"in memory": memoryServer, "dovecot": dovecot}

func eachServer(t *testing.T, run func(t *testing.T, s mailServer)) {
	for name, start := range mailServers {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.do(t, func(c *imapclient.Client) error { return c.Create(folder, nil).Wait() })
			run(t, s)
		})
	}
}

func memoryServer(t *testing.T) mailServer {
	user := imapmemserver.NewUser("complaints", "secret")
	memory := imapmemserver.New()
	memory.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return memory.NewSession(), nil, nil
		},
		InsecureAuth: true,
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		Logger:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	})
	listener := listen(t)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return mailServer{listener.Addr().String(), "complaints", "secret", 500 * time.Millisecond}
}

func dovecot(t *testing.T) mailServer {
	address := testenv.Need(t, testenv.IMAP)
	name := strings.NewReplacer("/", "-", " ", "-").Replace(strings.ToLower(t.Name()))
	return mailServer{address, name + "-" + time.Now().Format("150405.000000"), "secret", time.Minute}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// do runs commands on a connection of its own.
func (s mailServer) do(t *testing.T, run func(c *imapclient.Client) error) {
	t.Helper()
	client, err := imapclient.DialInsecure(s.address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := client.Login(s.username, s.password).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := run(client); err != nil {
		t.Fatal(err)
	}
}

func (s mailServer) put(t *testing.T, raw string, flags ...imap.Flag) {
	t.Helper()
	s.do(t, func(c *imapclient.Client) error {
		cmd := c.Append(folder, int64(len(raw)), &imap.AppendOptions{Flags: flags, Time: time.Now().AddDate(0, 0, -9)})
		if _, err := io.WriteString(cmd, raw); err != nil {
			return err
		}
		if err := cmd.Close(); err != nil {
			return err
		}
		_, err := cmd.Wait()
		return err
	})
}

// flags lists the flags of each mail of a mailbox.
func (s mailServer) flags(t *testing.T, mailbox string) [][]imap.Flag {
	t.Helper()
	var all [][]imap.Flag
	s.do(t, func(c *imapclient.Client) error {
		data, err := c.Select(mailbox, nil).Wait()
		if err != nil || data.NumMessages == 0 {
			return err
		}
		mails, err := c.Fetch(imap.SeqSet{imap.SeqRange{Start: 1}}, &imap.FetchOptions{Flags: true}).Collect()
		for _, m := range mails {
			all = append(all, m.Flags)
		}
		return err
	})
	return all
}

// cursors keeps cursors in memory; fail makes the next writes fail.
type cursors struct {
	mu     sync.Mutex
	values map[string]string
	fail   int
}

func (c *cursors) Cursor(_ context.Context, name string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.values[name], nil
}

func (c *cursors) SetCursor(_ context.Context, name, value string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail > 0 {
		c.fail--
		return io.ErrUnexpectedEOF
	}
	if c.values == nil {
		c.values = map[string]string{}
	}
	c.values[name] = value
	return nil
}

// inbox is what was accepted: each mail once, as the database would keep it.
type inbox struct {
	mu       sync.Mutex
	known    map[string]bool
	attempts int
	mails    chan channels.Inbound // the new ones
}

func newInbox() *inbox {
	return &inbox{known: map[string]bool{}, mails: make(chan channels.Inbound, 1000)}
}

func (i *inbox) accept(_ context.Context, batch ...channels.Inbound) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, in := range batch {
		i.attempts++
		if !i.known[in.ExternalID] {
			i.known[in.ExternalID] = true
			i.mails <- in
		}
	}
	return nil
}

func (i *inbox) next(t *testing.T) channels.Inbound {
	t.Helper()
	select {
	case in := <-i.mails:
		return in
	case <-time.After(20 * time.Second):
		t.Fatal("no mail was taken in")
		return channels.Inbound{}
	}
}

func (i *inbox) empty(t *testing.T) {
	t.Helper()
	select {
	case in := <-i.mails:
		t.Fatalf("a mail was taken in twice, or is none of ours:\n%s", in.Raw)
	default:
	}
}

// logged is where the adapter under test writes its log.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func testConfig(s mailServer) Config {
	return Config{
		Account: "complaints", From: "City Complaints <complaints@city.example>",
		IMAP:    IMAP{Address: s.address, TLS: "none", Username: s.username, Password: s.password, Mailbox: folder, PollInterval: s.interval},
		SMTP:    SMTP{Address: "127.0.0.1:1", TLS: "none"},
		Cursors: &cursors{}, Files: &channelstest.Files{}, StallTimeout: 10 * time.Second,
	}
}

// newAdapter makes an adapter that comes back fast after a failure.
func newAdapter(t *testing.T, config Config) *Adapter {
	t.Helper()
	a, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	a.pauses = pauses{first: 10 * time.Millisecond, most: 50 * time.Millisecond, refused: 50 * time.Millisecond}
	t.Cleanup(a.Close)
	return a
}

// poll runs the poller until the returned function or the test's end.
func poll(t *testing.T, a *Adapter, accept channels.Accept) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := a.Poll(ctx, accept); ctx.Err() == nil {
			t.Errorf("Poll ended by itself: %v", err)
		}
	}()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); <-done }) }
	t.Cleanup(stop)
	return stop
}

// eventually waits for something that the adapter does after accept.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("did not happen: %s", what)
		case <-tick.C:
		}
	}
}

func letterFrom(subject, id string) string {
	return "From: Asha <asha@example.org>\r\nTo: complaints@city.example\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + ">\r\nDate: Mon, 2 Jan 2006 15:04:05 +0000\r\n\r\nWater is leaking.\r\n"
}
