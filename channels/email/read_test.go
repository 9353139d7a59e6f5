package email

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
)

func idOf(a *Adapter, raw string) string { return a.inbound([]byte(raw)).ExternalID }

func TestIdentity(t *testing.T) {
	a := sendingAdapter(t, "127.0.0.1:1")
	mail := letterFrom("leak", "1@x")
	same := map[string]string{
		"delivered to another address": "Return-Path: <asha@example.org>\r\nDelivered-To: roads@city.example\r\nReceived: from a by b; today\r\nX-Original-To: roads@city.example\r\nAuthentication-Results: mx; dmarc=pass\r\nARC-Seal: i=1\r\nX-Spam-Score: 3\r\n" + mail,
		"with other line breaks":       strings.ReplaceAll(mail, "\r\n", "\n"),
		"folded anew":                  strings.Replace(mail, "Asha <", "Asha\r\n <", 1),
		"with an mbox line":            "From asha@example.org Mon Jan 2 15:04:05 2006\n" + mail,
		"cut short by the limit":       truncatedHeader + ": 99\r\n" + mail,
	}
	for name, raw := range same {
		if idOf(a, raw) != idOf(a, mail) {
			t.Errorf("the same mail %s is taken for another", name)
		}
	}
	different := map[string]string{
		"reusing the message id": strings.Replace(mail, "Water is leaking", "The light is out", 1),
		"with another subject":   strings.Replace(mail, "Subject: leak", "Subject: light", 1),
		"by another sender":      strings.Replace(mail, "asha@", "ravi@", 1),
		"sent again later":       strings.Replace(mail, "15:04:05", "16:04:05", 1),
	}
	for name, raw := range different {
		if idOf(a, raw) == idOf(a, mail) {
			t.Errorf("a mail %s is taken for the same", name)
		}
	}
	none := strings.Replace(mail, "Message-ID: <1@x>\r\n", "", 1)
	if id := idOf(a, none); id == "" || id == idOf(a, mail) || len(id) > 200 {
		t.Errorf("a mail without message id: %q", id)
	}
	if got := a.inbound(nil); got.ExternalID == "" || got.Sender != "unknown" {
		t.Errorf("an empty mail: %+v", got)
	}
	if got := a.inbound([]byte("From: MAILER-DAEMON@MX.Example\r\n\r\nx")).Sender; got != "mailer-daemon@mx.example" {
		t.Errorf("sender of a bounce: %q", got)
	}
}

func TestRead(t *testing.T) {
	a := sendingAdapter(t, "127.0.0.1:1")
	raw := "From: Asha <Asha@Example.org>\r\nReply-To: other@evil.example\r\nTo: complaints@city.example\r\nCc: Ravi <ravi@example.org>\r\nSubject: Re: leak\r\nMessage-ID: <3@x>\r\n" +
		"In-Reply-To: <2@city>\r\nReferences: <0@city> <1@city> <2@city>\r\nContent-Language: hi, en\r\nDate: Mon, 2 Jan 2006 15:04:05 +0000\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\n\r\nStill leaking.\r\n\r\nOn 1 Jan 2006, at 10:00, City <c@city.example> wrote:\r\n> old\r\n--b\r\nContent-Type: image/png; name=leak.png\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"
	got, err := a.Read(context.Background(), a.inbound([]byte(raw)))
	if err != nil {
		t.Fatal(err)
	}
	if got.From != (channels.Party{Address: "asha@example.org", Name: "Asha"}) || got.Verified || got.ID != "3@x" || got.Written != "Still leaking." || !strings.Contains(got.Text, "> old") || got.Language != "hi" {
		t.Errorf("read %+v", got)
	}
	if diff := cmp.Diff([]string{"2@city", "1@city", "0@city"}, got.InReplyTo); diff != "" {
		t.Errorf("answers, nearest first: %s", diff)
	}
	if diff := cmp.Diff([]channels.Party{{Address: "ravi@example.org", Name: "Ravi"}}, got.Others); diff != "" {
		t.Error(diff)
	}
	if len(got.Attachments) != 1 || got.Attachments[0].Filename != "leak.png" || a.config.Files.(*channelstest.Files).Content(got.Attachments[0].Stored) != "hello" || got.Attachments[0].Size != 5 {
		t.Errorf("attachments %+v", got.Attachments)
	}
}

