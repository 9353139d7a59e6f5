package email

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

// maxReferences keeps the References field short: the first mail of the
// thread and the latest ones (RFC 5322 section 3.6.4 sets no limit).
const maxReferences = 20

// letter is a mail ready for the wire.
type letter struct {
	from, to  string // envelope; from is empty where nothing shall come back
	messageID string
	raw       []byte
}

// compose writes out as a mail: plain text, with the HTML beside it.
func (a *Adapter) compose(out channels.Outbound) (letter, error) {
	to, err := netmail.ParseAddress(out.To)
	if err != nil {
		return letter{}, errors.New("the recipient is not a mail address")
	}
	id := cleanID(out.Thread.MessageID)
	if id == "" {
		if id, err = a.newMessageID(); err != nil {
			return letter{}, err
		}
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&a.from)
	msg.ToMailAddress(to)
	if token := out.Thread.ReplyToken; a.config.PlusAddress && isToken(token) {
		msg.ReplyToMailAddress(&netmail.Address{Name: a.from.Name, Address: plusAddress(a.from.Address).with(token)})
	}
	msg.Subject(oneLine(out.Subject))
	msg.SetMessageIDWithValue(id)
	msg.SetDateWithValue(a.config.Now())
	if answered := cleanID(out.Thread.InReplyTo); answered != "" {
		msg.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, "<"+answered+">")
	}
	if list := references(out.Thread); list != "" {
		msg.SetGenHeaderPreformatted(gomail.HeaderReferences, list)
	}
	l := letter{from: a.returnPath(out), to: to.Address, messageID: id}
	if out.Automatic {
		msg.SetGenHeader("Auto-Submitted", "auto-replied")
		msg.SetGenHeader("X-Auto-Response-Suppress", "All")
		msg.SetGenHeader("Precedence", "auto_reply")
	}
	msg.SetGenHeader(mail.LoopHeader, a.config.Account)
	msg.SetBodyString(gomail.TypeTextPlain, out.Text)
	if out.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, out.HTML)
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil {
		return letter{}, fmt.Errorf("write the mail: %w", err)
	}
	l.raw = raw.Bytes()
	return l, nil
}

// returnPath is where the mail comes back to when it cannot be delivered. An
// automatic mail has none (RFC 3834 section 3.3), so that no robot answers a
// robot, unless the settings name an address of which each message has its
// own: there a robot finds nobody who answers.
func (a *Adapter) returnPath(out channels.Outbound) string {
	if pattern, err := returnAddress(a.config.ReturnPath); err == nil && isToken(out.Thread.ReturnToken) {
		return pattern.with(out.Thread.ReturnToken)
	}
	if out.Automatic {
		return ""
	}
	return a.from.Address
}

func (a *Adapter) newMessageID() (string, error) {
	var secret [16]byte
	if _, err := io.ReadFull(a.config.Random, secret[:]); err != nil {
		return "", fmt.Errorf("draw a message id: %w", err)
	}
	return hex.EncodeToString(secret[:]) + a.from.Address[strings.LastIndexByte(a.from.Address, '@'):], nil
}

func references(t channels.Thread) string {
	ids := t.References
	if len(ids) > maxReferences {
		ids = append([]string{ids[0]}, ids[len(ids)-maxReferences+1:]...)
	}
	var list []string
	for _, id := range ids {
		if id = cleanID(id); id != "" {
			list = append(list, "<"+id+">")
		}
	}
	return strings.Join(list, "\r\n ")
}

// cleanID drops an id that could not be written into a header as it is.
func cleanID(id string) string {
	id = strings.Trim(id, "<>")
	if len(id) > 900 {
		return ""
	}
	for _, r := range id {
		if r <= ' ' || r >= 0x7f || r == '<' || r == '>' {
			return ""
		}
	}
	return id
}

// oneLine makes line breaks and control characters blanks, so that a subject
// cannot add a header field.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\u0085' }), " ")
}
