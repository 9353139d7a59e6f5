package mail

import (
	"regexp"
	"strings"
	"sync"
)

// Reason is why a mail was not delivered.
type Reason string

// The reasons of a bounce.
const (
	ReasonUnknown        Reason = "unknown"
	ReasonDelivered      Reason = "delivered"
	ReasonUserUnknown    Reason = "user_unknown"
	ReasonHostUnknown    Reason = "host_unknown"
	ReasonMoved          Reason = "moved"
	ReasonNotAccepting   Reason = "not_accepting" // the domain takes no mail
	ReasonSuspended      Reason = "suspended"
	ReasonMailboxFull    Reason = "mailbox_full"
	ReasonFiltered       Reason = "filtered" // by the recipient's server or rules; perhaps no such user
	ReasonExpired        Reason = "expired"  // tried for too long
	ReasonNetwork        Reason = "network_error"
	ReasonTooBig         Reason = "too_big"
	ReasonSpam           Reason = "spam"
	ReasonVirus          Reason = "virus"
	ReasonContent        Reason = "content"
	ReasonBlocked        Reason = "blocked" // our server's address
	ReasonReputation     Reason = "bad_reputation"
	ReasonNoReverseDNS   Reason = "no_reverse_dns"
	ReasonAuthentication Reason = "authentication" // SPF, DKIM, DMARC
	ReasonPolicy         Reason = "policy"
	ReasonRejected       Reason = "sender_rejected"
	ReasonRelayDenied    Reason = "relay_denied"
	ReasonSecurity       Reason = "security"
	ReasonRateLimited    Reason = "rate_limited"
	ReasonConnections    Reason = "too_many_connections"
	ReasonSystem         Reason = "system_error"
	ReasonSystemFull     Reason = "system_full"
	ReasonMailer         Reason = "mailer_error"
	ReasonSyntax         Reason = "syntax_error"
	ReasonNotCompliant   Reason = "not_compliant"
	ReasonOnHold         Reason = "on_hold"
)

// Text says the reason in a few words for staff.
func (r Reason) Text() string { return strings.ReplaceAll(string(r), "_", " ") }

