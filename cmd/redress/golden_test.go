package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// outboundOf are the messages of a case, the newest first.
func (d *desk) outboundOf(ref string) []app.OutboundView {
	d.t.Helper()
	var all, list []app.OutboundView
	d.read(&all, "outbound", "list", "--all")
	for _, o := range all {
		if o.Reference != nil && *o.Reference == ref {
			list = append(list, o)
		}
	}
	return list
}

// TestCases plays a day at the desk and compares what the commands print.
func TestCases(t *testing.T) {
	d := newDesk(t)
	d.golden("case-none.txt", d.ok("case", "list"))
	d.golden("case-none.json", d.ok("case", "list", "--json"))

	leak := d.register("--via", "phone", "--name", "Meera Nair", "--phone", "(202) 555-0199", "--subject", "Burst pipe",
		"--text", "Water is leaking near the school in Ward 4\x1b[2J", "--place", "School Road", "--as", "dora")
	lamp := d.register("--via", "letter", "--email", "Meera@Citizen.test", "--text", "La farola está apagada", "--area", "ward-1")
	vague := d.register("--via", "counter", "--text", "It smells", "--type", "enquiry")

	var actions strings.Builder
	for _, step := range [][]string{
		{"case", "accept", leak},
		{"case", "note", leak, "Spare", "part", "ordered", "--as", "asha"},
		{"case", "ask", leak, "Which side of the school?", "--as", "asha"},
		{"case", "reply", leak, "A crew is on its way.", "--as", "asha"},
		{"case", "defer", leak, "2d", "Waiting for the spare part", "--as", "asha"},
		{"case", "assign", leak, "ravi", "He knows the place", "--as", "asha"},
		{"case", "link", leak, lamp},
		{"case", "resolve", leak, "The pipe was replaced.", "--outcome", "partly_upheld", "--remedy", "New pipe", "--root-cause", "Old pipe", "--as", "ravi"},
		{"case", "reopen", leak, "The leak is back", "--as", "ravi"},
		{"case", "resolve", leak, "The joint was sealed too.", "--as", "ravi"},
		{"case", "close", leak, "Told by phone", "--as", "ravi"},
		{"case", "escalate", lamp, "Needs a crane", "--as", "leo"},
		{"case", "forward", vague, "water", "A sewer, surely"},
	} {
		fmt.Fprintf(&actions, "$ redress %s\n%s", strings.Join(step, " "), d.ok(step...))
	}
	d.golden("case-actions.txt", actions.String())
	d.goldenBoth("case-list", "case", "list")
	d.goldenBoth("case-list-water", "case", "list", "--department", "water", "--status", "closed,reforwarded", "--limit", "1")
	d.goldenBoth("case-show-leak", "case", "show", strings.ToLower(leak))
	d.goldenBoth("case-show-lamp", "case", "show", lamp)
	d.golden("case-show-vague.json", d.ok("case", "show", vague, "--json"))
	if got := d.ok("case", "list", "--overdue", "--json"); got != "[]\n" {
		t.Errorf("overdue: %s", got)
	}
	d.goldenBoth("audit-verify", "audit", "verify")
}

// TestKnownContact: who calls again is the same contact.
func TestKnownContact(t *testing.T) {
	d := newDesk(t)
	first := d.register("--text", "Water is leaking", "--phone", "+1 202 555 0199", "--name", "Meera Nair")
	second := d.register("--text", "The street lamp is dark", "--phone", "(202) 555-0199")
	for _, ref := range []string{first, second} {
		var c app.CaseStory
		d.read(&c, "case", "show", ref)
		if c.Contact.Name != "Meera Nair" || len(c.Contact.Addresses) != 1 || c.Contact.Addresses[0] != "sms:+12025550199" {
			t.Errorf("contact of %s: %+v", ref, c.Contact)
		}
	}
}

// TestAnswerGoesWhereItCan: without an SMS account a caller who left a mail
// address too is answered there.
func TestAnswerGoesWhereItCan(t *testing.T) {
	d := newDesk(t)
	settings := readFile(t, d.config)
	withoutSMS, _, _ := strings.Cut(settings, "  sms:")
	must(t, os.WriteFile(d.config, []byte(withoutSMS), 0o600))
	d.register("--text", "Water is leaking", "--phone", "+12025550199")
	ref := d.register("--text", "The street lamp is dark", "--phone", "+12025550199", "--email", "meera@citizen.test")
	var told []string
	for _, o := range d.outboundOf(ref) {
		if o.To == "complainant" {
			told = append(told, o.Channel+" "+o.Address)
		}
	}
	if len(told) != 1 || told[0] != "email meera@citizen.test" {
		t.Errorf("told by %q", told)
	}
}

