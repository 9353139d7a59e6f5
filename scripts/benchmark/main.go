// Command benchmark is what scripts/bench runs: it drives a redress process
// from outside, as providers and people do, and measures plain tools beside it
// in the same run, so that what counts is a ratio and not the machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/redress-cms/redress/scripts/testenv"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	redress  string // path of the program
	folder   string // for everything the run leaves behind
	quick    bool
	postgres string // URL of the server's first database
	redis    string // redis:// URL
	imap     string // host:port, any user, password "secret"
	report   report
	started  []*os.Process // programs, to end those that a failing measurement leaves behind
}

// measurement is one part of the table.
type measurement struct {
	name string
	run  func(context.Context) error
}

func (b *bench) measurements() []measurement {
	return []measurement{
		{"idle", b.idle},
		{"accept", b.accept},
		{"whole", b.whole},
		{"latency", b.latency},
		{"mail", b.mail},
		{"replies", b.replies},
	}
}

func run(ctx context.Context, args []string) error {
	b := &bench{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&b.redress, "redress", "", "path of the program")
	flags.StringVar(&b.folder, "folder", "", "folder for temporary files")
	flags.BoolVar(&b.quick, "quick", false, "small numbers: shows that all works, and roughly how fast")
	only := flags.String("only", "", "names of measurements, comma between; empty: all but seed")
	path := flags.String("json", "bench.json", "file to write the table to")
	list := b.measurements()
	if len(args) > 0 {
		if m, ok := map[string]measurement{"seed": {"seed", b.seeded}, "flood": {"flood", b.flood}}[args[0]]; ok {
			list, args = []measurement{m}, args[1:]
		}
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	for name, value := range map[string]*string{
		testenv.Postgres: &b.postgres, testenv.Redis: &b.redis, testenv.IMAP: &b.imap,
	} {
		if *value = os.Getenv(name); *value == "" {
			return fmt.Errorf("%s is not set: run scripts/bench", name)
		}
	}
	if b.redress == "" || b.folder == "" {
		return errors.New("--redress and --folder are missing: run scripts/bench")
	}
	b.report.begin(b.quick)
	defer func() {
		for _, process := range b.started {
			_ = process.Kill() // most have ended
		}
	}()
	for _, m := range list {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), m.name) {
			continue
		}
		began := time.Now()
		if err := m.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %s\n", m.name, time.Since(began).Round(time.Second))
	}
	b.report.print(os.Stdout)
	file, err := filepath.Abs(*path)
	if err != nil {
		return err
	}
	return b.report.write(file)
}

// size is how many of something are measured.
func (b *bench) size(quick, full int) int {
	if b.quick {
		return quick
	}
	return full
}
