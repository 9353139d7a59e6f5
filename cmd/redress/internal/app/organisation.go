package app

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/configs"
)

// applyOrganisation applies the organisation file when its content changed
// since the last start, and returns the organisation in force. Changes made
// otherwise since then stay.
func (a *App) applyOrganisation(ctx context.Context) (*cases.Organisation, error) {
	if err := a.applyFile(ctx); err != nil {
		return nil, err
	}
	org, _, err := a.Store.Organisation(ctx)
	if errors.Is(err, store.ErrNotFound) && a.Options.Organisation != nil {
		if a.Fresh, err = a.ApplyOrganisation(ctx, "organisation", a.Options.Organisation, "start"); err != nil {
			return nil, err
		}
		org, _, err = a.Store.Organisation(ctx)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("there is no organisation yet, and no file %s; write one (see configs/organisation.example.yaml) and run: redress org apply FILE",
			a.Settings.Organisation.File)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the organisation: %w", err)
	}
	return org, nil
}

func (a *App) applyFile(ctx context.Context) error {
	const name = "organisation.file"
	data, err := os.ReadFile(a.Settings.Organisation.File)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("organisation.file: %w", err)
	}
	digest := configs.Digest(a.Settings.Organisation.File, data)
	applied, err := a.Store.Cursor(ctx, name)
	if err != nil || applied == digest {
		return err
	}
	if _, err := a.ApplyOrganisation(ctx, a.Settings.Organisation.File, data, "start"); err != nil {
		return err
	}
	return a.Store.SetCursor(ctx, name, digest)
}

// ApplyOrganisation puts an organisation file into force. It reports false
// when this very content was the last one applied.
func (a *App) ApplyOrganisation(ctx context.Context, name string, data []byte, by string) (bool, error) {
	org, err := configs.ParseOrganisation(name, data)
	if err != nil {
		return false, err
	}
	changed, err := a.Store.ApplyOrganisation(ctx, org, configs.Digest(name, data), by)
	if err != nil {
		return false, fmt.Errorf("applying %s: %w", name, err)
	}
	return changed, nil
}

// CheckUser finds what is wrong with a member of staff.
func (a *App) CheckUser(org *cases.Organisation, user cases.User) error {
	next := *org
	next.Users = []cases.User{user}
	for _, u := range org.Users {
		if u.Login != user.Login {
			next.Users = append(next.Users, u)
		}
	}
	if err := next.Index(); err != nil {
		return fmt.Errorf("user %s: %w", user.Login, err)
	}
	return nil
}

// PhoneNumber reads a telephone number as people write it and gives its E.164
// form.
func PhoneNumber(text, region string) (string, error) {
	number, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return "", errors.New("this is not a telephone number; write it with its country code, like +91 98765 43210")
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

// MailAddress reads a mail address and gives the form that contacts are known
// by.
func MailAddress(text string) (string, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text {
		return "", errors.New("this is not a mail address; write it like name@example.org")
	}
	return strings.ToLower(text), nil
}
