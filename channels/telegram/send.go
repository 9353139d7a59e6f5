package telegram

import (
	"context"
	"errors"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/internal/httpcall"
)

// Send implements channels.Adapter. An Outbound with PressID answers that
// press; one with Edit replaces the text and buttons of that message; any other
// is a new message. A text of more than 4,096 UTF-16 units goes out as several
// messages without markup, buttons under the last, whose id is the receipt's.
// When one of them fails after another went out, the error is SendUncertain,
// since the whole must not be sent again.
func (a *Adapter) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	var receipt channels.Receipt
	var failure *channels.SendError
	switch {
	case out.PressID != "":
		receipt, failure = a.answerPress(ctx, out)
	case out.Edit != "":
		receipt, failure = a.edit(ctx, out)
	case len(out.Picture) > 0:
		receipt, failure = a.sendPicture(ctx, out)
	case out.File != nil:
		receipt, failure = a.sendFile(ctx, out)
	default:
		receipt, failure = a.send(ctx, out)
	}
	if failure == nil {
		return receipt, nil
	}
	if failure.Kind == channels.SendRetry && failure.Code != "" && out.PressID == "" {
		failure.Scope = chatScope(out.To)
	}
	// A repeated edit or answer to a press changes nothing.
	if failure.Kind == channels.SendUncertain && (out.PressID != "" || out.Edit != "") {
		failure.Kind = channels.SendRetry
	}
	return channels.Receipt{}, failure
}

func (a *Adapter) send(ctx context.Context, out channels.Outbound) (channels.Receipt, *channels.SendError) {
	chat, err := strconv.ParseInt(out.To, 10, 64)
	if err != nil || chat == 0 {
		return channels.Receipt{}, &channels.SendError{Kind: channels.SendUnreachable, Text: "the address is not a chat"}
	}
	buttons, failure := keyboard(out.Buttons)
	if failure != nil {
		return channels.Receipt{}, failure
	}
	parts := channels.SplitText(out.Text, maxText)
	markup := ""
	if out.HTML != "" && visibleUnits(out.HTML) <= maxText && len(parts) <= 1 {
		parts, markup = []string{out.HTML}, tgbotapi.ModeHTML
	}
	if len(parts) == 0 {
		return channels.Receipt{}, &channels.SendError{Kind: channels.SendPermanent, Text: "the message has no text"}
	}
	var receipt channels.Receipt
	for i, part := range parts {
		message := tgbotapi.NewMessage(chat, part)
		message.ParseMode = markup
		// The preview would have Telegram open a tracking page.
		message.DisableWebPagePreview = true
		if i == 0 {
			message.ReplyToMessageID = replyTo(out)
			message.AllowSendingWithoutReply = true
		}
		if i == len(parts)-1 {
			message.ReplyMarkup = replyMarkup(buttons, out.Prompt)
		}
		id, failure := a.sendPart(ctx, message, out.Text)
		if failure != nil && i > 0 {
			failure.Kind, failure.RetryAt = channels.SendUncertain, time.Time{}
			failure.Text = fmt.Sprintf("only %d of %d parts were sent: %s", i, len(parts), failure.Text)
		}
		if failure != nil {
			return channels.Receipt{}, failure
		}
		receipt = channels.Receipt{ProviderID: id, State: channels.DeliveryDelivered}
	}
	return receipt, nil
}

// sent is what we want to know of a message that Telegram took.
type sent struct {
	MessageID int `json:"message_id"`
	Chat      struct {
		ID int64 `json:"id"`
	} `json:"chat"`
}

// sendPart sends one message; as plain text when Telegram does not take its markup.
func (a *Adapter) sendPart(ctx context.Context, message tgbotapi.MessageConfig, plain string) (string, *channels.SendError) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	result, call, err := request[sent](ctx, a, message)
	if message.ParseMode != "" && refused(err, "can't parse entities") {
		message.Text, message.ParseMode = plain, ""
		result, call, err = request[sent](ctx, a, message)
	}
	if err == nil && result.MessageID == 0 {
		err = errors.New("telegram's answer names no message")
	}
	if err != nil {
		return "", a.sendFailure(call, err)
	}
	if a.Mode == ModeWebhook { // nothing else tells soon that a refused token works again
		a.setHealth("")
	}
	return fmt.Sprintf("%d/%d", result.Chat.ID, result.MessageID), nil
}

// sendFailure is sendError, and a refused token shows in the health.
func (a *Adapter) sendFailure(call *httpcall.Call, err error) *channels.SendError {
	failure := a.sendError(call, err)
	if failure.Kind == channels.SendMisconfigured {
		a.setHealth(failure.Text)
	}
	return failure
}

