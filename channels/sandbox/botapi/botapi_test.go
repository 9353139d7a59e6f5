package botapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
)

const (
	citizen = int64(501)
	officer = int64(601)
	group   = int64(-4001)
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) (*botapi.Server, *tgbotapi.BotAPI) {
	t.Helper()
	s, err := botapi.Start(botapi.Config{
		Token: "1:secret", BotName: "city_bot", RetryEvery: time.Millisecond,
		People: []botapi.User{{ID: citizen, FirstName: "Meera", LanguageCode: "hi"}, {ID: officer, FirstName: "Asha", Username: "asha"}},
		Groups: []botapi.Group{{ID: group, Title: "Water and Sewerage"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	bot, err := tgbotapi.NewBotAPIWithClient("1:secret", s.URL()+"/bot%s/%s", client)
	if err != nil {
		t.Fatal(err)
	}
	return s, bot
}

func updates(t *testing.T, bot *tgbotapi.BotAPI, offset int) []tgbotapi.Update {
	t.Helper()
	list, err := bot.GetUpdates(tgbotapi.UpdateConfig{Offset: offset, Timeout: 1})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestConversation(t *testing.T) {
	s, bot := start(t)
	if bot.Self.UserName != "city_bot" {
		t.Errorf("the bot is %q", bot.Self.UserName)
	}
	first, err := s.Say(citizen, citizen, "पानी का रिसाव", 0)
	if err != nil {
		t.Fatal(err)
	}
	got := updates(t, bot, 0)
	if len(got) != 1 || got[0].Message.Text != "पानी का रिसाव" || got[0].Message.From.LanguageCode != "hi" ||
		got[0].Message.Chat.Type != "private" || got[0].Message.MessageID != first {
		t.Fatalf("updates %+v", got)
	}
	answer := tgbotapi.NewMessage(citizen, "<b>C-7K2M-9QXT</b> &lt;noted&gt;")
	answer.ParseMode = "HTML"
	answer.ReplyToMessageID = first
	sent, err := bot.Send(answer)
	if err != nil {
		t.Fatal(err)
	}
	if sent.Text != "C-7K2M-9QXT <noted>" || len(sent.Entities) != 1 || sent.Entities[0].Length != 11 || sent.ReplyToMessage.MessageID != first {
		t.Errorf("sent %+v", sent)
	}
	if _, err := s.Say(citizen, citizen, "thanks", sent.MessageID); err != nil {
		t.Fatal(err)
	}
	got = updates(t, bot, got[0].UpdateID+1)
	if len(got) != 1 || got[0].Message.ReplyToMessage.MessageID != sent.MessageID || !got[0].Message.ReplyToMessage.From.IsBot {
		t.Errorf("reply %+v", got)
	}
}

func TestLongPollWakes(t *testing.T) {
	s, bot := start(t)
	got := make(chan []tgbotapi.Update)
	go func() {
		list, _ := bot.GetUpdates(tgbotapi.UpdateConfig{Timeout: 30})
		got <- list
	}()
	if _, err := s.Say(group, officer, "/mine now", 0); err != nil {
		t.Fatal(err)
	}
	list := <-got
	if len(list) != 1 || list[0].Message.Command() != "mine" || list[0].Message.Chat.Title != "Water and Sewerage" {
		t.Errorf("updates %+v", list)
	}
}

func TestButtons(t *testing.T) {
	s, bot := start(t)
	card := tgbotapi.NewMessage(group, "Water leak, Ward 4")
	card.ReplyMarkup = tgbotapi.NewInlineKeyboardMarkup(tgbotapi.NewInlineKeyboardRow(
		tgbotapi.NewInlineKeyboardButtonData("Accept", "a:1"), tgbotapi.NewInlineKeyboardButtonURL("Track", "http://localhost:8080/track/x")))
	sent, err := bot.Send(card)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Press(group, officer, sent.MessageID, "b:1"); err == nil {
		t.Error("pressed a button that is not there")
	}
	id, err := s.Press(group, officer, sent.MessageID, "a:1")
	if err != nil {
		t.Fatal(err)
	}
	got := updates(t, bot, 0)
	if len(got) != 1 || got[0].CallbackQuery == nil || got[0].CallbackQuery.Data != "a:1" || got[0].CallbackQuery.From.UserName != "asha" ||
		got[0].CallbackQuery.Message.MessageID != sent.MessageID {
		t.Fatalf("updates %+v", got)
	}
	if _, err := bot.Request(tgbotapi.NewCallback(id, "Accepted")); err != nil {
		t.Fatal(err)
	}
	if p, ok := s.Pressed(id); !ok || !p.Answered || p.Answer != "Accepted" {
		t.Errorf("press %+v", p)
	}
	if _, err := bot.Request(tgbotapi.NewCallback(id, "Accepted")); err == nil {
		t.Error("answered twice")
	}
	edit := tgbotapi.NewEditMessageText(group, sent.MessageID, "Water leak, Ward 4: accepted by Asha")
	if _, err := bot.Send(edit); err != nil {
		t.Fatal(err)
	}
	if _, err := bot.Send(edit); err == nil || !strings.Contains(err.Error(), "message is not modified") {
		t.Errorf("the same edit again: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	m, err := s.AwaitMessage(ctx, group, func(m botapi.Message) bool { return strings.Contains(m.Text, "accepted") })
	if err != nil || m.ID != sent.MessageID || m.ReplyMarkup != nil || m.EditDate == 0 {
		t.Errorf("card %+v, %v", m, err)
	}
}

func TestPrompt(t *testing.T) {
	s, bot := start(t)
	prompt := tgbotapi.NewMessage(group, "What shall we ask?")
	prompt.ReplyMarkup = tgbotapi.ForceReply{ForceReply: true, Selective: true}
	if _, err := bot.Send(prompt); err != nil {
		t.Fatal(err)
	}
	if list := s.Messages(group); len(list) != 1 || !list[0].ForceReply {
		t.Errorf("messages %+v", list)
	}
}

func TestRefusals(t *testing.T) {
	long := strings.Repeat("a", 65)
	tests := []struct {
		name       string
		set        func(*testing.T, *botapi.Server)
		message    func() tgbotapi.MessageConfig
		code       int
		text       string
		retryAfter int
		migrated   int64
	}{
		{name: "unknown chat", message: func() tgbotapi.MessageConfig { return tgbotapi.NewMessage(9, "hi") }, code: 400, text: "Bad Request: chat not found"},
		{name: "no text", message: func() tgbotapi.MessageConfig { return tgbotapi.NewMessage(citizen, " ") }, code: 400, text: "Bad Request: message text is empty"},
		{name: "too long", message: func() tgbotapi.MessageConfig {
			return tgbotapi.NewMessage(citizen, strings.Repeat("é", 4097))
		}, code: 400, text: "Bad Request: message is too long"},
		{name: "bad markup", message: func() tgbotapi.MessageConfig {
			m := tgbotapi.NewMessage(citizen, "<script>x</script>")
			m.ParseMode = "HTML"
			return m
		}, code: 400, text: `Bad Request: can't parse entities: Unsupported start tag "script"`},
		{name: "button data", message: func() tgbotapi.MessageConfig {
			m := tgbotapi.NewMessage(citizen, "x")
			m.ReplyMarkup = tgbotapi.NewInlineKeyboardMarkup([]tgbotapi.InlineKeyboardButton{{Text: "x", CallbackData: &long}})
			return m
		}, code: 400, text: "Bad Request: BUTTON_DATA_INVALID"},
		{name: "blocked", set: func(_ *testing.T, s *botapi.Server) { s.Block(citizen) }, code: 403, text: "Forbidden: bot was blocked by the user"},
		{name: "too fast", set: func(_ *testing.T, s *botapi.Server) { s.FailNext(1, botapi.TooManyRequests(citizen, 7*time.Second)) },
			code: 429, text: "Too Many Requests: retry after 7", retryAfter: 7},
		{name: "moved", set: func(t *testing.T, s *botapi.Server) {
			if err := s.Migrate(group, -1004001); err != nil {
				t.Fatal(err)
			}
		}, message: func() tgbotapi.MessageConfig { return tgbotapi.NewMessage(group, "x") },
			code: 400, text: "Bad Request: group chat was upgraded to a supergroup chat", migrated: -1004001},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, bot := start(t)
			if test.set != nil {
				test.set(t, s)
			}
			message := tgbotapi.NewMessage(citizen, "hello")
			if test.message != nil {
				message = test.message()
			}
			_, err := bot.Send(message)
			var refused *tgbotapi.Error
			if !errors.As(err, &refused) {
				t.Fatalf("error %v, want the provider's", err)
			}
			got := []any{refused.Code, refused.Message, refused.RetryAfter, refused.MigrateToChatID}
			if diff := cmp.Diff([]any{test.code, test.text, test.retryAfter, test.migrated}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLostAnswer(t *testing.T) {
	s, bot := start(t)
	s.FailNext(1, botapi.Fault{CutAfterAccept: true})
	if _, err := bot.Send(tgbotapi.NewMessage(citizen, "hello")); err == nil {
		t.Fatal("the call succeeded")
	}
	if n := len(s.Messages(citizen)); n != 1 {
		t.Errorf("%d messages in the chat, want 1", n)
	}
}

func TestTokenIsNeeded(t *testing.T) {
	s, _ := start(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	_, err := tgbotapi.NewBotAPIWithClient("1:guess", s.URL()+"/bot%s/%s", client)
	if err == nil || !strings.Contains(err.Error(), "Unauthorized") { //nolint:misspell // as sent
		t.Errorf("wrong token: %v", err)
	}
}

func TestFiles(t *testing.T) {
	s, bot := start(t)
	if _, err := s.SendPhoto(citizen, citizen, []byte("picture"), "the pipe"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SendDocument(citizen, citizen, "../letter.pdf", "application/pdf", []byte("letter"), ""); err != nil {
		t.Fatal(err)
	}
	got := updates(t, bot, 0)
	if got[0].Message.Caption != "the pipe" || len(got[0].Message.Photo) != 2 || got[1].Message.Document.FileName != "../letter.pdf" {
		t.Fatalf("updates %+v", got)
	}
	for id, want := range map[string]string{got[0].Message.Photo[1].FileID: "picture", got[1].Message.Document.FileID: "letter"} {
		file, err := bot.GetFile(tgbotapi.FileConfig{FileID: id})
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.Get(s.URL() + "/file/bot1:secret/" + file.FilePath)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if string(data) != want {
			t.Errorf("file is %q, want %q", data, want)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestOtherKinds(t *testing.T) {
	s, bot := start(t)
	_, err1 := s.SendLocation(citizen, citizen, 12.97, 77.59)
	_, err2 := s.SendContact(citizen, citizen, "+919845012345")
	_, err3 := s.SendVoice(citizen, citizen, []byte("ogg"), 4*time.Second)
	_, err4 := s.SendSticker(citizen, citizen, "👍")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	got := updates(t, bot, 0)
	if len(got) != 4 || got[0].Message.Location.Latitude != 12.97 || got[1].Message.Contact.PhoneNumber != "919845012345" ||
		got[2].Message.Voice.Duration != 4 || got[3].Message.Sticker.Emoji != "👍" {
		t.Errorf("updates %+v", got)
	}
}

func TestUpdateIDsResetLower(t *testing.T) {
	s, bot := start(t)
	say := func(text string) {
		t.Helper()
		if _, err := s.Say(citizen, citizen, text, 0); err != nil {
			t.Fatal(err)
		}
	}
	say("one")
	first := updates(t, bot, 0)
	s.ResetUpdateIDs(5)
	say("two")
	second := updates(t, bot, first[0].UpdateID+1)
	if len(second) != 1 || second[0].UpdateID != 5 || second[0].Message.Text != "two" {
		t.Fatalf("after the reset: %+v", second)
	}
	if err := s.Inject(json.RawMessage(`{"update_id": 6, "message": {"message_id": "poison"}}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := bot.GetUpdates(tgbotapi.UpdateConfig{Offset: 6}); err == nil {
		t.Error("the poisoned update could be read")
	}
}

func TestWebhook(t *testing.T) {
	s, bot := start(t)
	came := make(chan string, 10)
	status := http.StatusServiceUnavailable
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var u struct {
			Message struct{ Text string }
		}
		_ = json.NewDecoder(r.Body).Decode(&u)
		w.WriteHeader(status)
		status = http.StatusOK
		came <- r.Header.Get("X-Telegram-Bot-Api-Secret-Token") + " " + r.URL.Path + " " + u.Message.Text
	}))
	defer app.Close()
	s.Route("https://city.example", app.URL)
	if _, err := bot.MakeRequest("setWebhook", tgbotapi.Params{"url": "https://city.example/hook", "secret_token": "s3"}); err != nil {
		t.Fatal(err)
	}
	if _, err := bot.GetUpdates(tgbotapi.UpdateConfig{}); err == nil || !strings.Contains(err.Error(), "Conflict") {
		t.Errorf("polling beside a webhook: %v", err)
	}
	if _, err := s.Say(citizen, citizen, "hello", 0); err != nil {
		t.Fatal(err)
	}
	for range 2 { // refused once, then taken
		if got := <-came; got != "s3 /hook hello" {
			t.Errorf("posted %q", got)
		}
	}
	if _, err := bot.Request(tgbotapi.DeleteWebhookConfig{}); err != nil {
		t.Fatal(err)
	}
}
