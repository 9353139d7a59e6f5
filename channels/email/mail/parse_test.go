package mail

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
)

const plainHead = "From: Asha <asha@example.org>\r\nTo: c@city.example\r\nSubject: Leak\r\nMessage-ID: <1@x>\r\nDate: Mon, 2 Jan 2006 15:04:05 +0530\r\n"

// The shape of the JSON is relied upon by scripts.
func TestMailMarshals(t *testing.T) {
	raw := plainHead + "In-Reply-To: <a@b>\r\nReferences: <0@b> <a@b>\r\n\r\nWater is leaking.\r\n-- \r\nAsha\r\n"
	got, err := json.Marshal(Parse([]byte(raw), Limits{}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"message_id":"1@x","in_reply_to":["a@b"],"references":["0@b","a@b"],"date":"2006-01-02T15:04:05+05:30",` +
		`"from":[{"name":"Asha","address":"asha@example.org"}],"reply_to":[],"to":[{"name":"","address":"c@city.example"}],"cc":[],"subject":"Leak",` +
		`"text":"Water is leaking.\n-- \nAsha\n","html":"","reply_text":"Water is leaking.","attachments":[],"automatic":{"kind":"none","reason":""},"bounces":[],"defects":[]}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestParseTolerates(t *testing.T) {
	for _, test := range []struct {
		name, raw, subject, text, defect string
	}{
		{"mbox line", "From asha@example.org Mon Jan  2 15:04:05 2006\n" + plainHead + "\nhello", "Leak", "hello", "mbox From line"},
		{"raw 8-bit subject", "Subject: Wasser l\xe4uft\nMessage-ID: <1@x>\n\nhello", "Wasser läuft", "hello", "8-bit bytes in the header"},
		{"encoded word split in a character", "Subject: =?utf-8?B?4KSq4KS+4KSo4KWA4A==?= =?utf-8?B?pIY=?=\nMessage-ID: <1@x>\n\nx", "पानीआ", "x", ""},
		{"unknown transfer encoding", plainHead + "Content-Transfer-Encoding: x-strange\n\nhello", "Leak", "hello", "transfer encoding unknown"},
		{"corrupt base64", plainHead + "Content-Transfer-Encoding: base64\n\naGVs!!bG8gd29ybGQ", "Leak", "hello world", "transfer encoding corrupt"},
		{"unknown charset", plainHead + "Content-Type: text/plain; charset=klingon\n\nhéllo", "Leak", "héllo", "charset unknown"},
		{"wrong charset", plainHead + "Content-Type: text/plain; charset=utf-8\n\nh\xe9llo", "Leak", "héllo", "charset wrong"},
		{"utf-7", plainHead + "Content-Type: text/plain; charset=utf-7\n\nh+AOk-llo", "Leak", "héllo", ""},
		{"iso-2022-jp unlabelled", plainHead + "\n\x1b$B?e\x1b(B", "Leak", "水", ""},
		{"no blank line after the header", "Subject: Leak\nMessage-ID: <1@x>\nWater is leaking\nin Ward 4.\n", "Leak", "Water is leaking\nin Ward 4.", "header not ended"},
		{"a broken line in the header", "Subject: Leak\nthis is broken\nMessage-ID: <1@x>\n\nhello", "Leak", "hello", "header line broken"},
		{"missing boundary", plainHead + "Content-Type: multipart/mixed; boundary=x\n\nhello", "Leak", "hello", "boundary missing"},
		{"wrong boundary", plainHead + "Content-Type: multipart/mixed; boundary=x\n\n--y\nContent-Type: text/plain\n\nhello\n--y--\n", "Leak", "hello", "boundary wrong"},
		{"NUL bytes", plainHead + "\nhel\x00lo", "Leak", "hello", "NUL bytes in the text"},
		{"nothing", "", "", "", "message id missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := Parse([]byte(test.raw), Limits{})
			if m.Subject != test.subject || strings.TrimSpace(m.Text) != test.text {
				t.Errorf("subject %q, text %q", m.Subject, m.Text)
			}
			if test.defect != "" && !strings.Contains(strings.Join(m.Defects, "|"), test.defect) {
				t.Errorf("defects %q, want %q", m.Defects, test.defect)
			}
		})
	}
}

func TestParseKeepsACutOffMail(t *testing.T) {
	m := Parse([]byte(plainHead+"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nWater is lea"), Limits{})
	if m.ReplyText != "Water is lea" || len(m.Attachments) != 1 {
		t.Errorf("reply %q, attachments %v", m.ReplyText, m.Attachments)
	}
}

func TestParseReadsAMailForwardedAsAFile(t *testing.T) {
	m := Parse([]byte(plainHead+"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nSubject: inner\n\nThe pump is broken.\n--x--\n"), Limits{})
	if m.ReplyText != "The pump is broken." || m.Attachments[0].ContentType != "message/rfc822" {
		t.Errorf("reply %q, attachments %v", m.ReplyText, m.Attachments)
	}
}

func TestFilenames(t *testing.T) {
	for field, want := range map[string]string{
		`attachment; filename="leak.jpg"`:                                 "leak.jpg",
		`attachment; filename=my leak.jpg`:                                "my leak.jpg",
		`attachment; filename*=UTF-8''%E0%A4%AA%E0%A4%BE.jpg`:             "पा.jpg",
		`attachment; filename*0="a very "; filename*1="long.jpg"`:         "a very long.jpg",
		`attachment; filename*0*=iso-8859-1'de'L%E4; filename*1="rm.jpg"`: "Lärm.jpg",
		`attachment; filename="=?utf-8?Q?L=C3=A4rm.jpg?="`:                "Lärm.jpg",
		`attachment; filename="../../etc/passwd"`:                         "../../etc/passwd", // never used as a path
		`attachment; filename*=windows-1251''%EF%E8%F1%FC%EC%EE.doc`:      "письмо.doc",
		`attachment; filename*0*=utf-8''L%C3; filename*1*=%A4rm.jpg`:      "Lärm.jpg", // a character in two pieces
		`attachment; filename*1="b.jpg"; filename*0="a"`:                  "ab.jpg",
		`attachment; filename*=L%C3%A4rm.jpg`:                             "Lärm.jpg", // no charset
		`attachment; filename="=?koi8-r?B?0MnT2M3PLmRvYw==?="`:            "письмо.doc",
		"attachment; filename=\"L\xe4rm.jpg\"":                            "Lärm.jpg",
		"attachment; filename=\"two\\\"quotes\"":                          `two"quotes`,
	} {
		raw := plainHead + "Content-Type: image/jpeg\nContent-Disposition: " + field + "\n\nx"
		m := Parse([]byte(raw), Limits{})
		if len(m.Attachments) != 1 || m.Attachments[0].Filename != want {
			t.Errorf("%s: %+v, want %q", field, m.Attachments, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for value, want := range map[string]string{
		`Asha Rao <asha@x.org>`:                   "Asha Rao|asha@x.org",
		`"Rao, Asha" <asha@x.org>, b@y.org`:       "Rao, Asha|asha@x.org;|b@y.org",
		`asha@x.org (Asha)`:                       "Asha|asha@x.org",
		`=?utf-8?Q?J=C3=B6rg?= <j@x.org>`:         "Jörg|j@x.org",
		`Council: a@x.org, B <b@x.org>;, c@x.org`: "|a@x.org;B|b@x.org;|c@x.org",
		`Asha <asha@x.org`:                        "Asha|asha@x.org",
		`undisclosed-recipients:;`:                "",
		`"asha@x.org" <asha@x.org>`:               "asha@x.org|asha@x.org",
		`<@relay.org:asha@x.org>`:                 "|asha@x.org",
		`Asha asha@x.org`:                         "Asha|asha@x.org",
		"evil\r\nBcc: x@y <a@b.org>":              "x@y|a@b.org",
	} {
		var got []string
		for _, a := range ParseAddresses(value) {
			got = append(got, a.Name+"|"+a.Address)
		}
		if strings.Join(got, ";") != want {
			t.Errorf("%q: got %q, want %q", value, strings.Join(got, ";"), want)
		}
	}
}

func TestOutlookForwardIsKept(t *testing.T) {
	body := "\n\nPlease help.\n\nFrom: B <b@x.org>\nSent: Monday\nTo: Asha\nSubject: pump\n\nThe pump is broken.\n"
	for head, want := range map[string]bool{
		"Subject: FW: pump\nIn-Reply-To: <a@b>": true, "Subject: pump": true, "Subject: RE: pump\nIn-Reply-To: <a@b>": false, "Subject: AW: pump": false,
	} {
		m := Parse([]byte("From: a@x.org\nMessage-ID: <1@x>\n"+head+body), Limits{})
		if strings.Contains(m.ReplyText, "The pump is broken") != want || !strings.HasPrefix(m.ReplyText, "Please help.") {
			t.Errorf("%s: reply %q", head, m.ReplyText)
		}
	}
}

func TestHTMLOnly(t *testing.T) {
	html := func(body string) string {
		return plainHead + "In-Reply-To: <a@b>\nContent-Type: text/html; charset=utf-8\n\n" + body
	}
	for name, test := range map[string]struct{ body, text, reply string }{
		"plain":          {`<p>Water is <b>lea</b>king</p><p>in Ward&nbsp;4</p><script>x()</script><style>p{}</style>`, "Water is leaking in Ward 4", "Water is leaking in Ward 4"},
		"gmail quote":    {`<div>Still leaking</div><div class="gmail_quote"><div class="gmail_attr">On Monday wrote:</div><blockquote>old</blockquote></div>`, "", "Still leaking"},
		"cite":           {`<p>Yes</p><blockquote type="cite"><p>Is it wet?</p></blockquote><p>and cold</p>`, "", "Yes and cold"},
		"outlook":        {`<div>Still leaking</div><div id="divRplyFwdMsg"><b>From:</b> City<br></div><div>old text</div>`, "", "Still leaking"},
		"gmail forward":  {`<div>See below</div><div class="gmail_quote">---------- Forwarded message ---------<br>From: B<br><br>The pump is broken</div>`, "", "See below ---------- Forwarded message --------- From: B The pump is broken"},
		"nothing but it": {`<div class="gmail_quote"><p>The pump is broken</p></div>`, "", "The pump is broken"},
		"table":          {`<table><tr><td>Ward</td><td>4</td></tr><tr><td>Street</td><td>Main</td></tr></table>`, "Ward 4 Street Main", "Ward 4 Street Main"},
		"deep":           {strings.Repeat("<div>", 5000) + "leak" + strings.Repeat("</div>", 5000), "leak", "leak"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Parse([]byte(html(test.body)), Limits{})
			if test.text != "" && squeeze(m.Text) != test.text || squeeze(m.ReplyText) != test.reply {
				t.Errorf("text %q, reply %q", m.Text, m.ReplyText)
			}
		})
	}
}

// However a mail is made, ten times as much of it costs about ten times as
// much. What is counted is memory, which does not depend on the machine;
// BenchmarkHostile shows the time.
func TestParseIsBounded(t *testing.T) {
	cost := func(raw string) (bytes, allocs uint64) {
		Parse([]byte(raw), Limits{}) // regular expressions are made on first use
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Parse([]byte(raw), Limits{})
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc, after.Mallocs - before.Mallocs
	}
	const times, slack = 10, 2
	large := hostile(200 * times)
	for name, raw := range hostile(200) {
		t.Run(name, func(t *testing.T) {
			smallBytes, smallAllocs := cost(raw)
			bytes, allocs := cost(large[name])
			if bytes > times*slack*smallBytes+1<<20 || allocs > times*slack*smallAllocs+1000 {
				t.Errorf("%d bytes in %d pieces, of a tenth %d in %d", bytes, allocs, smallBytes, smallAllocs)
			}
		})
	}
}

// Of a mail with too many parts, or parts too deep, no more are made.
func TestPartsAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		raw    string
		most   int
		defect string
	}{
		"nested": {nested(1000), 1, "nested too deep"}, "beside one another": {wide(100000), 1000, "too many parts"},
	} {
		m := Parse([]byte(test.raw), Limits{})
		if len(m.Attachments) > test.most || !strings.Contains(strings.Join(m.Defects, "|"), test.defect) {
			t.Errorf("%s: %d attachments, defects %q", name, len(m.Attachments), m.Defects)
		}
	}
}

func TestAutomatic(t *testing.T) {
	for head, want := range map[string]Kind{
		"": None, "Auto-Submitted: no\n": None, "X-Auto-Response-Suppress: All\n": None, "Subject: Re: Automatic reply: away\n": None, "Return-Path: <asha@x.org>\n": None,
		"Auto-Submitted: auto-replied\n": AutoReply, "Auto-Submitted: auto-generated (web form)\n": AutoReply, "X-Autoreply: yes\n": AutoReply, "Precedence: auto_reply\n": AutoReply,
		"Subject: Abwesenheitsnotiz: Leck\n": AutoReply, "Subject: Out of Office: leak\n": AutoReply, "Subject: Réponse automatique : fuite\n": AutoReply, "Subject: 自动回复: 漏水\n": AutoReply, "Return-Path: <>\n": AutoReply,
		"List-Id: <x.y>\n": List, "Precedence: bulk\n": List, LoopHeader + ": complaints\n": Loop,
	} {
		if m := Parse([]byte(head+"From: a@x.org\nMessage-ID: <1@x>\n\nWater is leaking.\n"), Limits{}); m.Automatic.Kind != want {
			t.Errorf("%q: %v, want %s", head, m.Automatic, want)
		}
	}
}

// People complain about deliveries, too.
func TestPersonsAreNoMachines(t *testing.T) {
	for _, raw := range []string{
		"Subject: Undelivered parcel\n\nYour office could not deliver my parcel, please write to asha@x.org. Delivery failed twice.",
		"Subject: Delivery problem\n\nThe mail could not be delivered to my mailbox since Monday.",
		"Subject: Returned mail for Mr Rao\n\nI keep getting returned mail at 550 Main Street.",
		"Subject: Out of water, out of the office\n\nNo water.",
		"Subject: Out of office hours nobody answers\n\nI tried five times.",
		"Subject: I am out of water\n\nSince Monday.",
		"Subject: Auto: Strafzettel\n\nIch stand richtig.",
		"Subject: 不在家时水管坏了\n\n请来人看一下。",
		"Subject: Poissa käytöstä koko viikon\n\nVesi ei tule.",
		"Subject: Away from home for a week and the meter ran\n\nIt did.",
		"Subject: Re: Undeliverable: permit\nIn-Reply-To: <1@city>\n\nIt was not delivered: 5.1.1",
	} {
		if m := Parse([]byte("From: Asha <asha@x.org>\nMessage-ID: <1@x>\n"+raw), Limits{}); m.Automatic.Kind != None || m.ReplyText == "" {
			t.Errorf("%q: %v", raw, m.Automatic)
		}
	}
}

func TestReports(t *testing.T) {
	report := func(kind, part string) string {
		return "From: x@y.org\nMessage-ID: <2@x>\nContent-Type: multipart/report; report-type=" + kind + "; boundary=b\n\n--b\n\nfor people\n--b\nContent-Type: message/" + kind + "\n\n" + part +
			"\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <ours@city.example>\nSubject: x\n\nx\n--b--\n"
	}
	m := Parse([]byte(report("delivery-status", "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; Asha@x.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user here\n")), Limits{})
	if m.Automatic.Kind != BounceKind || len(m.Bounces) != 1 || m.Bounces[0].Recipient != "asha@x.org" || !m.Bounces[0].Hard || m.Bounces[0].Reason != ReasonUserUnknown || first(m.Returned) != "ours@city.example" {
		t.Errorf("bounce: %+v %+v %q", m.Automatic, m.Bounces, m.Returned)
	}
	m = Parse([]byte(report("delivery-status", "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; asha@x.org\nAction: delayed\nStatus: 4.4.1\n")), Limits{})
	if m.Automatic.Kind != Delay || m.Bounces[0].Hard {
		t.Errorf("delay: %+v %+v", m.Automatic, m.Bounces)
	}
	m = Parse([]byte(report("disposition-notification", "Final-Recipient: rfc822; asha@x.org\nOriginal-Message-ID: <ours@city.example>\nDisposition: manual-action/MDN-sent-manually; displayed\n")), Limits{})
	if m.Automatic.Kind != Receipt || first(m.Returned) != "ours@city.example" {
		t.Errorf("receipt: %+v %q", m.Automatic, m.Returned)
	}
	if m = Parse([]byte(report("feedback-report", "Feedback-Type: abuse\n")), Limits{}); m.Automatic.Kind != FeedbackReport {
		t.Errorf("feedback: %+v", m.Automatic)
	}
}

// checkReply holds for every mail of the corpora: where there is a text that is
// no mere quote, something was written.
func checkReply(t *testing.T, file, text, reply string) {
	t.Helper()
	if strings.TrimSpace(reply) == "" && hasUnquoted(text) {
		t.Errorf("%s: nothing left of %.200q", file, text)
	}
}

func hasUnquoted(text string) bool {
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, ">") {
			return true
		}
	}
	return false
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(plainHead + "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nhello\n--x--\n"))
	f.Add([]byte(plainHead + "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>=C3=A4"))
	f.Add([]byte("From mbox\nSubject: =?utf-8?B?4KSq?=\nTo: a: b@c;\n\n> x\n"))
	f.Add([]byte("From: MAILER-DAEMON@x\nReturn-Path: <>\nSubject: failure notice\n\n<a@b.org>:\nno such user (#5.1.1)\n--- Below this line is a copy of the message.\n\nMessage-ID: <1@x>\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Parse(raw, Limits{})
		if _, err := json.Marshal(m); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(m.Subject, "\r\n") || m.Automatic.Kind == "" {
			t.Errorf("subject %q, kind %q", m.Subject, m.Automatic.Kind)
		}
		if strings.TrimSpace(m.ReplyText) == "" && m.Automatic.Kind == None && hasUnquoted(m.Text) && hasLetter(m.Text) && !strings.Contains(m.Text, ":") {
			t.Errorf("nothing left of %q", m.Text)
		}
	})
}

func FuzzReplyText(f *testing.F) {
	f.Add("hello\n\nOn Mon, 1 Jan 2020 at 10:00, A <a@b.org> wrote:\n> x\n")
	f.Add("-----Original Message-----\nFrom: a\nSent: b\nTo: c\nSubject: d\n\nx")
	f.Fuzz(func(t *testing.T, text string) {
		reply := ReplyText(text)
		if len(reply) > len(text) {
			t.Errorf("longer than the text: %q of %q", reply, text)
		}
		if reply == "" && hasLetter(text) && hasUnquoted(text) && !strings.Contains(text, ">") {
			t.Errorf("nothing left of %q", text)
		}
	})
}

func hasLetter(text string) bool {
	return strings.ContainsAny(text, "abcdefghijklmnopqrstuvwxyz")
}
