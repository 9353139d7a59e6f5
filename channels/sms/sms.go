// Package sms takes in and sends text messages, picture messages and WhatsApp
// messages by Twilio.
package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	twilio "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/internal/httpcall"
)

// The channels' names.
const (
	SMS      = "sms"
	WhatsApp = "whatsapp"
)

const (
	providerURL    = "https://api.twilio.com"
	whatsAppPrefix = "whatsapp:" // before a number: Twilio's address of a WhatsApp user

	callTimeout      = 30 * time.Second
	maxAnswer        = 4 << 20  // bytes of one answer of the API
	defaultMaxBytes  = 25 << 20 // Twilio takes up to 16 MB by WhatsApp, 5 MB by MMS
	maxBody          = 1600     // Twilio's limit (error 21617)
	accountScope     = "account"
	defaultPerSecond = 1 // segments; a plain long number in North America

	// Twilio answers 429 to calls beyond an account's concurrency, which is not
	// published; below a hundred it is not met.
	parallelCalls = 80
)

// Config is one Twilio account.
type Config struct {
	Name       string // of the account in the settings; letters, digits, - and _
	AccountSID string
	AuthToken  string
	APIBaseURL string // empty: Twilio's

	// Numbers to send from, E.164, short codes or names. Each recipient keeps
	// seeing the same one.
	Numbers         []string
	WhatsAppNumbers []string // likewise for WhatsApp, without "whatsapp:"

	SegmentsPerSecond float64        // what the numbers may send together; 0: 1
	CarrierHelp       bool           // Twilio answers HELP and INFO; we do not
	PublicURL         string         // under which Twilio reaches the webhooks; signatures cover it
	DefaultRegion     string         // ISO 3166 code of numbers without a country code
	MaxBytes          int64          // media of one message; 0: 25 MiB
	Files             channels.Files // required: where they are kept

	Client *http.Client     // its transport is used; nil: one of its own
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default()
}

// Adapter is one channel, SMS or WhatsApp, of one Twilio account.
type Adapter struct {
	*account
	name    channels.Name
	prefix  string // before every number on this channel
	numbers []string
	primary bool // registers the routes that both channels share
}

// account is what the channels of one Twilio account share.
type account struct {
	Config
	base *url.URL // of the API
	cdn  *http.Client

	mu     sync.Mutex
	health channels.Health
}

// New checks the settings of an account and returns its adapters: one for
// "sms" if it has Numbers, one for "whatsapp" if it has WhatsAppNumbers. The
// error joins all faults.
func New(c Config) ([]channels.Adapter, error) {
	acc := &account{Config: c, health: channels.Health{Up: true}}
	if err := acc.check(); err != nil {
		return nil, fmt.Errorf("sms account %q: %w", c.Name, err)
	}
	var adapters []channels.Adapter
	if len(c.Numbers) > 0 {
		adapters = append(adapters, &Adapter{
			account: acc, numbers: c.Numbers, primary: true,
			name: channels.Name{Channel: SMS, Account: c.Name},
		})
	}
	if len(c.WhatsAppNumbers) > 0 {
		adapters = append(adapters, &Adapter{
			account: acc, numbers: c.WhatsAppNumbers, primary: len(adapters) == 0, prefix: whatsAppPrefix,
			name: channels.Name{Channel: WhatsApp, Account: c.Name},
		})
	}
	return adapters, nil
}

