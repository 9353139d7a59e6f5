package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// quoteMark stands in the text where quoted mail was cut out of the HTML, so
// that what follows is known for an answer below a quote.
const quoteMark = "\uE000"

// cutQuotes replaces quoted mail in the tree, known by the marks of mail
// programs, by quoteMark and reports whether it found any. A forwarded mail is
// no quote.
func cutQuotes(n *html.Node) bool { return cutQuotesIn(n, false) }

// cutQuotesIn is cutQuotes; in a container of quoted mail every blockquote is
// quoted, and what stands between them are answers.
func cutQuotesIn(n *html.Node, container bool) bool {
	cut := false
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type != html.ElementNode:
		case startsOutlookQuote(c):
			return cutFrom(n, c) || cut
		case isSignature(c):
			n.RemoveChild(c)
			cut = true
		case isQuote(c) || container && c.DataAtom == atom.Blockquote:
			cut = cutQuote(n, c) || cut
		default:
			cut = cutQuotesIn(c, container) || cut
		}
		c = next
	}
	return cut
}

func cutQuote(n, c *html.Node) bool {
	switch {
	case isForward(c):
		return false
	case c.DataAtom != atom.Blockquote && hasBlockquote(c):
		cutQuotesIn(c, true)
		return true
	}
	mark := &html.Node{Type: html.ElementNode, DataAtom: atom.P, Data: "p"}
	mark.AppendChild(&html.Node{Type: html.TextNode, Data: quoteMark})
	n.InsertBefore(mark, c)
	n.RemoveChild(c)
	return true
}

func hasBlockquote(n *html.Node) bool {
	for c := range n.Descendants() {
		if c.DataAtom == atom.Blockquote {
			return true
		}
	}
	return false
}

// isQuote knows the containers that mail programs put around quoted mail and
// around its introduction line.
func isQuote(n *html.Node) bool {
	if n.DataAtom == atom.Blockquote && strings.EqualFold(attribute(n, "type"), "cite") {
		return true
	}
	for class := range strings.FieldsSeq(strings.ToLower(attribute(n, "class"))) {
		switch strings.TrimPrefix(class, "x_") {
		case "gmail_quote", "gmail_quote_container", "gmail_attr", "moz-cite-prefix", "yahoo_quoted", "yahooqtdbody", "protonmail_quote",
			"zmail_extra", "quoted-text", "tutanota_quote", "mailquote", "mail-quote", "mail_quote", "email_quote", "wisestamp_quote", "replyquote":
			return true
		}
	}
	id := strings.TrimPrefix(strings.ToLower(attribute(n, "id")), "x_")
	switch {
	case strings.HasPrefix(id, "yahoo_quoted"), id == "mail-editor-reference-message-container", id == "isreplycontent", id == "oriquote", id == "origbody", id == "orc-full-body-initial-text":
		return true
	}
	return strings.EqualFold(attribute(n, "data-marker"), "__QUOTED_TEXT__") || strings.EqualFold(attribute(n, "name"), "quote")
}

// isSignature knows what mail programs put around a signature.
func isSignature(n *html.Node) bool {
	for class := range strings.FieldsSeq(strings.ToLower(attribute(n, "class"))) {
		switch strings.TrimPrefix(class, "x_") {
		case "gmail_signature", "gmail_signature_prefix", "moz-signature", "protonmail_signature_block", "tutanota_signature", "zoho-signature":
			return true
		}
	}
	switch strings.TrimPrefix(strings.ToLower(attribute(n, "id")), "x_") {
	case "ms-outlook-mobile-signature", "applemailsignature", "signature", "zm-_id_-sgn":
		return true
	}
	return strings.EqualFold(attribute(n, "data-marker"), "__SIG_POST__")
}

// startsOutlookQuote knows the marks after which everything is quoted mail.
func startsOutlookQuote(n *html.Node) bool {
	switch strings.ToLower(strings.TrimPrefix(attribute(n, "id"), "x_")) {
	case "divrplyfwdmsg", "replysplit", "zwchr", "reply_intro", "olk_src_body_section", "outlookmessageheader":
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
