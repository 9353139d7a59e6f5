package pipeline

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redress-cms/redress/cases"
)

// RegisterFileMetrics registers what operators watch of attachments: how many
// are held or harmful, and whether the scanner answers (ping; nil: none is set).
func RegisterFileMetrics(registry prometheus.Registerer, stats func(context.Context) (map[cases.AttachmentState]int, error),
	ping func(context.Context) error) error {
	err := registry.Register(&fileGauges{
		stats: stats, ping: ping,
		files:   prometheus.NewDesc("redress_attachments", "Attachments not examined yet (pending), and harmful ones in quarantine (infected).", []string{"state"}, nil),
		scanner: prometheus.NewDesc("redress_scanner_up", "1 when the scanner of attachments answers.", nil, nil),
	})
	if err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	return nil
}

// fileGauges are read from the database when asked for.
type fileGauges struct {
	stats          func(context.Context) (map[cases.AttachmentState]int, error)
	ping           func(context.Context) error
	files, scanner *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (g *fileGauges) Describe(out chan<- *prometheus.Desc) {
	out <- g.files
	out <- g.scanner
}

// Collect implements prometheus.Collector.
func (g *fileGauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	if counts, err := g.stats(ctx); err == nil {
		for state, n := range counts {
			out <- prometheus.MustNewConstMetric(g.files, prometheus.GaugeValue, float64(n), string(state))
		}
	}
	if g.ping == nil {
		return
	}
	up := 1.0
	if g.ping(ctx) != nil {
		up = 0
	}
	out <- prometheus.MustNewConstMetric(g.scanner, prometheus.GaugeValue, up)
}