// TestRegisterFromStandardInput: a long text need not be on the command line.
func TestRegisterFromStandardInput(t *testing.T) {
	d := newDesk(t)
	var c app.CaseView
	r := d.run("Water is leaking\nsince Monday\n", "register", "--text", "-", "--json")
	if err := json.Unmarshal([]byte(r.out), &c); err != nil || c.Description != "Water is leaking\nsince Monday" || *c.Service != "water-leak" {
		t.Errorf("case %+v, %v, %s", c, err, r.errs)
	}
}

func TestInbound(t *testing.T) {
	d := newDesk(t)
	d.goldenBoth("inbound-none", "inbound", "list")
	s := d.store()
	at := time.Date(2026, time.November, 23, 9, 30, 0, 0, time.UTC)
	rows, err := s.AppendInbound(t.Context(), []store.Inbound{
		{Channel: "email", Account: "complaints", ExternalID: "7:1", Sender: "a@b.test", ReceivedAt: at, ContentType: "message/rfc822", Raw: []byte("Subject: \x00\r\n\r\nraw")},
		{Channel: "sms", Account: "main", ExternalID: "SM1", Sender: "+12025550199", ReceivedAt: at, ContentType: "application/x-www-form-urlencoded", Raw: []byte("Body=x")},
	})
	must(t, err)
	must(t, s.QuarantineInbound(t.Context(), rows[0].ID, "could not be read"))
	d.goldenBoth("inbound-list", "inbound", "list")
	d.goldenBoth("inbound-show", "inbound", "show", "1")
	if got := d.ok("inbound", "show", "1", "--raw"); got != "Subject: \x00\r\n\r\nraw" {
		t.Errorf("raw: %q", got)
	}
	d.refused(exitRefused, []string{"inbound", "retry", "2"}, "received message 2 is not quarantined")
	d.golden("inbound-retry.txt", d.ok("inbound", "retry", "1"))
	var list []app.InboundView
	d.read(&list, "inbound", "list")
	if len(list) != 2 || list[1].ID != 1 || list[1].State != "received" || list[1].Tries != 0 {
		t.Errorf("after the retry: %+v", list)
	}
	d.tamper("UPDATE inbound SET state = 'processed'")
	if got := d.ok("inbound", "list", "--json"); got != "[]\n" {
		t.Errorf("processed messages are listed: %s", got)
	}
	if d.read(&list, "inbound", "list", "--all"); len(list) != 2 {
		t.Errorf("%d messages with --all, want 2", len(list))
	}
}

func TestOutbound(t *testing.T) {
	d := newDesk(t)
	d.goldenBoth("outbound-none", "outbound", "list")
	d.register("--via", "letter", "--text", "It smells")
	d.goldenBoth("outbound-list", "outbound", "list")
	ref := d.register("--text", "Water is leaking", "--phone", "+12025550199")
	var notice app.OutboundView
	for _, o := range d.outboundOf(ref) {
		if o.To == "complainant" {
			notice = o
		}
	}
	d.goldenBoth("outbound-show", "outbound", "show", notice.ID)
	d.tamper("UPDATE outbox SET state = 'failed', error = 'landline', attempts = 1 WHERE id = ?", notice.ID)
	for _, o := range d.outboundOf(ref) {
		if o.ID == notice.ID && (o.State != "failed" || o.NextAttemptAt != nil || *o.Error != "landline") {
			t.Errorf("failed message: %+v", o)
		}
	}
	d.golden("outbound-retry.txt", d.ok("outbound", "retry", notice.ID))
	var again app.OutboundView
	d.read(&again, "outbound", "show", notice.ID)
	if again.State != "retry" || again.NextAttemptAt == nil {
		t.Errorf("after the retry: %+v", again)
	}
}

