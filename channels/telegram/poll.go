package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
)

const (
	pollSeconds = 50                // Telegram holds an empty answer back that long
	pollTimeout = 65 * time.Second  // of the whole call
	leaseTTL    = 100 * time.Second // outlives a poll and what follows it
	leaseWait   = 20 * time.Second
	maxBackoff  = time.Minute
)

// Poll implements channels.Poller by long polling; in webhook mode it waits for
// ctx to end. It never gives up: what is wrong shows in Health.
//
// Telegram keeps an update until it is asked for ones after it, so the position
// is kept by Telegram and none is stored here: polling begins without an
// offset, asks for what follows a batch only once that batch is durable, and
// after an empty answer begins without an offset again. So ids that start
// lower after an idle week are not passed over.
func (a *Adapter) Poll(ctx context.Context, accept channels.Accept) error {
	if a.Mode != ModePoll {
		<-ctx.Done()
		return ctx.Err()
	}
	offset, failures := 0, 0
	for ctx.Err() == nil {
		held, err := a.hold(ctx)
		if err == nil && held {
			offset, err = a.poll(ctx, offset, accept)
		}
		pause := time.Duration(0)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failures++
			pause = min(maxBackoff, time.Second<<min(failures-1, 6))
			if at := channels.AsSendError(err).RetryAt; at.After(a.Now()) {
				pause = max(pause, min(at.Sub(a.Now()), 10*maxBackoff))
			}
			a.reportPolling(ctx, failures, err)
		case !held:
			offset, failures, pause = 0, 0, leaseWait
			a.standby()
		default:
			failures = 0
		}
		if pause > 0 {
			if err := a.Wait(ctx, pause); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// reportPolling logs the first of several failures in a row; Health tells the rest.
func (a *Adapter) reportPolling(ctx context.Context, failures int, err error) {
	if failures == 1 {
		a.Logger.ErrorContext(ctx, "polling failed; trying again", "channel", Channel, "account", a.Config.Name, "error", err)
	}
}

// hold asks for the right to poll.
func (a *Adapter) hold(ctx context.Context) (bool, error) {
	if a.Lease == nil {
		return true, nil
	}
	held, err := a.Lease(ctx, Channel+":"+a.Config.Name, leaseTTL)
	if err != nil {
		a.setHealth("the lease for polling cannot be had")
		return false, fmt.Errorf("lease the polling of a bot: %w", err)
	}
	return held, nil
}

// poll takes one batch in and returns the offset to go on with. On an error
// that is the one it was given, so that nothing unaccepted is passed over.
func (a *Adapter) poll(ctx context.Context, offset int, accept channels.Accept) (int, error) {
	if _, known := a.me(); !known { // needed to tell our commands from other bots'
		if err := a.greet(ctx); err != nil {
			return offset, err
		}
	}
	callCtx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	began := a.Now()
	updates, call, err := request[[]json.RawMessage](callCtx, a, tgbotapi.UpdateConfig{
		Offset: offset, Limit: 100, Timeout: pollSeconds, AllowedUpdates: allowedUpdates(),
	})
	if err != nil {
		return offset, a.fail("getUpdates", call, err)
	}
	var batch []channels.Inbound
	next := 0
	for _, raw := range updates {
		if in, keep := a.inbound(raw); keep {
			batch = append(batch, in)
		}
		next = max(next, updateID(raw)+1)
	}
	if len(batch) > 0 {
		if err := accept(ctx, batch...); err != nil {
			a.setHealth("messages cannot be stored")
			return offset, fmt.Errorf("accept %d updates: %w", len(batch), err)
		}
	}
	a.setHealth("")
	if len(updates) == 0 && a.Now().Sub(began) < time.Second {
		// A provider that does not hold empty answers back is not hammered.
		return next, a.Wait(ctx, time.Second)
	}
	return next, nil
}

// updateID reads an update's id even where the rest of it is not understood.
func updateID(raw []byte) int {
	var u struct {
		ID int `json:"update_id"`
	}
	_ = json.Unmarshal(raw, &u) // without an id it cannot be confirmed; 0
	return u.ID
}
