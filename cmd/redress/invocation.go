package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/configs"
)

// invocation is one run of one command.
type invocation struct {
	context.Context
	Streams
	environ []string
	config  string
	json    bool
	zone    *time.Location // of the jurisdiction, once the database is open
	app     *app.App       // closed at the end of the run
}

// settings loads the settings; the error lists every fault with its place.
func (r *invocation) settings() (*configs.Settings, error) {
	return configs.Load(r.config, r.environ)
}

// open connects to the database, for commands that need no channels running.
func (r *invocation) open() (*app.App, error) { return r.openFor(nil) }

// openFor is open for a database that may have no organisation yet: it is
// given this one.
func (r *invocation) openFor(organisation []byte) (*app.App, error) {
	settings, err := r.settings()
	if err != nil {
		return nil, err
	}
	r.app, err = app.Open(r.Context, app.Options{
		Settings: settings, Logger: app.NewLogger(r.Streams.Err, settings.Log), Organisation: organisation,
	})
	if err != nil {
		return nil, whileAway(err)
	}
	org, err := r.app.Organisation(r.Context)
	if err != nil {
		return nil, err
	}
	r.zone = org.Location()
	return r.app, nil
}

// whileAway says what to do about a database that does not answer.
func whileAway(err error) error {
	if app.Away(err) {
		return fmt.Errorf("the database does not answer; check that it runs, and database.url in the settings: %w", err)
	}
	return err
}

// actor is who gives a command: the named member of staff, else the person at
// the terminal as the operating system knows them.
func (r *invocation) actor(as string) (cases.Actor, error) {
	if as == "" {
		return cases.Actor{Kind: cases.ActorStaff, Login: operator(), Channel: "command"}, nil
	}
	u, err := r.app.Store.User(r.Context, as)
	if err != nil {
		return cases.Actor{}, noUser(err, as)
	}
	if u.Disabled {
		return cases.Actor{}, fmt.Errorf("the account of %s is disabled; name somebody else (see: redress user list), or let %s in again: redress user add %s", as, as, as)
	}
	return cases.Actor{Kind: cases.ActorStaff, Login: as, Channel: "command"}, nil
}

// operator is the person at this terminal. The colon keeps the name apart from
// logins.
func operator() string {
	if u, err := user.Current(); err == nil {
		return "operator:" + u.Username
	}
	return "operator"
}

// refusal turns the store's word about a thing into one for people: that there
// is none, or that its state does not allow what was asked. see is the command
// that shows what there is.
func refusal(err error, thing, state, see string) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("there is no %s; see: %s", thing, see)
	case errors.Is(err, store.ErrDone):
		return fmt.Errorf("%s %s; see: %s", thing, state, see)
	}
	return err
}

// noUser is the refusal for a login.
func noUser(err error, login string) error {
	return refusal(err, "user "+login, "", "redress user list")
}
