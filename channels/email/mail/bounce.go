package mail

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxDiagnostic bounds what is kept of a server's words, in bytes.
const maxDiagnostic = 2000

var (
	daemonSender  = regexp.MustCompile(`(?i)^(?:mailer-?daemon|mail-?daemon|post-?_?master|mail-?delivery|mdaemon|bounces?|microsoftexchange[0-9a-f]*|mailadmin|no-?reply-?bounce)(?:@|$)`)
	daemonName    = regexp.MustCompile(`(?i)mail delivery (?:sub)?system|mailer-daemon|mail administrator|system administrator|internet mail delivery|postmaster|mail delivery service`)
	bounceSubject = anyBetween(`^\W*`, []string{
		`undeliver`, `undelivered`, `undeliverable`,
		`delivery (?:status notification|failure|failed|has failed|error|notification|report|problem)`, `delivered failure`,
		`failed delivery`, `failure (?:notice|delivery)`, `failure to deliver`,
		`returned mail`, `return(?:ed|ing) (?:e-?mail|message)`, `mail (?:delivery|system error|failure|could not|returned)`,
		`(?:.{0,60})mail failure`, `message (?:delivery (?:failure|delayed)|could not be delivered|undeliverable|status)`,
		`non[- ]?(?:delivery|deliverable|remise)`,
		`(?:mail|message|email) delivery (?:failed|failure)`, `error sending`, `there was an error sending your mail`,
		`warning: (?:message|could not)`, `delayed (?:mail|delivery)`, `delivery.{0,20}delay`, `could not send message`,
		`your message could not`, `unable to deliver`, `rejected mail`, `dsn`, `notificação de falha`,
		`unzustellbar`, `nicht zustellbar`, `zustellung fehlgeschlagen`, `nachricht (?:nicht zugestellt|unzustellbar)`,
		`échec de la remise`, `non remis`, `impossible de remettre`, `message non distribué`, `no se (?:puede|pudo) entregar`,
		`no entregado`, `mensaje no entregado`,
		`recapito non riuscito`, `mancato recapito`, `messaggio non recapitabile`, `não (?:entregue|foi possível)`, `onbestelbaar`,
		`kan niet worden afgeleverd`, `kan inte levereras`, `olevererbart`, `ikke leveres`, `niedostarczon`, `nie można dostarczyć`,
		`nedoručiteln`, `kézbesíthetetlen`,
		`вернулось`, `ошибка доставки`, `не доставлено`, `ваше сообщение не доставлено`, `teslim edilemedi`, `退信`, `系统退信`, `投递失败`, `配信不能`,
		`配信エラー`, `送信エラー`, `배달 ?(?:실패|불가)`, `benachrichtigung zum übermittlungsstatus`,
	}, ``)
	bouncePhrase = anyOf(
		`created automatically by mail delivery software`,
		`(?:could not|couldn't|cannot|can't|unable to|not able to|wasn't able to|failed to) (?:be )?(?:deliver|send|sent)`,
		`could ?n[o']t be delivered`, `delivery (?:to the following|has failed|failed|of .{0,40}failed|for .{0,40}failed)`,
		`did not reach the following`, `undeliver`, `permanent (?:fatal )?error`, `mail delivery (?:failed|failure|error)`,
		`returned (?:mail|message|below)`, `delivery (?:status|failure|error)`, `error delivering your mail`,
		`transcript of session follows`, `not delivered`, `trouble delivering`, `recipient.{0,40}(?:rejected|unknown)`,
		`non-?delivered`, `delivery problems`, `message below`, `nicht zugestellt`, `не может быть доставлено`, `delayed`, `次のあて先`,
		`invalid user`, `user unknown`, `cannot be sent`, `message.{0,30}could not`, `配信できません`, `送信できません`)
	returnedMark = anyOf(
		`^below this line is (?:a copy of )?(?:the|your) (?:original )?message`,
		`^below the next line is a copy of the message`, `^(?:enclosed|below|attached) is a copy of (?:the|your)`,
		`^this is a copy of (?:the|your) message`, `^this is the original message`, `^message headers follow`,
		`^(?:the )?original message (?:follows|headers|header|text|:)`, `^original message\W*$`,
		`^unsent message (?:follows|below)`, `^message (?:header|text) follows`,
		`^included is (?:a|the) (?:first|copy)`, `^returned message (?:follows|:)`,
		`^headers? of (?:the )?(?:original|your) message`, `^copy of (?:the )?(?:original )?message`,
		`^the header of the original message`, `^here is (?:a copy of )?(?:your|the)(?: original)? (?:message|mail)`,
		`^undelivered message follows`, `^begin(?:ning)? of (?:the )?(?:returned|original)`,
		`^your (?:original )?message(?: reads| is enclosed| follows)`, `^from mailer-daemon(?:\s|$)`,
		`^received:\s?(?:from|by|\()`, `^return-path:\s?<`)
	address   = regexp.MustCompile(addressForm)
	addressAt = regexp.MustCompile(`^` + addressForm)
)

