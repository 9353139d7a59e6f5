package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/pace"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/pipeline/spool"
)

// Role says which part of the work a process does.
type Role struct {
	Gateway bool // intake, web, webhooks
	Worker  bool // stages, timers, sending
}

// Workers per process.
const (
	inboundWorkers = 4
	prepareRetry   = 15 * time.Second
)

// Run does the work of role until ctx ends, then stops in reverse order of
// start and finishes what is in hand. The listener is closed by it; extra are
// further routes.
func (a *App) Run(ctx context.Context, role Role, gate *Gate, extra ...func(*http.ServeMux)) error {
	intake, err := a.newIntake(role)
	if err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return ended(groupCtx, a.leases.Run(groupCtx)) })
	if a.shared != nil {
		group.Go(func() error { a.followClock(groupCtx); return nil })
	}
	if a.recalled {
		group.Go(func() error { return a.catchUp(groupCtx) })
	}
	if role.Worker {
		defer a.stayAlive(ctx)()
		group.Go(func() error {
			if err := a.alive.Take(groupCtx, store.ProcessLease(a.holder)); err != nil {
				return ended(groupCtx, err)
			}
			a.startWorkers(groupCtx, group)
			return nil
		})
	}
	group.Go(func() error { return a.fileSweep().Run(groupCtx) })
	if role.Gateway {
		reporter := &pipeline.Reporter{Store: a.Store, Holder: a.leases.Holder, Health: a.health, Clock: a.Clock, Logger: a.Logger}
		group.Go(func() error { return reporter.Run(groupCtx) })
		// Intake outlives what feeds it, so that a message in hand is kept.
		intakeCtx, stopIntake := context.WithCancel(context.WithoutCancel(ctx))
		defer stopIntake()
		done := make(chan error, 1)
		go func() { done <- intake.Run(intakeCtx) }()
		group.Go(func() error {
			feeds, feedsCtx := errgroup.WithContext(groupCtx)
			a.startIntake(feedsCtx, feeds, intake.Accept)
			err := feeds.Wait()
			gate.Drain(ctx)
			stopIntake()
			return errors.Join(err, <-done)
		})
	}
	gate.Open(a.handler(role, intake, extra...))
	debug.FreeOSMemory() // what only the start needed
	a.Logger.Info("ready", "gateway", role.Gateway, "worker", role.Worker, "public_url", a.Settings.HTTP.PublicURL)
	err = group.Wait()
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// stayAlive keeps the lease that says that this process is at work, beyond ctx,
// until what is in hand is finished.
func (a *App) stayAlive(ctx context.Context) (end func()) {
	a.alive = &pipeline.Leases{Store: a.Store, Holder: a.holder, Clock: a.Clock, Logger: a.Logger}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = a.alive.Run(ctx) // it logs what fails
	}()
	return func() { cancel(); <-done }
}

