package main

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

type userCommand struct {
	Add      userAddCommand      `cmd:"" help:"Add a member of staff, or change one."`
	Disable  userDisableCommand  `cmd:"" help:"Take all access away; the history keeps the name."`
	Password userPasswordCommand `cmd:"" help:"Set a password, read from standard input."`
	LinkCode userLinkCodeCommand `cmd:"" name:"link-code" help:"Draw a code by which an officer links the own chat."`
	List     userListCommand     `cmd:"" help:"List members of staff."`
}

type userAddCommand struct {
	Login      string   `arg:"" help:"Short name to sign in and be named by."`
	Name       string   `required:"" help:"Full name."`
	Role       []string `help:"officer, supervisor, agent, administrator or auditor." default:"officer"`
	Department string   `help:"Department code."`
	Area       []string `help:"Area codes. Default: all."`
	Level      int      `help:"Step in the hierarchy." default:"1"`
	Phone      string   `help:"Number for alerts by SMS."`
	Email      string   `help:"Address for alerts by email."`
}

// Help is shown by `redress user add --help`.
func (userAddCommand) Help() string {
	return "Example:\n\n  redress user add asha --name \"Asha Rao\" --department water --area ward-1,ward-2 --phone +12025550142"
}

// Run saves a user. Chats linked before are kept.
func (c userAddCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	org, err := a.Office.Organisation(r.Context)
	if err != nil {
		return err
	}
	user, _ := org.User(c.Login)
	user.Login, user.Name, user.Department, user.Areas, user.Level = c.Login, c.Name, c.Department, c.Area, c.Level
	user.Roles = nil
	for _, role := range c.Role {
		user.Roles = append(user.Roles, cases.Role(role))
	}
	if c.Phone != "" {
		number, err := app.PhoneNumber(c.Phone, org.Jurisdiction.DefaultRegion)
		if err != nil {
			return err
		}
		user.Addresses = withAddress(user.Addresses, cases.Address{Channel: app.ChannelSMS, Value: number})
	}
	if c.Email != "" {
		user.Addresses = withAddress(user.Addresses, cases.Address{Channel: app.ChannelEmail, Value: strings.ToLower(c.Email)})
	}
	if err := a.CheckUser(org, user); err != nil {
		return err
	}
	if err := a.Store.SaveUser(r.Context, user); err != nil {
		return fmt.Errorf("saving %s: %w", c.Login, err)
	}
	return r.print(map[string]string{"login": c.Login}, func(w io.Writer) { fmt.Fprintf(w, "Saved %s.\n", c.Login) })
}

// withAddress replaces the address of the same channel, or adds it.
func withAddress(list []cases.Address, a cases.Address) []cases.Address {
	for i := range list {
		if list[i].Channel == a.Channel {
			list[i] = a
			return list
		}
	}
	return append(list, a)
}

type userDisableCommand struct {
	Login string `arg:"" help:"Whose access ends."`
}

// Help is shown by `redress user disable --help`.
func (userDisableCommand) Help() string { return "Example:\n\n  redress user disable asha" }

// Run disables a user.
func (c userDisableCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	if err := a.Store.DisableUser(r.Context, c.Login); err != nil {
		return notFound(err, "there is no user %s; see: redress user list", c.Login)
	}
	return r.print(map[string]string{"login": c.Login}, func(w io.Writer) { fmt.Fprintf(w, "Disabled %s.\n", c.Login) })
}

type userPasswordCommand struct {
	Login string `arg:"" help:"Whose password."`
}

// Help is shown by `redress user password --help`.
func (userPasswordCommand) Help() string {
	return "At least 12 characters.\n\nExample:\n\n  redress user password asha < password.txt"
}

const minPassword, maxPassword = 12, 72 // bytes; bcrypt takes no more

// Run sets a password.
func (c userPasswordCommand) Run(r *invocation) error {
	line, err := bufio.NewReader(io.LimitReader(r.In, 1024)).ReadString('\n')
	if err != nil && line == "" {
		return usageError("no password on standard input")
	}
	password := strings.TrimRight(line, "\r\n")
	if len(password) < minPassword || len(password) > maxPassword {
		return fmt.Errorf("the password must have %d to %d bytes", minPassword, maxPassword)
	}
	a, err := r.open()
	if err != nil {
		return err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return fmt.Errorf("hashing: %w", err)
	}
	if err := a.Store.SetPassword(r.Context, c.Login, string(hash)); err != nil {
		return notFound(err, "there is no user %s; see: redress user list", c.Login)
	}
	return r.print(map[string]string{"login": c.Login}, func(w io.Writer) { fmt.Fprintf(w, "The password of %s is set.\n", c.Login) })
}

type userLinkCodeCommand struct {
	Login    string        `arg:"" help:"Whose chat."`
	ValidFor time.Duration `help:"How long the code can be used." default:"24h"`
}

// Help is shown by `redress user link-code --help`.
func (userLinkCodeCommand) Help() string {
	return "The officer sends `/link CODE` to the bot in a private chat, or opens t.me/BOT?start=CODE.\n\nExample:\n\n  redress user link-code asha"
}

// Run draws a code, which works once.
func (c userLinkCodeCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	if _, err := a.Store.User(r.Context, c.Login); err != nil {
		return notFound(err, "there is no user %s; see: redress user list", c.Login)
	}
	code, err := cases.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	expires := time.Now().UTC().Add(c.ValidFor)
	if err := a.Store.NewLinkCode(r.Context, c.Login, code, expires); err != nil {
		return fmt.Errorf("saving the code: %w", err)
	}
	out := map[string]any{"login": c.Login, "code": code, "expires_at": expires}
	return r.print(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s\nIn a private chat with the bot, %s sends: /link %s\nIt works once, until %s.\n",
			code, c.Login, code, expires.Local().Format("2006-01-02 15:04"))
	})
}

type userListCommand struct{}

// Help is shown by `redress user list --help`.
func (userListCommand) Help() string { return "Example:\n\n  redress user list --json" }

// Run lists the users without their addresses.
func (userListCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	users, err := a.Store.Users(r.Context)
	if err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	type view struct {
		Login      string       `json:"login"`
		Name       string       `json:"name"`
		Roles      []cases.Role `json:"roles"`
		Department string       `json:"department"`
		Areas      []string     `json:"areas"`
		Level      int          `json:"level"`
		Channels   []string     `json:"channels"`
		Disabled   bool         `json:"disabled"`
	}
	views := []view{}
	for _, u := range users {
		v := view{u.Login, u.Name, u.Roles, u.Department, u.Areas, u.Level, []string{}, u.Disabled}
		for _, address := range u.Addresses {
			v.Channels = append(v.Channels, address.Channel)
		}
		views = append(views, v)
	}
	return r.print(views, func(w io.Writer) {
		for _, v := range views {
			fmt.Fprintf(w, "%-14s level %d  %-14s %-24s %s\n", v.Login, v.Level, v.Department, v.Name, strings.Join(v.Channels, ","))
		}
	})
}
