package telegram

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
)

const contentType = "application/json"

// allowedUpdates are the kinds of update asked for.
func allowedUpdates() []string {
	return []string{"message", "edited_message", "callback_query", "my_chat_member"}
}

// inbound decides whether an update is for us and gives it its key. Update ids
// are no key, since they start anywhere after an idle week; message ids, edit
// dates and press ids stay. The bot's id is part of the key, since another bot
// under the same account counts its messages from one again. What cannot be
// understood is kept under its hash, for staff to see.
func (a *Adapter) inbound(raw []byte) (in channels.Inbound, keep bool) {
	var u tgbotapi.Update
	var key, sender string
	switch err := json.Unmarshal(raw, &u); {
	case err != nil:
		key, sender = "raw:"+digest(raw, sha256.Size), "unknown"
	case u.Message != nil && a.wanted(u.Message, raw):
		key, sender = "message:"+messageID(u.Message), userID(u.Message.From)
	case isLive(&u) && a.wanted(u.EditedMessage, raw):
		m := u.EditedMessage
		// It moves every few seconds, which is no flood of messages.
		key, sender = fmt.Sprintf("live:%s:%d:%s", messageID(m), m.EditDate, digest(raw, 6)), "live:"+userID(m.From)
	case u.EditedMessage != nil && !isLive(&u) && a.wanted(u.EditedMessage, raw):
		m := u.EditedMessage
		// Two edits within a second have the same date.
		text := digest([]byte(m.Text+m.Caption), 6)
		key, sender = fmt.Sprintf("edit:%s:%d:%s", messageID(m), m.EditDate, text), userID(m.From)
	case u.CallbackQuery != nil && u.CallbackQuery.From != nil && u.CallbackQuery.Data != "":
		key, sender = "press:"+u.CallbackQuery.ID, userID(u.CallbackQuery.From)
	case u.MyChatMember != nil && membership(u.MyChatMember) != "":
		m := u.MyChatMember
		key, sender = fmt.Sprintf("member:%d:%d:%s", m.Chat.ID, m.Date, membership(m)), userID(&m.From)
	default:
		return channels.Inbound{}, false
	}
	if id := a.botID(); id != "" {
		key = id + ":" + key
	}
	if len(key) > 200 { // only a forged press id is that long
		key = key[:100] + digest([]byte(key), sha256.Size)
	}
	return channels.Inbound{
		Key:         channels.Key{Channel: Channel, Account: a.Config.Name, ExternalID: key},
		Sender:      sender,
		ReceivedAt:  a.Now(),
		ContentType: contentType,
		Raw:         raw,
	}, true
}

// wanted reports whether a message is for us: any of a person in a private
// chat; in a group, which talks among itself, only commands and answers to the
// bot.
func (a *Adapter) wanted(m *tgbotapi.Message, raw []byte) bool {
	if m.From == nil || m.Chat == nil || m.From.IsBot || isService(m) {
		return false
	}
	if m.Chat.IsPrivate() {
		return true
	}
	if !isGroup(m.Chat) || a.Audience == AudienceComplainants {
		return false
	}
	me, known := a.me()
	if to := m.ReplyToMessage; to != nil && to.From != nil && to.From.IsBot && (me.ID == 0 || to.From.ID == me.ID) && !readNewer(raw).inTopic() {
		return true
	}
	command, name := splitCommand(m.Text)
	return command != "" && (name == "" || !known || strings.EqualFold(name, me.UserName))
}

// isLive reports whether an update is a live location on the move: an edit
// with a location is nothing else.
func isLive(u *tgbotapi.Update) bool {
	return u.EditedMessage != nil && u.EditedMessage.Location != nil
}

// isService reports whether Telegram wrote the message, about the chat.
func isService(m *tgbotapi.Message) bool {
	return len(m.NewChatMembers) > 0 || m.LeftChatMember != nil || m.NewChatTitle != "" ||
		len(m.NewChatPhoto) > 0 || m.DeleteChatPhoto || m.GroupChatCreated || m.SuperGroupChatCreated ||
		m.ChannelChatCreated || m.MessageAutoDeleteTimerChanged != nil || m.MigrateToChatID != 0 ||
		m.MigrateFromChatID != 0 || m.PinnedMessage != nil || m.ConnectedWebsite != "" ||
		m.ProximityAlertTriggered != nil || m.VoiceChatScheduled != nil || m.VoiceChatStarted != nil ||
		m.VoiceChatEnded != nil || m.VoiceChatParticipantsInvited != nil
}

func isGroup(c *tgbotapi.Chat) bool { return c.IsGroup() || c.IsSuperGroup() }

// splitCommand takes "/name@bot" from the start of a text; command is empty
// where there is none.
func splitCommand(text string) (command, bot string) {
	if !strings.HasPrefix(text, "/") {
		return "", ""
	}
	word := text
	if i := strings.IndexAny(text, " \n\t"); i >= 0 {
		word = text[:i]
	}
	command, bot, _ = strings.Cut(word, "@")
	return command, bot
}

// membership is "stop" when a person blocked the bot, "start" when they took it
// back, else empty. What happens to the bot in groups shows when it sends.
func membership(m *tgbotapi.ChatMemberUpdated) string {
	if !m.Chat.IsPrivate() {
		return ""
	}
	switch m.NewChatMember.Status {
	case "kicked":
		return "stop"
	case "member":
		return "start"
	}
	return ""
}

// messageID names a message over all chats; it is a Receipt.ProviderID.
func messageID(m *tgbotapi.Message) string {
	return fmt.Sprintf("%d/%d", m.Chat.ID, m.MessageID)
}

func userID(u *tgbotapi.User) string { return strconv.FormatInt(u.ID, 10) }

// digest is the first n bytes of the SHA-256 of b, in hex.
func digest(b []byte, n int) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:n])
}
