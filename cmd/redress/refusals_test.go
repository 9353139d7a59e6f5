package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefusals: what cannot be done ends with 1, prints nothing, and says on
// stderr which thing is meant and what to do.
func TestRefusals(t *testing.T) {
	d := newDesk(t)
	ref := d.register("--text", "Water is leaking in Ward 4", "--phone", "+12025550199")
	d.ok("case", "resolve", ref, "It was mended.", "--as", "asha")
	orphan := d.register("--text", "Nobody knows what this is about")
	d.tamper("UPDATE cases SET owner = '' WHERE reference = ?", orphan)
	d.ok("user", "disable", "leo")
	d.ok("user", "add", "olga", "--name", "Olga Ruiz", "--role", "auditor")
	pending := d.outboundOf(ref)[0]
	wrong := ref[:len(ref)-1] + map[bool]string{true: "2", false: "3"}[ref[len(ref)-1] == '3']

	for name, test := range refusals(ref, wrong, orphan, pending.ID) {
		t.Run(name, func(t *testing.T) {
			d := *d
			d.t = t
			d.refused(exitRefused, test.args, append(test.want, "redress: ")...)
		})
	}
	if got := d.ok("case", "show", orphan); strings.Contains(got, "accepted") {
		t.Errorf("a refused action left its mark:\n%s", got)
	}
}

// refusedLine is a command line with what is said to it.
type refusedLine struct {
	args []string
	want []string
}

// refusals are by the reference of a resolved case, a wrong reference, a case
// without an owner and a message still to be sent.
func refusals(ref, wrong, orphan, pending string) map[string]refusedLine {
	const missing = "testdata/missing"
	return map[string]refusedLine{
		"wrong reference":      {[]string{"case", "show", wrong}, []string{wrong, "C-7K2M-9QXT"}},
		"no reference":         {[]string{"reference", "check", "hello", "there"}, []string{"hello there", "C-7K2M-9QXT"}},
		"no such case to show": {[]string{"case", "show", unused}, []string{"no case", unused, "redress case list"}},
		"no such case to note": {[]string{"case", "note", unused, "x"}, []string{"no case", unused}},
		"already resolved":     {[]string{"case", "resolve", ref, "again", "--as", "ravi"}, []string{ref, "Already resolved by asha"}},
		"unknown user":         {[]string{"case", "note", ref, "x", "--as", "zoe"}, []string{"no user zoe", "redress user list"}},
		"disabled user":        {[]string{"case", "note", ref, "x", "--as", "leo"}, []string{"leo is disabled", "redress user add leo"}},
		"registering as none":  {[]string{"register", "--text", "x", "--as", "zoe"}, []string{"no user zoe"}},
		"nobody to accept":     {[]string{"case", "accept", orphan}, []string{orphan, "--as LOGIN"}},
		"auditor accepts":      {[]string{"case", "accept", orphan, "--as", "olga"}, []string{orphan, "olga is no officer"}},
		"assigned to nobody":   {[]string{"case", "assign", orphan, "zoe"}, []string{orphan, "zoe"}},
		"unknown department":   {[]string{"case", "forward", orphan, "navy"}, []string{orphan, "navy"}},
		"until no day":         {[]string{"case", "defer", orphan, "soon", "why"}, []string{orphan, "Until when?", "10wd"}},
		"linked to itself":     {[]string{"case", "link", orphan, orphan}, []string{orphan}},
		"linked to nothing":    {[]string{"case", "link", orphan, "C-0"}, []string{"C-0"}},
		"bad phone":            {[]string{"register", "--text", "x", "--phone", "12"}, []string{"--phone", `"12"`, "country code"}},
		"bad mail address":     {[]string{"register", "--text", "x", "--email", "meera"}, []string{"--email", "meera", "name@example.org"}},
		"no text":              {[]string{"register", "--text", " "}, []string{"text is missing"}},
		"unknown service":      {[]string{"register", "--text", "x", "--service", "moon"}, []string{"no service moon", "redress org export"}},
		"unknown area":         {[]string{"route", "test", "--text", "x", "--area", "moon"}, []string{"no area moon", "redress org export"}},
		"no message received":  {[]string{"inbound", "show", "77"}, []string{"no received message 77", "redress inbound list"}},
		"no message to retry":  {[]string{"inbound", "retry", "77"}, []string{"no received message 77"}},
		"no message sent":      {[]string{"outbound", "show", "77"}, []string{"no message 77", "redress outbound list"}},
		"no message to resend": {[]string{"outbound", "retry", "77"}, []string{"no message 77"}},
		"not sent yet":         {[]string{"outbound", "retry", pending}, []string{pending, "still to be sent"}},
		"nobody to disable":    {[]string{"user", "disable", "zoe"}, []string{"no user zoe"}},
		"nobody to link":       {[]string{"user", "link-code", "zoe"}, []string{"no user zoe"}},
		"disabled to link":     {[]string{"user", "link-code", "leo"}, []string{"leo is disabled"}},
		"user of no place":     {[]string{"user", "add", "zoe", "--name", "Zoe", "--department", "navy"}, []string{"zoe", "navy"}},
		"phone of another":     {[]string{"user", "add", "ravi", "--phone", "+12025550171"}, []string{"ravi", "another user"}},
		"no such template":     {[]string{"template", "preview", "hello"}, []string{"no template hello", "redress template list"}},
		"no such language":     {[]string{"template", "preview", "acknowledged", "--lang", "tlh"}, []string{"tlh", "en, "}},
		"no mail to parse":     {[]string{"parse", missing}, []string{"missing"}},
		"no organisation file": {[]string{"org", "apply", missing}, []string{"missing"}},
		"nobody answers":       {[]string{"healthcheck", "http://127.0.0.1:1/healthz"}, []string{"no answer", "127.0.0.1:1"}},
		"no engines to share":  {[]string{"gateway"}, []string{"database.url", "redis.url", "redress serve"}},
		"sandbox for all":      {[]string{"sandbox", "--listen", "0.0.0.0:0"}, []string{"0.0.0.0:0"}},
	}
}