const addressForm = `[A-Za-z0-9!#$%&'*+/=?^_{|}~.\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,250}[A-Za-z0-9])?`

// textBounce reads a bounce that is no RFC 3464 report: those of qmail, older
// Exim and Postfix, Exchange, and many more, each with a form of its own. Two
// things must speak for one: the sender or a null return path, and the subject
// or the words of the text. why is empty where the mail is no bounce.
func (p *parser) textBounce(m *Mail, r *report) (bounces []Bounce, why string) {
	failed := ParseAddresses(m.Header.Get("X-Failed-Recipients"))
	subject, daemon := bounceSubject.fits(m.Subject), fromDaemon(m)
	if len(failed) == 0 && !subject && !daemon && !nullReturn(m.Header) && !fromListManager(m) {
		return nil, ""
	}
	text := r.text()
	if text == "" {
		text = m.Text
	}
	text = text[:min(len(text), 64<<10)]
	report, returned := splitReturned(text)
	switch {
	case len(failed) > 0 && (daemon || subject):
	case isListRefusal(m, report):
	case (daemon || nullReturn(m.Header)) && (subject || bouncePhrase.fits(report) && !autoReplySubject.fits(m.Subject)):
	case subject && bouncePhrase.fits(report) && len(m.InReplyTo) == 0 && (returned != "" || r.original != nil || enhancedCode.MatchString(report)):
	default:
		return nil, ""
	}
	if r.original == nil && returned != "" {
		r.original = newParser(p.limits).scanHeader(windowOf([]byte(returned)), noDelimiter)
		r.returned, r.inner = messageIDs(r.original.Get("Message-ID")), []byte(returned)
	}
	bounces = textRecipients(report, failed, ownAddresses(m, r.original), r)
	if inner := p.innerBounces(r); len(inner) > 0 && unexplained(bounces) {
		bounces = inner
	}
	return bounces, "text of a bounce"
}

// innerBounces are those of a bounce that came back inside the bounce, as some
// gateways wrap them.
func (p *parser) innerBounces(r *report) []Bounce {
	if p.forwards == 0 || r.inner == nil || !reportWithin.MatchString(strings.ToLower(string(r.inner[:min(len(r.inner), maxAnother)]))) {
		return nil
	}
	inner := newParser(p.limits)
	inner.forwards = 0 // and none inside that one
	return inner.parseBytes(r.inner).Bounces
}

var reportWithin = anyOf(`report-type="?delivery-status`, `mailer-daemon`, `addresses had permanent`)

// unexplained reports that no server's answer was found.
func unexplained(bounces []Bounce) bool {
	for _, b := range bounces {
		if replyCode.MatchString(b.Diagnostic) || enhancedCode.MatchString(b.Diagnostic) {
			return false
		}
	}
	return true
}

// isListRefusal knows a list that takes mail of its members only.
func isListRefusal(m *Mail, text string) bool {
	words := strings.ToLower(m.Subject + "\n" + text[:min(len(text), 2000)])
	if !fromListManager(m) || !listRefusal.MatchString(words) {
		return false
	}
	for _, name := range []string{"X-MLServer", "Mailing-List", "List-Id", "List-Subscribe", "X-Mailman-Version", "X-BeenThere", "X-List-Administrivia"} {
		if m.Header.Has(name) {
			return true
		}
	}
	return nullReturn(m.Header)
}

func fromListManager(m *Mail) bool {
	return len(m.From) == 1 && listManager.MatchString(m.From[0].Address)
}

