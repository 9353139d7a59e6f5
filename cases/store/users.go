package store

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/redress-cms/redress/cases"
)

// userRow is a row of users, without the password.
type userRow struct {
	Login      key
	Name       text
	Roles      document[[]cases.Role]
	Department key
	Areas      document[[]string]
	Level      int
	Language   text
	Disabled   bool
}

func (r userRow) domain() cases.User {
	return cases.User{
		Login: string(r.Login), Name: string(r.Name), Roles: r.Roles.V, Department: string(r.Department),
		Areas: r.Areas.V, Level: r.Level, Language: string(r.Language), Disabled: r.Disabled,
	}
}

// userAddressRow is a row of user_addresses.
type userAddressRow struct {
	Login    key
	Channel  key
	Value    key
	Position int
	Linked   bool
}

const userColumns = `login, name, roles, department, areas, level, language, disabled`

// Users are all members of staff by login, disabled ones too.
func (s *Store) Users(ctx context.Context) ([]cases.User, error) {
	list, err := readUsers(s.read(ctx), "")
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return list, nil
}

// readUsers reads all users or, where login is not empty, the one.
func readUsers(db *gorm.DB, login string) ([]cases.User, error) {
	condition, args := "", []any{}
	if login != "" {
		condition, args = ` WHERE login = ?`, []any{key(login)}
	}
	rows, err := all[userRow](db, `SELECT `+userColumns+` FROM users`+condition+` ORDER BY login`, args...)
	if err != nil {
		return nil, err
	}
	addresses, err := all[userAddressRow](db, `SELECT login, channel, value FROM user_addresses`+condition+`
		ORDER BY login, position, id`, args...)
	if err != nil {
		return nil, err
	}
	list := make([]cases.User, len(rows))
	place := make(map[string]int, len(rows))
	for i, row := range rows {
		list[i] = row.domain()
		place[list[i].Login] = i
	}
	for _, a := range addresses {
		if i, ok := place[string(a.Login)]; ok {
			list[i].Addresses = append(list[i].Addresses, cases.Address{Channel: string(a.Channel), Value: string(a.Value)})
		}
	}
	return list, nil
}

// User reads a member of staff.
func (s *Store) User(ctx context.Context, login string) (cases.User, error) {
	if login == "" {
		return cases.User{}, fmt.Errorf("read user: %w", ErrNotFound)
	}
	list, err := readUsers(s.read(ctx), login)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return cases.User{}, fmt.Errorf("read user %s: %w", login, err)
	}
	return list[0], nil
}

// UserByAddress reads the member of staff an address belongs to.
func (s *Store) UserByAddress(ctx context.Context, a cases.Address) (cases.User, error) {
	login, err := one[string](s.read(ctx), `SELECT login FROM user_addresses WHERE channel = ? AND value = ?`,
		key(a.Channel), key(a.Value))
	if err != nil {
		return cases.User{}, fmt.Errorf("read a user by address: %w", err)
	}
	return s.User(ctx, login)
}

