package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"go.uber.org/goleak"

	"github.com/redress-cms/redress/channels/sandbox"
	"github.com/redress-cms/redress/channels/sandbox/botapi"
)

const (
	meera    = int64(501)
	asha     = int64(601)
	group    = int64(-4001)
	phone    = "+919845012345"
	address  = "meera.iyer@home.example"
	theCase  = "C-7K2M-9QXT"
	complain = "Water is leaking from a burst pipe near the school in Ward 4 since yesterday"
)

// The IMAP library's server waits for ever for its own lock when a connection
// breaks while it writes an answer; that leak is not ours.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/emersion/go-imap/v2/imapserver.(*Conn).serve"))
}

// play is a sandbox with its page and an app that takes every webhook.
type play struct {
	*sandbox.Sandbox
	*httptest.Server

	clock  *timers
	cases  *fakeCases
	client *http.Client
}

func start(t *testing.T) *play {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(app.Close)
	p := &play{clock: &timers{}, cases: &fakeCases{}}
	var err error
	p.Sandbox, err = sandbox.Start(sandbox.Config{
		PublicURL: app.URL, Timezone: "Asia/Kolkata", Now: p.clock.Now,
		Citizens: []sandbox.Citizen{
			{Name: "Meera Iyer", Phone: phone, Email: address, ChatID: meera, Language: "en"},
			{Name: "Rahul Verma", Phone: "+919845067890", Email: "rahul@home.example", ChatID: 502, Language: "hi"},
		},
		Staff: []sandbox.Staff{
			{Login: "asha", Name: "Asha Rao", Level: 1, ChatID: asha, Email: "asha@city.example"},
			{Login: "vikram", Name: "Vikram Shetty", Level: 2, ChatID: 602},
			{Login: "leela", Name: "Leela Nair", Level: 3, ChatID: 603},
		},
		Group: botapi.Group{ID: group, Title: "Water and Sewerage"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Sandbox.Close() })
	p.Server = httptest.NewServer(p.Handler(p.cases, p.clock))
	t.Cleanup(p.Server.Close)
	p.client = &http.Client{Transport: &http.Transport{}}
	t.Cleanup(p.client.CloseIdleConnections)
	return p
}

// timers is a clock with things to do: due ones are done when it passes them.
type timers struct {
	sandbox.MovableClock

	mu      sync.Mutex
	pending []time.Time
	doneAt  []time.Time // what the clock said when each was done
}

func (c *timers) NextTimer(context.Context) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	c.pending = slices.DeleteFunc(c.pending, func(t time.Time) bool {
		due := !t.After(now)
		if due {
			c.doneAt = append(c.doneAt, now)
		}
		return due
	})
	if len(c.pending) == 0 {
		return time.Time{}, false
	}
	return slices.MinFunc(c.pending, time.Time.Compare), true
}

type fakeCases struct {
	mu   sync.Mutex
	list []sandbox.CaseView
}

func (f *fakeCases) List(context.Context) ([]sandbox.CaseView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list, nil
}

func (f *fakeCases) Show(_ context.Context, reference string) (sandbox.CaseView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.list {
		if c.Reference == reference {
			return c, nil
		}
	}
	return sandbox.CaseView{}, errors.New("no such case")
}

func (f *fakeCases) set(list ...sandbox.CaseView) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = list
}

// bot is the app's side of the chat.
func (p *play) bot(t *testing.T) *tgbotapi.BotAPI {
	t.Helper()
	bot, err := tgbotapi.NewBotAPIWithClient(p.Telegram.Token(), p.Telegram.URL()+"/bot%s/%s", p.client)
	if err != nil {
		t.Fatal(err)
	}
	return bot
}

// text is the app's side of the phone.
func (p *play) text(t *testing.T, to, body string) {
	t.Helper()
	form := url.Values{"From": {p.Twilio.Numbers()[0]}, "To": {to}, "Body": {body}}
	request, err := http.NewRequest(http.MethodPost, p.Twilio.URL()+"/2010-04-01/Accounts/"+p.Twilio.AccountSID()+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(p.Twilio.AccountSID(), p.Twilio.AuthToken())
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("sending a text: %d", response.StatusCode)
	}
}

// mail is the app's side of the mailbox.
func (p *play) mail(t *testing.T, to, subject, inReplyTo, body string) {
	t.Helper()
	raw := fmt.Sprintf("From: City of Example <complaints@city.example>\r\nTo: %s\r\nSubject: %s\r\nMessage-ID: <%d@city.example>\r\nIn-Reply-To: <%s>\r\n"+
		"Auto-Submitted: auto-replied\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
		to, subject, time.Now().UnixNano(), inReplyTo, p.clock.Now().Format(time.RFC1123Z), strings.ReplaceAll(body, "\n", "\r\n"))
	if err := smtp.SendMail(p.Mail.SMTPAddress(), nil, "complaints@city.example", []string{to}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
}

func TestMovableClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var clock sandbox.MovableClock
		begin := clock.Now()
		woke := make(chan error)
		go func() { woke <- clock.Wait(t.Context(), begin.Add(time.Hour)) }()
		synctest.Wait()
		clock.Advance(time.Hour)
		if err := <-woke; err != nil {
			t.Error(err)
		}
		if got := clock.Now().Sub(begin); got != time.Hour {
			t.Errorf("the clock moved %s", got)
		}
		clock.Advance(-time.Hour)
		if got := clock.Now().Sub(begin); got != time.Hour {
			t.Errorf("the clock went back to %s", got)
		}
		begin = clock.Now()
		if err := clock.Wait(t.Context(), begin.Add(5*time.Hour)); err != nil || clock.Now().Sub(begin) > time.Minute {
			t.Errorf("waited %s at once, %v", clock.Now().Sub(begin), err)
		}
		if err := clock.Wait(t.Context(), begin); err != nil {
			t.Errorf("what is past: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := clock.Wait(ctx, clock.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("ended context: %v", err)
		}
	})
}

func TestListensOnLoopbackOnly(t *testing.T) {
	tests := []struct {
		address string
		ok      bool
	}{
		{"127.0.0.1:8080", true}, {"127.8.8.8:1", true}, {"[::1]:8080", true}, {"localhost:8080", true},
		{":8080", false}, {"0.0.0.0:8080", false}, {"[::]:8080", false}, {"192.0.2.1:8080", false}, {"city.example:80", false}, {"127.0.0.1", false},
	}
	for _, test := range tests {
		if err := sandbox.Loopback(test.address); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.address, err)
		}
	}
	for _, config := range []sandbox.Config{{IMAPAddress: "0.0.0.0:0"}, {SMTPAddress: "0.0.0.0:0"}, {TwilioAddress: "0.0.0.0:0"}, {TelegramAddress: "0.0.0.0:0"}} {
		if s, err := sandbox.Start(config); err == nil {
			_ = s.Close()
			t.Errorf("started with %+v", config)
		}
	}
}
