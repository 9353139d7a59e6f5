package configs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, yaml string, env ...string) *Settings {
	t.Helper()
	s, err := ParseSettings("redress.yaml", []byte(yaml), env)
	if err != nil {
		t.Fatalf("unexpected faults:\n%v", err)
	}
	return s
}

func TestExampleSettingsLoad(t *testing.T) {
	s := parse(t, string(ExampleSettings))
	if got := s.Channels.Email[0].From; got != "City Complaints <complaints@city.example>" {
		t.Errorf("from: %q", got)
	}
	if got := s.Channels.SMS[0].AuthToken.Reveal(); got != "change-me" {
		t.Errorf("auth_token: %q", got)
	}
}

// TestExampleSettingsShowDefaults holds the file's promise that the values it
// shows are the defaults.
func TestExampleSettingsShowDefaults(t *testing.T) {
	got := parse(t, string(ExampleSettings))
	want := Default()
	want.Channels = got.Channels
	got.HTTP.TrustedProxies = nil
	got.Redis.URL = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-default +example):\n%s", diff)
	}
}

// TestExampleSettingsNameEveryKey finds settings that nobody documented. Keys
// in comments count, since some exclude one another.
func TestExampleSettingsNameEveryKey(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct {
			return
		}
		fields, names := fieldsOf(typ)
		for _, name := range names {
			if !bytes.Contains(ExampleSettings, []byte(" "+name+":")) && !bytes.Contains(ExampleSettings, []byte("\n"+name+":")) {
				t.Errorf("%s.%s is not in redress.example.yaml", typ, name)
			}
			walk(typ.Field(fields[name]).Type)
		}
	}
	walk(reflect.TypeFor[Settings]())
}

func TestDefaults(t *testing.T) {
	s := parse(t, `
channels:
  email: [{name: a, imap: {address: "h:993", username: u, password: p}, smtp: {address: "h:25"}, from: a@city.example}]
  sms: [{name: a, account_sid: AC1, auth_token: t, numbers: ["+12025550100"]}]
  telegram: [{name: a, token: "1:a"}]
`)
	want := IMAP{Address: "h:993", TLS: "tls", Username: "u", Password: "p", Mailbox: "INBOX", PollInterval: time.Minute, After: "seen"}
	if diff := cmp.Diff(want, s.Channels.Email[0].IMAP); diff != "" {
		t.Errorf("imap (-want +got):\n%s", diff)
	}
	if got := s.Channels.SMS[0]; got.Provider != "twilio" || got.SegmentsPerSecond != 1 {
		t.Errorf("sms: %+v", got)
	}
	if got := s.Channels.Telegram[0]; got.Mode != "poll" || got.Audience != "both" {
		t.Errorf("telegram: %+v", got)
	}
}

func TestFaultsAllAtOnceWithTheirPlace(t *testing.T) {
	file, err := os.ReadFile("testdata/faulty.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseSettings("redress.yaml", file, []string{
		"REDRESS_LOG_LEVEL=loud", "REDRESS_HTTP_LISTENN=x", "REDRESS_CHANELS_SMS_0_NAME=x", "REDRESS_TEST_REDIS=ignored", "HOME=/root",
	})
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v, want Faults", err)
	}
	golden(t, "faulty.golden", faults.Error()+"\n")
	if strings.Contains(faults.Error(), "hunter2") {
		t.Error("a secret is shown")
	}
}

