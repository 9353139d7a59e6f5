package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// faulty writes settings and an organisation that are wrong in several places.
func faulty(t *testing.T) (config string, places []string) {
	t.Helper()
	folder := t.TempDir()
	config = filepath.Join(folder, "redress.yaml")
	must(t, os.WriteFile(config, []byte(`data_dir: data
http: {listen: nowhere, public_url: "ftp://city.test"}
organisation: {file: city.yaml}
chanels: {}
channels:
  sms:
    - {name: main, account_sid: XX1, numbers: ["0800"]}
  telegram:
    - {name: city, token: "1:x", mode: webhook}
`), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "city.yaml"), []byte(`jurisdiction: {id: city.test, name: City, timezone: Mars/Olympus, languages: [en]}
departments:
  - {code: front-desk, name: Front Desk}
services:
  - {code: water-leak, name: Water leak, department: navy}
routes: {department: front-desk}
`), 0o600))
	return config, []string{
		"redress.yaml:2: http.listen:", "redress.yaml:2: http.public_url:", "redress.yaml:4: chanels:", "did you mean channels?",
		"channels.sms[0].auth_token", "channels.sms[0].account_sid", "channels.sms[0].numbers", "channels.telegram[0].secret_token",
		"city.yaml:1: jurisdiction.timezone", "city.yaml:5: services[0].department", "navy",
	}
}

// TestConfigCheck: every fault of both files, at once and with its place.
func TestConfigCheck(t *testing.T) {
	config, places := faulty(t)
	r := runCommand(t.Context(), "", "config", "check", "--config", config)
	if r.code != exitRefused || r.out != "" || !contains(r.errs, places) {
		t.Errorf("exit code %d, want all of %q\nstdout: %s\nstderr: %s", r.code, places, r.out, r.errs)
	}
	r = runCommand(t.Context(), "", "config", "check", "--config", config, "--json")
	var report struct {
		OK     bool
		Faults []struct{ Place, Path, Message string }
	}
	must(t, json.Unmarshal([]byte(r.out), &report))
	if r.code != exitRefused || r.errs != "" || report.OK || len(report.Faults) < 8 {
		t.Errorf("JSON: exit code %d, %+v, %s", r.code, report, r.errs)
	}
	for _, f := range report.Faults {
		if f.Place == "" || f.Message == "" {
			t.Errorf("a fault without place or message: %+v", f)
		}
	}
}

// TestFaultySettingsStartNothing: what runs prints all faults too, and ends.
func TestFaultySettingsStartNothing(t *testing.T) {
	config, places := faulty(t)
	for _, command := range []string{"serve", "gateway", "worker", "migrate"} {
		r := runCommand(t.Context(), "", command, "--config", config)
		if r.code != exitRefused || r.out != "" || !contains(r.errs, places[:8]) {
			t.Errorf("%s: exit code %d, want all of %q\nstderr: %s", command, r.code, places[:8], r.errs)
		}
		for line := range strings.Lines(r.errs) {
			if !strings.HasPrefix(line, "redress: "+config+":") {
				t.Errorf("%s: a line without its place: %s", command, line)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(config), "data")); err == nil {
		t.Error("a data folder was made")
	}
}

func TestConfigCheckOfGoodFiles(t *testing.T) {
	d := emptyDesk(t)
	if out := d.ok("config", "check"); !contains(out, []string{"in order", "no organisation file", filepath.Join(d.folder, "organisation.yaml")}) {
		t.Errorf("without an organisation: %s", out)
	}
	must(t, os.WriteFile(filepath.Join(d.folder, "organisation.yaml"), []byte(readFile(t, "testdata/organisation.yaml")), 0o600))
	if out := d.ok("config", "check"); out != "Settings and organisation are in order.\n" {
		t.Errorf("with one: %s", out)
	}
	if out := d.ok("config", "check", "--json"); out != "{\n  \"ok\": true,\n  \"faults\": []\n}\n" {
		t.Errorf("JSON: %s", out)
	}
	if _, err := os.Stat(filepath.Join(d.folder, "data")); err == nil {
		t.Error("a check made a data folder")
	}
	missing := filepath.Join(d.folder, "other.yaml")
	if r := runCommand(t.Context(), "", "config", "check", "--config", missing); r.code != exitRefused || !contains(r.errs, []string{missing, "--config"}) {
		t.Errorf("missing settings: exit code %d, %s", r.code, r.errs)
	}
}

func TestOrgCheck(t *testing.T) {
	config, places := faulty(t)
	file := filepath.Join(filepath.Dir(config), "city.yaml")
	d := emptyDesk(t)
	for _, command := range []string{"check", "apply"} {
		d.refused(exitRefused, []string{"org", command, file}, places[8:]...)
	}
	if _, err := os.Stat(filepath.Join(d.folder, "data")); err == nil {
		t.Error("a faulty organisation made a data folder")
	}
	if out := d.ok("org", "check", "../../configs/organisation.example.yaml"); out != "The organisation is in order.\n" {
		t.Errorf("the example: %s", out)
	}
}

func TestHealthcheck(t *testing.T) {
	healthy := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" || !healthy {
			http.Error(w, "no", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	must(t, err)
	config := filepath.Join(t.TempDir(), "redress.yaml")
	must(t, os.WriteFile(config, []byte(`http: {listen: ":`+port+`"}`), 0o600))
	for _, args := range [][]string{{"healthcheck", server.URL + "/healthz"}, {"healthcheck", "--config", config}} {
		healthy = true
		if r := runCommand(t.Context(), "", args...); r.code != exitOK || r.out != "alive\n" {
			t.Errorf("%v: exit code %d, %s%s", args, r.code, r.out, r.errs)
		}
		healthy = false
		if r := runCommand(t.Context(), "", args...); r.code != exitRefused || !strings.Contains(r.errs, "503") {
			t.Errorf("%v, ailing: exit code %d, %s%s", args, r.code, r.out, r.errs)
		}
	}
}

func TestReachable(t *testing.T) {
	for listen, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "[::1]:8080",
		"127.0.0.1:9000": "127.0.0.1:9000", "city.test:80": "city.test:80",
	} {
		if got := reachable(listen); got != want {
			t.Errorf("%s is asked at %s, want %s", listen, got, want)
		}
	}
}
