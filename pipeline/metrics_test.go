package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
)

// samples are the values of a registry, one a line.
func samples(t *testing.T, registry *prometheus.Registry) []string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, label := range m.GetLabel() {
				labels = append(labels, label.GetName()+"="+label.GetValue())
			}
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue()
			lines = append(lines, fmt.Sprintf("%s{%s} %v", family.GetName(), strings.Join(labels, ","), value))
		}
	}
	slices.Sort(lines)
	return lines
}

// fullMetrics has a sample of every metric.
func fullMetrics(t *testing.T) (*prometheus.Registry, *pipeline.Metrics) {
	t.Helper()
	registry := prometheus.NewRegistry()
	m, err := pipeline.NewMetrics(registry, pipeline.Sources{
		Inbound: func(context.Context) (store.InboundStats, error) {
			return store.InboundStats{Received: 3, Quarantined: 2}, nil
		},
		Outbound: func(context.Context) (map[store.OutboundState]int, error) {
			return map[store.OutboundState]int{store.OutUncertain: 4, store.OutPending: 5, store.OutRetry: 1}, nil
		},
		Cases: func(context.Context) (map[cases.Status]int, error) {
			return map[cases.Status]int{cases.Pending: 6, cases.Closed: 100}, nil
		},
		Forecast: func(context.Context) ([]pipeline.Forecast, error) {
			return []pipeline.Forecast{{Name: channels.Name{Channel: "sms", Account: "main"}, Waiting: 6, Takes: 90 * time.Second}}, nil
		},
		Spool: func() int { return 7 },
		Aside: func() int { return 1 },
		Health: func() []channels.Health {
			return []channels.Health{{Name: channels.Name{Channel: "sms", Account: "main"}, Up: true}, {Name: channels.Name{Channel: "email", Account: "main"}}}
		},
		Clock: pipeline.SystemClock{},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.InboundAccepted("sms")
	m.InboundProcessed("sms", "processed")
	m.Outbound("sms", store.OutSent)
	m.Outbound("sms", store.OutSent)
	m.Escalated(2)
	m.TimersLate(1500 * time.Millisecond)
	return registry, m
}

func TestMetricsAreNamedAsPromised(t *testing.T) {
	registry, _ := fullMetrics(t)
	want := []string{
		`redress_cases_open{status=pending} 6`,
		`redress_channel_up{account=main,channel=email} 0`,
		`redress_channel_up{account=main,channel=sms} 1`,
		`redress_escalations_total{level=2} 1`,
		`redress_inbound_accepted_total{channel=sms} 1`,
		`redress_inbound_lag_seconds{} 0`,
		`redress_inbound_processed_total{channel=sms,result=processed} 1`,
		`redress_inbound_quarantined{} 2`,
		`redress_outbound_drain_seconds{account=main,channel=sms} 90`,
		`redress_outbound_total{channel=sms,state=sent} 2`,
		`redress_outbound_uncertain{} 4`,
		`redress_outbound_waiting{} 6`,
		`redress_spool_messages{} 7`,
		`redress_spool_set_aside{} 1`,
		`redress_timers_late_seconds{} 1.5`,
	}
	if diff := cmp.Diff(want, samples(t, registry)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if _, err := pipeline.NewMetrics(registry, pipeline.Sources{}); err == nil {
		t.Error("registering twice went unnoticed")
	}
}

// What operators are given to watch with must name metrics that there are.
func TestDashboardAndAlertsNameMetricsThatExist(t *testing.T) {
	registry, _ := fullMetrics(t)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, family := range families {
		there[family.GetName()] = true
	}
	for _, file := range []string{"prometheus/redress.rules.yaml", "prometheus/rules_test.yaml", "grafana/redress.json"} {
		text, err := os.ReadFile(filepath.Join("../docs/deploy", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`redress_[a-z_]+`).FindAllString(string(text), -1) {
			if !there[name] {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
}

func TestLagIsTheAgeOfTheOldest(t *testing.T) {
	registry := prometheus.NewRegistry()
	clock := &steppedClock{}
	oldest := clock.Now()
	clock.step(time.Hour)
	_, err := pipeline.NewMetrics(registry, pipeline.Sources{Clock: clock, Inbound: func(context.Context) (store.InboundStats, error) {
		return store.InboundStats{Oldest: &oldest}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := samples(t, registry); !strings.HasPrefix(got[0], "redress_inbound_lag_seconds{} 3600") {
		t.Errorf("%v, want an hour", got)
	}
}

func TestAScrapeOutlivesTheDatabaseAndNilMetricsCountNothing(t *testing.T) {
	registry := prometheus.NewRegistry()
	_, err := pipeline.NewMetrics(registry, pipeline.Sources{
		Inbound: func(context.Context) (store.InboundStats, error) { return store.InboundStats{}, errors.New("away") },
		Spool:   func() int { return 7 },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`redress_spool_messages{} 7`, `redress_timers_late_seconds{} 0`}
	if diff := cmp.Diff(want, samples(t, registry)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	var none *pipeline.Metrics
	none.InboundAccepted("sms")
	none.InboundProcessed("sms", "processed")
	none.Outbound("sms", store.OutSent)
	none.Escalated(1)
	none.TimersLate(time.Second)
}