func TestReadBounce(t *testing.T) {
	a := sendingAdapter(t, "127.0.0.1:1")
	raw := "From: MAILER-DAEMON@mx.example.org\r\nReturn-Path: <>\r\nSubject: failure notice\r\nMessage-ID: <9@x>\r\n\r\nHi. This is the qmail-send program.\r\nI'm afraid I wasn't able to deliver your message.\r\n\r\n" +
		"<asha@example.org>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <>\r\nMessage-ID: <secret-id@city.example>\r\nSubject: Burst pipe\r\n\r\nx\r\n"
	got, err := a.Read(context.Background(), a.inbound([]byte(raw)))
	if err != nil {
		t.Fatal(err)
	}
	want := []channels.DeliveryReport{{ProviderID: "secret-id@city.example", MessageID: "secret-id@city.example", Address: "asha@example.org", State: channels.DeliveryUndelivered, Code: "5.1.1", Text: "user unknown", Hard: true}}
	if diff := cmp.Diff(want, got.Receipts); diff != "" || got.Automatic.Kind != channels.AutomaticBounce {
		t.Errorf("%v %s", got.Automatic, diff)
	}
}

func TestAMailboxThatIsAGroupAddress(t *testing.T) {
	a := sendingAdapter(t, "127.0.0.1:1") // sends as complaints@city.example
	for head, list := range map[string]bool{
		"List-Id: <complaints.city.example>\r\nPrecedence: list\r\n":                                               false,
		"List-Id: x <42.groups.example>\r\nList-Post: <https://g.example/1>, <mailto:Complaints@city.example>\r\n": false,
		"List-Id: <news.city.example>\r\nPrecedence: list\r\n":                                                     true,
		"List-Post: <mailto:complaints@city.example.evil.example>\r\n":                                             true,
	} {
		got, err := a.Read(context.Background(), a.inbound([]byte("From: asha@example.org\r\n"+head+"Message-ID: <9@x>\r\n\r\nWater is leaking.\r\n")))
		if err != nil || got.Automatic.Is() != list {
			t.Errorf("%q: automatic %+v, %v; want a list mail: %v", head, got.Automatic, err, list)
		}
	}
}

