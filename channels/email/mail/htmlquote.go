package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// cutQuotes removes quoted mail from the tree by the marks of mail programs
// and reports whether it removed any. A forwarded mail is no quote.
func cutQuotes(n *html.Node) bool {
	cut := false
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type != html.ElementNode:
		case startsOutlookQuote(c):
			return cutFrom(n, c) || cut
		case isQuote(c) && !isForward(c):
			n.RemoveChild(c)
			cut = true
		default:
			cut = cutQuotes(c) || cut
		}
		c = next
	}
	return cut
}

// isQuote knows the containers that mail programs put around quoted mail and
// around its introduction line.
func isQuote(n *html.Node) bool {
	if n.DataAtom == atom.Blockquote && strings.EqualFold(attribute(n, "type"), "cite") {
		return true
	}
	for _, class := range strings.Fields(strings.ToLower(attribute(n, "class"))) {
		switch class {
		case "gmail_quote", "gmail_quote_container", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote",
			"zmail_extra", "quoted-text", "tutanota_quote", "x_gmail_quote", "yahooqtdbody", "gmail_signature", "moz-signature":
			return true
		}
	}
	switch id := strings.ToLower(attribute(n, "id")); id {
	case "yahoo_quoted", "mail-editor-reference-message-container", "ms-outlook-mobile-signature", "applemailsignature", "isforwardcontent", "signature":
		return true
	}
	return strings.EqualFold(attribute(n, "data-marker"), "__QUOTED_TEXT__") || strings.EqualFold(attribute(n, "name"), "quote")
}

// startsOutlookQuote knows the marks after which everything is quoted mail.
func startsOutlookQuote(n *html.Node) bool {
	switch strings.ToLower(strings.TrimPrefix(attribute(n, "id"), "x_")) {
	case "divrplyfwdmsg", "replysplit", "zwchr":
		return true
	}
	return attribute(n, "data-marker") == "__DIVIDER__"
}

// cutFrom removes c and all that follows it below n, unless it is a forward.
func cutFrom(n, c *html.Node) bool {
	if isForward(c) || !hasTextBefore(n, c) {
		return false
	}
	for c != nil {
		next := c.NextSibling
		n.RemoveChild(c)
		c = next
	}
	return true
}

func hasTextBefore(n, c *html.Node) bool {
	for s := c.PrevSibling; s != nil; s = s.PrevSibling {
		if strings.TrimSpace(textOf(s, 200)) != "" {
			return true
		}
	}
	return n.Parent != nil && hasTextBefore(n.Parent, n)
}

// isForward reports whether the quoted mail was forwarded: then it is what
// the sender wants to say.
func isForward(n *html.Node) bool {
	head := textOf(n, 400)
	for line := range strings.Lines(head) {
		if isForwardMark(strings.TrimSpace(line)) {
			return true
		}
	}
	return isForwardMark(strings.TrimSpace(head))
}

// textOf is at least the first max bytes of the text below n, if there are so many.
func textOf(n *html.Node, max int) string {
	var b strings.Builder
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		if b.Len() > max {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.DataAtom == atom.Br || n.DataAtom == atom.Div || n.DataAtom == atom.P {
			b.WriteByte('\n')
		}
		for c := n.FirstChild; c != nil && b.Len() <= max; c = c.NextSibling {
			visit(c)
		}
	}
	visit(n)
	return b.String()
}
