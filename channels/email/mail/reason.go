package mail

import (
	"regexp"
	"strings"
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
	ReasonFiltered       Reason = "filtered"
	ReasonExpired        Reason = "expired" // tried for too long
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

// reasonWords map the words of mail servers to a reason; the first that fits
// counts, so the narrow ones come first.
var reasonWords = []struct {
	reason Reason
	words  *regexp.Regexp
}{
	{ReasonVirus, anyOf(`virus`, `infected`, `malware`, `trojan`)},
	{ReasonNoReverseDNS, anyOf(`reverse dns`, `\brdns\b`, `\bptr\b`, `reverse (?:hostname|lookup|mapping|record|address)`, `no (?:valid )?host ?name for`, `cannot find your (?:reverse )?hostname`, `cannot resolve your address`, `fcrdns`, `forward confirmed`, `unresolvable (?:relay|reverse)`, `client host rejected: cannot find`)},
	{ReasonAuthentication, anyOf(`\bdmarc\b`, `\bdkim\b`, `\bspf\b`, `sender policy framework`, `unauthenticated (?:email|mail)`, `sender id`, `domain of the sender.{0,30}authenticat`, `5\.7\.(?:2[0-9]|30)\b`, `fails? authentication`, `not authenticat`)},
	{ReasonReputation, anyOf(`reputation`, `\bsenderscore\b`, `temporarily deferred due to (?:unexpected volume or )?user complaints`, `generating .{0,30}complaints`, `unusual rate of unsolicited`, `likely suspicious`)},
	{ReasonRateLimited, anyOf(`(?:message|sending|mail) rate limit`, `too many recipients`, `too fast`, `too many (?:messages|emails|mails) (?:from|in|per)`, `message rate`, `please try again slower`, `throttl`, `sending (?:limit|quota)`, `receiving mail (?:at a rate|too quickly)`, `unsolicited mail originating.{0,60}temporarily rate`)},
	{ReasonConnections, anyOf(`too many (?:concurrent |simultaneous |smtp )?(?:connections|sessions)`, `connection (?:limit|rate|frequency)`, `ip frequency`, `maximum (?:number of )?connections`, `too many open`, `concurrency limit`, `connections? from .{0,60}exceed`)},
	{ReasonSpam, anyOf(`spam`, `unsolicited`, `\bube\b`, `\buce\b`, `bulk (?:e-?)?mail`, `junk mail`, `looks like (?:uce|ube)`, `blocked using .{0,40}spam`, `appears to be unsolicited`, `cloudmark`, `high probability`)},
	{ReasonMoved, anyOf(`has (?:been )?moved`, `no longer (?:at this|valid).{0,40}new address`, `user not local; please try`, `has changed (?:his|her|their|to)`, `new address is`)},
	{ReasonSystemFull, anyOf(`insufficient (?:disk|system) space`, `no space left`, `system (?:storage|disk) full`, `mail system full`, `file ?system full`)},
	{ReasonMailboxFull, anyOf(`user(?:'s)? mailbox .{0,40}(?:exceeds|full|over)`, `mailbox (?:is |has been |size )?(?:full|exceeded|over|limit|quota)`, `(?:over|exceed(?:ed|s|ing)?|out of|exhausted).{0,30}(?:quota|storage|mailbox|disk)`, `quota (?:exceed|full|violat|limit)`, `(?:disk|storage|user|mailbox|message).{0,20}quota`, `not enough (?:storage|space|quota|disk)`, `insufficient (?:disk )?(?:quota|storage|space)`, `too many messages (?:on|in) (?:this|the) mailbox`, `mail ?box (?:is )?full`, `account is (?:full|over)`, `exceeded (?:the )?(?:local|storage|mail|size) ?limit`, `overquota`, `over quota`, `容量`, `inbox is full`, `no room`, `receiving.{0,20}quota`, `messages in recipient's mailbox exceeded`, `box full`, `maildir.{0,20}(?:over|full)`)},
	{ReasonExpired, anyOf(`too long in (?:the )?queue`, `queue too long`, `envelope expired`, `delivery failed \d+ attempts`, `retry time(?:out)? `)},
	{ReasonTooBig, anyOf(`(?:message|mail|size|data|content|body|header|attachment).{0,30}(?:too (?:big|large)|exceeds?|larger than|over)`, `(?:exceeds?|maximum|over).{0,40}(?:message|mail|size)`, `too (?:big|large)`, `message (?:length|size)`, `size limit`)},
	{ReasonSuspended, anyOf(`(?:account|mailbox|user|address|recipient|domain).{0,60}(?:disabled|inactive|suspended|deactivated|locked|frozen|not active|blocked|terminated|has been disabled)`, `(?:disabled|inactive|suspended|invalid/inactive) (?:account|user|mailbox|recipient)`, `not active`, `mailbox (?:currently )?(?:unavailable or )?(?:suspended|disabled|frozen)`, `dormant`, `temporarily suspended`)},
	{ReasonNetwork, anyOf(`host not found, try again`, `name server.{0,30}(?:try again|temporar)`)},
	{ReasonHostUnknown, anyOf(`domain is not reachable`, `host (?:or domain name )?(?:is )?(?:unknown|not found|does not exist)`, `(?:unknown|no such|unrouteable|unroutable|invalid) (?:mail )?(?:host|domain)`, `domain (?:is )?(?:not found|unknown|does not exist|invalid|not exist|must exist|doesn't exist)`, `name (?:or|service).{0,40}not (?:known|found)`, `nxdomain`, `no such domain`, `(?:cannot|can't|couldn't|could not) find (?:any|a) (?:host|mail exchanger|mx|domain)`, `no (?:mx|a).{0,20}record`, `illegal host/domain`, `\bbad destination host`, `domain .{0,60}(?:doesn't|does not) exist`, `dns (?:lookup|error|server|resolver).{0,60}(?:nxdomain|not found|no such|does not exist)`, `invalid domain`, `recipient domain .{0,30}not (?:found|exist)`)},
	{ReasonNotAccepting, anyOf(`nullmx`, `null mx`, `does ?n[o']t accept (?:any )?(?:mail|e-?mail|message)`, `not accept(?:ing)? (?:mail|any)`, `host/domain does not accept`, `smtp protocol returned.{0,40}not accept`, `no mail(?:box)? (?:server|service) here`, `does not receive mail`, `is not accepting (?:mail|messages)`, `\b5(?:21|56)\b`)},
	{ReasonRelayDenied, anyOf(`relay(?:ing)? (?:is )?(?:access )?(?:denied|not (?:allowed|permitted|available)|prohibited|operation|attempt|restrict)`, `(?:unable to|cannot|can't|do not|not (?:permitted|allowed|authorized) to|no|won't|refuse to) relay`, `we do not relay`, `relaying`, `not a gateway`, `we don't handle mail for`, `isn't in my (?:control/|list of allowed)`, `mail server requires authentication.{0,40}relay`, `open relay`, `isn't allowed to be relayed`)},
	{ReasonSecurity, anyOf(`\btls\b`, `starttls`, `authentication (?:required|failed|failure|credentials|turned on)`, `must (?:be )?(?:issue|authenticat)`, `requires? (?:authentication|tls|encryption)`, `encrypt`, `\bsecurity\b`, `authori[sz]ation fail`, `\bsasl\b`, `smtp auth`, `certificate`, `account.{0,30}compromis`)},
	{ReasonNotCompliant, anyOf(`rfc ?(?:\d{3,4})?[ -]?(?:compliant|compliance|not|violat|5322|2822)`, `not (?:rfc )?(?:\d{3,4} )?complia`, `duplicate header`, `multiple (?:from|subject|to|date) header`, `missing (?:required )?(?:header|from|date)`, `bare (?:lf|cr)`, `no subject`)},
	{ReasonUserUnknown, anyOf(`recipient address rejected: access denied`, `final delivery userid`, `(?:user|recipient|mailbox|address|account|addressee|alias|mail ?box|destination|local-?part|person|name)(?:s)?(?: address| mailbox| name| account)?(?: \S{1,80})? ?(?:is |was |not |does |doesn't |has |are |may |: )*(?:unknown|not ?found|not exist|invalid|unavailable|not (?:a )?(?:valid|known|recogni[sz]ed|listed|available|local)|undeliverable|doesn't exist|does not exist|no longer|rejected: (?:user|unknown|undeliverable|no such))`,
		`(?:unknown|no such|invalid|bad|unrecogni[sz]ed|illegal|nonexistent|non-existent|undefined|incorrect) (?:or \S+ )?(?:local )?(?:user|recipient|mailbox|address|account|addressee|alias|local part|local-part|person|rcpt|destination|e-?mail|name)`, `(?:user|mailbox|account|address|recipient).{0,60}(?:doesn't|does not|didn't|did not|do not|don't) (?:exist|have)`, `no (?:mailbox|user|account|such|recipient|one|valid recipients?)\b.{0,30}(?:here|by that name|with|found|user|person|exist)?`, `who is`, `not our customer`, `not (?:a )?(?:known|listed)`, `isn't (?:a )?(?:known|listed)`, `(?:not|isn't) (?:found|listed) in`, `unrouteable address`, `can't find (?:user|account)`, `\bunknown\b.{0,20}\buser`, `user unknown`, `delivery to this address is restricted`, `address rejected(?:[^:]|$)`, `cannot find .{0,40}(?:user|account|recipient)`, `mail(?:box)? (?:is )?(?:not found|unavailable)`, `no mailbox`, `recipient name is not recogni[sz]ed`, `userunknown`, `送信先.{0,30}見つか`, `存在しません`, `не существует`, `нет такого`, `bad destination mailbox address`, `unknown address`, `no account`, `reject_recipient`, `never logged onto`, `recipient not`)},
	{ReasonExpired, anyOf(`retry time(?:out)? (?:not reached|exceeded)`, `(?:queue|delivery|retry|message|time).{0,40}(?:too long|expired|timeout|timed? ?out|exceeded)`, `timed? ?out`, `in the queue too long`, `too long in queue`, `maximum (?:retr|time)`, `(?:delivery|message).{0,30}(?:expired|delayed)`, `could not be delivered (?:for|within|after)`, `will be retried`, `undelivered for`, `has been delayed`, `unable to deliver.{0,40}(?:days|hours)`, `giving up`, `will keep trying`, `delayed`)},
	{ReasonNetwork, anyOf(`connection (?:refused|reset|lost|dropped|closed|timed out)`, `(?:network|route).{0,30}(?:error|unreachable|failure)`, `no route to host`, `(?:could not|couldn't|unable to|cannot|can't) (?:establish|connect|contact)`, `host (?:is )?unreachable`, `(?:name service|dns|name server|nameserver|host name lookup|mx).{0,40}(?:error|failure|failed|loop|again|temporary)`, `loops? back`, `mail (?:forwarding )?loop`, `too many hops`, `routing loop`, `\bhop count`, `message is looping`, `malformed or unexpected name server reply`)},
	{ReasonBlocked, anyOf(`\b(?:rbl|dnsbl|sbl|xbl|pbl)\b`, `black ?list`, `block ?list`, `spamhaus`, `spamcop`, `barracuda`, `blocked`, `(?:client|your|sending) (?:ip|host|address|server|network|mta).{0,40}(?:denied|rejected|refused|banned|listed|not allowed)`, `(?:access|connection|service) (?:denied|refused|rejected)`, `banned`, `dynamic (?:ip|address)`, `dialup`, `\bip\b.{0,40}(?:denied|refused|reject|listed|policy)`, `helo`, `ehlo`, `not accepted from this ip`, `refused to talk`, `domain name .{0,40}not accept`, `no access from`, `connections? (?:not|will not be) accepted`, `listed (?:at|in|by)`, `blacklisted`, `invalid (?:greeting|ip)`, `my name was rejected`)},
	{ReasonRejected, anyOf(`sender.{0,40}(?:rejected|refused|denied|invalid|unknown|not (?:exist|allowed|found)|verif|blocked|address)`, `(?:invalid|bad|unknown|illegal) (?:sender|from|return)`, `mail from .{0,60}(?:rejected|refused|denied|not allowed|blocked)`, `from (?:address|field|domain).{0,40}(?:rejected|invalid|not)`, `return.?path`, `envelope sender`, `not authorized to send`, `domain of sender`, `sending domain`, `rule imposed mailbox access`, `refused by recipient`, `email rejected`)},
	{ReasonContent, anyOf(`content`, `message (?:was )?(?:rejected|refused) (?:due|because)`, `attachment`, `prohibited file`, `mime`, `bad (?:header|url)`, `executable`, `malformed`, `encoded message`, `forbidden`)},
	{ReasonPolicy, anyOf(`policy`, `prohibited`, `administrative(?:ly)?`, `local restrictions`, `not (?:allowed|permitted|authori[sz]ed)`, `restricted`, `denied by`, `message refused`, `violat`, `5\.7\.\d`, `permission`)},
	{ReasonFiltered, anyOf(`filter`, `refus(?:ed|es|al)`, `rejected`, `because the (?:recipient|recipients) is not accepting`, `no thank you`, `recipient .{0,30}(?:refuse|reject|decline)`, `has protected`)},
	{ReasonMailer, anyOf(`mailer`, `(?:exit|error|status) (?:status|code)`, `procmail`, `\bpipe\b`, `local mailer`, `unknown mailer error`, `command (?:failed|died|time)`, `exited with`, `x-unix`)},
	{ReasonSystem, anyOf(`system (?:error|config|not)`, `server (?:error|config|failure|too busy)`, `internal (?:error|server)`, `local (?:error|configuration)`, `service (?:currently |temporarily )?unavailable`, `temporar`, `resources`, `try (?:again|later)`, `configuration error`, `aliasing/forwarding loop`)},
	{ReasonSyntax, anyOf(`syntax`, `command (?:not|unrecogni[sz]ed|unknown)`, `bad sequence`, `parameter`, `out of order`, `need (?:rcpt|mail) command`)},
}

func anyOf(words ...string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + strings.Join(words, "|"))
}

