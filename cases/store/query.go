package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// change runs a statement and returns how many rows it changed.
func change(db *gorm.DB, query string, args ...any) (int64, error) {
	query, values := bind(db.Name(), query, args)
	result, err := db.Statement.ConnPool.ExecContext(db.Statement.Context, query, values...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// all returns the rows of a query. It does not use gorm's Scan, which also
// writes out every statement with its values for a log that is off.
func all[T any](db *gorm.DB, query string, args ...any) ([]T, error) {
	query, values := bind(db.Name(), query, args)
	return bound[T](db, query, values)
}

// bound is all of a query that has the engine's own parameters.
func bound[T any](db *gorm.DB, query string, values []any) (list []T, err error) {
	rows, err := db.Statement.ConnPool.QueryContext(db.Statement.Context, query, values...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	fields, err := columnsOf[T](db, rows)
	if err != nil {
		return nil, err
	}
	places := make([]any, max(1, len(fields)))
	for rows.Next() {
		list = append(list, *new(T))
		row := &list[len(list)-1]
		if fields == nil {
			places[0] = row
		}
		for i, index := range fields {
			if places[i] = any(new(any)); index != nil {
				places[i] = reflect.ValueOf(row).Elem().FieldByIndex(index).Addr().Interface()
			}
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
	}
	return list, rows.Err()
}

// one returns the only row of a query, ErrNotFound when there is none.
func one[T any](db *gorm.DB, query string, args ...any) (T, error) {
	list, err := all[T](db, query, args...)
	if err == nil && len(list) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return *new(T), err
	}
	return list[0], nil
}

// columnsOf finds the field of T for each column, nil where there is none. A T
// that is no struct takes the first column: then there are no fields.
func columnsOf[T any](db *gorm.DB, rows *sql.Rows) ([][]int, error) {
	if reflect.TypeFor[T]().Kind() != reflect.Struct {
		return nil, nil
	}
	described, err := describe[T](db)
	if err != nil {
		return nil, err
	}
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	fields := make([][]int, len(names))
	for i, name := range names {
		if field := described.LookUpField(name); field != nil {
			fields[i] = field.StructField.Index
		}
	}
	return fields, nil
}

// describe tells which columns a row type has; gorm remembers it.
func describe[T any](db *gorm.DB) (*schema.Schema, error) {
	statement := &gorm.Statement{DB: db}
	if err := statement.Parse(new(T)); err != nil {
		return nil, fmt.Errorf("describe %s: %w", reflect.TypeFor[T](), err)
	}
	return statement.Schema, nil
}

// bind puts the engine's own parameters in place of each "?", and values as it
// keeps them. A list becomes "(?, ?)"; queries hold no "?" of another meaning.
func bind(engine, query string, args []any) (string, []any) {
	b := binding{engine: engine, values: make([]any, 0, len(args))}
	for {
		before, after, found := strings.Cut(query, "?")
		b.text.WriteString(before)
		if !found {
			return b.text.String(), b.values
		}
		b.add(args[0])
		query, args = after, args[1:]
	}
}

type binding struct {
	engine string
	text   strings.Builder
	values []any
}

func (b *binding) add(value any) {
	if at, ok := value.(instant); ok {
		value = at.value(b.engine)
	}
	if list := listOf(value); list.IsValid() {
		b.text.WriteByte('(')
		for i := range list.Len() {
			if i > 0 {
				b.text.WriteByte(',')
			}
			b.add(list.Index(i).Interface())
		}
		b.text.WriteByte(')')
		return
	}
	b.values = append(b.values, value)
	if b.engine == postgresName {
		b.text.WriteByte('$')
		b.text.WriteString(strconv.Itoa(len(b.values)))
	} else {
		b.text.WriteByte('?')
	}
}

// listOf is value as a list; invalid when it is a single value.
func listOf(value any) reflect.Value {
	switch value.(type) {
	case nil, []byte, driver.Valuer:
		return reflect.Value{}
	}
	if list := reflect.ValueOf(value); list.Kind() == reflect.Slice {
		return list
	}
	return reflect.Value{}
}
