package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/redress-cms/redress/channels"
)

// When files are swept. What no row names after fileAge never got one: its
// message was a copy, had no further effect, or came twice while we crashed.
const (
	fileAge    = 30 * 24 * time.Hour
	firstSweep = time.Hour
	nextSweep  = 24 * time.Hour
)

// FileSweep deletes files that no row of the database names, a month after
// they were kept last. Every process may run one.
type FileSweep struct {
	Files interface {
		Sweep(ctx context.Context, age time.Duration, inUse func(context.Context, []string) (map[string]bool, error)) (int, error)
		Touch(ctx context.Context, sha256 string) error
	}
	Store interface {
		FilesInUse(ctx context.Context, sums []string) (map[string]bool, error)
	}
	// Spool names files whose rows are still to come; nil: none do.
	Spool interface {
		Files() ([]channels.Stored, error)
	}
	Clock  Clock
	Logger *slog.Logger
}

// Run sweeps an hour from now and then every day, until ctx ends.
func (s *FileSweep) Run(ctx context.Context) error {
	for next := firstSweep; waitUntil(ctx, s.Clock, s.Clock.Now().Add(next)); next = nextSweep {
		s.Round(ctx)
	}
	return nil
}

// Round sweeps once.
func (s *FileSweep) Round(ctx context.Context) {
	if err := s.touch(ctx); err != nil {
		s.Logger.Error("files that the spool names cannot be told from others; none is deleted", "error", err)
		return
	}
	n, err := s.Files.Sweep(ctx, fileAge, s.Store.FilesInUse)
	if err != nil && ctx.Err() == nil {
		s.Logger.Warn("files without a message are not all deleted; tomorrow again", "error", err)
	}
	if n > 0 {
		s.Logger.Info("files without a message deleted", "files", n)
	}
}

// touch keeps the files of the spool young, also those of segments that were
// set aside for a person to look at.
func (s *FileSweep) touch(ctx context.Context) error {
	if s.Spool == nil {
		return nil
	}
	files, err := s.Spool.Files()
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := s.Files.Touch(ctx, file.SHA256); err != nil {
			return err
		}
	}
	return nil
}
