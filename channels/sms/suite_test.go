package sms_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/channelstest"
	"github.com/redress-cms/redress/channels/sms"
)

// What the pipeline finds in the adapter by asking for it.
var _ interface {
	channels.Adapter
	channels.Reader
	channels.Webhook
	channels.Pacer
	channels.Checker
	channels.Preparer
	channels.Reconciler
} = (*sms.Adapter)(nil)

func TestSuite(t *testing.T) {
	for index, channel := range []string{sms.SMS, sms.WhatsApp} {
		t.Run(channel, func(t *testing.T) { channelstest.Run(t, harness(index)) })
	}
}

// harness is of one of the two adapters of an account.
func harness(index int) channelstest.Harness {
	build := func(t *testing.T, logger *slog.Logger, baseURL, token string) channels.Adapter {
		c := config(baseURL)
		c.WhatsAppNumbers = []string{ourNumber}
		c.Logger, c.AuthToken = logger, token
		adapters, err := sms.New(c)
		if err != nil {
			t.Fatal(err)
		}
		return adapters[index]
	}
	faulty := func(name string, want channels.SendErrorKind, answer http.HandlerFunc) channelstest.Fault {
		return channelstest.Fault{Name: name, Want: want, New: func(t *testing.T, logger *slog.Logger) channels.Adapter {
			return build(t, logger, newProvider(t, answer).URL, authToken)
		}}
	}
	message := channels.Outbound{ID: "1", To: citizen, Text: "Your complaint is C-7K2M-9QXT"}
	toName := message
	toName.To = "TX-WATERCO"
	return channelstest.Harness{
		New: func(t *testing.T, logger *slog.Logger) channels.Adapter {
			return build(t, logger, newProvider(t, nil).URL, authToken)
		},
		Outbound: message,
		Secrets:  []string{authToken, "wrong0token"},
		Inbound:  inbound(form()),
		WebhookPath: map[int]string{
			0: "/webhooks/sms/main", // the second adapter has no routes of its own
		}[index],
		Faults: []channelstest.Fault{
			faulty("opted out", channels.SendOptedOut, fail(400, 21610, nil)),
			faulty("no such number", channels.SendUnreachable, fail(400, 21211, nil)),
			faulty("landline", channels.SendUnreachable, fail(400, 21614, nil)),
			faulty("country not enabled", channels.SendPermanent, fail(400, 21408, nil)),
			faulty("code not in the table", channels.SendPermanent, fail(400, 29999, nil)),
			faulty("not our number", channels.SendMisconfigured, fail(400, 21606, nil)),
			faulty("token refused", channels.SendMisconfigured, fail(401, 20003, nil)),
			faulty("forbidden", channels.SendMisconfigured, fail(403, 0, nil)),
			faulty("too many requests", channels.SendRetry, fail(429, 20429, nil)),
			faulty("queue full", channels.SendRetry, fail(400, 21611, nil)),
			faulty("server error", channels.SendUncertain, fail(500, 20500, nil)),
			faulty("server error with a code of the table", channels.SendUncertain, fail(503, 20429, nil)),
			faulty("bad gateway that speaks no JSON", channels.SendUncertain, func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "<h1>Bad gateway</h1>", http.StatusBadGateway)
			}),
			faulty("taken, but the answer is cut", channels.SendUncertain, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusCreated)
				_, _ = w.Write([]byte(`{"sid":"SM`))
			}),
			faulty("connection cut", channels.SendUncertain, cut),
			{Name: "nobody listens", Want: channels.SendRetry, New: func(t *testing.T, logger *slog.Logger) channels.Adapter {
				gone := httptest.NewServer(nil)
				gone.Close()
				return build(t, logger, gone.URL, authToken)
			}},
			{Name: "token with strange characters", Want: channels.SendMisconfigured, New: func(t *testing.T, logger *slog.Logger) channels.Adapter {
				return build(t, logger, newProvider(t, nil).URL, authToken+"\n")
			}},
			{Name: "to a name", Want: channels.SendUnreachable, Outbound: &toName, New: func(t *testing.T, logger *slog.Logger) channels.Adapter {
				return build(t, logger, newProvider(t, nil).URL, authToken)
			}},
		},
		Stalled: func(t *testing.T, logger *slog.Logger) (channels.Adapter, <-chan struct{}) {
			reached := make(chan struct{})
			var once sync.Once
			p := newProvider(t, func(_ http.ResponseWriter, r *http.Request) {
				once.Do(func() { close(reached) })
				<-r.Context().Done()
			})
			return build(t, logger, p.URL, authToken), reached
		},
	}
}
