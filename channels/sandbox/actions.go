package sandbox

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

// Bounds of what a person types, in characters.
const (
	maxSMS     = 1600
	maxChat    = 4096
	maxMail    = 100_000
	maxSubject = 500
)

// Bounds of moving the clock.
const (
	maxAdvance = 366 * 24 * time.Hour
	maxSteps   = 100             // timers passed in one move
	stepWait   = 3 * time.Second // real time that the app has to act on a timer
	stepLook   = 20 * time.Millisecond
	stepQuiet  = 400 * time.Millisecond // without word at the providers, all is sent
	answerWait = 3 * time.Second        // real time to wait for the answer to a pressed button
)

type done struct {
	ID string `json:"id,omitempty"`
}

func text(value string, limit int) error {
	if strings.TrimSpace(value) == "" {
		return wrong("Write something first.")
	}
	if utf8.RuneCountInString(value) > limit {
		return wrong(fmt.Sprintf("The text is longer than %d characters.", limit))
	}
	return nil
}

type smsRequest struct {
	From  string `json:"from"`
	Body  string `json:"body"`
	Photo bool   `json:"photo"`
}

func (p *page) postSMS(_ context.Context, r smsRequest) (any, error) {
	if !r.Photo {
		if err := text(r.Body, maxSMS); err != nil {
			return nil, err
		}
	}
	if len(r.From) < 8 || len(r.From) > 16 || r.From[0] != '+' || strings.Trim(r.From[1:], "0123456789") != "" {
		return nil, wrong("Choose the number to write from, like +919845012345.")
	}
	in := twilioapi.Incoming{From: r.From, Body: r.Body}
	if r.Photo {
		photo, err := assets.ReadFile("assets/pipe.png")
		if err != nil {
			return nil, fmt.Errorf("reading the photo: %w", err)
		}
		in.Media = []twilioapi.Media{{ContentType: "image/png", Data: photo}}
	}
	sid, err := p.Twilio.SendSMS(in)
	if err != nil {
		return nil, wrong("The message was not sent: " + err.Error() + ".")
	}
	return done{ID: sid}, nil
}

type mailRequest struct {
	From             string `json:"from"`
	Subject          string `json:"subject"`
	Body             string `json:"body"`
	ReplyToMessageID string `json:"reply_to_message_id"`
}

func (p *page) postMail(_ context.Context, r mailRequest) (any, error) {
	if err := text(r.Body, maxMail); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(r.Subject) > maxSubject || strings.ContainsAny(r.Subject+r.From, "\r\n") {
		return nil, wrong("The subject must be one line.")
	}
	box := mailbox{}
	for _, b := range p.mailboxes() {
		if strings.EqualFold(b.Address, r.From) {
			box = b
		}
	}
	if box.Address == "" {
		return nil, wrong("Choose the mailbox to write from.")
	}
	var id string
	var err error
	if r.ReplyToMessageID != "" {
		id, err = p.Mail.Reply(box.Address, r.ReplyToMessageID, r.Body)
	} else {
		id, err = p.Mail.Write(mailserver.Letter{FromName: box.Name, From: box.Address, Subject: r.Subject, Body: r.Body})
	}
	if err != nil {
		return nil, wrong("The mail was not sent: " + err.Error() + ".")
	}
	return done{ID: id}, nil
}

type chatRequest struct {
	Chat    int64  `json:"chat"`
	From    int64  `json:"from"`
	Text    string `json:"text"`
	ReplyTo int    `json:"reply_to"`
	Photo   bool   `json:"photo"`
	Place   bool   `json:"place"` // send the place of the burst pipe
}

func (p *page) postTelegram(_ context.Context, r chatRequest) (any, error) {
	var id int
	var err error
	switch {
	case r.Place:
		id, err = p.Telegram.SendLocation(r.Chat, r.From, 12.9763, 77.5929)
	case r.Photo:
		photo, readErr := assets.ReadFile("assets/pipe.png")
		if readErr != nil {
			return nil, fmt.Errorf("reading the photo: %w", readErr)
		}
		id, err = p.Telegram.SendPhoto(r.Chat, r.From, photo, r.Text)
	default:
		if err := text(r.Text, maxChat); err != nil {
			return nil, err
		}
		id, err = p.Telegram.Say(r.Chat, r.From, r.Text, r.ReplyTo)
	}
	if err != nil {
		return nil, wrong("The message was not sent: " + err.Error() + ".")
	}
	return done{ID: fmt.Sprint(id)}, nil
}

