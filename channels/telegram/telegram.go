// Package telegram talks with complainants and staff through a Telegram bot.
package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/channels/internal/httpcall"
)

// Channel is the channel's name.
const Channel = "telegram"

// How updates come in, and who is served.
const (
	ModePoll    = "poll"
	ModeWebhook = "webhook"

	AudienceComplainants = "complainants" // groups are not listened to
	AudienceStaff        = "staff"
	AudienceBoth         = "both"
)

const (
	providerURL = "https://api.telegram.org"
	maxText     = 4096 // UTF-16 units, after markup (sendMessage)
	maxNote     = 200  // UTF-16 units (answerCallbackQuery)
	maxData     = 64   // bytes of a button's data
	maxAnswer   = 16 << 20
	callTimeout = 30 * time.Second
)

// Config is one bot.
type Config struct {
	Name        string // of the account in the settings; letters, digits, - and _
	Token       string
	APIBaseURL  string         // "{base}/bot{token}/{method}"; empty: Telegram's
	Mode        string         // ModePoll (also when empty) or ModeWebhook
	SecretToken string         // ModeWebhook: what Telegram sends along; 1 to 256 of A-Z a-z 0-9 _ -
	Audience    string         // empty: AudienceBoth
	PublicURL   string         // ModeWebhook: under which Telegram reaches us; https
	Files       channels.Files // required: where the files of messages are kept

	// Lease says whether this process may poll for the next ttl; Telegram
	// allows one poller. nil: there is no other process.
	Lease func(ctx context.Context, name string, ttl time.Duration) (bool, error)
	// Wait waits for d or until ctx ends; nil: by a timer.
	Wait func(ctx context.Context, d time.Duration) error

	Client *http.Client     // its transport is used; nil: the default one
	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: slog.Default()
}

// Adapter is one bot.
type Adapter struct {
	Config
	endpoint string // for the library: two %s, token and method
	files    string // base address of files

	mu     sync.Mutex
	health channels.Health
	self   tgbotapi.User // before getMe answered only the id, if the token has it
	known  bool          // getMe answered
}

// New checks the settings of a bot. The error joins all faults.
func New(c Config) (*Adapter, error) {
	a := &Adapter{Config: c}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("telegram account %q: %w", c.Name, err)
	}
	base := strings.TrimSuffix(a.APIBaseURL, "/")
	a.endpoint = strings.ReplaceAll(base, "%", "%%") + "/bot%s/%s"
	a.files = base + "/file/bot" + a.Token + "/"
	a.health = channels.Health{Name: a.Name(), Error: "not connected yet"}
	a.self.ID, _ = strconv.ParseInt(a.botID(), 10, 64) // 0 where the token does not say
	return a, nil
}

