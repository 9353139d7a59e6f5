package mail

import (
	"strings"
)

// maxReplyLines bounds the work on one text; what follows is kept as it is.
const maxReplyLines = 20000

// ReplyText is what the sender wrote in a plain text body: without quoted
// mail, the line that introduces it, signature and mobile footer. Answers
// between quotes are kept, a forwarded mail is kept whole, and where it is not
// sure it keeps more. It is empty only where the body holds nothing but
// blanks and quoted mail.
func ReplyText(plain string) string { return replyText(plain, false) }

// replyText is ReplyText; embedded says that a mail below an Outlook header
// block is no quote but what the sender passes on.
func replyText(plain string, embedded bool) string {
	lines := withoutPGP(splitLines(plain))
	var rest []string
	if len(lines) > maxReplyLines {
		lines, rest = lines[:maxReplyLines], lines[maxReplyLines:]
	}
	t := &trimmer{lines: lines, embedded: embedded, footers: footerLine.within(strings.ToLower(plain))}
	t.run()
	out := trimTail(trimBlank(t.out), t.footers)
	if len(out) == 0 {
		out = t.lastResort()
	}
	return strings.Join(trimBlank(append(out, rest...)), "\n")
}

// tidy makes line breaks and blanks plain and drops what cannot be seen.
var tidy = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u00a0", " ", "\u202f", " ", "\u200b", "", "\ufeff", "", "\u200e", "", "\u200f", "",
	"\u202a", "", "\u202b", "", "\u202c", "", "\u202d", "", "\u202e", "", "\u2066", "", "\u2067", "", "\u2068", "", "\u2069", "")

