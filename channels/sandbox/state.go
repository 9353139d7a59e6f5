package sandbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

// Bounds of what the page shows: the newest of each.
const (
	maxThread = 200
	maxCases  = 50
)

// state is all that the page shows.
type state struct {
	City      cityState   `json:"city"`
	Clock     clockState  `json:"clock"`
	Phones    []phone     `json:"phones"`
	Mailboxes []mailbox   `json:"mailboxes"`
	Chats     []chatState `json:"chats"`
	Cases     []CaseView  `json:"cases"`
	Case      *CaseView   `json:"case"`
}

type cityState struct {
	Number   string `json:"number"`
	Mail     string `json:"mail"`
	Form     string `json:"form"`
	Timezone string `json:"timezone"`
}

// clockState says how many seconds the app's clock is ahead of the machine's,
// and when the app next does something by itself.
type clockState struct {
	Ahead int64      `json:"ahead"`
	Next  *time.Time `json:"next"`
}

type phone struct {
	Number   string      `json:"number"`
	Name     string      `json:"name"`
	Language string      `json:"language"`
	Stopped  bool        `json:"stopped"`
	Messages []phoneText `json:"messages"`
}

type phoneText struct {
	ID       string    `json:"id"`
	Mine     bool      `json:"mine"` // written by the phone's owner
	Text     string    `json:"text"`
	State    string    `json:"state"`
	Segments int       `json:"segments"`
	Media    int       `json:"media"`
	Carrier  bool      `json:"carrier"`
	At       time.Time `json:"at"`
}

type mailbox struct {
	Address  string     `json:"address"`
	Name     string     `json:"name"`
	Staff    bool       `json:"staff"`
	Language string     `json:"language"`
	Mails    []mailText `json:"mails"`
}

