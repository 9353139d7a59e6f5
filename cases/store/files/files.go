// Package files keeps attachments and large originals in a folder, each under
// the SHA-256 of its content, so that the same file is kept once and no name
// from outside ever becomes a path. The folder may be on a file system that
// several machines share.
package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"

	"github.com/redress-cms/redress/cases/store"
)

// ErrTooLarge is a file over the limit; nothing of it is kept.
var ErrTooLarge = errors.New("file is too large")

// incoming is the folder of what is not complete yet. What lies there after a
// crash can be deleted.
const incoming = "incoming"

// Files is a folder of files. Its methods are safe for concurrent use, also by
// several processes.
type Files struct {
	root *os.Root
	made sync.Map // folders that outlive a loss of power
}

// Open opens the folder, which is made if missing and is for its owner only.
func Open(ctx context.Context, dir string) (*Files, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open the files: %w", err)
	}
	if scheme, _, isURL := strings.Cut(dir, "://"); isURL {
		return nil, fmt.Errorf("open the files: a folder is wanted, not an address (%s://…)", scheme)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the files: %w", err)
	}
	f := &Files{root: root}
	if err := f.makeFolder(incoming); err != nil {
		return nil, errors.Join(fmt.Errorf("open the files: %w", err), root.Close())
	}
	return f, nil
}

// Close gives the folder back. Files that are being read stay readable.
func (f *Files) Close() error { return f.root.Close() }

// settle gives complete content its name; the rename is atomic, and safe once
// the folder is synced.
func (f *Files) settle(name, sum string) error {
	to := place(sum)
	if err := f.makeFolder(path.Dir(to)); err != nil {
		return err
	}
	if err := f.root.Rename(name, to); err != nil {
		return err
	}
	return f.syncFolder(path.Dir(to))
}

// Get opens a file for reading; store.ErrNotFound when there is none.
func (f *Files) Get(ctx context.Context, sha256 string) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	if !isSum(sha256) {
		return nil, fmt.Errorf("open a file: %w", store.ErrNotFound)
	}
	file, err := f.root.Open(place(sha256))
	if errors.Is(err, fs.ErrNotExist) {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open a file: %w", err)
	}
	return file, nil
}

// Open is Get with the size in bytes.
func (f *Files) Open(ctx context.Context, sha256 string) (io.ReadCloser, int64, error) {
	content, err := f.Get(ctx, sha256)
	if err != nil {
		return nil, 0, err
	}
	file, ok := content.(fs.File)
	if !ok {
		return nil, 0, errors.Join(errors.New("open a file: its size is not known"), content.Close())
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open a file: %w", err), content.Close())
	}
	return content, info.Size(), nil
}

// place spreads the files over 256 folders.
func place(sum string) string { return path.Join(sum[:2], sum) }

func isSum(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && s == strings.ToLower(s)
}

// makeFolder makes a folder that outlives a loss of power.
func (f *Files) makeFolder(name string) error {
	if _, known := f.made.Load(name); known {
		return nil
	}
	if err := f.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := f.syncFolder("."); err != nil {
		return err
	}
	f.made.Store(name, true)
	return nil
}

func (f *Files) syncFolder(name string) error {
	folder, err := f.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
