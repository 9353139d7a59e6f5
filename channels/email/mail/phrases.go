package mail

// The tables by which a bounce's reason is found; docs/operator/bounces.md
// explains them for people. Words are parts of regular expressions, lower
// case, and are sought in what the refusing server said. They are asked in
// this order: exactReasons, phrases, statusReasons, hints, commandReasons, subjectReasons.

// wording is what servers say for one reason.
type wording struct {
	reason Reason
	words  wordings
}

// find is the first reason whose words are in text, which is lower case.
func find(table []wording, text string) Reason {
	for _, w := range table {
		if w.words.MatchString(text) {
			return w.reason
		}
	}
	return ReasonUnknown
}

// exactReasons are codes that servers use for nothing else, without their
// class.
var exactReasons = map[string]Reason{
	"1.6": ReasonMoved, "1.7": ReasonRejected, "1.8": ReasonRejected, "7.20": ReasonAuthentication, "7.21": ReasonAuthentication, "7.22": ReasonAuthentication,
	"7.23": ReasonAuthentication, "7.24": ReasonAuthentication, "7.25": ReasonNoReverseDNS, "7.26": ReasonAuthentication,
}

// phrases mean one thing only. The first that fits counts: what is said of the
// message or of our server comes before the words that also speak of a user.
var phrases = []wording{
	{ReasonVirus, anyOf(`virus`, `infected`, `malware`, `trojan`)},
	{ReasonNoReverseDNS, anyOf(`reverse dns`, `\brdns\b`, `\bptr\b`, `reverse (?:hostname|lookup|mapping|record|address)`, `no (?:valid )?host ?name for`,
		`cannot find your (?:reverse )?hostname`, `cannot resolve your address`, `fcrdns`, `forward confirmed`, `unresolvable (?:relay|reverse)`,
		`client host rejected: cannot find`, `\bip name lookup failed`, `unverif(?:y|i)able sending ips?`)},
	{ReasonSpam, anyOf(`spam classification`, `message content rejected`,
		`\b(?:detected|identified|classified|flagged|marked|scored) as (?:\w+ )?spam\b`,
		`spam (?:message|content|detected|score|filter(?:ing)? engine)`,
		`suspected spam`, `(?:probable|likely|possible) spam`, `looks? like spam`, `considered spam`, `\bofr_?506`, `\bube\b`, `\buce\b`,
		`content filter rejection`, `mail content denied`, `spam-like`)},
	{ReasonAuthentication, anyOf(`\bdmarc\b`, `\bdkim\b`, `\bspf\b`, `sender policy framework`, `unauthenticated (?:email|mail)`,
		`sender id`, `domain of the sender.{0,30}authenticat`,
		`5\.7\.(?:2[0-46-9]|30|509)\b`, `fails? authentication`, `not authenticated`, `(?:have|lacks?|missing) authentication information`)},
	{ReasonNotCompliant, anyOf(`rfc ?(?:\d{3,4})?[ -]?(?:compliant|compliance|not|violat|5322|2822)`, `not (?:rfc )?(?:\d{3,4} )?complia`,
		`duplicate header`, `multiple (?:from|subject|to|date) header`,
		`multiple .{0,12}addresses in from`, `missing (?:required )?(?:header|from|date)`, `bare (?:lf|cr)`, `no subject`)},
	{ReasonPolicy, anyOf(`for policy reasons`, `content presents a potential`, `denied by policy`, `security polic`, `closed mailing list`,
		`header error`, `protocol violation`,
		`not accepting mail with (?:attachments|embedded images)`, `header are not accepted`, `illegal attachment`)},
	{ReasonReputation, anyOf(`reputation`, `\bsenderscore\b`, `temporarily deferred due to (?:unexpected volume or )?user complaints`,
		`generating .{0,30}complaints`, `unusual rate of unsolicited`, `likely suspicious`)},
	{ReasonRateLimited, anyOf(`(?:message|sending|mail) rate limit`, `too many recipients`, `too fast`,
		`too many (?:messages|emails|mails) (?:from|in|per)`, `message rate`, `try again slower`, `throttl`,
		`sending (?:limit|quota)`, `receiving mail (?:at a rate|too quickly)`, `mail.{0,20}too quickly`, `temporarily rate`, `exceeded (?:the )?rate`)},
	{ReasonConnections, anyOf(`too many (?:concurrent |simultaneous |smtp )?(?:connections|sessions)`,
		`connection (?:limit|rate|frequency)`, `ip frequency`, `maximum (?:number of )?connections`, `too many open`,
		`concurrency limit`, `connections? from .{0,60}exceed`)},
	{ReasonBlocked, anyOf(`spamhaus`, `\b\w*(?:rbl|dnsbl)\b`, `smtp server of your isp`, `not accepting connections`,
		`refused to talk to me`, `my name was rejected`, `messages from [\d.]+ weren't sent`, `open proxy`, `blocked - see https?:`,
		`no access from mail server`, `not accepting mail from your ip`, `no access from`, `(?:address|ip) (?:is )?blacklisted`, `blacklisted by`)},
	{ReasonRejected, anyOf(`purported responsible address`, `sending to/from an address that has been`, `sender was rejected`,
		`groups\.google\.com/support`, `not (?:a )?member of this`, `not have permission to post`,
		`(?:empty|null) (?:envelope )?senders?(?: is| are)? not allowed`, `members-only list`,
		`(?:not allowed|not authori[sz]ed|unable) to post to this`, `sender verify failed`, `unroutable sender`,
		`mail from not owned`)},
	{ReasonContent, anyOf(`headers? too (?:large|long)`, `8-bit data in`, `improper use of 8-bit`, `malformed mime`, `too many "?received`)},
	{ReasonSpam, anyOf(`spam`, `unsolicited`, `bulk (?:e-?)?mail`, `junk mail`, `cloudmark`, `high probability`)},
	{ReasonMailer, anyOf(`pipe to \|`, `unknown mailer error`, `\bprocmail\b`, `exited with`, `command (?:died|failed) with`)},
	{ReasonMoved, anyOf(`has (?:been )?moved`, `no longer (?:at this|valid).{0,40}new address`, `user not local; please try`,
		`has changed (?:his|her|their|to)`, `new address is`, `recipient no longer on server`, `has been replaced by`)},
	{ReasonFiltered, anyOf(`(?:recipient|user) has blocked`, `blocked by the recipient`, `\buser reject`, `account is protected by`, `recipient preferences`,
		`refuses? to receive`, `user rules`, `mail from specific e-?mail addresses`)},
	{ReasonNetwork, anyOf(`host not found, try again`, `name server.{0,30}(?:try again|temporar)`, `network error on destination`,
		`no route to host`, `mail (?:forwarding )?loop`, `too many hops`, `loops? back`, `hop count exceeded`)},
	{ReasonSystemFull, anyOf(`insufficient (?:disk|system) space`, `no space left`, `system (?:storage|disk) full`, `mail system full`, `file ?system full`)},
	{ReasonMailboxFull, anyOf(`user(?:'s)? mailbox .{0,40}(?:exceeds|full|over)`,
		`mail(?:box|folder|file|dir) (?:is |has been |size )?(?:full|exceeded|over|limit|quota)`,
		`(?:over|exceed(?:ed|s|ing)?|out of|exhausted|reached).{0,30}(?:quota|storage|mailbox|disk)`,
		`quota (?:exceed|full|violat|limit)`, `(?:disk|storage|user|mailbox|message).{0,20}quota`,
		`not enough (?:storage|space|quota|disk)`, `does not have enough space`, `insufficient (?:disk )?(?:quota|storage|space)`,
		`too many messages (?:on|in) (?:this|the)`, `too much mail data`, `mail ?box (?:is )?full`, `full mailbox`,
		`account is (?:full|over)`, `exceeded (?:the )?(?:local|storage|mail|size) ?limit`, `overquota`, `over quota`, `容量`,
		`inbox is full`, `no room`, `receiving.{0,20}quota`, `exceeding receiving limits`, `messages in recipient's mailbox exceeded`,
		`box full`, `maildir.{0,20}(?:over|full)`, `space has been used up`, `\bofr_?417`)},
	{ReasonExpired, anyOf(`too long in (?:the )?queue`, `queue too long`, `envelope expired`, `delivery (?:time )?(?:has )?expired`,
		`delivery failed \d+ attempts`, `retry time(?:out)? (?:not reached|exceeded)`,
		`have been failing for a long time`, `did not accept our requests to connect`, `(?:host|server) (?:is not|did not) respon`,
		`not (?:been )?(?:delivered|collected|reachable) (?:within|after)`, `after \d+ tries`, `allowed queue period`)},
	{ReasonTooBig, anyOf(`(?:message|mail|size|data|content|body|header|attachment).{0,30}(?:too (?:big|large)|exceeds?|larger than|over)`,
		`(?:exceeds?|maximum|over).{0,40}(?:message|mail|size)`, `too (?:big|large)`,
		`message (?:length|size)`, `size limit`)},
	{ReasonSuspended,
		anyOf(`(?:account|mailbox|user|address|recipient|domain).{0,60}(?:disabled|inactive|suspended|deactivated|locked|frozen|not active|blocked|terminated|discontinued)`,

			`(?:disabled|inactive|suspended|deactivated|invalid/inactive|archived) (?:account|user|mailbox|recipient)`, `not active`, `dormant`,
			`temporarily suspended`, `suspend the service`)},
	{ReasonNotAccepting, anyOf(`nullmx`, `null mx`, `no mx record found for domain`,
		`does ?n[o']t accept (?:any )?(?:mail|e-?mail|message)s?(?:\W|$)`, `not accept(?:ing)? (?:mail|any)`, `host/domain does not accept`,
		`no mail(?:box)? (?:server|service) here`, `does not receive mail`, `is not accepting (?:mail|messages)`, `\b5(?:21|56) `)},
	{ReasonHostUnknown, anyOf(`domain is not reachable`, `host (?:or domain name )?(?:is )?(?:unknown|not found|does not exist)`,
		`(?:unknown|no such|unrouteable|unroutable|invalid) (?:mail )?(?:host|domain)`,
		`domain (?:is )?(?:not found|unknown|does not exist|invalid|not exist|must exist|doesn't exist)`,
		`name (?:or|service).{0,40}not (?:known|found)`, `nxdomain`, `no such domain`, `recipient address rejected: (?:domain|host)`,
		`(?:cannot|can't|couldn't|could not) find (?:any|a) (?:host|mail exchanger|mx|domain)`, `no (?:mx|a).{0,20}record`,
		`illegal host/domain`, `\bbad destination host`, `domain .{0,60}(?:doesn't|does not) exist`,
		`dns (?:lookup|error|server|resolver).{0,60}(?:nxdomain|not found|no such|does not exist)`, `recipient domain .{0,30}not (?:found|exist)`)},
	{ReasonRelayDenied,
		anyOf(`relay(?:ing)? (?:is )?(?:access )?(?:denied|not (?:allowed|permitted|available)|prohibited|operation|attempt|restrict)`,
			`insecure mail relay`, `not configured to relay`, `we do not relay`, `relaying`,
			`(?:unable to|cannot|can't|do not|not (?:permitted|allowed|authorized) to|no|won't|refuse to) relay`, `not a gateway`,
			`we don't handle mail for`, `isn't in my (?:control/|list of allowed)`, `email address is not verified`,
			`mail server requires authentication.{0,40}relay`, `open relay`, `isn't allowed to be relayed`)},
	{ReasonSecurity, anyOf(`\btls\b`, `starttls`, `authentication (?:required|failed|failure|credentials|turned on)`,
		`unauthenticated senders`, `must (?:be )?(?:issue|authenticat)`, `requires? (?:authentication|tls|encryption)`, `encrypt`,
		`\bsecurity\b`, `authori[sz]ation fail`, `\bsasl\b`, `smtp auth`, `certificate`, `account.{0,30}compromis`)},
	{ReasonUserUnknown, unknownUser},
}

