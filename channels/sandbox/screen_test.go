package sandbox_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels/sandbox"
	"github.com/redress-cms/redress/scripts/testenv"
)

// browser opens a tab; what its console complains of is an error of the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(testenv.Need(t, testenv.Chromium)), // its profile is a fresh folder
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("script failed: %s", e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.APITypeError {
				t.Errorf("console: %v", e.Args)
			}
		}
	})
	return ctx
}

// shoot keeps a picture of the page where REDRESS_SCREENSHOTS names a folder.
func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	var png []byte
	if err := chromedp.Run(ctx, chromedp.CaptureScreenshot(&png)); err != nil {
		t.Fatal(err)
	}
	folder := os.Getenv("REDRESS_SCREENSHOTS")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}

// size sets the window and the colour scheme, and checks that nothing is wider
// than the window.
func size(t *testing.T, ctx context.Context, width, height int64, scheme string) {
	t.Helper()
	var overflow int
	features := []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, //nolint:misspell // name of the feature
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}
	err := chromedp.Run(ctx,
		chromedp.EmulateViewport(width, height),
		emulation.SetEmulatedMedia().WithFeatures(features),
		chromedp.Evaluate(`document.documentElement.scrollWidth - innerWidth`, &overflow))
	if err != nil {
		t.Fatal(err)
	}
	if overflow > 0 {
		t.Errorf("at %d px the page is %d px too wide", width, overflow)
	}
}

func TestStoryInTheBrowser(t *testing.T) {
	ctx := browser(t)
	p := start(t)
	if err := chromedp.Run(ctx, chromedp.Navigate(p.URL+"/sandbox/"), chromedp.WaitVisible("#live.on")); err != nil {
		t.Fatal(err)
	}
	size(t, ctx, 1440, 900, "light")
	shoot(t, ctx, "empty-1440")

	// The story's first step puts a text on the phone, which is then sent.
	err := chromedp.Run(ctx,
		chromedp.Click("#steps li:first-child button"),
		chromedp.WaitVisible("#phoneform.ready"),
		chromedp.Click("#phoneform .send"),
		chromedp.WaitVisible(`//*[@id="phonethread"]//div[contains(., "burst pipe near the school")]`))
	if err != nil {
		t.Fatal(err)
	}
	p.populate(t)
	err = chromedp.Run(ctx,
		chromedp.WaitVisible(`//*[@id="staffthread"]//button[contains(., "Accept")]`),
		chromedp.WaitVisible(`//*[@id="reading"]//h3[contains(., "C-7K2M-9QXT")]`),
		chromedp.WaitVisible(`//*[@id="casebody"]//span[text()="C-7K2M-9QXT"]`))
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int64{1440, 1280} {
		for _, scheme := range []string{"light", "dark"} {
			size(t, ctx, width, 900, scheme)
			shoot(t, ctx, fmt.Sprintf("desk-%d-%s", width, scheme))
		}
	}
	size(t, ctx, 1000, 900, "light")
	shoot(t, ctx, "tablet-1000")
	size(t, ctx, 360, 740, "light")
	for _, tab := range []string{"phone", "mail", "chat", "staff", "case"} {
		if err := chromedp.Run(ctx, chromedp.Click(`.tabs [data-tab=`+tab+`]`), chromedp.WaitVisible("#p-"+tab)); err != nil {
			t.Fatal(err)
		}
		size(t, ctx, 360, 740, "light")
		shoot(t, ctx, "phone-360-"+tab)
	}
	size(t, ctx, 360, 740, "dark")
	shoot(t, ctx, "phone-360-dark")
	p.pressInTheBrowser(t, ctx)
}

// pressInTheBrowser presses the card's first button as the officer chosen.
func (p *play) pressInTheBrowser(t *testing.T, ctx context.Context) {
	t.Helper()
	if err := chromedp.Run(ctx, chromedp.Click(`.tabs [data-tab=staff]`), chromedp.Click(`//*[@id="staffthread"]//button[contains(., "Accept")]`)); err != nil {
		t.Fatal(err)
	}
	wait, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		changed := p.Telegram.Changed()
		for _, u := range p.Telegram.Pending() {
			if u.Callback == nil || u.Callback.Data != "a:1" {
				continue
			}
			if u.Callback.From.ID != asha {
				t.Errorf("pressed as %d", u.Callback.From.ID)
			}
			if _, err := p.bot(t).Request(tgbotapi.NewCallback(u.Callback.ID, "You took C-7K2M-9QXT on.")); err != nil {
				t.Fatal(err)
			}
			if err := chromedp.Run(ctx, chromedp.WaitVisible(`//*[@id="toast"][contains(., "You took")]`)); err != nil {
				t.Fatal(err)
			}
			shoot(t, ctx, "pressed-360")
			return
		}
		select {
		case <-changed:
		case <-wait.Done():
			t.Fatal("the button was not pressed")
		}
	}
}

