package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// startToDie starts what takes messages in, as a process of its own.
func (s *played) startToDie() *process {
	s.t.Helper()
	command := "serve"
	if s.redis != nil {
		s.run("migrate")
		command = "gateway"
	}
	p := s.startProcess(command)
	s.awaitReady()
	return p
}

// The process dies after it kept a text, and before Twilio heard so.
func TestKilledBeforeTheAnswer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, shared bool) {
		s := newPlayed(t, shared)
		door := newDoor(t, s.url)
		s.twilio.Route(s.url, door.URL)
		p := s.startToDie()
		door.slam(p.kill)
		phone := s.texter()
		sid, err := s.twilio.SendSMS(twilioapi.Incoming{From: phone.number, Body: "Water is leaking in Ward 4"})
		must(t, err)
		<-p.ended

		s.open()
		s.eventually("2xx", func() error {
			for _, m := range s.twilio.Messages() {
				if m.SID == sid && m.Delivered {
					return nil
				}
			}
			return fmt.Errorf("not yet")
		})
		s.clock.step(3 * time.Minute) // what was being sent at the end is asked about
		ref := reference(t, phone.hear("Water and Sewerage"))
		s.awaitHandled()
		s.awaitOutbound(phone.number, "delivered", 1)
		if got := s.casesOf("sms:" + phone.number); len(got) != 1 || len(incomingOf(s.show(ref).Messages)) != 1 {
			t.Errorf("%d cases, messages %q", len(got), incomingOf(s.show(ref).Messages))
		}
		if got := s.texts(phone.number); len(got) != 1 {
			t.Errorf("%d acknowledgements: %q", len(got), got)
		}
	})
}

// door stands before the program. It can be slammed: the next request is
// handled, but its answer never comes out.
type door struct {
	*httptest.Server
	target string
	mu     sync.Mutex
	then   func()
}

func newDoor(t *testing.T, target string) *door {
	d := &door{target: target}
	d.Server = httptest.NewServer(d)
	t.Cleanup(d.Close)
	return d
}

func (d *door) slam(then func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.then = then
}

// ServeHTTP implements http.Handler.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, err := http.NewRequestWithContext(r.Context(), r.Method, d.target+r.URL.RequestURI(), r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	request.Header = r.Header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer response.Body.Close()
	d.mu.Lock()
	then := d.then
	d.then = nil
	d.mu.Unlock()
	if then != nil && response.StatusCode == http.StatusOK {
		then()
		panic(http.ErrAbortHandler) // cuts the connection
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.Copy(w, response.Body) // the caller went away
}

// The process dies after it took a mail in, and before it marked it.
func TestKilledBeforeTheFlag(t *testing.T) {
	t.Parallel() // it waits for leases of the dead
	onEachEngine(t, func(t *testing.T, shared bool) {
		s := newPlayed(t, shared)
		wire := newWire(t, s.mail.IMAPAddress())
		s.settings(wire.Addr().String())
		from := stranger()
		_, err := s.mail.Write(letter(from, "Leak", "Water is leaking in Ward 4"))
		must(t, err)
		dead := make(chan struct{})
		var p *process
		started := make(chan struct{})
		wire.onStore(func() {
			<-started
			p.kill()
			close(dead)
		})
		if shared {
			s.run("migrate")
			p = s.startProcess("gateway")
		} else {
			p = s.startProcess("serve")
		}
		close(started)
		<-dead

		s.open()
		_, err = s.mail.Write(letter(from, "Leak", "Water is leaking at the market"))
		must(t, err)
		s.eventually("the next mail as a case", func() error {
			if n := len(s.casesOf("email:" + from)); n < 2 {
				return fmt.Errorf("%d cases", n)
			}
			return nil
		})
		s.awaitHandled()
		s.eventually("every answer settled", func() error {
			for _, o := range s.outbound(from) {
				if o.State != "sent" && o.State != "uncertain" {
					return fmt.Errorf("one is %s", o.State)
				}
			}
			return nil
		})
		if got := s.casesOf("email:" + from); len(got) != 2 {
			t.Errorf("%d cases, want two", len(got))
		}
		// Whether an answer that was just being sent arrived, no mail server tells.
		rows, letters := s.outbound(from), s.letters(from)
		uncertain := 0
		for _, o := range rows {
			if o.State == "uncertain" {
				uncertain++
			}
		}
		if len(rows) != 2 || len(letters) > 2 || len(letters) < 2-uncertain {
			t.Errorf("%d answers, %d of them uncertain, %d arrived", len(rows), uncertain, len(letters))
		}
	})
}

// wire stands between the program and its mailbox and watches for the command
// that marks a mail, which it does not let pass the first time.
type wire struct {
	net.Listener
	target string
	store  atomic.Pointer[func()]
}