var (
	enhancedCode = regexp.MustCompile(`(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|\.?$|\.\D)`)
	replyCode    = regexp.MustCompile(`(?:^|[\s:;"'\[(<>-])([45][0-5]\d)(?:[\s-]|$|:|#|;|<)`)
	statusForm   = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}`)
	dialogLine   = regexp.MustCompile(`>>> ?([a-z]{4})|<<< ?[45]\d\d`)
)

// How much is looked at for reasons, in bytes: of a server's answer, and of a
// report for people.
const (
	maxWords = 800
	maxTold  = 4 << 10
)

// told is what a report says for people, for all its recipients. What it says
// is found out when first asked for.
type told struct {
	text    string // lower case
	delay   bool
	reason  func() Reason
	command func() string
	own     func() bool // it speaks as a server of its own users
}

func tell(text string) told {
	t := told{text: strings.ToLower(text[:min(len(text), maxTold)])}
	t.delay = isDelay(t.text)
	t.reason = sync.OnceValue(func() Reason {
		text := oneLine(t.text)
		if reason := find(phrases, text); reason != ReasonUnknown {
			return reason
		}
		return find(hints, text)
	})
	t.command = sync.OnceValue(func() string { return commandIn(t.text) })
	t.own = sync.OnceValue(func() bool { return saidOfOwnUser.MatchString(t.text) })
	return t
}

// refusal is what there is to conclude from about one recipient.
type refusal struct {
	words string // of the server, lower case
	told  told
	local bool // a program refused, not a server (X-Unix)
}

// conclude fills in what the report leaves open: a status from the server's
// words, the reason, and whether the address is dead. kind is the type of the
// diagnostic code, if any.
func (b *Bounce) conclude(t told, kind string) {
	b.Diagnostic = squeezeLines(b.Diagnostic)
	r := refusal{words: strings.ToLower(b.Diagnostic[:min(len(b.Diagnostic), maxWords)]), told: t, local: strings.EqualFold(kind, "x-unix")}
	b.Status = r.status(statusForm.FindString(b.Status))
	if b.Action == "delivered" || b.Action == "relayed" || b.Action == "expanded" || strings.HasPrefix(b.Status, "2.") {
		b.Action, b.Reason = "delivered", ReasonDelivered
		return
	}
	b.Reason = r.reason(b.Status)
	if b.Status == "" {
		b.Status = "5.0.0"
		if b.Action == "delayed" || t.delay || retryTime.MatchString(r.words) {
			b.Status = "4.0.0"
		}
	}
	if b.Action == "" {
		b.Action = "failed"
		if t.delay {
			b.Action = "delayed"
		}
	}
	switch b.Reason {
	case ReasonUserUnknown, ReasonHostUnknown, ReasonMoved, ReasonNotAccepting:
		b.Hard = b.Action == "failed" && b.Status[0] != '4'
	}
}

var delayWords = anyOf(`will be retried`, `has been delayed`, `warning message only`, `do not need to resend`, `will keep trying`, `delivery attempts will continue`, `not yet been delivered`, `will continue to (?:try|be)`)

// retryTime is Exim's word for a temporary fault that lasted too long.
var retryTime = anyOf(`retry time(?:out)? `, `have been failing for a long time`)

func isDelay(text string) bool { return delayWords.MatchString(text) }

// status is the more exact one of the declared status and the one the server
// spoke; where there is neither, the class of its reply.
func (r refusal) status(declared string) string {
	spoken := ""
	if m := enhancedCode.FindStringSubmatch(r.words); m != nil {
		spoken = m[1]
	}
	if status := moreExact(declared, spoken); status != "" {
		return status
	}
	if m := replyCode.FindStringSubmatch(r.words); m != nil {
		return m[1][:1] + ".0.0"
	}
	return ""
}

// moreExact prefers the declared status, unless it only names a class or says
// that time ran out: then the server's own word is the cause.
func moreExact(declared, spoken string) string {
	vague := strings.HasSuffix(declared, ".0.0") || strings.HasSuffix(declared, ".5.0") || strings.HasSuffix(declared, ".4.7")
	switch {
	case declared == "" || spoken != "" && vague && declared[0] == spoken[0]:
		return spoken
	case declared[0] == '4' && spoken != "" && spoken[0] == '5':
		return spoken
	}
	return declared
}

// reason asks the tables in their order, first of the server's words, then of
// the report's.
func (r refusal) reason(status string) Reason {
	_, code, _ := strings.Cut(status, ".")
	if reason, ok := exactReasons[code]; ok {
		return reason
	}
	reason := find(phrases, r.words)
	if exact, ok := statusReasons[code]; ok && reason == ReasonUnknown {
		reason = exact
	}
	if reason == ReasonUnknown {
		reason = find(hints, r.words)
	}
	if r.local && (reason == ReasonUnknown || reason == ReasonSystem) {
		return ReasonMailer
	}
	if reason == ReasonUnknown {
		reason = r.fromText(code)
	}
	switch {
	case reason == ReasonUserUnknown && !r.knowsUsers(code):
		return ReasonFiltered
	case reason == ReasonHostUnknown && strings.HasPrefix(status, "4."):
		return ReasonNetwork
	}
	return reason
}

// fromText is for a server that said nothing telling.
func (r refusal) fromText(code string) Reason {
	if reason, ok := commandReasons[r.command()]; ok && r.words != "" {
		return reason
	}
	if reason := r.told.reason(); reason != ReasonUnknown {
		return reason
	}
	subject, _, _ := strings.Cut(code, ".")
	if reason, ok := subjectReasons[subject]; ok {
		return reason
	}
	return ReasonUnknown
}

// knowsUsers reports whether "no such user" can be believed: the code says so,
// the answer was to RCPT TO, or it is the word of the mailbox's own server.
// Without that it may be a filter that would not say so, as those of mobile
// phones do after DATA, and the address stays in use.
func (r refusal) knowsUsers(code string) bool {
	switch code {
	case "1.0", "1.1", "1.3", "1.10":
		return true
	}
	switch r.command() {
	case "rcpt":
		return true
	case "data":
		return saidAfterData.MatchString(r.words)
	}
	return saidOfOwnUser.MatchString(r.words) || saidAfterData.MatchString(r.words) || r.words == "" && r.told.own()
}

// command is the command of SMTP that was refused, or empty.
func (r refusal) command() string {
	if command := commandIn(r.words); command != "" {
		return command
	}
	return r.told.command()
}

func commandIn(text string) string {
	for _, c := range commandWords {
		if c.words.MatchString(text) {
			return c.command
		}
	}
	return refusedCommand(text)
}

// refusedCommand is the command to which a dialog with a server shows the
// first refusal.
func refusedCommand(dialog string) string {
	command := ""
	for _, m := range dialogLine.FindAllStringSubmatch(dialog, 100) {
		switch {
		case m[1] != "":
			command = m[1]
		case command != "":
			return command
		}
	}
	return ""
}
