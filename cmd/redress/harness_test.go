package main

import (
	"context"
	"errors"
	"fmt"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/configs"
	"github.com/redress-cms/redress/pipeline"
)

// asProgram in the environment makes the test binary the program itself.
const asProgram = "RUN_AS_REDRESS"

// TestMain runs the tests, or the program for a test that kills it.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	logging.Disable()
	os.Exit(m.Run())
}

// played is a world whose mail servers are played too, so that every provider
// can be made to fail, and whose clock can be moved.
type played struct {
	*world
	root  *world // lives as long as the whole test
	mail  *mailserver.Server
	redis *redisServer // nil: embedded engines
	clock *steppedClock

	further     []string // further settings of the complaints mailbox
	listen      string
	stopGateway func() // of engines that are shared
}

// onEachEngine runs a test on the embedded engines and on shared ones.
func onEachEngine(t *testing.T, test func(t *testing.T, shared bool)) {
	for _, shared := range []bool{false, true} {
		t.Run(map[bool]string{false: "embedded", true: "shared"}[shared], func(t *testing.T) { test(t, shared) })
	}
}

// newPlayed starts the providers and writes the settings. Nothing of Redress
// runs yet. Lines of mailbox are added to the settings of the complaints mailbox.
func newPlayed(t *testing.T, shared bool, mailbox ...string) *played {
	t.Helper()
	w := &world{t: t, folder: t.TempDir(), logs: &syncBuffer{}, mailbox: "complaints"}
	s := &played{world: w, root: w, clock: &steppedClock{moved: make(chan struct{})}, listen: freeAddress(t), further: mailbox}
	w.url = "http://" + s.listen
	w.startPhoneAndChat()
	var err error
	s.mail, err = mailserver.Start(mailserver.Config{
		Complaints: mailserver.Account{Name: "City of Test", Address: "complaints@city.test", Login: "complaints", Password: "secret"},
		People:     []mailserver.Account{{Address: "office@city.test", Login: "office", Password: "secret"}, {Address: "dora@redress.test"}},
		AuthServID: "mx.city.test",
	})
	must(t, err)
	t.Cleanup(func() { _ = s.mail.Close() })
	if shared {
		s.redis = startRedis(t)
	}
	s.settings(s.mail.IMAPAddress())
	return s
}

// settings writes the settings file; the mailbox is read at imap.
func (s *played) settings(imap string) {
	s.t.Helper()
	organisation, err := os.ReadFile("testdata/organisation.yaml")
	must(s.t, err)
	must(s.t, os.WriteFile(filepath.Join(s.folder, "organisation.yaml"), organisation, 0o600))
	engines := ""
	if s.redis != nil {
		engines = fmt.Sprintf("database: {url: %q}\nredis: {url: %q}\n", freshDatabase(s.t), "redis://"+s.redis.address+"/0")
	}
	var further strings.Builder
	for _, line := range s.further {
		further.WriteString("      " + line + "\n")
	}
	s.config = filepath.Join(s.folder, "redress.yaml")
	text := fmt.Sprintf(`data_dir: %q
%shttp: {listen: %q, public_url: %q}
organisation: {file: %q}
log: {level: warn}
channels:
  email:
    - name: complaints
      imap: {address: %q, tls: none, username: complaints, password: secret, poll_interval: 5s, after: seen}
      smtp: {address: %q, tls: none}
      from: City of Test <complaints@city.test>
      auth_serv_ids: [mx.city.test]
%s    - name: office
      imap: {address: %q, tls: none, username: office, password: secret, poll_interval: 5s, after: seen}
      smtp: {address: %q, tls: none}
      from: City of Test <office@city.test>
      auth_serv_ids: [mx.city.test]
  sms:
    - {name: main, provider: twilio, account_sid: %q, auth_token: %q, api_base_url: %q, numbers: ["+12025550100"], segments_per_second: 500}
  telegram:
    - {name: city, token: %q, api_base_url: %q, mode: poll, audience: both}
`, filepath.Join(s.folder, "data"), engines, s.listen, s.url, filepath.Join(s.folder, "organisation.yaml"),
		imap, s.mail.SMTPAddress(), further.String(), s.mail.IMAPAddress(), s.mail.SMTPAddress(),
		s.twilio.AccountSID(), s.twilio.AuthToken(), s.twilio.URL(), s.telegram.Token(), s.telegram.URL())
	must(s.t, os.WriteFile(s.config, []byte(text), 0o600))
}

