package sandbox_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels/sandbox"
)

// call does one request on the page's API.
func (p *play) call(t *testing.T, method, path, body string, set func(*http.Request)) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	if set != nil {
		set(request)
	}
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer := map[string]any{}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatalf("%s %s: %d, not JSON: %q", method, path, response.StatusCode, data)
	}
	return response.StatusCode, answer
}

func (p *play) post(t *testing.T, path, body string) map[string]any {
	t.Helper()
	status, answer := p.call(t, http.MethodPost, "/sandbox/api/"+path, body, nil)
	if status != http.StatusOK {
		t.Fatalf("%s: %d %v", path, status, answer)
	}
	return answer
}

func TestOtherSitesAreKeptOut(t *testing.T) {
	p := start(t)
	text := `{"from":"` + phone + `","body":"hello"}`
	tests := []struct {
		name   string
		method string
		path   string
		body   string
		set    func(*http.Request)
		status int
	}{
		{"own", http.MethodPost, "sms", text, nil, 200},
		{"own origin", http.MethodPost, "sms", text, func(r *http.Request) { r.Header.Set("Origin", "http://"+r.URL.Host) }, 200},
		{"other origin", http.MethodPost, "sms", text, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		{"cross-site fetch", http.MethodPost, "sms", text, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"other loopback port", http.MethodPost, "sms", text, func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:9") }, 403},
		{"rebound name", http.MethodGet, "state", "", func(r *http.Request) { r.Host = "evil.example" }, 403},
		{"form", http.MethodPost, "sms", text, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		{"no JSON", http.MethodPost, "sms", `{"from":`, nil, 400},
		{"unknown field", http.MethodPost, "sms", `{"form":"x"}`, nil, 400},
		{"too large", http.MethodPost, "sms", `{"body":"` + strings.Repeat("a", 2<<20) + `"}`, nil, 400},
		{"nothing to say", http.MethodPost, "sms", `{"from":"` + phone + `","body":" "}`, nil, 422},
		{"no number", http.MethodPost, "sms", `{"from":"me","body":"hello"}`, nil, 422},
		{"unknown mailbox", http.MethodPost, "mail", `{"from":"x@y.example","subject":"s","body":"b"}`, nil, 422},
		{"two lines of subject", http.MethodPost, "mail", `{"from":"` + address + `","subject":"s\r\nBcc: x","body":"b"}`, nil, 422},
		{"somebody else's chat", http.MethodPost, "telegram", `{"chat":501,"from":601,"text":"hi"}`, nil, 422},
		{"no button", http.MethodPost, "telegram/press", `{"chat":501,"from":501,"message":1,"data":"x"}`, nil, 422},
		{"backwards", http.MethodPost, "clock", `{"advance":"-1h"}`, nil, 422},
		{"a century", http.MethodPost, "clock", `{"advance":"876000h"}`, nil, 422},
		{"no timer", http.MethodPost, "clock", `{"next":true}`, nil, 422},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, answer := p.call(t, test.method, "/sandbox/api/"+test.path, test.body, test.set)
			if status != test.status {
				t.Errorf("%d %v, want %d", status, answer, test.status)
			}
			if status >= 400 && answer["error"] == "" {
				t.Error("no word for the person")
			}
		})
	}
}

func TestPageIsStrict(t *testing.T) {
	p := start(t)
	for _, path := range []string{"/sandbox/", "/sandbox/app.js", "/sandbox/style.css", "/sandbox/pipe.png"} {
		response, err := p.client.Get(p.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		policy := response.Header.Get("Content-Security-Policy")
		if response.StatusCode != http.StatusOK || !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %d, policy %q", path, response.StatusCode, policy)
		}
		if strings.HasSuffix(path, "/") && (strings.Contains(string(body), " style=") || strings.Contains(string(body), " onclick=")) {
			t.Error("the page has inline style or script")
		}
	}
}

func TestEveryPartPlays(t *testing.T) {
	p := start(t)
	bot := p.bot(t)
	p.post(t, "sms", `{"from":"`+phone+`","body":"`+complain+`"}`)
	p.text(t, phone, "Your number is "+theCase)
	p.post(t, "mail", `{"from":"`+address+`","subject":"Burst pipe","body":"`+complain+`"}`)
	first := p.Mail.Mailbox(address)[0]
	p.mail(t, address, "["+theCase+"] Burst pipe", first.ID, "We have it.")
	answer := p.Mail.Mailbox(address)[1]
	p.post(t, "mail", `{"from":"`+address+`","body":"still leaking","reply_to_message_id":"`+answer.ID+`"}`)
	p.post(t, "telegram", `{"chat":501,"from":501,"text":"hello"}`)
	p.post(t, "telegram", `{"chat":501,"from":501,"photo":true,"text":"the pipe"}`)
	p.post(t, "telegram", `{"chat":501,"from":501,"place":true}`)
	p.cases.set(sandbox.CaseView{Reference: theCase, Status: "pending"})

	card := tgbotapi.NewMessage(group, "Water leak")
	card.ReplyMarkup = tgbotapi.NewInlineKeyboardMarkup(tgbotapi.NewInlineKeyboardRow(tgbotapi.NewInlineKeyboardButtonData("Accept", "a:1")))
	sent, err := bot.Send(card)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // the bot answers the button
		ids, _ := bot.GetUpdates(tgbotapi.UpdateConfig{Timeout: 5, Offset: -1})
		for len(ids) == 1 && ids[0].CallbackQuery == nil {
			ids, _ = bot.GetUpdates(tgbotapi.UpdateConfig{Timeout: 5, Offset: ids[0].UpdateID + 1})
		}
		if len(ids) == 1 {
			_, _ = bot.Request(tgbotapi.NewCallback(ids[0].CallbackQuery.ID, "Accepted. Thank you."))
		}
	}()
	pressed := p.post(t, "telegram/press", `{"chat":-4001,"from":601,"message":`+jsonInt(sent.MessageID)+`,"data":"a:1"}`)
	if pressed["text"] != "Accepted. Thank you." || pressed["answered"] != true {
		t.Errorf("press: %v", pressed)
	}

	_, state := p.call(t, http.MethodGet, "/sandbox/api/state?case="+theCase, "", nil)
	text, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{complain, "Your number is " + theCase, "We have it.", "Re: [" + theCase + "] Burst pipe", `"kind":"photo"`, `"kind":"location"`, `"Accept"`, "Asia/Kolkata", "/complaints/new"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the state has no %q", want)
		}
	}
	if mails := p.Mail.Mailbox("complaints@city.example"); mails[len(mails)-1].InReplyTo != answer.ID {
		t.Error("the reply is out of its thread")
	}
}