// edit replaces the text and the buttons of an earlier message.
func (a *Adapter) edit(ctx context.Context, out channels.Outbound) (channels.Receipt, *channels.SendError) {
	chat, id, ok := parseID(out.Edit)
	if !ok {
		return channels.Receipt{}, &channels.SendError{Kind: channels.SendPermanent, Text: "the message to change is not one of Telegram's"}
	}
	buttons, failure := keyboard(out.Buttons)
	if failure != nil {
		return channels.Receipt{}, failure
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	message := tgbotapi.NewEditMessageText(chat, id, shorten(out.Text, maxText))
	message.DisableWebPagePreview = true
	message.ReplyMarkup = buttons
	if out.HTML != "" && visibleUnits(out.HTML) <= maxText {
		message.Text, message.ParseMode = out.HTML, tgbotapi.ModeHTML
	}
	_, call, err := request[any](ctx, a, message)
	if message.ParseMode != "" && refused(err, "can't parse entities") {
		message.Text, message.ParseMode = shorten(out.Text, maxText), ""
		_, call, err = request[any](ctx, a, message)
	}
	if err != nil && !refused(err, "message is not modified") {
		return channels.Receipt{}, a.sendFailure(call, err)
	}
	return channels.Receipt{ProviderID: out.Edit, State: channels.DeliveryDelivered}, nil
}

// answerPress shows a note to who pressed a button and ends the waiting sign on
// it. A press can be answered for about two minutes; later there is nothing
// left to do.
func (a *Adapter) answerPress(ctx context.Context, out channels.Outbound) (channels.Receipt, *channels.SendError) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, call, err := request[any](ctx, a, tgbotapi.NewCallback(out.PressID, shorten(out.Text, maxNote)))
	if err != nil && !refused(err, "query is too old") && !refused(err, "query id is invalid") && !refused(err, "query_id_invalid") {
		return channels.Receipt{}, a.sendFailure(call, err)
	}
	return channels.Receipt{ProviderID: "press:" + out.PressID, State: channels.DeliveryDelivered}, nil
}

// keyboard lays out buttons; nil where there are none.
func keyboard(rows [][]channels.Button) (*tgbotapi.InlineKeyboardMarkup, *channels.SendError) {
	var laid [][]tgbotapi.InlineKeyboardButton
	for _, row := range rows {
		var line []tgbotapi.InlineKeyboardButton
		for _, b := range row {
			switch {
			case b.URL != "":
				line = append(line, tgbotapi.NewInlineKeyboardButtonURL(b.Label, b.URL))
			case b.Data != "" && len(b.Data) <= maxData:
				line = append(line, tgbotapi.NewInlineKeyboardButtonData(b.Label, b.Data))
			default:
				return nil, &channels.SendError{Kind: channels.SendPermanent, Text: "a button's data is empty or longer than 64 bytes"}
			}
		}
		if len(line) > 0 {
			laid = append(laid, line)
		}
	}
	if len(laid) == 0 {
		return nil, nil
	}
	return &tgbotapi.InlineKeyboardMarkup{InlineKeyboard: laid}, nil
}

// replyMarkup is what goes under a message: buttons, or the request to answer it.
func replyMarkup(buttons *tgbotapi.InlineKeyboardMarkup, prompt bool) any {
	switch {
	case buttons != nil:
		return buttons
	case prompt:
		return tgbotapi.ForceReply{ForceReply: true, Selective: true}
	}
	return nil
}

// replyTo is the message of the same chat that out answers; 0: none.
func replyTo(out channels.Outbound) int {
	chat, id, ok := parseID(out.Thread.InReplyTo)
	if !ok || strconv.FormatInt(chat, 10) != out.To {
		return 0
	}
	return id
}

// parseID reads "chat/message".
func parseID(s string) (chat int64, message int, ok bool) {
	before, after, _ := strings.Cut(s, "/")
	chat, err1 := strconv.ParseInt(before, 10, 64)
	message, err2 := strconv.Atoi(after)
	return chat, message, err1 == nil && err2 == nil && message > 0
}

// shorten cuts text to limit UTF-16 units at a word border.
func shorten(text string, limit int) string {
	parts := channels.SplitText(text, limit)
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	return channels.SplitText(text, limit-1)[0] + "…"
}

// visibleUnits counts a text without its tags and with its entities resolved,
// as Telegram does for its limit.
func visibleUnits(markup string) int {
	var text strings.Builder
	inTag := false
	for _, r := range markup {
		switch {
		case r == '<':
			inTag = true
		case r == '>' && inTag:
			inTag = false
		case !inTag:
			text.WriteRune(r)
		}
	}
	return channels.TextUnits(html.UnescapeString(text.String()))
}