type pressRequest struct {
	Chat    int64  `json:"chat"`
	From    int64  `json:"from"`
	Message int    `json:"message"`
	Data    string `json:"data"`
}

type pressAnswer struct {
	Answered bool   `json:"answered"`
	Text     string `json:"text"`
	Alert    bool   `json:"alert"`
}

// postPress presses a button and waits, as the chat program does, for what the
// bot has to say about it.
func (p *page) postPress(ctx context.Context, r pressRequest) (any, error) {
	id, err := p.Telegram.Press(r.Chat, r.From, r.Message, r.Data)
	if err != nil {
		return nil, wrong("That button is gone.")
	}
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	answer, _ := p.Telegram.AwaitPress(ctx, id) // no answer: the wheel stops turning
	return pressAnswer{Answered: answer.Answered, Text: answer.Answer, Alert: answer.Alert}, nil
}

type clockRequest struct {
	Advance string `json:"advance"` // as 15m, 4h, 24h
	Next    bool   `json:"next"`    // to the next timer
}

// postClock moves the clock, stopping at each timer on the way until the app
// has acted on it, so that what happens has its own time.
func (p *page) postClock(ctx context.Context, r clockRequest) (any, error) {
	p.moving.Lock()
	defer p.moving.Unlock()
	now := p.clock.Now()
	target, err := p.target(ctx, now, r)
	if err != nil {
		return nil, err
	}
	if err := p.settle(ctx, now); err != nil {
		return nil, fmt.Errorf("waiting for what is in hand: %w", err)
	}
	for range maxSteps {
		next, ok := p.clock.NextTimer(ctx)
		if !ok || next.After(target) || ctx.Err() != nil {
			break
		}
		p.advanceTo(next)
		if err := p.settle(ctx, next); err != nil {
			break
		}
	}
	p.advanceTo(target)
	return map[string]any{"now": p.clock.Now()}, nil
}

// target is the time that a request wants it to be.
func (p *page) target(ctx context.Context, now time.Time, r clockRequest) (time.Time, error) {
	if r.Next {
		next, ok := p.clock.NextTimer(ctx)
		if !ok {
			return now, wrong("Nothing is waiting for its time.")
		}
		if latest := now.Add(maxAdvance); next.After(latest) {
			return latest, nil
		}
		return next, nil
	}
	d, err := time.ParseDuration(r.Advance)
	if err != nil || d <= 0 || d > maxAdvance {
		return now, wrong("Say how far to move the clock, like 15m or 4h.")
	}
	return now.Add(d), nil
}

// advanceTo moves the clock to t or just past it, by whole seconds, so that it
// stays ahead of the machine's by whole seconds.
func (p *page) advanceTo(t time.Time) {
	d := t.Sub(p.clock.Now())
	if d <= 0 {
		return
	}
	p.clock.Advance((d + time.Second - 1).Truncate(time.Second))
	p.changed.Ring()
}

// settle waits until the app has acted on all timers due by then, and has sent
// what came of it: a message must not meet its expiry by our leap. It waits at
// most stepWait and errs only when the request ends.
func (p *page) settle(ctx context.Context, due time.Time) error {
	limit := time.NewTimer(stepWait)
	defer limit.Stop()
	ticker := time.NewTicker(stepLook)
	defer ticker.Stop()
	quiet := time.Now().Add(stepQuiet)
	changed := p.changed.Changed()
	for {
		if next, ok := p.clock.NextTimer(ctx); (!ok || next.After(due)) && p.settled(ctx, quiet) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return nil
		case <-changed:
			quiet = time.Now().Add(stepQuiet)
			changed = p.changed.Changed()
		case <-ticker.C:
		}
	}
}

func (p *page) settled(ctx context.Context, quiet time.Time) bool {
	if settler, ok := p.clock.(Settler); ok {
		return settler.Settled(ctx)
	}
	return !time.Now().Before(quiet)
}