// unknownUser is said of an address that does not exist.
var unknownUser = anyOf(`recipient address rejected: access denied`, `final delivery userid`,
	`(?:user|recipient|mailbox|address|account|addressee|alias|mail ?box|destination|local-?part|person|name)(?:s)?(?: address| mailbox| name| account)?(?: \S{1,80})? ?(?:is |was |not |does |doesn't |has |are |may |: )*(?:unknown|not ?found|not exist|invalid|unavailable|not (?:a )?(?:valid|known|recogni[sz]ed|listed|available|local)|undeliverable|doesn't exist|does not exist|no longer|rejected: (?:user|unknown|undeliverable|no such))`,

	`(?:unknown|no such|invalid|bad|unrecogni[sz]ed|illegal|nonexistent|non-existent|undefined|incorrect) (?:or \S+ )?(?:local )?(?:user|recipient|mailbox|address|account|addressee|alias|local part|local-part|person|rcpt|destination|e-?mail|name)`,

	`(?:user|mailbox|account|address|recipient).{0,60}(?:doesn't|does not|didn't|did not|do not|don't) (?:exist|have)`,
	`no (?:mailbox|user|account|such|recipient|one|valid recipients?)\b.{0,30}(?:here|by that name|with|found|user|person|exist)?`,
	`who is`, `not our customer`, `not (?:a )?(?:known|listed)`, `isn't (?:a )?(?:known|listed)`, `(?:not|isn't) (?:found|listed) in`,
	`unrouteable address`, `can't find (?:user|account)`, `\bunknown\b.{0,20}\buser`, `user unknown`,
	`delivery to this address is restricted`, `address rejected(?:[^:]|$)`, `cannot find .{0,40}(?:user|account|recipient)`,
	`mail(?:box)? (?:is )?(?:not found|unavailable)`, `no mailbox`, `recipient name is not recogni[sz]ed`, `userunknown`,
	`送信先.{0,30}見つか`, `存在しません`, `не существует`, `нет такого`, `bad destination mailbox address`, `unknown address`, `no account`,
	`reject_recipient`, `never logged onto`, `recipient ?not`, `badrcptto`, `no existe`, `existiert nicht`, `n'existe pas`)