// SaveUser adds a member of staff or changes one; the addresses given replace
// those known, in order of preference. A password is kept. ErrConflict: an
// address belongs to another user.
func (s *Store) SaveUser(ctx context.Context, u cases.User) error {
	return s.changeUsers(ctx, u.Login, func(tx *gorm.DB) error {
		if err := putUser(tx, u); err != nil {
			return err
		}
		linked, err := linkedAddresses(tx, u.Login)
		if err != nil {
			return err
		}
		if _, err := change(tx, `DELETE FROM user_addresses WHERE login = ?`, key(u.Login)); err != nil {
			return err
		}
		for i, a := range u.Addresses {
			err := putUserAddress(tx, userAddressRow{
				Login: key(u.Login), Channel: key(a.Channel), Value: key(a.Value), Position: i, Linked: linked[a],
			})
			if violates(err, "user_addresses_address", "user_addresses.channel") {
				return fmt.Errorf("address %d belongs to another user: %w", i+1, ErrConflict)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// DisableUser takes a member of staff out of service: no alerts, no commands.
func (s *Store) DisableUser(ctx context.Context, login string) error {
	return s.changeUsers(ctx, login, func(tx *gorm.DB) error {
		return found(change(tx, `UPDATE users SET disabled = ? WHERE login = ?`, true, key(login)))
	})
}

// SetPassword keeps the hash of a new password.
func (s *Store) SetPassword(ctx context.Context, login, hash string) error {
	return s.changeUsers(ctx, login, func(tx *gorm.DB) error {
		return found(change(tx, `UPDATE users SET password_hash = ? WHERE login = ?`, hash, key(login)))
	})
}

// found turns "no row changed" into ErrNotFound.
func found(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

func (s *Store) changeUsers(ctx context.Context, login string, f func(tx *gorm.DB) error) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		if err := raiseVersion(tx); err != nil {
			return err
		}
		return f(tx)
	})
	if err != nil {
		return fmt.Errorf("change user %s: %w", login, err)
	}
	return nil
}

// putUser inserts a user or updates all but addresses and password.
func putUser(tx *gorm.DB, u cases.User) error {
	_, err := change(tx, `INSERT INTO users (login, name, roles, department, areas, level, language, disabled, password_hash)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')
		ON CONFLICT (login) DO UPDATE SET name = excluded.name, roles = excluded.roles, department = excluded.department,
			areas = excluded.areas, level = excluded.level, language = excluded.language, disabled = excluded.disabled`,
		key(u.Login), text(u.Name), document[[]cases.Role]{u.Roles}, key(u.Department), document[[]string]{u.Areas},
		u.Level, text(u.Language), u.Disabled)
	return err
}

func putUserAddress(tx *gorm.DB, a userAddressRow) error {
	_, err := change(tx, `INSERT INTO user_addresses (login, channel, value, position, linked) VALUES (?, ?, ?, ?, ?)`,
		a.Login, a.Channel, a.Value, a.Position, a.Linked)
	return err
}

// linkedAddresses are the chats a user linked by a code.
func linkedAddresses(tx *gorm.DB, login string) (map[cases.Address]bool, error) {
	rows, err := all[userAddressRow](tx, `SELECT channel, value FROM user_addresses WHERE login = ? AND linked = ?`,
		key(login), true)
	linked := make(map[cases.Address]bool, len(rows))
	for _, row := range rows {
		linked[cases.Address{Channel: string(row.Channel), Value: string(row.Value)}] = true
	}
	return linked, err
}

// NewLinkCode gives a user a code by which a chat is linked, in place of
// earlier ones. Only its SHA-256 is kept.
func (s *Store) NewLinkCode(ctx context.Context, login, code string, expires time.Time) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		if _, err := one[string](tx, `SELECT login FROM users WHERE login = ?`, key(login)); err != nil {
			return err
		}
		if _, err := change(tx, `DELETE FROM link_codes WHERE login = ?`, key(login)); err != nil {
			return err
		}
		_, err := change(tx, `INSERT INTO link_codes (code, login, expires_at) VALUES (?, ?, ?)`,
			hashOf(code), key(login), instant{expires})
		return err
	})
	if err != nil {
		return fmt.Errorf("make a link code for %s: %w", login, err)
	}
	return nil
}

// digest is bytes as one value: gorm takes a plain slice for a list of values.
type digest []byte

// Value implements driver.Valuer.
func (d digest) Value() (driver.Value, error) { return []byte(d), nil }

func hashOf(code string) digest {
	sum := sha256.Sum256([]byte(code))
	return sum[:]
}

// LinkCodeUser is the user a code was made for; ErrNotFound when it is
// unknown, used or expired.
func (s *Store) LinkCodeUser(ctx context.Context, code string, now time.Time) (string, error) {
	login, err := one[string](s.read(ctx), `SELECT login FROM link_codes WHERE code = ? AND expires_at > ?`,
		hashOf(code), instant{now})
	if err != nil {
		return "", fmt.Errorf("look up a link code: %w", err)
	}
	return login, nil
}

// linkChat spends a link code: the address is its user's from now on, before
// all others, whoever had it.
func (r *recording) linkChat() error {
	use := r.step.Link
	if use == nil {
		return nil
	}
	spent, err := all[string](r.tx, `DELETE FROM link_codes WHERE code = ? AND expires_at > ? RETURNING login`,
		hashOf(use.Code), instant{r.step.At})
	if err != nil {
		return err
	}
	if len(spent) == 0 {
		return ErrConflict // used meanwhile
	}
	r.login = spent[0]
	first, err := one[int](r.tx, `SELECT coalesce(min(position), 0) - 1 FROM user_addresses WHERE login = ?`, key(r.login))
	if err != nil {
		return err
	}
	if _, err := change(r.tx, `INSERT INTO user_addresses (login, channel, value, position, linked) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (channel, value) DO UPDATE SET login = excluded.login, position = excluded.position, linked = excluded.linked`,
		key(r.login), key(use.Address.Channel), key(use.Address.Value), first, true); err != nil {
		return err
	}
	return raiseVersion(r.tx)
}
