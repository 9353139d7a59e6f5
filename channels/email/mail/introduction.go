package mail

import (
	"regexp"
	"strings"
)

const (
	// introWindow is over how many lines mailers wrap "On … wrote:".
	introWindow = 7
	// maxCandidates bounds how many lines are looked at closely.
	maxCandidates = 500
)

// introEnd is the last line of an introduction. sure: it bears an address or
// a time of day, so that it needs no quote marks below it.
type introEnd struct {
	line int
	sure bool
}

var (
	introVerb   = append(anyBetween(`(?:^|[^\p{L}])`, wroteWords, `(?:[^\p{L}]|$)`), anyOf(wroteInfix...)...)
	introStart  = regexp.MustCompile(`(?i)^\W*(?:` + strings.Join(onWords, "|") + `)(?:[^\p{L}].*)?\d`)
	dateFirst   = regexp.MustCompile(`^[^\p{L}\d]*(?:\p{L}{2,15}\.?,?\s+)?\d{1,4}(?:[-/.年년]|\.?\s+\p{L}|\s*(?:th|st|nd|rd))`)
	mailAddress = regexp.MustCompile(`[^\s<>@"]+@[^\s<>@]+\.[^\s<>@]+|mailto:`)
	timeOfDay   = regexp.MustCompile(`\d{1,2}[:.h]\d{2}(?:[^\d.]|$)|\d{1,2}時|\d{1,2}[点點시]`)
	gmailDate   = regexp.MustCompile(`^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[ T,].*(?:<[^<>]*@[^<>]*>\s*[:：]?|GMT[+-]\d{2}:?\d{2}\s\S.{0,80})$`)
	addressLast = regexp.MustCompile(`<[^<>@\s]+@[^<>\s]+>\s*[:：]$`)
	muttIntro   = regexp.MustCompile(`^\*\s.{0,80}<[^<>@\s]+@[^<>\s]+>\s\[[^\[\]]{8,40}\]:$`)
	verbOnly    = regexp.MustCompile(`(?i)^>\s*(?:` + strings.Join(wroteWords, "|") + `)\s*[:：]$`)
	hasDigit    = regexp.MustCompile(`\d`)
)

// oneLine makes all blanks in a text single ones.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// findIntroductions maps the first line of every introduction to its end.
func findIntroductions(lines []string) map[int]introEnd {
	found := map[int]introEnd{}
	candidates := 0
	for end, line := range lines {
		if candidates > maxCandidates {
			break
		}
		if isQuoted(line) && (end == 0 || isQuoted(lines[end-1]) || !verbOnly.MatchString(strings.TrimSpace(line))) {
			continue
		}
		if line = strings.TrimRight(line, " \t*_"); !strings.HasSuffix(line, ":") && !strings.HasSuffix(line, "：") && !strings.ContainsAny(line[:min(len(line), 4)], "12") {
			continue
		}
		candidates++
		if start, sure, ok := introduction(lines, end); ok {
			for i := start; i <= end; i++ {
				delete(found, i)
			}
			found[start] = introEnd{line: end, sure: sure}
		}
	}
	return found
}

// introduction finds where the introduction that ends at a line starts. A
// line that starts with "On" and a date is sought first; else the nearest one
// with the verb, an address or a date does.
func introduction(lines []string, end int) (start int, sure, ok bool) {
	last := strings.TrimRight(lines[end], " \t*_")
	if len(last) > 400 {
		return 0, false, false
	}
	if gmailDate.MatchString(last) || muttIntro.MatchString(strings.TrimSpace(last)) {
		return end, true, true
	}
	if !strings.HasSuffix(last, ":") && !strings.HasSuffix(last, "：") {
		return 0, false, false
	}
	nearest, blanks := -1, 0
	joined := ""
	for s := end; s >= 0 && end-s < introWindow && len(joined) < 400; s-- {
		line := strings.TrimSpace(lines[s])
		if s < end && (isQuoted(line) || strings.HasSuffix(line, ":")) {
			break
		}
		if line == "" {
			if blanks++; blanks > 2 {
				break
			}
			continue
		}
		joined = oneLine(line + " " + joined)
		whole := strings.TrimSpace(joined)
		verb := introVerb.fits(whole)
		dated := gmailDate.MatchString(whole) || addressLast.MatchString(whole) && timeOfDay.MatchString(whole)
		if !verb && !dated {
			continue
		}
		begins := introStart.MatchString(line) || dateFirst.MatchString(line)
		if begins && (blanks == 0 || timeOfDay.MatchString(line)) {
			return s, isSure(whole), true
		}
		if nearest < 0 && blanks == 0 && verb && (introVerb.fits(line) || mailAddress.MatchString(line)) {
			nearest, sure = s, isSure(whole)
		}
	}
	return nearest, sure, nearest >= 0
}

