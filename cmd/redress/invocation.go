package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/user"

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
	app     *app.App // closed at the end of the run
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
	return r.app, err
}

// print writes v as JSON if asked for, else by text.
func (r *invocation) print(v any, text func(io.Writer)) error {
	if !r.json {
		text(r.Out)
		return nil
	}
	encoder := json.NewEncoder(r.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	return nil
}

// actor is who gives a command: the named member of staff, else the person at
// the terminal as the operating system knows them.
func (r *invocation) actor(as string) cases.Actor {
	if as == "" {
		if u, err := user.Current(); err == nil {
			as = "operator:" + u.Username
		} else {
			as = "operator"
		}
	}
	return cases.Actor{Kind: cases.ActorStaff, Login: as, Channel: "command"}
}

// notFound turns the store's word into one for people.
func notFound(err error, format string, args ...any) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf(format, args...)
	}
	return err
}
