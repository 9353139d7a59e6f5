package channels

import (
	"bytes"
	"context"
	"io"
)

// Files keep what is too large to be held in memory, each by its content:
// attachments, and messages that are long themselves.
type Files interface {
	// Put keeps what r holds, at most maxBytes, and returns once it would
	// outlive a loss of power. Of what holds more, or fails, nothing is kept.
	Put(ctx context.Context, r io.Reader, maxBytes int64) (Stored, error)
	// Create begins a file that comes in pieces.
	Create(ctx context.Context, maxBytes int64) (FileWriter, error)
	// Get opens a file for reading.
	Get(ctx context.Context, sha256 string) (io.ReadCloser, error)
}

// FileWriter takes a file in pieces. It ends with Keep, which returns once the
// file would outlive a loss of power, or with Discard.
type FileWriter interface {
	io.Writer
	Keep() (Stored, error)
	Discard() error
}

// Stored names what Files keep.
type Stored struct {
	SHA256 string // of the content, in hexadecimal
	Size   int64  // bytes
}

// Size is how long the message is as it came, in bytes.
func (in Inbound) Size() int64 {
	if in.File.SHA256 != "" {
		return in.File.Size
	}
	return int64(len(in.Raw))
}

// Open reads the message as it came.
func (in Inbound) Open(ctx context.Context, files Files) (io.ReadCloser, error) {
	if in.File.SHA256 != "" {
		return files.Get(ctx, in.File.SHA256)
	}
	return io.NopCloser(bytes.NewReader(in.Raw)), nil
}
