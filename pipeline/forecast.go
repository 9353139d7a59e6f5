package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// forecastSample is of how many waiting messages of an account the cost is
// computed; of longer lines it is scaled up.
const forecastSample = 500

// Forecast is how long what waits on an account takes to be sent.
type Forecast struct {
	channels.Name
	Waiting int
	// Takes is the time the provider's limits ask for, from now on; 0: no limit.
	Takes time.Duration
	// Expiring is about how many pass their expiry before their turn comes.
	Expiring int
}

// Line is what waits to be sent.
type Line interface {
	WaitingSample(ctx context.Context, sample int) ([]store.Waiting, error)
}

// ForecastSending tells, for each account on which messages wait, how long its
// provider's limits make that take. It reckons with the limits alone: a slow
// provider takes longer.
func ForecastSending(ctx context.Context, line Line, adapters Adapters, now time.Time) ([]Forecast, error) {
	waiting, err := line.WaitingSample(ctx, forecastSample)
	if err != nil {
		return nil, fmt.Errorf("forecasting: %w", err)
	}
	var forecasts []Forecast
	for len(waiting) > 0 {
		first, n := waiting[0].Outbound, 1
		for n < len(waiting) && waiting[n].Outbound.Channel == first.Channel && waiting[n].Outbound.Account == first.Account {
			n++
		}
		f := Forecast{Name: channels.Name{Channel: first.Channel, Account: first.Account}, Waiting: waiting[0].Line}
		if adapter, ok := adapters.Get(first.Channel, first.Account); ok {
			f.reckon(waiting[:n], adapter, now)
		}
		forecasts = append(forecasts, f)
		waiting = waiting[n:]
	}
	return forecasts, nil
}

// reckon finds the limit that is reached last, and who is too late by then.
func (f *Forecast) reckon(sample []store.Waiting, adapter channels.Adapter, now time.Time) {
	pacer, ok := adapter.(channels.Pacer)
	if !ok {
		return
	}
	scale := float64(f.Waiting) / float64(len(sample))
	seconds, rows := map[string]float64{}, map[string]int{}
	for _, w := range sample {
		for _, c := range pacer.Pace(outboundOf(w.Outbound)) {
			if c.PerSecond > 0 {
				seconds[c.Scope] += c.Units / c.PerSecond
				rows[c.Scope]++
			}
		}
	}
	longest := 0.0
	for scope, s := range seconds {
		if rows[scope] == 1 && len(sample) > 1 { // a recipient of its own: seen once, there once
			longest = max(longest, s)
		} else {
			longest = max(longest, s*scale)
		}
	}
	f.Takes = time.Duration(longest * float64(time.Second)).Round(time.Second)
	late := 0
	for _, w := range sample {
		turn := now.Add(time.Duration(float64(f.Takes) * float64(w.Place) / float64(f.Waiting)))
		if !w.Outbound.ExpiresAt.IsZero() && w.Outbound.ExpiresAt.Before(turn) {
			late++
		}
	}
	f.Expiring = int(float64(late)*scale + 0.5)
}
