package telegram

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
)

const (
	maxUpload = 50 << 20 // bytes; bots send no larger files
	headBytes = 64       // within them an Ogg file says what it holds (RFC 7845, section 5.1)
)

// sendFile sends a file with the text under it, in the way in which the chat
// plays it, else as a document.
func (a *Adapter) sendFile(ctx context.Context, out channels.Outbound) (channels.Receipt, *channels.SendError) {
	content, err := a.Files.Get(ctx, out.File.SHA256)
	if err != nil {
		return channels.Receipt{}, &channels.SendError{Kind: channels.SendRetry, Text: "the file cannot be read now", Err: err}
	}
	defer func() { _ = content.Close() }() // only read
	reader := bufio.NewReader(content)
	head, _ := reader.Peek(headBytes) // a shorter file has less
	voice := strings.HasSuffix(out.File.ContentType, "/ogg") && bytes.Contains(head, []byte("OpusHead"))
	base, failure := baseOf(out, tgbotapi.FileReader{Name: out.File.Name, Reader: io.LimitReader(reader, maxUpload)})
	if failure != nil {
		return channels.Receipt{}, failure
	}
	calling, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	result, call, err := request[sent](calling, a, fileMessage(base, out.File.ContentType, voice, shorten(out.Text, maxCaption)))
	if voice && refused(err, "voice_messages_forbidden") { // a setting of the person's; files come through
		document := *out.File
		document.ContentType = "application/octet-stream"
		out.File = &document
		return a.sendFile(ctx, out)
	}
	return a.uploaded(result, call, err)
}

// fileMessage chooses the method by its rules: sendVoice takes Opus in Ogg,
// sendAudio MP3 and M4A, sendVideo MPEG-4, sendDocument everything.
func fileMessage(base tgbotapi.BaseFile, contentType string, voice bool, caption string) tgbotapi.Chattable {
	if voice {
		return tgbotapi.VoiceConfig{BaseFile: base, Caption: caption}
	}
	switch contentType {
	case "audio/mpeg", "audio/mp4", "audio/x-m4a":
		return tgbotapi.AudioConfig{BaseFile: base, Caption: caption}
	case "video/mp4":
		return tgbotapi.VideoConfig{BaseFile: base, Caption: caption, SupportsStreaming: true}
	}
	return tgbotapi.DocumentConfig{BaseFile: base, Caption: caption}
}
