package mail

import "testing"

// What well-known servers say, and what is made of it. atRCPT are reports that
// say that RCPT TO was refused.
func TestReasons(t *testing.T) {
	const atRCPT = " (in reply to RCPT TO command)"
	for words, want := range map[string]struct {
		reason Reason
		hard   bool
	}{
		"550-5.1.1 The email account that you tried to reach does not exist.":                                     {ReasonUserUnknown, true},
		"550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient a@b.org not found by SMTP address lookup":           {ReasonUserUnknown, true},
		"550 5.5.0 Requested action not taken: mailbox unavailable":                                               {ReasonUserUnknown, true},
		"550 5.4.1 Recipient address rejected: Access denied.":                                                    {ReasonUserUnknown, true},
		"554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [0]":                     {ReasonUserUnknown, true},
		"550 #5.1.0 Address rejected.":                                                                            {ReasonUserUnknown, true},
		"550 5.1.1 <a@b.org>: Recipient address rejected: User unknown in virtual mailbox table":                  {ReasonUserUnknown, true},
		"550 No such user here" + atRCPT:                                                                          {ReasonUserUnknown, true},
		"550 Message was not accepted -- invalid mailbox. Local mailbox a@mail.ru is unavailable: user not found": {ReasonUserUnknown, true},
		"511 sorry, no mailbox here by that name (#5.1.1 - chkuser)":                                              {ReasonUserUnknown, true},
		"550 User unknown": {ReasonFiltered, false}, // nothing says that it is about the address
		"550 Unknown user a@b.org (in reply to end of DATA command)":                                                  {ReasonFiltered, false},
		"452-4.2.2 The email account that you tried to reach is over quota.":                                          {ReasonMailboxFull, false},
		"554 5.2.2 mailbox full; STOREDRV.Deliver; mailbox full":                                                      {ReasonMailboxFull, false},
		"552 Mailbox limit exceeded for this email address":                                                           {ReasonMailboxFull, false},
		"552 Requested mail action aborted: exceeded storage allocation":                                              {ReasonMailboxFull, false},
		"554 30 Sorry, your message to a@yahoo.com cannot be delivered. This mailbox is disabled (554.30).":           {ReasonSuspended, false},
		"550 5.2.1 The email account that you tried to reach is disabled.":                                            {ReasonSuspended, false},
		"550 5.1.6 recipient no longer on server: a@b.org":                                                            {ReasonMoved, true},
		"554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using Spamhaus":                               {ReasonBlocked, false},
		"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Part of their network is on our block list": {ReasonBlocked, false},
		"554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied":                                         {ReasonBlocked, false},
		"450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]":                                      {ReasonNoReverseDNS, false},
		"421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to user complaints":                       {ReasonReputation, false},
		"550 5.7.26 Unauthenticated email from x.org is not accepted due to domain's DMARC policy.":                   {ReasonAuthentication, false},
		"550 5.7.509 Access denied, sending domain x.org does not pass DMARC verification":                            {ReasonAuthentication, false},
		"550 5.7.23 The message was rejected because of Sender Policy Framework violation":                            {ReasonAuthentication, false},
		"554 5.7.1 <a@b.org>: Relay access denied":                                                                    {ReasonRelayDenied, false},
		"550 5.7.64 TenantAttribution; Relay Access Denied":                                                           {ReasonRelayDenied, false},
		"552 5.3.4 Message size exceeds fixed maximum message size":                                                   {ReasonTooBig, false},
		"552-5.2.3 Your message exceeded Google's message size limits.":                                               {ReasonTooBig, false},
		"Host or domain name not found. Name service error for name=b.org type=A: Host not found":                     {ReasonHostUnknown, true},
		"5.1.2 (bad destination system: no such domain)":                                                              {ReasonHostUnknown, true},
		"4.4.3 Host or domain name not found. Name service error for name=b.org type=MX: Host not found, try again":   {ReasonNetwork, false},
		"556 5.1.10 Recipient address has a null MX":                                                                  {ReasonNotAccepting, true},
		"4.4.1 connect to mx.b.org[192.0.2.1]:25: Connection timed out":                                               {ReasonExpired, false},
		"4.4.7 Message expired":                                                                       {ReasonExpired, false},
		"5.4.6 mail for b.org loops back to myself":                                                   {ReasonNetwork, false},
		"554 5.4.14 Hop count exceeded - possible mail loop detected":                                 {ReasonNetwork, false},
		"450 4.2.1 The user you are trying to contact is receiving mail too quickly.":                 {ReasonRateLimited, false},
		"452 4.5.3 Too many recipients":                                                               {ReasonRateLimited, false},
		"421 4.3.2 Too many open connections":                                                         {ReasonConnections, false},
		"553 5.1.8 <x@y.org>: Sender address rejected: Domain not found":                              {ReasonRejected, false},
		"550 Sender verify failed (in reply to RCPT TO command)":                                      {ReasonRejected, false},
		"554 Message rejected as spam":                                                                {ReasonSpam, false},
		"550 5.7.1 Message content rejected, UBE, id=00000-00-000":                                    {ReasonSpam, false},
		"550 5.7.1 message contained a virus":                                                         {ReasonVirus, false},
		"552-5.7.0 This message was blocked because its content presents a potential security issue.": {ReasonPolicy, false},
		"554 5.7.7 Email not accepted for policy reasons":                                             {ReasonPolicy, false},
		"530 5.7.0 Must issue a STARTTLS command first":                                               {ReasonSecurity, false},
		"535 5.7.8 Error: authentication failed":                                                      {ReasonSecurity, false},
		"501 5.5.4 Syntax error in parameters":                                                        {ReasonSyntax, false},
		"452 4.3.1 Insufficient system storage: mail system full":                                     {ReasonSystemFull, false},
		"451 4.3.0 Temporary server error. Please try again later":                                    {ReasonSystem, false},
		"550 5.7.1 Messages missing a valid From header are not RFC 5322 compliant":                   {ReasonNotCompliant, false},
		"550 5.6.1 message is not deliverable to a 7-bit system":                                      {ReasonContent, false},
		"550 message rejected: the recipient has blocked the sender":                                  {ReasonFiltered, false},
	} {
		b := Bounce{Action: "failed", Diagnostic: words}
		b.conclude(tell(""), "smtp")
		if b.Reason != want.reason || b.Hard != want.hard {
			t.Errorf("%s: %s, hard %v; want %s", words, b.Reason, b.Hard, want.reason)
		}
	}
}