// saidOfOwnUser is said only by a server that knows its users: in an answer
// to RCPT TO, or by the one that keeps the mailbox.
var saidOfOwnUser = anyOf(`recipient ?name is not recogni[sz]ed`, `unknown recipient msexch`, `final delivery userid`, `^unknown user: `,
	`mail\.local: unknown user`, `recipient address rejected`, `<\S+@\S+>: (?:user unknown|unknown user)`,
	`recipientnotfound`, `no mailbox here by that name`, `badrcptto`, `account that you tried to reach does not exist`, `address not found`,
	`local mailbox \S+ is unavailable`, `requested action not taken: mailbox unavailable`,
	`address couldn't be found`, `never logged onto`, `not listed in (?:\S+ )?(?:domino |public |name )(?:directory|& address book|book)`)

// saidAfterData is said of an unknown user by servers that read the mail first.
var saidAfterData = anyOf(`doesn't have a yahoo\.\S+ account`, `local mailbox \S+ is unavailable: user not found`)

// statusReasons are the enhanced status codes that say enough by themselves
// (RFC 3463 and the registry of IANA), without their class.
var statusReasons = map[string]Reason{
	"1.1": ReasonUserUnknown, "1.3": ReasonUserUnknown, "1.4": ReasonUserUnknown, "1.2": ReasonHostUnknown, "1.9": ReasonRejected, "1.10": ReasonNotAccepting,
	"2.1": ReasonSuspended, "2.2": ReasonMailboxFull, "2.3": ReasonTooBig, "2.4": ReasonFiltered,
	"3.1": ReasonSystemFull, "3.2": ReasonNotAccepting, "3.3": ReasonSystem, "3.4": ReasonTooBig, "3.5": ReasonSystem,
	"4.1": ReasonExpired, "4.2": ReasonExpired, "4.3": ReasonSystem, "4.4": ReasonHostUnknown, "4.5": ReasonSystemFull, "4.6": ReasonNetwork, "4.7": ReasonExpired,
	"5.3": ReasonRateLimited, "6.1": ReasonContent, "6.2": ReasonContent, "6.3": ReasonContent, "6.6": ReasonContent, "6.7": ReasonContent,
	"6.8": ReasonContent, "6.9": ReasonContent,
	"7.3": ReasonSecurity, "7.4": ReasonSecurity, "7.5": ReasonSecurity, "7.6": ReasonSecurity, "7.7": ReasonSecurity,
	"7.8": ReasonSecurity, "7.9": ReasonSecurity, "7.10": ReasonSecurity, "7.11": ReasonSecurity, "7.12": ReasonSecurity,
	"7.13": ReasonSuspended, "7.14": ReasonSecurity, "7.17": ReasonMoved, "7.18": ReasonMoved, "7.27": ReasonNotAccepting,
	"7.28": ReasonRateLimited, "7.29": ReasonAuthentication, "7.30": ReasonSecurity,
}

