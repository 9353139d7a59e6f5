// Package app wires the parts of Redress together, starts them in order and
// stops them in reverse. All wiring is here.
package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cases/store/files"
	"github.com/redress-cms/redress/configs"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/pipeline/scanner"
	"github.com/redress-cms/redress/pipeline/spool"
	"github.com/redress-cms/redress/pipeline/tracing"
	"github.com/redress-cms/redress/templates"
)

// Options say what to wire.
type Options struct {
	Settings *configs.Settings
	Logger   *slog.Logger
	Clock    pipeline.Clock // nil: PostgreSQL's, else the machine's
	Machine  pipeline.Clock // the machine's; nil: the real one
	// Organisation is applied when there is none yet; nil: an error then.
	Organisation []byte
	// Recall lets Open succeed while PostgreSQL is away, by what it said to an
	// earlier run; for a gateway, which spools meanwhile.
	Recall bool
}

// App is the wired installation. Open connects it; Run starts its work.
type App struct {
	Options
	Store     *store.Store
	Files     *files.Files
	Templates *templates.Set
	Office    *pipeline.Office
	Adapters  pipeline.Adapters
	Registry  *prometheus.Registry
	Metrics   *pipeline.Metrics
	Tracer    *tracing.Tracer // nil: off
	Queue     queue.Queue
	Fresh     bool // Options.Organisation was put into force by this Open

	holder   string                // of leases: this process among all that run
	redis    redis.UniversalClient // nil: in process
	leases   *pipeline.Leases
	alive    *pipeline.Leases      // of this process as a whole
	recalled bool                  // opened without the database
	scanner  *scanner.Scanner      // nil: nothing is scanned
	spool    *spool.Spool          // nil: no gateway
	shared   *pipeline.SharedClock // nil: another clock
	closers  []io.Closer

	pressure         pipeline.Pressure
	lastOrganisation atomic.Pointer[cases.Organisation]
	readyMu          sync.Mutex
	readyAt          map[string]time.Time
}

// Open connects to the database, applies the organisation file when it
// changed, and makes the adapters. It starts nothing.
func Open(ctx context.Context, o Options) (*App, error) {
	if o.Machine == nil {
		o.Machine = pipeline.SystemClock{}
	}
	a := &App{Options: o, holder: holder(), Registry: prometheus.NewRegistry(), readyAt: map[string]time.Time{}}
	switch {
	case o.Clock != nil:
	case o.Settings.Database.URL == "":
		a.Clock = o.Machine
	default:
		a.shared = &pipeline.SharedClock{Machine: o.Machine}
		a.Clock = a.shared
	}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	var err error
	if err = os.MkdirAll(a.Settings.DataDir, 0o700); err != nil {
		return fmt.Errorf("data_dir: %w", err)
	}
	a.Store, err = store.Open(ctx, store.Options{
		URL: a.Settings.Database.URL.Reveal(), DataDir: a.Settings.DataDir, Holder: a.holder,
	})
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	a.closers = append(a.closers, a.Store)
	if a.Files, err = files.Open(ctx, filepath.Join(a.Settings.DataDir, "files")); err != nil {
		return fmt.Errorf("opening the files: %w", err)
	}
	a.closers = append(a.closers, a.Files)
	if s := a.Settings.Scanner; s.Address != "" {
		if a.scanner, err = scanner.New(s.Address, s.MaxSize, s.Timeout); err != nil {
			return fmt.Errorf("scanner.address: %w", err)
		}
	}
	if a.Templates, err = templates.New(); err != nil {
		return fmt.Errorf("loading the message templates: %w", err)
	}
	known, err := a.learn(ctx)
	if err != nil {
		return err
	}
	a.lastOrganisation.Store(known.Organisation)
	if err = a.openQueue(); err != nil {
		return err
	}
	if err = a.makeAdapters(ctx, known); err != nil {
		return err
	}
	if a.Metrics, err = a.newMetrics(); err != nil {
		return err
	}
	if err = a.openTracer(ctx); err != nil {
		return err
	}
	if err = pipeline.RegisterFileMetrics(a.Registry, a.Store.AttachmentStats, a.pingScanner()); err != nil {
		return err
	}
	a.Office = pipeline.NewOffice(pipeline.OfficeOptions{
		Store: a.Store, Files: a.ChannelFiles(), Adapters: a.Adapters, Templates: a.Templates, Queue: a.Queue,
		Clock: a.Clock, Random: rand.Reader, Logger: a.Logger, Metrics: a.Metrics, PublicURL: a.Settings.HTTP.PublicURL,
		MaxAttachments: a.Settings.Limits.Attachments,
	})
	return nil
}

