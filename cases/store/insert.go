package store

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"
)

// insert adds rows to the table of their type.
func insert[T any](db *gorm.DB, rows ...T) error {
	_, err := insertUnless[int64](db, "", "", rows)
	return err
}

// insertUnless adds rows, but leaves out those that conflict says, and returns
// the given columns of the rows that it added, if there are any.
//
// PostgreSQL gets all rows as one array per column: the statement is the same
// for any number of them, so that it is planned once. SQLite has no round trip
// to save; it gets row by row.
func insertUnless[R, T any](db *gorm.DB, conflict, returning string, rows []T) ([]R, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	described, err := describe[T](db)
	if err != nil {
		return nil, err
	}
	columns := insertedColumns(described, reflect.ValueOf(rows[0]))
	if conflict != "" {
		conflict = " " + conflict
	}
	if returning != "" {
		conflict += " RETURNING " + returning
	}
	if db.Name() == postgresName {
		return insertArrays[R](db, described.Table, columns, conflict, rows)
	}
	query := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)%s", described.Table, names(columns),
		strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", "), conflict)
	var added []R
	for _, row := range rows {
		got, err := all[R](db, query, fieldsOf(columns, row)...)
		if err != nil {
			return nil, err
		}
		added = append(added, got...)
	}
	return added, nil
}

// insertedColumns are all of a table but an id that the database gives.
func insertedColumns(described *schema.Schema, first reflect.Value) []*schema.Field {
	columns := make([]*schema.Field, 0, len(described.DBNames))
	for _, name := range described.DBNames {
		field := described.FieldsByDBName[name]
		if !field.PrimaryKey || !first.FieldByIndex(field.StructField.Index).IsZero() {
			columns = append(columns, field)
		}
	}
	return columns
}

func names(columns []*schema.Field) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.DBName
	}
	return strings.Join(list, ", ")
}

// insertArrays is insertUnless of PostgreSQL.
func insertArrays[R, T any](db *gorm.DB, table string, columns []*schema.Field, conflict string, rows []T) ([]R, error) {
	from, values, err := arrays(columns, rows)
	if err != nil {
		return nil, err
	}
	return bound[R](db, fmt.Sprintf("INSERT INTO %s (%s) SELECT * FROM %s AS new%s", table, names(columns), from, conflict), values)
}

// newRows stands for the rows that are handed to updated.
const newRows = "(rows) AS new"

// updated runs a statement that takes newRows and returns what it does, once
// for all of them or, on SQLite, for one after the other.
func updated[R, T any](db *gorm.DB, query string, rows []T) ([]R, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	described, err := describe[T](db)
	if err != nil {
		return nil, err
	}
	columns, selected := make([]*schema.Field, len(described.DBNames)), make([]string, len(described.DBNames))
	for i, name := range described.DBNames {
		columns[i], selected[i] = described.FieldsByDBName[name], "? AS "+name
	}
	if db.Name() == postgresName {
		from, values, err := arrays(columns, rows)
		if err != nil {
			return nil, err
		}
		return bound[R](db, strings.Replace(query, newRows, from+" AS new", 1), values)
	}
	query = strings.Replace(query, newRows, "(SELECT "+strings.Join(selected, ", ")+") AS new", 1)
	var list []R
	for _, row := range rows {
		got, err := all[R](db, query, fieldsOf(columns, row)...)
		if err != nil {
			return nil, err
		}
		list = append(list, got...)
	}
	return list, nil
}

// arrays are rows as a table expression of PostgreSQL, with its parameters.
func arrays[T any](columns []*schema.Field, rows []T) (string, []any, error) {
	selected, types, values := make([]string, len(columns)), make([]string, len(columns)), make([]any, len(columns))
	for i, c := range columns {
		list := make([]any, len(rows))
		for n, row := range rows {
			var err error
			if list[n], err = plain(reflect.ValueOf(row).FieldByIndex(c.StructField.Index).Interface()); err != nil {
				return "", nil, err
			}
		}
		types[i], values[i] = columnArray(c, list)
		types[i] = fmt.Sprintf("$%d::%s", i+1, types[i])
		if selected[i] = c.DBName; c.DataType == "json" {
			selected[i] += "::json"
		}
	}
	return fmt.Sprintf("(SELECT %s FROM unnest(%s) AS given (%s))",
		strings.Join(selected, ", "), strings.Join(types, ", "), names(columns)), values, nil
}

// fieldsOf are the values of a row.
func fieldsOf(columns []*schema.Field, row any) []any {
	values := make([]any, len(columns))
	for i, c := range columns {
		values[i] = reflect.ValueOf(row).FieldByIndex(c.StructField.Index).Interface()
		if raw, ok := values[i].([]byte); ok && raw == nil {
			values[i] = nil
		}
	}
	return values
}

// plain is a value as drivers take it: nil, int64, float64, bool, string,
// []byte or time.Time.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case instant:
		return v.value(postgresName), nil
	case driver.Valuer:
		return v.Value()
	}
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return nil, nil
		}
		value = value.Elem()
	}
	switch value.Kind() {
	case reflect.String:
		return value.String(), nil
	case reflect.Int, reflect.Int64:
		return value.Int(), nil
	}
	if raw, ok := value.Interface().([]byte); ok && raw == nil {
		return nil, nil
	}
	return value.Interface(), nil
}

// columnArray is a column of values as one array of PostgreSQL, and its type.
func columnArray(c *schema.Field, list []any) (string, any) {
	kind := c.IndirectFieldType
	switch {
	case kind == reflect.TypeFor[instant]():
		return "timestamptz[]", array[time.Time](list)
	case c.DataType == "json":
		return "text[]", array[string](list)
	case kind == reflect.TypeFor[[]byte]():
		return "bytea[]", array[[]byte](list)
	}
	switch kind.Kind() {
	case reflect.Bool:
		return "boolean[]", array[bool](list)
	case reflect.Float64:
		return "double precision[]", array[float64](list)
	case reflect.Int, reflect.Int64:
		return "bigint[]", array[int64](list)
	}
	return "text[]", array[string](list)
}

func array[T any](list []any) []*T {
	out := make([]*T, len(list))
	for i, v := range list {
		if v != nil {
			element := v.(T)
			out[i] = &element
		}
	}
	return out
}
