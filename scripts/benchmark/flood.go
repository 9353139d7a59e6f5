package main

import (
	"context"
	"time"
)

// A nation's volume, which no single machine can be measured at: a day is
// simulated second by second from the rates that were measured.
const (
	nationYear = 100_000_000 // complaints
	floodTimes = 20          // the mean day
)

// hours is the share of a day's complaints that each hour has, of a thousand:
// little at night, most in the morning after.
var hours = [24]float64{8, 5, 4, 4, 6, 15, 35, 60, 82, 88, 80, 70, 62, 58, 56, 54, 52, 52, 52, 50, 42, 32, 20, 13}

// day is what became of a simulated day.
type day struct {
	peak    float64       // complaints a second in the busiest hour
	waiting float64       // complaints without a case, at most
	handled time.Duration // the longest wait for a case
	unsent  float64       // acknowledgements waiting for the provider, at most
	sent    time.Duration // the longest wait for an acknowledgement after the case
}

// simulate plays a day of so many complaints on machines that handle so many a
// second and numbers that send so many segments a second, two a message.
func simulate(complaints, handle, segments float64) day {
	var d day
	var waiting, unsent float64
	total := 0.0
	for _, share := range hours {
		total += share
	}
	for second := range 36 * 3600 { // the backlog of the evening is worked off at night
		arriving := 0.0
		if hour := second / 3600; hour < 24 {
			arriving = complaints * hours[hour] / total / 3600
		}
		handled := min(waiting+arriving, handle)
		waiting += arriving - handled
		sent := min(unsent+handled, segments/2)
		unsent += handled - sent
		d.peak, d.waiting, d.unsent = max(d.peak, arriving), max(d.waiting, waiting), max(d.unsent, unsent)
		d.handled = max(d.handled, time.Duration(waiting/handle*float64(time.Second)))
		d.sent = max(d.sent, time.Duration(unsent/(segments/2)*float64(time.Second)))
	}
	return d
}

// flood simulates a nation's mean day and its flood day.
func (b *bench) flood(context.Context) error {
	mean := nationYear / 365.0
	for _, plan := range []struct {
		name                         string
		complaints, handle, segments float64
	}{
		{"mean day, 1 worker at 300/s, 100 segments/s", mean, 300, 100},
		{"flood day, 1 worker at 100/s, 300 segments/s", floodTimes * mean, 100, 300},
		{"flood day, 1 worker at 300/s, 100 segments/s", floodTimes * mean, 300, 100},
		{"flood day, 1 worker at 300/s, 200 segments/s", floodTimes * mean, 300, 200},
		{"flood day, 1 worker at 300/s, 300 segments/s", floodTimes * mean, 300, 300},
	} {
		d := simulate(plan.complaints, plan.handle, plan.segments)
		b.report.note(plan.name+": busiest hour", d.peak, "/s")
		b.report.note("  without a case at most", d.waiting, "complaints")
		b.report.note("  longest wait for a case", d.handled.Minutes(), "min")
		b.report.note("  longest wait for the provider", d.sent.Minutes(), "min")
	}
	return nil
}
