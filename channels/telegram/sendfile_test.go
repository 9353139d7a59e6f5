package telegram_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/redress-cms/redress/channels"
)

// opus is the beginning of a voice note: one page of Ogg that holds Opus.
const opus = "OggS\x00\x02" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "OpusHead and a voice"

func TestSendFile(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, content, method, part string
	}{
		{"a voice note", "audio/ogg", opus, "sendVoice", "voice"},
		{"another sound in Ogg", "audio/ogg", "OggS and vorbis", "sendDocument", "document"},
		{"MP3", "audio/mpeg", "ID3", "sendAudio", "audio"},
		{"M4A", "audio/x-m4a", "ftyp", "sendAudio", "audio"},
		{"AMR of an MMS", "audio/amr", "#!AMR", "sendDocument", "document"},
		{"a video", "video/mp4", "ftyp", "sendVideo", "video"},
		{"3GP", "video/3gpp", "ftyp3gp", "sendDocument", "document"},
		{"a letter", "application/pdf", "%PDF", "sendDocument", "document"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newProvider(t)
			c := config(p.URL)
			a := newAdapter(t, c)
			p.answers[tt.method] = func(w http.ResponseWriter, r *http.Request) {
				files := r.MultipartForm.File[tt.part]
				if len(files) != 1 || files[0].Filename != "C-7K2M-9QXT.x" {
					t.Errorf("files %v", r.MultipartForm.File)
					return
				}
				f, err := files[0].Open()
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = f.Close() }()
				if got, _ := io.ReadAll(f); string(got) != tt.content {
					t.Errorf("uploaded %q", got)
				}
				if r.PostForm.Get("caption") != "a file" || r.PostForm.Get("reply_to_message_id") != "7" {
					t.Errorf("sent %v", r.PostForm)
				}
				result(w, map[string]any{"message_id": 9, "chat": map[string]any{"id": json.Number(toAsha)}})
			}
			receipt, err := a.Send(t.Context(), fileOut(t, a.Files, tt.contentType, tt.content))
			if err != nil || receipt.ProviderID != toAsha+"/9" {
				t.Errorf("%+v, %v", receipt, err)
			}
		})
	}
}

func fileOut(t *testing.T, files channels.Files, contentType, content string) channels.Outbound {
	t.Helper()
	stored, err := files.Put(t.Context(), strings.NewReader(content), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return channels.Outbound{
		To: toAsha, Text: "a file", Thread: channels.Thread{InReplyTo: toAsha + "/7"},
		File: &channels.File{Name: "C-7K2M-9QXT.x", ContentType: contentType, SHA256: stored.SHA256},
	}
}

// Some people let nobody send them voice messages; they get the file.
func TestSendVoiceToWhoForbidsIt(t *testing.T) {
	p := newProvider(t)
	p.answers["sendVoice"] = refuse(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN")
	p.answers["sendDocument"] = func(w http.ResponseWriter, _ *http.Request) {
		result(w, map[string]any{"message_id": 9, "chat": map[string]any{"id": json.Number(toAsha)}})
	}
	a := newAdapter(t, config(p.URL))
	if _, err := a.Send(t.Context(), fileOut(t, a.Files, "audio/ogg", opus)); err != nil {
		t.Fatal(err)
	}
	if got := p.methods(); !slices.Equal(got, []string{"sendVoice", "sendDocument"}) {
		t.Errorf("called %q", got)
	}
}

func TestSendFileFails(t *testing.T) {
	p := newProvider(t)
	p.answers["sendVoice"] = refuse(413, "Request Entity Too Large")
	a := newAdapter(t, config(p.URL))
	out := fileOut(t, a.Files, "audio/ogg", opus)
	_, err := a.Send(t.Context(), out)
	var se *channels.SendError
	if !errors.As(err, &se) || se.Kind != channels.SendPermanent {
		t.Errorf("too large: %v", err)
	}
	p.answers["sendVoice"] = refuse(429, "Too Many Requests: retry after 5", `{"retry_after":5}`)
	if _, err = a.Send(t.Context(), out); !errors.As(err, &se) || se.Kind != channels.SendRetry || se.RetryAt.IsZero() {
		t.Errorf("too fast: %v", err)
	}
	out.File.SHA256 = "unknown"
	if _, err = a.Send(t.Context(), out); !errors.As(err, &se) || se.Kind != channels.SendRetry {
		t.Errorf("a file that cannot be read: %v", err)
	}
}
