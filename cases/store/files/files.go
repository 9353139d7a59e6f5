// Package files keeps blobs by their content.
package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/redress-cms/redress/cases/store"
)

// Files is a folder of blobs.
type Files struct{ dir string }

// Open opens a folder.
func Open(_ context.Context, dir string) (*Files, error) {
	return &Files{dir}, os.MkdirAll(dir, 0o750)
}

// Close closes it.
func (f *Files) Close() error { return nil }

// Put stores a blob.
func (f *Files) Put(_ context.Context, r io.Reader, max int64) (store.Stored, error) {
	data, err := io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return store.Stored{}, fmt.Errorf("reading: %w", err)
	}
	sum := sha256.Sum256(data)
	name := hex.EncodeToString(sum[:])
	return store.Stored{SHA256: name, Size: int64(len(data))}, os.WriteFile(filepath.Join(f.dir, name), data, 0o600)
}

// Get reads a blob.
func (f *Files) Get(_ context.Context, sha string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(f.dir, sha))
}
