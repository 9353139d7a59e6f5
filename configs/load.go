package configs

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// DefaultFile is read when no settings file is named and it exists.
const DefaultFile = "redress.yaml"

// Load reads the settings: the defaults, over them the file at path, over that
// the variables of env (as os.Environ gives them) that begin with REDRESS_.
// With an empty path, ./redress.yaml is read if there is one. Relative paths in
// the settings start at the file's folder. The error is Faults, all at once.
func Load(path string, env []string) (*Settings, error) {
	s, faults := Check(path, env)
	if len(faults) > 0 {
		return nil, faults
	}
	return s, nil
}

// Check is Load for finding faults: the settings it returns with them are as
// far as they were understood, and not for use.
func Check(path string, env []string) (*Settings, Faults) {
	named := path != ""
	if !named {
		path = DefaultFile
	}
	d := newDecoder(path)
	data, err := os.ReadFile(path)
	if err != nil && (named || !errors.Is(err, fs.ErrNotExist)) {
		d.faults = append(d.faults, Fault{Place: path, Message: cause(err) + "; name another file with --config"})
		return Default(), d.faults
	}
	return d.settings(d.parse(data), env)
}

// settings decodes the tree with the environment over it, and checks it.
func (d *decoder) settings(root *yaml.Node, env []string) (*Settings, Faults) {
	d.overlay(root, env)
	s := Default()
	d.value(root, reflect.ValueOf(s).Elem(), "", 0)
	d.check(s)
	d.anchor(s)
	return s, d.faults.inOrder()
}

// anchor makes the paths of the settings independent of where the process runs.
func (d *decoder) anchor(s *Settings) {
	s.HTTP.PublicURL = strings.TrimRight(s.HTTP.PublicURL, "/")
	paths := []*string{&s.DataDir, &s.Organisation.File}
	for i := range s.Channels.Email {
		paths = append(paths, &s.Channels.Email[i].IMAP.CAFile, &s.Channels.Email[i].SMTP.CAFile)
	}
	for _, p := range paths {
		*p = d.path(*p)
	}
}

// ParseSettings is Load for settings that are at hand, such as the example's.
// name stands for the file in faults.
func ParseSettings(name string, data []byte, env []string) (*Settings, error) {
	d := newDecoder(name)
	s, faults := d.settings(d.parse(data), env)
	if len(faults) > 0 {
		return nil, faults
	}
	return s, nil
}

// Default returns the settings that hold where neither file nor environment
// says otherwise: everything in one process, no channel but the web form.
func Default() *Settings {
	return &Settings{
		DataDir:      "data",
		HTTP:         HTTP{Listen: "127.0.0.1:8080", PublicURL: "http://localhost:8080"},
		Organisation: OrganisationSource{File: "organisation.yaml"},
		Limits:       Limits{MessageBytes: 25 << 20, SpoolBytes: 1 << 30, Attachments: 20},
		Scanner:      Scanner{MaxSize: 25 << 20, Timeout: time.Minute},
		Alerts:       Alerts{IntakeDownAfter: 5 * time.Minute},
		Tracing:      Tracing{Sample: 0.01},
		Log:          Log{Level: "info", Format: "text"},
	}
}

func (e *Email) setDefaults() {
	e.IMAP.TLS, e.IMAP.Mailbox, e.IMAP.PollInterval, e.IMAP.After = "tls", "INBOX", time.Minute, "seen"
	e.SMTP.TLS = "starttls"
}

func (s *SMS) setDefaults() { s.Provider, s.SegmentsPerSecond = "twilio", 1 }

func (t *Telegram) setDefaults() { t.Mode, t.Audience = "poll", "both" }