func TestSecretsInTheClear(t *testing.T) {
	const mailbox = `{channels: {email: [{name: a, from: a@city.example, smtp: %s, imap: %s}]}}`
	const smtp, imap = `{address: "h:25", tls: none}`, `{address: "h:993", username: u, password: p}`
	for name, test := range map[string]struct{ smtp, imap, place string }{
		"smtp":           {`{address: "h:25", tls: none, username: u, password: p}`, imap, "smtp.tls"},
		"imap":           {smtp, `{address: "h:143", tls: none, username: u, password: p}`, "imap.tls"},
		"tokens":         {smtp, `{address: "h:993", username: u, oauth2: {token_url: "http://h/t", client_id: c, refresh_token: r}}`, "imap.oauth2.token_url"},
		"on the machine": {`{address: "127.0.0.1:25", tls: none, username: u, password: p}`, `{address: "localhost:143", tls: none, username: u, oauth2: {token_url: "http://[::1]:8/t", client_id: c, refresh_token: r}}`, ""},
		"no secret":      {smtp, imap, ""},
	} {
		_, err := ParseSettings("redress.yaml", fmt.Appendf(nil, mailbox, test.smtp, test.imap), nil)
		switch {
		case test.place == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.place != "" && (err == nil || !strings.Contains(err.Error(), "channels.email[0]."+test.place+": ") || !strings.Contains(err.Error(), "in the clear")):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEnvironmentOverrides(t *testing.T) {
	s := parse(t, `
http: {listen: "127.0.0.1:1"}
channels:
  sms: [{name: main, account_sid: AC1, auth_token_file: /nowhere, numbers: ["+12025550100"]}]
`,
		"REDRESS_DATABASE_URL=postgres://u:p@db/redress",
		"REDRESS_HTTP_LISTEN=127.0.0.1:2",
		"REDRESS_DATA_DIR=/var/lib/redress",
		"REDRESS_REDIS_URL=redis://one:6379, redis://two:6379",
		"REDRESS_CHANNELS_SMS_0_AUTH_TOKEN=from-environment",
		"REDRESS_CHANNELS_SMS_0_NUMBERS=+12025550101,+12025550102",
		"REDRESS_CHANNELS_TELEGRAM_0_NAME=city",
		"REDRESS_CHANNELS_TELEGRAM_0_TOKEN=1:a",
		"REDRESS_LIMITS_MESSAGE_BYTES=1048576",
	)
	if s.Database.URL != "postgres://u:p@db/redress" || s.HTTP.Listen != "127.0.0.1:2" || s.DataDir != "/var/lib/redress" || s.Limits.MessageBytes != 1<<20 {
		t.Errorf("got %+v", s)
	}
	if diff := cmp.Diff(Secrets{"redis://one:6379", "redis://two:6379"}, s.Redis.URL); diff != "" {
		t.Errorf("redis (-want +got):\n%s", diff)
	}
	sms := s.Channels.SMS[0]
	if sms.AuthToken != "from-environment" {
		t.Errorf("auth_token: %q", sms.AuthToken.Reveal())
	}
	if diff := cmp.Diff([]string{"+12025550101", "+12025550102"}, sms.Numbers); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if len(s.Channels.Telegram) != 1 || s.Channels.Telegram[0].Token != "1:a" {
		t.Errorf("telegram: %+v", s.Channels.Telegram)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "token"), "s3cret\n")
	write(t, filepath.Join(dir, "url"), "postgres://u:p@db/redress\n")
	write(t, filepath.Join(dir, "redress.yaml"), `
data_dir: state
database: {url_file: url}
channels:
  telegram: [{name: city, token_file: token}]
`)
	s, err := Load(filepath.Join(dir, "redress.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Channels.Telegram[0].Token.Reveal(); got != "s3cret" {
		t.Errorf("token: %q", got)
	}
	if got := s.Database.URL.Reveal(); got != "postgres://u:p@db/redress" {
		t.Errorf("database.url: %q", got)
	}
	if want := filepath.Join(dir, "state"); s.DataDir != want {
		t.Errorf("data_dir %q, want %q: relative paths start at the settings", s.DataDir, want)
	}
}

func TestLoadFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	s, err := Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), s); diff != "" {
		t.Errorf("without a file (-default +got):\n%s", diff)
	}
	write(t, "redress.yaml", "data_dir: elsewhere\n")
	if s, err = Load("", nil); err != nil || s.DataDir != "elsewhere" {
		t.Errorf("./redress.yaml: %+v, %v", s, err)
	}
	_, err = Load("missing.yaml", nil)
	if want := "missing.yaml: no such file or directory; name another file with --config"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestBrokenYAML(t *testing.T) {
	for text, want := range map[string]string{
		"http: {listen: x":                    "redress.yaml:1: is not YAML: ",
		"a: b: c\n":                           "redress.yaml: is not YAML: ",
		"data_dir: a\n---\ndata_dir: b\n":     "redress.yaml:",
		"- just\n- a list\n":                  "redress.yaml:1: is a list; write a group of keys",
		"channels: &c\n  email: [*c]\n":       "redress.yaml:",
		"log: {level: info, level: debug}\n":  "redress.yaml:1: log.level: is there twice; keep one",
		"redis:\n  url: [a b, redis://h:1]\n": "redress.yaml:2: redis.url[0]: is no Redis address",
	} {
		_, err := ParseSettings("redress.yaml", []byte(text), nil)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s…", text, err, want)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	s := parse(t, "database: {url: \"postgres://u:hunter2@db/redress\"}\n")
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(format, s.Database); strings.Contains(got, "hunter2") {
			t.Errorf("%s shows %s", format, got)
		}
	}
}

func FuzzSettings(f *testing.F) {
	f.Add(ExampleSettings)
	f.Add([]byte("channels: &c {email: [*c]}"))
	f.Add([]byte("redis: {url: {a: b}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSettings("redress.yaml", data, nil)
		if (s == nil) == (err == nil) {
			t.Errorf("settings %v and error %v", s, err)
		}
	})
}