// check fills in defaults and finds what is missing or wrong.
func (a *Adapter) check() error {
	var faults []error
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if a.Config.Name == "" || strings.Trim(a.Config.Name, letters) != "" {
		faults = append(faults, errors.New("name: letters, digits, - and _ only"))
	}
	if a.Token == "" || strings.Trim(a.Token, letters+":") != "" {
		faults = append(faults, errors.New("token is missing or is none; it looks like 123456:ABC-DEF"))
	}
	if a.Files == nil {
		faults = append(faults, errors.New("no place to keep files"))
	}
	if a.APIBaseURL == "" {
		a.APIBaseURL = providerURL
	}
	if u, err := url.Parse(a.APIBaseURL); err != nil || u.Host == "" {
		faults = append(faults, errors.New("api_base_url is not an address"))
	}
	switch a.Mode {
	case "":
		a.Mode = ModePoll
	case ModePoll:
	case ModeWebhook:
		if a.SecretToken == "" || len(a.SecretToken) > 256 || strings.Trim(a.SecretToken, letters) != "" {
			faults = append(faults, errors.New("secret_token: with mode webhook, 1 to 256 letters, digits, - and _ are needed"))
		}
		if u, err := url.Parse(a.PublicURL); err != nil || u.Host == "" {
			faults = append(faults, errors.New("public_url is missing or not an address"))
		}
	default:
		faults = append(faults, errors.New("mode: poll or webhook"))
	}
	switch a.Audience {
	case "":
		a.Audience = AudienceBoth
	case AudienceComplainants, AudienceStaff, AudienceBoth:
	default:
		faults = append(faults, errors.New("audience: complainants, staff or both"))
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Wait == nil {
		a.Wait = wait
	}
	if a.Logger == nil {
		a.Logger = slog.Default()
	}
	return errors.Join(faults...)
}

// Name implements channels.Adapter.
func (a *Adapter) Name() channels.Name {
	return channels.Name{Channel: Channel, Account: a.Config.Name}
}

// Format implements channels.Adapter.
func (a *Adapter) Format() channels.Format {
	format := channels.Format{Medium: "chat", HTML: true, Buttons: true, Pictures: true, MaxFile: maxUpload, Edits: true, MaxText: maxText}
	if a.Audience != AudienceBoth {
		format.Audience = channels.Audience(a.Audience)
	}
	return format
}

// Pace implements channels.Pacer. Telegram allows a bot 30 messages a second,
// one a second in a private chat with short bursts, and 20 a minute in a group
// (https://core.telegram.org/bots/faq#broadcasting-to-users). A bucket lets
// Burst and one period's refill through within a period, so both together are
// kept to the limit.
func (a *Adapter) Pace(out channels.Outbound) []channels.Charge {
	account := channels.Charge{Scope: "account", Units: 1, PerSecond: 25, Burst: 5}
	if out.PressID != "" {
		return []channels.Charge{account}
	}
	units := 1.0
	if out.Edit == "" {
		units = float64(max(1, len(channels.SplitText(out.Text, maxText))))
	}
	account.Units, account.Burst = units, max(units, account.Burst)
	chat := channels.Charge{Scope: chatScope(out.To), Units: units, PerSecond: 1, Burst: max(units, 3)}
	if strings.HasPrefix(out.To, "-") { // a group's id is negative
		chat.PerSecond, chat.Burst = 0.25, max(units, 5)
	}
	return []channels.Charge{account, chat}
}

func chatScope(chat string) string { return "chat:" + chat }

// Prepare implements channels.Preparer: it checks the token and sets the
// webhook, or takes it away, since Telegram allows no polling beside one.
func (a *Adapter) Prepare(ctx context.Context) error {
	if err := a.greet(ctx); err != nil {
		return err
	}
	if a.Mode == ModePoll {
		return a.do(ctx, "deleteWebhook", nil)
	}
	params := tgbotapi.Params{
		"url":          strings.TrimSuffix(a.PublicURL, "/") + a.path(),
		"secret_token": a.SecretToken,
	}
	if err := params.AddInterface("allowed_updates", allowedUpdates()); err != nil {
		return fmt.Errorf("set the webhook: %w", err)
	}
	return a.do(ctx, "setWebhook", params)
}

// greet asks who the bot is: whether the token is right, and the name by which
// commands in a group address it.
func (a *Adapter) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	bot, call := a.bot(ctx)
	user, err := bot.GetMe()
	if err != nil {
		return a.fail("getMe", call, err)
	}
	a.mu.Lock()
	a.self, a.known = user, true
	a.mu.Unlock()
	a.setHealth("")
	return nil
}

// do calls a method whose result is of no interest.
func (a *Adapter) do(ctx context.Context, method string, params tgbotapi.Params) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	bot, call := a.bot(ctx)
	if _, err := bot.MakeRequest(method, params); err != nil {
		return a.fail(method, call, err)
	}
	return nil
}

// fail notes in the health why a call failed, and returns the error without
// the token.
func (a *Adapter) fail(method string, call *httpcall.Call, err error) error {
	failure := a.sendError(call, err)
	a.setHealth(failure.Text)
	return fmt.Errorf("call Telegram's %s: %w", method, failure)
}

// bot is the library's client for one call under ctx. It is made by hand,
// since the library's constructor calls getMe.
func (a *Adapter) bot(ctx context.Context) (*tgbotapi.BotAPI, *httpcall.Call) {
	call := httpcall.New(ctx, a.Client, maxAnswer)
	bot := &tgbotapi.BotAPI{Token: a.Token, Client: call}
	bot.SetAPIEndpoint(a.endpoint)
	return bot, call
}

// request calls the method of c and decodes its result.
func request[T any](ctx context.Context, a *Adapter, c tgbotapi.Chattable) (result T, call *httpcall.Call, err error) {
	bot, call := a.bot(ctx)
	resp, err := bot.Request(c)
	var answer *tgbotapi.Error
	if resp != nil && errors.As(err, &answer) && answer.Code == 0 { // the library leaves it out of what it says of uploads
		answer.Code = resp.ErrorCode
	}
	if err != nil || len(resp.Result) == 0 {
		return result, call, err
	}
	return result, call, json.Unmarshal(resp.Result, &result)
}

// Health implements channels.Checker.
func (a *Adapter) Health() channels.Health {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.health
}

// setHealth notes that intake works, or why it does not.
func (a *Adapter) setHealth(fault string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.health.Up, a.health.Error, a.health.Standby = fault == "", fault, false
	if fault == "" {
		a.health.LastSuccess = a.Now()
	}
}

// standby is the state of a process that another one polls for: what it found
// wrong before is not for it to say any more.
func (a *Adapter) standby() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.health.Up, a.health.Error, a.health.Standby = true, "", true
}

// botID is the bot's user id, which its token begins with; no secret. Empty
// where the token does not have it.
func (a *Adapter) botID() string {
	id, _, found := strings.Cut(a.Token, ":")
	if !found {
		return ""
	}
	return id
}

// me is the bot; known is false while only its id may be set.
func (a *Adapter) me() (bot tgbotapi.User, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.self, a.known
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
