package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net"
	netmail "net/mail"
	"net/netip"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/email"
	"github.com/redress-cms/redress/channels/sms"
	"github.com/redress-cms/redress/channels/telegram"
	"github.com/redress-cms/redress/channels/web"
	"github.com/redress-cms/redress/configs"
	"github.com/redress-cms/redress/pipeline"
)

// Channels that commands name.
const (
	ChannelEmail = email.ChannelName
	ChannelSMS   = sms.SMS
)

// makeAdapters is the explicit list of channels.
func (a *App) makeAdapters(ctx context.Context, known *remembered) error {
	a.leases = &pipeline.Leases{Store: a.Store, Holder: a.holder, Clock: a.Clock, Logger: a.Logger}
	for _, settings := range a.Settings.Channels.Email {
		adapter, err := email.New(a.emailConfig(settings))
		if err != nil {
			return err
		}
		a.Adapters = append(a.Adapters, adapter)
	}
	for _, settings := range a.Settings.Channels.SMS {
		adapters, err := sms.New(a.smsConfig(settings, known.Organisation))
		if err != nil {
			return err
		}
		a.Adapters = append(a.Adapters, adapters...)
	}
	for _, settings := range a.Settings.Channels.Telegram {
		adapter, err := telegram.New(a.telegramConfig(settings))
		if err != nil {
			return err
		}
		a.Adapters = append(a.Adapters, adapter)
	}
	config, err := a.webConfig(ctx, known.WebSecret)
	if err != nil {
		return err
	}
	page, err := web.New(config)
	if err != nil {
		return err
	}
	a.Adapters = append(a.Adapters, page)
	return nil
}

func (a *App) emailConfig(s configs.Email) email.Config {
	return email.Config{
		Account: s.Name, From: s.From, AuthServIDs: s.AuthServIDs, FormSenders: s.FormSenders,
		ReturnPath: s.ReturnPath, PlusAddress: s.PlusAddress, OwnAddresses: a.ownAddresses(), LookupTXT: lookupTXT(s.VerifyDKIM),
		IMAP: email.IMAP{
			Address: s.IMAP.Address, TLS: s.IMAP.TLS, Username: s.IMAP.Username, Password: s.IMAP.Password.Reveal(),
			OAuth2: oauth2(s.IMAP.OAuth2), Mailbox: s.IMAP.Mailbox, PollInterval: s.IMAP.PollInterval,
			After: s.IMAP.After, CAFile: s.IMAP.CAFile,
		},
		SMTP: email.SMTP{
			Address: s.SMTP.Address, TLS: s.SMTP.TLS, Username: s.SMTP.Username, Password: s.SMTP.Password.Reveal(),
			OAuth2: oauth2(s.SMTP.OAuth2), CAFile: s.SMTP.CAFile,
		},
		Cursors: a.Store, Lease: a.lease(email.ChannelName, s.Name), Now: a.Clock.Now, Log: a.Logger,
		MaxBytes: a.Settings.Limits.MessageBytes, Files: a.ChannelFiles(),
	}
}

// ownAddresses are those of all mailboxes.
func (a *App) ownAddresses() []string {
	var own []string
	for _, s := range a.Settings.Channels.Email {
		if from, err := netmail.ParseAddress(s.From); err == nil {
			own = append(own, from.Address)
		}
		own = append(own, s.Aliases...)
		if s.ReturnPath != "" {
			own = append(own, s.ReturnPath)
		}
	}
	return own
}

// lookupTXT asks the machine's own name service.
func lookupTXT(wanted bool) func(context.Context, string) ([]string, error) {
	if !wanted {
		return nil
	}
	return net.DefaultResolver.LookupTXT
}

func oauth2(s *configs.OAuth2) *email.OAuth2 {
	if s == nil {
		return nil
	}
	return &email.OAuth2{
		TokenURL: s.TokenURL, ClientID: s.ClientID, ClientSecret: s.ClientSecret.Reveal(),
		RefreshToken: s.RefreshToken.Reveal(), Scopes: s.Scopes,
	}
}

