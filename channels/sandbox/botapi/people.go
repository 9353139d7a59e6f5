package botapi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// Press is a button that a person pressed.
type Press struct {
	ID       string
	ChatID   int64
	From     int64
	Data     string
	Answered bool
	Answer   string // the short note shown to the person
	Alert    bool
}

// Say lets a person write a text in a chat: the own private one, or a group.
// replyTo is a message of the chat that it answers; 0: none.
func (s *Server) Say(chatID, from int64, text string, replyTo int) (messageID int, err error) {
	return s.speak(chatID, from, replyTo, func(m *Message) {
		m.Text = text
		if command, _, _ := strings.Cut(text, " "); strings.HasPrefix(command, "/") && len(command) > 1 {
			m.Entities = []Entity{{Type: "bot_command", Length: len(utf16.Encode([]rune(command)))}}
		}
	})
}

// SendPhoto lets a person send a picture.
func (s *Server) SendPhoto(chatID, from int64, data []byte, caption string) (messageID int, err error) {
	small, large := s.store("photos", ".jpg", data), s.store("photos", ".jpg", data)
	return s.speak(chatID, from, 0, func(m *Message) {
		m.Caption = caption
		m.Photo = []PhotoSize{
			{FileID: small, UniqueID: "u" + small, Width: 90, Height: 60, Size: len(data)},
			{FileID: large, UniqueID: "u" + large, Width: 1280, Height: 853, Size: len(data)},
		}
	})
}

// SendDocument lets a person send a file.
func (s *Server) SendDocument(chatID, from int64, name, contentType string, data []byte, caption string) (messageID int, err error) {
	id := s.store("documents", ".bin", data)
	return s.speak(chatID, from, 0, func(m *Message) {
		m.Caption = caption
		m.Document = &File{FileID: id, UniqueID: "u" + id, Name: name, MimeType: contentType, Size: len(data)}
	})
}

// SendVoice lets a person send a voice note.
func (s *Server) SendVoice(chatID, from int64, data []byte, length time.Duration) (messageID int, err error) {
	id := s.store("voice", ".oga", data)
	return s.speak(chatID, from, 0, func(m *Message) {
		m.Voice = &File{FileID: id, UniqueID: "u" + id, MimeType: "audio/ogg", Duration: int(length / time.Second), Size: len(data)}
	})
}

// SendVideoNote lets a person send a short video.
func (s *Server) SendVideoNote(chatID, from int64, data []byte) (messageID int, err error) {
	id := s.store("video_notes", ".mp4", data)
	return s.speak(chatID, from, 0, func(m *Message) {
		m.VideoNote = &File{FileID: id, UniqueID: "u" + id, Size: len(data)}
	})
}

// SendLocation lets a person send a point on the map.
func (s *Server) SendLocation(chatID, from int64, latitude, longitude float64) (messageID int, err error) {
	return s.speak(chatID, from, 0, func(m *Message) {
		m.Location = &Location{Latitude: latitude, Longitude: longitude}
	})
}

// SendContact lets a person share the own phone number (E.164).
func (s *Server) SendContact(chatID, from int64, phone string) (messageID int, err error) {
	return s.speak(chatID, from, 0, func(m *Message) {
		// The provider leaves out the plus sign.
		m.Contact = &Contact{Phone: strings.TrimPrefix(phone, "+"), FirstName: m.From.FirstName, UserID: from}
	})
}

// SendSticker lets a person send a picture without words.
func (s *Server) SendSticker(chatID, from int64, emoji string) (messageID int, err error) {
	id := s.store("stickers", ".webp", []byte("RIFF"))
	return s.speak(chatID, from, 0, func(m *Message) {
		m.Sticker = &Sticker{FileID: id, UniqueID: "u" + id, Type: "regular", Width: 512, Height: 512, Emoji: emoji}
	})
}

// speak adds a person's message to a chat and tells the bot.
func (s *Server) speak(chatID, from int64, replyTo int, fill func(*Message)) (int, error) {
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, person, err := s.present(chatID, from)
	if err != nil {
		return 0, err
	}
	m := &Message{From: &person}
	if replyTo != 0 {
		original := c.find(replyTo)
		if original == nil {
			return 0, fmt.Errorf("the chat has no message %d to answer", replyTo)
		}
		m.ReplyTo = original.shallow()
	}
	fill(m)
	s.add(c, m)
	s.tell(Update{Message: m.copied()})
	return m.ID, nil
}

// present finds a chat and a person who can write in it. In a private chat
// only its person can; writing lifts a block, as pressing Restart does.
func (s *Server) present(chatID, from int64) (*chat, User, error) {
	c, person := s.chats[chatID], s.people[from]
	switch {
	case c == nil:
		return nil, User{}, fmt.Errorf("there is no chat %d", chatID)
	case person.ID == 0:
		return nil, User{}, fmt.Errorf("there is no person %d", from)
	case c.Type == "private" && chatID != from:
		return nil, User{}, fmt.Errorf("person %d is not in chat %d", from, chatID)
	}
	if c.moved != 0 {
		c = s.chats[c.moved]
	}
	c.blocked = false
	return c, person, nil
}

// add gives a message its number and date.
func (s *Server) add(c *chat, m *Message) {
	c.nextID++
	m.ID, m.Chat, m.Date = c.nextID, c.Chat, s.config.Now().Unix()
	c.messages = append(c.messages, m)
}

