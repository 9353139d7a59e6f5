package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
)

// verifiedBy is what makes From certain: Telegram names the user.
const verifiedBy = "telegram user id"

// Read implements channels.Reader. An edited message reads as a message with
// the id of the one it replaces. Blocking the bot reads as an opt-out.
func (a *Adapter) Read(ctx context.Context, in channels.Inbound) (channels.Message, error) {
	var u tgbotapi.Update
	if err := json.Unmarshal(in.Raw, &u); err != nil || len(in.Raw) > maxUpdate {
		return channels.Message{}, fmt.Errorf("read an update: %w", channels.ErrUnreadable)
	}
	m := u.Message
	if m == nil {
		m = u.EditedMessage
	}
	switch {
	case isLive(&u) && u.EditedMessage.From != nil:
		msg := from(u.EditedMessage.From, u.EditedMessage.Chat)
		msg.NoEffect = "a live location that moved or ended"
		return msg, nil
	case m != nil && m.From != nil && m.Chat != nil:
		msg, err := a.readMessage(ctx, m, readNewer(in.Raw))
		msg.Edited = u.EditedMessage != nil
		return msg, err
	case u.CallbackQuery != nil && u.CallbackQuery.From != nil:
		return readPress(u.CallbackQuery), nil
	case u.MyChatMember != nil:
		msg := from(&u.MyChatMember.From, &u.MyChatMember.Chat)
		msg.SentAt, msg.OptOut = unix(u.MyChatMember.Date), membership(u.MyChatMember)
		return msg, nil
	}
	return channels.Message{}, fmt.Errorf("read an update of a kind not asked for: %w", channels.ErrUnreadable)
}

// from is a message of user in chat, so far without content.
func from(user *tgbotapi.User, chat *tgbotapi.Chat) channels.Message {
	msg := channels.Message{
		From:       channels.Party{Address: userID(user), Name: clean(strings.TrimSpace(user.FirstName + " " + user.LastName))},
		Verified:   true,
		VerifiedBy: verifiedBy,
		Language:   clean(user.LanguageCode),
	}
	if chat != nil && isGroup(chat) {
		msg.Conversation = fmt.Sprint(chat.ID)
	}
	return msg
}

func readPress(q *tgbotapi.CallbackQuery) channels.Message {
	var chat *tgbotapi.Chat
	if q.Message != nil {
		chat = q.Message.Chat
	}
	msg := from(q.From, chat)
	msg.ID, msg.Press, msg.PressID = "press:"+q.ID, clean(q.Data), q.ID
	if chat != nil {
		msg.InReplyTo = []string{messageID(q.Message)}
	}
	return msg
}

func (a *Adapter) readMessage(ctx context.Context, m *tgbotapi.Message, n newer) (channels.Message, error) {
	msg := from(m.From, m.Chat)
	msg.ID, msg.SentAt = messageID(m), unix(m.Date)
	msg.Album, msg.Forwarded = clean(m.MediaGroupID), forwardedFrom(m, n)
	if len(n.WriteAccess) > 0 {
		msg.NoEffect = "the person let the bot write"
	}
	msg.Text = clean(withoutBotName(m.Text))
	if msg.Text == "" {
		msg.Text = clean(m.Caption)
	}
	if to := m.ReplyToMessage; to != nil && to.Chat != nil && !n.inTopic() {
		msg.InReplyTo = []string{messageID(to)}
	}
	if m.Location != nil {
		msg.Location = &channels.Location{Latitude: m.Location.Latitude, Longitude: m.Location.Longitude}
		if m.Venue != nil {
			msg.Location.Label = clean(strings.Trim(m.Venue.Title+", "+m.Venue.Address, ", "))
		}
	}
	if m.Contact != nil {
		readContact(&msg, m)
	}
	var err error
	if msg.Attachments, msg.Defects, err = a.attachments(ctx, m); err != nil {
		return channels.Message{}, err
	}
	msg.Written = msg.Text
	if strings.TrimSpace(msg.Text) == "" && len(msg.Attachments)+len(msg.Defects) == 0 &&
		msg.Location == nil && len(msg.Also) == 0 {
		msg.Unusable = unusable(m)
	}
	return msg, nil
}

// readContact takes a shared contact card as the sender's number only when
// Telegram says that it is the sender's own; anyone can share another's.
func readContact(msg *channels.Message, m *tgbotapi.Message) {
	c := m.Contact
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, c.PhoneNumber)
	// Telegram's numbers begin with the country code, with or without a plus;
	// E.164 has at most 15 digits.
	if c.UserID == m.From.ID && len(digits) >= 7 && len(digits) <= 15 {
		msg.Also = append(msg.Also, channels.Further{Channel: "sms", Address: "+" + digits, Verified: true})
		return
	}
	card := strings.Join(strings.Fields(clean(c.FirstName+" "+c.LastName+" "+c.PhoneNumber)), " ")
	msg.Text = strings.TrimSpace(msg.Text + "\n" + card)
}

// unusable names what a message without text, file or place is.
func unusable(m *tgbotapi.Message) string {
	switch {
	case m.Sticker != nil:
		return "sticker"
	case m.Dice != nil:
		return "dice"
	case m.Poll != nil:
		return "poll"
	case m.Game != nil:
		return "game"
	}
	return "unsupported"
}

// withoutBotName turns "/resolve@city_bot C-… done" into "/resolve C-… done".
func withoutBotName(text string) string {
	command, bot := splitCommand(text)
	if bot == "" {
		return text
	}
	return command + text[len(command)+1+len(bot):]
}

func unix(seconds int) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// clean makes text fit for storing: valid UTF-8 without NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}
