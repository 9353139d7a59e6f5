package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFirstOrganisation(t *testing.T) {
	d := emptyDesk(t)
	d.refused(exitRefused, []string{"case", "list"}, "no organisation yet", "redress org apply FILE")
	if got := d.ok("org", "apply", "testdata/organisation.yaml"); got != "Applied.\n" {
		t.Errorf("first apply: %s", got)
	}
	if got := d.ok("org", "apply", "testdata/organisation.yaml"); !strings.HasPrefix(got, "Nothing changed") {
		t.Errorf("second apply: %s", got)
	}
	var users []userView
	d.read(&users, "user", "list")
	if len(users) != 6 || users[0].Login != "asha" || users[0].Level != 1 {
		t.Errorf("users %+v", users)
	}
}

// TestOrganisationGoesRound: what is exported passes the check, can be applied
// and is then exported alike.
func TestOrganisationGoesRound(t *testing.T) {
	d := newDesk(t)
	file := filepath.Join(d.folder, "exported.yaml")
	d.ok("org", "export", file)
	first := d.ok("org", "export")
	if written, err := os.ReadFile(file); err != nil || string(written) != first {
		t.Errorf("file and standard output differ, %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has telephone numbers in it and the mode %v, %v", info.Mode(), err)
	}
	var wrapped struct{ YAML string }
	d.read(&wrapped, "org", "export")
	if wrapped.YAML != first {
		t.Error("JSON has another text than YAML")
	}
	d.ok("org", "check", file)
	var applied struct{ Changed bool }
	for _, want := range []bool{true, false} { // written otherwise than by hand, so applied once
		if d.read(&applied, "org", "apply", file); applied.Changed != want {
			t.Errorf("changed is %t, want %t", applied.Changed, want)
		}
	}
	if diff := cmp.Diff(first, d.ok("org", "export")); diff != "" {
		t.Errorf("a second export differs:\n%s", diff)
	}
}

// TestOrganisationFile: the file of the settings is applied again when it
// changed, and only then.
func TestOrganisationFile(t *testing.T) {
	d := emptyDesk(t)
	file := filepath.Join(d.folder, "organisation.yaml")
	text, err := os.ReadFile("testdata/organisation.yaml")
	must(t, err)
	must(t, os.WriteFile(file, text, 0o600))
	d.ok("user", "add", "asha", "--name", "Asha Rao-Paz")
	name := func() string {
		var users []userView
		d.read(&users, "user", "list")
		return users[0].Name
	}
	if got := name(); got != "Asha Rao-Paz" {
		t.Errorf("the file, which is as it was, undid a change: %s", got)
	}
	must(t, os.WriteFile(file, append(text, "# touched\n"...), 0o600))
	if got := name(); got != "Asha Rao" {
		t.Errorf("the file changed and was not applied: %s", got)
	}
	must(t, os.WriteFile(file, []byte("services: 7\n"), 0o600))
	d.refused(exitRefused, []string{"case", "list"}, "organisation.yaml:1", "services")
	must(t, os.Remove(file))
	d.ok("case", "list")
}

func TestUsers(t *testing.T) {
	d := newDesk(t)
	one := func(login string) userView {
		t.Helper()
		var users []userView
		d.read(&users, "user", "list")
		for _, u := range users {
			if u.Login == login {
				return u
			}
		}
		t.Fatalf("%s is not listed", login)
		return userView{}
	}
	d.refused(exitUsage, []string{"user", "add", "zoe"}, "zoe", "--name")
	d.ok("user", "add", "zoe", "--name", "Zoe Diaz", "--role", "officer,supervisor", "--department", "water", "--area", "ward-1,ward-4",
		"--level", "2", "--phone", "(202) 555-0188", "--email", "Zoe@City.test")
	water := "water"
	want := userView{
		Login: "zoe", Name: "Zoe Diaz", Roles: []string{"officer", "supervisor"}, Department: &water, Areas: []string{"ward-1", "ward-4"},
		Level: 2, Channels: []string{"sms", "email"},
	}
	if diff := cmp.Diff(want, one("zoe")); diff != "" {
		t.Error(diff)
	}
	d.ok("user", "disable", "zoe")
	if !one("zoe").Disabled {
		t.Error("zoe is not disabled")
	}
	d.ok("user", "add", "zoe", "--level", "3")
	want.Level = 3
	if diff := cmp.Diff(want, one("zoe")); diff != "" {
		t.Errorf("a change of the level: %s", diff)
	}
}

func TestLinkCode(t *testing.T) {
	d := newDesk(t)
	var first, second struct{ Login, Code string }
	d.read(&first, "user", "link-code", "asha")
	d.read(&second, "user", "link-code", "asha")
	if first.Login != "asha" || len(first.Code) < 22 || first.Code == second.Code {
		t.Errorf("codes %+v, %+v", first, second)
	}
	if out := d.ok("user", "link-code", "asha"); !strings.Contains(out, "asha sends: /link ") {
		t.Errorf("text: %s", out)
	}
}

func TestDataFolderIsPrivate(t *testing.T) {
	d := newDesk(t)
	for path, want := range map[string]os.FileMode{"data": 0o700, "data/redress.db": 0o600} {
		info, err := os.Stat(filepath.Join(d.folder, path))
		must(t, err)
		if got := info.Mode().Perm(); got&^want != 0 {
			t.Errorf("%s has mode %o, at most %o is fit", path, got, want)
		}
	}
}