// hints may mean more than one thing; they count where nothing better is said.
var hints = []wording{
	{ReasonExpired, anyOf(`(?:queue|delivery|retry|message|time).{0,40}(?:too long|expired|timeout|timed? ?out|exceeded)`, `timed? ?out`,
		`maximum (?:retr|time)`, `(?:delivery|message).{0,30}(?:expired|delayed)`,
		`could not be delivered (?:for|within|after)`, `will be retried`, `undelivered for`, `has been delayed`,
		`unable to deliver.{0,40}(?:days|hours)`, `giving up`, `will keep trying`, `delayed`)},
	{ReasonNetwork, anyOf(`connection (?:refused|reset|lost|dropped|closed|timed out)`,
		`(?:network|route).{0,30}(?:error|unreachable|failure)`, `no route to host`,
		`(?:could not|couldn't|unable to|cannot|can't) (?:establish|connect|contact)`,
		`host (?:is )?unreachable`,
		`(?:name service|dns|name server|nameserver|host name lookup|\bmx (?:record|lookup)).{0,40}(?:error|failure|failed|loop|again|temporary)`,
		`routing loop`, `\bhop count`, `message is looping`, `malformed or unexpected name server reply`)},
	{ReasonBlocked, anyOf(`\b(?:sbl|xbl|pbl)\b`, `black ?list`, `block ?list`, `spamcop`, `barracuda`, `blocked`,
		`(?:client|your|sending) (?:ip|host|address|server|network|mta).{0,40}(?:denied|rejected|refused|banned|listed|not allowed)`,
		`(?:access|connection|service) (?:denied|refused|rejected)`, `banned`, `dynamic (?:ip|address)`, `dialup`,
		`\bip\b.{0,40}(?:denied|refused|reject|listed|policy)`, `\bhelo\b`, `\behlo\b`, `refused to talk`,
		`domain name .{0,40}not accept`,
		`connections? (?:not|will not be) accepted`, `listed (?:at|in|by)`, `invalid (?:greeting|ip)`, `go away`)},
	{ReasonRejected, anyOf(`sender.{0,40}(?:rejected|refused|denied|invalid|unknown|not (?:exist|allowed|found)|verif|blocked|address)`,
		`(?:invalid|bad|unknown|illegal) (?:sender|from|return)`, `mail from .{0,60}(?:rejected|refused|denied|not allowed|blocked)`,
		`from (?:address|field|domain).{0,40}(?:rejected|invalid|not)`, `return.?path`, `envelope sender`, `not authorized to send`,
		`domain of sender`, `sending domain`, `rule imposed mailbox access`, `refused by recipient`, `email rejected`)},
	{ReasonSyntax, anyOf(`syntax`, `malformed address`, `command (?:not|unrecogni[sz]ed|unknown)`, `bad sequence`, `parameter`,
		`out of order`, `need (?:rcpt|mail) command`)},
	{ReasonMailer, anyOf(`mailer error`, `(?:exit|error) (?:status|code)`, `\bpipe\b`, `local mailer`, `command (?:failed|died|time)`, `x-unix`)},
	{ReasonOnHold, anyOf(`rejected: on hold`, `recipient error`)},
	{ReasonContent, anyOf(`content`, `message (?:was )?(?:rejected|refused) (?:due|because)`, `attachment`, `prohibited file`, `mime`,
		`bad (?:header|url)`, `executable`, `malformed`, `encoded message`, `forbidden`)},
	{ReasonPolicy, anyOf(`policy`, `prohibited`, `administrative(?:ly)?`, `local restrictions`, `not (?:allowed|permitted|authori[sz]ed)`,
		`restricted`, `denied by`, `message refused`, `violat`, `permission`)},
	{ReasonSystem, anyOf(`system (?:error|config|not|problem)`, `server (?:error|config|failure|too busy)`, `internal (?:error|server)`,
		`local (?:error|configuration)`, `service (?:currently |temporarily )?unavailable`, `resources`, `transaction failed`,
		`configuration error`, `aliasing/forwarding loop`)},
	{ReasonFiltered, anyOf(`filter`, `refus(?:ed|es|al)`, `rejected`, `no thank you`, `recipient .{0,30}(?:refuse|reject|decline)`, `has protected`)},
	{ReasonSystem, anyOf(`temporar`, `try (?:again|later)`)},
}

