package twilioapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twilio/twilio-go"
	"github.com/twilio/twilio-go/client"
	openapi "github.com/twilio/twilio-go/rest/api/v2010"
	"go.uber.org/goleak"

	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

const (
	city    = "+15550001111"
	citizen = "+919845012345"
	public  = "https://city.example"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// app is what the provider calls: it keeps what came and answers as told.
type app struct {
	*httptest.Server

	mu       sync.Mutex
	statuses []int // of the answers to come; then 200
	forms    []url.Values
	forged   int
	came     chan struct{}
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	validator := client.NewRequestValidator("token")
	a.mu.Lock()
	defer a.mu.Unlock()
	if !validator.ValidateBody(public+r.URL.String(), body, r.Header.Get("X-Twilio-Signature")) || r.Host != "city.example" {
		a.forged++
	}
	form, _ := url.ParseQuery(string(body))
	a.forms = append(a.forms, form)
	if len(a.statuses) > 0 {
		w.WriteHeader(a.statuses[0])
		a.statuses = a.statuses[1:]
	}
	a.came <- struct{}{}
}

// start runs the provider and an app behind its public address.
func start(t *testing.T) (*twilioapi.Server, *app) {
	t.Helper()
	a := &app{came: make(chan struct{}, 100)}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	s, err := twilioapi.Start(twilioapi.Config{
		AccountSID: "AC1", AuthToken: "token", Numbers: []string{city},
		WebhookURL: public + "/webhooks/sms/main", RetryEvery: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.Route(public, a.URL)
	return s, a
}

// redirect sends the library's requests to the provider in process.
type redirect struct {
	base      *url.URL
	transport *http.Transport
}

func (r redirect) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = r.base.Scheme, r.base.Host
	return r.transport.RoundTrip(request)
}

func library(t *testing.T, s *twilioapi.Server, token string) *openapi.ApiService {
	t.Helper()
	base, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{ResponseHeaderTimeout: 300 * time.Millisecond}
	c := &client.Client{
		Credentials: client.NewCredentials("AC1", token),
		HTTPClient:  &http.Client{Transport: redirect{base, transport}},
	}
	c.SetAccountSid("AC1")
	t.Cleanup(transport.CloseIdleConnections)
	return twilio.NewRestClientWithParams(twilio.ClientParams{Client: c}).Api
}

func send(api *openapi.ApiService, to, body string) (*openapi.ApiV2010Message, error) {
	params := &openapi.CreateMessageParams{}
	params.SetFrom(city).SetTo(to).SetBody(body).SetStatusCallback(public + "/webhooks/sms/main/status")
	return api.CreateMessage(params)
}

func TestSendIsQueuedThenDelivered(t *testing.T) {
	s, a := start(t)
	m, err := send(library(t, s, "token"), citizen, "C-7K2M-9QXT")
	if err != nil {
		t.Fatal(err)
	}
	if *m.Status != "queued" || *m.NumSegments != "1" || *m.Direction != "outbound-api" || m.DateSent != nil {
		t.Errorf("answer: status %s, segments %s, direction %s", *m.Status, *m.NumSegments, *m.Direction)
	}
	<-a.came
	<-a.came
	a.mu.Lock()
	defer a.mu.Unlock()
	var statuses []string
	for _, form := range a.forms {
		if form.Get("MessageSid") != *m.Sid {
			t.Errorf("callback about %s, want %s", form.Get("MessageSid"), *m.Sid)
		}
		statuses = append(statuses, form.Get("MessageStatus"))
	}
	if !slices.Equal(statuses, []string{"sent", "delivered"}) || a.forged != 0 {
		t.Errorf("callbacks %v, %d with a wrong signature", statuses, a.forged)
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name   string
		token  string
		to     string
		body   string
		set    func(*twilioapi.Server)
		status int
		code   int
	}{
		{name: "wrong token", token: "guess", to: citizen, body: "hello", status: 401, code: 20003},
		{name: "no number", to: "98450", body: "hello", status: 400, code: 21211},
		{name: "no text", to: citizen, status: 400, code: 21602},
		{name: "too long", to: citizen, body: strings.Repeat("a", 1601), status: 400, code: 21617},
		{name: "too fast", to: citizen, body: "hello", status: 429, code: 20429,
			set: func(s *twilioapi.Server) { s.FailNext(1, twilioapi.TooManyRequests(30*time.Second)) }},
		{name: "server fault", to: citizen, body: "hello", status: 500, code: 20500,
			set: func(s *twilioapi.Server) { s.FailNext(1, twilioapi.Fault{Status: 500}) }},
		{name: "landline", to: citizen, body: "hello", status: 400, code: 21614,
			set: func(s *twilioapi.Server) { s.SetFate(citizen, twilioapi.Fate{ErrorCode: 21614}) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _ := start(t)
			if test.set != nil {
				test.set(s)
			}
			token := test.token
			if token == "" {
				token = "token"
			}
			_, err := send(library(t, s, token), test.to, test.body)
			var refused *client.TwilioRestError
			if !errors.As(err, &refused) {
				t.Fatalf("error %v, want the provider's", err)
			}
			if refused.Status != test.status || refused.Code != test.code {
				t.Errorf("refused with %d, code %d; want %d, %d", refused.Status, refused.Code, test.status, test.code)
			}
			if n := len(s.Messages()); n != 0 {
				t.Errorf("%d messages were taken", n)
			}
		})
	}
}

func TestLostAnswers(t *testing.T) {
	tests := []struct {
		name  string
		fault twilioapi.Fault
		taken int
	}{
		{"no answer", twilioapi.Fault{Hang: true}, 0},
		{"cut after accept", twilioapi.Fault{CutAfterAccept: true}, 1},
		{"no answer after accept", twilioapi.Fault{HangAfterAccept: true}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, _ := start(t)
			s.FailNext(1, test.fault)
			api := library(t, s, "token")
			if _, err := send(api, citizen, "hello"); err == nil {
				t.Fatal("the request succeeded")
			}
			params := &openapi.ListMessageParams{}
			params.SetTo(citizen).SetFrom(city).SetDateSentAfter(time.Now().Add(-time.Hour)).SetDateSentBefore(time.Now().Add(time.Hour))
			found, err := api.ListMessage(params)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != test.taken {
				t.Errorf("the list has %d messages, want %d", len(found), test.taken)
			}
		})
	}
}

func TestListFiltersAndPages(t *testing.T) {
	s, _ := start(t)
	s.HoldCallbacks(true)
	api := library(t, s, "token")
	for range 5 {
		if _, err := send(api, citizen, "hello"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := send(api, "+15557778888", "other"); err != nil {
		t.Fatal(err)
	}
	today := time.Now().UTC()
	tests := []struct {
		name string
		set  func(*openapi.ListMessageParams)
		want int
	}{
		{"all, in pages", func(p *openapi.ListMessageParams) { p.SetPageSize(2) }, 6},
		{"to", func(p *openapi.ListMessageParams) { p.SetTo(citizen).SetPageSize(2) }, 5},
		{"today", func(p *openapi.ListMessageParams) { p.SetTo(citizen).SetDateSent(today) }, 5},
		{"after now", func(p *openapi.ListMessageParams) { p.SetDateSentAfter(today.Add(time.Hour)) }, 0},
		{"before yesterday", func(p *openapi.ListMessageParams) { p.SetDateSentBefore(today.Add(-24 * time.Hour)) }, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			params := &openapi.ListMessageParams{}
			test.set(params)
			found, err := api.ListMessage(params)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) != test.want {
				t.Errorf("%d messages, want %d", len(found), test.want)
			}
		})
	}
}

func TestRetryAfterHeader(t *testing.T) {
	s, _ := start(t)
	s.FailNext(1, twilioapi.TooManyRequests(30*time.Second))
	request, err := http.NewRequest(http.MethodPost, s.URL()+"/2010-04-01/Accounts/AC1/Messages.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("AC1", "token")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After %q, want 30", got)
	}
}