// check fills in defaults and finds what is missing or wrong.
func (a *account) check() error {
	var faults []error
	if a.Name == "" || strings.Trim(a.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		faults = append(faults, errors.New("name: letters, digits, - and _ only"))
	}
	if a.AccountSID == "" {
		faults = append(faults, errors.New("account_sid is missing"))
	}
	if a.AuthToken == "" { // also the key of the webhooks' signatures
		faults = append(faults, errors.New("auth_token is missing"))
	}
	if a.Files == nil {
		faults = append(faults, errors.New("no place to keep files"))
	}
	if len(a.Numbers)+len(a.WhatsAppNumbers) == 0 {
		faults = append(faults, errors.New("numbers: at least one number to send from is needed"))
	}
	if u, err := url.Parse(a.PublicURL); err != nil || u.Host == "" {
		faults = append(faults, errors.New("public_url is missing or not an address"))
	}
	if a.APIBaseURL == "" {
		a.APIBaseURL = providerURL
	}
	base, err := url.Parse(a.APIBaseURL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return errors.Join(append(faults, errors.New("api_base_url is not an address"))...)
	}
	a.base, a.cdn = base, guardedClient(isLoopback(base))
	if a.SegmentsPerSecond <= 0 {
		a.SegmentsPerSecond = defaultPerSecond
	}
	if a.MaxBytes <= 0 {
		a.MaxBytes = defaultMaxBytes
	}
	if a.Client == nil { // the default one keeps two connections, and would dial anew for most calls
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConns, transport.MaxIdleConnsPerHost = parallelCalls, parallelCalls
		a.Client = &http.Client{Transport: transport}
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Logger == nil {
		a.Logger = slog.Default()
	}
	return errors.Join(faults...)
}

// Name implements channels.Adapter.
func (a *Adapter) Name() channels.Name { return a.name }

// Format implements channels.Adapter. WhatsApp is answered in the same words
// as SMS: both take commands as plain words.
func (a *Adapter) Format() channels.Format {
	return channels.Format{Medium: "sms", MaxText: maxBody}
}

// Parallel implements channels.Parallel.
func (a *Adapter) Parallel() int { return parallelCalls }

// Pace implements channels.Pacer: the account sends so many segments a second.
func (a *Adapter) Pace(out channels.Outbound) []channels.Charge {
	n, _ := Segments(out.Text)
	units := float64(max(1, n))
	return []channels.Charge{{
		Scope:     accountScope,
		Units:     units,
		PerSecond: a.SegmentsPerSecond,
		Burst:     max(units, a.SegmentsPerSecond),
	}}
}

// Prepare implements channels.Preparer: it asks Twilio for the account, so
// that a wrong token shows at start and not with the first complaint.
func (a *Adapter) Prepare(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	service, call := a.service(ctx)
	account, err := service.FetchAccount(a.AccountSID)
	if err != nil {
		failure := a.sendError(call, err)
		if failure.Kind != channels.SendMisconfigured {
			failure.Text = "Twilio's API cannot be reached"
		}
		a.setHealth(failure.Text)
		return fmt.Errorf("check the Twilio account: %w", failure)
	}
	if account.Status != nil && *account.Status != "active" {
		a.setHealth("the Twilio account is not active")
		return errors.New("check the Twilio account: it is not active")
	}
	a.setHealth("")
	return nil
}

// Health implements channels.Checker. A webhook needs nothing of us to work,
// so the account is taken to be up until Twilio refuses it.
func (a *Adapter) Health() channels.Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.health
	h.Name = a.name
	return h
}

// setHealth notes that the account works, or why it does not.
func (a *account) setHealth(fault string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.health.Up, a.health.Error = fault == "", fault
	if fault == "" {
		a.health.LastSuccess = a.Now()
	}
}

// service is Twilio's client for one call under ctx.
func (a *account) service(ctx context.Context) (*api.ApiService, *httpcall.Call) {
	call := httpcall.New(ctx, a.Client, maxAnswer)
	c := &twilio.Client{
		Credentials: twilio.NewCredentials(a.AccountSID, a.AuthToken),
		HTTPClient: &http.Client{
			Transport:     rebased{base: a.base, next: call},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	c.SetAccountSid(a.AccountSID)
	// Not NewRequestHandler, which reads TWILIO_REGION from the environment.
	return api.NewApiService(&twilio.RequestHandler{Client: c}), call
}

// rebased sends what is meant for Twilio's API to the configured address.
type rebased struct {
	base *url.URL
	next http.RoundTripper
}

func (t rebased) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context()) // a RoundTripper must not change the request
	req.URL = rebase(req.URL, t.base)
	req.Host = req.URL.Host
	return t.next.RoundTrip(req)
}

// rebase returns u, an address of Twilio's API, below base.
func rebase(u, base *url.URL) *url.URL {
	v := *u
	v.Scheme, v.Host = base.Scheme, base.Host
	v.Path, v.RawPath = strings.TrimSuffix(base.Path, "/")+u.Path, ""
	return &v
}

func isLoopback(u *url.URL) bool {
	if u.Hostname() == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}

// hostPort is where u leads, with the scheme's port where it names none.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
