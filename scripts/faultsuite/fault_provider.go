package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

func providerFaults() []fault {
	return []fault{
		{"imap-cut", "imap", 3 * time.Second, "connections to the mailbox are cut", cutOff("imap")},
		{"imap-kill", "imap", 8 * time.Second, "no mailbox for a while", func(ctx context.Context, s *system, random *rand.Rand) error {
			return s.away(ctx, "imap", between(random, 3*time.Second, 8*time.Second))
		}},
		{"imap-slow", "imap", 8 * time.Second, "every answer of the mailbox takes a second", slowed("imap", 700*time.Millisecond)},
		{"imap-validity", "imap", time.Second, "UIDVALIDITY changes", func(_ context.Context, s *system, _ *rand.Rand) error {
			s.mail.ChangeUIDValidity()
			return nil
		}},
		{"sms-429", "sms", 3 * time.Second, "Twilio asks for a pause", sms(twilioapi.TooManyRequests(2 * time.Second))},
		{"sms-500", "sms", 2 * time.Second, "Twilio answers 500", sms(twilioapi.Fault{Status: 500})},
		{"sms-timeout", "sms", 2 * time.Second, "Twilio takes nothing and does not answer", sms(twilioapi.Fault{Hang: true})},
		{"sms-cut", "sms", 2 * time.Second, "Twilio takes the message, and the connection is cut", sms(twilioapi.Fault{CutAfterAccept: true})},
		{"sms-silent", "sms", 2 * time.Second, "Twilio takes the message and does not answer", sms(twilioapi.Fault{HangAfterAccept: true})},
		{"sms-slow", "sms", 8 * time.Second, "every answer of Twilio takes a second", slowed("sms", 700*time.Millisecond)},
		{"callbacks", "sms", 6 * time.Second, "delivery reports come out of order and twice", callbacks},
		{"chat-429", "chat", 3 * time.Second, "Telegram asks for a pause", chat(botapi.TooManyRequests(0, 2*time.Second))},
		{"chat-500", "chat", 2 * time.Second, "Telegram answers 500", chat(botapi.Fault{Code: 500, Text: "Internal Server Error"})},
		{"chat-timeout", "chat", 2 * time.Second, "Telegram does not answer", chat(botapi.Fault{Hang: true})},
		{"chat-cut", "chat", 2 * time.Second, "Telegram takes the message, and the connection is cut", chat(botapi.Fault{CutAfterAccept: true})},
		{"chat-away", "chat", 4 * time.Second, "Telegram cannot be reached", cutOff("chat")},
		{"smtp-451", "smtp", 2 * time.Second, "the mail server refuses for now", smtp(mailserver.SMTPFault{Code: 451, Enhanced: [3]int{4, 7, 1}, Text: "Greylisted, try again later"})},
		{"smtp-cut", "smtp", 2 * time.Second, "the mail server takes the mail, and the connection is cut", smtp(mailserver.SMTPFault{CutAfterAccept: true})},
		{"smtp-away", "smtp", 4 * time.Second, "the mail server cannot be reached", cutOff("smtp")},
	}
}

func sms(f twilioapi.Fault) func(context.Context, *system, *rand.Rand) error {
	return func(_ context.Context, s *system, random *rand.Rand) error {
		s.sms.FailNext(1+random.IntN(5), f)
		return nil
	}
}

func chat(f botapi.Fault) func(context.Context, *system, *rand.Rand) error {
	return func(_ context.Context, s *system, random *rand.Rand) error {
		s.chat.FailNext(1+random.IntN(3), f)
		return nil
	}
}

func smtp(f mailserver.SMTPFault) func(context.Context, *system, *rand.Rand) error {
	return func(_ context.Context, s *system, random *rand.Rand) error {
		s.mail.FailNext(1+random.IntN(3), f)
		return nil
	}
}

// callbacks holds the reports back and then tells the best news first, and all
// of it twice.
func callbacks(ctx context.Context, s *system, random *rand.Rand) error {
	s.sms.HoldCallbacks(true)
	_ = rest(ctx, between(random, time.Second, 3*time.Second))
	s.sms.HoldCallbacks(false)
	for _, m := range s.sms.Messages() {
		if m.Direction != twilioapi.Outbound || m.Status != "queued" {
			continue
		}
		for _, status := range []string{"delivered", "sent", "delivered", "queued", "sent"} {
			_, _ = s.sms.PostStatus(ctx, m.SID, status, 0) // a gateway may be away: one report less
		}
		_, _ = s.sms.PostStatus(ctx, m.SID, "delivered", 0)
	}
	return nil
}