// commandReasons are why a server refuses at a command of SMTP when it does
// not say why.
var commandReasons = map[string]Reason{
	"connect": ReasonBlocked, "helo": ReasonBlocked, "ehlo": ReasonBlocked, "mail": ReasonRejected, "data": ReasonFiltered,
}

// subjectReasons are what is left to read of a status: its subject (RFC 3463
// section 3.1).
var subjectReasons = map[string]Reason{
	"1": ReasonUserUnknown, "2": ReasonFiltered, "3": ReasonSystem, "4": ReasonExpired, "5": ReasonSystem, "6": ReasonContent, "7": ReasonPolicy,
}

// commandWords are how reports name the command that was refused.
var commandWords = []struct {
	command string
	words   wordings
}{
	{"rcpt", anyOf(`in reply to (?:the )?rcpt`, `after rcpt`, `(?:like|for|at|on|to) (?:our |the )?rcpt\b`, `\[rcpt_to\]`,
		`rcpt to response`, `does not like recipient`, `rcpt-to validation`)},
	{"data", anyOf(`in reply to (?:the )?(?:end of )?data`, `after (?:sending )?(?:end of )?data`, `end of data`,
		`(?:like|for|at|on|to) (?:our |the )?(?:final )?(?:data|text)\b`, `\[data\]`)},
	{"mail", anyOf(`in reply to (?:the )?mail`, `after mail from`, `(?:like|for|at|on|to) (?:our |the )?mail from\b`, `\[mail_from\]`, `sender was rejected`)},
	{"connect", anyOf(`after initial connection`, `my name was rejected`, `in reply to (?:the )?(?:helo|ehlo)`, `after (?:helo|ehlo)`, `refused to talk`)},
}
