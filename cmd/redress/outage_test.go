package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// relay is an address that leads to a server, or to nothing.
type relay struct {
	t        *testing.T
	address  string
	upstream string

	mu       sync.Mutex
	listener net.Listener
	open     []net.Conn
}

// newRelay leads to nothing until it is connected.
func newRelay(t *testing.T, upstream string) *relay {
	t.Helper()
	r := &relay{t: t, address: freeAddress(t), upstream: upstream}
	t.Cleanup(r.disconnect)
	return r
}

func (r *relay) connect() {
	r.t.Helper()
	listener, err := net.Listen("tcp", r.address)
	must(r.t, err)
	r.mu.Lock()
	r.listener = listener
	r.mu.Unlock()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go r.carry(near)
		}
	}()
}

func (r *relay) carry(near net.Conn) {
	far, err := net.Dial("tcp", r.upstream)
	if err != nil {
		_ = near.Close()
		return
	}
	r.mu.Lock()
	r.open = append(r.open, near, far)
	r.mu.Unlock()
	go func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}()
	_, _ = io.Copy(near, far)
	_ = near.Close()
}

// disconnect ends all connections and takes no more.
func (r *relay) disconnect() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener != nil {
		_ = r.listener.Close()
		r.listener = nil
	}
	for _, conn := range r.open {
		_ = conn.Close()
	}
	r.open = nil
}

// check is a part or an account in the answer of /readyz.
type check struct {
	Channel, Account, Error string
	OK                      bool
	LastSuccess             *string `json:"last_success"`
}

// readiness is what /readyz answers.
func (w *world) readiness() (status int, parts map[string]check, accounts map[string]check, err error) {
	response, err := http.Get(w.url + "/readyz")
	if err != nil {
		return 0, nil, nil, err
	}
	defer response.Body.Close()
	var answer struct {
		Ready    bool
		Checks   map[string]check
		Channels []check
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return 0, nil, nil, err
	}
	if answer.Ready != (response.StatusCode == http.StatusOK) {
		return 0, nil, nil, fmt.Errorf("status %d with ready %t", response.StatusCode, answer.Ready)
	}
	accounts = map[string]check{}
	for _, c := range answer.Channels {
		accounts[c.Channel+" "+c.Account] = c
	}
	return response.StatusCode, answer.Checks, accounts, nil
}

// awaitFault waits until /readyz is 503 because of an account, and says so.
func (w *world) awaitFault(account string, parts ...string) {
	w.t.Helper()
	w.eventually("the fault of "+account, func() error {
		status, _, accounts, err := w.readiness()
		if c := accounts[account]; err != nil || status != http.StatusServiceUnavailable || c.OK || !contains(c.Error, parts) {
			return fmt.Errorf("status %d, %+v, %w", status, accounts, err)
		}
		return nil
	})
}

// awaitNoDatabase waits until /readyz is 503 because of the database.
func (w *world) awaitNoDatabase() {
	w.t.Helper()
	w.eventually("the missing database in /readyz", func() error {
		status, parts, _, err := w.readiness()
		if c := parts["database"]; err != nil || status != http.StatusServiceUnavailable || c.OK || !strings.Contains(c.Error, "does not answer") {
			return fmt.Errorf("status %d, %+v, %w", status, parts, err)
		}
		return nil
	})
}

