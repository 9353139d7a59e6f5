package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/internal/httpcall"
)

// maxCaption is how much text goes under a picture, in UTF-16 units after
// markup (sendPhoto).
const maxCaption = 1024

// sendPicture sends a picture with the text under it.
func (a *Adapter) sendPicture(ctx context.Context, out channels.Outbound) (channels.Receipt, *channels.SendError) {
	base, failure := baseOf(out, tgbotapi.FileBytes{Name: "photo.jpg", Bytes: out.Picture})
	if failure != nil {
		return channels.Receipt{}, failure
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	result, call, err := request[sent](ctx, a, tgbotapi.PhotoConfig{BaseFile: base, Caption: shorten(out.Text, maxCaption)})
	return a.uploaded(result, call, err)
}

// baseOf is what all messages that bring a file have in common.
func baseOf(out channels.Outbound, file tgbotapi.RequestFileData) (tgbotapi.BaseFile, *channels.SendError) {
	chat, err := strconv.ParseInt(out.To, 10, 64)
	if err != nil || chat == 0 {
		return tgbotapi.BaseFile{}, &channels.SendError{Kind: channels.SendUnreachable, Text: "the address is not a chat"}
	}
	buttons, failure := keyboard(out.Buttons)
	return tgbotapi.BaseFile{File: file, BaseChat: tgbotapi.BaseChat{
		ChatID: chat, ReplyToMessageID: replyTo(out), AllowSendingWithoutReply: true,
		ReplyMarkup: replyMarkup(buttons, out.Prompt),
	}}, failure
}

// uploaded is the receipt of a message that brought a file, or why there is none.
func (a *Adapter) uploaded(result sent, call *httpcall.Call, err error) (channels.Receipt, *channels.SendError) {
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