// populate plays the app: what it would say and show.
func (p *play) populate(t *testing.T) {
	t.Helper()
	bot := p.bot(t)
	now := p.clock.Now()
	p.text(t, phone, "We have your complaint C-7K2M-9QXT. Water and Sewerage will look into it by 4 Dec. Reply STATUS to ask, STOP to opt out. "+p.URL+"/track/7f3k2")
	p.post(t, "sms", `{"from":"`+phone+`","body":"","photo":true}`)
	p.post(t, "sms", `{"from":"`+phone+`","body":"The water has reached the classrooms"}`)
	p.text(t, phone, "Added to C-7K2M-9QXT. Thank you.")
	p.post(t, "sms", `{"from":"`+phone+`","body":"पानी कक्षाओं तक पहुँच गया है"}`)
	p.post(t, "mail", `{"from":"`+address+`","subject":"Burst pipe near the school","body":"`+complain+`"}`)
	id := p.Mail.Mailbox(address)[0].ID
	p.mail(t, address, "[C-7K2M-9QXT] Burst pipe near the school", id, "Dear Meera Iyer,\n\nThank you for telling us. Your complaint has the number C-7K2M-9QXT.\n\n"+
		"Water and Sewerage will answer by Friday 4 December. To add something, answer this mail.\n\nFollow it here: "+p.URL+"/track/7f3k2\n\nCity of Example")
	p.post(t, "telegram", `{"chat":501,"from":501,"text":"There is no water in Ward 4 since this morning"}`)
	p.say(t, bot, meera, "We have your complaint <b>C-7K2M-9QXT</b>.\nWater and Sewerage will answer by <b>4 December</b>.\n\nSend /status to ask, or just write to add something.", nil)
	p.post(t, "telegram", `{"chat":501,"from":501,"photo":true,"text":"This is the place"}`)
	p.post(t, "telegram", `{"chat":501,"from":501,"place":true}`)
	row := tgbotapi.NewInlineKeyboardRow
	key := tgbotapi.NewInlineKeyboardButtonData
	keys := tgbotapi.NewInlineKeyboardMarkup(row(key("Accept", "a:1"), key("Reply", "r:1"), key("Ask", "q:1")),
		row(key("Defer", "d:1"), key("Forward", "f:1"), key("Resolve", "s:1")), row(key("Details", "i:1")))
	card := "<b>C-7K2M-9QXT</b> · Water leak · <b>high</b>\nWater is leaking from a burst pipe near the school in Ward 4 since yesterday\n\n<b>Where</b> Ward 4\n<b>Who</b> Meera Iyer, by SMS\n<b>Team</b> Water and Sewerage, Asha Rao\n<b>Due</b> Fri 4 Dec, 17:00"
	p.say(t, bot, group, card, &keys)
	p.post(t, "telegram", `{"chat":-4001,"from":602,"text":"Asha, the Ward 4 crew is near there today."}`)
	p.say(t, bot, group, "What shall we ask Meera Iyer? Answer this message.", tgbotapi.ForceReply{ForceReply: true})
	p.say(t, bot, 602, "<b>C-7K2M-9QXT</b> is late and comes to you.", nil)

	leak, water, ward, owner := "water-leak", "water", "ward-4", "asha"
	due := now.Add(9 * 24 * time.Hour)
	rest := sandbox.CaseView{Reference: "C-M3QX-71PD", Status: "resolved", Service: &leak, Priority: "normal", ReceivedAt: now.Add(-48 * time.Hour)}
	other := sandbox.CaseView{Reference: "C-0V5T-WK8N", Status: "escalated", Service: &water, Priority: "low", ReceivedAt: now.Add(-72 * time.Hour)}
	p.cases.set(sandbox.CaseView{
		Reference: "C-7K2M-9QXT", Type: "complaint", Status: "pending", Stage: 1, Level: 1, Priority: "high", Service: &leak,
		Department: &water, Area: &ward, Owner: &owner, Channel: "sms", Language: "en", Subject: complain, Description: complain,
		Contact: sandbox.CaseContact{Name: "Meera Iyer", Addresses: []string{"sms:" + phone}}, ReceivedAt: now, AcknowledgedAt: &now, DueAt: &due,
		TrackURL: p.URL + "/track/7f3k2",
		Events: []sandbox.CaseEvent{
			{At: now, Actor: "complainant", Kind: "registered", Note: "By SMS"},
			{At: now, Actor: "system", Kind: "routed", Note: "Water leak in Ward 4 goes to Water and Sewerage"},
			{At: now, Actor: "system", Kind: "assigned", Note: "To Asha Rao, officer of Ward 4"},
			{At: now, Actor: "system", Kind: "acknowledged"},
			{At: now, Actor: "asha", Kind: "accepted"},
			{At: now, Actor: "complainant", Kind: "follow_up", Note: "The water has reached the classrooms"},
		},
		Timers: []sandbox.CaseTimer{{Kind: "remind", At: now.Add(108 * time.Hour)}, {Kind: "escalate", At: due}},
		Messages: []sandbox.CaseMessage{
			{Direction: "in", Channel: "sms", Text: complain, State: "received", At: now},
			{Direction: "out", To: "complainant", Channel: "sms", Text: "We have your complaint", State: "delivered", At: now},
		},
		Reasons: []sandbox.CaseReason{{Decision: "service", Value: "water-leak", Why: strings.Repeat("burst pipe ", 2)}},
	}, rest, other)
}

func (p *play) say(t *testing.T, bot *tgbotapi.BotAPI, chat int64, text string, markup any) {
	t.Helper()
	message := tgbotapi.NewMessage(chat, text)
	message.ParseMode = "HTML"
	message.ReplyMarkup = markup
	if _, err := bot.Send(message); err != nil {
		t.Fatal(err)
	}
}
