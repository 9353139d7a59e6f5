// Package email is the channel of mailboxes: mail is taken in over IMAP and
// sent over SMTP. What a mail says is understood by package mail.
package email

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	netmail "net/mail"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sync/semaphore"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email/mail"
)

// ChannelName is the Channel of every Name and Key of this package.
const ChannelName = "email"

// Config is one mailbox with the server that sends for it.
type Config struct {
	Account     string // name of the account in the settings
	IMAP        IMAP   // empty Address: this account only sends
	SMTP        SMTP
	From        string   // "City Complaints <complaints@city.example>"
	AuthServIDs []string // whose Authentication-Results are believed; empty: none
	// FormSenders are the From addresses of sites that mail what people wrote
	// into a form, or their domains ("@site.example"). Their mail counts as
	// from the person in Reply-To, who is not proven by that.
	FormSenders []string
	// ReturnPath is the envelope sender of our mail, with {token} where the
	// message's own token stands, so that a bounce tells which message it is
	// about: "bounces+{token}@city.example". Empty: From, and nobody for
	// automatic mail.
	ReturnPath string
	// PlusAddress asks for answers to the address of From with a token of the
	// case in it: "complaints+TOKEN@city.example".
	PlusAddress bool
	// OwnAddresses are further addresses and return paths of the installation.
	// Nobody who writes from one is a complainant.
	OwnAddresses []string

	// LookupTXT asks the name service for the keys of DKIM signatures, which
	// count where no configured server judged the mail; nil: they do not.
	LookupTXT func(ctx context.Context, name string) ([]string, error)

	HTTP    *http.Client   // for OAuth2 tokens; nil: http.DefaultClient
	Cursors Cursors        // required with IMAP
	Files   channels.Files // required: where large mails and attachments are kept
	// Lease says whether this process is the one that reads the mailbox now.
	// It is asked before each look; nil: always.
	Lease  func(ctx context.Context) (bool, error)
	Now    func() time.Time // nil: time.Now
	Random io.Reader        // nil: crypto/rand
	Log    *slog.Logger     // nil: none
	// MaxBytes is how much of one mail is taken in; 0: 40 MiB. Of a longer one
	// the start is taken.
	MaxBytes int64
	// StallTimeout is how long a server may be silent when an answer is due;
	// 0: one minute.
	StallTimeout time.Duration
	Limits       mail.Limits // for parsing; zero: the defaults
}

// IMAP is how the mailbox is read.
type IMAP struct {
	Address      string // host:port
	TLS          string // "tls", "starttls" or "none"; empty: "tls"
	Username     string
	Password     string
	OAuth2       *OAuth2 // instead of Password
	Mailbox      string  // empty: INBOX
	PollInterval time.Duration
	After        string // "keep", "seen" or "move:Folder"; empty: "seen"
	CAFile       string // PEM, beside the system's roots
}

// SMTP is how mail is sent. Empty Username: without authentication.
type SMTP struct {
	Address  string
	TLS      string // "tls", "starttls" or "none"; empty: "starttls"
	Username string
	Password string
	OAuth2   *OAuth2
	CAFile   string
}

// Cursors keep how far a mailbox was read. Cursor returns "" when none was set.
type Cursors interface {
	Cursor(ctx context.Context, name string) (string, error)
	SetCursor(ctx context.Context, name, value string) error
}

const (
	defaultMaxBytes     = 40 << 20
	defaultStall        = time.Minute
	defaultPollInterval = time.Minute
)

// Adapter takes in and sends mail for one account. It implements
// channels.Adapter, Reader, Poller and Checker.
type Adapter struct {
	config Config
	from   netmail.Address
	own    ownAddresses
	log    *slog.Logger

	imapLogin *login
	imapTLS   *tls.Config
	smtp      *transport
	pauses    pauses
	reading   *semaphore.Weighted // bytes of long mails

	// The poller's own: how often it failed since the mailbox was last read,
	// and whether it got a new access token since then.
	failures int
	renewed  bool
	// What was taken in and is not yet marked or moved, under its UIDVALIDITY.
	unmarked   imap.UIDSet
	unmarkedIn uint32

	mu     sync.Mutex
	health channels.Health
}

var (
	_ channels.Adapter = (*Adapter)(nil)
	_ channels.Reader  = (*Adapter)(nil)
	_ channels.Poller  = (*Adapter)(nil)
	_ channels.Checker = (*Adapter)(nil)
)

// New checks config and returns its adapter. It does not connect.
func New(config Config) (*Adapter, error) {
	config.fill()
	if config.Files == nil {
		return nil, fmt.Errorf("email account %s: no place to keep files", config.Account)
	}
	from, err := netmail.ParseAddress(config.From)
	if err != nil {
		return nil, fmt.Errorf("email account %s: from is not a mail address", config.Account)
	}
	for _, sender := range config.FormSenders {
		if local, domain, ok := strings.Cut(sender, "@"); !ok || domain == "" || strings.ContainsAny(local+domain, "@ \t<>") {
			return nil, fmt.Errorf("email account %s: form_senders: %q is neither an address nor a domain with @ before it", config.Account, sender)
		}
	}
	a := &Adapter{config: config, from: *from, log: config.Log.With("channel", ChannelName, "account", config.Account), pauses: defaultPauses(),
		reading: semaphore.NewWeighted(readBytes)}
	if err := a.setupAddresses(); err != nil {
		return nil, fmt.Errorf("email account %s: %w", config.Account, err)
	}
	a.health = channels.Health{Name: a.Name()}
	if config.IMAP.Address == "" {
		a.health.Up = true // nothing to take in
	} else if err := a.setupIMAP(); err != nil {
		return nil, fmt.Errorf("email account %s: imap: %w", config.Account, err)
	}
	if err := a.setupSMTP(); err != nil {
		return nil, fmt.Errorf("email account %s: smtp: %w", config.Account, err)
	}
	return a, nil
}

