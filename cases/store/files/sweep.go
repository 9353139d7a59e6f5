package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"
)

// dropped is the folder of files on their way to being deleted.
const dropped = "dropped"

const (
	sweepBatch    = 200            // files that are asked about together
	unfinishedAge = 48 * time.Hour // of what a crash left behind
)

// Sweep deletes files that came, or were last kept or touched, longer than age
// ago and that inUse does not want, and returns how many. Ages are told by the
// clock of the file system. Other processes may use the files meanwhile: what
// is kept again while it is looked at stays.
func (f *Files) Sweep(ctx context.Context, age time.Duration, inUse func(ctx context.Context, sums []string) (map[string]bool, error)) (int, error) {
	now, err := f.now(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweep the files: %w", err)
	}
	if err := f.restore(); err != nil {
		return 0, fmt.Errorf("sweep the files: %w", err)
	}
	f.clearIncoming(now.Add(-unfinishedAge))
	gone := 0
	folders, err := fs.ReadDir(f.root.FS(), ".")
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 {
			continue
		}
		n, failed := f.sweepFolder(ctx, folder.Name(), now.Add(-age), inUse)
		gone += n
		if err = errors.Join(err, failed); ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return gone, fmt.Errorf("sweep the files: %w", err)
	}
	return gone, nil
}

// Touch makes a file young: somebody wants it whom inUse cannot ask.
func (f *Files) Touch(ctx context.Context, sha256 string) error {
	now, err := f.now(ctx)
	if err == nil && isSum(sha256) {
		err = f.root.Chtimes(place(sha256), now, now)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("touch a file: %w", err)
	}
	return nil
}

// now is the time by the file system, which may be another machine's.
func (f *Files) now(ctx context.Context) (time.Time, error) {
	w, err := f.Create(ctx, 0)
	if err != nil {
		return time.Time{}, err
	}
	info, err := w.file.Stat()
	if err := errors.Join(err, w.Discard()); err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// restore puts back what a sweep that was cut off had on its way.
func (f *Files) restore() error {
	if err := f.makeFolder(dropped); err != nil {
		return err
	}
	entries, err := fs.ReadDir(f.root.FS(), dropped)
	for _, e := range entries {
		err = errors.Join(err, f.putBack(e.Name()))
	}
	return err
}

// putBack never replaces a file: it may be younger.
func (f *Files) putBack(sum string) error {
	from := path.Join(dropped, sum)
	if isSum(sum) {
		err := f.root.Link(from, place(sum))
		if _, missing := f.root.Stat(place(sum)); errors.Is(missing, fs.ErrNotExist) {
			err = f.root.Rename(from, place(sum)) // a file system without links
		}
		if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return f.removeIfThere(from)
}

func (f *Files) clearIncoming(before time.Time) {
	entries, err := fs.ReadDir(f.root.FS(), incoming)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			_ = f.root.Remove(path.Join(incoming, e.Name())) // the next sweep tries again
		}
	}
}

func (f *Files) sweepFolder(ctx context.Context, folder string, before time.Time, inUse func(ctx context.Context, sums []string) (map[string]bool, error)) (int, error) {
	entries, err := fs.ReadDir(f.root.FS(), folder)
	if err != nil {
		return 0, err
	}
	var old []string
	for _, e := range entries {
		if info, err := e.Info(); err == nil && isSum(e.Name()) && info.ModTime().Before(before) {
			old = append(old, e.Name())
		}
	}
	gone := 0
	for batch := range slices.Chunk(old, sweepBatch) {
		wanted, err := inUse(ctx, batch)
		if err != nil {
			return gone, err
		}
		for _, sum := range batch {
			if wanted[sum] {
				continue
			}
			ok, err := f.drop(sum, before)
			if err != nil {
				return gone, err
			}
			if ok {
				gone++
			}
		}
	}
	return gone, nil
}

// drop deletes a file unless it was kept again since it was looked at. It is
// taken out of the way first: what is kept from then on is another file.
func (f *Files) drop(sum string, before time.Time) (bool, error) {
	aside := path.Join(dropped, sum)
	if err := f.root.Rename(place(sum), aside); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil // another process sweeps, too
		}
		return false, err
	}
	info, err := f.root.Stat(aside)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	if !info.ModTime().Before(before) {
		return false, f.putBack(sum)
	}
	return true, f.removeIfThere(aside)
}

func (f *Files) removeIfThere(name string) error {
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
