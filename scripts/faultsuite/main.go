// Command faultsuite runs Redress among providers and servers that it breaks,
// and compares what the providers' ledgers say with the database at the end:
// each complaint is exactly one case and one acknowledgement, in the order of
// its sender. scripts/faults runs it; docs/operator/faults.md tells about it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// options are what a run is asked for.
type options struct {
	duration time.Duration
	rate     float64
	seed     uint64
	faults   []string // each alone; empty: mixed
	times    int
	without  []string      // not in the mixed run
	patience time.Duration // for what is under way at the end
	folder   string
	program  string // a redress built with the tag faults; empty: built here
	out      io.Writer
}

// report is what a run says at the end, as JSON.
type report struct {
	Seed     uint64         `json:"seed"`
	Fault    string         `json:"fault"` // or "mixed"
	Seconds  float64        `json:"seconds"`
	Rate     float64        `json:"rate"`
	Done     map[string]int `json:"faults"`
	Died     []string       `json:"died"` // processes that ended by themselves
	NotDone  []string       `json:"faults_not_done"`
	Spooling int            `json:"answers_refused"`
	result
}

func (r report) ok() bool { return r.result.ok() && len(r.Died) == 0 && len(r.NotDone) == 0 }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code, err := command(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
	}
	os.Exit(code)
}

func command(ctx context.Context, arguments []string, out io.Writer) (int, error) {
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	o := options{out: out}
	flags.DurationVar(&o.duration, "duration", time.Minute, "how long the mixed run complains and breaks")
	flags.Float64Var(&o.rate, "rate", 20, "complaints a second")
	flags.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()%1_000_000), "of the schedule; the same seed gives the same faults") //nolint:gosec // positive
	only := flags.String("fault", "", "faults to do alone, with commas, or all; else they are mixed")
	flags.IntVar(&o.times, "times", 20, "how often each alone")
	flags.DurationVar(&o.patience, "patience", 8*time.Minute, "for what is under way at the end")
	flags.StringVar(&o.folder, "folder", "", "for logs and servers; kept. Default: a temporary one, kept when something is wrong")
	file := flags.String("json", "", "file for the report as JSON")
	list := flags.Bool("list", false, "tell the faults there are")
	if err := flags.Parse(arguments); err != nil {
		return 2, nil //nolint:nilerr // flag has told it
	}
	if *list {
		for _, f := range faults() {
			fmt.Fprintf(out, "%-18s %s\n", f.name, f.what)
		}
		return 0, nil
	}
	if *only == "all" {
		for _, f := range faults() {
			o.faults = append(o.faults, f.name)
		}
	} else if *only != "" {
		o.faults = strings.Split(*only, ",")
	}
	reports, err := o.run(ctx)
	if err != nil {
		return 1, err
	}
	if *file != "" {
		text, err := json.MarshalIndent(reports, "", "  ")
		if err == nil {
			err = os.WriteFile(*file, append(text, '\n'), 0o600)
		}
		if err != nil {
			return 1, fmt.Errorf("writing the report: %w", err)
		}
	}
	table(out, reports)
	if slices.ContainsFunc(reports, func(r report) bool { return !r.ok() }) {
		return 1, errors.New("promises were broken; the lines above name the complaints")
	}
	return 0, nil
}

// run does the mixed run, or each fault alone on a system of its own.
func (o options) run(ctx context.Context) (reports []report, err error) {
	for _, name := range o.faults {
		if _, err := faultNamed(name); err != nil {
			return nil, err
		}
	}
	kept := o.folder != ""
	if !kept {
		if o.folder, err = os.MkdirTemp("", "redress-faults-"); err != nil {
			return nil, fmt.Errorf("making a folder: %w", err)
		}
		if err := readable(o.folder); err != nil {
			return nil, err
		}
	}
	defer func() {
		if wrong := err != nil || slices.ContainsFunc(reports, func(r report) bool { return !r.ok() }); wrong || kept {
			fmt.Fprintln(o.out, "logs and database:", o.folder)
		} else {
			_ = os.RemoveAll(o.folder)
		}
	}()
	if err := o.build(ctx); err != nil {
		return nil, err
	}
	if len(o.faults) == 0 {
		r, err := o.one(ctx, "mixed")
		return []report{r}, err
	}
	for _, name := range o.faults {
		r, err := o.one(ctx, name)
		if err != nil {
			return reports, fmt.Errorf("%s: %w", name, err)
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// readable lets PostgreSQL, which root runs as somebody else, into a folder and
// those above it that are ours.
func readable(folder string) error {
	for ; strings.HasPrefix(folder, os.TempDir()) && folder != os.TempDir(); folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // its name is random
			return fmt.Errorf("opening the folder: %w", err)
		}
	}
	return nil
}

func (o *options) build(ctx context.Context) error {
	if o.program != "" {
		return nil
	}
	o.program = filepath.Join(o.folder, "redress")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "faults", "-o", o.program, "github.com/redress-cms/redress/cmd/redress")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building redress: %w\n%s", err, out)
	}
	return nil
}

