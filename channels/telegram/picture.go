package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
)

// maxCaption is how much text goes under a picture, in UTF-16 units after
// markup (sendPhoto).
const maxCaption = 1024

// sendPicture sends a picture with the text under it.
func (a *Adapter) sendPicture(ctx context.Context, out channels.Outbound) (channels.Receipt, *channels.SendError) {
	chat, err := strconv.ParseInt(out.To, 10, 64)
	if err != nil || chat == 0 {
		return channels.Receipt{}, &channels.SendError{Kind: channels.SendUnreachable, Text: "the address is not a chat"}
	}
	buttons, failure := keyboard(out.Buttons)
	if failure != nil {
		return channels.Receipt{}, failure
	}
	photo := tgbotapi.NewPhoto(chat, tgbotapi.FileBytes{Name: "photo.jpg", Bytes: out.Picture})
	photo.Caption = shorten(out.Text, maxCaption)
	photo.ReplyToMessageID, photo.AllowSendingWithoutReply = replyTo(out), true
	photo.ReplyMarkup = replyMarkup(buttons, out.Prompt)
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	bot, call := a.bot(ctx)
	result, err := bot.Send(photo)
	if err == nil && result.MessageID == 0 {
		err = errors.New("telegram's answer names no message")
	}
	if err != nil {
		return channels.Receipt{}, a.sendFailure(call, err)
	}
	return channels.Receipt{
		ProviderID: fmt.Sprintf("%d/%d", result.Chat.ID, result.MessageID), State: channels.DeliveryDelivered,
	}, nil
}
