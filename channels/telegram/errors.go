package telegram

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/internal/httpcall"
)

// fault is what an answer of Telegram means to us. Its descriptions are not
// part of the API's promise and may quote the message, so texts are ours.
type fault struct {
	code     int
	contains string // in the description, lower case; empty: any
	kind     channels.SendErrorKind
	text     string
}

// faults maps Telegram's errors; the first that fits counts.
var faults = []fault{
	{400, "chat not found", channels.SendUnreachable, "there is no such chat"},
	{400, "user not found", channels.SendUnreachable, "there is no such chat"},
	{400, "peer_id_invalid", channels.SendUnreachable, "there is no such chat"},
	{400, "chat_id is empty", channels.SendUnreachable, "there is no such chat"},
	{400, "group chat was deactivated", channels.SendUnreachable, "the group no longer exists"},
	{400, "chat_write_forbidden", channels.SendUnreachable, "the bot may not write in this group"},
	{400, "rights to send", channels.SendUnreachable, "the bot may not write in this group"},
	{400, "message to edit not found", channels.SendPermanent, "the message to change no longer exists"},
	{400, "message can't be edited", channels.SendPermanent, "the message can no longer be changed"},
	{400, "message_id_invalid", channels.SendPermanent, "the message to change no longer exists"},
	{400, "", channels.SendPermanent, "Telegram refuses the message"},
	{401, "", channels.SendMisconfigured, "Telegram refuses the bot's token"},
	{403, "bot was blocked", channels.SendUnreachable, "the person has blocked the bot"},
	{403, "user is deactivated", channels.SendUnreachable, "the person's account no longer exists"},
	{403, "bot was kicked", channels.SendUnreachable, "the bot was removed from the group"},
	{403, "", channels.SendUnreachable, "the bot may not write to this chat"},
	{404, "", channels.SendMisconfigured, "Telegram refuses the bot's token"}, // also of a malformed token
	{409, "", channels.SendMisconfigured, "another program polls this bot, or a webhook is set"},
	{413, "", channels.SendPermanent, "the message is too long"},
	{429, "", channels.SendRetry, "Telegram asks to send more slowly"},
}

// sendError says what a failed call means. Only a request that surely never
// left or was surely refused is not uncertain.
func (a *Adapter) sendError(call *httpcall.Call, err error) *channels.SendError {
	out := &channels.SendError{
		Kind: channels.SendUncertain,
		Text: "Telegram's answer was lost",
		Err:  a.redact(httpcall.WithoutURL(err)),
	}
	if call.Unsent() {
		out.Kind, out.Text = channels.SendRetry, "Telegram cannot be reached"
		return out
	}
	code, description := call.Status, ""
	var answer *tgbotapi.Error
	if errors.As(err, &answer) {
		code, description = answer.Code, strings.ToLower(answer.Message)
		// Its text may quote the message; the log gets the code.
		out.Err = fmt.Errorf("telegram answered %d", code)
	}
	if code < http.StatusBadRequest {
		return out
	}
	out.Code, out.Text = strconv.Itoa(code), "Telegram had a fault"
	for _, f := range faults {
		if f.code == code && strings.Contains(description, f.contains) {
			out.Kind, out.Text = f.kind, f.text
			break
		}
	}
	if answer == nil {
		if out.Kind == channels.SendRetry {
			out.RetryAt = call.RetryAt(a.Now())
		}
		return out
	}
	if answer.MigrateToChatID != 0 {
		out.Kind, out.Text = channels.SendMoved, "the group has a new id"
		out.NewAddress = strconv.FormatInt(answer.MigrateToChatID, 10)
	}
	if out.Kind == channels.SendRetry && answer.RetryAfter > 0 {
		seconds := min(answer.RetryAfter, 24*60*60)
		out.RetryAt = a.Now().Add(time.Duration(seconds) * time.Second)
	}
	return out
}

// redact takes the token out of an error, should it be in it.
func (a *Adapter) redact(err error) error {
	if text := err.Error(); strings.Contains(text, a.Token) {
		return errors.New(strings.ReplaceAll(text, a.Token, "(token)"))
	}
	return err
}

// refused reports whether Telegram answered 400 with a description that
// contains s, in lower case.
func refused(err error, s string) bool {
	var answer *tgbotapi.Error
	return errors.As(err, &answer) && answer.Code == http.StatusBadRequest &&
		strings.Contains(strings.ToLower(answer.Message), s)
}