var listManager = regexp.MustCompile(`(?i)(?:^|[-.+])(?:admin|owner|request|bounces?|ctl|help|majordomo|listserv|mailman|fml|mailer-daemon|no-?reply)@`)

var listRefusal = anyOf(`you are not (?:a )?member of this (?:mailing )?list`, `are not (?:a )?member \(`,
	`post by non-member to a members-only list`, `only (?:subscribers|members) (?:may|can|are allowed to) post`)

func fromDaemon(m *Mail) bool {
	for _, a := range m.From {
		if daemonSender.MatchString(a.Address) || daemonName.MatchString(a.Name) || daemonSender.MatchString(a.Name) {
			return true
		}
	}
	sender := strings.Trim(m.Header.Get("Return-Path"), "<> ")
	return daemonSender.MatchString(sender)
}

func nullReturn(h Header) bool {
	return h.Has("Return-Path") && strings.Join(strings.Fields(h.Get("Return-Path")), "") == "<>"
}

// splitReturned cuts the text where the mail that is returned begins.
func splitReturned(text string) (report, returned string) {
	at := returnedAt(text)
	if at < 0 {
		return text, ""
	}
	tail := text[at:]
	// The mail itself starts at the next header line.
	if start := firstHeader.FindStringIndex(tail); start != nil {
		return text[:at], tail[start[0]:]
	}
	return text[:at], ""
}

// returnedAt is where the line stands that says that the returned mail
// follows, or -1.
func returnedAt(text string) int {
	at := 0
	for line := range strings.Lines(text) {
		words := strings.TrimLeftFunc(line[:min(len(line), maxMark)], isNoWord)
		if words != "" && returnedMark.MatchString(strings.ToLower(strings.TrimSpace(words))) {
			return at
		}
		at += len(line)
	}
	return -1
}

// maxMark is how much of a line is looked at for such a mark.
const maxMark = 200

func isNoWord(r rune) bool {
	isWord := r >= utf8.RuneSelf || r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' || r == '_'
	return !isWord
}

var firstHeader = regexp.MustCompile(`(?m)^(?:Received|Return-[Pp]ath|From|To|Subject|Date|Message-[Ii][Dd]|MIME-Version|DKIM-Signature|X-[\w-]+|Delivered-To):`)

// ownAddresses are those of the sender of the returned mail: they stand in a
// bounce without being its recipient.
func ownAddresses(m *Mail, original Header) map[string]bool {
	own := map[string]bool{}
	for _, list := range [][]Address{m.From, m.To, ParseAddresses(original.Get("From")), ParseAddresses(original.Get("Return-Path"))} {
		for _, a := range list {
			own[strings.ToLower(a.Address)] = true
		}
	}
	for _, to := range ParseAddresses(original.Get("To")) {
		delete(own, strings.ToLower(to.Address)) // someone who wrote to himself
	}
	return own
}

// textRecipients finds the addresses that failed, with the words beside each.
// An address at the start of a line is one; else the first in the text.
func textRecipients(text string, failed []Address, own map[string]bool, r *report) []Bounce {
	lines := strings.Split(text, "\n")
	var list []Bounce
	told := tell(text)
	seen := map[string]bool{}
	status := ""
	if strings.Contains(told.text, "status") {
		if m := statusLine.FindStringSubmatch(text); m != nil {
			status = m[1]
		}
	}
	add := func(recipient string, words func() string) {
		recipient = strings.ToLower(recipient)
		if seen[recipient] || len(list) >= maxRecipients {
			return
		}
		seen[recipient] = true
		b := Bounce{Recipient: recipient, Diagnostic: words(), Status: status}
		b.conclude(told, "")
		list = append(list, b)
	}
	for i, line := range lines {
		a := leadingAddress(line)
		if a == "" || own[strings.ToLower(a)] || isHeaderCopy(lines[i:]) {
			continue
		}
		add(a, func() string { return dialogBefore(lines[:i], line) + answer(lines[i:]) })
	}
	if len(list) > 0 {
		return list
	}
	for _, a := range failed {
		add(a.Address, func() string { return fromAddress(text, a.Address) })
	}
	if len(list) == 0 {
		for _, a := range address.FindAllString(text, 50) {
			if !own[strings.ToLower(a)] && !daemonSender.MatchString(a) {
				add(a, func() string { return fromAddress(text, a) })
				break
			}
		}
	}
	if len(list) == 0 {
		recipient := ""
		if to := ParseAddresses(r.original.Get("To")); len(to) > 0 {
			recipient = to[0].Address
		}
		add(recipient, func() string { return squeezeLines(text) })
	}
	return list
}

