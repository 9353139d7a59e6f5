package telegram

import (
	"cmp"
	"encoding/json"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// newer is what the Bot API tells of a message since the library was written
// (https://core.telegram.org/bots/api#message).
type newer struct {
	ForwardOrigin *struct {
		User     *tgbotapi.User `json:"sender_user"`
		UserName string         `json:"sender_user_name"` // of a user who hides the account
		Sender   *tgbotapi.Chat `json:"sender_chat"`
		Chat     *tgbotapi.Chat `json:"chat"`
	} `json:"forward_origin"`
	ReplyTo *struct {
		// In a topic of a group every message answers the one that opened it.
		TopicOpened json.RawMessage `json:"forum_topic_created"`
	} `json:"reply_to_message"`
	WriteAccess json.RawMessage `json:"write_access_allowed"`
}

// readNewer reads it from an update. What does not fit counts as absent.
func readNewer(raw []byte) newer {
	var u struct {
		Message *newer `json:"message"`
		Edited  *newer `json:"edited_message"`
	}
	_ = json.Unmarshal(raw, &u) // the library read the same bytes
	return *cmp.Or(u.Message, u.Edited, &newer{})
}

// inTopic reports whether a message only seems to be an answer, since it was
// written into a topic.
func (n newer) inTopic() bool { return n.ReplyTo != nil && len(n.ReplyTo.TopicOpened) > 0 }

// forwardedFrom names who wrote a message that its sender passed on; empty:
// the sender did.
func forwardedFrom(m *tgbotapi.Message, n newer) string {
	name := ""
	switch o := n.ForwardOrigin; {
	case o != nil:
		name = cmp.Or(nameOf(o.User), o.UserName, titleOf(o.Sender), titleOf(o.Chat), "somebody")
	case m.ForwardDate != 0: // until Bot API 7.0
		name = cmp.Or(nameOf(m.ForwardFrom), m.ForwardSenderName, titleOf(m.ForwardFromChat), "somebody")
	}
	return strings.Join(strings.Fields(clean(name)), " ")
}

func nameOf(u *tgbotapi.User) string {
	if u == nil {
		return ""
	}
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

func titleOf(c *tgbotapi.Chat) string {
	if c == nil {
		return ""
	}
	return cmp.Or(c.Title, strings.TrimSpace(c.FirstName+" "+c.LastName))
}