func (c *chat) find(id int) *Message {
	i := slices.IndexFunc(c.messages, func(m *Message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

// shallow is a message as reply_to_message shows it: without what it answers.
func (m *Message) shallow() *Message {
	c := *m
	c.ReplyTo = nil
	return &c
}

func (m *Message) copied() *Message {
	c := *m
	return &c
}

// tell queues an update for the bot.
func (s *Server) tell(u Update) {
	s.nextUpdate++
	u.ID = s.nextUpdate
	s.updates = append(s.updates, u)
	s.updated.Ring()
}

// Press lets a person press a button of a message. It returns the id by which
// Pressed tells what the bot answered.
func (s *Server) Press(chatID, from int64, messageID int, data string) (pressID string, err error) {
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	c, person, err := s.present(chatID, from)
	if err != nil {
		return "", err
	}
	m := c.find(messageID)
	if m == nil || !m.has(data) {
		return "", fmt.Errorf("message %d has no such button", messageID)
	}
	s.nextPress++
	id := fmt.Sprintf("%d%06d", s.nextUpdate, s.nextPress)
	s.presses[id] = &press{Press: Press{ID: id, ChatID: c.ID, From: from, Data: data}, at: s.config.Now()}
	s.tell(Update{Callback: &CallbackQuery{
		ID: id, From: person, Message: m.copied(), Instance: fmt.Sprint(c.ID), Data: data,
	}})
	return id, nil
}

func (m *Message) has(data string) bool {
	if m.ReplyMarkup == nil {
		return false
	}
	return slices.ContainsFunc(m.ReplyMarkup.Keyboard, func(row []Button) bool {
		return slices.ContainsFunc(row, func(b Button) bool { return b.Data == data })
	})
}

// Pressed is what became of a pressed button.
func (s *Server) Pressed(pressID string) (Press, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.presses[pressID]
	if p == nil {
		return Press{}, false
	}
	return p.Press, true
}

// AwaitPress waits until the bot answered a pressed button. It returns what is
// known of it when ctx ends first.
func (s *Server) AwaitPress(ctx context.Context, pressID string) (Press, error) {
	var p Press
	err := s.changed.Await(ctx, func() bool {
		p, _ = s.Pressed(pressID)
		return p.Answered
	})
	if err != nil {
		return p, fmt.Errorf("waiting for the answer to a button: %w", err)
	}
	return p, nil
}

// Inject tells the bot any JSON as an update, well formed or not by the
// provider's rules. An update_id in it is kept as it is.
func (s *Server) Inject(update json.RawMessage) error {
	var known struct {
		ID int `json:"update_id"`
	}
	if err := json.Unmarshal(update, &known); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.updates = append(s.updates, Update{ID: known.ID, raw: update})
	s.updated.Ring()
	return nil
}

// ResetUpdateIDs makes the next update take the id next, which may be lower
// than any before: after an idle week the provider starts anywhere.
func (s *Server) ResetUpdateIDs(next int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextUpdate = next - 1
}

// Pending lists the updates that the bot has not confirmed.
func (s *Server) Pending() []Update {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.updates)
}

// Block makes a person's private chat refuse the bot until the person writes.
func (s *Server) Block(person int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chats[person]; c != nil {
		c.blocked = true
	}
}

// ForbidVoice makes a person refuse voice messages of the bot, a setting that
// some have.
func (s *Server) ForbidVoice(person int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chats[person]; c != nil {
		c.noVoice = true
	}
}

// Migrate turns a group into a supergroup with a new id, which is told to the
// bot in both chats; the old id refuses the bot from then on.
func (s *Server) Migrate(from, to int64) error {
	defer s.ring()
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.chats[from]
	if old == nil || old.Type != "group" {
		return fmt.Errorf("there is no group %d", from)
	}
	old.moved = to
	made := &chat{Chat: Chat{ID: to, Type: "supergroup", Title: old.Title}}
	s.chats[to] = made
	left := &Message{From: &User{ID: 1087968824, IsBot: true, FirstName: "Group", Username: "GroupAnonymousBot"}, MigrateToChatID: to}
	s.add(old, left)
	s.tell(Update{Message: left})
	came := &Message{From: left.From, MigrateFromID: from}
	s.add(made, came)
	s.tell(Update{Message: came})
	return nil
}

// Fault is how the API treats one call of a method that sends: sendMessage or
// editMessageText.
type Fault struct {
	ChatID     int64 // only calls for this chat; 0: any
	Code       int   // refuse with this error_code
	Text       string
	RetryAfter time.Duration // for Code 429, in whole seconds
	// CutAfterAccept takes the message, then cuts the connection.
	CutAfterAccept bool
	// Hang does not answer until the client gives up.
	Hang bool
}

// TooManyRequests is the provider's answer to sending too fast to a chat.
func TooManyRequests(chatID int64, retryAfter time.Duration) Fault {
	return Fault{ChatID: chatID, Code: 429, RetryAfter: retryAfter,
		Text: fmt.Sprintf("Too Many Requests: retry after %d", int(retryAfter/time.Second))}
}

// FailNext applies fault to the next n calls it is meant for.
func (s *Server) FailNext(n int, fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, slices.Repeat([]Fault{fault}, n)...)
}

func (s *Server) takeFault(chatID int64) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.faults, func(f Fault) bool { return f.ChatID == 0 || f.ChatID == chatID })
	if i < 0 {
		return Fault{}
	}
	fault := s.faults[i]
	s.faults = slices.Delete(s.faults, i, i+1)
	return fault
}

func (s *Server) store(folder, extension string, data []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nextFile++
	id := fmt.Sprintf("AgAC%s%d", folder, s.nextFile)
	s.files[id] = storedFile{name: fmt.Sprintf("%s/file_%d%s", folder, s.nextFile, extension), data: data}
	return id
}
