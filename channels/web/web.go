// Package web is the public web channel: a form to complain by, and a tracking
// page behind an unguessable link that shows the story of a complaint and takes
// more messages. It takes in only; what we answer is read on the tracking page
// or sent on the channel the form asked for.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/templates/pages"
)

// Channel is the name of this kind of channel.
const Channel = "web"

// Limits of what a form may hold.
const (
	MaxText  = 10_000 // characters of a complaint or message
	MaxFiles = 10     // files of one message

	// DefaultMaxBytes bounds one message with its attachments.
	DefaultMaxBytes = 10 << 20
)

// ErrNotFound is what Stories returns for a token or key it does not know.
var ErrNotFound = errors.New("not found")

// Config is what the pages need.
type Config struct {
	Account        string         // "site" when empty
	PublicURL      string         // scheme and host that tracking links start with
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	MaxBytes       int64          // of one message with attachments; DefaultMaxBytes when 0
	// Secret signs form tokens: at least 32 bytes, the same on every machine
	// that serves these pages.
	Secret []byte
	// AnswerOn are the channels that answers can go out on, of "sms" and
	// "email"; the form asks for those addresses only.
	AnswerOn []string

	Jurisdiction func() Jurisdiction
	Services     func(lang string) []Option // what can be complained about; nil: not asked
	Areas        func(lang string) []Option // nil: not asked
	Stories      Stories
	Files        channels.Files // required: where the files of forms are kept

	Now    func() time.Time
	Random io.Reader // crypto/rand.Reader
	Logger *slog.Logger
}

// Jurisdiction is whose pages these are.
type Jurisdiction struct {
	Name          string
	Location      *time.Location // of all dates; UTC when nil
	Languages     []string       // BCP 47, the first is the default; those without page texts are left out
	DefaultRegion string         // ISO 3166-1, for phone numbers without a country code
}

// Option is an entry of a list to choose from. Options of one Group that follow
// one another are shown together.
type Option struct {
	Code  string
	Name  string
	Group string
}

// Adapter is the web channel.
type Adapter struct {
	config Config
	pages  *pages.Pages
	tokens signer
	origin *http.CrossOriginProtection
	// posts bounds what one client may send, guesses how many wrong tracking
	// tokens it may try.
	posts, guesses *limiter
	uploads        *semaphore.Weighted // bytes posted at the same time

	mu     sync.Mutex
	health channels.Health
}

// New makes the channel. Its errors name the setting at fault.
func New(config Config) (*Adapter, error) {
	public, err := url.Parse(config.PublicURL)
	if err != nil || public.Host == "" || (public.Scheme != "http" && public.Scheme != "https") {
		return nil, fmt.Errorf("web pages: public URL %q is not an http address", config.PublicURL)
	}
	origin := http.NewCrossOriginProtection()
	if err := origin.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, fmt.Errorf("web pages: public URL: %w", err)
	}
	if len(config.Secret) < 32 {
		return nil, errors.New("web pages: secret has fewer than 32 bytes")
	}
	if config.Files == nil {
		return nil, errors.New("web pages: no place to keep files")
	}
	config.PublicURL = strings.TrimRight(config.PublicURL, "/")
	if config.Account == "" {
		config.Account = "site"
	}
	if config.MaxBytes == 0 {
		config.MaxBytes = DefaultMaxBytes
	}
	all, err := pages.New()
	if err != nil {
		return nil, fmt.Errorf("web pages: %w", err)
	}
	name := channels.Name{Channel: Channel, Account: config.Account}
	return &Adapter{
		config: config, pages: all, origin: origin,
		tokens:  signer{secret: config.Secret, now: config.Now, random: config.Random},
		posts:   newLimiter(20, 15*time.Second),
		guesses: newLimiter(20, 6*time.Second),
		uploads: semaphore.NewWeighted(maxUploads * (config.MaxBytes + formOverhead)),
		health:  channels.Health{Name: name, Up: true},
	}, nil
}

// Name implements channels.Adapter.
func (a *Adapter) Name() channels.Name {
	return channels.Name{Channel: Channel, Account: a.config.Account}
}

// Format implements channels.Adapter. Notices for a complainant who left no
// address are rendered as plain text, for the tracking page.
func (a *Adapter) Format() channels.Format { return channels.Format{} }

// Send implements channels.Adapter: it refuses, since nobody can be written to.
func (a *Adapter) Send(context.Context, channels.Outbound) (channels.Receipt, error) {
	return channels.Receipt{}, &channels.SendError{
		Kind: channels.SendPermanent, Code: "tracking_page", Text: "shown on the tracking page only",
	}
}

// Health implements channels.Checker: intake works unless the last message
// could not be made durable.
func (a *Adapter) Health() channels.Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.health
}

// Routes implements channels.Webhook.
func (a *Adapter) Routes(mux *http.ServeMux, accept channels.Accept) {
	s := &site{Adapter: a, accept: accept}
	a.origin.SetDenyHandler(http.HandlerFunc(s.foreign))
	get := func(pattern string, h http.HandlerFunc) { mux.Handle("GET "+pattern, s.guarded(h)) }
	post := func(pattern string, h http.HandlerFunc) {
		mux.Handle("POST "+pattern, s.guarded(s.ownPagesOnly(s.throttled(s.admitted(h)))))
	}
	get("/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/complaints/new", http.StatusFound)
	})
	get("/complaints/new", s.newForm)
	post("/complaints", s.submit)
	get("/complaints/received/{receipt}", s.received)
	get("/track", s.lookup)
	get("/track/{token}", s.story)
	get("/track/{token}/files/{id}", s.original)
	get("/track/{token}/files/{id}/picture", s.picture)
	get("/track/{token}/files/{id}/thumbnail", s.thumbnail)
	post("/track/{token}/messages", s.add)
	post("/track/{token}/reopen", s.reopen)
	post("/track/{token}/rating", s.rate)
	for _, asset := range a.pages.Assets() {
		mux.Handle("GET "+asset.Path, serveAsset(asset))
	}
}

// site is the pages with a way to hand in what they take.
type site struct {
	*Adapter
	accept channels.Accept
}

// take makes a message durable and keeps the account of it.
func (s *site) take(ctx context.Context, in channels.Inbound) error {
	err := s.accept(ctx, in)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.health.Up, s.health.Error = err == nil, ""
	if err != nil {
		s.health.Error = "the last message could not be stored"
		return fmt.Errorf("accept web message: %w", err)
	}
	s.health.LastSuccess = s.config.Now()
	return nil
}
