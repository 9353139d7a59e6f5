package sandbox

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

//go:embed assets
var assets embed.FS

// maxRequest bounds a request to the page's API, in bytes.
const maxRequest = 1 << 20

// Cases shows what the app made of it all.
type Cases interface {
	// List returns the newest cases first, without their lists.
	List(ctx context.Context) ([]CaseView, error)
	Show(ctx context.Context, reference string) (CaseView, error)
}

// Clock is the app's clock, which the page moves.
type Clock interface {
	Now() time.Time
	Advance(d time.Duration)
	// NextTimer is when the app next does something by itself; false: never.
	NextTimer(ctx context.Context) (time.Time, bool)
}

// Settler is a Clock that knows whether the app has anything in hand: a message
// not yet understood, or one to send by now. Without it the page takes it that
// all is done when the providers were quiet for a moment.
type Settler interface {
	Settled(ctx context.Context) bool
}

// page plays every part.
type page struct {
	*Sandbox

	cases  Cases
	clock  Clock
	moving sync.Mutex // one clock move at a time
}

// Handler serves the page below /sandbox/. Whoever mounts it checks the
// listener with Loopback first.
func (s *Sandbox) Handler(cases Cases, clock Clock) http.Handler {
	p := &page{Sandbox: s, cases: cases, clock: clock}
	mux := http.NewServeMux()
	files, _ := fs.Sub(assets, "assets") // the folder is embedded
	mux.Handle("GET /sandbox/", http.StripPrefix("/sandbox/", http.FileServerFS(files)))
	mux.HandleFunc("GET /sandbox/api/state", p.getState)
	mux.HandleFunc("GET /sandbox/api/events", p.getEvents)
	mux.Handle("POST /sandbox/api/sms", action(p.postSMS))
	mux.Handle("POST /sandbox/api/mail", action(p.postMail))
	mux.Handle("POST /sandbox/api/telegram", action(p.postTelegram))
	mux.Handle("POST /sandbox/api/telegram/press", action(p.postPress))
	mux.Handle("POST /sandbox/api/clock", action(p.postClock))
	return guard(mux)
}

// guard keeps other sites out of a page that has no sign-in: a name that was
// rebound to this machine is not ours, and no other origin may post.
func guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ownHost(r.Host) {
			refuse(w, http.StatusForbidden, "The sandbox answers to localhost only.")
			return
		}
		if err := crossOrigin.Check(r); err != nil {
			refuse(w, http.StatusForbidden, "The request came from another site.")
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host {
			refuse(w, http.StatusForbidden, "The request came from another site.")
			return
		}
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
			"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cache-Control", "no-cache")
		next.ServeHTTP(w, r)
	})
}

// ownHost reports whether a Host header names this machine's loopback.
func ownHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// wrong is a request that cannot be done; its text is for the person.
type wrong string

func (w wrong) Error() string { return string(w) }

// action reads a JSON request, does it and answers in JSON.
func action[Request any](do func(ctx context.Context, request Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A form of another site cannot have this type without asking first.
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, "Send JSON.")
			return
		}
		var request Request
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&request); err != nil {
			refuse(w, http.StatusBadRequest, "The JSON cannot be read.")
			return
		}
		answer, err := do(r.Context(), request)
		var mistake wrong
		switch {
		case errors.As(err, &mistake):
			refuse(w, http.StatusUnprocessableEntity, string(mistake))
		case err != nil:
			refuse(w, http.StatusInternalServerError, "That did not work: "+err.Error())
		default:
			writeJSON(w, http.StatusOK, answer)
		}
	})
}

func refuse(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"error": text})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the browser went away
}

func (p *page) getState(w http.ResponseWriter, r *http.Request) {
	state, err := p.state(r.Context(), r.URL.Query().Get("case"))
	if err != nil {
		refuse(w, http.StatusInternalServerError, "The state cannot be read: "+err.Error())
		return
	}
	writeJSON(w, http.StatusOK, state)
}

// pollEvery is how often the cases are looked at again; what the providers see
// is told at once.
const pollEvery = time.Second

// getEvents streams the state whenever it changed, as server-sent events.
func (p *page) getEvents(w http.ResponseWriter, r *http.Request) {
	flow := http.NewResponseController(w)
	_ = flow.SetWriteDeadline(time.Time{}) // not supported: the server has no deadline
	w.Header().Set("Content-Type", "text/event-stream")
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	var last []byte
	for {
		changed := p.changed.Changed()
		event, err := p.event(r)
		if err != nil {
			return // the browser connects again
		}
		if !bytes.Equal(event, last) {
			last = event
			if _, err := fmt.Fprintf(w, "event: state\ndata: %s\n\n", event); err != nil || flow.Flush() != nil {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		case <-ticker.C:
		}
	}
}

func (p *page) event(r *http.Request) ([]byte, error) {
	state, err := p.state(r.Context(), r.URL.Query().Get("case"))
	if err != nil {
		return nil, err
	}
	return json.Marshal(state)
}
