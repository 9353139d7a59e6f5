package telegram_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/channels"
)

var toAsha = strconv.Itoa(asha)

func TestSendCard(t *testing.T) {
	p := newProvider(t)
	receipt, err := newAdapter(t, config(p.URL)).Send(t.Context(), channels.Outbound{
		To: toAsha, Text: "C-7K2M-9QXT Water leak", HTML: "<b>C-7K2M-9QXT</b> Water leak",
		Buttons: [][]channels.Button{{{Label: "Accept", Data: "accept:1"}, {Label: "Details", URL: "https://city.example/1"}}},
		Thread:  channels.Thread{InReplyTo: toAsha + "/7"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := p.of("sendMessage")[0]
	got.Del("entities") // the library sends null
	want := map[string][]string{
		"chat_id": {toAsha}, "text": {"<b>C-7K2M-9QXT</b> Water leak"}, "parse_mode": {"HTML"},
		"reply_to_message_id": {"7"}, "allow_sending_without_reply": {"true"}, "disable_web_page_preview": {"true"},
		"reply_markup": {`{"inline_keyboard":[[{"text":"Accept","callback_data":"accept:1"},{"text":"Details","url":"https://city.example/1"}]]}`},
	}
	if diff := cmp.Diff(want, map[string][]string(got)); diff != "" {
		t.Error(diff)
	}
	if receipt != (channels.Receipt{ProviderID: toAsha + "/1", State: channels.DeliveryDelivered}) {
		t.Errorf("receipt = %+v", receipt)
	}
}

func TestSendPrompt(t *testing.T) {
	p := newProvider(t)
	_, err := newAdapter(t, config(p.URL)).Send(t.Context(), channels.Outbound{
		To: strconv.Itoa(group), Text: "What was done?", Prompt: true,
		Thread: channels.Thread{InReplyTo: "-99/7"}, // of another chat
	})
	if err != nil {
		t.Fatal(err)
	}
	got := p.of("sendMessage")[0]
	if got.Get("reply_markup") != `{"force_reply":true,"selective":true}` || got.Has("reply_to_message_id") {
		t.Errorf("sent %v", got)
	}
}

func TestSendFallsBackToPlainText(t *testing.T) {
	p := newProvider(t)
	p.answers["sendMessage"] = func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm.Get("parse_mode") != "" {
			refuse(400, "Bad Request: can't parse entities: Unsupported start tag")(w, r)
			return
		}
		result(w, map[string]any{"message_id": 9, "chat": map[string]any{"id": asha}})
	}
	receipt, err := newAdapter(t, config(p.URL)).Send(t.Context(), channels.Outbound{To: toAsha, Text: "plain", HTML: "<u>broken"})
	if err != nil || receipt.ProviderID != toAsha+"/9" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	if all := p.of("sendMessage"); len(all) != 2 || all[1].Get("text") != "plain" {
		t.Errorf("sent %v", all)
	}
}

// A 5,000-character answer goes out in parts, split on word borders, with the
// buttons under the last.
func TestSendSplitsLongTexts(t *testing.T) {
	tests := map[string]struct {
		word  string
		parts int
	}{
		"letters": {"leaking ", 2},
		"emoji":   {"😀😀😀 ", 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			text := strings.TrimSpace(strings.Repeat(tt.word, 5000/len([]rune(tt.word))))
			out := channels.Outbound{
				To: toAsha, Text: text, HTML: "<b>" + text + "</b>",
				Buttons: [][]channels.Button{{{Label: "Accept", Data: "accept:1"}}},
			}
			a := newAdapter(t, config(p.URL))
			receipt, err := a.Send(t.Context(), out)
			if err != nil {
				t.Fatal(err)
			}
			all := p.of("sendMessage")
			for i, m := range all {
				part := m.Get("text")
				if n := len(utf16.Encode([]rune(part))); n > 4096 {
					t.Errorf("a part has %d characters", n)
				}
				for _, word := range strings.Fields(part) {
					if word != strings.TrimSpace(tt.word) {
						t.Fatalf("a word was cut: %q", word)
					}
				}
				if last := i == len(all)-1; m.Has("reply_markup") != last || m.Has("parse_mode") {
					t.Errorf("part %d: %v", i, m["reply_markup"])
				}
			}
			if want := toAsha + "/" + strconv.Itoa(len(all)); receipt.ProviderID != want {
				t.Errorf("receipt is of %s, want the message with the buttons, %s", receipt.ProviderID, want)
			}
			if charged := a.Pace(out)[1].Units; charged != float64(len(all)) {
				t.Errorf("charged %v for %d messages", charged, len(all))
			}
		})
	}
}

func TestSendOfAPartFailsAfterAnother(t *testing.T) {
	p := newProvider(t)
	calls := 0
	p.answers["sendMessage"] = func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls > 1 {
			refuse(429, "Too Many Requests: retry after 5", `{"retry_after":5}`)(w, r)
			return
		}
		result(w, map[string]any{"message_id": 9, "chat": map[string]any{"id": asha}})
	}
	_, err := newAdapter(t, config(p.URL)).Send(t.Context(), channels.Outbound{To: toAsha, Text: strings.Repeat("a ", 3000)})
	if se := channels.AsSendError(err); se.Kind != channels.SendUncertain || !se.RetryAt.IsZero() {
		t.Errorf("error = %+v, want uncertain: sending it again would send the first part twice", se)
	}
}

