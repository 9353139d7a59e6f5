package main

import (
	"fmt"
	"io"
	"time"

	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

// longLine is a line of messages that people ask about.
const longLine = 5 * time.Minute

type outboundForecastCommand struct{}

// Help is shown by `redress outbound forecast --help`.
func (outboundForecastCommand) Help() string {
	return "It reckons with the limits of the providers as the settings state them; what passes its expiry meanwhile is not sent.\n\n" +
		"Example:\n\n  redress outbound forecast --json"
}

// forecastView is the JSON of one account's line.
type forecastView struct {
	Channel  string `json:"channel"`
	Account  string `json:"account"`
	Waiting  int    `json:"waiting"`
	Seconds  int64  `json:"seconds"`
	Expiring int    `json:"expiring"`
}

// Run prints a line for each account on which messages wait.
func (outboundForecastCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	views, err := forecasts(r, a)
	if err != nil {
		return err
	}
	return printList(r, views, "CHANNEL ACCOUNT WAITING TAKES EXPIRING", func(v forecastView) []any {
		return []any{v.Channel, v.Account, v.Waiting, roughly(time.Duration(v.Seconds) * time.Second), v.Expiring}
	})
}

func forecasts(r *invocation, a *app.App) ([]forecastView, error) {
	list, err := a.Forecast(r.Context)
	views := []forecastView{}
	for _, f := range list {
		views = append(views, forecastView{f.Channel, f.Account, f.Waiting, int64(f.Takes.Seconds()), f.Expiring})
	}
	return views, err
}

// printLongLines says, below a list, what waits for long under the limits.
func printLongLines(r *invocation, a *app.App) error {
	views, err := forecasts(r, a)
	if err != nil {
		return err
	}
	return r.print(views, func(w io.Writer) {
		for _, v := range views {
			takes := time.Duration(v.Seconds) * time.Second
			if takes < longLine {
				continue
			}
			fmt.Fprintf(w, "\n%d messages wait on %s %s; its limits make that take %s.", v.Waiting, v.Channel, v.Account, roughly(takes))
			if v.Expiring > 0 {
				fmt.Fprintf(w, " About %d expire before their turn.", v.Expiring)
			}
			fmt.Fprintln(w)
		}
	})
}

// roughly is a time span as people say it: its two largest units.
func roughly(d time.Duration) string {
	days, hours, minutes, seconds := d/(24*time.Hour), d/time.Hour%24, d/time.Minute%60, d/time.Second%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min", minutes)
	}
	return fmt.Sprintf("%d s", seconds)
}
