package store_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases/store"
)

func TestFilesInUse(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		registered(t, s, "C-1")
		sum := func(c string) string { return strings.Repeat(c, 64) }
		in := message("+1", "SM1")
		in.Raw, in.File = nil, store.Stored{SHA256: sum("a"), Size: 5}
		received(t, s, in)
		s.exec(t, `UPDATE attachments SET sha256 = '`+sum("b")+`', picture = '`+sum("c")+`', thumbnail = '`+sum("d")+`'`)
		s.exec(t, `UPDATE outbox SET picture = '`+sum("e")+`'`)
		got, err := s.FilesInUse(t.Context(), []string{sum("a"), sum("b"), sum("c"), sum("d"), sum("e"), sum("f"), ""})
		want := map[string]bool{sum("a"): true, sum("b"): true, sum("c"): true, sum("d"): true, sum("e"): true}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if got, err := s.FilesInUse(t.Context(), nil); err != nil || len(got) != 0 {
			t.Errorf("of no files %v, %v", got, err)
		}
	})
}

// A column that names a file and is not asked by FilesInUse would lose it.
func TestFilesInUseAsksEveryColumn(t *testing.T) {
	asked := []string{"attachments.picture", "attachments.sha256", "attachments.thumbnail", "inbound.raw_sha256", "outbox.picture"}
	each(t, func(t *testing.T, s engine) {
		var found []string
		for _, c := range allColumns(t, s) {
			if regexp.MustCompile(`sha256|picture|thumbnail|file|blob`).MatchString(c) && !strings.HasSuffix(c, ".filename") {
				found = append(found, c)
			}
		}
		slices.Sort(found)
		if diff := cmp.Diff(asked, found); diff != "" {
			t.Errorf("columns that seem to name files (asked, found): %s", diff)
		}
	})
}

// allColumns lists all columns as table.column.
func allColumns(t *testing.T, s engine) []string {
	t.Helper()
	query := `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`
	if s.name == "postgres" {
		query = `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'`
	}
	rows, err := s.db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var columns []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
}