func TestSendEdit(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"changed":     nil,
		"was so":      refuse(400, "Bad Request: message is not modified: specified new message content is exactly the same"),
		"plain again": func(w http.ResponseWriter, r *http.Request) { parseFails(w, r) },
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.answers["editMessageText"] = answer
			out := channels.Outbound{To: toAsha, Text: "Resolved", HTML: "<b>Resolved</b>", Edit: toAsha + "/7"}
			receipt, err := newAdapter(t, config(p.URL)).Send(t.Context(), out)
			if err != nil || receipt.ProviderID != out.Edit {
				t.Fatalf("%+v, %v", receipt, err)
			}
			got := p.of("editMessageText")[0]
			if got.Get("chat_id") != toAsha || got.Get("message_id") != "7" || got.Get("text") != out.HTML {
				t.Errorf("sent %v", got)
			}
		})
	}
}

func parseFails(w http.ResponseWriter, r *http.Request) {
	if r.PostForm.Get("parse_mode") != "" {
		refuse(400, "Bad Request: can't parse entities")(w, r)
		return
	}
	result(w, true)
}

func TestSendAnswersAPress(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"in time":  nil,
		"too late": refuse(400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.answers["answerCallbackQuery"] = answer
			_, err := newAdapter(t, config(p.URL)).Send(t.Context(), channels.Outbound{
				To: toAsha, PressID: "4711", Text: strings.Repeat("already resolved ", 20),
			})
			if err != nil {
				t.Fatal(err)
			}
			got := p.of("answerCallbackQuery")[0]
			if note := got.Get("text"); got.Get("callback_query_id") != "4711" || len([]rune(note)) > 200 || !strings.HasSuffix(note, "…") {
				t.Errorf("sent %v", got)
			}
			if len(p.of("sendMessage")) != 0 {
				t.Error("a message was sent too")
			}
		})
	}
}

func TestSendErrorsTellWhereAndWhen(t *testing.T) {
	p := newProvider(t)
	a := newAdapter(t, config(p.URL))
	p.answers["sendMessage"] = refuse(429, "Too Many Requests: retry after 30", `{"retry_after":30}`)
	_, err := a.Send(t.Context(), channels.Outbound{To: toAsha, Text: "x"})
	se := channels.AsSendError(err)
	if se.Scope != "chat:"+toAsha || !se.RetryAt.Equal(now.Add(30*time.Second)) {
		t.Errorf("%+v, want this chat to wait 30 s", se)
	}
	p.answers["sendMessage"] = refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", `{"migrate_to_chat_id":-1001234567890123}`)
	_, err = a.Send(t.Context(), channels.Outbound{To: "-42", Text: "x"})
	if se := channels.AsSendError(err); se.Kind != channels.SendMoved || se.NewAddress != "-1001234567890123" {
		t.Errorf("%+v", se)
	}
}

func TestPace(t *testing.T) {
	a := newAdapter(t, config(""))
	tests := map[string]struct {
		out  channels.Outbound
		want []channels.Charge
	}{
		"private chat": {channels.Outbound{To: toAsha, Text: "x"}, []channels.Charge{
			{Scope: "account", Units: 1, PerSecond: 25, Burst: 5},
			{Scope: "chat:" + toAsha, Units: 1, PerSecond: 1, Burst: 3},
		}},
		"group": {channels.Outbound{To: "-42", Text: "x"}, []channels.Charge{
			{Scope: "account", Units: 1, PerSecond: 25, Burst: 5},
			{Scope: "chat:-42", Units: 1, PerSecond: 0.25, Burst: 5},
		}},
		"answer to a press": {channels.Outbound{To: "-42", PressID: "1"}, []channels.Charge{
			{Scope: "account", Units: 1, PerSecond: 25, Burst: 5},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, a.Pace(tt.out)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHealthOfAWebhookIsMendedByTheNextMessageThatIsTaken(t *testing.T) {
	p := newProvider(t)
	p.answers["sendMessage"] = refuse(401, "Unauthorized")
	a := newAdapter(t, webhookConfig(p.URL))
	for _, up := range []bool{false, true} {
		_, err := a.Send(t.Context(), channels.Outbound{To: toAsha, Text: "x"})
		if h := a.Health(); (err == nil) != up || h.Up != up {
			t.Errorf("send: %v, health %+v, want up: %v", err, h, up)
		}
		delete(p.answers, "sendMessage")
	}
}
