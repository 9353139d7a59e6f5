package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/redress-cms/redress/cases"
)

type userAddCommand struct {
	Login      string   `arg:"" help:"Short name to sign in and be named by."`
	Name       string   `help:"Full name; a new user needs one."`
	Role       []string `help:"officer, supervisor, agent, administrator or auditor. Default for a new user: officer." enum:"officer,supervisor,agent,administrator,auditor" placeholder:"ROLE,..."`
	Department string   `help:"Department code." placeholder:"CODE"`
	Area       []string `help:"Area codes. Default for a new user: all areas." placeholder:"CODE,..."`
	Level      int      `help:"Step in the hierarchy. Default for a new user: 1." placeholder:"N"`
	Phone      string   `help:"Number for alerts by SMS."`
	Email      string   `help:"Address for alerts by email."`
}

// Help is shown by `redress user add --help`.
func (userAddCommand) Help() string {
	return "Of a user that exists, what is given is changed and the rest stays; one that is disabled is let in again.\n\n" +
		"Example:\n\n  redress user add asha --name \"Asha Rao\" --department water --area ward-1,ward-2 --phone +12025550142"
}

// Run saves a user.
func (c userAddCommand) Run(r *invocation) error {
	a, err := r.open()
	if err != nil {
		return err
	}
	org, err := a.Organisation(r.Context)
	if err != nil {
		return err
	}
	user, known := org.User(c.Login)
	if !known && c.Name == "" {
		return usageError(fmt.Sprintf("%s would be a new user, who needs a name: --name \"Full Name\"", c.Login))
	}
	addresses, err := addressesOf(org, c.Phone, c.Email)
	if err != nil {
		return err
	}
	user = c.changed(user, addresses)
	if err := a.CheckUser(org, user); err != nil {
		return err
	}
	if err := a.Store.SaveUser(r.Context, user); err != nil {
		return fmt.Errorf("saving %s: %w", c.Login, err)
	}
	return r.print(viewUser(user), func(w io.Writer) { fmt.Fprintf(w, "Saved %s.\n", c.Login) })
}

// changed is the user as asked for; a new one has no login yet.
func (c userAddCommand) changed(u cases.User, addresses []cases.Address) cases.User {
	if u.Login == "" {
		u = cases.User{Login: c.Login, Roles: []cases.Role{cases.RoleOfficer}, Level: 1}
	}
	u.Disabled = false
	if c.Name != "" {
		u.Name = c.Name
	}
	if c.Department != "" {
		u.Department = c.Department
	}
	if c.Level != 0 {
		u.Level = c.Level
	}
	if len(c.Area) > 0 {
		u.Areas = c.Area
	}
	if len(c.Role) > 0 {
		u.Roles = nil
		for _, role := range c.Role {
			u.Roles = append(u.Roles, cases.Role(role))
		}
	}
	u.Addresses = slices.Clone(u.Addresses)
	for _, address := range addresses {
		u.Addresses = withAddress(u.Addresses, address)
	}
	return u
}

// withAddress replaces the address of the same channel, or adds it.
func withAddress(list []cases.Address, a cases.Address) []cases.Address {
	i := slices.IndexFunc(list, func(known cases.Address) bool { return known.Channel == a.Channel })
	if i < 0 {
		return append(list, a)
	}
	list[i] = a
	return list
}
