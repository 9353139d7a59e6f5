package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// everyCommand is all commands by their words, from the binary's own grammar.
func everyCommand(t *testing.T) [][]string {
	t.Helper()
	parser, err := kong.New(&commands{}, kong.Name("redress"))
	must(t, err)
	var all [][]string
	for _, leaf := range parser.Model.Leaves(false) {
		all = append(all, strings.Fields(leaf.FullPath())[1:])
	}
	return all
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	for _, words := range everyCommand(t) {
		r := runCommand(t.Context(), "", append(words, "--help")...)
		example := "redress " + strings.Join(words, " ")
		if r.code != exitOK || r.errs != "" || !strings.Contains(r.out, "Example") || strings.Count(r.out, example) < 2 {
			t.Errorf("%s --help: exit code %d, stderr %q, without an example of it:\n%s", example, r.code, r.errs, r.out)
		}
	}
}

// TestSurface holds the names that scripts rely on.
func TestSurface(t *testing.T) {
	var got []string
	for _, words := range everyCommand(t) {
		got = append(got, strings.Join(words, " "))
	}
	want := []string{
		"serve", "gateway", "worker", "sandbox", "migrate", "config check", "org apply", "org export", "org check",
		"parse", "route test", "reference check", "register", "case list", "case show", "case accept", "case note",
		"case ask", "case reply", "case defer", "case extend", "case forward", "case assign", "case escalate", "case resolve",
		"case close", "case reopen", "case link", "inbound list", "inbound show", "inbound retry", "outbound list",
		"outbound show", "outbound retry", "outbound forecast", "user add", "user disable", "user password", "user link-code", "user list",
		"template list", "template preview", "audit verify", "version", "healthcheck",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("commands are\n%q, want\n%q", got, want)
	}
	if out := runCommand(t.Context(), "", "--help").out; strings.Contains(out, "healthcheck") || !strings.Contains(out, "case show") {
		t.Errorf("redress --help:\n%s", out)
	}
}

func TestWrongUsage(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		in   string
		want []string
	}{
		"nothing":             {nil, "", []string{"See: redress --help"}},
		"unknown command":     {[]string{"sreve"}, "", []string{"sreve", "See: redress --help"}},
		"no subcommand":       {[]string{"case"}, "", []string{`"list"`, "See: redress case --help"}},
		"no reference":        {[]string{"case", "show"}, "", []string{"<ref>", "See: redress case show --help"}},
		"unknown flag":        {[]string{"case", "list", "--overdu"}, "", []string{"--overdue", "See: redress case list --help"}},
		"no text":             {[]string{"register"}, "", []string{"--text"}},
		"unknown way":         {[]string{"register", "--text", "x", "--via", "pigeon"}, "", []string{"--via", "pigeon", "letter"}},
		"unknown type":        {[]string{"register", "--text", "x", "--type", "rant"}, "", []string{"--type", "rant", "enquiry"}},
		"unknown status":      {[]string{"case", "list", "--status", "pending,lost"}, "", []string{"--status", "lost", "reopened"}},
		"no lines":            {[]string{"case", "list", "--limit", "0"}, "", []string{"--limit", "1 to"}},
		"negative lines":      {[]string{"outbound", "list", "--limit=-1"}, "", []string{"--limit"}},
		"id is no number":     {[]string{"inbound", "show", "first"}, "", []string{"first"}},
		"unknown outcome":     {[]string{"case", "resolve", "C-7K2M-9QXT", "x", "--outcome", "fine"}, "", []string{"--outcome", "not_upheld"}},
		"unknown role":        {[]string{"user", "add", "x", "--name", "X", "--role", "king"}, "", []string{"--role", "king"}},
		"no password":         {[]string{"user", "password", "asha"}, "", []string{"standard input"}},
		"code of no time":     {[]string{"user", "link-code", "asha", "--valid-for", "0s"}, "", []string{"--valid-for"}},
		"unknown channel":     {[]string{"template", "preview", "acknowledged", "--channel", "fax"}, "", []string{"--channel", "fax", "telegram"}},
		"address is no URL":   {[]string{"healthcheck", "http://[::1"}, "", []string{"http://127.0.0.1:8080/healthz"}},
		"config without file": {[]string{"version", "--config"}, "", []string{"--config"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := runCommand(t.Context(), test.in, test.args...)
			if r.code != exitUsage || r.out != "" || !contains(r.errs, test.want) || !strings.HasPrefix(r.errs, "redress: ") {
				t.Errorf("exit code %d, want %d with %q\nstdout: %s\nstderr: %s", r.code, exitUsage, test.want, r.out, r.errs)
			}
		})
	}
}
