package telegram_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
	"github.com/redress-cms/redress/channels/telegram"
)

// What the pipeline finds in the adapter by asking for it.
var _ interface {
	channels.Adapter
	channels.Reader
	channels.Webhook
	channels.Pacer
	channels.Checker
	channels.Preparer
	channels.Poller
} = (*telegram.Adapter)(nil)

func TestSuite(t *testing.T) {
	build := func(t *testing.T, logger *slog.Logger, baseURL, token string) channels.Adapter {
		c := webhookConfig(baseURL)
		c.Logger, c.Token = logger, token
		return newAdapter(t, c)
	}
	message := channels.Outbound{ID: "1", To: strconv.Itoa(asha), Text: "Your complaint is C-7K2M-9QXT"}
	edit, press, longData := message, message, message
	edit.Edit = "987654321/7"
	press.PressID = "4711"
	longData.Buttons = [][]channels.Button{{{Label: "Accept", Data: string(make([]byte, 65))}}}
	toName := message
	toName.To = "@asha_at_home"

	faulty := func(name string, want channels.SendErrorKind, method string, answer http.HandlerFunc, out ...channels.Outbound) channelstest.Fault {
		f := channelstest.Fault{Name: name, Want: want, New: func(t *testing.T, logger *slog.Logger) channels.Adapter {
			p := newProvider(t)
			p.answers[method] = answer
			return build(t, logger, p.URL, token)
		}}
		if len(out) > 0 {
			f.Outbound = &out[0]
		}
		return f
	}
	badGateway := func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<h1>Bad gateway</h1>", http.StatusBadGateway)
	}
	const send, change, answer = "sendMessage", "editMessageText", "answerCallbackQuery"
	channelstest.Run(t, channelstest.Harness{
		New: func(t *testing.T, logger *slog.Logger) channels.Adapter {
			return build(t, logger, newProvider(t).URL, token)
		},
		Outbound:    message,
		Secrets:     []string{token, "the_secret_part", secret},
		WebhookPath: "/webhooks/telegram/city",
		Inbound: channels.Inbound{
			Key:         channels.Key{Channel: telegram.Channel, Account: "city", ExternalID: "1"},
			Sender:      strconv.Itoa(asha),
			ReceivedAt:  now,
			ContentType: "application/json",
			Raw:         []byte(update(1, "message", private(7, `"text":"No water"`))),
		},
		Faults: []channelstest.Fault{
			faulty("blocked", channels.SendUnreachable, send, refuse(403, "Forbidden: bot was blocked by the user")),
			faulty("account gone", channels.SendUnreachable, send, refuse(403, "Forbidden: user is deactivated")),
			faulty("kicked from the group", channels.SendUnreachable, send, refuse(403, "Forbidden: bot was kicked from the supergroup chat")),
			faulty("no such chat", channels.SendUnreachable, send, refuse(400, "Bad Request: chat not found")),
			faulty("may not write", channels.SendUnreachable, send, refuse(400, "Bad Request: not enough rights to send text messages to the chat")),
			faulty("group became a supergroup", channels.SendMoved, send, refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", `{"migrate_to_chat_id":-100777}`)),
			faulty("any other refusal", channels.SendPermanent, send, refuse(400, "Bad Request: "+message.Text)),
			faulty("token refused", channels.SendMisconfigured, send, refuse(401, "Unauthorized")), //nolint:misspell // Telegram's word
			faulty("no such method", channels.SendMisconfigured, send, refuse(404, "Not Found")),
			faulty("too many", channels.SendRetry, send, refuse(429, "Too Many Requests: retry after 30", `{"retry_after":30}`)),
			faulty("server error", channels.SendUncertain, send, refuse(500, "Internal Server Error")),
			faulty("bad gateway that speaks no JSON", channels.SendUncertain, send, badGateway),
			faulty("connection cut", channels.SendUncertain, send, cut),
			faulty("answer without a message", channels.SendUncertain, send, func(w http.ResponseWriter, _ *http.Request) { result(w, true) }),
			faulty("card is gone", channels.SendPermanent, change, refuse(400, "Bad Request: message to edit not found"), edit),
			faulty("card cannot be changed", channels.SendPermanent, change, refuse(400, "Bad Request: message can't be edited"), edit),
			faulty("an edit can be repeated", channels.SendRetry, change, badGateway, edit),
			faulty("cut while editing", channels.SendRetry, change, cut, edit),
			faulty("an answer to a press can be repeated", channels.SendRetry, answer, cut, press),
			faulty("button with too much data", channels.SendPermanent, send, nil, longData),
			faulty("to a name", channels.SendUnreachable, send, nil, toName),
			{Name: "nobody listens", Want: channels.SendRetry, New: func(t *testing.T, logger *slog.Logger) channels.Adapter {
				gone := httptest.NewServer(nil)
				gone.Close()
				return build(t, logger, gone.URL, token)
			}},
		},
		Stalled: func(t *testing.T, logger *slog.Logger) (channels.Adapter, <-chan struct{}) {
			reached := make(chan struct{})
			var once sync.Once
			p := newProvider(t)
			p.answers[send] = func(_ http.ResponseWriter, r *http.Request) {
				once.Do(func() { close(reached) })
				<-r.Context().Done()
			}
			return build(t, logger, p.URL, token), reached
		},
	})
}
