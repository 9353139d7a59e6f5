package email

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/redress-cms/redress/channels/channelstest"
)

// wire stands between adapter and server, and meddles.
type wire struct {
	listener net.Listener
	target   string
	// atLine, if set, is called with each line of the adapter's before the
	// server has it; what it returns goes to the adapter.
	atLine func(line string) string
	most   int64 // bytes that a connection brings before it breaks; 0: any
	wg     sync.WaitGroup
}

func newWire(t *testing.T, w *wire) string {
	w.listener = listen(t)
	w.wg.Go(w.serve)
	t.Cleanup(func() { _ = w.listener.Close(); w.wg.Wait() })
	return w.listener.Addr().String()
}

func (w *wire) serve() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		var writing sync.Mutex
		w.wg.Go(func() { w.up(client, server, &writing) })
		w.wg.Go(func() { w.down(client, server, &writing) })
	}
}

func (w *wire) up(client, server net.Conn, writing *sync.Mutex) {
	defer func() { _ = client.Close(); _ = server.Close() }()
	for lines := bufio.NewReader(client); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		if w.atLine != nil {
			writing.Lock()
			_, err = io.WriteString(client, w.atLine(line))
			writing.Unlock()
			if err != nil {
				return
			}
		}
		if _, err := io.WriteString(server, line); err != nil {
			return
		}
	}
}

func (w *wire) down(client, server net.Conn, writing *sync.Mutex) {
	defer func() { _ = client.Close(); _ = server.Close() }()
	buf := make([]byte, 4096)
	for brought := int64(0); w.most == 0 || brought < w.most; {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		brought += int64(n)
		writing.Lock()
		_, err = client.Write(buf[:n])
		writing.Unlock()
		if err != nil {
			return
		}
	}
}

func longLetter(subject, id string, size int) string {
	return letterFrom(subject, id) + strings.Repeat("and it goes on\r\n", size/16)
}

// A connection that breaks again and again still brings mail by mail, each
// once, and all are marked in the end.
func TestPollGoesOnWhereTheConnectionBroke(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		subjects := []string{"one", "two", "three", "four", "five"}
		for _, subject := range subjects {
			s.put(t, longLetter(subject, subject+"@x", 100<<10))
		}
		config := testConfig(s)
		config.IMAP.Address = newWire(t, &wire{target: s.address, most: 250 << 10})
		a, box := newAdapter(t, config), newInbox()
		poll(t, a, box.accept)
		files := config.Files.(*channelstest.Files)
		for _, subject := range subjects {
			if in := box.next(t); files.Content(in.File) != longLetter(subject, subject+"@x", 100<<10) {
				t.Errorf("%q is not whole: %d bytes", subject, in.Size())
			}
		}
		eventually(t, "all marked", func() bool {
			return !slices.ContainsFunc(s.flags(t, folder), func(f []imap.Flag) bool { return !slices.Contains(f, imap.FlagSeen) })
		})
		box.empty(t)
		if box.attempts != len(subjects) {
			t.Errorf("accepted %d times, want each mail once", box.attempts)
		}
	})
}

// News of a mail's flags that come in while it is fetched are not the mail.
func TestPollMissesNoMailForNewsOfIt(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		s.put(t, letterFrom("one", "1@x"))
		s.put(t, letterFrom("two", "2@x"))
		config := testConfig(s)
		var once sync.Once
		config.IMAP.Address = newWire(t, &wire{target: s.address, atLine: func(line string) (news string) {
			if strings.Contains(line, "BODY.PEEK") {
				once.Do(func() { news = "* 1 FETCH (UID 1 FLAGS (\\Flagged))\r\n" })
			}
			return news
		}})
		a, box := newAdapter(t, config), newInbox()
		poll(t, a, box.accept)
		for _, subject := range []string{"one", "two"} {
			if in := box.next(t); !strings.Contains(string(in.Raw), "Subject: "+subject) {
				t.Errorf("got %q, want %q", in.Raw, subject)
			}
		}
		box.empty(t)
	})
}

// A server that never gives a mail it lists is told of, and the mail is not
// passed over.
func TestPollPassesNoMailOver(t *testing.T) {
	eachServer(t, func(t *testing.T, s mailServer) {
		for _, id := range []string{"1@x", "2@x", "3@x"} {
			s.put(t, letterFrom("leak", id))
		}
		config := testConfig(s)
		config.IMAP.Address = newWire(t, &wire{target: s.address, atLine: func(line string) string {
			if strings.Contains(line, "BODY.PEEK") {
				return "* 2 FETCH (UID 2 FLAGS (\\Flagged))\r\n"
			}
			return ""
		}})
		a, box := newAdapter(t, config), newInbox()
		stop := poll(t, a, box.accept)
		if in := box.next(t); !strings.Contains(string(in.Raw), "1@x") {
			t.Errorf("first came %q", in.Raw)
		}
		eventually(t, "told", func() bool { return strings.Contains(a.Health().Error, "does not give a mail") })
		stop()
		box.empty(t)
		config.IMAP.Address = s.address
		poll(t, newAdapter(t, config), box.accept)
		for _, id := range []string{"2@x", "3@x"} {
			if in := box.next(t); !strings.Contains(string(in.Raw), id) {
				t.Errorf("got %q, want %s", in.Raw, id)
			}
		}
	})
}

func TestBatches(t *testing.T) {
	sized := func(sizes ...int64) []listed {
		var list []listed
		for i, size := range sizes {
			list = append(list, listed{uid: imap.UID(i + 1), size: size})
		}
		return list
	}
	for name, test := range map[string]struct {
		mails []listed
		want  int
	}{
		"a few":        {sized(500, 500, 500), 3},
		"many":         {sized(slices.Repeat([]int64{500}, 1000)...), batchMails},
		"held ones":    {sized(slices.Repeat([]int64{smallMail}, 100)...), heldBytes / smallMail},
		"large ones":   {sized(slices.Repeat([]int64{10 << 20}, 40)...), 6},
		"one too long": {sized(1<<30, 500), 1},
	} {
		if got := batchLength(test.mails); got != test.want {
			t.Errorf("%s: %d together, want %d", name, got, test.want)
		}
	}
}