func TestOptOutIsTheCarriers(t *testing.T) {
	s, a := start(t)
	api := library(t, s, "token")
	write := func(body string) {
		t.Helper()
		if _, err := s.SendSMS(twilioapi.Incoming{From: citizen, Body: body}); err != nil {
			t.Fatal(err)
		}
		<-a.came
	}
	write("Stop ")
	_, err := send(api, citizen, "hello")
	var refused *client.TwilioRestError
	if !errors.As(err, &refused) || refused.Code != 21610 {
		t.Fatalf("after STOP: %v, want 21610", err)
	}
	if !s.OptedOut(city, citizen) {
		t.Error("the carrier forgot STOP")
	}
	confirmed := func(m twilioapi.Message) bool { return m.Carrier && strings.Contains(m.Body, "unsubscribed") }
	if !slices.ContainsFunc(s.Messages(), confirmed) {
		t.Error("the carrier did not confirm STOP")
	}
	write("stop the sewage flooding my street")
	write("start")
	if _, err := send(api, citizen, "hello"); err != nil {
		t.Errorf("after START: %v", err)
	}
}

func TestIncomingIsPostedUntilTaken(t *testing.T) {
	s, a := start(t)
	a.statuses = []int{503, 500}
	picture := []byte("\xff\xd8\xff picture")
	sid, err := s.SendSMS(twilioapi.Incoming{
		From: "whatsapp:" + citizen, Body: "burst pipe", Name: "Meera",
		Media: []twilioapi.Media{{ContentType: "image/jpeg", Data: picture}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := s.AwaitMessage(ctx, func(m twilioapi.Message) bool { return m.SID == sid && m.Delivered }); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	form, n, forged := a.forms[0], len(a.forms), a.forged
	a.mu.Unlock()
	if n != 3 || forged != 0 {
		t.Errorf("posted %d times, %d with a wrong signature; want 3, 0", n, forged)
	}
	for name, want := range map[string]string{
		"MessageSid": sid, "From": "whatsapp:" + citizen, "To": "whatsapp:" + city, "Body": "burst pipe",
		"NumMedia": "1", "WaId": citizen[1:], "ProfileName": "Meera", "MediaContentType0": "image/jpeg",
	} {
		if form.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, form.Get(name), want)
		}
	}
	for token, want := range map[string]int{"token": http.StatusOK, "guess": http.StatusUnauthorized} {
		request, _ := http.NewRequest(http.MethodGet, form.Get("MediaUrl0"), nil)
		request.SetBasicAuth("AC1", token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != want || want == http.StatusOK && string(data) != string(picture) {
			t.Errorf("media with token %q: %d, want %d", token, response.StatusCode, want)
		}
	}
}

func TestFate(t *testing.T) {
	s, a := start(t)
	s.SetFate(citizen, twilioapi.Fate{Status: "undelivered", ErrorCode: 30005})
	if _, err := send(library(t, s, "token"), citizen, "hello"); err != nil {
		t.Fatal(err)
	}
	<-a.came
	a.mu.Lock()
	defer a.mu.Unlock()
	if got := a.forms[0]; got.Get("MessageStatus") != "undelivered" || got.Get("ErrorCode") != "30005" {
		t.Errorf("callback %v", got)
	}
}

func TestPostStatusOutOfOrder(t *testing.T) {
	s, a := start(t)
	s.HoldCallbacks(true)
	m, err := send(library(t, s, "token"), citizen, "hello")
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []string{"delivered", "sent"} {
		if code, err := s.PostStatus(t.Context(), *m.Sid, status, 0); err != nil || code != http.StatusOK {
			t.Fatalf("%s: %d, %v", status, code, err)
		}
		<-a.came
	}
	if a.forms[1].Get("MessageStatus") != "sent" {
		t.Errorf("second callback %v", a.forms[1])
	}
}

func TestRefusesOtherMachines(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:80", "city.example:80"} {
		if s, err := twilioapi.Start(twilioapi.Config{Address: address}); err == nil {
			_ = s.Close()
			t.Errorf("listens on %s", address)
		}
	}
	s, _ := start(t)
	s.Route("", "")
	if _, err := s.Post(t.Context(), "http://192.0.2.1/hook", url.Values{}); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("calling another machine: %v", err)
	}
}
