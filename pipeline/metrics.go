package pipeline

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// statsTimeout bounds how long a scrape waits for the database.
const statsTimeout = 3 * time.Second

// forecastEvery bounds how often the line of the outbox is gone through.
const forecastEvery = time.Minute

// Sources are where the gauges are read from when they are asked for. A nil
// source leaves its gauges out, and so does one that fails.
type Sources struct {
	Inbound  func(ctx context.Context) (store.InboundStats, error)
	Outbound func(ctx context.Context) (map[store.OutboundState]int, error)
	Cases    func(ctx context.Context) (map[cases.Status]int, error)
	Forecast func(ctx context.Context) ([]Forecast, error) // asked once a minute at most
	Spool    func() int                                    // messages
	Aside    func() int                                    // spool segments set aside
	Health   func() []channels.Health                      // of every account that takes in
	Clock    Clock
}

// Metrics are what operators watch. A nil *Metrics counts nothing.
type Metrics struct {
	accepted    *prometheus.CounterVec
	processed   *prometheus.CounterVec
	outbound    *prometheus.CounterVec
	escalations *prometheus.CounterVec
	timersLate  prometheus.Gauge
}

// NewMetrics registers the collectors of the pipeline.
func NewMetrics(registry prometheus.Registerer, sources Sources) (*Metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	m := &Metrics{
		accepted:    counter("redress_inbound_accepted_total", "Messages taken in, each once.", "channel"),
		processed:   counter("redress_inbound_processed_total", "Messages worked on, by result.", "channel", "result"),
		outbound:    counter("redress_outbound_total", "Outcomes of attempts to send, by state.", "channel", "state"),
		escalations: counter("redress_escalations_total", "Escalations, by the level they went to.", "level"),
		timersLate: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "redress_timers_late_seconds", Help: "Lateness of the timer that is due longest.",
		}),
	}
	for _, c := range []prometheus.Collector{m.accepted, m.processed, m.outbound, m.escalations, m.timersLate, newGauges(sources)} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}

// InboundAccepted counts a message taken in for the first time.
func (m *Metrics) InboundAccepted(channel string) {
	if m != nil {
		m.accepted.WithLabelValues(channel).Inc()
	}
}

// InboundProcessed counts a message worked on; result is processed, ignored or quarantined.
func (m *Metrics) InboundProcessed(channel, result string) {
	if m != nil {
		m.processed.WithLabelValues(channel, result).Inc()
	}
}

// Outbound counts what became of an attempt to send, or a later report on it.
func (m *Metrics) Outbound(channel string, state store.OutboundState) {
	if m != nil {
		m.outbound.WithLabelValues(channel, string(state)).Inc()
	}
}

// Escalated counts an escalation to a level.
func (m *Metrics) Escalated(level int) {
	if m != nil {
		m.escalations.WithLabelValues(strconv.Itoa(level)).Inc()
	}
}

// TimersLate sets how late the timer is that is due longest; 0 when none is.
func (m *Metrics) TimersLate(late time.Duration) {
	if m != nil {
		m.timersLate.Set(late.Seconds())
	}
}

// gauges are read from their sources when asked for.
type gauges struct {
	sources                           Sources
	quarantined, lag, spooled, aside  *prometheus.Desc
	uncertain, waiting, open, channel *prometheus.Desc
	drain                             *prometheus.Desc

	mu         sync.Mutex
	forecasts  []Forecast
	forecastAt time.Time
}

func newGauges(sources Sources) *gauges {
	gauge := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &gauges{
		sources:     sources,
		quarantined: gauge("redress_inbound_quarantined", "Messages that could not be handled and wait for staff."),
		lag:         gauge("redress_inbound_lag_seconds", "Age of the oldest message not worked on yet."),
		spooled:     gauge("redress_spool_messages", "Messages in the spool, waiting for the database."),
		aside:       gauge("redress_spool_set_aside", "Spool segments set aside for a person to look at."),
		uncertain:   gauge("redress_outbound_uncertain", "Messages that may or may not have been sent."),
		waiting:     gauge("redress_outbound_waiting", "Messages waiting to be sent."),
		open:        gauge("redress_cases_open", "Open cases, by status.", "status"),
		channel:     gauge("redress_channel_up", "1 when an account's intake works.", "channel", "account"),
		drain: gauge("redress_outbound_drain_seconds",
			"Time to send what waits on an account under its provider's limits.", "channel", "account"),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.quarantined, g.lag, g.spooled, g.aside, g.uncertain, g.waiting, g.open, g.channel, g.drain} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	set := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	g.collectStore(ctx, set)
	for _, f := range g.forecast(ctx) {
		set(g.drain, f.Takes.Seconds(), f.Channel, f.Account)
	}
	if g.sources.Spool != nil {
		set(g.spooled, float64(g.sources.Spool()))
	}
	if g.sources.Aside != nil {
		set(g.aside, float64(g.sources.Aside()))
	}
	if g.sources.Health == nil {
		return
	}
	for _, h := range g.sources.Health() {
		up := 0.0
		if h.Up {
			up = 1
		}
		set(g.channel, up, h.Channel, h.Account)
	}
}

// forecast is not older than forecastEvery; the last one is kept while the
// database fails.
func (g *gauges) forecast(ctx context.Context) []Forecast {
	if g.sources.Forecast == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.sources.Clock.Now()
	if age := now.Sub(g.forecastAt); age >= 0 && age < forecastEvery {
		return g.forecasts
	}
	if forecasts, err := g.sources.Forecast(ctx); err == nil {
		g.forecasts, g.forecastAt = forecasts, now
	}
	return g.forecasts
}

func (g *gauges) collectStore(ctx context.Context, set func(d *prometheus.Desc, value float64, labels ...string)) {
	if g.sources.Inbound != nil {
		if stats, err := g.sources.Inbound(ctx); err == nil {
			set(g.quarantined, float64(stats.Quarantined))
			lag := time.Duration(0)
			if stats.Oldest != nil {
				lag = max(0, g.sources.Clock.Now().Sub(*stats.Oldest))
			}
			set(g.lag, lag.Seconds())
		}
	}
	if g.sources.Outbound != nil {
		if stats, err := g.sources.Outbound(ctx); err == nil {
			set(g.uncertain, float64(stats[store.OutUncertain]))
			set(g.waiting, float64(stats[store.OutPending]+stats[store.OutRetry]))
		}
	}
	if g.sources.Cases != nil {
		if counts, err := g.sources.Cases(ctx); err == nil {
			for status, n := range counts {
				if status.Open() {
					set(g.open, float64(n), string(status))
				}
			}
		}
	}
}
