package botapi

import "encoding/json"

// The objects of https://core.telegram.org/bots/api#available-types, as far as
// the sandbox uses them.

// User is a person or the bot.
type User struct {
	ID           int64  `json:"id"`
	IsBot        bool   `json:"is_bot"`
	FirstName    string `json:"first_name"`
	LastName     string `json:"last_name,omitempty"`
	Username     string `json:"username,omitempty"`
	LanguageCode string `json:"language_code,omitempty"`
}

// Chat is a private chat, whose id is its person's, or a group.
type Chat struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"` // private, group, supergroup
	Title     string `json:"title,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Username  string `json:"username,omitempty"`
}

// Message is one message of a chat.
type Message struct {
	ID              int         `json:"message_id"`
	From            *User       `json:"from,omitempty"`
	Chat            Chat        `json:"chat"`
	Date            int64       `json:"date"`
	EditDate        int64       `json:"edit_date,omitempty"`
	ReplyTo         *Message    `json:"reply_to_message,omitempty"`
	Origin          *Origin     `json:"forward_origin,omitempty"`
	MediaGroup      string      `json:"media_group_id,omitempty"`
	Text            string      `json:"text,omitempty"`
	Entities        []Entity    `json:"entities,omitempty"`
	Caption         string      `json:"caption,omitempty"`
	Photo           []PhotoSize `json:"photo,omitempty"`
	Document        *File       `json:"document,omitempty"`
	Voice           *File       `json:"voice,omitempty"`
	Audio           *File       `json:"audio,omitempty"`
	Video           *File       `json:"video,omitempty"`
	VideoNote       *File       `json:"video_note,omitempty"`
	Location        *Location   `json:"location,omitempty"`
	Contact         *Contact    `json:"contact,omitempty"`
	Sticker         *Sticker    `json:"sticker,omitempty"`
	ReplyMarkup     *Markup     `json:"reply_markup,omitempty"`
	MigrateToChatID int64       `json:"migrate_to_chat_id,omitempty"`
	MigrateFromID   int64       `json:"migrate_from_chat_id,omitempty"`

	// ForceReply asks the person for an answer to this message. The provider
	// does not send it back, so it is not in the JSON.
	ForceReply bool `json:"-"`
	// Silent is true where the bot wrote with disable_notification.
	Silent bool `json:"-"`
}

// Origin is who wrote a message that was passed on.
type Origin struct {
	Type     string `json:"type"`
	Date     int64  `json:"date"`
	UserName string `json:"sender_user_name,omitempty"`
}

// Entity marks a part of a text; offset and length in UTF-16 units.
type Entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	URL    string `json:"url,omitempty"`
}

// Markup holds the buttons under a message, in rows.
type Markup struct {
	Keyboard [][]Button `json:"inline_keyboard"`
}

// Button is one of them.
type Button struct {
	Text string `json:"text"`
	Data string `json:"callback_data,omitempty"`
	URL  string `json:"url,omitempty"`
}

// PhotoSize is one size of a photo.
type PhotoSize struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Size     int    `json:"file_size,omitempty"`
}

// File is a document, a sound or a video.
type File struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Name     string `json:"file_name,omitempty"`
	MimeType string `json:"mime_type,omitempty"`
	Duration int    `json:"duration,omitempty"`
	Size     int    `json:"file_size,omitempty"`
}

// Sticker is a picture without words.
type Sticker struct {
	FileID   string `json:"file_id"`
	UniqueID string `json:"file_unique_id"`
	Type     string `json:"type"`
	Width    int    `json:"width"`
	Height   int    `json:"height"`
	Emoji    string `json:"emoji,omitempty"`
}

// Location is a point on the map.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Contact is a shared phone number.
type Contact struct {
	Phone     string `json:"phone_number"`
	FirstName string `json:"first_name"`
	UserID    int64  `json:"user_id,omitempty"`
}

// CallbackQuery is a pressed button.
type CallbackQuery struct {
	ID       string   `json:"id"`
	From     User     `json:"from"`
	Message  *Message `json:"message,omitempty"`
	Instance string   `json:"chat_instance"`
	Data     string   `json:"data,omitempty"`
}

// Update is one thing that happened, as getUpdates and webhooks tell it.
type Update struct {
	ID       int
	Message  *Message
	Edited   *Message
	Callback *CallbackQuery
	raw      json.RawMessage // by Inject
	returned bool            // by getUpdates
}

// MarshalJSON implements json.Marshaler.
func (u Update) MarshalJSON() ([]byte, error) {
	if u.raw != nil {
		return u.raw, nil
	}
	return json.Marshal(struct {
		ID       int            `json:"update_id"`
		Message  *Message       `json:"message,omitempty"`
		Edited   *Message       `json:"edited_message,omitempty"`
		Callback *CallbackQuery `json:"callback_query,omitempty"`
	}{u.ID, u.Message, u.Edited, u.Callback})
}

// answer is what every method returns.
type answer struct {
	OK          bool        `json:"ok"`
	Result      any         `json:"result,omitempty"`
	ErrorCode   int         `json:"error_code,omitempty"`
	Description string      `json:"description,omitempty"`
	Parameters  *parameters `json:"parameters,omitempty"`
}

type parameters struct {
	MigrateToChatID int64 `json:"migrate_to_chat_id,omitempty"`
	RetryAfter      int   `json:"retry_after,omitempty"`
}

// apiError is a refusal by the API.
type apiError struct {
	code        int
	description string
	parameters  *parameters
}

func (e *apiError) Error() string { return e.description }

// unauthorised is the provider's word for a wrong token.
var unauthorised = &apiError{code: 401, description: "Unauthorized"} //nolint:misspell // as sent

func badRequest(description string) error {
	return &apiError{code: 400, description: "Bad Request: " + description}
}
