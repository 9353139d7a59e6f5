package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/redress-cms/redress/cases"
)

// remembered is what a gateway has to know of the database before it can take
// messages in. It keeps it in data_dir, so that it starts while the database is
// away and spools. No person is in it.
type remembered struct {
	Schema       int64               `json:"schema"`
	Organisation *cases.Organisation `json:"organisation"` // without users
	WebSecret    []byte              `json:"web_secret"`   // signs form tokens
}

const rememberedFile = "gateway.json"

// catchUpEvery is between two tries to reach the database after a start
// without it.
const catchUpEvery = 3 * time.Second

// learn asks the database, or recalls what it said last time while that is
// away and Options.Recall allows it.
func (a *App) learn(ctx context.Context) (*remembered, error) {
	known, err := a.ask(ctx)
	if err == nil || !a.Recall || !Away(err) {
		return known, err
	}
	old, recallErr := a.recall()
	if recallErr != nil {
		return nil, errors.Join(err, recallErr)
	}
	if old == nil {
		return nil, err
	}
	a.Logger.Warn("the database is away; messages are taken in by what it said last time", "error", err)
	a.recalled = true
	return old, nil
}

// ask learns from the database, and keeps it.
func (a *App) ask(ctx context.Context) (*remembered, error) {
	schema, err := a.checkSchema(ctx)
	if err != nil {
		return nil, err
	}
	org, err := a.applyOrganisation(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := a.webSecret(ctx)
	if err != nil {
		return nil, err
	}
	known := &remembered{Schema: schema, Organisation: org, WebSecret: secret}
	if a.Recall {
		if err := a.remember(*known); err != nil {
			a.Logger.Warn("a start while the database is away will have to wait for it", "error", err)
		}
	}
	return known, nil
}

// remember writes what is known so that it is there whole or not at all.
func (a *App) remember(known remembered) error {
	org := *known.Organisation
	org.Users = nil
	known.Organisation = &org
	text, err := json.Marshal(known)
	if err != nil {
		return fmt.Errorf("remembering the organisation: %w", err)
	}
	path := filepath.Join(a.Settings.DataDir, rememberedFile)
	if err := os.WriteFile(path+".next", text, 0o600); err != nil {
		return fmt.Errorf("remembering the organisation: %w", err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		return fmt.Errorf("remembering the organisation: %w", err)
	}
	return nil
}

// recall reads what was remembered; nil: nothing, or for an older schema, which
// the database may still have.
func (a *App) recall() (*remembered, error) {
	text, err := os.ReadFile(filepath.Join(a.Settings.DataDir, rememberedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("recalling the organisation: %w", err)
	}
	var known remembered
	if json.Unmarshal(text, &known) != nil || known.Organisation == nil {
		return nil, nil //nolint:nilerr // damaged: as good as none
	}
	want, err := a.Store.WantedSchema()
	if err != nil || known.Schema < want {
		return nil, err
	}
	var faults cases.Faults
	if err := known.Organisation.Index(); err != nil && !errors.As(err, &faults) {
		return nil, fmt.Errorf("recalling the organisation: %w", err)
	}
	return &known, nil
}

// catchUp learns from the database once it is there, after a start without it.
func (a *App) catchUp(ctx context.Context) error {
	for {
		known, err := a.ask(ctx)
		switch {
		case err == nil:
			a.lastOrganisation.Store(known.Organisation)
			a.Logger.Info("the database is back")
			return nil
		case ctx.Err() != nil:
			return nil //nolint:nilerr // told to stop
		case !Away(err):
			return err
		}
		if a.Clock.Wait(ctx, a.Clock.Now().Add(catchUpEvery)) != nil {
			return nil //nolint:nilerr // told to stop
		}
	}
}