// in is the same world for a subtest.
func (s *played) in(t *testing.T) *played {
	next := *s
	next.world = s.world.in(t)
	return &next
}

// open starts all of Redress on the clock of the world.
func (s *played) open() {
	s.t.Helper()
	if s.redis == nil {
		s.root.startAt(s.clock, app.Role{Gateway: true, Worker: true}, s.listen)
	} else {
		s.run("migrate")
		s.openGateway()
		s.root.startAt(s.clock, app.Role{Worker: true}, freeAddress(s.t))
	}
	s.awaitReady()
}

func (s *played) openGateway() {
	s.t.Helper()
	s.stopGateway = s.root.startAt(s.clock, app.Role{Gateway: true}, s.listen)
}

// startAt runs a part of Redress on a clock of its own until the test ends.
func (w *world) startAt(clock pipeline.Clock, role app.Role, listen string) (stop func()) {
	w.t.Helper()
	settings, err := configs.Load(w.config, nil)
	must(w.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	listener, err := app.Listen(ctx, listen)
	must(w.t, err)
	gate := app.NewGate(ctx, listener)
	a, err := app.Open(ctx, app.Options{Settings: settings, Logger: app.NewLogger(w.logs, settings.Log), Clock: clock})
	must(w.t, err)
	done := make(chan error, 1)
	go func() {
		err := a.Run(ctx, role, gate)
		gate.Drain(ctx)
		done <- errors.Join(err, a.Close())
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					w.t.Errorf("%+v ended: %v\nlog:\n%s", role, err, w.logs)
				}
			case <-time.After(patience):
				w.t.Errorf("%+v does not stop", role)
			}
		})
	}
	w.t.Cleanup(stop)
	return stop
}

// complains writes a complaint about water and returns its reference.
func (c *texter) complains(about string) string {
	c.w.t.Helper()
	c.say("Water is leaking " + about)
	return reference(c.w.t, c.hear("Water and Sewerage"))
}

// complains writes a complaint about water and returns its reference.
func (c *chatter) complains(about string) string {
	c.w.t.Helper()
	c.say("Water is leaking " + about)
	return reference(c.w.t, c.hear("Water and Sewerage"))
}

func reference(t *testing.T, message string) string {
	t.Helper()
	ref := referencePattern.FindString(message)
	if ref == "" {
		t.Fatalf("no reference in %q", message)
	}
	return ref
}

// letter is a mail of somebody to the city.
func letter(from, subject, body string) mailserver.Letter {
	return mailserver.Letter{From: from, Subject: subject, Body: body}
}

// stranger is a mail address that nobody else uses.
func stranger() string { return fmt.Sprintf("citizen-%d@citizen.test", people.Add(1)) }

// awaitMail waits for a mail from the city that contains all of parts.
func (s *played) awaitMail(address string, parts ...string) mailserver.Mail {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	m, err := s.mail.AwaitMail(ctx, address, func(m mailserver.Mail) bool {
		return !m.Outgoing && contains(m.Subject+"\n"+m.Text, parts)
	})
	if err != nil {
		s.t.Fatalf("no mail with %q: %v\nlog:\n%s", parts, err, s.logs)
	}
	return m
}

// sendMail hands a mail in by SMTP.
func sendMail(address, from string, raw []byte, to ...string) error {
	return smtp.SendMail(address, nil, from, to, raw)
}
