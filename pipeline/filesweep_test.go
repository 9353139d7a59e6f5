package pipeline_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cases/store/files"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/spool"
)

// rowsOf are the files that rows name; nil: the database is away.
type rowsOf map[string]bool

func (r rowsOf) FilesInUse(context.Context, []string) (map[string]bool, error) {
	if r == nil {
		return nil, errors.New("database away")
	}
	return r, nil
}

// A file goes a month after it came, unless a row or the spool names it.
func TestFilesWithoutAMessageAreDeleted(t *testing.T) {
	dir := t.TempDir()
	kept, err := files.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	long := time.Now().AddDate(0, -3, 0)
	put := func(content string) channels.Stored {
		stored, err := kept.Put(t.Context(), strings.NewReader(content), 100)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, stored.SHA256[:2], stored.SHA256), long, long); err != nil {
			t.Fatal(err)
		}
		return channels.Stored(stored)
	}
	row, spooled, aside, nobodys := put("row"), put("spooled"), put("aside"), put("nobody's")
	waiting, err := spool.Open(filepath.Join(t.TempDir(), "spool"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []channels.Stored{aside, spooled} {
		if err := waiting.Append(channels.Inbound{Key: channels.Key{Channel: "letter", Account: "main", ExternalID: file.SHA256}, File: file}); err != nil {
			t.Fatal(err)
		}
	}
	if err := waiting.SetAside(waiting.Oldest(1)[0]); err != nil {
		t.Fatal(err)
	}
	sweep := func(rows rowsOf) {
		s := pipeline.FileSweep{Files: kept, Store: rows, Spool: waiting, Clock: pipeline.SystemClock{}, Logger: quiet}
		s.Round(t.Context())
	}
	want := func(when string, want map[channels.Stored]bool) {
		t.Helper()
		for file, there := range want {
			r, err := kept.Get(t.Context(), file.SHA256)
			if err == nil {
				r.Close()
			}
			if there != (err == nil) || err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v, want it there: %t", when, err, there)
			}
		}
	}
	sweep(nil)
	want("database away", map[channels.Stored]bool{row: true, spooled: true, aside: true, nobodys: true})
	sweep(rowsOf{row.SHA256: true})
	want("swept", map[channels.Stored]bool{row: true, spooled: true, aside: true, nobodys: false})
}
