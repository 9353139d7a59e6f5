package main

import (
	"fmt"
	"io"

	"github.com/redress-cms/redress/cases"
)

type userCommand struct {
	Add      userAddCommand      `cmd:"" help:"Add a member of staff, or change one."`
	Disable  userDisableCommand  `cmd:"" help:"Take all access away; the history keeps the name."`
	Password userPasswordCommand `cmd:"" help:"Set a password, read from standard input."`
	LinkCode userLinkCodeCommand `cmd:"" name:"link-code" help:"Draw a code by which an officer links the own chat."`
	List     userListCommand     `cmd:"" help:"List members of staff."`
}

type userDisableCommand struct {
	Login string `arg:"" help:"Whose access ends."`
}

// Help is shown by `redress user disable --help`.
func (userDisableCommand) Help() string {
	return "Open cases stay with the officer until they are assigned to somebody else.\n\nExample:\n\n  redress user disable asha"
}

// Run disables a user.
func (c userDisableCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	if err := a.Store.DisableUser(r.Context, c.Login); err != nil {
		return noUser(err, c.Login)
	}
	return r.print(map[string]string{"login": c.Login}, func(w io.Writer) { fmt.Fprintf(w, "Disabled %s.\n", c.Login) })
}

type userListCommand struct{}

// Help is shown by `redress user list --help`.
func (userListCommand) Help() string { return "Example:\n\n  redress user list --json" }

// userView is a line of user list: a user without addresses.
type userView struct {
	Login      string   `json:"login"`
	Name       string   `json:"name"`
	Roles      []string `json:"roles"`
	Department *string  `json:"department"`
	Areas      []string `json:"areas"` // none: all
	Level      int      `json:"level"`
	Channels   []string `json:"channels"` // of alerts, the preferred one first
	Disabled   bool     `json:"disabled"`
}

// Run lists the users.
func (userListCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	users, err := a.Store.Users(r.Context)
	if err != nil {
		return fmt.Errorf("listing: %w", err)
	}
	views := []userView{}
	for _, u := range users {
		views = append(views, viewUser(u))
	}
	return printList(r, views, "LOGIN NAME ROLES LEVEL DEPARTMENT AREAS CHANNELS STATE", func(v userView) []any {
		state := "enabled"
		if v.Disabled {
			state = "disabled"
		}
		return []any{v.Login, v.Name, v.Roles, v.Level, v.Department, v.Areas, v.Channels, state}
	})
}

func viewUser(u cases.User) userView {
	v := userView{
		Login: u.Login, Name: u.Name, Roles: []string{}, Department: null(u.Department),
		Areas: append([]string{}, u.Areas...), Level: u.Level, Channels: []string{}, Disabled: u.Disabled,
	}
	for _, role := range u.Roles {
		v.Roles = append(v.Roles, string(role))
	}
	for _, address := range u.Addresses {
		v.Channels = append(v.Channels, address.Channel)
	}
	return v
}