// lines are those of the log that contain all of parts.
func (w *world) lines(parts ...string) []string {
	var found []string
	for line := range strings.Lines(w.logs.String()) {
		if contains(line, parts) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// alive sees that the process is up though it is not ready.
func (w *world) alive() {
	w.t.Helper()
	if r := runCommand(w.t.Context(), "", "healthcheck", "--config", w.config); r.code != exitOK || r.out != "alive\n" {
		w.t.Errorf("healthcheck: exit code %d, %s%s", r.code, r.out, r.errs)
	}
}

func TestMailboxAway(t *testing.T) {
	s := newPlayed(t, false)
	wire := newRelay(t, s.mail.IMAPAddress())
	s.settings(wire.address)
	s.start("serve")
	s.awaitFault("email complaints", "refuses connections")
	s.alive()
	if got := s.lines("email", "complaints", "retry_in"); len(got) == 0 {
		t.Errorf("the log does not tell of the mailbox:\n%s", s.logs)
	}
	wire.connect()
	s.awaitReady()
	wire.disconnect()
	s.awaitFault("email complaints")
	wire.connect()
	s.awaitReady()
}

func TestMailboxPasswordWrong(t *testing.T) {
	s := newPlayed(t, false)
	s.rewrite("username: complaints, password: secret", "username: complaints, password: a-wrong-password")
	s.start("serve")
	s.awaitFault("email complaints", "log")
	if status, _, accounts, err := s.readiness(); err != nil || !accounts["email office"].OK && status == http.StatusOK {
		t.Errorf("the other mailbox: %+v, %v", accounts, err)
	}
	if strings.Contains(s.logs.String(), "a-wrong-password") {
		t.Errorf("the log tells the password:\n%s", s.logs)
	}
}

func TestBotTokenWrong(t *testing.T) {
	s := newPlayed(t, false)
	s.rewrite("7000000001:bot-token-for-tests", "7000000001:wrong-token-for-tests")
	s.start("serve")
	s.awaitFault("telegram city", "token")
	s.alive()
	s.eventually("a line in the log", func() error {
		if len(s.lines("telegram", "city", "token")) == 0 {
			return fmt.Errorf("none")
		}
		return nil
	})
	if strings.Contains(s.logs.String(), "wrong-token") {
		t.Errorf("the log tells the token:\n%s", s.logs)
	}
}

// TestDatabaseAway: a gateway waits for a PostgreSQL that is away at start, says so
// in the log and by /readyz, and goes on when it comes.
func TestDatabaseAway(t *testing.T) {
	s := newPlayed(t, true)
	s.run("migrate")
	database := urlIn(t, s.config)
	wire := newRelay(t, database.Host)
	through := *database
	through.Host, through.User = wire.address, url.UserPassword(database.User.Username(), "the-database-password")
	s.rewrite(database.String(), through.String())
	stop := s.start("gateway")
	s.awaitNoDatabase()
	s.alive()
	if response, err := http.Get(s.url + "/complaints/new"); err != nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("the form is answered with %v, %v", response, err)
	}
	if got := s.lines("the database is away; trying again"); len(got) == 0 {
		t.Errorf("the log does not tell of the database:\n%s", s.logs)
	}
	r := runCommand(t.Context(), "", "case", "list", "--config", s.config)
	if r.code != exitRefused || r.out != "" || !strings.HasPrefix(r.errs, "redress: the database does not answer; check ") || strings.Count(r.errs, "\n") != 1 {
		t.Errorf("a command: exit code %d, %s%s", r.code, r.out, r.errs)
	}
	wire.connect()
	s.awaitReady()
	wire.disconnect()
	s.awaitNoDatabase()
	wire.connect()
	s.awaitReady()
	stop()
	if strings.Contains(s.logs.String()+r.errs, "the-database-password") {
		t.Errorf("the password is told:\n%s%s", s.logs, r.errs)
	}
}

// TestDatabaseNotMigrated: what waiting cannot mend ends at once.
func TestDatabaseNotMigrated(t *testing.T) {
	s := newPlayed(t, true)
	var errs bytes.Buffer
	code := Main(t.Context(), []string{"gateway", "--config", s.config}, Streams{In: strings.NewReader(""), Out: io.Discard, Err: &errs}, nil)
	if code != exitRefused || !strings.Contains(errs.String(), "run: redress migrate") {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
}

// urlIn is the database's in a settings file.
func urlIn(t *testing.T, config string) *url.URL {
	t.Helper()
	settings := runCommand(t.Context(), "", "config", "check", "--config", config)
	if settings.code != exitOK {
		t.Fatal(settings.errs)
	}
	text := readFile(t, config)
	written, found := cut(text, `database: {url: "`, `"`)
	if !found {
		t.Fatal("no database in the settings")
	}
	u, err := url.Parse(written)
	must(t, err)
	return u
}

// TestGatewayStartsWithoutTheDatabase: one that has run before takes messages
// in while PostgreSQL is away, and hands them over when it comes.
func TestGatewayStartsWithoutTheDatabase(t *testing.T) {
	s := newPlayed(t, true)
	s.run("migrate")
	database := urlIn(t, s.config)
	wire := newRelay(t, database.Host)
	through := *database
	through.Host = wire.address
	s.rewrite(database.String(), through.String())
	wire.connect()
	stop := s.start("gateway")
	s.awaitReady()
	stop()
	wire.disconnect()

	s.start("gateway")
	s.awaitNoDatabase()
	phone := s.texter()
	phone.say("Water is leaking in Ward 1")
	phone.say("NEW The street lamp is out in Ward 4")
	s.eventually("2xx for both texts", s.undelivered)
	wire.connect()
	s.awaitReady()
	s.root.startAt(s.clock, app.Role{Worker: true}, freeAddress(t))
	phone.hear("Water and Sewerage")
	phone.hear("Street Lighting")
	s.awaitHandled()
	if got := s.casesOf("sms:" + phone.number); len(got) != 2 {
		t.Errorf("%d cases, want two", len(got))
	}
	if info, err := os.Stat(filepath.Join(s.folder, "data", "gateway.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("what the gateway remembers: %v, %v", info, err)
	}
	if text := readFile(t, filepath.Join(s.folder, "data", "gateway.json")); strings.Contains(text, "+12025550171") || strings.Contains(text, "Asha") {
		t.Error("the gateway remembers people")
	}
}
