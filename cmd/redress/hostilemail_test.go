package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// hostileMails are mails that no mail program sends. Each is by one sender.
func hostileMails() map[string]string {
	head := func(lines ...string) string {
		return strings.Join(append(lines, "To: complaints@city.test", "Subject: Leak", "MIME-Version: 1.0"), "\r\n") + "\r\n"
	}
	multipart := func(boundary string) string {
		return "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n"
	}
	text := "Content-Type: text/plain\r\n\r\nWater is leaking in Ward 4.\r\n"
	nested := strings.Builder{}
	for i := range 1000 {
		fmt.Fprintf(&nested, "%s--b%d\r\n", multipart(fmt.Sprint("b", i)), i)
	}
	return map[string]string{
		"1,000 nested parts": head("From: a1@citizen.test") + nested.String() + text,
		"100,000 parts": head("From: a2@citizen.test") + multipart("b") + "--b\r\n" + text +
			strings.Repeat("--b\r\n\r\nx\r\n", 100_000) + "--b--\r\n",
		"unknown charset": head("From: a3@citizen.test", "Content-Type: text/plain; charset=klingon") + "\r\nWater is leaking in Ward 4.\r\n",
		"2 MB header": head("From: a4@citizen.test") + "X-Long: " + strings.Repeat("y", 1<<20) + "\r\n" +
			strings.Repeat("X-Many: "+strings.Repeat("y", 900)+"\r\n", 1<<10) + text,
		"bad base64":   head("From: a5@citizen.test", "Content-Type: text/plain", "Content-Transfer-Encoding: base64") + "\r\n=V2F0!!ZXIgaXMg\x00bGVha2luZw=\r\n",
		"an mbox line": "From a6@citizen.test Sun Nov 22 06:00:00 2026\r\n" + head("From: a6@citizen.test") + text,
		"NUL bytes":    head("From: a7@citizen.test", "X-Nul: \x00") + text + "\x00\x00",
		"old date":     head("From: a8@citizen.test", "Date: Mon, 2 Jan 2006 15:04:05 +0000") + text,
		"no line ends": "From: a9@citizen.test\r\nSubject: Leak\r\n\r\n" + strings.Repeat("Water is leaking. ", 1<<16),
	}
}

// TestHostileMails: whatever a mail is, it is one case, and kept as it came.
func TestHostileMails(t *testing.T) {
	m := newFullMailbox(t, 0, 0)
	mails := hostileMails()
	must(t, m.connect(func(c *imapclient.Client) error {
		for _, raw := range mails {
			if err := m.put(c, []byte(raw)); err != nil {
				return err
			}
		}
		return nil
	}))
	m.start()
	m.awaitAcknowledgements(len(mails))
	w := &world{t: t, config: m.config(), logs: m.logs}
	var list []app.CaseStory
	must(t, json.Unmarshal([]byte(w.run("case", "list", "--json", "--limit", "100")), &list))
	if len(list) != len(mails) {
		t.Errorf("%d cases of %d mails", len(list), len(mails))
	}
	kept := map[string]int{}
	for _, in := range w.inbound("--all") {
		if in.State != "processed" {
			t.Errorf("a mail is %s: %s", in.State, in.Reason)
		}
		kept[w.run("inbound", "show", fmt.Sprint(in.ID), "--raw")]++
	}
	for name, raw := range mails {
		if n := kept[strings.ReplaceAll(raw, "\x00", "\x80")]; n != 1 { // as Dovecot gives NUL
			t.Errorf("%s is kept %d times as it came", name, n)
		}
	}
}