func TestAuditFindsWhatWasAltered(t *testing.T) {
	for name, test := range map[string]struct{ query, want string }{
		"edited":  {"UPDATE events SET note = 'another' WHERE kind = 'note'", "event 5"},
		"removed": {"DELETE FROM events WHERE kind = 'note'", "event 5"},
		"cut off": {"DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", "event"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			ref := d.register("--text", "Water is leaking")
			d.ok("case", "note", ref, "one", "--as", "asha")
			d.ok("case", "reply", ref, "two", "--as", "asha")
			d.ok("audit", "verify")
			d.tamper(test.query)
			r := d.run("", "audit", "verify")
			if r.code != exitRefused || !contains(r.out, []string{ref, test.want, "faults"}) {
				t.Errorf("exit code %d, %s%s", r.code, r.out, r.errs)
			}
			var report struct {
				Cases  int
				Faults []struct{ Reference, What string }
			}
			r = d.run("", "audit", "verify", "--json")
			must(t, json.Unmarshal([]byte(r.out), &report))
			if r.code != exitRefused || report.Cases != 1 || len(report.Faults) == 0 || report.Faults[0].Reference != ref {
				t.Errorf("JSON: exit code %d, %s", r.code, r.out)
			}
		})
	}
}

func TestMigrate(t *testing.T) {
	d := emptyDesk(t)
	var first, second struct{ From, To int64 }
	d.read(&first, "migrate")
	d.read(&second, "migrate")
	if second.From != second.To || second.To != first.To || first.To < 1 {
		t.Errorf("versions %+v, then %+v", first, second)
	}
	if out := d.ok("migrate"); !strings.Contains(out, "up to date") {
		t.Errorf("text: %s", out)
	}
}

func TestVersion(t *testing.T) {
	d := emptyDesk(t)
	if got := d.ok("version"); !strings.HasPrefix(got, "redress dev (go1.") {
		t.Errorf("text: %s", got)
	}
	var v map[string]any
	if d.read(&v, "version"); v["version"] != "dev" || v["go"] == "" {
		t.Errorf("JSON: %v", v)
	}
}

// TestRouteTest asks the example city in its three languages.
func TestRouteTest(t *testing.T) {
	d := emptyDesk(t)
	d.ok("org", "apply", "../../configs/organisation.example.yaml")
	for lang, words := range map[string]string{
		"en": "Water is leaking from a burst pipe near the school in Ward 4 since yesterday",
		"hi": "पुराना शहर में पानी की पाइप फट गई है और रिसाव हो रहा है",
		"es": "Hay una fuga de agua en el Casco Viejo desde ayer",
	} {
		d.goldenBoth("route-"+lang, "route", "test", "--text", words)
	}
	d.golden("route-nothing.json", d.ok("route", "test", "--text", "Hm", "--channel", "web", "--area", "ward-2", "--lang", "es", "--json"))
	if got := d.ok("case", "list", "--json"); got != "[]\n" {
		t.Errorf("trying a route opened a case: %s", got)
	}
}

func TestTemplates(t *testing.T) {
	d := emptyDesk(t)
	d.goldenBoth("template-list", "template", "list")
	for _, lang := range []string{"en", "hi", "es"} {
		for _, channel := range []string{"email", "sms", "telegram"} {
			d.golden("template-"+channel+"-"+lang+".txt", d.ok("template", "preview", "acknowledged", "--channel", channel, "--lang", lang))
		}
	}
	d.golden("template-sms.json", d.ok("template", "preview", "resolved", "--channel", "sms", "--json"))
}

func TestParse(t *testing.T) {
	d := emptyDesk(t)
	file := filepath.Join(d.folder, "mail.eml")
	mail := "From: Meera <m@citizen.test>\r\nTo: c@city.test\r\nSubject: Re: Leak\r\nMessage-ID: <1@citizen.test>\r\nIn-Reply-To: <0@city.test>\r\n" +
		"Date: Mon, 23 Nov 2026 09:30:00 +0100\r\n\r\nStill leaking.\r\n\r\n> It was mended.\r\n"
	must(t, os.WriteFile(file, []byte(mail), 0o600))
	d.golden("parse.json", d.ok("parse", file))
	d.golden("parse-nothing.json", d.ok("parse", os.DevNull))
	if r := d.run(mail, "parse", "-"); r.code != exitOK || r.out != d.ok("parse", file) {
		t.Errorf("standard input: %d, %s%s", r.code, r.out, r.errs)
	}
	r := d.run("Still leaking.\n\n> It was mended.\n", "parse", "--reply-text", "-")
	if want := "{\n  \"reply_text\": \"Still leaking.\"\n}\n"; r.out != want {
		t.Errorf("reply text: %s%s", r.out, r.errs)
	}
}
