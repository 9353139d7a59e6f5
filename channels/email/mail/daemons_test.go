package mail

import (
	"regexp"
	"strings"
	"testing"
)

// daemon is a report as a mail server writes it, and what is to be seen in it.
type daemon struct {
	raw       string
	kind      Kind
	recipient string
	status    string // its class
	reason    Reason
	hard      bool
}

// daemons are reports in the forms of the well-known servers.
var daemons = map[string]daemon{
	"qmail": {"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n" +
		"This is a permanent error; I've given up. Sorry it didn't work out.\n\n<asha@x.org>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\nGiving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <c@city.example>\nMessage-ID: <ours@city.example>\nSubject: x\n",
		BounceKind, "asha@x.org", "5", ReasonUserUnknown, true},
	"Exim": {"Return-Path: <>\nX-Failed-Recipients: asha@x.org\nAuto-Submitted: auto-replied\nFrom: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Mail delivery failed: returning message to sender\n\n" +
		"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  asha@x.org\n" +
		"    host mx.x.org [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<asha@x.org>:\n    550 5.1.1 <asha@x.org>: Recipient address rejected: User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <ours@city.example>\n",
		BounceKind, "asha@x.org", "5", ReasonUserUnknown, true},
	"Exim, delayed": {"Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@mx.example>\nSubject: Warning: message 1abc delayed 24 hours\n\nThis message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\n" +
		"recipients after more than 24 hours on the queue on mx.example.\n\nThe address to which the message has not yet been delivered is:\n\n  asha@x.org\n    Delay reason: Connection timed out\n\nNo action is required on your part. Delivery attempts will continue for\nsome time.\n",
		Delay, "asha@x.org", "4", ReasonExpired, false},
	"Postfix, old": {"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\n\nThis is the Postfix program at host mx.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n" +
		"<asha@x.org>: host mx.x.org[192.0.2.1] said: 452 4.2.2 Mailbox full (in reply to RCPT TO command)\n", BounceKind, "asha@x.org", "4", ReasonMailboxFull, false},
	"Sendmail": {"Return-Path: <MAILER-DAEMON@mx.example>\nFrom: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Returned mail: see transcript for details\n\nThe original message was received at Mon, 1 Feb 2016 18:32:00 GMT\n\n   ----- The following addresses had permanent fatal errors -----\n<asha@x.org>\n\n" +
		"   ----- Transcript of session follows -----\n... while talking to mx.x.org.:\n>>> RCPT To:<asha@x.org>\n<<< 550 5.1.1 <asha@x.org>... User unknown\n550 5.1.1 <asha@x.org>... User unknown\n", BounceKind, "asha@x.org", "5", ReasonUserUnknown, true},
	"Exchange": {"From: System Administrator <postmaster@city.example>\nSubject: Undeliverable: Your complaint\n\nYour message\n\n  To:      asha@x.org\n  Subject: Your complaint\n  Sent:    Mon, 1 Feb 2016 18:32:00 +0000\n\ndid not reach the following recipient(s):\n\nasha@x.org on Mon, 1 Feb 2016 18:32:05 +0000\n" +
		"    The recipient name is not recogn" + "ized\n\tThe MTS-ID of the original message is: c=US;a= ;p=x\n    MSEXCH:IMS:x:y 0 (000C05A6) Unknown Recipient\n", BounceKind, "asha@x.org", "5", ReasonUserUnknown, true},
	"Gmail": {"Return-Path: <>\nFrom: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nSubject: Delivery Status Notification (Failure)\nX-Failed-Recipients: asha@x.org\n\nDelivery to the following recipient failed permanently:\n\n     asha@x.org\n\nTechnical details of permanent failure: \n" +
		"Google tried to deliver your message, but it was rejected by the server for the recipient domain x.org by mx.x.org. [192.0.2.1].\n\nThe error that the other server returned was:\n550 5.7.1 Message rejected as spam by Content Filtering.\n\n----- Original message -----\n\nMessage-ID: <ours@city.example>\n",
		BounceKind, "asha@x.org", "5", ReasonSpam, false},
	"Yahoo": {"Return-Path: <>\nFrom: MAILER-DAEMON@yahoo.com\nSubject: Failure Notice\n\nSorry, we were unable to deliver your message to the following address.\n\n<asha@x.org>:\nRemote host said: 552 5.2.2 This message is larger than the current system limit or the recipient's mailbox is full. [RCPT_TO]\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <ours@city.example>\n",
		BounceKind, "asha@x.org", "5", ReasonMailboxFull, false},
	"Amazon SES": {"Return-Path: <>\nFrom: MAILER-DAEMON@amazonses.com\nSubject: Delivery Status Notification (Failure)\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nAn error occurred while trying to deliver the mail to the following recipients:\nasha@x.org\n--b\nContent-Type: message/delivery-status\n\n" +
		"Reporting-MTA: dns; a9-1.smtp-out.amazonses.com\n\nFinal-Recipient: rfc822; asha@x.org\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\nAction: failed\nStatus: 5.1.1\n\n--b--\n", BounceKind, "asha@x.org", "5", ReasonUserUnknown, true},
	"mail.ru": {"Return-Path: <>\nFrom: mailer-daemon@corp.mail.ru\nSubject: Mail failure.\nX-Failed-Recipients: asha@mail.ru\n\nThis message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n" +
		"  asha@mail.ru\n    SMTP error from remote mail server after end of data:\n    550 Message was not accepted -- invalid mailbox.  Local mailbox asha@mail.ru is unavailable: user not found\n", BounceKind, "asha@mail.ru", "5", ReasonUserUnknown, true},
	"Domino": {"Return-Path: <>\nFrom: Postmaster@city.example\nSubject: DELIVERY FAILURE: User asha (asha@x.org) not listed in Domino Directory\n\nYour message\n\n  Subject: Your complaint\n\nwas not delivered to:\n\n  asha@x.org\n\nbecause:\n\n  User asha (asha@x.org) not listed in Domino Directory\n", BounceKind, "asha@x.org", "5", ReasonUserUnknown, true},
	"Courier": {"Return-Path: <>\nFrom: \"Courier mail server at mx.example\" <@>\nSubject: NOTICE: mail delivery status.\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nUNDELIVERABLE MAIL\n\n<asha@x.org>:\n     mx.x.org [192.0.2.1]:\n     >>> RCPT TO:<asha@x.org>\n     <<< 550 User unknown\n" +
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; asha@x.org\nAction: failed\nStatus: 5.0.0\nRemote-MTA: dns; mx.x.org\nDiagnostic-Code: smtp; 550 User unknown\n\n--b--\n", BounceKind, "asha@x.org", "5", ReasonUserUnknown, true},
	"Office 365": {"Return-Path: <>\nFrom: postmaster@outlook.com\nSubject: Undeliverable: Your complaint\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>Your message to asha@x.org couldn't be delivered.</p>\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns;mx.outlook.com\n\n" +
		"Final-recipient: RFC822;asha@x.org\nAction: failed\nStatus: 5.7.509\nDiagnostic-code: smtp;550 5.7.509 Access denied, sending domain city.example does not pass DMARC verification\n\n--b--\n", BounceKind, "asha@x.org", "5", ReasonAuthentication, false},
	"OpenSMTPD": {"Return-Path: <>\nFrom: Mailer Daemon <MAILER-DAEMON@mx.example>\nSubject: Delivery status notification: error\n\n    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nasha@x.org: 550 5.2.2 <asha@x.org>: Mailbox full\n\n    Below is a copy of the original message:\n\nMessage-ID: <ours@city.example>\n",
		BounceKind, "asha@x.org", "5", ReasonMailboxFull, false},
	"German": {"Return-Path: <>\nFrom: Mail Delivery System <mailer-daemon@kundenserver.example>\nSubject: Unzustellbar: Ihre Beschwerde\n\nDie folgende Adresse war nicht erreichbar, Ihre Nachricht wurde nicht zugestellt:\n\nasha@x.org\n    SMTP error from remote server for RCPT TO command, host: mx.x.org (192.0.2.1) reason: 550 5.1.1 User unknown\n", BounceKind, "asha@x.org", "5", ReasonUserUnknown, true},
}

func TestDaemons(t *testing.T) {
	for name, want := range daemons {
		m := Parse([]byte(want.raw), Limits{})
		if m.Automatic.Kind != want.kind || len(m.Bounces) != 1 {
			t.Errorf("%s: %v, bounces %+v", name, m.Automatic, m.Bounces)
			continue
		}
		b := m.Bounces[0]
		if b.Recipient != want.recipient || b.Status[:1] != want.status || b.Reason != want.reason || b.Hard != want.hard {
			t.Errorf("%s: %+v", name, b)
		}
		if strings.Contains(want.raw, "Message-ID: <ours@") && first(m.Returned) != "ours@city.example" {
			t.Errorf("%s: is about %q", name, m.Returned)
		}
	}
}

var statusOnly = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

// Whatever a report says, what is made of it has the form that others rely on.
func FuzzBounce(f *testing.F) {
	for _, d := range daemons {
		head, body, _ := strings.Cut(d.raw, "\n\n")
		f.Add(head, body)
	}
	f.Fuzz(func(t *testing.T, head, body string) {
		m := Parse([]byte("From: MAILER-DAEMON@x.org\nReturn-Path: <>\nSubject: Undelivered\n"+head+"\n\n"+body), Limits{})
		for _, b := range m.Bounces {
			known := b.Action == "delivered" || statusOnly.MatchString(b.Status) && b.Reason != ""
			if !known || b.Hard && (b.Action != "failed" || b.Status[0] == '4') || len(b.Diagnostic) > maxDiagnostic {
				t.Errorf("%+v", b)
			}
		}
		if len(m.Bounces) > 4*maxRecipients {
			t.Errorf("%d bounces", len(m.Bounces))
		}
	})
}