// unused is a valid reference that no case has.
const unused = "C-7K2M-9QXA"

func TestPasswords(t *testing.T) {
	d := newDesk(t)
	for name, test := range map[string]struct {
		in    string
		login string
		code  int
		want  string
	}{
		"fine":       {"correct horse battery\n", "asha", exitOK, ""},
		"no newline": {"correct horse battery", "asha", exitOK, ""},
		"Windows":    {"correct horse battery\r\n", "asha", exitOK, ""},
		"short":      {"elevenbytes\n", "asha", exitRefused, "11 bytes"},
		"long":       {strings.Repeat("x", 73) + "\n", "asha", exitRefused, "73 bytes"},
		"nobody":     {"correct horse battery\n", "zoe", exitRefused, "no user zoe"},
		"nothing":    {"", "asha", exitUsage, "standard input"},
	} {
		t.Run(name, func(t *testing.T) {
			d := *d
			d.t = t
			r := d.run(test.in, "user", "password", test.login)
			if r.code != test.code || !strings.Contains(r.errs, test.want) {
				t.Errorf("exit code %d, want %d with %q; stderr: %s", r.code, test.code, test.want, r.errs)
			}
			if secret := strings.TrimSpace(test.in); secret != "" && strings.Contains(r.out+r.errs, secret) {
				t.Error("the password is printed")
			}
		})
	}
}

func TestReferenceCheck(t *testing.T) {
	d := emptyDesk(t)
	for _, written := range []string{"C-7K2M-9QXA", "c-7k2m-9qxa", "C7K2M9QXA", " c 7k2m 9qxa ", "C–7K2M–9QXA"} {
		r := d.run("", "reference", "check", written)
		if r.code != exitOK || r.out != "C-7K2M-9QXA\n" {
			t.Errorf("%q: exit code %d, %q, %s", written, r.code, r.out, r.errs)
		}
	}
	if r := d.run("", "reference", "check", "C", "7k2m", "9qxa", "--json"); r.out != "{\n  \"reference\": \"C-7K2M-9QXA\"\n}\n" {
		t.Errorf("JSON of words apart: %s%s", r.out, r.errs)
	}
	for _, wrong := range []string{"C-7K2M-9QXV", "C-7K2M-9QAX", "C-7K2M-9QX", "C-7K2M-9QXAA", ""} {
		d.refused(exitRefused, []string{"reference", "check", wrong}, "not a valid reference number")
	}
	if _, err := os.Stat(filepath.Join(d.folder, "data")); err == nil {
		t.Error("checking a reference made a data folder")
	}
}
