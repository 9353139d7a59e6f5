package files

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"

	"github.com/redress-cms/redress/cases/store"
)

// Put keeps what r holds, at most maxBytes, and returns once it would outlive
// a loss of power. A file that is there already is kept once. ErrTooLarge:
// r holds more.
func (f *Files) Put(ctx context.Context, r io.Reader, maxBytes int64) (store.Stored, error) {
	w, err := f.Create(ctx, maxBytes)
	if err != nil {
		return store.Stored{}, err
	}
	if _, err := io.Copy(w, r); err != nil {
		return store.Stored{}, fmt.Errorf("keep a file: %w", errors.Join(err, w.Discard()))
	}
	return w.Keep()
}

// Writer takes a file while it comes. It ends with Keep or Discard, and is not
// for concurrent use.
type Writer struct {
	ctx   context.Context
	files *Files
	name  string // of no meaning, until it is complete
	file  *os.File
	hash  hash.Hash
	size  int64
	left  int64 // bytes that it still takes
}

// Create begins a file of at most maxBytes, whose writing ends with ctx.
func (f *Files) Create(ctx context.Context, maxBytes int64) (*Writer, error) {
	w := &Writer{ctx: ctx, files: f, name: path.Join(incoming, rand.Text()), hash: sha256.New(), left: maxBytes}
	var err error
	if w.file, err = f.root.OpenFile(w.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return nil, fmt.Errorf("begin a file: %w", err)
	}
	return w, nil
}

// Write implements io.Writer. ErrTooLarge: the file would be longer than it may.
func (w *Writer) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > w.left {
		return 0, ErrTooLarge
	}
	n, err := w.file.Write(p)
	w.hash.Write(p[:n])
	w.size += int64(n)
	w.left -= int64(n)
	return n, err
}

// Keep returns once the file would outlive a loss of power. After an error
// nothing is kept.
func (w *Writer) Keep() (store.Stored, error) {
	stored := store.Stored{SHA256: hex.EncodeToString(w.hash.Sum(nil)), Size: w.size}
	err := w.ctx.Err()
	if err == nil {
		err = w.file.Sync()
	}
	if err == nil {
		err = w.files.settle(w.name, stored.SHA256)
	}
	if err != nil {
		return store.Stored{}, fmt.Errorf("keep a file: %w", errors.Join(err, w.Discard()))
	}
	if err := w.file.Close(); err != nil {
		return store.Stored{}, fmt.Errorf("keep a file: %w", err)
	}
	return stored, nil
}

// Discard drops the file.
func (w *Writer) Discard() error {
	return errors.Join(w.file.Close(), w.files.removeIfThere(w.name))
}
