package files_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/cases/store/files"
)

// sum is the SHA-256 of "leak".
const sum = "5f537b80f1f2b7d1cc179dba8d36aa88463eda6ac11cb8e60a4583e1bd16aa3c"

func open(t *testing.T) (*files.Files, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	f, err := files.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, dir
}

// kept lists the files of a folder and checks that only their owner can read them.
func kept(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		if !d.IsDir() {
			names = append(names, d.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAFileIsKeptOnceUnderItsHash(t *testing.T) {
	f, dir := open(t)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			stored, err := f.Put(t.Context(), strings.NewReader("leak"), 4)
			if err != nil || stored.Size != 4 || stored.SHA256 != sum {
				t.Errorf("stored %+v, %v", stored, err)
			}
		})
	}
	wg.Wait()
	if names := kept(t, dir); len(names) != 1 || names[0] != sum {
		t.Errorf("kept: %v", names)
	}
	r, err := f.Get(t.Context(), sum)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if content, err := io.ReadAll(r); err != nil || string(content) != "leak" {
		t.Errorf("read %q, %v", content, err)
	}
}

func TestNothingIsKeptOfAFileThatFails(t *testing.T) {
	f, dir := open(t)
	broken := errors.New("connection lost")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx  context.Context
		r    io.Reader
		want error
	}{
		"too large": {t.Context(), strings.NewReader("leaks"), files.ErrTooLarge},
		"broken":    {t.Context(), io.MultiReader(strings.NewReader("le"), iotest.ErrReader(broken)), broken},
		"cancelled": {cancelled, strings.NewReader("leak"), context.Canceled},
	} {
		if _, err := f.Put(tt.ctx, tt.r, 4); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if names := kept(t, dir); len(names) != 0 {
		t.Errorf("kept: %v", names)
	}
}

func TestOnlyAHashIsLookedUp(t *testing.T) {
	f, dir := open(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "ff", "../secret", "../../../../etc/passwd", strings.ToUpper(sum), sum, sum + "00", "5f/" + sum[3:]} {
		if _, err := f.Get(t.Context(), name); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", name, err)
		}
	}
}

func TestAnAddressIsRefused(t *testing.T) {
	if _, err := files.Open(t.Context(), "s3://bucket?key=hunter2"); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want a refusal that shows no secret", err)
	}
}
