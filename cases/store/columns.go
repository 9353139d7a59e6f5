package store

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// instant is a time as both databases keep it, to the microsecond: timestamptz
// in PostgreSQL, microseconds since 1970 UTC in SQLite. The zero time is NULL.
type instant struct{ time.Time }

func optional(t *time.Time) instant {
	if t == nil {
		return instant{}
	}
	return instant{*t}
}

func (i instant) pointer() *time.Time {
	if i.IsZero() {
		return nil
	}
	return &i.Time
}

// GormDataType makes gorm take the struct as one column.
func (instant) GormDataType() string { return "instant" }

// GormValue implements gorm.Valuer.
func (i instant) GormValue(_ context.Context, db *gorm.DB) clause.Expr {
	if i.IsZero() {
		return clause.Expr{SQL: "NULL"}
	}
	return clause.Expr{SQL: "?", Vars: []any{i.value(db.Name())}}
}

// value is the time as an engine keeps it.
func (i instant) value(engine string) any {
	switch {
	case i.IsZero():
		return nil
	case engine == sqliteName:
		return i.UnixMicro()
	}
	return i.UTC().Truncate(time.Microsecond)
}

// Scan implements sql.Scanner.
func (i *instant) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		i.Time = time.Time{}
	case int64:
		i.Time = time.UnixMicro(v).UTC()
	case time.Time:
		i.Time = v.UTC()
	default:
		return fmt.Errorf("a time cannot be read from %T", value)
	}
	return nil
}

// text is a string from outside. PostgreSQL refuses NUL and what is not UTF-8,
// and both databases shall keep the same.
type text string

func clean(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

// Value implements driver.Valuer.
func (t text) Value() (driver.Value, error) { return clean(string(t)), nil }

// maxKey bounds what is indexed, in bytes: PostgreSQL cannot index more than 2,704.
const maxKey = 500

// key is text that is looked up by an index. What is too long ends in its hash.
type key string

func (k key) bounded() key {
	s := clean(string(k))
	if len(s) <= maxKey {
		return key(s)
	}
	sum := sha256.Sum256([]byte(s))
	return key(strings.ToValidUTF8(s[:maxKey-2*len(sum)], "") + hex.EncodeToString(sum[:]))
}

// Value implements driver.Valuer.
func (k key) Value() (driver.Value, error) { return string(k.bounded()), nil }

func keys(list []string) []key {
	out := make([]key, len(list))
	for i, s := range list {
		out[i] = key(s)
	}
	return out
}

// rowID points to another row; 0 is NULL.
type rowID int64

// Value implements driver.Valuer.
func (r rowID) Value() (driver.Value, error) {
	if r == 0 {
		return nil, nil
	}
	return int64(r), nil
}

// Scan implements sql.Scanner.
func (r *rowID) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*r = 0
	case int64:
		*r = rowID(v)
	default:
		return fmt.Errorf("an id cannot be read from %T", value)
	}
	return nil
}

// outsideID is the id of something in another system; empty is NULL, so that
// the index holds only what there is.
type outsideID string

// Value implements driver.Valuer.
func (o outsideID) Value() (driver.Value, error) {
	if o == "" {
		return nil, nil
	}
	return key(o).Value()
}

// Scan implements sql.Scanner.
func (o *outsideID) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*o = ""
	case string:
		*o = outsideID(v)
	case []byte:
		*o = outsideID(v)
	default:
		return fmt.Errorf("an id cannot be read from %T", value)
	}
	return nil
}

// document is a value kept as JSON.
type document[T any] struct{ V T }

// GormDataType makes gorm take the struct as one column.
func (document[T]) GormDataType() string { return "json" }

// Value implements driver.Valuer.
func (d document[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(d.V)
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return string(b), nil
}

// Scan implements sql.Scanner.
func (d *document[T]) Scan(value any) error {
	var b []byte
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		b = []byte(v)
	case []byte:
		b = v
	default:
		return fmt.Errorf("JSON cannot be read from %T", value)
	}
	if err := json.Unmarshal(b, &d.V); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	return nil
}

// buttons are kept as JSON; none is NULL.
type buttons struct{ V [][]Button }

// GormDataType makes gorm take the struct as one column.
func (buttons) GormDataType() string { return "json" }

// Value implements driver.Valuer.
func (b buttons) Value() (driver.Value, error) {
	if len(b.V) == 0 {
		return nil, nil
	}
	return document[[][]Button](b).Value()
}

// Scan implements sql.Scanner.
func (b *buttons) Scan(value any) error { return (*document[[][]Button])(b).Scan(value) }
