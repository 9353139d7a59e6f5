package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// report is the table of one run.
type report struct {
	At    time.Time `json:"at"`
	Go    string    `json:"go"`
	Cores int       `json:"cores"`
	Quick bool      `json:"quick"`
	Rows  []row     `json:"rows"`
}

// row is one figure. With a baseline, what counts is Ratio, Value / Baseline.
type row struct {
	Name     string  `json:"name"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"`
	Compared string  `json:"compared,omitempty"`
	Baseline float64 `json:"baseline,omitempty"`
	Ratio    float64 `json:"ratio,omitempty"`
	Aim      string  `json:"aim,omitempty"`
	Met      *bool   `json:"met,omitempty"`
}

// bound is what a figure is to reach.
type bound struct {
	limit float64
	most  bool // at most, else at least
}

func atLeast(limit float64) bound { return bound{limit, false} }
func atMost(limit float64) bound  { return bound{limit, true} }

func (b bound) met(v float64) bool {
	if b.most {
		return v <= b.limit
	}
	return v >= b.limit
}

func (b bound) String() string {
	if b.most {
		return fmt.Sprintf("≤ %g", b.limit)
	}
	return fmt.Sprintf("≥ %g", b.limit)
}

func (r *report) begin(quick bool) {
	r.At, r.Go, r.Cores, r.Quick = time.Now().UTC(), runtime.Version(), runtime.NumCPU(), quick
}

// note adds a figure without an aim.
func (r *report) note(name string, value float64, unit string) {
	r.Rows = append(r.Rows, row{Name: name, Value: value, Unit: unit})
}

// absolute adds a figure with an aim of its own.
func (r *report) absolute(name string, value float64, unit string, aim bound) {
	met := aim.met(value)
	r.Rows = append(r.Rows, row{Name: name, Value: value, Unit: unit, Aim: aim.String() + " " + unit, Met: &met})
}

// relative adds a figure that counts against another.
func (r *report) relative(name string, value float64, unit, compared string, baseline float64, aim bound) {
	met := aim.met(value / baseline)
	r.Rows = append(r.Rows, row{
		Name: name, Value: value, Unit: unit, Compared: compared, Baseline: baseline,
		Ratio: value / baseline, Aim: aim.String() + " x", Met: &met,
	})
}

func (r *report) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "what\tmeasured\tcompared with\t\tratio\taim\tmet")
	for _, row := range r.Rows {
		baseline, ratio, met := "", "", ""
		if row.Compared != "" {
			baseline, ratio = figure(row.Baseline)+" "+row.Unit, figure(row.Ratio)
		}
		if row.Met != nil {
			met = map[bool]string{true: "yes", false: "NO"}[*row.Met]
		}
		fmt.Fprintf(t, "%s\t%s %s\t%s\t%s\t%s\t%s\t%s\n", row.Name, figure(row.Value), row.Unit, row.Compared, baseline, ratio, row.Aim, met)
	}
	_ = t.Flush()
}

func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// percentile of durations, 0 to 1.
func percentile(list []time.Duration, p float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// median of figures of repeated runs.
func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
