package templates

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var (
	tag = regexp.MustCompile(`<[^>]*>?`)
	// ownTags are the only ones a message may hold: those of our own markup.
	ownTags = regexp.MustCompile(`^(</?(b|blockquote|p|div|a|span|body|html)>|<br>|<div class="(card|head|body)">|` +
		`<span class="reference">|<a href="https://[a-z./A-Z0-9-]+">)$`)
)

// nasty are pieces of text that break careless renderers.
var nasty = []string{
	"<script>alert(1)</script>", "<b>", "</blockquote>", `"><img src=x onerror=alert(1)>`, "{{.Contact}}", "{{define \"x\"}}",
	"&lt;b&gt;", "&#10;", "\r\nBcc: everybody@city.example", "\x00", "\x1b[31m", "\u202etxt.exe", "%s%d%v", "<!--", "-->",
	"]]>", "javascript:alert(1)", "=cmd()", "मदद", "😀", "\n\n\n", "   ", "'; DROP TABLE cases; --", "\xff\xfe", "\u2028",
}

func hostileText(t *rapid.T, name string) string {
	piece := rapid.OneOf(rapid.SampledFrom(nasty), rapid.StringN(0, 8, 32))
	return strings.Join(rapid.SliceOfN(piece, 0, 6).Draw(t, name), "")
}

// TestHostileTextStaysText fills everything that comes from outside with
// nasty text and looks for it at work.
func TestHostileTextStaysText(t *testing.T) {
	s := newSet(t)
	rapid.Check(t, func(t *rapid.T) {
		lang := rapid.SampledFrom(s.Languages()).Draw(t, "language")
		kind := rapid.SampledFrom(s.Kinds()).Draw(t, "kind")
		medium := rapid.SampledFrom(media).Draw(t, "medium")
		d := typical(lang)
		for name, field := range map[string]*string{
			"subject": &d.Subject, "place": &d.Place, "text": &d.Text, "complainant": &d.Complainant,
			"contact": &d.Contact, "area": &d.Area, "link": &d.Link, "service": &d.Service,
		} {
			*field = hostileText(t, name)
		}
		d.Choices[0].Subject = hostileText(t, "choice")
		d.Events[0].What = hostileText(t, "event")
		d.Reasons[0] = hostileText(t, "reason")

		r, err := s.Render(kind, medium, lang, d)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(r.Subject, unicode.IsControl) {
			t.Fatalf("subject %q would break a header", r.Subject)
		}
		if r.Text != "" && (!utf8.ValidString(r.Text) || strings.ContainsAny(r.Text, "\x00\x1b\r\u202e")) {
			t.Fatalf("control characters in %q", r.Text)
		}
		_, body, _ := strings.Cut(r.HTML, "<body>")
		if medium == Chat {
			body = r.HTML
		}
		for _, found := range tag.FindAllString(body, -1) {
			if !ownTags.MatchString(found) {
				t.Fatalf("foreign markup %q in:\n%s", found, body)
			}
		}
		if medium == Chat && strings.Count(body, "<blockquote>") != strings.Count(body, "</blockquote>") {
			t.Fatalf("unbalanced markup, which Telegram refuses:\n%s", body)
		}
	})
}

func TestHostileTextIsShownAsWritten(t *testing.T) {
	s := newSet(t)
	d := typical("en")
	d.Text = "{{.Contact}} <script>alert(\"1\")</script> & <b>bold</b>\r\nBcc: x@city.example"
	d.Subject = "Leak\r\nBcc: x@city.example {{.Text}} <b>"
	shown := "{{.Contact}} <script>alert(\"1\")</script> & <b>bold</b>"
	for _, medium := range media {
		r := render(t, s, "question", medium, "en", d)
		if !strings.Contains(r.Text, shown) {
			t.Errorf("%s: text %q does not show %q", medium, r.Text, shown)
		}
		if medium != SMS && !strings.Contains(html.UnescapeString(r.HTML), shown) {
			t.Errorf("%s: HTML %q does not show %q", medium, r.HTML, shown)
		}
		if want := "[C-7K2M-9QXT] Leak Bcc: x@city.example {{.Text}} <b>"; medium == Email && r.Subject != want {
			t.Errorf("subject %q, want %q", r.Subject, want)
		}
	}
}

