package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/configs"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/scripts/testenv"
)

// asProgram in the environment makes the test binary the program itself.
const asProgram = "RUN_AS_REDRESS"

// TestMain runs the tests, or the program for a test that kills it.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
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
// runs yet.
func newPlayed(t *testing.T, shared bool) *played {
	t.Helper()
	w := &world{t: t, folder: t.TempDir(), logs: &syncBuffer{}, mailbox: "complaints"}
	s := &played{world: w, root: w, clock: &steppedClock{moved: make(chan struct{})}, listen: freeAddress(t)}
	w.url = "http://" + s.listen
	var err error
	w.twilio, err = twilioapi.Start(twilioapi.Config{
		AccountSID: "AC00000000000000000000000000000001", AuthToken: "0123456789abcdef0123456789abcdef", Numbers: []string{"+12025550100"},
		WebhookURL: w.url + "/webhooks/sms/main", RetryEvery: 100 * time.Millisecond,
	})
	must(t, err)
	t.Cleanup(func() { _ = w.twilio.Close() })
	w.twilio.Route(w.url, w.url)
	w.telegram, err = botapi.Start(botapi.Config{Token: "7000000001:bot-token-for-tests", BotName: "CityBot"})
	must(t, err)
	t.Cleanup(func() { _ = w.telegram.Close() })
	for id, name := range map[int64]string{chatAsha: "Asha", chatRavi: "Ravi", chatMeera: "Meera", chatLeo: "Leo", chatLina: "Lina"} {
		w.telegram.AddPerson(botapi.User{ID: id, FirstName: name})
	}
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
    - name: office
      imap: {address: %q, tls: none, username: office, password: secret, poll_interval: 5s, after: seen}
      smtp: {address: %q, tls: none}
      from: City of Test <office@city.test>
      auth_serv_ids: [mx.city.test]
  sms:
    - {name: main, provider: twilio, account_sid: %q, auth_token: %q, api_base_url: %q, numbers: ["+12025550100"], segments_per_second: 500}
  telegram:
    - {name: city, token: %q, api_base_url: %q, mode: poll, audience: both}
`, filepath.Join(s.folder, "data"), engines, s.listen, s.url, filepath.Join(s.folder, "organisation.yaml"),
		imap, s.mail.SMTPAddress(), s.mail.IMAPAddress(), s.mail.SMTPAddress(),
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

// process is the program in a process of its own, so that it can be killed.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

func (w *world) startProcess(command string, environ ...string) *process {
	w.t.Helper()
	self, err := os.Executable()
	must(w.t, err)
	p := &process{command: exec.Command(self, command, "--config", w.config), ended: make(chan struct{})}
	p.command.Env = append(environ, asProgram+"=1")
	p.command.Stderr = w.logs
	must(w.t, p.command.Start())
	go func() {
		_ = p.command.Wait() // its end is the test's doing
		close(p.ended)
	}()
	w.t.Cleanup(p.kill)
	return p
}

// kill is kill -9: nothing is finished and nothing given back.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

// steppedClock is the machine's clock, off by as much as a test says.
type steppedClock struct {
	mu     sync.Mutex
	offset time.Duration
	moved  chan struct{}
}

// Now implements pipeline.Clock.
func (c *steppedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).UTC()
}

// Wait implements pipeline.Clock.
func (c *steppedClock) Wait(ctx context.Context, until time.Time) error {
	c.mu.Lock()
	moved, left := c.moved, until.Sub(time.Now().Add(c.offset))
	c.mu.Unlock()
	if left <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(min(left, time.Minute))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-moved:
	case <-timer.C:
	}
	return nil
}

// step moves the clock by d, forwards or back.
func (c *steppedClock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	close(c.moved)
	c.moved = make(chan struct{})
}

// stepTo makes it t by this clock.
func (c *steppedClock) stepTo(t time.Time) { c.step(t.Sub(c.Now())) }

// redisServer is a Redis of one test, which may be flushed and stopped.
type redisServer struct {
	t       *testing.T
	address string
	command *exec.Cmd
}

func startRedis(t *testing.T) *redisServer {
	t.Helper()
	testenv.Need(t, testenv.Redis)
	r := &redisServer{t: t, address: freeAddress(t)}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *redisServer) start() {
	r.t.Helper()
	_, port, err := net.SplitHostPort(r.address)
	must(r.t, err)
	r.command = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", r.t.TempDir())
	out, err := r.command.StdoutPipe()
	must(r.t, err)
	must(r.t, r.command.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return
		}
	}
	r.t.Fatal("redis-server does not start")
}

func (r *redisServer) stop() {
	_ = r.command.Process.Kill()
	_ = r.command.Wait()
}

// flush is FLUSHALL.
func (r *redisServer) flush() {
	r.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: r.address})
	defer client.Close()
	must(r.t, client.FlushAll(context.Background()).Err())
}

// cases is `redress case list --json`.
func (w *world) cases() []app.CaseView {
	w.t.Helper()
	var list []app.CaseView
	must(w.t, json.Unmarshal([]byte(w.run("case", "list", "--limit", "1000", "--json")), &list))
	return list
}

// casesOf are the cases of who has an address, such as "sms:+12025550141".
func (w *world) casesOf(address string) []app.CaseView {
	w.t.Helper()
	return slices.DeleteFunc(w.cases(), func(c app.CaseView) bool { return !slices.Contains(c.Contact.Addresses, address) })
}

// inbound is `redress inbound list --json` with the flags given.
func (w *world) inbound(flags ...string) []app.InboundView {
	w.t.Helper()
	var list []app.InboundView
	must(w.t, json.Unmarshal([]byte(w.run(append([]string{"inbound", "list", "--limit", "1000", "--json"}, flags...)...)), &list))
	return list
}

// outbound is `redress outbound list --all --json` of one address.
func (w *world) outbound(address string) []app.OutboundView {
	w.t.Helper()
	var list []app.OutboundView
	must(w.t, json.Unmarshal([]byte(w.run("outbound", "list", "--all", "--limit", "5000", "--json")), &list))
	return slices.DeleteFunc(list, func(o app.OutboundView) bool { return o.Address != address })
}

// awaitOutbound waits until all that is to be sent to an address has a state.
func (w *world) awaitOutbound(address, state string, count int) []app.OutboundView {
	w.t.Helper()
	var list []app.OutboundView
	w.eventually(fmt.Sprintf("%d messages %s", count, state), func() error {
		list = w.outbound(address)
		for _, o := range list {
			if o.State != state {
				return fmt.Errorf("one is %s after %d attempts: %s", o.State, o.Attempts, text(o.Error))
			}
		}
		if len(list) != count {
			return fmt.Errorf("there are %d", len(list))
		}
		return nil
	})
	return list
}

// awaitHandled waits until every received message was handled.
func (w *world) awaitHandled() {
	w.t.Helper()
	w.atLast("an empty inbox", func() error {
		for _, in := range w.inbound() {
			if in.State == "received" {
				return fmt.Errorf("message %d of %s waits: %s", in.ID, in.Channel, in.Reason)
			}
		}
		return nil
	})
}

// atLast is eventually for much work: it is patient, and looks more and more
// seldom, since looking is work too.
func (w *world) atLast(what string, check func() error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*patience)
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := check()
		if err == nil {
			return
		}
		if (pipeline.SystemClock{}).Wait(ctx, time.Now().Add(pause)) != nil {
			w.t.Fatalf("waiting for %s: %v\nlog:\n%s", what, err, w.logs)
		}
	}
}

// texts are the messages that a phone got from the city, not from the carrier.
func (w *world) texts(number string) []string {
	var got []string
	for _, m := range w.twilio.Messages() {
		if m.To == number && m.Direction == twilioapi.Outbound && !m.Carrier {
			got = append(got, m.Body)
		}
	}
	return got
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

// letters are the mails that an address got.
func (s *played) letters(address string) []mailserver.Mail {
	return slices.DeleteFunc(s.mail.Mailbox(address), func(m mailserver.Mail) bool { return m.Outgoing })
}

func count[T comparable](list []T, want T) int {
	n := 0
	for _, v := range list {
		if v == want {
			n++
		}
	}
	return n
}

// kinds are the events of a case in order.
func kinds(c app.CaseStory) []string {
	var list []string
	for _, e := range c.Events {
		list = append(list, e.Kind)
	}
	return list
}

// incomingOf are the texts that came from the complainant.
func incomingOf(messages []app.MessageView) []string {
	var list []string
	for _, m := range messages {
		if m.Direction == "in" {
			list = append(list, m.Text)
		}
	}
	return list
}

// sendMail hands a mail in by SMTP.
func sendMail(address, from string, raw []byte, to ...string) error {
	return smtp.SendMail(address, nil, from, to, raw)
}
