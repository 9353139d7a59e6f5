package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/redress-cms/redress/channels"
)

// ContentType of the raw bytes of a Submission.
const ContentType = "application/json"

// Submission is what a form handed in, as kept in Inbound.Raw. Nothing in it
// varies between two sendings of the same form, since their hash tells whether
// they are the same.
type Submission struct {
	Action   channels.Action `json:"action"`
	Language string          `json:"language"` // of the page, BCP 47
	Text     string          `json:"text,omitempty"`
	Files    []File          `json:"files,omitempty"`

	// ActionRegister only.
	Service string `json:"service,omitempty"` // code
	Area    string `json:"area,omitempty"`    // code
	Place   string `json:"place,omitempty"`
	Name    string `json:"name,omitempty"`
	Phone   string `json:"phone,omitempty"` // E.164; typed in, not verified
	Email   string `json:"email,omitempty"` // lower case; typed in, not verified
	Consent bool   `json:"consent,omitempty"`

	// Token is the tracking token of the page; all other actions have one.
	Token string `json:"token,omitempty"`
}

// File is an attachment; Data is base64 in JSON.
type File struct {
	Name string `json:"name"`
	Data []byte `json:"data"`
}

// inbound makes the message of a submission sent with the form token nonce.
// The same form sent twice has one key; a form that was changed after going
// back in the browser has another, so that nothing is lost.
func (a *Adapter) inbound(sub Submission, nonce string) (channels.Inbound, error) {
	raw, err := json.Marshal(sub)
	if err != nil {
		return channels.Inbound{}, fmt.Errorf("encode web submission: %w", err)
	}
	sum := sha256.Sum256(raw)
	id := nonce + "-" + hex.EncodeToString(sum[:8])
	return channels.Inbound{
		Key:         channels.Key{Channel: Channel, Account: a.config.Account, ExternalID: id},
		Sender:      sub.sender(id),
		ReceivedAt:  a.config.Now(),
		ContentType: ContentType,
		Raw:         raw,
	}, nil
}

// sender is the address that messages are put in line by.
func (sub Submission) sender(externalID string) string {
	switch {
	case sub.Token != "":
		sum := sha256.Sum256([]byte(sub.Token)) // the token itself stays out of lists and logs
		return "track:" + hex.EncodeToString(sum[:16])
	case sub.Phone != "":
		return sub.Phone
	case sub.Email != "":
		return sub.Email
	default:
		return "anonymous:" + externalID
	}
}

// Read implements channels.Reader.
func (a *Adapter) Read(ctx context.Context, in channels.Inbound) (channels.Message, error) {
	var sub Submission
	if err := json.Unmarshal(in.Raw, &sub); err != nil {
		return channels.Message{}, fmt.Errorf("%w: web submission: %w", channels.ErrUnreadable, err)
	}
	switch sub.Action {
	case channels.ActionRegister:
	case channels.ActionAdd, channels.ActionReopen, channels.ActionRate:
		if sub.Token == "" {
			return channels.Message{}, fmt.Errorf("%w: web submission without tracking token", channels.ErrUnreadable)
		}
	default:
		return channels.Message{}, fmt.Errorf("%w: web submission of unknown action", channels.ErrUnreadable)
	}
	if utf8.RuneCountInString(sub.Text) > MaxText || len(sub.Files) > MaxFiles {
		return channels.Message{}, fmt.Errorf("%w: web submission over its limits", channels.ErrUnreadable)
	}
	m := channels.Message{
		From:     channels.Party{Address: sub.sender(in.ExternalID), Name: sub.Name},
		ID:       in.ExternalID,
		Text:     sub.Text,
		Written:  sub.Text,
		Language: sub.Language,
		SentAt:   in.ReceivedAt,
		Action:   sub.Action,
		Token:    sub.Token,
		Fields: channels.Fields{
			Service: sub.Service, Area: sub.Area, Place: sub.Place,
		},
	}
	switch {
	case sub.Token != "":
		m.Verified, m.VerifiedBy = true, "tracking token"
	case sub.Phone != "":
		m.AnswerOn = "sms"
	case sub.Email != "":
		m.AnswerOn = "email"
	}
	// The phone is From. The mail address stays words for staff: joined to
	// whomever the number belongs to, it would let anybody who types somebody
	// else's number read that person's cases from a mailbox of their own.
	if sub.Phone != "" && sub.Email != "" {
		m.Written = strings.TrimSpace(m.Written + "\n\n" + sub.Email)
		m.Text = m.Written
	}
	for _, f := range sub.Files {
		stored, err := a.config.Files.Put(ctx, bytes.NewReader(f.Data), int64(len(f.Data)))
		if err != nil {
			return channels.Message{}, fmt.Errorf("keep a file of a web submission: %w", err)
		}
		m.Attachments = append(m.Attachments, channels.Attachment{
			Filename:    f.Name,
			ContentType: http.DetectContentType(f.Data), // what it says of itself is not believed
			Stored:      stored,
		})
	}
	return m, nil
}