// isSure reports an address, or a date with a time of day.
func isSure(joined string) bool {
	return mailAddress.MatchString(joined) || timeOfDay.MatchString(joined) && hasDigit.MatchString(joined)
}

var (
	forwardMark  = anyBetween(`^[-_*>\s]*`, forwardWords, `[-_*:：\s]*$`)
	originalMark = anyBetween(`^[*_\s]*-{2,}\s*`, originalWords, `\s*-{2,}[*_\s]*$`)
	footerLine   = anyBetween(`^[\s*_<]*`, footerWords, ``)
	headerLine   = regexp.MustCompile(`^[\s*_>]*(\p{L}[\p{L}\p{M} '.]{0,30}?)\s*[*_]*\s*[:：]`)
)

var (
	disclaimerStart = anyBetween(`^[\s*_#]*`, disclaimerStarts, ``)
	disclaimerWords = anyOf(disclaimerTopics...)
	disclaimerLabel = anyBetween(`^[\s*_#]*`, disclaimerLabels, `[\s*_#:.]*$`)
)

// isForwardMark knows the line above a forwarded mail.
func isForwardMark(line string) bool {
	return len(line) <= 120 && (strings.Contains(line, "--") || strings.ContainsAny(line, ":：")) && forwardMark.fits(line)
}

// isOriginalMark knows Outlook's line above the mail that is answered.
func isOriginalMark(line string) bool {
	return len(line) <= 120 && strings.Contains(line, "--") && originalMark.fits(line)
}

// isDivider knows lines that stand above the mail that is answered and are
// neither introduction nor header block: those of ticket systems, Lotus Notes,
// Zoho, and Yahoo's, which goes on with the text of that mail.
func isDivider(line string) bool {
	switch {
	case len(line) > 400:
		return false
	case strings.ContainsAny(line, "-#_=") && replyAbove.fits(line):
		return true
	case strings.Contains(line, "---"):
		inner := strings.Trim(line, "- ")
		return lotusMark.MatchString(line) || strings.HasPrefix(line, "--") && strings.HasSuffix(line, "--") && isSure(inner) && introVerb.fits(inner)
	}
	name, rest, found := strings.Cut(line, ">")
	verb, text, hasColon := strings.Cut(rest, ":")
	return found && hasColon && !isBlank(text) && len(verb) < 40 && introStart.MatchString(line) && mailAddress.MatchString(name) && introVerb.fits(verb)
}

var (
	replyAbove = anyOf(replyAboveWords...)
	lotusMark  = regexp.MustCompile(`^\s*\S.{0,80}\s-{3}\d{1,4}[./-]\d{1,2}[./-]\d{1,4}[\s,].{1,20}-{3}`)
)

// isFooter knows what phones and programs write under a mail.
func isFooter(line string, footers wordings) bool {
	return len(line) <= 160 && len(footers) > 0 && footers.fits(line)
}

// isHeaderBlock reports whether the lines start with the From, Sent, To and
// Subject lines that Outlook puts above a quoted mail.
func isHeaderBlock(lines []string) bool { return isHeaderBlockOf(lines, 3) }

func isHeaderBlockOf(lines []string, atLeast int) bool {
	if len(lines) == 0 {
		return false
	}
	switch headerKind(lines[0]) {
	case "from", "sent":
	default:
		return false
	}
	seen := map[string]bool{}
	for _, line := range lines[:min(len(lines), 10)] {
		if isBlank(line) {
			if len(seen) >= 1 && len(seen) < 3 {
				continue
			}
			break
		}
		if kind := headerKind(line); kind != "" {
			seen[kind] = true
		}
	}
	return len(seen) >= atLeast && seen["from"] && (seen["sent"] || seen["subject"])
}

// headerKind names the field of a header line in any of the known languages.
func headerKind(line string) string {
	if len(line) > 2000 || !strings.ContainsAny(line, ":：") {
		return ""
	}
	m := headerLine.FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	name := strings.ToLower(strings.TrimSpace(m[1]))
	for _, field := range headerWords {
		for _, word := range field.words {
			if name == word {
				return field.kind
			}
		}
	}
	return ""
}