func (a *App) newIntake(role Role) (*pipeline.Intake, error) {
	if !role.Gateway {
		return nil, nil
	}
	folder := filepath.Join(a.Settings.DataDir, "spool")
	lock, err := spool.Lock(folder)
	if errors.Is(err, spool.ErrInUse) {
		return nil, fmt.Errorf("data_dir %s: %w; each gateway needs its own", a.Settings.DataDir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the spool: %w", err)
	}
	a.closers = append(a.closers, lock)
	if a.spool, err = spool.Open(folder, a.Settings.Limits.SpoolBytes); err != nil {
		return nil, fmt.Errorf("opening the spool: %w", err)
	}
	return pipeline.NewIntake(pipeline.IntakeOptions{
		Store: a.Store, Queue: a.Queue, Spool: a.spool, Clock: a.Clock, Logger: a.Logger, Metrics: a.Metrics, Tracer: a.Tracer,
		MaxBytes: a.Settings.Limits.MessageBytes * 2, // base64 and headers
		Pressure: &a.pressure,
	}), nil
}

// startIntake prepares the accounts and polls those that are polled.
func (a *App) startIntake(ctx context.Context, group *errgroup.Group, accept channels.Accept) {
	group.Go(func() error { <-ctx.Done(); return nil })
	for _, adapter := range a.Adapters {
		name := adapter.Name()
		log := a.Logger.With("channel", name.Channel, "account", name.Account)
		if preparer, ok := adapter.(channels.Preparer); ok {
			group.Go(func() error { a.prepare(ctx, preparer, log); return nil })
		}
		poller, ok := adapter.(channels.Poller)
		if !ok {
			continue
		}
		group.Go(func() error {
			err := poller.Poll(ctx, accept)
			if ended(ctx, err) != nil {
				log.Error("the account is not polled any more", "error", err)
			}
			return nil // the other accounts go on
		})
	}
}

// startWorkers runs the stages, the senders of every channel, the timers, the
// sweep and the reconciliation.
func (a *App) startWorkers(ctx context.Context, group *errgroup.Group) {
	stages := pipeline.New(pipeline.Options{
		Store: a.Store, Office: a.Office, Adapters: a.Adapters, Words: pipeline.NewWords(a.Templates.Keywords()),
		Clock: a.Clock, Logger: a.Logger, Metrics: a.Metrics, Tracer: a.Tracer,
	})
	worker := func(topic string, n int, handle func(context.Context, []queue.Item) error) {
		w := &pipeline.Worker{
			Queue: a.Queue, Topic: topic, Concurrency: n, Handle: handle, Pressure: &a.pressure, Clock: a.Clock, Logger: a.Logger,
		}
		group.Go(func() error { return w.Run(ctx) })
	}
	worker(pipeline.TopicInbound, inboundWorkers, stages.HandleItems)

	sender := &pipeline.Sender{
		Store: a.Store, Files: a.ChannelFiles(), Adapters: a.Adapters.Get, Pace: a.pacer(), Clock: a.Clock, Random: rand.Float64,
		Logger: a.Logger, Metrics: a.Metrics, Tracer: a.Tracer, OnFinal: a.Office.Failed, Digest: a.Office.Digest,
	}
	for _, adapter := range a.Adapters {
		name := adapter.Name()
		if !a.sendsBy(name.Channel, name.Account) {
			continue
		}
		outlet := &pipeline.Outlet{
			Sender: sender, Queue: a.Queue, Topic: pipeline.OutboundTopic(name.Channel, name.Account), Clock: a.Clock, Logger: a.Logger,
		}
		if parallel, ok := adapter.(channels.Parallel); ok {
			outlet.Calls = parallel.Parallel()
		}
		group.Go(func() error { return outlet.Run(ctx) })
	}
	worker(pipeline.TopicOutbound, 1, sender.Handle)

	timers := &pipeline.Timers{Store: a.Store, Fire: a.Office.Fire, Clock: a.Clock, Logger: a.Logger, Metrics: a.Metrics}
	group.Go(func() error { return timers.Run(ctx) })
	sweep := &pipeline.Sweep{
		Store: a.Store, Queue: a.Queue, Clock: a.Clock, Logger: a.Logger, Metrics: a.Metrics,
		Serves: a.sendsBy,
		Sole:   a.Settings.Database.URL == "",
	}
	group.Go(func() error { return sweep.Run(ctx) })
	examiner := &pipeline.Examiner{Store: a.Store, Office: a.Office, Clock: a.Clock, Logger: a.Logger}
	if a.scanner != nil {
		examiner.Scanner = a.scanner
	}
	group.Go(func() error { return examiner.Run(ctx) })
	reconciler := &pipeline.Reconciler{Store: a.Store, Adapters: a.Adapters.Get, Clock: a.Clock, Logger: a.Logger, Metrics: a.Metrics}
	group.Go(func() error { return ended(ctx, a.leases.While(ctx, "reconcile", reconciler.Run)) })
	watch := &pipeline.Watch{
		Store: a.Store, Tell: a.Office.TellAdministrators, After: a.Settings.Alerts.IntakeDownAfter, Clock: a.Clock, Logger: a.Logger,
	}
	group.Go(func() error { return ended(ctx, a.leases.While(ctx, "watch", watch.Run)) })
}

// sendsBy reports whether there is an account that can send.
func (a *App) sendsBy(channel, account string) bool {
	adapter, ok := a.Adapters.Get(channel, account)
	return ok && adapter.Format().Medium != ""
}

// ended is the error of work that ended before it was told to.
func ended(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

func (a *App) pacer() pipeline.Pacer {
	if a.redis != nil {
		return pace.NewRedis(a.redis, "redress", a.Logger)
	}
	return pace.NewMemory()
}

// prepare readies an account at the provider, for as long as it takes. Each
// failure is one line of the log, and /readyz tells it too.
func (a *App) prepare(ctx context.Context, preparer channels.Preparer, log interface {
	Warn(string, ...any)
}) {
	for pause := prepareRetry / 8; ; pause = min(2*pause, 20*prepareRetry) {
		err := preparer.Prepare(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		log.Warn("the account is not ready at its provider; trying again", "in", pause, "error", err)
		if (pipeline.SystemClock{}).Wait(ctx, time.Now().Add(pause)) != nil {
			return
		}
	}
}

// Listen opens the HTTP listener of the settings.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	return listener, nil
}

// Forecast tells how long what waits on each account takes to be sent.
func (a *App) Forecast(ctx context.Context) ([]pipeline.Forecast, error) {
	return pipeline.ForecastSending(ctx, a.Store, a.Adapters, a.Clock.Now())
}

// newMetrics registers what operators watch.
func (a *App) newMetrics() (*pipeline.Metrics, error) {
	a.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return pipeline.NewMetrics(a.Registry, pipeline.Sources{
		Inbound:  a.Store.InboundStats,
		Outbound: func(ctx context.Context) (map[store.OutboundState]int, error) { return a.Store.OutboundStats(ctx) },
		Cases:    a.Store.OpenCounts,
		Forecast: a.Forecast,
		Spool: func() int {
			if a.spool == nil {
				return 0
			}
			return a.spool.Len()
		},
		Aside: func() int {
			if a.spool == nil {
				return 0
			}
			return a.spool.Aside()
		},
		Health: a.health, Clock: a.Clock,
	})
}
