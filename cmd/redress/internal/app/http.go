package app

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
)

// Bounds of the HTTP server.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 2 * time.Minute
	drainTimeout      = 20 * time.Second
	streamTimeout     = 2 * time.Second // for streams, which end only when told to
	maxHeaderBytes    = 64 << 10
	readyTimeout      = 3 * time.Second
)

// Gate is the HTTP server. It listens before anything else works, so that an
// operator can ask what is missing; Open lets requests through.
type Gate struct {
	server  *http.Server
	end     context.CancelFunc // of the requests that outlast streamTimeout
	handler atomic.Pointer[http.Handler]
	closed  atomic.Bool
	waiting atomic.Pointer[string]
}

// NewGate serves on listener until Drain.
func NewGate(ctx context.Context, listener net.Listener) *Gate {
	base, end := context.WithCancel(context.WithoutCancel(ctx))
	g := &Gate{end: end}
	g.server = &http.Server{
		Handler: http.HandlerFunc(g.serve), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout,
		MaxHeaderBytes: maxHeaderBytes, BaseContext: func(net.Listener) context.Context { return base },
	}
	go func() { _ = g.server.Serve(listener) }()
	return g
}

// Waiting says what the process waits for; /readyz tells it.
func (g *Gate) Waiting(reason string) { g.waiting.Store(&reason) }

// Open lets requests through to h.
func (g *Gate) Open(h http.Handler) { g.handler.Store(&h) }

// Drain stops listening and waits for requests in hand, though ctx may have
// ended. It may be called twice.
func (g *Gate) Drain(ctx context.Context) {
	if g.closed.Swap(true) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	defer time.AfterFunc(streamTimeout, g.end).Stop()
	_ = g.server.Shutdown(ctx)
	g.end()
	_ = g.server.Close()
}

func (g *Gate) serve(w http.ResponseWriter, r *http.Request) {
	if h := g.handler.Load(); h != nil {
		(*h).ServeHTTP(w, r)
		return
	}
	switch r.URL.Path {
	case "/healthz":
		healthz(w, r)
	case "/readyz":
		reason := "starting"
		if waiting := g.waiting.Load(); waiting != nil {
			reason = *waiting
		}
		writeJSON(w, http.StatusServiceUnavailable, readiness{Checks: map[string]check{"database": {Error: reason}}})
	default:
		w.Header().Set("Retry-After", "5")
		http.Error(w, "starting, please try again in a moment", http.StatusServiceUnavailable)
	}
}

func healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
}

// handler is every route of this process.
func (a *App) handler(role Role, intake *pipeline.Intake, extra ...func(*http.ServeMux)) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", healthz)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ready := a.readiness(r.Context(), role)
		status := http.StatusOK
		if !ready.Ready {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, ready)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.Registry, promhttp.HandlerOpts{}))
	if role.Gateway {
		for _, adapter := range a.Adapters {
			if hook, ok := adapter.(channels.Webhook); ok {
				hook.Routes(mux, seenThrough(intake.Accept))
			}
		}
	}
	for _, add := range extra {
		add(mux)
	}
	return mux
}

// seenThrough accepts also what its provider hung up on or a stop came between:
// not every provider sends it again.
func seenThrough(accept channels.Accept) channels.Accept {
	return func(ctx context.Context, batch ...channels.Inbound) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		return accept(ctx, batch...)
	}
}

// readiness is the answer of /readyz.
type readiness struct {
	Ready    bool             `json:"ready"`
	Checks   map[string]check `json:"checks"`
	Channels []channelCheck   `json:"channels"`
}

type check struct {
	OK          bool       `json:"ok"`
	Error       string     `json:"error,omitempty"`
	LastSuccess *time.Time `json:"last_success,omitempty"`
}

type channelCheck struct {
	Channel string `json:"channel"`
	Account string `json:"account"`
	check
}

// readiness asks database and dispatch, and takes the accounts' own word.
func (a *App) readiness(ctx context.Context, role Role) readiness {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	r := readiness{Ready: true, Checks: map[string]check{}, Channels: []channelCheck{}}
	for name, ping := range map[string]func(context.Context) error{"database": a.Store.Ping, "dispatch": a.Queue.Ping} {
		c := check{OK: true}
		now := a.Clock.Now()
		if err := ping(ctx); err != nil {
			a.Logger.Warn("not ready", "part", name, "error", err)
			c = check{Error: name + " does not answer", LastSuccess: a.lastReady(name, nil)}
			r.Ready = false
		} else {
			c.LastSuccess = a.lastReady(name, &now)
		}
		r.Checks[name] = c
	}
	if ping := a.pingScanner(); ping != nil { // attachments wait for it; complaints do not
		r.Checks["scanner"] = a.checkScanner(ctx, ping)
	}
	if !role.Gateway {
		return r
	}
	for _, h := range a.health() {
		c := channelCheck{Channel: h.Channel, Account: h.Account, check: check{OK: h.Up, Error: h.Error}}
		if !h.LastSuccess.IsZero() {
			at := h.LastSuccess.UTC()
			c.LastSuccess = &at
		}
		r.Ready = r.Ready && h.Up
		r.Channels = append(r.Channels, c)
	}
	return r
}

// pingScanner asks the scanner whether it is there; nil: there is none.
func (a *App) pingScanner() func(context.Context) error {
	if a.scanner == nil {
		return nil
	}
	return a.scanner.Ping
}

func (a *App) checkScanner(ctx context.Context, ping func(context.Context) error) check {
	if err := ping(ctx); err != nil {
		return check{Error: "the scanner does not answer; attachments are held", LastSuccess: a.lastReady("scanner", nil)}
	}
	now := a.Clock.Now()
	return check{OK: true, LastSuccess: a.lastReady("scanner", &now)}
}

// lastReady notes, or tells, when a part last answered.
func (a *App) lastReady(name string, now *time.Time) *time.Time {
	a.readyMu.Lock()
	defer a.readyMu.Unlock()
	if now != nil {
		a.readyAt[name] = *now
	}
	at, ok := a.readyAt[name]
	if !ok {
		return nil
	}
	return &at
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(v)
}
