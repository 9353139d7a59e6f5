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
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	switch {
	case err != nil:
		return channels.Stored{}, err
	case int64(len(data)) > maxBytes:
		return channels.Stored{}, errors.New("file is too large")
	case ctx.Err() != nil:
		return channels.Stored{}, ctx.Err()
	}
	sum := sha256.Sum256(data)
	stored := channels.Stored{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.kept == nil {
		f.kept = map[string][]byte{}
	}
	f.kept[stored.SHA256] = data
	return stored, nil
}

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