// TestQuotationKeepsLines holds that an officer's answer of several paragraphs
// arrives as such.
func TestQuotationKeepsLines(t *testing.T) {
	s := newSet(t)
	d := typical("en")
	d.Text = "First.\n\nSecond."
	if got := render(t, s, "reply", Chat, "en", d); !strings.Contains(got.Text, "> First.\n>\n> Second.") ||
		!strings.Contains(got.HTML, "<blockquote>First.\n\nSecond.</blockquote>") {
		t.Errorf("chat: %q\n%q", got.Text, got.HTML)
	}
	if got := render(t, s, "reply", Email, "en", d); !strings.Contains(got.HTML, "<blockquote>First.<br><br>Second.</blockquote>") {
		t.Errorf("mail:\n%s", got.HTML)
	}
}

func TestMailHasNoRemoteContent(t *testing.T) {
	s := newSet(t)
	remote := regexp.MustCompile(`(?i)(src=|url\(|@import|<link|<img|<script|http:)`)
	for _, kind := range s.Kinds() {
		if m := remote.FindString(render(t, s, kind, Email, "en", typical("en")).HTML); m != "" {
			t.Errorf("%s has %q", kind, m)
		}
	}
}

func TestLinksLeadToPagesOnly(t *testing.T) {
	s := newSet(t)
	for _, address := range []string{"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example", "/track/x"} {
		d := typical("en")
		d.TrackURL = address
		for _, medium := range []string{Email, Chat} {
			r := render(t, s, "status", medium, "en", d)
			if strings.Contains(r.HTML+r.Text, address) {
				t.Errorf("%s links to %s", medium, address)
			}
		}
	}
}

func TestLongTextIsShortenedAtWords(t *testing.T) {
	s := newSet(t)
	d := typical("en")
	d.Text = strings.Repeat("leaking everywhere ", 300)
	if got := render(t, s, "follow_up", SMS, "en", d).Text; segmentsOf(got).segments != 1 || !strings.HasSuffix(got, "leaking...") && !strings.HasSuffix(got, "everywhere...") {
		t.Errorf("alert by SMS: %q", got)
	}
	if got := render(t, s, "assigned", Chat, "en", d).Text; len(got) > 1200 || !strings.Contains(got, "…") {
		t.Errorf("card of %d bytes: %q", len(got), got)
	}
	for _, c := range []struct {
		n          int
		text, want string
	}{
		{5, "abcde", "abcde"}, {5, "abcdef", "abcd…"}, {10, "one two, three", "one two…"}, {8, "पाइप फट गया है", "पाइप फट…"}, {3, "", ""},
	} {
		if got := shorten(c.n, c.text); got != c.want {
			t.Errorf("shorten(%d, %q) = %q, want %q", c.n, c.text, got, c.want)
		}
	}
}

func TestSMSSpelling(t *testing.T) {
	for text, want := range map[string]string{
		"¿Está resuelto? Envíe Ñandú…": "¿Esta resuelto? Envie Ñandu...",
		"“quotes” – dash":              "\"quotes\" - dash",
		"पानी á":                       "पानी á",
		"€ [] {}":                      "€ [] {}",
	} {
		if got := spellGSM7(text); got != want {
			t.Errorf("spellGSM7(%q) = %q, want %q", text, got, want)
		}
	}
	if n, ok := septets("a€[é"); n != 6 || !ok {
		t.Errorf("septets: %d, %v; want 6: the extension counts twice", n, ok)
	}
}

func TestTrackingLinkOnlyWhereItFits(t *testing.T) {
	s := newSet(t)
	d := typical("en")
	d.TrackURL = "https://c.example/t/ABC"
	if got := render(t, s, "acknowledged", SMS, "en", d).Text; !strings.HasSuffix(got, d.TrackURL) {
		t.Errorf("a short link fits: %q", got)
	}
	d.TrackURL = "https://complaints.city.example/track/" + strings.Repeat("A", 60)
	if got := render(t, s, "acknowledged", SMS, "en", d).Text; strings.Contains(got, "https") {
		t.Errorf("a long link costs another segment: %q", got)
	}
}