func splitLines(plain string) []string {
	plain = tidy.Replace(plain)
	lines := strings.Split(plain, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return lines
}

// trimmer goes through the lines once and keeps what the sender wrote.
type trimmer struct {
	lines    []string
	embedded bool
	footers  wordings // that may be in it
	out      []string
	written  bool // out holds more than blanks and kept quotes
	quoted   bool // something was dropped as quoted mail
}

func (t *trimmer) run() {
	intros := findIntroductions(t.lines)
	for i := 0; i < len(t.lines); {
		line := t.lines[i]
		end, isIntro := intros[i]
		switch {
		case isBlank(line):
			t.out = append(t.out, line)
			i++
		case isForwardMark(line):
			t.keepRest(i)
			return
		case isOriginalMark(line) || isDivider(line) || isHeaderBlock(t.lines[i:]):
			if t.embedded || !t.written {
				t.keepRest(i)
			}
			t.quoted = true
			return
		case isIntro:
			next := t.introduction(i, end)
			if next < 0 {
				return
			}
			i = next
		case isQuoted(line):
			i = t.quote(i)
		default:
			t.out = append(t.out, line)
			t.written = t.written || !isFooter(line, t.footers) && !isRule(line)
			i++
		}
	}
}

func (t *trimmer) keepRest(from int) {
	t.out = append(t.out, t.lines[from:]...)
	t.written = true
}

// introduction handles "On … wrote:" in the lines from start up to end. It
// returns where to go on, or -1 where everything that follows is quoted.
func (t *trimmer) introduction(start int, end introEnd) int {
	next := end.line + 1
	for next < len(t.lines) && isBlank(t.lines[next]) {
		next++
	}
	switch {
	case next < len(t.lines) && (isQuoted(t.lines[next]) || isBar(t.lines[next])):
		t.quoted = true
		return t.skipQuote(next)
	case !end.sure:
		t.out = append(t.out, t.lines[start])
		t.written = true
		return start + 1
	case t.written:
		t.quoted = true
		return -1
	}
	// Nothing was written above: what follows may be the answer.
	return next
}

// skipQuote goes to the end of a quote and the blank lines in it.
func (t *trimmer) skipQuote(i int) int {
	bar := isBar(t.lines[i])
	end := i
	for ; i < len(t.lines); i++ {
		switch line := t.lines[i]; {
		case isQuoted(line) || bar && isBar(line):
			end = i + 1
		case !isBlank(line):
			return end
		}
	}
	return end
}

// quote handles a quote without an introduction above it. It is dropped when
// it holds its introduction itself or ends the mail; before an answer it stays.
func (t *trimmer) quote(i int) int {
	end := t.skipQuote(i)
	if strings.TrimSpace(t.lines[i]) == quoteMark || quoteIsMail(t.lines[i:end]) || t.quoted {
		t.quoted = true
		return end
	}
	last := true
	for _, line := range t.lines[end:] {
		if !isBlank(line) && !isQuoted(line) {
			last = isSignatureMark(line)
			break
		}
	}
	if !last || !t.written {
		t.out = append(t.out, t.lines[i:end]...)
	}
	return end
}

// quoteIsMail reports whether a quote starts with an introduction.
func quoteIsMail(lines []string) bool {
	var inner []string
	for _, line := range lines {
		line = strings.TrimLeft(line, " \t")
		for strings.HasPrefix(line, ">") {
			line = strings.TrimLeft(line[1:], " \t")
		}
		if line = strings.TrimSpace(line); line != "" && line != quoteMark {
			inner = append(inner, line)
		}
		if len(inner) == introWindow {
			break
		}
	}
	for start := range findIntroductions(inner) {
		if start == 0 {
			return true
		}
	}
	return len(inner) > 0 && (isOriginalMark(inner[0]) || isHeaderBlock(inner) && len(lines) > 3 && isHeaderBlockOf(inner, 4))
}

// lastResort is what is left where nothing seems written: all of it, unless
// it was recognised as quoted mail with marks on every line.
func (t *trimmer) lastResort() []string {
	if t.quoted && !t.written {
		return nil
	}
	return trimBlank(t.lines)
}

// isQuoted reports a line marked with ">", or where a quote was. "> wrote:" is
// the end of a wrapped introduction.
func isQuoted(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return strings.HasPrefix(line, ">") || line == quoteMark
}

// isBar reports a line marked with "|".
func isBar(line string) bool { return strings.HasPrefix(line, "|") }

// trimTail drops signature, footers and rules at the end.
func trimTail(lines []string, footers wordings) []string {
	kept := make([]string, 0, len(lines))
	for _, line := range lines {
		if !isFooter(line, footers) {
			kept = append(kept, line)
		}
	}
	kept = trimRules(kept)
	if i := signature(kept); i > 0 {
		kept = trimRules(kept[:i])
	}
	if i := disclaimer(kept); i > 0 {
		kept = trimRules(kept[:i])
	}
	return kept
}

// maxDisclaimer is how many lines at the end may be a disclaimer.
const maxDisclaimer = 60

// disclaimer is the index of the line with which the small print of an office
// starts, or -1: a paragraph that starts as such texts do, with none but more
// of the kind below it.
func disclaimer(lines []string) int {
	found := -1
	for i := len(lines) - 1; i >= 0 && len(lines)-i <= maxDisclaimer; i-- {
		if isForwardMark(lines[i]) {
			return -1
		}
		if starts := i == 0 || isBlank(lines[i-1]) || isRule(lines[i-1]); !starts || isBlank(lines[i]) || isRule(lines[i]) {
			continue
		}
		if !isDisclaimer(lines[i:]) && (found < 0 || !isLabel(lines[i])) {
			break
		}
		found = i
	}
	return found
}

// isDisclaimer reports whether a paragraph starts as disclaimers do and speaks
// of what they speak of.
func isDisclaimer(lines []string) bool {
	var words []string
	for _, line := range lines[:min(len(lines), 12)] {
		if isBlank(line) {
			break
		}
		words = append(words, strings.TrimSpace(line))
	}
	paragraph := strings.Join(words, " ")
	return disclaimerStart.fits(paragraph) && disclaimerWords.fits(paragraph)
}

// isLabel reports a short heading above a disclaimer.
func isLabel(line string) bool { return len(line) < 60 && disclaimerLabel.fits(line) }

// trimRules drops blank lines at both ends, and lines of dashes, stars and the
// like at the end.
func trimRules(lines []string) []string {
	lines = trimBlank(lines)
	for len(lines) > 0 && (isBlank(lines[len(lines)-1]) || isRule(lines[len(lines)-1])) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// maxSignature is how many lines a signature may have. RFC 3676 section 4.3
// knows only its mark; below it, more than that is taken as text.
const maxSignature = 15

// signature is the index of the mark under which the signature stands, or -1.
func signature(lines []string) int {
	filled := 0
	for i := len(lines) - 1; i >= 0 && filled <= maxSignature; i-- {
		if isSignatureMark(lines[i]) {
			return i
		}
		if isForwardMark(lines[i]) {
			return -1
		}
		if !isBlank(lines[i]) {
			filled++
		}
	}
	return -1
}

func isSignatureMark(line string) bool {
	return line == "--" || line == "__" || line == "-- " || line == "—"
}

// isRule reports a line of nothing but drawing characters.
func isRule(line string) bool {
	line = strings.TrimSpace(line)
	return line != "" && strings.Trim(line, "-_,=+~#*ᐧ—– ") == ""
}
