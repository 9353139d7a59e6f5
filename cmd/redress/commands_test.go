package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases/store"
)

var updateGolden = flag.Bool("update", false, "rewrite the golden files")

// desk is an installation that only commands work on: nothing of it runs, and
// its accounts are nowhere.
type desk struct {
	t      *testing.T
	folder string
	config string
	names  map[string]string // what differs from run to run, by what golden files call it
}

// newDesk has the organisation of testdata and an account on each channel. Its
// policies are slow, so that nothing is late while the commands run.
func newDesk(t *testing.T) *desk {
	t.Helper()
	d := emptyDesk(t)
	organisation := readFile(t, "testdata/organisation.yaml")
	slow := strings.ReplaceAll(organisation, "respond_within: 2s, resolve_within: 4s", "respond_within: 2d, resolve_within: 4d")
	if slow == organisation {
		t.Fatal("there is no quick policy any more")
	}
	file := filepath.Join(d.folder, "slow.yaml")
	must(t, os.WriteFile(file, []byte(slow), 0o600))
	d.ok("org", "apply", file)
	return d
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

// emptyDesk is a desk before its first organisation.
func emptyDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, folder: t.TempDir(), names: map[string]string{}}
	d.config = filepath.Join(d.folder, "redress.yaml")
	must(t, os.WriteFile(d.config, []byte(`data_dir: data
http: {listen: "127.0.0.1:0", public_url: "https://complaints.city.test"}
channels:
  email:
    - {name: complaints, imap: {address: "127.0.0.1:9", username: u, password: p}, smtp: {address: "127.0.0.1:9"}, from: City <complaints@city.test>}
  sms:
    - {name: main, account_sid: AC00000000000000000000000000000001, auth_token: 0123456789abcdef0123456789abcdef, numbers: ["+12025550100"]}
  telegram:
    - {name: city, token: "7000000001:bot-token-for-tests", audience: both}
`), 0o600))
	return d
}

// result is how a command ended.
type result struct {
	code      int
	out, errs string
}

// run runs a command with in on its standard input.
func (d *desk) run(in string, args ...string) result {
	d.t.Helper()
	return runCommand(d.t.Context(), in, append(args, "--config", d.config)...)
}

func runCommand(ctx context.Context, in string, args ...string) result {
	var out, errs bytes.Buffer
	code := Main(ctx, args, Streams{In: strings.NewReader(in), Out: &out, Err: &errs}, nil)
	return result{code, out.String(), errs.String()}
}

// ok runs a command that must succeed, without a word on stderr.
func (d *desk) ok(args ...string) string {
	d.t.Helper()
	r := d.run("", args...)
	if r.code != exitOK || r.errs != "" {
		d.t.Fatalf("redress %s: exit code %d, on stderr: %s", strings.Join(args, " "), r.code, r.errs)
	}
	return r.out
}

// refused runs a command that must end with code, print nothing and say all of
// parts on stderr.
func (d *desk) refused(code int, args []string, parts ...string) {
	d.t.Helper()
	r := d.run("", args...)
	if r.code != code || r.out != "" || !contains(r.errs, parts) {
		d.t.Errorf("redress %s: exit code %d, want %d with %q\nstdout: %s\nstderr: %s", strings.Join(args, " "), r.code, code, parts, r.out, r.errs)
	}
}

// read decodes the JSON that a command prints.
func (d *desk) read(v any, args ...string) {
	d.t.Helper()
	must(d.t, json.Unmarshal([]byte(d.ok(append(args, "--json")...)), v))
}

// register takes down a complaint and returns its reference.
func (d *desk) register(args ...string) string {
	d.t.Helper()
	var c struct{ Reference string }
	d.read(&c, append([]string{"register"}, args...)...)
	d.names[c.Reference] = fmt.Sprintf("C-CASE-%04d", len(d.names)+1)
	return c.Reference
}

// store opens the database beside the commands.
func (d *desk) store() *store.Store {
	d.t.Helper()
	s, err := store.Open(d.t.Context(), store.Options{DataDir: filepath.Join(d.folder, "data")})
	must(d.t, err)
	d.t.Cleanup(func() { _ = s.Close() })
	return s
}

// tamper changes the database behind the program's back.
func (d *desk) tamper(query string, args ...any) {
	d.t.Helper()
	db, err := sql.Open(sqlite.DriverName, filepath.Join(d.folder, "data", "redress.db"))
	must(d.t, err)
	defer db.Close()
	result, err := db.ExecContext(d.t.Context(), query, args...)
	must(d.t, err)
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		d.t.Fatalf("%s: %d rows, %v", query, n, err)
	}
}

var (
	timePattern  = regexp.MustCompile(`20\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?`)
	dayPattern   = regexp.MustCompile(`\d{1,2} (de )?\p{L}+( de)? 20\d\d`)
	duePattern   = regexp.MustCompile(`\n *"due\.(after|before)": .*`) // there only when a second has passed
	ulidPattern  = regexp.MustCompile(`01[0-9A-HJKMNP-TV-Z]{24}`)
	tokenPattern = regexp.MustCompile(`/track/[0-9A-Za-z_-]{20,}`)
	namePattern  = regexp.MustCompile(`operator:[^\s"]+`)
)

// golden compares what was printed, less what differs from run to run, with a
// file of testdata/golden.
func (d *desk) golden(name, got string) {
	d.t.Helper()
	for is, called := range d.names {
		got = strings.ReplaceAll(got, is, called)
	}
	got = duePattern.ReplaceAllString(got, "")
	for pattern, mask := range map[*regexp.Regexp]string{
		dayPattern: "<day>", timePattern: "<time>", ulidPattern: "<ulid>", tokenPattern: "/track/<token>", namePattern: "operator:<name>",
	} {
		got = pattern.ReplaceAllString(got, mask)
	}
	path := filepath.Join("testdata", "golden", name)
	if *updateGolden {
		must(d.t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(d.t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	must(d.t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		d.t.Errorf("%s differs; if that is meant, run the test with -update\n%s", name, diff)
	}
}

// goldenBoth is golden for a command's text and its JSON.
func (d *desk) goldenBoth(name string, args ...string) {
	d.t.Helper()
	d.golden(name+".txt", d.ok(args...))
	d.golden(name+".json", d.ok(append(args, "--json")...))
}
