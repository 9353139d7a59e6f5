// Package sandbox plays every provider in process, over their real protocols,
// and shows a page on which one person plays every part: citizens with a phone,
// a mailbox and a chat, officers with their cards, and the clock.
//
// It has no sign-in, so it listens on and calls loopback addresses only.
package sandbox

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redress-cms/redress/channels/sandbox/botapi"
	"github.com/redress-cms/redress/channels/sandbox/internal/bell"
	"github.com/redress-cms/redress/channels/sandbox/internal/loopback"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
)

// Citizen is a person with something to complain about.
type Citizen struct {
	Name     string
	Phone    string // E.164
	Email    string
	ChatID   int64
	Language string // BCP 47
}

// Staff is an officer of the organisation.
type Staff struct {
	Login  string
	Name   string
	Level  int
	ChatID int64
	Email  string
	Phone  string // E.164
}

// Config says who plays and where the providers listen. An empty address is a
// free port of 127.0.0.1; an empty secret is a fixed one, since nothing but
// this machine can reach it.
type Config struct {
	IMAPAddress     string
	SMTPAddress     string
	TwilioAddress   string
	TelegramAddress string

	// PublicURL is the app's public address, TargetURL where it listens;
	// empty: the same.
	PublicURL string
	TargetURL string

	Complaints     mailserver.Account // the mailbox that Redress reads
	AuthServID     string             // empty: "mx." and the domain of the mailbox
	AccountSID     string
	AuthToken      string
	Numbers        []string // the city's, E.164
	SMSWebhookPath string   // below PublicURL: /webhooks/sms/main
	BotToken       string
	BotName        string

	Citizens []Citizen
	Staff    []Staff
	Group    botapi.Group // of the staff; id 0: none

	Timezone string           // IANA name, in which the page shows times; empty: UTC
	Now      func() time.Time // nil: the machine's clock
}

// Sandbox is the running set of providers.
type Sandbox struct {
	Mail     *mailserver.Server
	Twilio   *twilioapi.Server
	Telegram *botapi.Server

	config  Config
	changed *bell.Bell

	mu     sync.RWMutex
	public string
}

// The parts that a Config need not name.
const (
	defaultAccountSID = "AC00000000000000000000000000005a4d"
	defaultAuthToken  = "sandbox-auth-token"
	defaultBotToken   = "7000000001:sandbox"
	defaultPassword   = "password"
)

// Loopback returns an error when addr ("host:port") can be reached from other
// machines. Whoever serves the page asks it before listening.
func Loopback(addr string) error { return loopback.Check(addr) }

// Start opens the providers. Close ends them.
func Start(config Config) (*Sandbox, error) {
	config.complete()
	s := &Sandbox{config: config, changed: &bell.Bell{}}
	var err error
	if s.Mail, err = mailserver.Start(config.mail(s.changed.Ring)); err != nil {
		return nil, fmt.Errorf("starting the sandbox: %w", err)
	}
	if s.Twilio, err = twilioapi.Start(config.twilio(s.changed.Ring)); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the sandbox: %w", err), s.Close())
	}
	if s.Telegram, err = botapi.Start(config.telegram(s.changed.Ring)); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the sandbox: %w", err), s.Close())
	}
	s.Route(config.PublicURL, config.TargetURL)
	return s, nil
}

// Route says where the app is: its public address, over which webhooks are
// signed, and where it listens. For an app that learns its port late.
func (s *Sandbox) Route(public, target string) {
	s.mu.Lock()
	s.public = public
	s.mu.Unlock()
	s.Twilio.Route(public, target)
	s.Twilio.SetWebhook(public + s.config.SMSWebhookPath)
	s.Telegram.Route(public, target)
}

func (s *Sandbox) publicURL() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.public
}

// Close ends all providers.
func (s *Sandbox) Close() error {
	var errs []error
	if s.Telegram != nil {
		errs = append(errs, s.Telegram.Close())
	}
	if s.Twilio != nil {
		errs = append(errs, s.Twilio.Close())
	}
	if s.Mail != nil {
		errs = append(errs, s.Mail.Close())
	}
	return errors.Join(errs...)
}

func (c *Config) complete() {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&c.Complaints.Address, "complaints@city.example")
	set(&c.Complaints.Login, "complaints")
	set(&c.Complaints.Password, defaultPassword)
	set(&c.AuthServID, "mx.city.example")
	set(&c.AccountSID, defaultAccountSID)
	set(&c.AuthToken, defaultAuthToken)
	set(&c.SMSWebhookPath, "/webhooks/sms/main")
	set(&c.BotToken, defaultBotToken)
	set(&c.BotName, "city_complaints_bot")
	set(&c.Timezone, "UTC")
	if len(c.Numbers) == 0 {
		c.Numbers = []string{"+15550001111"}
	}
}

func (c *Config) mail(onChange func()) mailserver.Config {
	config := mailserver.Config{
		IMAPAddress: c.IMAPAddress, SMTPAddress: c.SMTPAddress, Complaints: c.Complaints,
		AuthServID: c.AuthServID, Now: c.Now, OnChange: onChange,
	}
	for _, citizen := range c.Citizens {
		if citizen.Email != "" {
			config.People = append(config.People, mailserver.Account{Name: citizen.Name, Address: citizen.Email, Password: defaultPassword})
		}
	}
	for _, officer := range c.Staff {
		if officer.Email != "" {
			config.People = append(config.People, mailserver.Account{Name: officer.Name, Address: officer.Email, Password: defaultPassword})
		}
	}
	return config
}

func (c *Config) twilio(onChange func()) twilioapi.Config {
	return twilioapi.Config{
		Address: c.TwilioAddress, AccountSID: c.AccountSID, AuthToken: c.AuthToken, Numbers: c.Numbers,
		WebhookURL: c.PublicURL + c.SMSWebhookPath, Now: c.Now, OnChange: onChange,
	}
}

func (c *Config) telegram(onChange func()) botapi.Config {
	config := botapi.Config{Address: c.TelegramAddress, Token: c.BotToken, BotName: c.BotName, Now: c.Now, OnChange: onChange}
	for _, citizen := range c.Citizens {
		if citizen.ChatID != 0 {
			config.People = append(config.People, botapi.User{ID: citizen.ChatID, FirstName: citizen.Name, LanguageCode: citizen.Language})
		}
	}
	for _, officer := range c.Staff {
		if officer.ChatID != 0 {
			config.People = append(config.People, botapi.User{ID: officer.ChatID, FirstName: officer.Name, Username: officer.Login})
		}
	}
	if c.Group.ID != 0 {
		config.Groups = []botapi.Group{c.Group}
	}
	return config
}
