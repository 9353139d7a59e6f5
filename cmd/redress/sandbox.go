package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels/sandbox"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/telegram"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/configs"
)

type sandboxCommand struct {
	Listen string `help:"Loopback address of the page." default:"127.0.0.1:8080"`
}

// Help is shown by `redress sandbox --help`.
func (sandboxCommand) Help() string {
	return "Mail, SMS and Telegram are played in process; nothing leaves this machine. Open the page it names and play every part.\n\n" +
		"Example:\n\n  redress sandbox --listen 127.0.0.1:9000"
}

// Run plays until it is told to stop.
func (c sandboxCommand) Run(r *invocation) (err error) {
	if err := sandbox.Loopback(c.Listen); err != nil {
		return fmt.Errorf("the sandbox has no sign-in and listens on this machine only: %w", err)
	}
	folder, err := os.MkdirTemp("", "redress-sandbox-")
	if err != nil {
		return fmt.Errorf("making a folder for the data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	listener, err := app.Listen(r.Context, c.Listen)
	if err != nil {
		return err
	}
	gate := app.NewGate(r.Context, listener)
	defer gate.Drain(r.Context)

	settings := configs.Default()
	settings.Log.Level = "warn"
	settings.DataDir = folder
	settings.Organisation.File = filepath.Join(folder, "organisation.yaml")
	settings.HTTP.Listen = listener.Addr().String()
	settings.HTTP.PublicURL = fmt.Sprintf("http://localhost:%d", listenerPort(listener))
	org, err := configs.ParseOrganisation("organisation.example.yaml", configs.ExampleOrganisation)
	if err != nil {
		return err
	}
	clock := &sandbox.MovableClock{}
	players, err := startPlayers(org, settings, "http://"+listener.Addr().String(), clock)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, players.Close()) }()

	a, err := app.Open(r.Context, app.Options{
		Settings: settings, Logger: app.NewLogger(r.Streams.Err, settings.Log), Clock: clock, Organisation: configs.ExampleOrganisation,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := linkStaff(r.Context, a.Store, org); err != nil {
		return err
	}
	places := map[string]string{"sandbox": settings.HTTP.PublicURL + "/sandbox/", "form": settings.HTTP.PublicURL + "/complaints/new"}
	if err := r.print(places, func(w io.Writer) {
		fmt.Fprintf(w, "The sandbox is ready: %s\nThe public form:      %s\nStop it with Ctrl+C.\n", places["sandbox"], places["form"])
	}); err != nil {
		return err
	}
	page := players.Handler(sandboxCases{a}, sandboxClock{clock, a.Store})
	return a.Run(r.Context, app.Role{Gateway: true, Worker: true}, gate, func(mux *http.ServeMux) {
		mux.Handle("/sandbox/", page)
	})
}

// staffChat is the first of the chat ids that the sandbox gives to staff.
const staffChat = 7_000_001

// startPlayers starts the providers and puts their addresses into the settings.
func startPlayers(org *cases.Organisation, settings *configs.Settings, target string, clock *sandbox.MovableClock) (*sandbox.Sandbox, error) {
	config := sandbox.Config{
		Now: clock.Now, Timezone: org.Jurisdiction.Timezone,
		PublicURL: settings.HTTP.PublicURL, TargetURL: target,
		Complaints:     mailserver.Account{Name: org.Jurisdiction.Name, Address: "complaints@" + org.Jurisdiction.ID, Login: "complaints", Password: "complaints"},
		AuthServID:     "mx." + org.Jurisdiction.ID,
		Numbers:        []string{"+12025550100"},
		SMSWebhookPath: "/webhooks/sms/main",
		AuthToken:      "5a4d0b0c5a4d0b0c5a4d0b0c5a4d0b0c",
		BotToken:       "7000000001:sandbox-bot-token-of-this-machine",
		BotName:        "CityRedressBot",
		Citizens: []sandbox.Citizen{
			{Name: "Meera Nair", Phone: "+12025550141", Email: "meera@citizen.example", ChatID: 5_000_001, Language: "en"},
			{Name: "Ravi Kumar", Phone: "+12025550142", Email: "ravi@citizen.example", ChatID: 5_000_002, Language: "hi"},
			{Name: "Lucía Gómez", Phone: "+12025550143", Email: "lucia@citizen.example", ChatID: 5_000_003, Language: "es"},
		},
	}
	for i, user := range org.Users {
		config.Staff = append(config.Staff, sandbox.Staff{Login: user.Login, Name: user.Name, Level: user.Level, ChatID: staffChat + int64(i)})
	}
	players, err := sandbox.Start(config)
	if err != nil {
		return nil, err
	}
	mailbox := players.Mail.Complaints()
	settings.Channels = configs.Channels{
		Email: []configs.Email{{
			Name: "complaints", From: fmt.Sprintf("%s <%s>", org.Jurisdiction.Name, mailbox.Address), AuthServIDs: []string{config.AuthServID},
			IMAP: configs.IMAP{Address: players.Mail.IMAPAddress(), TLS: "none", Username: mailbox.Login, Password: configs.Secret(mailbox.Password),
				Mailbox: "INBOX", PollInterval: 30 * time.Second, After: "seen"},
			SMTP: configs.SMTP{Address: players.Mail.SMTPAddress(), TLS: "none"},
		}},
		SMS: []configs.SMS{{
			Name: "main", Provider: "twilio", AccountSID: players.Twilio.AccountSID(), AuthToken: configs.Secret(players.Twilio.AuthToken()),
			APIBaseURL: players.Twilio.URL(), Numbers: players.Twilio.Numbers(), SegmentsPerSecond: 10,
		}},
		Telegram: []configs.Telegram{{
			Name: "city", Token: configs.Secret(players.Telegram.Token()), APIBaseURL: players.Telegram.URL(), Mode: "poll", Audience: "both",
		}},
	}
	return players, nil
}

// linkStaff gives every member of staff a chat, as a link code would.
func linkStaff(ctx context.Context, s *store.Store, org *cases.Organisation) error {
	for i, user := range org.Users {
		chat := cases.Address{Channel: telegram.Channel, Value: fmt.Sprint(staffChat + int64(i))}
		kept := []cases.Address{chat}
		for _, a := range user.Addresses {
			if a.Channel != chat.Channel {
				kept = append(kept, a)
			}
		}
		user.Addresses = kept
		if err := s.SaveUser(ctx, user); err != nil {
			return fmt.Errorf("giving %s a chat: %w", user.Login, err)
		}
	}
	return nil
}

// sandboxCases shows the cases on the page.
type sandboxCases struct{ *app.App }

// List implements sandbox.Cases.
func (s sandboxCases) List(ctx context.Context) ([]sandbox.CaseView, error) {
	views, err := s.Cases(ctx, store.CaseFilter{Limit: 50})
	if err != nil {
		return nil, err
	}
	return converted[[]sandbox.CaseView](views)
}

// Show implements sandbox.Cases.
func (s sandboxCases) Show(ctx context.Context, reference string) (sandbox.CaseView, error) {
	story, err := s.Story(ctx, cases.Reference(reference))
	if err != nil {
		return sandbox.CaseView{}, err
	}
	return converted[sandbox.CaseView](story)
}

// converted goes by the JSON that `redress case show` prints, which the page
// shares with it.
func converted[T any](v any) (T, error) {
	var to T
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &to)
	}
	if err != nil {
		return to, fmt.Errorf("showing a case: %w", err)
	}
	return to, nil
}

// sandboxClock tells the page when something happens next.
type sandboxClock struct {
	*sandbox.MovableClock
	store *store.Store
}

// NextTimer implements sandbox.Clock.
func (c sandboxClock) NextTimer(ctx context.Context) (time.Time, bool) {
	timers, err := c.store.DueTimers(ctx, c.Now().AddDate(10, 0, 0), 1)
	if err != nil || len(timers) == 0 {
		return time.Time{}, false
	}
	return timers[0].At, true
}

// Settled implements sandbox.Settler: all that is due has been done.
func (c sandboxClock) Settled(ctx context.Context) bool {
	now := c.Now()
	inbound, err := c.store.DueInbound(ctx, now, 0, 1)
	if err != nil || len(inbound) > 0 {
		return false
	}
	outbound, err := c.store.ListOutbound(ctx, store.OutboundFilter{Limit: 1})
	if err != nil || len(outbound) > 0 {
		return false
	}
	timers, err := c.store.DueTimers(ctx, now, 1)
	return err == nil && len(timers) == 0
}
