package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/redress-cms/redress/cases"
)

// Organisation is the organisation as applied last, with the users as they are
// now, indexed and ready for use, and its version. A later change of a user
// can leave faults; they are for `config check`, not for the way of a message.
// ErrNotFound before the first apply.
func (s *Store) Organisation(ctx context.Context) (*cases.Organisation, int64, error) {
	version, err := s.OrganisationVersion(ctx) // first: should it change meanwhile, the caller will see it rise
	if err != nil {
		return nil, 0, err
	}
	row, err := one[struct {
		Document document[*cases.Organisation]
	}](s.read(ctx), `SELECT document FROM organisation ORDER BY id DESC LIMIT 1`)
	if err != nil {
		return nil, 0, fmt.Errorf("read the organisation: %w", err)
	}
	org := row.Document.V
	if org.Users, err = s.Users(ctx); err != nil {
		return nil, 0, err
	}
	var faults cases.Faults
	if err := org.Index(); err != nil && !errors.As(err, &faults) {
		return nil, 0, fmt.Errorf("read the organisation: %w", err)
	}
	return org, version, nil
}

// OrganisationVersion rises with every change of the organisation or of a
// user; 0 before the first.
func (s *Store) OrganisationVersion(ctx context.Context) (int64, error) {
	version, err := one[int64](s.read(ctx), `SELECT version FROM organisation_version WHERE id = 1`)
	if err != nil {
		return 0, fmt.Errorf("read the organisation's version: %w", err)
	}
	return version, nil
}

func raiseVersion(tx *gorm.DB) error {
	_, err := change(tx, `UPDATE organisation_version SET version = version + 1 WHERE id = 1`)
	return err
}

// ApplyOrganisation makes o the organisation, on behalf of by, and keeps those
// before it. source is the hash of the file; when it is that of the last
// apply, nothing is changed. Users of the file are added or changed, but
// passwords and the chats they linked stay; users that are not in it are left
// alone, except that an address the file gives to somebody else is theirs.
func (s *Store) ApplyOrganisation(ctx context.Context, o *cases.Organisation, source string, by string) (bool, error) {
	var changed bool
	err := s.write(ctx, func(tx *gorm.DB) error {
		var err error
		changed, err = applyOrganisation(tx, o, source, by, instant{s.now()})
		return err
	})
	if err != nil {
		return false, fmt.Errorf("apply the organisation: %w", err)
	}
	return changed, nil
}

func applyOrganisation(tx *gorm.DB, o *cases.Organisation, source, by string, at instant) (bool, error) {
	// Let one apply wait for another.
	if _, err := change(tx, `UPDATE organisation_version SET version = version WHERE id = 1`); err != nil {
		return false, err
	}
	last, err := one[string](tx, `SELECT source FROM organisation ORDER BY id DESC LIMIT 1`)
	if err == nil && last == source {
		return false, nil
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, err
	}
	withoutUsers := *o
	withoutUsers.Users = nil
	if _, err := change(tx, `INSERT INTO organisation (document, source, applied_by, applied_at) VALUES (?, ?, ?, ?)`,
		document[*cases.Organisation]{&withoutUsers}, key(source), text(by), at); err != nil {
		return false, err
	}
	if err := applyUsers(tx, o.Users); err != nil {
		return false, err
	}
	return true, raiseVersion(tx)
}

// MoveAlerts gives departments whose staff group is at from the address to, as
// its provider says. The organisation file counts as applied still.
func (s *Store) MoveAlerts(ctx context.Context, from, to cases.Address) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		// Let an apply that is under way end first.
		if err := raiseVersion(tx); err != nil {
			return err
		}
		row, err := one[struct {
			Document document[*cases.Organisation]
			Source   key
		}](tx, `SELECT document, source FROM organisation ORDER BY id DESC LIMIT 1`)
		if err != nil {
			return err
		}
		for i, d := range row.Document.V.Departments {
			if d.Alerts != nil && *d.Alerts == from {
				row.Document.V.Departments[i].Alerts = &to
			}
		}
		_, err = change(tx, `INSERT INTO organisation (document, source, applied_by, applied_at) VALUES (?, ?, ?, ?)`,
			row.Document, row.Source, text("system"), instant{s.now()})
		return err
	})
	if err != nil {
		return fmt.Errorf("move a staff group: %w", err)
	}
	return nil
}

// applyUsers takes all addresses that the file gives from whoever has them,
// but for linked chats of the same user, before it hands them out.
func applyUsers(tx *gorm.DB, users []cases.User) error {
	for _, u := range users {
		if err := putUser(tx, u); err != nil {
			return err
		}
		if _, err := change(tx, `DELETE FROM user_addresses WHERE login = ? AND linked = ?`, key(u.Login), false); err != nil {
			return err
		}
		for _, a := range u.Addresses {
			if _, err := change(tx, `DELETE FROM user_addresses WHERE channel = ? AND value = ? AND login <> ?`,
				key(a.Channel), key(a.Value), key(u.Login)); err != nil {
				return err
			}
		}
	}
	for _, u := range users {
		linked, err := linkedAddresses(tx, u.Login)
		if err != nil {
			return err
		}
		for i, a := range slices.DeleteFunc(slices.Clone(u.Addresses), func(a cases.Address) bool { return linked[a] }) {
			err := putUserAddress(tx, userAddressRow{
				Login: key(u.Login), Channel: key(a.Channel), Value: key(a.Value), Position: firstOfFile + i,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// firstOfFile is the position of a user's first address of the file; linked
// chats come before it.
const firstOfFile = 1000
