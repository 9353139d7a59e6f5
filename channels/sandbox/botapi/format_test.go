package botapi

import (
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

func TestFormat(t *testing.T) {
	tests := []struct {
		name     string
		source   string
		mode     string
		text     string
		entities []Entity
		err      string
	}{
		{name: "plain", source: "<b> & so on", text: "<b> & so on"},
		{name: "bold", source: "no. <b>C-7</b> &amp; more", mode: "HTML", text: "no. C-7 & more", entities: []Entity{{Type: "bold", Offset: 4, Length: 3}}},
		{name: "UTF-16 units", source: "🙂<i>x</i>", mode: "HTML", text: "🙂x", entities: []Entity{{Type: "italic", Offset: 2, Length: 1}}},
		{name: "link", source: `<a href="https://city.example/track">here</a>`, mode: "HTML", text: "here",
			entities: []Entity{{Type: "text_link", Length: 4, URL: "https://city.example/track"}}},
		{name: "nested", source: "<b>a<i>b</i></b>", mode: "HTML", text: "ab",
			entities: []Entity{{Type: "italic", Offset: 1, Length: 1}, {Type: "bold", Length: 2}}},
		{name: "unknown tag", source: "<img src=x>", mode: "HTML", err: `Bad Request: can't parse entities: Unsupported start tag "img"`},
		{name: "never closed", source: "<b>x", mode: "HTML", err: "Bad Request: can't parse entities: Can't find end tag corresponding to start tag b"},
		{name: "crossed", source: "<b><i>x</b></i>", mode: "HTML", err: `Bad Request: can't parse entities: Unexpected end tag "b"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, entities, err := format(test.source, test.mode)
			var got string
			if err != nil {
				got = err.Error()
			}
			if got != test.err || text != test.text {
				t.Fatalf("%q, error %q; want %q, %q", text, got, test.text, test.err)
			}
			if diff := cmp.Diff(test.entities, entities); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("<b>C-7</b> &amp; <a href='x'>y</a>")
	f.Add("<b>🙂 \n</b> ")
	f.Fuzz(func(t *testing.T, source string) {
		text, entities, err := format(source, "HTML")
		if err != nil {
			return
		}
		units := len(utf16.Encode([]rune(text)))
		for _, e := range entities {
			if e.Offset < 0 || e.Length <= 0 || e.Offset+e.Length > units {
				t.Errorf("entity %+v is outside of %q", e, text)
			}
		}
	})
}
