package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/scripts/testenv"
)

// patience bounds every wait for something that must happen. It is long since
// machines are slow, and costs nothing when all is well.
const patience = 90 * time.Second

// world is a running Redress with the providers around it: Twilio and Telegram
// played over HTTP, Dovecot and OpenSMTPD for real.
type world struct {
	t        *testing.T
	folder   string
	config   string
	url      string
	twilio   *twilioapi.Server
	telegram *botapi.Server
	mailbox  string // the complaints mailbox, for both servers
	logs     *syncBuffer
}

// Staff of testdata/organisation.yaml by chat id.
const (
	chatAsha  = 7001 // water, level 1
	chatRavi  = 7002 // water, level 2
	chatMeera = 7003 // commissioner, level 3
	chatLeo   = 7004 // lighting, level 1
	chatLina  = 7005 // lighting, level 2
)

// newWorld starts the providers and writes the settings. shared: PostgreSQL
// and Redis, with a gateway and a worker apart; else the embedded engines.
func newWorld(t *testing.T, shared bool) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir(), logs: &syncBuffer{}}
	w.mailbox = "complaints-" + unique()
	listen := freeAddress(t)
	w.url = "http://" + listen
	w.startPhoneAndChat()
	w.writeSettings(listen, shared)
	return w
}

// startPhoneAndChat plays Twilio and Telegram, with the staff in the chat.
func (w *world) startPhoneAndChat() {
	w.t.Helper()
	var err error
	w.twilio, err = twilioapi.Start(twilioapi.Config{
		AccountSID: "AC00000000000000000000000000000001", AuthToken: "0123456789abcdef0123456789abcdef", Numbers: []string{"+12025550100"},
		WebhookURL: w.url + "/webhooks/sms/main",
	})
	must(w.t, err)
	w.t.Cleanup(func() { _ = w.twilio.Close() })
	w.twilio.Route(w.url, w.url)
	w.telegram, err = botapi.Start(botapi.Config{Token: "7000000001:bot-token-for-tests", BotName: "CityBot"})
	must(w.t, err)
	w.t.Cleanup(func() { _ = w.telegram.Close() })
	for id, name := range map[int64]string{chatAsha: "Asha", chatRavi: "Ravi", chatMeera: "Meera", chatLeo: "Leo", chatLina: "Lina"} {
		w.telegram.AddPerson(botapi.User{ID: id, FirstName: name})
	}
}

func (w *world) writeSettings(listen string, shared bool) {
	w.t.Helper()
	organisation, err := os.ReadFile("testdata/organisation.yaml")
	must(w.t, err)
	must(w.t, os.WriteFile(filepath.Join(w.folder, "organisation.yaml"), organisation, 0o600))
	engines := ""
	if shared {
		engines = fmt.Sprintf("database: {url: %q}\nredis: {url: %q}\n", freshDatabase(w.t), "redis://"+startRedis(w.t).address)
	}
	imap, smtp := testenv.Need(w.t, testenv.IMAP), testenv.Need(w.t, testenv.SMTP)
	w.config = filepath.Join(w.folder, "redress.yaml")
	settings := fmt.Sprintf(`data_dir: %q
%shttp: {listen: %q, public_url: %q}
organisation: {file: %q}
channels:
  email:
    - name: complaints
      imap: {address: %q, tls: none, username: %s, password: secret, poll_interval: 5s, after: seen}
      smtp: {address: %q, tls: none}
      from: City of Test <%s@redress.test>
  sms:
    - {name: main, provider: twilio, account_sid: %q, auth_token: %q, api_base_url: %q, numbers: ["+12025550100"], segments_per_second: 50}
  telegram:
    - {name: city, token: %q, api_base_url: %q, mode: poll, audience: both}
`, filepath.Join(w.folder, "data"), engines, listen, w.url, filepath.Join(w.folder, "organisation.yaml"),
		imap, w.mailbox, smtp, w.mailbox, w.twilio.AccountSID(), w.twilio.AuthToken(), w.twilio.URL(), w.telegram.Token(), w.telegram.URL())
	must(w.t, os.WriteFile(w.config, []byte(settings), 0o600))
}

// start runs a long command until the test ends, and fails when it fails. Its
// environment is environ.
func (w *world) start(command string, environ ...string) (stop func()) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan int, 1)
	go func() {
		done <- Main(ctx, []string{command, "--config", w.config}, Streams{In: strings.NewReader(""), Out: io.Discard, Err: w.logs}, environ)
	}()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case code := <-done:
				if code != exitOK {
					w.t.Errorf("%s ended with code %d; its log:\n%s", command, code, w.logs)
				}
			case <-time.After(patience):
				w.t.Errorf("%s does not stop", command)
			}
		})
	}
	w.t.Cleanup(stop)
	return stop
}

// awaitReady waits until /readyz says that everything works.
func (w *world) awaitReady() {
	w.t.Helper()
	w.eventually("readiness", func() error {
		response, err := http.Get(w.url + "/readyz")
		if err != nil {
			return err
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", response.Status, body)
		}
		return nil
	})
}

// run runs a short command and returns what it printed.
func (w *world) run(args ...string) string {
	w.t.Helper()
	var out, errs bytes.Buffer
	if code := Main(w.t.Context(), append(args, "--config", w.config), Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, nil); code != exitOK {
		w.t.Fatalf("redress %s: exit code %d: %s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// show is `redress case show --json`.
func (w *world) show(ref string) app.CaseStory {
	w.t.Helper()
	var story app.CaseStory
	must(w.t, json.Unmarshal([]byte(w.run("case", "show", ref, "--json")), &story))
	return story
}

// await waits until the case is as wanted.
func (w *world) await(ref, what string, wanted func(app.CaseStory) bool) app.CaseStory {
	w.t.Helper()
	var story app.CaseStory
	w.eventually(what, func() error {
		if story = w.show(ref); !wanted(story) {
			return fmt.Errorf("case %s is %s, level %d", ref, story.Status, story.Level)
		}
		return nil
	})
	return story
}

// eventually tries until check has no objection.
func (w *world) eventually(what string, check func() error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			w.t.Fatalf("waiting for %s: %v\nlog:\n%s", what, err, w.logs)
		case <-tick.C:
		}
	}
}

// linkStaff links the chats of all officers by codes, as they would.
func (w *world) linkStaff() {
	w.t.Helper()
	for login, chat := range map[string]int64{"asha": chatAsha, "ravi": chatRavi, "meera": chatMeera, "leo": chatLeo, "lina": chatLina} {
		var code struct{ Code string }
		must(w.t, json.Unmarshal([]byte(w.run("user", "link-code", login, "--json")), &code))
		_, err := w.telegram.Say(chat, chat, "/start "+code.Code, 0)
		must(w.t, err)
		w.chat(chat).await("confirmation of the link", func(m botapi.Message) bool { return true })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func unique() string { return fmt.Sprintf("%d", time.Now().UnixNano()) }

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// freshDatabase makes an empty PostgreSQL database for one test.
func freshDatabase(t *testing.T) string {
	t.Helper()
	admin := testenv.Need(t, testenv.Postgres)
	conn, err := pgx.Connect(t.Context(), admin)
	must(t, err)
	defer conn.Close(context.Background())
	name := "redress_e2e_" + unique()
	_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name)
	must(t, err)
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), admin)
		if err != nil {
			return
		}
		defer conn.Close(context.Background())
		_, _ = conn.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
	})
	return strings.Replace(admin, "/postgres?", "/"+name+"?", 1)
}

// syncBuffer collects logs of several goroutines.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