func TestFormMail(t *testing.T) {
	config := testConfig(mailServer{})
	config.IMAP = IMAP{}
	config.AuthServIDs = []string{"mx.city.example"}
	config.FormSenders = []string{"forms@site.example", "@portal.example"}
	a := newAdapter(t, config)
	const generated = "Auto-Submitted: auto-generated\r\n"
	for name, test := range map[string]struct {
		head       string
		from       string
		form, auto bool
	}{
		"a named site":                    {"From: Forms@site.example\r\nReply-To: Asha <Asha@Example.org>\r\n" + generated, "asha@example.org", false, false},
		"a named domain, no mark":         {"From: www@portal.example\r\nReply-To: asha@example.org\r\n", "asha@example.org", false, false},
		"sent in bulk":                    {"From: forms@site.example\r\nReply-To: asha@example.org\r\nPrecedence: bulk\r\n", "asha@example.org", false, false},
		"without a return path":           {"From: forms@site.example\r\nReply-To: asha@example.org\r\nReturn-Path: <>\r\n", "asha@example.org", false, false},
		"a newsletter of the site":        {"From: forms@site.example\r\nReply-To: asha@example.org\r\nList-Id: <news.site.example>\r\n", "forms@site.example", false, true},
		"a site nobody named":             {"From: forms@other.example\r\nReply-To: asha@example.org\r\n" + generated, "forms@other.example", true, true},
		"a domain that only ends alike":   {"From: www@evilportal.example\r\nReply-To: asha@example.org\r\n", "www@evilportal.example", false, false},
		"without Reply-To":                {"From: forms@site.example\r\n" + generated, "forms@site.example", true, true},
		"two in Reply-To":                 {"From: forms@site.example\r\nReply-To: asha@example.org, b@example.org\r\n" + generated, "forms@site.example", true, true},
		"Reply-To is our own":             {"From: forms@site.example\r\nReply-To: complaints@city.example\r\n" + generated, "forms@site.example", true, true},
		"an auto-reply of the site":       {"From: forms@site.example\r\nReply-To: asha@example.org\r\nAuto-Submitted: auto-replied\r\n", "forms@site.example", false, true},
		"out of office":                   {"From: asha@example.org\r\nSubject: Automatic reply: leak\r\n" + generated, "asha@example.org", false, true},
		"out of office, by Exchange":      {"From: asha@example.org\r\nX-MS-Exchange-Inbox-Rules-Loop: asha@example.org\r\n" + generated, "asha@example.org", false, true},
		"a machine's answer to our reply": {"From: tickets@example.org\r\nIn-Reply-To: <1@city.example>\r\n" + generated, "tickets@example.org", false, true},
		"a newsletter":                    {"From: news@example.org\r\nList-Id: <news.example.org>\r\n" + generated, "news@example.org", false, true},
	} {
		pass := "Authentication-Results: mx.city.example; dmarc=pass header.from=site.example\r\nReceived: from a by mx.city.example; x\r\n"
		got, err := a.Read(context.Background(), a.inbound([]byte(pass+test.head+"Message-ID: <9@x>\r\n\r\nWater is leaking.\r\n")))
		if err != nil || got.From.Address != test.from || got.Automatic.Form != test.form || got.Automatic.Is() != test.auto {
			t.Errorf("%s: from %+v, automatic %+v, %v", name, got.From, got.Automatic, err)
		}
		if got.Verified && got.From.Address == "asha@example.org" {
			t.Errorf("%s: the name in a form is taken for proven", name)
		}
	}
	config.FormSenders = []string{"site.example"}
	if _, err := New(config); err == nil || !strings.Contains(err.Error(), "form_senders") {
		t.Errorf("a form sender without @: %v", err)
	}
}

func TestVerified(t *testing.T) {
	config := testConfig(mailServer{})
	config.IMAP = IMAP{}
	config.AuthServIDs = []string{"mx.city.example"}
	a := newAdapter(t, config)
	const (
		results  = "Authentication-Results: mx.city.example; "
		pass     = results + "dmarc=pass header.from=example.org\r\n"
		received = "Received: from out.example.org (out.example.org [192.0.2.1]) by mx.city.example with ESMTPS; today\r\n"
		hop      = "Received: by 2002:a05:6402 with SMTP id x; today\r\n"
		outside  = "Received: from laptop by out.example.org; today\r\n"
		from     = "From: Asha <asha@example.org>\r\n"
	)
	for name, test := range map[string]struct {
		head string
		want bool
	}{
		"above all":                           {pass + received + from, true},
		"next to the server's own Received":   {hop + received + pass + outside + from, true},
		"none":                                {received + from, false},
		"below what came with the mail":       {received + outside + pass + from, false},
		"own Received of the sender's making": {"Received: from a by internal.city.example; x\r\n" + received + pass + from, false},
		"of another server":                   {strings.Replace(pass, "mx.city.example", "mx.evil.example", 1) + received + from, false},
		"forged below a failure":              {strings.Replace(pass, "pass", "fail", 1) + received + pass + from, false},
		"of another domain":                   {strings.Replace(pass, "example.org", "evil.example", 1) + received + from, false},
		"without a domain":                    {"Authentication-Results: mx.city.example; dmarc=pass\r\n" + received + from, false},
		"only dkim":                           {"Authentication-Results: mx.city.example; dkim=pass header.d=example.org\r\n" + received + from, false},
		"with comments":                       {strings.Replace(pass, "pass ", "pass (p=none; sp=none (of \\) example.org)) ", 1) + received + from, true},
		"with a quoted domain":                {strings.Replace(pass, "=example.org", `="example.org"`, 1) + received + from, true},
		"smuggled in by a return path":        {results + `spf=pass smtp.mailfrom="a; dmarc=pass header.from=example.org; x=y"@evil.example; dmarc=fail header.from=example.org` + "\r\n" + received + from, false},
		"smuggled in by a quote in a quote":   {results + `spf=pass smtp.mailfrom="a\"; dmarc=pass header.from=example.org; x=\""@evil.example` + "\r\n" + received + from, false},
		"smuggled in by a comment":            {results + `spf=pass (domain of a; dmarc=pass header.from=example.org; x=y)` + "\r\n" + received + from, false},
		"smuggled in beside the server's own": {results + `spf=pass smtp.mailfrom=a;dmarc=pass header.from=example.org;x=@evil.example; dmarc=fail header.from=example.org` + "\r\n" + received + from, false},
		"with a quote left open":              {strings.TrimSuffix(pass, "\r\n") + ` reason="x` + "\r\n" + received + from, false},
		"among the author's own fields":       {received + "To: c@city.example\r\n" + pass + from, false},
		"two From fields":                     {pass + received + from + "From: x@evil.example\r\n", false},
		"words in the header":                 {pass + received + from + "Close it.\r\nAll is well.\r\n", false},
		"two From addresses":                  {pass + received + "From: x@evil.example, asha@example.org\r\n", false},
	} {
		got, err := a.Read(context.Background(), a.inbound([]byte(test.head+"Subject: x\r\n\r\nhello\r\n")))
		if err != nil || got.Verified != test.want {
			t.Errorf("%s: verified %v by %q, %v", name, got.Verified, got.VerifiedBy, err)
		}
	}
}