func jsonInt(n int) string {
	text, _ := json.Marshal(n)
	return string(text)
}

func TestEventsTellOfChanges(t *testing.T) {
	p := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/sandbox/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := p.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if kind := response.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("type %q", kind)
	}
	lines := bufio.NewReader(response.Body)
	await := func(want string) {
		t.Helper()
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("waiting for %q: %v", want, err)
			}
			if strings.Contains(line, want) {
				return
			}
		}
	}
	await(`"cases":[]`)
	p.post(t, "sms", `{"from":"`+phone+`","body":"hello there"}`)
	await("hello there")
	p.cases.set(sandbox.CaseView{Reference: theCase})
	await(theCase)
	p.post(t, "clock", `{"advance":"4h"}`)
	await(`"ahead":14400`)
}

func TestClockStopsAtEachTimer(t *testing.T) {
	p := start(t)
	begin := p.clock.Now()
	p.clock.pending = []time.Time{begin.Add(time.Hour), begin.Add(3 * time.Hour), begin.Add(30 * time.Hour)}
	p.post(t, "clock", `{"advance":"4h"}`)
	if len(p.clock.doneAt) != 2 {
		t.Fatalf("%d timers were done, want 2", len(p.clock.doneAt))
	}
	for i, want := range []time.Duration{time.Hour, 3 * time.Hour} {
		if late := p.clock.doneAt[i].Sub(begin.Add(want)); late < 0 || late > time.Minute {
			t.Errorf("timer %d was done %s late", i, late)
		}
	}
	if moved := p.clock.Now().Sub(begin); moved < 4*time.Hour || moved > 4*time.Hour+time.Minute {
		t.Errorf("the clock moved %s", moved)
	}
	p.post(t, "clock", `{"next":true}`)
	if moved := p.clock.Now().Sub(begin); moved < 30*time.Hour || moved > 30*time.Hour+time.Minute || len(p.clock.doneAt) != 3 {
		t.Errorf("the clock moved %s, %d timers done", moved, len(p.clock.doneAt))
	}
}