type mailText struct {
	ID        string    `json:"id"`
	Mine      bool      `json:"mine"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	Automatic bool      `json:"automatic"`
	At        time.Time `json:"at"`
}

type chatState struct {
	ID       int64      `json:"id"`
	Kind     string     `json:"kind"` // citizen, staff, group
	Title    string     `json:"title"`
	Login    string     `json:"login,omitempty"`
	Level    int        `json:"level,omitempty"`
	Language string     `json:"language,omitempty"`
	Messages []chatText `json:"messages"`
}

type chatText struct {
	ID       int               `json:"id"`
	From     int64             `json:"from"`
	Name     string            `json:"name"`
	Bot      bool              `json:"bot"`
	Text     string            `json:"text"`
	Entities []botapi.Entity   `json:"entities"`
	Buttons  [][]botapi.Button `json:"buttons"`
	ReplyTo  *chatQuote        `json:"reply_to"`
	Prompt   bool              `json:"prompt"`
	Edited   bool              `json:"edited"`
	Kind     string            `json:"kind"` // text, photo, document, voice, location, contact, sticker, service
	At       time.Time         `json:"at"`
}

type chatQuote struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// state reads everything. reference is the case to show in full; empty: the
// newest.
func (p *page) state(ctx context.Context, reference string) (*state, error) {
	list, err := p.cases.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing cases: %w", err)
	}
	list = append([]CaseView{}, list[:min(len(list), maxCases)]...) // never null in JSON
	s := &state{
		City: cityState{
			Number: p.config.Numbers[0], Mail: p.config.Complaints.Address, Form: p.publicURL() + "/complaints/new", Timezone: p.config.Timezone,
		},
		Clock:  clockState{Ahead: int64(time.Until(p.clock.Now()).Round(time.Second) / time.Second)},
		Phones: p.phones(), Mailboxes: p.mailboxes(), Chats: p.chats(), Cases: list,
	}
	if next, ok := p.clock.NextTimer(ctx); ok {
		s.Clock.Next = &next
	}
	if !slices.ContainsFunc(list, func(c CaseView) bool { return c.Reference == reference }) {
		if len(list) == 0 {
			return s, nil
		}
		reference = list[0].Reference
	}
	shown, err := p.cases.Show(ctx, reference)
	if err != nil {
		return nil, fmt.Errorf("showing a case: %w", err)
	}
	s.Case = &shown
	return s, nil
}

// phones are those of the citizens, and any other number that had a message.
func (p *page) phones() []phone {
	var phones []phone
	index := map[string]int{}
	for _, citizen := range p.config.Citizens {
		if citizen.Phone != "" {
			index[citizen.Phone] = len(phones)
			phones = append(phones, phone{Number: citizen.Phone, Name: citizen.Name, Language: citizen.Language})
		}
	}
	for _, m := range p.Twilio.Messages() {
		mine := m.Direction == twilioapi.Inbound
		number := m.To
		if mine {
			number = m.From
		}
		number = strings.TrimPrefix(number, "whatsapp:")
		i, known := index[number]
		if !known {
			i = len(phones)
			index[number] = i
			phones = append(phones, phone{Number: number, Name: p.phoneOwner(number)})
		}
		phones[i].Messages = append(phones[i].Messages, phoneMessage(m, mine))
	}
	for i := range phones {
		phones[i].Messages = newest(phones[i].Messages)
		phones[i].Stopped = p.Twilio.OptedOut(p.config.Numbers[0], phones[i].Number)
	}
	return phones
}

func (p *page) phoneOwner(number string) string {
	for _, officer := range p.config.Staff {
		if officer.Phone == number {
			return officer.Name
		}
	}
	return number
}

func phoneMessage(m twilioapi.Message, mine bool) phoneText {
	text := phoneText{
		ID: m.SID, Mine: mine, Text: m.Body, State: m.Status, Segments: m.Segments, Media: len(m.Media), Carrier: m.Carrier, At: m.Created,
	}
	if mine {
		text.State = "sending"
		if m.Delivered {
			text.State = "delivered"
		}
	}
	return text
}

// mailboxes are those of citizens and staff, and of any other address that was
// written to.
func (p *page) mailboxes() []mailbox {
	var boxes []mailbox
	seen := map[string]bool{}
	add := func(b mailbox) {
		if b.Address == "" || seen[strings.ToLower(b.Address)] {
			return
		}
		seen[strings.ToLower(b.Address)] = true
		for _, m := range p.Mail.Mailbox(b.Address) {
			b.Mails = append(b.Mails, mailMessage(m))
		}
		b.Mails = newest(b.Mails)
		boxes = append(boxes, b)
	}
	for _, citizen := range p.config.Citizens {
		add(mailbox{Address: citizen.Email, Name: citizen.Name, Language: citizen.Language})
	}
	for _, officer := range p.config.Staff {
		if len(p.Mail.Mailbox(officer.Email)) > 0 {
			add(mailbox{Address: officer.Email, Name: officer.Name, Staff: true})
		}
	}
	for _, account := range p.Mail.People() {
		if account.Name == "" {
			add(mailbox{Address: account.Address, Name: account.Address})
		}
	}
	return boxes
}

func mailMessage(m mailserver.Mail) mailText {
	text := mailText{
		ID: m.ID, Mine: m.Outgoing, From: m.FromName, Subject: m.Subject, Text: m.Text,
		Automatic: m.Automatic, At: m.Date, To: strings.Join(m.To, ", "),
	}
	if text.From == "" {
		text.From = m.From
	}
	return text
}

// chats are the citizens' private ones, then the staff's group and private ones.
func (p *page) chats() []chatState {
	var chats []chatState
	for _, citizen := range p.config.Citizens {
		if citizen.ChatID != 0 {
			chats = append(chats, chatState{ID: citizen.ChatID, Kind: "citizen", Title: citizen.Name, Language: citizen.Language})
		}
	}
	if p.config.Group.ID != 0 {
		chats = append(chats, chatState{ID: p.config.Group.ID, Kind: "group", Title: p.config.Group.Title})
	}
	for _, officer := range p.config.Staff {
		if officer.ChatID != 0 {
			chats = append(chats, chatState{ID: officer.ChatID, Kind: "staff", Title: officer.Name, Login: officer.Login, Level: officer.Level})
		}
	}
	for i := range chats {
		for _, m := range p.Telegram.Messages(chats[i].ID) {
			chats[i].Messages = append(chats[i].Messages, chatMessage(m))
		}
		chats[i].Messages = newest(chats[i].Messages)
	}
	return chats
}

func chatMessage(m botapi.Message) chatText {
	text := chatText{
		ID: m.ID, Text: m.Text, Entities: m.Entities, Prompt: m.ForceReply, Edited: m.EditDate != 0,
		At: time.Unix(m.Date, 0).UTC(), Kind: "text",
	}
	if m.From != nil {
		text.From, text.Name, text.Bot = m.From.ID, m.From.FirstName, m.From.IsBot
	}
	if m.ReplyMarkup != nil {
		text.Buttons = m.ReplyMarkup.Keyboard
	}
	if m.ReplyTo != nil {
		text.ReplyTo = &chatQuote{ID: m.ReplyTo.ID, Text: m.ReplyTo.Text + m.ReplyTo.Caption}
		if m.ReplyTo.From != nil {
			text.ReplyTo.Name = m.ReplyTo.From.FirstName
		}
	}
	switch {
	case len(m.Photo) > 0:
		text.Kind, text.Text = "photo", m.Caption
	case m.Document != nil:
		text.Kind, text.Text = "document", m.Document.Name
	case m.Audio != nil:
		text.Kind, text.Text = "document", m.Audio.Name
	case m.Video != nil:
		text.Kind, text.Text = "document", m.Video.Name
	case m.Voice != nil:
		text.Kind = "voice"
	case m.Location != nil:
		text.Kind, text.Text = "location", fmt.Sprintf("%.4f, %.4f", m.Location.Latitude, m.Location.Longitude)
	case m.Contact != nil:
		text.Kind, text.Text = "contact", "+"+m.Contact.Phone
	case m.Sticker != nil:
		text.Kind, text.Text = "sticker", m.Sticker.Emoji
	case m.MigrateToChatID != 0 || m.MigrateFromID != 0:
		text.Kind, text.Text = "service", "The group became a supergroup"
	}
	return text
}

// newest keeps the last maxThread entries; never nil, so that the page can
// count on a list.
func newest[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list[max(0, len(list)-maxThread):]
}
