package botapi

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"golang.org/x/net/html"
)

// entityTypes are the tags that parse_mode HTML knows
// (https://core.telegram.org/bots/api#html-style).
func entityType(tag string) string {
	switch tag {
	case "b", "strong":
		return "bold"
	case "i", "em":
		return "italic"
	case "u", "ins":
		return "underline"
	case "s", "strike", "del":
		return "strikethrough"
	case "code", "pre", "blockquote":
		return tag
	case "a":
		return "text_link"
	case "tg-spoiler":
		return "spoiler"
	default:
		return ""
	}
}

// format reads a text with its markup into plain text and entities. Of the
// parse modes it knows HTML; others are taken as plain text.
func format(source, mode string) (string, []Entity, error) {
	if !strings.EqualFold(mode, "HTML") {
		return source, nil, nil
	}
	var text strings.Builder
	var entities []Entity
	var open []openTag
	units := 0
	tokens := html.NewTokenizer(strings.NewReader(source))
	for {
		kind := tokens.Next()
		switch kind {
		case html.ErrorToken:
			if len(open) > 0 {
				return "", nil, badRequest("can't parse entities: Can't find end tag corresponding to start tag " + open[len(open)-1].name)
			}
			return trimmed(text.String(), entities)
		case html.TextToken:
			part := html.UnescapeString(string(tokens.Raw()))
			text.WriteString(part)
			units += len(utf16.Encode([]rune(part)))
		case html.StartTagToken:
			token := tokens.Token()
			if entityType(token.Data) == "" {
				return "", nil, badRequest(fmt.Sprintf("can't parse entities: Unsupported start tag %q", token.Data))
			}
			open = append(open, openTag{name: token.Data, at: units, href: attribute(token, "href")})
		case html.EndTagToken:
			token := tokens.Token()
			if len(open) == 0 || open[len(open)-1].name != token.Data {
				return "", nil, badRequest(fmt.Sprintf("can't parse entities: Unexpected end tag %q", token.Data))
			}
			tag := open[len(open)-1]
			open = open[:len(open)-1]
			if units > tag.at {
				entities = append(entities, Entity{Type: entityType(tag.name), Offset: tag.at, Length: units - tag.at, URL: tag.href})
			}
		default:
			return "", nil, badRequest("can't parse entities: Unsupported markup")
		}
	}
}

// trimmed drops white space at the end, as the provider does, and what of the
// entities lies there.
func trimmed(text string, entities []Entity) (string, []Entity, error) {
	text = strings.TrimRight(text, " \n")
	units := len(utf16.Encode([]rune(text)))
	var kept []Entity
	for _, e := range entities {
		e.Length = min(e.Length, units-e.Offset)
		if e.Length > 0 {
			kept = append(kept, e)
		}
	}
	return text, kept, nil
}

type openTag struct {
	name string
	at   int
	href string
}

func attribute(token html.Token, name string) string {
	for _, a := range token.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