var (
	enhancedCode = regexp.MustCompile(`(?:^|[^\d.])([245]\.\d{1,3}\.\d{1,3})(?:[^\d.]|\.?$|\.\D)`)
	replyCode    = regexp.MustCompile(`(?:^|[\s:;"'\[(<>-])([45][0-5]\d)(?:[\s-]|$|:|#|;|<)`)
	statusForm   = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}`)
)

// conclude fills in what the report leaves open: a status from the server's
// words, the reason, and whether the address is dead. text is the part of the
// report for people.
func (b *Bounce) conclude(text string) {
	b.Diagnostic = squeezeLines(b.Diagnostic)
	words := strings.ToLower(b.Diagnostic)
	declared := statusForm.FindString(b.Status)
	spoken := ""
	if m := enhancedCode.FindStringSubmatch(words); m != nil {
		spoken = m[1]
	}
	b.Status = moreExact(declared, spoken)
	reply := ""
	if m := replyCode.FindStringSubmatch(words); m != nil {
		reply = m[1]
	}
	if b.Action == "delivered" || b.Action == "relayed" || b.Action == "expanded" || strings.HasPrefix(b.Status, "2.") {
		b.Action, b.Reason = "delivered", ReasonDelivered
		return
	}
	b.Reason = b.findReason(words, strings.ToLower(squeezeSpace.ReplaceAllString(text, " ")))
	if b.Status == "" && reply != "" {
		b.Status = reply[:1] + ".0.0"
	}
	if b.Status == "" {
		b.Status = "5.0.0"
		if b.Action == "delayed" || isDelay(strings.ToLower(text)) || strings.Contains(words, "retry time") {
			b.Status = "4.0.0"
		}
	}
	if b.Action == "" {
		b.Action = "failed"
		if isDelay(strings.ToLower(text)) {
			b.Action = "delayed"
		}
	}
	switch b.Reason {
	case ReasonUserUnknown, ReasonHostUnknown, ReasonMoved, ReasonNotAccepting:
		b.Hard = b.Action == "failed" && b.Status[0] != '4'
	}
}

var delayWords = anyOf(`will be retried`, `has been delayed`, `warning message only`, `do not need to resend`, `will keep trying`, `delivery attempts will continue`, `not yet been delivered`, `will continue to (?:try|be)`)

func isDelay(text string) bool { return delayWords.MatchString(text) }

// moreExact prefers the declared status, unless it only names a class.
func moreExact(declared, spoken string) string {
	vague := strings.HasSuffix(declared, ".0.0") || strings.HasSuffix(declared, ".5.0")
	switch {
	case declared == "" || spoken != "" && vague && declared[0] == spoken[0]:
		return spoken
	case declared[0] == '4' && spoken != "" && spoken[0] == '5':
		return spoken // the server's own last word
	}
	return declared
}

func (b *Bounce) findReason(words, text string) Reason {
	if r := narrowStatus(b.Status); r != ReasonUnknown {
		return r
	}
	r := b.wordedReason(words, text)
	switch {
	case r == ReasonUserUnknown && !strings.HasSuffix(b.Status, ".1.1") && afterData.MatchString(text):
		// A server that knows its users says so at RCPT; one that refuses a
		// user only after it has read the mail, filters.
		return ReasonFiltered
	case r == ReasonHostUnknown && strings.HasPrefix(b.Status, "4."):
		return ReasonNetwork
	}
	return r
}

var afterData = anyOf(`in reply to (?:end of )?data`, `>>> data <<< 55`, `after (?:end of )?data`, `end of data`)

// narrowStatus are the codes that servers use for nothing else.
func narrowStatus(status string) Reason {
	_, code, _ := strings.Cut(status, ".")
	switch code {
	case "1.6":
		return ReasonMoved
	case "1.7", "1.8":
		return ReasonRejected
	case "1.10":
		return ReasonNotAccepting
	case "7.20", "7.21", "7.22", "7.23", "7.24", "7.26":
		return ReasonAuthentication
	case "7.25":
		return ReasonNoReverseDNS
	}
	return ReasonUnknown
}

func (b *Bounce) wordedReason(words, text string) Reason {
	for _, r := range reasonWords {
		if r.words.MatchString(words) {
			return r.reason
		}
	}
	if r := statusReason(b.Status); r != ReasonUnknown {
		return r
	}
	for _, r := range reasonWords {
		if r.words.MatchString(text) {
			return r.reason
		}
	}
	return ReasonUnknown
}

// statusReason reads RFC 3463 and the codes registered since.
func statusReason(status string) Reason {
	_, code, _ := strings.Cut(status, ".")
	switch code {
	case "1.1", "1.3", "1.0":
		return ReasonUserUnknown
	case "1.2", "4.4":
		return ReasonHostUnknown
	case "1.9":
		return ReasonRejected
	case "2.1":
		return ReasonSuspended
	case "2.2":
		return ReasonMailboxFull
	case "2.3", "3.4":
		return ReasonTooBig
	case "3.1":
		return ReasonSystemFull
	case "3.0", "3.2", "3.5", "4.3", "4.5":
		return ReasonSystem
	case "4.0", "4.1", "4.2", "4.6":
		return ReasonNetwork
	case "4.7":
		return ReasonExpired
	case "6.0", "6.1", "6.2", "6.3":
		return ReasonContent
	case "7.4", "7.5", "7.6", "7.7", "7.8", "7.9", "7.10", "7.11", "7.12", "7.13":
		return ReasonSecurity
	case "7.0", "7.1", "7.2":
		return ReasonPolicy
	}
	return ReasonUnknown
}
