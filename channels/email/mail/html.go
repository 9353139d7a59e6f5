package mail

import (
	"strings"

	"github.com/inbucket/html2text"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText is the text of an HTML body.
func (p *parser) htmlText(source string) string {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		p.defects.add("HTML nested too deep")
		return bareText(source)
	}
	return renderText(doc, source)
}

// htmlReply is what the sender wrote in an HTML body: quoted mail is cut out
// of the structure before it becomes text, what is left is trimmed like text.
func (p *parser) htmlReply(source, whole string) string {
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		return ReplyText(whole)
	}
	if !cutQuotes(doc) {
		return ReplyText(whole)
	}
	if reply := ReplyText(renderText(doc, source)); reply != "" {
		return reply
	}
	return ReplyText(whole)
}

func renderText(doc *html.Node, source string) string {
	prepare(doc)
	text, err := html2text.FromHTMLNode(doc, html2text.Options{})
	if err != nil {
		return bareText(source)
	}
	return text
}

// bareText drops every tag; for HTML that cannot be parsed.
func bareText(source string) string {
	var b strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(source))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			b.Write(tokens.Text())
			b.WriteByte(' ')
		}
	}
}

// prepare makes the tree fit for html2text: what is not shown goes, inline
// markup is unwrapped so that a word in two fonts stays one word, table rows
// end a line, and headings become paragraphs.
func prepare(n *html.Node) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		switch {
		case c.Type == html.CommentNode || hidden(c):
			n.RemoveChild(c)
		case c.Type == html.ElementNode && isInlineMarkup(c.DataAtom):
			next = unwrap(n, c, next)
		default:
			adapt(c)
			prepare(c)
		}
		c = next
	}
	mergeText(n)
}

// mergeText makes neighbouring texts below n one.
func mergeText(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.TextNode || c.NextSibling == nil || c.NextSibling.Type != html.TextNode {
			continue
		}
		var b strings.Builder
		b.WriteString(c.Data)
		for next := c.NextSibling; next != nil && next.Type == html.TextNode; next = c.NextSibling {
			b.WriteString(next.Data)
			n.RemoveChild(next)
		}
		c.Data = b.String()
	}
}

func adapt(c *html.Node) {
	switch c.DataAtom {
	case atom.H1, atom.H2, atom.H3:
		c.DataAtom, c.Data = atom.P, "p"
	case atom.Tr:
		c.AppendChild(&html.Node{Type: html.ElementNode, DataAtom: atom.Br, Data: "br"})
	}
}

func isInlineMarkup(a atom.Atom) bool {
	switch a {
	case atom.B, atom.Strong, atom.I, atom.Em, atom.U, atom.Span, atom.Font, atom.Small, atom.Big, atom.Tt, atom.Code, atom.Sub, atom.Sup,
		atom.S, atom.Strike, atom.Mark, atom.Ins, atom.Del:
		return true
	}
	return false
}

// unwrap puts the children of c in its place and returns the first of them.
func unwrap(parent, c, next *html.Node) *html.Node {
	first := c.FirstChild
	for child := c.FirstChild; child != nil; {
		following := child.NextSibling
		c.RemoveChild(child)
		parent.InsertBefore(child, c)
		child = following
	}
	parent.RemoveChild(c)
	if first != nil {
		return first
	}
	return next
}

func hidden(c *html.Node) bool {
	if c.Type != html.ElementNode {
		return false
	}
	switch c.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript, atom.Object, atom.Iframe, atom.Svg:
		return true
	}
	style := strings.ToLower(strings.ReplaceAll(attribute(c, "style"), " ", ""))
	return strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all")
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if strings.EqualFold(a.Key, name) {
			return a.Val
		}
	}
	return ""
}
