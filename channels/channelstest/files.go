package channelstest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"

	"github.com/redress-cms/redress/channels"
)

// Files are files in memory. The zero value has none.
type Files struct {
	mu   sync.Mutex
	kept map[string][]byte
}

// Put implements channels.Files.
func (f *Files) Put(ctx context.Context, r io.Reader, maxBytes int64) (channels.Stored, error) {
	w, err := f.Create(ctx, maxBytes)
	if err != nil {
		return channels.Stored{}, err
	}
	if _, err := io.Copy(w, r); err != nil {
		return channels.Stored{}, err
	}
	return w.Keep()
}

// Create implements channels.Files.
func (f *Files) Create(ctx context.Context, maxBytes int64) (channels.FileWriter, error) {
	return &writer{ctx: ctx, files: f, left: maxBytes}, nil
}

type writer struct {
	ctx   context.Context
	files *Files
	data  bytes.Buffer
	left  int64
}

func (w *writer) Write(p []byte) (int, error) {
	if w.left -= int64(len(p)); w.left < 0 {
		return 0, errors.New("file is too large")
	}
	return w.data.Write(p)
}

func (w *writer) Keep() (channels.Stored, error) {
	if err := w.ctx.Err(); err != nil {
		return channels.Stored{}, err
	}
	sum := sha256.Sum256(w.data.Bytes())
	stored := channels.Stored{SHA256: hex.EncodeToString(sum[:]), Size: int64(w.data.Len())}
	w.files.mu.Lock()
	defer w.files.mu.Unlock()
	if w.files.kept == nil {
		w.files.kept = map[string][]byte{}
	}
	w.files.kept[stored.SHA256] = w.data.Bytes()
	return stored, nil
}

func (w *writer) Discard() error { return nil }

// Get implements channels.Files.
func (f *Files) Get(_ context.Context, sha256 string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.kept[sha256]
	if !ok {
		return nil, errors.New("no such file")
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// Content is what a file holds; empty when there is none.
func (f *Files) Content(stored channels.Stored) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return string(f.kept[stored.SHA256])
}
