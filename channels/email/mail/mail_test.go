package mail

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redress-cms/redress/scripts/testenv"
)

func corpus(t testing.TB, name string, expected any) string {
	t.Helper()
	dir := filepath.Join(testenv.Need(t, testenv.Shared), "corpora", name)
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, expected); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t testing.TB, dir, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// One differs on purpose: a forwarded mail is kept whole (forwarded_gmail).
func TestReplyCorpus(t *testing.T) {
	var expected map[string]struct {
		ReplyText string `json:"reply_text"`
	}
	dir := corpus(t, "replies", &expected)
	wrong := 0
	for file, want := range expected {
		text := string(read(t, dir, file))
		got := ReplyText(text)
		checkReply(t, file, text, got)
		if m := Parse([]byte("From: Asha <asha@example.org>\nSubject: Re: Leak\nMessage-ID: <1@x>\nContent-Type: text/plain; charset=utf-8\n\n"+text), Limits{}); m.Automatic.Kind != None {
			t.Errorf("%s: a person's mail is taken for %v", file, m.Automatic)
		}
		if squeeze(got) != squeeze(want.ReplyText) {
			wrong++
			t.Logf("%s:\n got %q\nwant %q", file, squeeze(got), squeeze(want.ReplyText))
		}
	}
	if right := len(expected) - wrong; right < 38 {
		t.Errorf("%d of %d replies as expected, want 38", right, len(expected))
	}
}

type mimePart struct {
	Kind    string
	Content *string
}

// mimeExceptions are expected with attachments that would lose or invent
// something; the rest of them is as expected.
var mimeExceptions = map[string]string{
	"malformed-007.eml":  "expects, below an empty body, one more attachment without a name, a type and a content; there is nothing in it for anybody",
	"thirdparty-015.eml": "expects only the first of three attached mails: each has a multipart that is never closed, and the boundary around them still parts them",
}

func TestMIMECorpus(t *testing.T) {
	var expected map[string]struct {
		From, To, Cc []Address
		Subject      string
		Text         []mimePart `json:"text_body"`
		HTML         []mimePart `json:"html_body"`
		Attachments  []struct {
			Filename    string
			ContentType string `json:"content_type"`
		}
	}
	dir := corpus(t, "mime", &expected)
	for file, want := range expected {
		m := Parse(read(t, dir, file), Limits{})
		checkReply(t, file, m.Text, m.ReplyText)
		var text, html string
		for _, p := range want.Text {
			if p.Kind == "Text" && p.Content != nil {
				text += *p.Content + "\n"
			}
		}
		for _, p := range want.HTML {
			if p.Kind == "Html" && p.Content != nil {
				html += *p.Content + "\n"
			}
		}
		var names, wantNames []string
		for _, a := range m.Attachments {
			names = append(names, a.Filename+" "+a.ContentType)
		}
		for _, a := range want.Attachments {
			wantNames = append(wantNames, a.Filename+" "+a.ContentType)
		}
		check := func(what string, got, want any) {
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(want)
			if string(g) != string(w) {
				t.Errorf("%s %s:\n got %s\nwant %s", file, what, g, w)
			}
		}
		check("from", m.From, want.From)
		check("to", m.To, want.To)
		check("cc", m.Cc, want.Cc)
		check("subject", m.Subject, want.Subject)
		if text != "" || html == "" {
			check("text", squeeze(m.Text), squeeze(text))
		}
		check("html", squeeze(m.HTML), squeeze(html))
		if mimeExceptions[file] == "" {
			check("attachments", names, wantNames)
		}
	}
}
