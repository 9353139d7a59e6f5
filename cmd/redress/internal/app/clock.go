package app

import (
	"context"
	"time"
)

// Bounds of asking for the time.
const (
	clockEvery   = 5 * time.Second
	clockTimeout = 2 * time.Second
	clockOff     = 10 * time.Second // what an operator is told of
)

// setClock sets the clock by that of the database.
func (a *App) setClock(ctx context.Context) error {
	if a.shared == nil {
		return nil
	}
	shown, within, err := a.Store.Clock(ctx)
	if err != nil {
		return err
	}
	a.shared.Set(shown, within)
	return nil
}

// followClock keeps the clock set until ctx ends. While the database is away
// it goes on by itself.
func (a *App) followClock(ctx context.Context) {
	told := false
	for a.Clock.Wait(ctx, a.Clock.Now().Add(clockEvery)) == nil {
		ask, cancel := context.WithTimeout(ctx, clockTimeout)
		_ = a.setClock(ask) // asked again soon
		cancel()
		off := a.Machine.Now().Sub(a.Clock.Now())
		if wrong := off.Abs() > clockOff; wrong != told {
			told = wrong
			a.Logger.Warn("the clock of this machine differs from that of the database, which counts", "by", off.Round(time.Second), "wrong", wrong)
		}
	}
}