// one is one run on a fresh system.
func (o options) one(ctx context.Context, what string) (report, error) {
	begun := time.Now()
	folder := filepath.Join(o.folder, what)
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // as above
		return report{}, err
	}
	var mu sync.Mutex
	log := func(format string, arguments ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(o.out, "%7.1fs  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, arguments...))
	}
	log("%s, seed %d, %.0f complaints a second", what, o.seed, o.rate)
	s, err := newSystem(ctx, folder, o.program, log)
	if err != nil {
		return report{}, err
	}
	defer s.close()
	steps, done := o.steps(what), map[string]int{}
	for _, step := range steps {
		done[step.Fault]++
	}
	complaints, b := &book{}, newBreaker(s)
	complaining, enough := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- newLoad(s, complaints, o.seed).run(complaining, o.rate) }()
	if what == "mixed" {
		limit, cancel := context.WithTimeout(ctx, o.duration)
		b.follow(limit, steps)
		<-limit.Done()
		cancel()
	} else {
		b.repeat(ctx, steps)
	}
	enough()
	if err := <-ended; err != nil {
		return report{}, err
	}
	log("%d complaints made; waiting for the last", len(complaints.all()))
	open, err := s.drain(ctx, complaints.all(), o.patience)
	if err != nil {
		return report{}, err
	}
	_ = rest(ctx, 3*time.Second) // what is doubled may come a little later
	r := report{Seed: o.seed, Fault: what, Rate: o.rate, Done: done, NotDone: b.failed, Spooling: int(s.balancer.refused.Load())}
	if r.result, err = s.verify(ctx, complaints.all()); err != nil {
		return r, err
	}
	r.Unfinished, r.Died, r.Seconds = open, s.died, time.Since(begun).Seconds()
	return r, nil
}

// steps are the faults of a run in order.
func (o options) steps(what string) []step {
	if what == "mixed" {
		var able []fault
		for _, f := range faults() {
			long := f.name == "spool-full" && o.duration <= 3*time.Minute
			if !long && !slices.Contains(o.without, f.name) {
				able = append(able, f)
			}
		}
		return plan(o.seed, o.duration, able)
	}
	random := rand.New(rand.NewPCG(o.seed, 2)) //nolint:gosec // to be replayed
	steps := make([]step, o.times)
	for i := range steps {
		steps[i] = step{Fault: what, Seed: random.Uint64()}
	}
	return steps
}

// repeat does one fault after the other, with a second or two between.
func (b *breaker) repeat(ctx context.Context, steps []step) {
	for _, s := range steps {
		f, err := faultNamed(s.Fault)
		if err != nil || rest(ctx, time.Second+time.Duration(s.Seed%1500)*time.Millisecond) != nil { //nolint:gosec // small
			return
		}
		b.do(ctx, f, s.Seed)
	}
	_ = rest(ctx, time.Second)
}

// table prints a line per run, and what went wrong below.
func table(out io.Writer, reports []report) {
	fmt.Fprintf(out, "\n%-18s %6s %10s %7s %13s %9s %5s %8s %9s %7s %8s\n", "fault", "times", "complaints", "cases",
		"acknowledged", "uncertain", "lost", "doubled", "disorder", "median", "slowest")
	for _, r := range reports {
		times := 0
		for _, n := range r.Done {
			times += n
		}
		fmt.Fprintf(out, "%-18s %6d %10d %7d %13d %9d %5d %8d %9d %6.1fs %7.1fs\n", r.Fault, times, r.Complaints, r.Cases,
			r.Acknowledged, r.UncertainArrived+r.UncertainLost, len(r.Lost), len(r.Doubled), len(r.OutOfOrder), r.Median, r.Slowest)
	}
	for _, r := range reports {
		for what, list := range map[string][]string{
			"lost": r.Lost, "doubled": r.Doubled, "out of order": r.OutOfOrder, "quarantined": r.Quarantined, "unfinished": r.Unfinished,
			"ended by itself": r.Died, "fault not done": r.NotDone,
		} {
			for _, line := range list[:min(20, len(list))] {
				fmt.Fprintf(out, "%s: %s: %s\n", r.Fault, what, line)
			}
		}
		if n := len(r.Spooled); n > 0 {
			fmt.Fprintf(out, "%s: %d complaints waited in the spool of a gateway that was down while another took the next\n", r.Fault, n)
		}
	}
}