func TestKeywords(t *testing.T) {
	k := newSet(t).Keywords()
	for _, c := range []Command{
		CommandStatus, CommandReopen, CommandNew, CommandRate, CommandLanguage, CommandHelp,
		CommandStop, CommandStopAlone, CommandStart, CommandNotFixed, CommandYes, CommandSplit,
	} {
		for _, lang := range []string{"en", "hi", "es"} {
			if len(k.Commands[c][lang]) == 0 {
				t.Errorf("no word for %s in %s", c, lang)
			}
		}
	}
	if len(k.Commands) != 12 {
		t.Errorf("%d commands, want 12", len(k.Commands))
	}
	// The carriers' own set (CTIA Messaging Principles and Best Practices, 5.1.3).
	for _, w := range []string{"stop", "stopall", "unsubscribe", "quit", "revoke", "optout"} {
		if !slices.Contains(k.Words(CommandStop), w) {
			t.Errorf("%s does not opt out", w)
		}
	}
	if got := k.Words(CommandStopAlone); !slices.Contains(got, "cancel") || !slices.Contains(got, "end") {
		t.Errorf("words that opt out alone: %v", got)
	}
	owner := map[string]Command{}
	for _, w := range k.All() {
		if other, ok := owner[w.Word]; ok && other != w.Command {
			t.Errorf("%q means %s and %s", w.Word, other, w.Command)
		}
		owner[w.Word] = w.Command
	}
	for word, want := range map[string]string{"Hindi": "hi", "हिन्दी": "hi", "es": "es", "Español": "es", " english ": "en"} {
		if got, ok := k.Language(word); !ok || got != want {
			t.Errorf("Language(%q) = %q, %v", word, got, ok)
		}
	}
	if _, ok := k.Language("klingon"); ok {
		t.Error("klingon is a language")
	}
}

// TestHelpNamesWordsThatWork holds that what messages tell people to send is
// in the table.
func TestHelpNamesWordsThatWork(t *testing.T) {
	s := newSet(t)
	for lang, want := range map[string][]string{
		"en": {"STATUS", "REOPEN", "NEW", "RATE", "LANGUAGE", "STOP"},
		"hi": {`"स्थिति"`, `"दोबारा"`, `"नई"`, `"अंक"`, `"भाषा"`, "STOP"},
		"es": {"ESTADO", "REABRIR", "NUEVO", "NOTA", "IDIOMA", "STOP"},
	} {
		text := render(t, s, "help", Chat, lang, typical(lang)).Text
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("help in %s does not name %s:\n%s", lang, w, text)
			}
			if word := strings.ToLower(strings.Trim(w, `"`)); !slices.ContainsFunc(s.Keywords().All(), func(k Keyword) bool { return k.Word == word }) {
				t.Errorf("%s is not in the table", w)
			}
		}
	}
}

func TestWordsOfCodes(t *testing.T) {
	s := newSet(t)
	for _, c := range []struct{ got, want string }{
		{s.Label("en", "accept"), "Accept"}, {s.Label("hi", "accept"), "स्वीकार करें"}, {s.Label("es-MX", "defer"), "Aplazar"},
		{s.Label("fr", "resolve"), "Resolve"}, {s.Label("en", "unheard-of"), "unheard-of"},
		{s.Status("es", "resolved"), "resuelto"}, {s.Priority("hi", "normal"), "सामान्य"}, {s.Type("es", "complaint"), "queja"},
		{s.LanguageName("hi"), "हिन्दी"}, {s.LanguageName("fr"), "fr"},
		{s.Date("en", *typical("en").Due), "5 December 2026"},
		{s.Date("hi", *typical("hi").Due), "5 दिसंबर 2026"},
		{s.Date("es", *typical("es").Due), "5 de diciembre de 2026"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestDatesAreTheReaders(t *testing.T) {
	s := newSet(t)
	d := typical("en")
	d.Status = "deferred" // until 18:30 UTC on the 9th: midnight in Kolkata
	if got := render(t, s, "deferred", SMS, "en", d).Text; !strings.Contains(got, "until 10 December 2026") {
		t.Errorf("not the reader's day: %q", got)
	}
}
