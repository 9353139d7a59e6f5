// Package configs loads settings and organisation files strictly: an unknown
// key or a wrong value is an error that names its place, and all of them are
// told at once.
package configs

import "time"

// Settings are what an operator decides about one installation.
type Settings struct {
	DataDir      string             `yaml:"data_dir"`
	Database     Database           `yaml:"database"`
	Redis        Redis              `yaml:"redis"`
	HTTP         HTTP               `yaml:"http"`
	Organisation OrganisationSource `yaml:"organisation"`
	Channels     Channels           `yaml:"channels"`
	Limits       Limits             `yaml:"limits"`
	Scanner      Scanner            `yaml:"scanner"`
	Log          Log                `yaml:"log"`
	Alerts       Alerts             `yaml:"alerts"`
	Tracing      Tracing            `yaml:"tracing"`
	Debug        Debug              `yaml:"debug"`
}

// Database says where cases are kept. Empty URL: SQLite in DataDir.
type Database struct {
	URL Secret `yaml:"url"`
}

// Redis says where dispatch runs. No address: in process.
type Redis struct {
	URL Secrets `yaml:"url"` // one URL, or a list of addresses for Cluster
}

// HTTP is the listener for webhooks and pages.
type HTTP struct {
	Listen         string   `yaml:"listen"`
	PublicURL      string   `yaml:"public_url"`
	TrustedProxies []string `yaml:"trusted_proxies"` // CIDR
}

// OrganisationSource names the file applied at start when its content changed.
type OrganisationSource struct {
	File string `yaml:"file"`
}

// Channels are the accounts to take in from and send on.
type Channels struct {
	Email    []Email    `yaml:"email"`
	SMS      []SMS      `yaml:"sms"`
	Telegram []Telegram `yaml:"telegram"`
}

// Email is one mailbox with the server that sends for it.
type Email struct {
	Name        string   `yaml:"name"`
	IMAP        IMAP     `yaml:"imap"`
	SMTP        SMTP     `yaml:"smtp"`
	From        string   `yaml:"from"`
	AuthServIDs []string `yaml:"auth_serv_ids"`
	FormSenders []string `yaml:"form_senders"` // sites that mail their form: the person is in Reply-To
	VerifyDKIM  bool     `yaml:"verify_dkim"`  // check signatures where no configured server judged a mail
	ReturnPath  string   `yaml:"return_path"`  // envelope sender with {token} in it; empty: from
	PlusAddress bool     `yaml:"plus_address"` // answers come to from with a token of the case
	Aliases     []string `yaml:"aliases"`      // further addresses of the mailbox
}

// IMAP is how a mailbox is read.
type IMAP struct {
	Address      string        `yaml:"address"` // host:port; empty: this account only sends
	TLS          string        `yaml:"tls"`     // tls | starttls | none
	Username     string        `yaml:"username"`
	Password     Secret        `yaml:"password"`
	OAuth2       *OAuth2       `yaml:"oauth2"`
	Mailbox      string        `yaml:"mailbox"`
	PollInterval time.Duration `yaml:"poll_interval"`
	After        string        `yaml:"after"` // keep | seen | move:Folder
	CAFile       string        `yaml:"ca_file"`
}

// SMTP is how mail is sent.
type SMTP struct {
	Address  string  `yaml:"address"`
	TLS      string  `yaml:"tls"`
	Username string  `yaml:"username"`
	Password Secret  `yaml:"password"`
	OAuth2   *OAuth2 `yaml:"oauth2"`
	CAFile   string  `yaml:"ca_file"`
}

// OAuth2 gets an access token for XOAUTH2 from a refresh token, or from client
// credentials when there is none.
type OAuth2 struct {
	TokenURL     string   `yaml:"token_url"`
	ClientID     string   `yaml:"client_id"`
	ClientSecret Secret   `yaml:"client_secret"`
	RefreshToken Secret   `yaml:"refresh_token"`
	Scopes       []string `yaml:"scopes"`
}

// SMS is one account at an SMS provider.
type SMS struct {
	Name              string   `yaml:"name"`
	Provider          string   `yaml:"provider"` // twilio
	AccountSID        string   `yaml:"account_sid"`
	AuthToken         Secret   `yaml:"auth_token"`
	APIBaseURL        string   `yaml:"api_base_url"`
	Numbers           []string `yaml:"numbers"`          // E.164
	WhatsAppNumbers   []string `yaml:"whatsapp_numbers"` // E.164
	SegmentsPerSecond float64  `yaml:"segments_per_second"`
	CarrierHelp       bool     `yaml:"carrier_help"` // Twilio's own answer to HELP is the only one
}

// Telegram is one bot.
type Telegram struct {
	Name        string `yaml:"name"`
	Token       Secret `yaml:"token"`
	APIBaseURL  string `yaml:"api_base_url"`
	Mode        string `yaml:"mode"` // poll | webhook
	SecretToken Secret `yaml:"secret_token"`
	Audience    string `yaml:"audience"` // complainants | staff | both
}

// Limits bound what comes in.
type Limits struct {
	MessageBytes int64 `yaml:"message_bytes"` // one message with its attachments
	SpoolBytes   int64 `yaml:"spool_bytes"`
	Attachments  int   `yaml:"attachments"` // files of one message that are taken out of it
}

// Scanner is a ClamAV daemon that looks at attachments. No address: nothing is
// scanned.
type Scanner struct {
	Address string        `yaml:"address"`  // tcp://host:3310 or unix:/run/clamav/clamd.ctl
	MaxSize int64         `yaml:"max_size"` // bytes of a file; larger ones are not scanned
	Timeout time.Duration `yaml:"timeout"`  // of one scan
}

// Log says how much is logged and in which form.
type Log struct {
	Level  string `yaml:"level"`  // debug | info | warn | error
	Format string `yaml:"format"` // text | json
}

// Alerts say when administrators are told of trouble.
type Alerts struct {
	IntakeDownAfter time.Duration `yaml:"intake_down_after"` // of an account that takes nothing in
}

// Tracing exports traces of messages to an OpenTelemetry collector.
type Tracing struct {
	Endpoint string  `yaml:"endpoint"` // OTLP/HTTP; empty: off
	Sample   float64 `yaml:"sample"`   // share of the messages, 0 to 1
}

// Debug opens what developers look into a running process with.
type Debug struct {
	// Listen serves runtime profiles (net/http/pprof) on a loopback address of
	// its own; empty: nowhere.
	Listen string `yaml:"listen"`
}

// Secret is a value that is never printed. In YAML, `password_file: PATH`
// beside or in place of `password:` reads it from a file.
type Secret string

func (Secret) String() string { return "(secret)" }

// GoString keeps a secret out of %#v.
func (Secret) GoString() string { return "(secret)" }

// MarshalText keeps a secret out of every encoded form.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// Reveal is the value itself.
func (s Secret) Reveal() string { return string(s) }

// Secrets is a list of them, written as one value or a list.
type Secrets []Secret