func newWire(t *testing.T, target string) *wire {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := &wire{Listener: listener, target: target}
	t.Cleanup(func() { _ = w.Close() })
	go w.serve()
	return w
}

func (w *wire) onStore(f func()) { w.store.Store(&f) }

func (w *wire) serve() {
	for {
		client, err := w.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
		go func() { w.watch(server, client); _ = server.Close() }()
	}
}

func (w *wire) watch(server io.Writer, client io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		if f := w.store.Load(); f != nil && bytes.Contains(bytes.ToUpper(buf[:n]), []byte(" STORE ")) && w.store.CompareAndSwap(f, nil) {
			(*f)()
			return
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// Who works is killed again and again while it works.
func TestKilledInALoop(t *testing.T) {
	t.Parallel() // it waits for leases of the dead
	const kills, each = 5, 20
	onEachEngine(t, func(t *testing.T, shared bool) {
		s := newPlayed(t, shared)
		command, environ := "serve", []string(nil)
		if shared {
			command, environ = "worker", []string{"REDRESS_HTTP_LISTEN=" + freeAddress(t)}
			s.run("migrate")
			s.openGateway()
			s.awaitReady()
		}
		var phones []*texter
		for range kills {
			done := s.acknowledged(phones)
			for i := range each {
				phone := s.texter()
				phone.say(fmt.Sprintf("Water is leaking at number %d", i))
				phones = append(phones, phone)
			}
			working := s.startProcess(command, environ...)
			s.eventually("some acknowledgements", func() error {
				if n := s.acknowledged(phones); n < done+3 {
					return fmt.Errorf("%d, before it were %d", n, done)
				}
				return nil
			})
			working.kill()
		}
		if shared {
			s.root.startAt(s.clock, app.Role{Worker: true}, freeAddress(t))
		} else {
			s.open()
		}
		s.eventually("every text taken in", s.undelivered)
		s.awaitHandled()
		s.atLast("no acknowledgement left to send", func() error { return s.unsent(cases.ToComplainant, "pending", "retry") })
		s.clock.step(4 * time.Minute) // what was cut off is uncertain, and asked about
		s.atLast("nothing unfinished", func() error {
			return s.unsent(cases.ToComplainant, "pending", "retry", "attempting", "uncertain")
		})
		s.onceEach(phones)
	})
}

// undelivered is an error while a text was not answered 2xx.
func (w *world) undelivered() error {
	for _, m := range w.twilio.Messages() {
		if m.Direction == twilioapi.Inbound && !m.Delivered {
			return fmt.Errorf("one waits")
		}
	}
	return nil
}

// onceEach checks that everybody has one case and one acknowledgement.
func (s *played) onceEach(phones []*texter) {
	s.t.Helper()
	opened := map[string]int{}
	for _, c := range s.cases() {
		opened[c.Contact.Addresses[0]]++
	}
	for _, phone := range phones {
		if n, got := opened["sms:"+phone.number], s.texts(phone.number); n != 1 || len(got) != 1 {
			s.t.Errorf("%d cases and %d messages for one complaint: %q", n, len(got), got)
		}
	}
	s.run("audit", "verify")
}

// Redis loses everything, and goes away, while many write.
func TestRedisFlushedAndAway(t *testing.T) {
	t.Parallel()
	s := newPlayed(t, true)
	s.open()
	var phones []*texter
	burst := func() {
		for range 50 {
			phone := s.texter()
			phone.say("Water is leaking in Ward 4")
			phones = append(phones, phone)
		}
	}
	acknowledged := func(want int) {
		s.eventually(fmt.Sprintf("%d acknowledgements", want), func() error {
			if n := s.acknowledged(phones); n < want {
				return fmt.Errorf("%d", n)
			}
			return nil
		})
	}
	burst()
	acknowledged(10)
	s.redis.flush()
	burst()
	acknowledged(60)
	s.redis.flush()
	s.redis.stop()
	burst()
	burst()
	s.eventually("2xx for every text, without Redis", s.undelivered)
	acknowledged(len(phones))
	s.redis.start()
	burst()
	acknowledged(len(phones))
	s.awaitHandled()
	s.atLast("nothing left to send", func() error { return s.unsent(cases.ToComplainant, "pending", "retry", "attempting", "uncertain") })
	s.onceEach(phones)
}

// acknowledged counts those who were.
func (w *world) acknowledged(phones []*texter) int {
	got := map[string]bool{}
	for _, m := range w.twilio.Messages() {
		if m.Direction == twilioapi.Outbound {
			got[m.To] = true
		}
	}
	n := 0
	for _, phone := range phones {
		if got[phone.number] {
			n++
		}
	}
	return n
}
