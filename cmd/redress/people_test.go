package main

import (
	"context"
	"fmt"
	"io"
	"net/smtp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/redress-cms/redress/channels/email/mail"
	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/scripts/testenv"
)

// citizen writes to the city on one channel and reads what comes back.
type citizen interface {
	// say writes a message; in mail, an answer to the last one received.
	say(text string)
	// begin writes a message that answers nothing.
	begin(text string)
	// hear waits for a message that contains all of parts and was not heard yet.
	hear(parts ...string) string
}

var people atomic.Int64 // so that no two tests share a number

// contains reports whether text has all parts, whatever their case.
func contains(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
			return false
		}
	}
	return true
}

// texter is a citizen with a phone.
type texter struct {
	w      *world
	number string
	heard  map[string]bool
}

func (w *world) texter() *texter {
	return &texter{w: w, number: fmt.Sprintf("+1202555%04d", 200+people.Add(1)), heard: map[string]bool{}}
}

func (c *texter) begin(text string) { c.say(text) }

func (c *texter) say(text string) {
	c.w.t.Helper()
	_, err := c.w.twilio.SendSMS(twilioapi.Incoming{From: c.number, Body: text})
	must(c.w.t, err)
}

func (c *texter) hear(parts ...string) string {
	c.w.t.Helper()
	ctx, cancel := context.WithTimeout(c.w.t.Context(), patience)
	defer cancel()
	m, err := c.w.twilio.AwaitMessage(ctx, func(m twilioapi.Message) bool {
		return m.To == c.number && !c.heard[m.SID] && contains(m.Body, parts)
	})
	if err != nil {
		c.w.t.Fatalf("no text message with %q: %v\nlog:\n%s", parts, err, c.w.logs)
	}
	c.heard[m.SID] = true
	return m.Body
}

// chatter is a person in a private chat with the bot: a citizen or an officer.
type chatter struct {
	w     *world
	id    int64
	heard map[string]bool
}

func (w *world) chatter() *chatter {
	id := 9000 + people.Add(1)
	w.telegram.AddPerson(botapi.User{ID: id, FirstName: "Citizen " + strconv.FormatInt(id, 10)})
	return w.chat(id)
}

func (w *world) chat(id int64) *chatter { return &chatter{w: w, id: id, heard: map[string]bool{}} }

func (c *chatter) begin(text string) { c.say(text) }

func (c *chatter) say(text string) { c.answer(text, 0) }

// answer writes in reply to a message; 0: to none.
func (c *chatter) answer(text string, to int) {
	c.w.t.Helper()
	_, err := c.w.telegram.Say(c.id, c.id, text, to)
	must(c.w.t, err)
}

func (c *chatter) hear(parts ...string) string { c.w.t.Helper(); return c.see(parts...).Text }

// see is hear with the whole message, to answer it or press its buttons.
func (c *chatter) see(parts ...string) botapi.Message {
	c.w.t.Helper()
	return c.await(fmt.Sprintf("message with %q", parts), func(m botapi.Message) bool { return contains(m.Text, parts) })
}

func (c *chatter) await(what string, match func(botapi.Message) bool) botapi.Message {
	c.w.t.Helper()
	ctx, cancel := context.WithTimeout(c.w.t.Context(), patience)
	defer cancel()
	m, err := c.w.telegram.AwaitMessage(ctx, c.id, func(m botapi.Message) bool {
		return m.From != nil && m.From.IsBot && !c.heard[strconv.Itoa(m.ID)] && match(m)
	})
	if err != nil {
		var seen []string
		for _, m := range c.w.telegram.Messages(c.id) {
			seen = append(seen, m.Text)
		}
		c.w.t.Fatalf("no %s: %v\nchat:\n%s\nlog:\n%s", what, err, strings.Join(seen, "\n---\n"), c.w.logs)
	}
	c.heard[strconv.Itoa(m.ID)] = true
	return m
}

// press presses a button and returns the note that the bot shows.
func (c *chatter) press(m botapi.Message, data string) string {
	c.w.t.Helper()
	id, err := c.w.telegram.Press(c.id, c.id, m.ID, data)
	must(c.w.t, err)
	ctx, cancel := context.WithTimeout(c.w.t.Context(), patience)
	defer cancel()
	press, err := c.w.telegram.AwaitPress(ctx, id)
	if err != nil {
		c.w.t.Fatalf("the press of %q is not answered: %v\nlog:\n%s", data, err, c.w.logs)
	}
	return press.Answer
}

// writer is a citizen with a mailbox on the real servers.
type writer struct {
	w     *world
	name  string
	sent  string    // Message-ID of the own last letter
	last  mail.Mail // received
	heard map[string]bool
}

func (w *world) writer() *writer {
	return &writer{w: w, name: "citizen-" + unique(), heard: map[string]bool{}}
}

func (c *writer) begin(text string) { c.send(text, "") }

func (c *writer) say(text string) {
	c.send(text, fmt.Sprintf("In-Reply-To: <%s>\r\nReferences: <%s>\r\n", c.last.MessageID, c.last.MessageID))
}

func (c *writer) send(text, thread string) {
	c.w.t.Helper()
	subject := "Complaint"
	if thread != "" {
		subject = "Re: " + c.last.Subject
	}
	address := c.name + "@redress.test"
	c.sent = unique() + "@redress.test"
	raw := fmt.Sprintf("From: %s\r\nTo: %s@redress.test\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%s>\r\n%s"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		address, c.w.mailbox, subject, time.Now().Format(time.RFC1123Z), c.sent, thread, text)
	must(c.w.t, smtp.SendMail(testenv.Need(c.w.t, testenv.SMTP), nil, address, []string{c.w.mailbox + "@redress.test"}, []byte(raw)))
}

func (c *writer) hear(parts ...string) string {
	c.w.t.Helper()
	var found mail.Mail
	c.w.eventually(fmt.Sprintf("mail with %q", parts), func() error {
		mails, err := fetchMail(testenv.Need(c.w.t, testenv.IMAP), c.name)
		if err != nil {
			return err
		}
		for _, m := range mails {
			if !c.heard[m.MessageID] && contains(m.Subject+"\n"+m.Text, parts) {
				found = m
				return nil
			}
		}
		return fmt.Errorf("%d mails in the mailbox, none fits", len(mails))
	})
	c.heard[found.MessageID] = true
	c.last = found
	return found.Subject + "\n" + found.Text
}

// fetchMail reads a whole mailbox of the test's Dovecot.
func fetchMail(address, user string) ([]mail.Mail, error) {
	client, err := imapclient.DialInsecure(address, nil)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if err := client.Login(user, "secret").Wait(); err != nil {
		return nil, err
	}
	selected, err := client.Select("INBOX", nil).Wait()
	if err != nil || selected.NumMessages == 0 {
		return nil, err
	}
	var all imap.SeqSet
	all.AddRange(1, selected.NumMessages)
	section := &imap.FetchItemBodySection{Peek: true}
	fetch := client.Fetch(all, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}})
	defer fetch.Close()
	var mails []mail.Mail
	for m := fetch.Next(); m != nil; m = fetch.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			if body, ok := item.(imapclient.FetchItemDataBodySection); ok {
				raw, err := io.ReadAll(body.Literal)
				if err != nil {
					return nil, err
				}
				mails = append(mails, mail.Parse(raw, mail.DefaultLimits()))
			}
		}
	}
	return mails, nil
}