// checkSchema returns the schema of the database, which is this program's or a
// newer one. SQLite is migrated by itself; PostgreSQL must have been brought to
// this version by `redress migrate`.
func (a *App) checkSchema(ctx context.Context) (int64, error) {
	have, want, err := a.Store.SchemaVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading the database's version: %w", err)
	}
	if err := a.setClock(ctx); err != nil {
		return have, err
	}
	if have < want {
		return have, fmt.Errorf("%w: it is at version %d of %d; run: redress migrate", ErrNotMigrated, have, want)
	}
	return have, nil
}

// ErrNotMigrated means that `redress migrate` has to be run first.
var ErrNotMigrated = errors.New("the database is not ready")

// Migrate brings the database to this version.
func Migrate(ctx context.Context, settings *configs.Settings) (from, to int64, err error) {
	if err := os.MkdirAll(settings.DataDir, 0o700); err != nil {
		return 0, 0, fmt.Errorf("data_dir: %w", err)
	}
	s, err := store.Open(ctx, store.Options{URL: settings.Database.URL.Reveal(), DataDir: settings.DataDir})
	if err != nil {
		return 0, 0, fmt.Errorf("opening the database: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if from, to, err = s.Migrate(ctx); err != nil {
		return from, to, fmt.Errorf("migrating: %w", err)
	}
	return from, to, nil
}

// openQueue makes the dispatch: in process, or Redis where settings name one.
func (a *App) openQueue() error {
	if len(a.Settings.Redis.URL) == 0 {
		a.Queue = queue.NewMemory()
		a.closers = append(a.closers, a.Queue)
		return nil
	}
	var addresses []string
	for _, address := range a.Settings.Redis.URL {
		addresses = append(addresses, address.Reveal())
	}
	var err error
	if a.redis, err = queue.Dial(addresses); err != nil {
		return err
	}
	a.closers = append(a.closers, a.redis)
	a.Queue, err = queue.NewRedis(queue.RedisOptions{Client: a.redis, Consumer: a.holder, Logger: a.Logger})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, a.Queue)
	return nil
}

// openTracer makes the tracer, where settings name a collector. Processes of one
// installation know its messages by a secret they share.
func (a *App) openTracer(ctx context.Context) error {
	if a.Settings.Tracing.Endpoint == "" {
		return nil
	}
	salt, err := a.webSecret(ctx)
	if err != nil {
		return err
	}
	a.Tracer, err = tracing.New(ctx, tracing.Options{
		Endpoint: a.Settings.Tracing.Endpoint, Sample: a.Settings.Tracing.Sample, Salt: salt, Instance: holder(),
	})
	if err != nil {
		return err
	}
	a.closers = append(a.closers, a.Tracer)
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { a.Logger.Debug("traces are lost", "error", err) }))
	return nil
}

// Close closes what Open opened, in reverse.
func (a *App) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i].Close())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// holder names this process among all that run.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "host"
	}
	return fmt.Sprintf("%s-%d-%s", host, os.Getpid(), rand.Text()[:8])
}

// Organisation is the organisation as of now.
func (a *App) Organisation(ctx context.Context) (*cases.Organisation, error) {
	return a.Office.Organisation(ctx)
}

// NewLogger makes a logger as the settings say.
func NewLogger(w io.Writer, settings configs.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cmp.Or(settings.Level, "info"))); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if settings.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
