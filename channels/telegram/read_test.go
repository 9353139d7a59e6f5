package telegram_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/telegram"
)

func inbound(raw string) channels.Inbound {
	return channels.Inbound{ContentType: "application/json", ReceivedAt: now, Raw: []byte(raw)}
}

func TestRead(t *testing.T) {
	at := time.Unix(1798000000, 0).UTC()
	base := channels.Message{
		From: channels.Party{Address: "987654321", Name: "Asha Rao"}, Verified: true, VerifiedBy: "telegram user id",
		Language: "hi", ID: "987654321/7", SentAt: at,
	}
	text := func(s string) func(*channels.Message) {
		return func(m *channels.Message) { m.Text, m.Written = s, s }
	}
	file := func(name, contentType, content string) func(*channels.Message) {
		return func(m *channels.Message) {
			m.Attachments = []channels.Attachment{{Filename: name, ContentType: contentType, Stored: channels.Stored{SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(content))), Size: int64(len(content))}}}
		}
	}
	message := func(rest string) string { return update(1, "message", private(7, rest)) }
	tests := map[string]struct {
		update string
		want   func(*channels.Message)
	}{
		"text":      {message(`"text":"No water"`), text("No water")},
		"deep link": {message(`"text":"/start LINK-CODE"`), text("/start LINK-CODE")},
		"an edit": {update(1, "edited_message", private(7, `"edit_date":1798000009,"text":"No water at all"`)), func(m *channels.Message) {
			text("No water at all")(m)
			m.Edited = true
		}},
		"forwarded, before API 7.0": {message(`"forward_date":1797000000,"forward_sender_name":"Ravi","text":"No water"`), func(m *channels.Message) {
			text("No water")(m)
			m.Forwarded = "Ravi"
		}},
		"forwarded from a person": {message(`"forward_origin":{"type":"user","date":1,"sender_user":{"id":5,"first_name":"Ravi","last_name":"Rao"}},"text":"No water"`), func(m *channels.Message) {
			text("No water")(m)
			m.Forwarded = "Ravi Rao"
		}},
		"forwarded from who hides": {message(`"forward_origin":{"type":"hidden_user","date":1,"sender_user_name":"R\nR"},"text":"No water"`), func(m *channels.Message) {
			text("No water")(m)
			m.Forwarded = "R R"
		}},
		"forwarded from a channel": {message(`"forward_origin":{"type":"channel","date":1,"chat":{"id":-1001,"type":"channel","title":"City news"}},"text":"No water"`), func(m *channels.Message) {
			text("No water")(m)
			m.Forwarded = "City news"
		}},
		"forwarded from nobody known": {message(`"forward_origin":{"type":"odd"},"text":"No water"`), func(m *channels.Message) {
			text("No water")(m)
			m.Forwarded = "somebody"
		}},
		"part of an album": {message(`"media_group_id":"42","text":"see"`), func(m *channels.Message) {
			text("see")(m)
			m.Album = "42"
		}},
		"live location moves": {update(1, "edited_message", private(7, `"edit_date":1798000009,"location":{"latitude":1,"longitude":2,"live_period":900}`)), func(m *channels.Message) {
			m.ID, m.SentAt, m.NoEffect = "", time.Time{}, "a live location that moved or ended"
		}},
		"live location begins": {message(`"location":{"latitude":1,"longitude":2,"live_period":900}`), func(m *channels.Message) {
			m.Location = &channels.Location{Latitude: 1, Longitude: 2}
		}},
		"dice":       {message(`"dice":{"emoji":"🎲","value":3}`), func(m *channels.Message) { m.Unusable = "dice" }},
		"poll":       {message(`"poll":{"id":"1","question":"Fixed?","options":[]}`), func(m *channels.Message) { m.Unusable = "poll" }},
		"story":      {message(`"story":{"chat":{"id":5,"type":"private"},"id":1}`), func(m *channels.Message) { m.Unusable = "unsupported" }},
		"paid media": {message(`"caption":"see","paid_media":{"star_count":5,"paid_media":[{"type":"preview"}]}`), text("see")},
		"bot was let in": {message(`"write_access_allowed":{"from_request":true}`), func(m *channels.Message) {
			m.Unusable, m.NoEffect = "unsupported", "the person let the bot write"
		}},
		"video note": {message(`"video_note":{"file_id":"N","length":240,"duration":9}`), file("video.mp4", "video/mp4", "content of photos/N")},
		"audio":      {message(`"audio":{"file_id":"A","mime_type":"audio/mpeg","file_name":"noise.mp3"}`), file("noise.mp3", "audio/mpeg", "content of photos/A")},
		"animation":  {message(`"animation":{"file_id":"G"},"document":{"file_id":"G","mime_type":"video/mp4","file_name":"a.mp4"}`), file("a.mp4", "video/mp4", "content of photos/G")},
		"in a topic": {update(1, "message", inGroup(7, `"is_topic_message":true,"message_thread_id":3,"text":"/mine",
			"reply_to_message":{"message_id":3,"chat":{"id":-100500,"type":"supergroup"},"forum_topic_created":{"name":"Water"}}`)), func(m *channels.Message) {
			text("/mine")(m)
			m.ID, m.Conversation, m.From.Name, m.Language = "-100500/7", "-100500", "Asha", ""
		}},
		"NUL":        {message(`"text":"No\u0000 water"`), text("No water")},
		"half emoji": {message(`"text":"\ud83d!"`), text("\uFFFD!")},
		"in reply": {message(`"text":"yes","reply_to_message":{"message_id":3,"chat":{"id":987654321,"type":"private"}}`), func(m *channels.Message) {
			text("yes")(m)
			m.InReplyTo = []string{"987654321/3"}
		}},
		"photo": {message(`"caption":"see","photo":[{"file_id":"S","width":90,"height":90},{"file_id":"L","width":900,"height":900},{"file_id":"M","width":320,"height":320}]`), func(m *channels.Message) {
			text("see")(m)
			file("photo.jpg", "image/jpeg", "content of photos/L")(m)
		}},
		"document":       {message(`"document":{"file_id":"D","file_name":"../bill.pdf","mime_type":"application/pdf"}`), file("../bill.pdf", "application/pdf", "content of photos/D")},
		"voice":          {message(`"voice":{"file_id":"V","mime_type":"audio/ogg"}`), file("voice.ogg", "audio/ogg", "content of photos/V")},
		"video":          {message(`"video":{"file_id":"F","mime_type":"video/mp4","file_name":"leak.mp4"}`), file("leak.mp4", "video/mp4", "content of photos/F")},
		"path of a file": {message(`"document":{"file_id":"../../getMe","file_name":"x"}`), file("x", "", "content of photos/getMe")},
		"file too large": {message(`"document":{"file_id":"D","file_size":20971521}`), func(m *channels.Message) {
			m.Defects = []string{"a file was not taken: it is too large"}
		}},
		"place": {message(`"location":{"latitude":18.52,"longitude":73.85},"venue":{"title":"School","address":"Ward 4","location":{"latitude":18.52,"longitude":73.85}}`), func(m *channels.Message) {
			m.Location = &channels.Location{Latitude: 18.52, Longitude: 73.85, Label: "School, Ward 4"}
		}},
		"own number": {message(`"contact":{"phone_number":"919876543210","first_name":"Asha","user_id":987654321}`), func(m *channels.Message) {
			m.Also = []channels.Further{{Channel: "sms", Address: "+919876543210", Verified: true}}
		}},
		"another's number":  {message(`"contact":{"phone_number":"+919999999999","first_name":"Ravi","user_id":1}`), text("Ravi +919999999999")},
		"number of no user": {message(`"contact":{"phone_number":"+919999999999","first_name":"Ravi"}`), text("Ravi +919999999999")},
		"sticker":           {message(`"sticker":{"file_id":"T","emoji":"😀"}`), func(m *channels.Message) { m.Unusable = "sticker" }},
		"something new":     {message(`"hologram":{"file_id":"H"}`), func(m *channels.Message) { m.Unusable = "unsupported" }},
		"command in a group": {update(1, "message", inGroup(7, `"text":"/resolve@city_bot C-7K2M-9QXT fixed @ 5\nthank you"`)), func(m *channels.Message) {
			text("/resolve C-7K2M-9QXT fixed @ 5\nthank you")(m)
			m.ID, m.Conversation, m.From.Name, m.Language = "-100500/7", "-100500", "Asha", ""
		}},
		"press": {update(1, "callback_query", `"id":"4711","from":{"id":987654321,"first_name":"Asha","last_name":"Rao","language_code":"hi"},
			"message":{"message_id":3,"chat":{"id":-100500,"type":"supergroup"}},"data":"accept:1"`), func(m *channels.Message) {
			m.ID, m.SentAt, m.Conversation = "press:4711", time.Time{}, "-100500"
			m.Press, m.PressID, m.InReplyTo = "accept:1", "4711", []string{"-100500/3"}
		}},
		"blocked": {update(1, "my_chat_member", `"chat":{"id":987654321,"type":"private"},"date":1798000000,
			"from":{"id":987654321,"first_name":"Asha","last_name":"Rao","language_code":"hi"},
			"old_chat_member":{"status":"member"},"new_chat_member":{"status":"kicked"}`), func(m *channels.Message) {
			m.ID, m.OptOut = "", "stop"
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := newAdapter(t, config(newProvider(t).URL)).Read(t.Context(), inbound(tt.update))
			if err != nil {
				t.Fatal(err)
			}
			want := base
			tt.want(&want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadFileThatIsNotThere(t *testing.T) {
	document := inbound(update(1, "message", private(7, `"caption":"see","document":{"file_id":"D"}`)))
	tests := map[string]struct {
		code        int
		description string
		defect      string // empty: it is to be tried again
	}{
		"too big":       {400, "Bad Request: file is too big", "a file was not taken: it is too large"},
		"forgotten":     {400, "Bad Request: wrong file_id or the file is temporarily unavailable", "a file was not taken: the provider no longer has it"},
		"not available": {500, "Internal Server Error", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.answers["getFile"] = refuse(tt.code, tt.description)
			msg, err := newAdapter(t, config(p.URL)).Read(t.Context(), document)
			if (err != nil) != (tt.defect == "") {
				t.Fatalf("error = %v", err)
			}
			if err == nil && (msg.Text != "see" || len(msg.Defects) != 1 || msg.Defects[0] != tt.defect) {
				t.Errorf("text %q, defects %q", msg.Text, msg.Defects)
			}
		})
	}
}

// The token is part of every address; no error may tell it.
func TestReadErrorsHideTheToken(t *testing.T) {
	p := newProvider(t)
	p.answers["getFile"] = cut
	_, err := newAdapter(t, config(p.URL)).Read(t.Context(), inbound(update(1, "message", private(7, `"document":{"file_id":"D"}`))))
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), token) || strings.Contains(fmt.Sprintf("%+v", e), token) {
			t.Errorf("error holds the token: %v", e)
		}
	}
	if err == nil {
		t.Error("no error")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(update(1, "message", private(7, `"text":"/a@b c"`)))
	f.Add(update(1, "message", private(7, `"contact":{"phone_number":"1"},"venue":{"title":"a"},"location":{}`)))
	f.Add(update(1, "callback_query", `"id":"1","from":{"id":1},"message":{"message_id":1},"data":"x"`))
	f.Add(update(1, "edited_message", private(7, `"edit_date":1,"media_group_id":"9","caption":"x","location":{}`)))
	f.Add(update(1, "message", private(7, `"forward_origin":{"sender_user":{},"chat":{"title":"x"}},"reply_to_message":{"forum_topic_created":{}}`)))
	f.Add(update(1, "my_chat_member", `"chat":{"type":"private"}`))
	f.Add(`{"message":{"from":{},"chat":{},"reply_to_message":{"chat":{}},"photo":[{},{"file_id":"x"}]}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		a, err := telegram.New(config("http://127.0.0.1:1"))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nothing is fetched
		msg, err := a.Read(ctx, inbound(raw))
		if err != nil {
			if !errors.Is(err, channels.ErrUnreadable) && !errors.Is(err, context.Canceled) {
				t.Errorf("error of another kind: %v", err)
			}
			return
		}
		if strings.ContainsRune(msg.Text, 0) || msg.From.Address == "" {
			t.Errorf("message %+v", msg)
		}
	})
}