// statusLine is a field of RFC 3464 that stands in the text.
var statusLine = regexp.MustCompile(`(?im)^\s*status\s*:\s*([245]\.\d{1,3}\.\d{1,3})`)

var recipientLabel = regexp.MustCompile(`(?i)^(?:recipient|to|final-recipient|failed recipient|rcpt to|original-recipient|address|user|e-?mail)\s?:\s*(?:rfc822;\s*)?`)

// leadingAddress is the address with which a line starts, as most mailers
// write it: bare, in brackets, or after a label.
func leadingAddress(line string) string {
	line = strings.TrimSpace(line)
	if !strings.Contains(line, "@") {
		return ""
	}
	if strings.Contains(line, ":") {
		line = recipientLabel.ReplaceAllString(line, "")
	}
	if replyAddress.MatchString(line) {
		line = line[4:]
	}
	line = strings.TrimLeft(line, "<\"'* ")
	return strings.TrimRight(addressAt.FindString(line), ".")
}

// isHeaderCopy tells the lines that name the mail (Exchange: "To: … Subject: …
// Sent: …") from those that name who did not get it.
func isHeaderCopy(lines []string) bool {
	if !recipientLabel.MatchString(strings.TrimSpace(lines[0])) {
		return false
	}
	for _, line := range lines[1:min(len(lines), 4)] {
		if headerKind(line) == "subject" {
			return true
		}
	}
	return false
}

// dialogBefore is the dialog with the server above a line that starts with a
// reply code, as Sendmail writes its transcript.
func dialogBefore(lines []string, line string) string {
	if !replyAddress.MatchString(line) {
		return ""
	}
	start := len(lines)
	for start > 0 && dialogMark.MatchString(lines[start-1]) && !replyAddress.MatchString(lines[start-1]) {
		start--
	}
	return strings.TrimSpace(strings.Join(lines[start:], " ")) + " "
}

var (
	replyAddress = regexp.MustCompile(`^\s*[45]\d\d <\S+@\S+>`)
	dialogMark   = regexp.MustCompile(`^\s*(?:>>>|<<<|[45]\d\d )`)
)

// fromAddress is the text from the first line that mentions an address.
func fromAddress(text, address string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.Contains(strings.ToLower(line), strings.ToLower(address)) {
			return answer(lines[i:])
		}
	}
	return squeezeLines(text)
}

// mention is the line on which a text says something about a recipient.
func mention(text, recipient string) string {
	looked := 0
	for line := range strings.Lines(text[:min(len(text), maxTold)]) {
		if line = strings.ToLower(line); recipient == "" || !strings.Contains(line, recipient) {
			continue
		}
		if find(phrases, line) != ReasonUnknown {
			return strings.TrimSpace(line)
		}
		if looked++; looked > maxParagraphs {
			break
		}
	}
	return ""
}

// answer joins a line and those after it, up to another address or to the end
// of the paragraph in which something is said.
func answer(lines []string) string {
	var words []string
	size, paragraphs := 0, 0
	own := strings.ToLower(leadingAddress(lines[0]))
	for i, line := range lines {
		if other := strings.ToLower(leadingAddress(line)); i > 0 && other != "" && other != own || size > maxDiagnostic {
			break
		}
		if i > 0 && isBlank(line) && !isBlank(lines[i-1]) {
			if paragraphs++; paragraphs > maxParagraphs || saysSomething(words) {
				break
			}
		}
		words = append(words, strings.TrimSpace(line))
		size += len(line) + 1
	}
	return squeezeLines(strings.Join(words, " "))
}

// maxParagraphs is how far below an address its explanation may stand.
const maxParagraphs = 5

func saysSomething(lines []string) bool {
	words := strings.ToLower(strings.Join(lines, " "))
	return replyCode.MatchString(words) || find(phrases, words) != ReasonUnknown
}

func squeezeLines(text string) string {
	text = oneLine(text)
	return strings.ToValidUTF8(text[:min(len(text), maxDiagnostic)], "")
}
