package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

// How many people complain by each channel. Mail goes by one mailbox, and
// Telegram allows 30 messages a second, so most write texts.
const (
	texters, chatters, writers = 3000, 1500, 400
	burstEvery                 = 10 // one in so many writes three complaints in a row
)

var (
	colours = strings.Fields("red blue green yellow brown grey white black orange violet golden silver pale dark bright old new small tall wide")
	places  = strings.Fields("door gate wall shop school temple church bakery bridge tower park market station pump well tree corner yard mill inn")
)

// complaint is one that the suite made.
type complaint struct {
	Marker  string `json:"marker"`
	Channel string `json:"channel"`
	Sender  string `json:"sender"`
	made    time.Time
	id      string // the provider's, where it tells
}

// book is everything that was complained about, in order.
type book struct {
	mu         sync.Mutex
	complaints []complaint
}

func (b *book) add(c complaint) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, c)
}

func (b *book) all() []complaint {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]complaint(nil), b.complaints...)
}

// load makes complaints at a steady rate. Who complains is drawn from the
// seed.
type load struct {
	system *system
	book   *book
	random *rand.Rand
	next   int
}

func newLoad(s *system, b *book, seed uint64) *load {
	return &load{system: s, book: b, random: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // to be replayed
}

// run complains until ctx ends.
func (l *load) run(ctx context.Context, perSecond float64) error {
	begun := time.Now()
	for {
		due := perSecond * time.Since(begun).Seconds()
		for float64(l.next) < due {
			count := 1
			if l.random.IntN(burstEvery) == 0 {
				count = 3
			}
			if err := l.complain(count); err != nil {
				return err
			}
		}
		if rest(ctx, 5*time.Millisecond) != nil {
			return nil //nolint:nilerr // told to stop
		}
	}
}

// complain has one person write count complaints in a row.
func (l *load) complain(count int) error {
	var who int
	channel := "sms"
	switch draw := l.random.IntN(100); {
	case draw < 60:
		who = l.random.IntN(texters)
	case draw < 85:
		channel, who = "telegram", l.random.IntN(chatters)
	default:
		channel, who = "email", l.random.IntN(writers)
	}
	for range count {
		l.next++
		c := complaint{Marker: fmt.Sprintf("mark%06d", l.next), Channel: channel, made: time.Now()}
		if err := l.write(&c, who); err != nil {
			return fmt.Errorf("making complaint %s: %w", c.Marker, err)
		}
		l.book.add(c)
	}
	return nil
}

func (l *load) write(c *complaint, who int) (err error) {
	// No two are alike: who says the same again and again is taken for a machine.
	text := fmt.Sprintf("Water is leaking at house %s, by the %s %s", c.Marker, one(l.random, colours), one(l.random, places))
	switch c.Channel {
	case "sms":
		c.Sender = fmt.Sprintf("+1212%07d", 5550000+who)
		c.id, err = l.system.sms.SendSMS(twilioapi.Incoming{From: c.Sender, Body: "NEW " + text})
	case "telegram":
		id := int64(100000 + who)
		c.Sender = fmt.Sprint(id)
		l.system.chat.AddPerson(botapi.User{ID: id, FirstName: "Citizen " + c.Sender})
		_, err = l.system.chat.Say(id, id, "NEW "+text, 0)
	default:
		c.Sender = fmt.Sprintf("citizen-%d@home.test", who)
		letter := mailserver.Letter{From: c.Sender, Subject: "Leak " + c.Marker, Body: text}
		if l.next%4 == 0 {
			photo := strings.Repeat(c.Marker+"\n", 200)
			letter.Attachments = []mailserver.Attachment{{Filename: "note.txt", ContentType: "text/plain", Data: []byte(photo)}}
		}
		c.id, err = l.system.mail.Write(letter)
	}
	return err
}