func (c *Config) fill() {
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.Lease == nil {
		c.Lease = func(context.Context) (bool, error) { return true, nil }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = defaultMaxBytes
	}
	if c.StallTimeout <= 0 {
		c.StallTimeout = defaultStall
	}
	if c.IMAP.PollInterval <= 0 {
		c.IMAP.PollInterval = defaultPollInterval
	}
	if c.IMAP.Mailbox == "" {
		c.IMAP.Mailbox = "INBOX"
	}
	if c.IMAP.TLS == "" {
		c.IMAP.TLS = tlsImplicit
	}
	if c.IMAP.After == "" {
		c.IMAP.After = afterSeen
	}
	if c.SMTP.TLS == "" {
		c.SMTP.TLS = tlsStart
	}
}

// setupAddresses learns which addresses are ours.
func (a *Adapter) setupAddresses() error {
	own := append([]string{a.from.Address}, a.config.OwnAddresses...)
	if a.config.ReturnPath != "" {
		if _, err := returnAddress(a.config.ReturnPath); err != nil {
			return err
		}
		own = append(own, a.config.ReturnPath)
	}
	if local, _, _ := strings.Cut(a.from.Address, "@"); a.config.PlusAddress && len(local)+1+maxToken > maxLocalPart {
		return errors.New("plus_address: the address in from is too long for it")
	}
	for _, address := range own {
		if err := a.own.add(address); err != nil {
			return fmt.Errorf("address %s of ours: %w", address, err)
		}
	}
	return nil
}

func (a *Adapter) setupIMAP() error {
	c := a.config.IMAP
	if a.config.Cursors == nil {
		return errors.New("no place to keep the cursor")
	}
	if err := checkAfter(c.After); err != nil {
		return err
	}
	if err := checkTransport(c.Address, c.TLS, c.Username != ""); err != nil {
		return err
	}
	var err error
	if a.imapTLS, err = tlsConfig(c.Address, c.CAFile); err != nil {
		return err
	}
	a.imapLogin, err = newLogin(c.Username, c.Password, c.OAuth2, a.config.HTTP)
	return err
}

func (a *Adapter) setupSMTP() error {
	c := a.config.SMTP
	if c.Address == "" {
		return errors.New("no address")
	}
	if err := checkTransport(c.Address, c.TLS, c.Username != ""); err != nil {
		return err
	}
	config, err := tlsConfig(c.Address, c.CAFile)
	if err != nil {
		return err
	}
	var user *login
	if c.Username != "" {
		if user, err = newLogin(c.Username, c.Password, c.OAuth2, a.config.HTTP); err != nil {
			return err
		}
	}
	_, domain, _ := strings.Cut(a.from.Address, "@")
	a.smtp = &transport{address: c.Address, mode: c.TLS, tls: config, login: user, hello: domain, timeout: a.config.StallTimeout, now: a.config.Now}
	return nil
}

// Name implements channels.Adapter.
func (a *Adapter) Name() channels.Name {
	return channels.Name{Channel: ChannelName, Account: a.config.Account}
}

// Format implements channels.Adapter.
func (a *Adapter) Format() channels.Format {
	return channels.Format{Medium: "email", HTML: true, Threads: true}
}

// Health implements channels.Checker.
func (a *Adapter) Health() channels.Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.health
}

func (a *Adapter) healthy() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.health.Up, a.health.Error, a.health.LastSuccess = true, "", a.config.Now()
	a.health.Standby = false
	a.failures, a.renewed = 0, false
}

// standby is the state of a process that another one reads the mailbox for.
func (a *Adapter) standby() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.health.Up, a.health.Error, a.health.Standby = true, "", true
}

func (a *Adapter) unhealthy(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.health.Up, a.health.Error, a.health.Standby = false, text, false
}

// Close ends the connection that is kept for the next mail to send.
func (a *Adapter) Close() { a.smtp.close() }

// How a connection is made safe.
const (
	tlsImplicit = "tls"
	tlsStart    = "starttls"
	tlsNone     = "none"
)

// checkTransport refuses to send a password over a network in the clear.
func checkTransport(address, mode string, authenticates bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("address is not host:port")
	}
	switch mode {
	case tlsImplicit, tlsStart:
		return nil
	case tlsNone:
		if authenticates && !isLoopback(host) {
			return errors.New("tls: none would send the password in the clear; use tls or starttls")
		}
		return nil
	}
	return fmt.Errorf("tls: %q is none of tls, starttls, none", mode)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func tlsConfig(address, caFile string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errors.New("address is not host:port")
	}
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("ca_file: no certificate in it")
	}
	config.RootCAs = roots
	return config, nil
}