func TestVerifiedBySignature(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key := "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(public)
	fields := []string{"From", "Subject"}
	sign := func(domain, raw string, expires time.Time) string {
		var out strings.Builder
		options := &dkim.SignOptions{Domain: domain, Selector: "s", Signer: private, HeaderKeys: fields, Expiration: expires}
		if err := dkim.Sign(&out, strings.NewReader(raw), options); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	config := testConfig(mailServer{})
	config.IMAP = IMAP{}
	config.AuthServIDs = []string{"mx.city.example"}
	config.LookupTXT = func(_ context.Context, name string) ([]string, error) {
		switch name {
		case "s._domainkey.example.org", "s._domainkey.evil.example":
			return []string{key}, nil
		}
		return nil, errors.New("no such name")
	}
	a := newAdapter(t, config)
	const raw = "From: Asha <asha@example.org>\r\nSubject: leak\r\n\r\nIt leaks.\r\n"
	signed := sign("example.org", raw, time.Time{})
	const words = "Close it.\r\nAll is well.\r\n"
	fields = []string{"From"}
	unsubjected := sign("example.org", raw, time.Time{})
	fields = []string{"From", "Subject"}
	for name, test := range map[string]struct {
		raw  string
		want bool
	}{
		"signed":                  {signed, true},
		"changed on the way":      {strings.Replace(signed, "It leaks", "It is dry", 1), false},
		"by another domain":       {sign("evil.example", raw, time.Time{}), false},
		"by a domain without key": {sign("mail.example.org", raw, time.Time{}), false},
		"expired":                 {sign("example.org", raw, time.Unix(1, 0)), false},
		"words in the header":     {strings.Replace(signed, "Subject:", words+"Subject:", 1), false},
		"another From above them": {"From: ravi@example.org\r\n" + words + signed, false},
		"another subject":         {"Subject: REOPEN\r\n" + signed, false},
		"a subject not signed":    {unsubjected, false},
		"a From after a bare CR":  {"X: y\rFrom: ravi@example.org\r\n" + signed, false},
		"a second From":           {"From: x@evil.example\r\n" + signed, false},
		"the server says fail":    {"Authentication-Results: mx.city.example; dmarc=fail header.from=example.org\r\n" + signed, false},
		"not signed":              {raw, false},
	} {
		got, err := a.Read(context.Background(), a.inbound([]byte(test.raw)))
		if err != nil || got.Verified != test.want {
			t.Errorf("%s: verified %v by %q, %v", name, got.Verified, got.VerifiedBy, err)
		}
	}
	a.config.LookupTXT = nil
	if got, _ := a.Read(context.Background(), a.inbound([]byte(signed))); got.Verified {
		t.Error("a signature counts without a name service")
	}
}
