package email

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

const (
	returnToken = "abcdefghijklmnopqrstuvwxyz234567"
	replyToken  = "zyxwvutsrqponmlkjihgfedcba"
)

// answeredAdapter is one of two accounts, with all that answers come by.
func answeredAdapter(t *testing.T, address string) *Adapter {
	config := testConfig(mailServer{})
	config.IMAP = IMAP{}
	config.SMTP = SMTP{Address: address, TLS: "none"}
	config.ReturnPath = "Bounces+{token}@city.example"
	config.PlusAddress = true
	config.OwnAddresses = []string{"roads@city.example", "Help@city.example", "office-bounces-{token}@city.example"}
	return newAdapter(t, config)
}

func readMail(t *testing.T, a *Adapter, head string) channels.Message {
	t.Helper()
	got, err := a.Read(context.Background(), a.inbound([]byte(head+"Message-ID: <9@x>\r\n\r\nWater is leaking.\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAddressesOfAnswers(t *testing.T) {
	r, address := newReceiver(t)
	for name, test := range map[string]struct {
		change  func(*Config, *channels.Outbound)
		from    string
		replyTo string
	}{
		"automatic": {func(*Config, *channels.Outbound) {}, "bounces+" + returnToken + "@city.example", "complaints+" + replyToken + "@city.example"},
		"by a person": {func(_ *Config, out *channels.Outbound) { out.Automatic = false },
			"bounces+" + returnToken + "@city.example", "complaints+" + replyToken + "@city.example"},
		"nothing set": {func(c *Config, _ *channels.Outbound) { c.ReturnPath, c.PlusAddress = "", false }, "", ""},
		"without tokens": {func(_ *Config, out *channels.Outbound) {
			out.Automatic, out.Thread.ReturnToken, out.Thread.ReplyToken = false, "", ""
		}, "complaints@city.example", ""},
		"with a token that is none": {func(_ *Config, out *channels.Outbound) {
			out.Thread.ReturnToken, out.Thread.ReplyToken = returnToken+">\r\n", "x@evil.example,aaaaaaaaaaaaaa"
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := answeredAdapter(t, address)
			out := acknowledgement()
			out.Thread.ReturnToken, out.Thread.ReplyToken = returnToken, replyToken
			test.change(&a.config, &out)
			if _, err := a.Send(context.Background(), out); err != nil {
				t.Fatal(err)
			}
			got := r.mails[len(r.mails)-1]
			m := mail.Parse([]byte(got.raw), mail.Limits{})
			replyTo := ""
			if len(m.ReplyTo) == 1 {
				replyTo = m.ReplyTo[0].Address
			}
			if got.from != test.from || replyTo != test.replyTo || len(m.From) != 1 || m.From[0].Address != "complaints@city.example" {
				t.Errorf("envelope from %q, Reply-To %q\n%s", got.from, replyTo, got.raw)
			}
			if out.Automatic != (m.Header.Get("Auto-Submitted") == "auto-replied") {
				t.Errorf("Auto-Submitted: %q", m.Header.Get("Auto-Submitted"))
			}
		})
	}
}

func TestTokensOfAMail(t *testing.T) {
	a := answeredAdapter(t, "127.0.0.1:1")
	for name, test := range map[string]struct {
		head            string
		returned, reply string
	}{
		"to the return path":            {"To: <BOUNCES+" + strings.ToUpper(returnToken) + "@City.example>\r\n", returnToken, ""},
		"to the return path, by trace":  {"Delivered-To: bounces+" + returnToken + "@city.example\r\nTo: undisclosed-recipients:;\r\n", returnToken, ""},
		"by another account's":          {"X-Original-To: office-bounces-" + returnToken + "@city.example\r\n", returnToken, ""},
		"to the plus address":           {"To: City <complaints+" + replyToken + "@city.example>, x@home.example\r\n", "", replyToken},
		"to the plus address in a copy": {"To: x@home.example\r\nCc: roads+" + replyToken + "@city.example\r\n", "", replyToken},
		"another domain":                {"To: bounces+" + returnToken + "@city.example.evil.example, complaints+" + replyToken + "@evil.example\r\n", "", ""},
		"too short":                     {"To: bounces+abc@city.example, complaints+abc@city.example\r\n", "", ""},
		"not a token":                   {"To: complaints+" + strings.Repeat("é", 20) + "@city.example\r\n", "", ""},
		"in a name":                     {"To: \"complaints+" + replyToken + "@city.example\" <x@home.example>\r\n", "", ""},
	} {
		got := readMail(t, a, "From: asha@example.org\r\n"+test.head)
		if got.ReturnToken != test.returned || got.ReplyToken != test.reply {
			t.Errorf("%s: returned %q, reply %q", name, got.ReturnToken, got.ReplyToken)
		}
		if machine := got.Automatic.Kind == channels.AutomaticReply; machine != (test.returned != "") {
			t.Errorf("%s: automatic %+v", name, got.Automatic)
		}
	}
}

func TestWho(t *testing.T) {
	a := answeredAdapter(t, "127.0.0.1:1")
	party := func(address, name string) channels.Party { return channels.Party{Address: address, Name: name} }
	for name, test := range map[string]struct {
		head   string
		from   channels.Party
		own    bool
		others []channels.Party
	}{
		"copies, without ours": {
			"From: Asha <asha@example.org>\r\nTo: complaints@city.example, Roads <ROADS@city.example>\r\n" +
				"Cc: Ravi <ravi@example.org>, asha@example.org, help@city.example, complaints+" + replyToken + "@city.example, Ravi <Ravi@example.org>\r\n",
			party("asha@example.org", "Asha"), false, []channels.Party{party("ravi@example.org", "Ravi")},
		},
		"groups": {
			"From: asha@example.org\r\nTo: undisclosed-recipients:;\r\nCc: Neighbours: ravi@example.org, Lata <lata@example.org>;\r\n",
			party("asha@example.org", ""), false, []channels.Party{party("ravi@example.org", ""), party("lata@example.org", "Lata")},
		},
		"a secretary": {
			"From: Boss <boss@example.org>\r\nSender: secretary@example.org\r\nReply-To: desk@example.org\r\n",
			party("boss@example.org", "Boss"), false, nil,
		},
		"two authors": {
			"From: Asha <asha@example.org>, Ravi <ravi@example.org>\r\nSender: ravi@example.org\r\n",
			party("ravi@example.org", "Ravi"), false, []channels.Party{party("asha@example.org", "Asha")},
		},
		"two authors, sent by neither": {
			"From: Asha <asha@example.org>, ravi@example.org\r\nSender: x@example.org\r\n",
			party("asha@example.org", "Asha"), false, []channels.Party{party("ravi@example.org", "")},
		},
		"ourselves":           {"From: City <Complaints@City.example>\r\n", party("complaints@city.example", "City"), true, nil},
		"another of ours":     {"From: help@city.example\r\n", party("help@city.example", ""), true, nil},
		"our return path":     {"From: bounces+" + returnToken + "@city.example\r\n", party("bounces+"+returnToken+"@city.example", ""), true, nil},
		"one that looks like": {"From: complaints+water@city.example\r\n", party("complaints+water@city.example", ""), false, nil},
	} {
		got := readMail(t, a, test.head)
		if got.From != test.from || got.Own != test.own {
			t.Errorf("%s: from %+v, own %v", name, got.From, got.Own)
		}
		if diff := cmp.Diff(test.others, got.Others); diff != "" {
			t.Errorf("%s: others %s", name, diff)
		}
	}
}

// A site that mails its form with our own address as From is a form all the
// same where the settings say so; the order of its mails is by who wrote.
func TestAFormThatSendsAsUs(t *testing.T) {
	config := testConfig(mailServer{})
	config.IMAP = IMAP{}
	config.FormSenders = []string{"complaints@city.example"}
	a := newAdapter(t, config)
	const head = "From: complaints@city.example\r\nReply-To: Asha <Asha@example.org>\r\nAuto-Submitted: auto-generated\r\n"
	got := readMail(t, a, head)
	if got.From.Address != "asha@example.org" || got.Own || got.Automatic.Is() || got.Verified || got.Others != nil {
		t.Errorf("read %+v", got)
	}
	if in := a.inbound([]byte(head + "\r\nx\r\n")); in.Sender != "asha@example.org" {
		t.Errorf("in line with %q", in.Sender)
	}
}

func TestWrongAddressesOfOurs(t *testing.T) {
	for _, change := range []func(*Config){
		func(c *Config) { c.ReturnPath = "bounces@city.example" },
		func(c *Config) { c.ReturnPath = "bounces+{token}" },
		func(c *Config) { c.ReturnPath = "bounces@{token}.city.example" },
		func(c *Config) { c.ReturnPath = "{token}{token}@city.example" },
		func(c *Config) { c.ReturnPath = "bounces of the complaints+{token}@city.example" },
		func(c *Config) { c.ReturnPath = strings.Repeat("b", 25) + "{token}@city.example" },
		func(c *Config) { c.From, c.PlusAddress = strings.Repeat("c", 24)+"@city.example", true },
	} {
		config := testConfig(mailServer{})
		config.IMAP = IMAP{}
		change(&config)
		if _, err := New(config); err == nil {
			t.Errorf("taken: from %q, return path %q", config.From, config.ReturnPath)
		}
	}
}

func FuzzTokens(f *testing.F) {
	a, err := New(func() Config {
		c := testConfig(mailServer{})
		c.IMAP, c.ReturnPath, c.PlusAddress = IMAP{}, "bounces+{token}@city.example", true
		return c
	}())
	if err != nil {
		f.Fatal(err)
	}
	f.Add("bounces+" + returnToken + "@city.example")
	f.Add("complaints+" + replyToken + "@city.example")
	f.Fuzz(func(t *testing.T, to string) {
		m := mail.Parse([]byte("From: x@y\r\nDelivered-To: "+to+"\r\nTo: "+to+"\r\n\r\nx"), mail.Limits{})
		for _, token := range []string{first(a.own.tokens(m)), second(a.own.tokens(m))} {
			if token != "" && !isToken(token) {
				t.Errorf("token %q", token)
			}
		}
	})
}

func first(a, _ string) string  { return a }
func second(_, b string) string { return b }
