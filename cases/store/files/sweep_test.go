package files_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases/store/files"
)

const month = 30 * 24 * time.Hour

// keep puts a file that is as old as age.
func keep(t *testing.T, f *files.Files, dir, content string, age time.Duration) string {
	t.Helper()
	stored, err := f.Put(t.Context(), strings.NewReader(content), 100)
	if err != nil {
		t.Fatal(err)
	}
	old(t, filepath.Join(dir, stored.SHA256[:2], stored.SHA256), age)
	return stored.SHA256
}

func old(t *testing.T, path string, age time.Duration) {
	t.Helper()
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func there(t *testing.T, f *files.Files, sum string) bool {
	t.Helper()
	r, err := f.Get(t.Context(), sum)
	if err != nil {
		return false
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	return err == nil && len(content) > 0
}

func TestSweepDeletesWhatIsOldAndUnwanted(t *testing.T) {
	f, dir := open(t)
	wanted := keep(t, f, dir, "wanted", 2*month)
	unwanted := keep(t, f, dir, "unwanted", 2*month)
	young := keep(t, f, dir, "young", month/2)
	touched := keep(t, f, dir, "touched", 2*month)
	if err := f.Touch(t.Context(), touched); err != nil {
		t.Fatal(err)
	}
	again := keep(t, f, dir, "again", 2*month)
	if _, err := f.Put(t.Context(), strings.NewReader("again"), 100); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"crashed": 3 * 24 * time.Hour, "coming": time.Hour} {
		path := filepath.Join(dir, "incoming", name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		old(t, path, age)
	}
	n, err := f.Sweep(t.Context(), month, func(_ context.Context, sums []string) (map[string]bool, error) {
		for _, sum := range sums {
			if sum == young || sum == touched || sum == again {
				t.Errorf("asked about a file that is young: %s", sum)
			}
		}
		return map[string]bool{wanted: true}, nil
	})
	if err != nil || n != 1 {
		t.Errorf("%d deleted, %v; want one", n, err)
	}
	for sum, want := range map[string]bool{wanted: true, unwanted: false, young: true, touched: true, again: true} {
		if there(t, f, sum) != want {
			t.Errorf("%s is there: %t, want %t", sum, !want, want)
		}
	}
	if names := kept(t, filepath.Join(dir, "incoming")); len(names) != 1 || names[0] != "coming" {
		t.Errorf("incoming holds %v", names)
	}
}

// A file that is kept again between the question and the deletion stays: its
// row is about to be written.
func TestSweepSparesWhatIsKeptMeanwhile(t *testing.T) {
	f, dir := open(t)
	sum := keep(t, f, dir, "leak", 2*month)
	n, err := f.Sweep(t.Context(), month, func(ctx context.Context, _ []string) (map[string]bool, error) {
		_, err := f.Put(ctx, strings.NewReader("leak"), 100)
		return nil, err
	})
	if err != nil || n != 0 || !there(t, f, sum) {
		t.Errorf("%d deleted, %v", n, err)
	}
}

func TestSweepDeletesNothingWhenNobodyAnswers(t *testing.T) {
	f, dir := open(t)
	sum := keep(t, f, dir, "leak", 2*month)
	away := errors.New("database away")
	n, err := f.Sweep(t.Context(), month, func(context.Context, []string) (map[string]bool, error) { return nil, away })
	if !errors.Is(err, away) || n != 0 || !there(t, f, sum) {
		t.Errorf("%d deleted, %v", n, err)
	}
}

// A sweep that was cut off between taking a file out of the way and deleting
// it has decided nothing.
func TestSweepPutsBackWhatACrashLeft(t *testing.T) {
	f, dir := open(t)
	sum := keep(t, f, dir, "leak", 0)
	if err := os.MkdirAll(filepath.Join(dir, "dropped"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, sum[:2], sum), filepath.Join(dir, "dropped", sum)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Sweep(t.Context(), month, func(context.Context, []string) (map[string]bool, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	if !there(t, f, sum) || len(kept(t, filepath.Join(dir, "dropped"))) != 0 {
		t.Error("the file is not back in its place")
	}
}