func (a *App) smsConfig(s configs.SMS, org *cases.Organisation) sms.Config {
	return sms.Config{
		Name: s.Name, AccountSID: s.AccountSID, AuthToken: s.AuthToken.Reveal(), APIBaseURL: s.APIBaseURL,
		Numbers: s.Numbers, WhatsAppNumbers: s.WhatsAppNumbers, SegmentsPerSecond: s.SegmentsPerSecond,
		CarrierHelp: s.CarrierHelp,
		PublicURL:   a.Settings.HTTP.PublicURL, DefaultRegion: org.Jurisdiction.DefaultRegion,
		MaxBytes: a.Settings.Limits.MessageBytes, Files: a.ChannelFiles(), Now: a.Clock.Now, Logger: a.Logger,
	}
}

func (a *App) telegramConfig(s configs.Telegram) telegram.Config {
	lease := a.lease(telegram.Channel, s.Name)
	return telegram.Config{
		Name: s.Name, Token: s.Token.Reveal(), APIBaseURL: s.APIBaseURL, Mode: s.Mode,
		SecretToken: s.SecretToken.Reveal(), Audience: s.Audience, PublicURL: a.Settings.HTTP.PublicURL,
		Lease: func(ctx context.Context, _ string, _ time.Duration) (bool, error) { return lease(ctx) },
		Files: a.ChannelFiles(), Now: a.Clock.Now, Logger: a.Logger,
	}
}

// lease lets one process poll an account. SQLite has one process only.
func (a *App) lease(channel, account string) func(context.Context) (bool, error) {
	if a.Settings.Database.URL == "" {
		return func(context.Context) (bool, error) { return true, nil }
	}
	return a.leases.Hold(channel + ":" + account)
}

func (a *App) webConfig(ctx context.Context, secret []byte) (web.Config, error) {
	var proxies []netip.Prefix
	for _, text := range a.Settings.HTTP.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return web.Config{}, fmt.Errorf("http.trusted_proxies: %w", err)
		}
		proxies = append(proxies, prefix)
	}
	config := web.Config{
		PublicURL: a.Settings.HTTP.PublicURL, TrustedProxies: proxies, Secret: secret,
		MaxBytes: a.Settings.Limits.MessageBytes, Files: a.ChannelFiles(), Stories: stories{a},
		Jurisdiction: func() web.Jurisdiction {
			j := a.current(ctx).Jurisdiction
			return web.Jurisdiction{Name: j.Name, Location: a.current(ctx).Location(), Languages: j.Languages, DefaultRegion: j.DefaultRegion}
		},
		Services: func(lang string) []web.Option {
			org := a.current(ctx)
			var options []web.Option
			for _, s := range org.Services {
				options = append(options, web.Option{Code: s.Code, Name: org.ServiceName(s.Code, lang), Group: s.Group})
			}
			return options
		},
		Areas: func(string) []web.Option {
			var options []web.Option
			for _, area := range a.current(ctx).Areas {
				options = append(options, web.Option{Code: area.Code, Name: area.Name})
			}
			return options
		},
		Now: a.Clock.Now, Random: rand.Reader, Logger: a.Logger,
	}
	for _, channel := range []string{ChannelSMS, ChannelEmail} {
		if _, ok := a.Adapters.Any(channel); ok {
			config.AnswerOn = append(config.AnswerOn, channel)
		}
	}
	return config, nil
}

// organisationTimeout is how long a page waits for a database that is silent.
const organisationTimeout = 2 * time.Second

// current is the organisation as of now; the last one known while the
// database is away.
func (a *App) current(ctx context.Context) *cases.Organisation {
	if a.Office == nil { // still being wired
		return a.lastOrganisation.Load()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), organisationTimeout)
	defer cancel()
	org, err := a.Office.Organisation(ctx)
	if err != nil {
		a.Logger.Debug("the organisation is read from memory", "error", err)
		return a.lastOrganisation.Load()
	}
	a.lastOrganisation.Store(org)
	return org
}

// webSecret signs form tokens. It is drawn once and kept in the database, so
// that all gateways agree.
func (a *App) webSecret(ctx context.Context) ([]byte, error) {
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("drawing the secret of the forms: %w", err)
	}
	text, err := a.Store.InitCursor(ctx, "secret:web", hex.EncodeToString(fresh))
	if err != nil {
		return nil, fmt.Errorf("keeping the secret of the forms: %w", err)
	}
	secret, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the secret of the forms is damaged: %w", err)
	}
	return secret, nil
}

// health is the intake of every account, for /readyz and metrics.
func (a *App) health() []channels.Health {
	var all []channels.Health
	for _, adapter := range a.Adapters {
		if checker, ok := adapter.(channels.Checker); ok {
			all = append(all, checker.Health())
		}
	}
	return all
}
